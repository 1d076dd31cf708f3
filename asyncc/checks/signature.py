"""variadic-async, attribute-on-async: what an async function may not be declared as.

The arguments are copied into a frame, so their number must be known; and a promise about how a function returns
(`noreturn`) or what it touches (`pure`, `const`) is about the code that makes the future, not about the user's body.
"""

from __future__ import annotations

from ..frontend.diagnostics import Diagnostic, error
from ..ir.source import Position
from .view import View

PROMISES = {
    "noreturn": "its first poll returns to the caller even if its body never does",
    "pure": "the compiler could leave out a call that has to wait",
    "const": "the compiler could leave out a call that has to wait",
    "returns_twice": "it is resumed, not returned from twice",
    "constructor": "the program's start calls it as a plain function, before there is a runtime",
    "destructor": "the program's end calls it as a plain function, when there is no runtime any more",
    "naked": "its body is not the function's code any more",
}


def variadic(name: str, position: Position) -> Diagnostic:
    return error(
        "variadic-async",
        position,
        f"'{name}' is async and takes '...': its arguments are kept in a frame, whose size must be known",
        "take an array and its length, or a struct",
        len(name),
    )


def promise(name: str, attribute: str, position: Position) -> Diagnostic:
    return error(
        "attribute-on-async",
        position,
        f"the attribute '{attribute}' cannot stand on the async function '{name}': {PROMISES[attribute]}",
        "leave it out",
        len(name),
    )


def check(view: View) -> None:
    function = view.function
    if not function.decl.is_async:
        return
    name, position = function.decl.name, view.tokens[function.name_token].position
    if function.is_variadic:
        view.found.append(variadic(name, position))
    view.found += [promise(name, attribute, position) for attribute in function.attributes if attribute in PROMISES]

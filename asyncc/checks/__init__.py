"""What the language refuses though it is C: one file a check.

Errors stand at the user's line with what is wrong, why, and what to do. `run_checks` goes over every function that was
parsed, also plain ones that turn out to need no translation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import arguments, arms, await_place, futures, jumps, signature, stack_memory, unused_future
from .view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..frontend.diagnostics import Diagnostic
    from ..ir.source import Token
    from ..ir.tree import Function

CHECKS = [
    ("an await where nothing can wait", await_place.check),
    ("a future that nobody polls", unused_future.check),
    ("memory of the stack across an await", stack_memory.check),
    ("what an async function may be declared as", signature.check),
    ("as many arguments as parameters", arguments.check),
    ("the form of arms", arms.check),
    ("jumps", jumps.check),
    ("ac_future and ac_lazy", futures.check),
]


def run_checks(functions: list[Function], tokens: list[Token], is_async: Callable[[str], bool]) -> list[Diagnostic]:
    """`is_async`: whether a function that is declared by this name is."""
    found: list[Diagnostic] = []
    by_name = {function.decl.name: function for function in functions}
    for function in functions:
        view = View(function, tokens, by_name, is_async)
        for _, check in CHECKS:
            check(view)
        found += view.found
    return found

"""The whole output: the user's file, with each translated function in its place."""

from __future__ import annotations

import re
from pathlib import Path

from ..ir import tree as t
from ..passes.calls import Calls, expressions
from ..passes.lowered import Lowered
from ..passes.walk import strip
from ..paths import include_dir
from .c_forward import print_forward
from .c_function import FunctionPrinter
from .c_helpers import print_helper
from .c_pack import in_force
from .c_tokens import Renames, TokenPrinter
from .c_undefined import undefined
from .c_user_text import UserText
from .writer import OWN, Writer, finish


def print_unit(unit: t.Unit, calls: Calls, lowered: dict[str, Lowered], output: str, directives: bool) -> str:
    w = Writer()
    _prologue(unit, w)
    user_text = UserText(unit, w)
    mentions = _mentions(unit)
    used_early = {name for one in lowered.values() for name in one.context.later}
    helpers_printed: set[str] = set()
    packing = in_force(unit)
    for function in unit.functions:
        one = lowered[function.decl.name]
        one.needs_thunk = not function.decl.is_static or mentions.get(function.decl.name, 0) > 0
        one.has_late_users = function.decl.name in used_early
        user_text.print(function.start)
        user_text.skip(function.start, function.end)
        _print_function(unit, one, helpers_printed, packing(function.start), w)
    user_text.print(len(unit.source))
    return finish(w.lines, unit.lines, unit.path, output, directives)


def _print_function(unit: t.Unit, one: Lowered, helpers_printed: set[str], packing: str, w: Writer) -> None:
    """A translated function, after the helpers it is the first to need, with what stands around it on its lines."""
    context = one.context
    function = context.function
    w.indent = ""
    _directives(function.directives_before, w)
    tokens = TokenPrinter(unit.tokens, Renames(), w)
    if function.around[0] >= 0:
        tokens.span(function.around[0], function.first)
        w.newline("")
    printer = FunctionPrinter(one, w)
    helpers = [h for h in context.helpers if h.name not in helpers_printed]
    helpers_printed |= {h.name for h in helpers}
    with undefined(function.macros if helpers or context.later else (), w):
        if helpers or context.is_async:
            print_forward(context, w)
        for helper in helpers:
            print_helper(context, helper, w)
    if context.is_async:
        printer.asynchronous(packing)
    else:
        if helpers:
            w.newline("")
        printer.plain()
    tokens.span(function.last, function.around[1])
    _directives(function.directives_after, w)


def _directives(texts: list[str], w: Writer) -> None:
    """Directives on lines of their own, with what follows on a fresh one."""
    for text in texts:
        w.line(text)
    if texts:
        w.newline("")


def _prologue(unit: t.Unit, w: Writer) -> None:
    w.raw(f"/* Written by asyncc from {unit.path}: change that file, not this one. */\n", OWN)
    if unit.uses_words_in_headers:
        w.raw("#define async\n", OWN)
    if _asks_for_asyncc(unit):
        w.raw("#define __ASYNCC__ 1\n#define AC__OUTPUT 1\n", OWN)


def _asks_for_asyncc(unit: t.Unit) -> bool:
    """Does the user's text, or a header of theirs, stand under `#ifdef __ASYNCC__`? Then the C compiler has to see what
    asyncc saw: the output says that it is defined, and the library's headers leave out the words all the same."""
    word = b"__ASYNCC__"
    if word in unit.source:
        return True
    library = str(include_dir())
    theirs = (name for name in unit.dependencies if not name.startswith(("/usr/", library)))
    return any(word in Path(name).read_bytes() for name in theirs)


def _mentions(unit: t.Unit) -> dict[str, int]:
    """How often each static async function is named beside its definition and direct calls."""
    found: dict[str, int] = {}
    names = {f.decl.name for f in unit.functions if f.decl.is_async and f.decl.is_static}
    if not names:
        return found
    at = 0
    between: list[bytes] = []  # what is printed as it stands
    for function in sorted(unit.functions, key=lambda f: f.start):
        between.append(unit.source[at : function.start])
        at = max(at, function.end)
    between.append(unit.source[at:])
    for text in between:
        for m in re.finditer(rb"\b[A-Za-z_]\w*\b", text):
            name = m.group().decode()
            if name in names:
                found[name] = found.get(name, 0) + 1
    for function in unit.functions:  # expanded: a macro may say its argument twice, once where it only gives its type
        first, last = function.around if function.around[0] >= 0 else (function.first, function.last)
        for token in unit.tokens[first:last]:
            if token.text in names:
                found[token.text] = found.get(token.text, 0) + 1
    for name in found:
        found[name] -= 1  # its own definition
    for function in unit.functions:
        for e in expressions(function.body):
            call = strip(e.call) if isinstance(e, t.Await | t.Spawn | t.Lazy | t.BlockOn) else None
            if isinstance(call, t.Call) and call.function in found:
                found[call.function] -= 1
    return found

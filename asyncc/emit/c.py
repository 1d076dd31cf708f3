"""The whole output: the user's file, with each translated function in its place."""

from __future__ import annotations

import bisect
import re
from collections import deque
from pathlib import Path

from ..ir import tree as t
from ..paths import include_dir
from ..passes.calls import Calls, expressions
from ..passes.walk import strip
from .c_function import FunctionPrinter, Lowered
from .c_helpers import print_helper
from .c_tokens import Renames, TokenPrinter
from .writer import OWN, Writer, finish


def print_unit(unit: t.Unit, calls: Calls, lowered: dict[str, Lowered], output: str, directives: bool) -> str:
    w = Writer()
    source = unit.source
    starts = [0] + [m.end() for m in re.finditer(b"\n", source)]
    at = 0
    _prologue(unit, w)
    edits = deque(sorted(unit.edits, key=lambda e: e.start))
    segments = unit.segments or [t.Segment(0, unit.path, 0, 1)]
    segment_starts = [s.start for s in segments]

    def where(offset: int) -> tuple[str, int, int]:
        """File and line of a byte of the source, and where the run of that file ends."""
        k = bisect.bisect_right(segment_starts, offset) - 1
        s = segments[k]
        line = s.line + bisect.bisect_right(starts, offset) - bisect.bisect_right(starts, s.start)
        end = segments[k + 1].start if k + 1 < len(segments) else len(source)
        return ("" if s.file == unit.path else s.file), line, end

    done_helpers: set[str] = set()
    mentions = _mentions(unit)
    used_early = {name for one in lowered.values() for name in one.context.later}

    def user_text(upto: int) -> None:
        nonlocal at
        while at < upto:
            while edits and edits[0].start < at:
                edits.popleft()
            edit = edits[0] if edits else None
            stop = min(upto, edit.start) if edit is not None else upto
            while at < stop:
                w.file, line, end = where(at)
                end = min(end, stop)
                w.raw(source[at:end].decode("utf-8", "surrogateescape"), line)
                at = end
            if edit is not None and edit.start == at and at < upto:
                edits.popleft()
                w.file, line, _ = where(at)
                w.raw(edit.text, line)
                at = edit.end
                continue
            if edit is None or stop == upto:
                break

    for function in unit.functions:
        one = lowered[function.decl.name]
        user_text(function.start)
        at = function.end
        w.file = where(function.start)[0]
        one.needs_thunk = not function.decl.is_static or mentions.get(function.decl.name, 0) > 0
        one.has_late_users = function.decl.name in used_early
        printer = FunctionPrinter(one, w)
        w.indent = ""
        tokens = TokenPrinter(unit.tokens, Renames(), w)
        if function.around[0] >= 0:
            tokens.span(function.around[0], function.first)
            w.newline("")
        new = [h for h in one.context.helpers if h.name not in done_helpers]
        done_helpers |= {h.name for h in new}
        if not one.context.is_async:
            if new:
                printer.forward()
                for helper in new:
                    print_helper(one.context, helper, w)
                w.newline("")
            printer.plain()
        else:
            printer.forward()
            for helper in new:
                print_helper(one.context, helper, w)
            printer.asynchronous()
        tokens.span(function.last, function.around[1])
    user_text(len(source))
    return finish(w.lines, unit.path, output, directives)


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
    for name in unit.dependencies:
        if not name.startswith(("/usr/", library)) and word in Path(name).read_bytes():
            return True
    return False


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

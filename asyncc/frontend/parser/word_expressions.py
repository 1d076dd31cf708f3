"""The words that are expressions: await, spawn and its kin, ac_join, ac_lazy, ac_resume, ac_is_done, ac_block_on.

To clang they are macros and it has accepted what stands in their parentheses; that it is the call, or the name, which the
word wants is seen to here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...ir.tree import Await, Binary, BlockOn, Call, Expr, Identifier, IsDone, Join, Lazy, Resume, Spawn, Unary
from .base import strip

if TYPE_CHECKING:
    from .expressions import Expressions


def await_(p: Expressions) -> Expr:
    first = p.next()
    operand = p.cast()
    return _awaited(p, first, operand.last, operand)


def _awaited(p: Expressions, first: int, last: int, operand: Expr) -> Expr:
    """The await of an operand, which may stand in parentheses, also after commas."""
    inner = strip(operand)
    if isinstance(inner, Binary) and inner.op == ",":
        right = _awaited(p, first, inner.right.last, inner.right)
        right.first = inner.right.first
        return Binary(first, last, ",", inner.left, right, **p.typed())
    if isinstance(inner, Unary) and inner.op == "__extension__":
        return _awaited(p, first, last, inner.operand)
    made = Await(first, last, inner, p.tokens[first].position, **p.typed())
    if not p.unevaluated:
        _check_awaited(p, first, inner)
    return made


def _check_awaited(p: Expressions, first: int, inner: Expr) -> None:
    if isinstance(inner, Join | Resume) or (isinstance(inner, Call) and inner.is_async):
        return
    if isinstance(inner, Call):
        if inner.function:
            message = f"'{inner.function}' is not an async function: there is nothing to wait for"
            fix = "leave out the await, or declare the function async"
        else:
            message = "this pointer's type is not that of an async function: there is nothing to wait for"
            fix = (
                "declare the pointer 'async T (*p)(…)'; clang can tell such pointers apart on x86, ARM, POWER64, s390x and "
                "WebAssembly"
            )
        p.report("await-of-plain-call", first, message, fix)
    else:
        p.report(
            "await-operand",
            first,
            "await takes a call of an async function, ac_join or ac_resume",
            "write 'await f(…)'; for parts of an expression put parentheses around the await: '(await f(…)).x'",
        )


def _opening(p: Expressions) -> int:
    first = p.next()
    p.expect("(")
    return first


def _spawn(p: Expressions) -> Expr:
    kind, first = p.word, _opening(p)
    runtime = None
    if kind == "spawn_on":
        runtime = p.assignment()
        p.expect(",")
    call = strip(p.expression())
    last = p.expect(")") + 1
    made = Spawn(first, last, kind, runtime, call, p.tokens[first].position, **p.typed())
    wants_async = kind != "spawn_blocking"
    if isinstance(call, Join) and wants_async:
        return made
    if not isinstance(call, Call):
        p.report(
            "spawn-operand", first, f"{kind} takes one call", f"write '{kind}(f(…))'; a task is one function's run"
        )
    elif not p.unevaluated and call.is_async != wants_async:
        name = call.function or "this"
        if wants_async:
            p.report(
                "spawn-operand",
                first,
                f"'{name}' is not an async function",
                "a plain function that takes long runs on the blocking pool: 'spawn_blocking(…)'",
            )
        else:
            p.report("spawn-operand", first, f"'{name}' is an async function", "write 'spawn(…)'")
    return made


def _lazy(p: Expressions) -> Expr:
    first = _opening(p)
    call = strip(p.expression())
    last = p.expect(")") + 1
    if not (isinstance(call, Call) and (call.is_async or p.unevaluated)) and not isinstance(call, Join):
        p.report("lazy-operand", first, "ac_lazy takes a call of an async function", "write 'ac_lazy(f(…))'")
    return Lazy(first, last, call, p.tokens[first].position, **p.typed())


def _join(p: Expressions) -> Expr:
    is_result, first = p.word == "ac_join_result", _opening(p)
    handle = p.assignment()
    out = None
    if is_result:
        p.expect(",")
        out = p.assignment()
    return Join(first, p.expect(")") + 1, handle, out, is_result, **p.typed())


def _future(p: Expressions, first: int) -> Identifier:
    name = strip(p.assignment())
    if isinstance(name, Identifier) and name.local is not None:
        return name
    p.report(
        "future-misuse",
        first,
        f"{p.tokens[first].text} takes the name of a local declared with ac_future",
        "the storage of a future belongs to that local: it cannot be reached through anything else",
    )
    return Identifier(name.first, name.last, p.tokens[name.first].text, None, **p.typed())


def _resume(p: Expressions) -> Expr:
    first = _opening(p)
    future = _future(p, first)
    return Resume(first, p.expect(")") + 1, future, **p.typed())


def _is_done(p: Expressions) -> Expr:
    first = _opening(p)
    future = _future(p, first)
    return IsDone(first, p.expect(")") + 1, future, **p.typed())


def _block_on(p: Expressions) -> Expr:
    first = _opening(p)
    runtime = p.assignment()
    p.expect(",")
    call = strip(p.expression())
    last = p.expect(")") + 1
    if not isinstance(call, Join) and not (isinstance(call, Call) and (call.is_async or p.unevaluated)):
        p.report(
            "block-on-operand",
            first,
            "ac_block_on takes a call of an async function",
            "write 'ac_block_on(rt, f(…))'",
        )
    return BlockOn(first, last, runtime, call, p.tokens[first].position, **p.typed())


WORDS: dict[str, Callable[[Expressions], Expr]] = {
    "spawn": _spawn,
    "spawn_local": _spawn,
    "spawn_on": _spawn,
    "spawn_blocking": _spawn,
    "ac_lazy": _lazy,
    "ac_join": _join,
    "ac_join_result": _join,
    "ac_resume": _resume,
    "ac_is_done": _is_done,
    "ac_block_on": _block_on,
}

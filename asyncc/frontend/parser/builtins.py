"""What looks like a call and is none, because it takes types or does not evaluate its operands: _Generic and the
compilers' builtins of that kind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...ir.tree import BuiltinWithType, Expr, Selected, Unevaluated

if TYPE_CHECKING:
    from .expressions import Expressions


def _generic(p: Expressions) -> Expr:
    first = p.next()
    p.expect("(")
    with p.not_evaluated():
        if p.starts_type():
            p.type_name()
        else:
            p.assignment()
    chosen_index = p.oracle.chosen(first)
    chosen: Expr | None = None
    k = 0
    while p.accept(","):
        if p.text == "default":
            p.next()
        else:
            p.type_name()
        p.expect(":")
        p.skip_directives()
        k += 1
        # A branch that is not taken is parsed for its names, and not evaluated.
        if k == chosen_index:
            chosen = p.assignment()
        else:
            _aside(p)
    return _selected(p, first, p.expect(")") + 1, chosen)


def _choose(p: Expressions) -> Expr:
    first = p.next()
    p.expect("(")
    _aside(p)
    chosen: Expr | None = None
    for k in (1, 2):
        p.expect(",")
        if p.oracle.chosen(first) == k:
            chosen = p.assignment()
        else:
            _aside(p)
    return _selected(p, first, p.expect(")") + 1, chosen)


def _aside(p: Expressions) -> None:
    with p.not_evaluated():
        p.assignment()


def _selected(p: Expressions, first: int, last: int, chosen: Expr | None) -> Expr:
    if chosen is None:
        return Unevaluated(first, last, [], **p.typed())
    return Selected(first, last, chosen, **p.typed())


def _with_type(p: Expressions) -> Expr:
    """__builtin_va_arg(ap, T), __builtin_convertvector(v, T)."""
    first = p.next()
    p.expect("(")
    operand = p.assignment()
    p.expect(",")
    p.type_name()
    return BuiltinWithType(first, p.expect(")") + 1, operand, **p.typed())


def _offset(p: Expressions) -> Expr:
    """__builtin_offsetof(T, a.b[i]), __builtin_types_compatible_p(T, U): nothing in them is evaluated."""
    first = p.next()
    with p.not_evaluated() as mentions:
        p.expect("(")
        p.type_name()
        p.expect(",")
        if p.starts_type():
            p.type_name()
        else:
            p.next()  # a member, no name of ours
            while p.text in (".", "->", "["):
                if p.accept("["):
                    p.expression()
                    p.expect("]")
                else:
                    p.next()
                    p.next()
        last = p.expect(")") + 1
    return Unevaluated(first, last, mentions, **p.typed())


BUILTINS: dict[str, Callable[[Expressions], Expr]] = {
    "_Generic": _generic,
    "__builtin_choose_expr": _choose,
    "__builtin_va_arg": _with_type,
    "__builtin_convertvector": _with_type,
    "__builtin_offsetof": _offset,
    "__builtin_types_compatible_p": _offset,
}

"""Puts an expression together again: the user's text of it, with the residues of its operands in their places."""

from __future__ import annotations

from ..ir import low
from ..ir import tree as t
from .context import Context
from .facts import facts_of
from .walk import is_lvalue, operands, root


def compose(c: Context, e: t.Expr, codes: dict[int, low.Code], assign: bool = True) -> low.Code:
    """e as written, with the given code for some of its operands."""
    parts: list[low.Part] = []
    facts = facts_of(e, set(codes) - ({id(e.target)} if isinstance(e, t.Assign) and assign else set()))
    at = e.first
    for x in sorted(operands(e), key=lambda x: x.first):
        code = codes.get(id(x))
        if code is None:
            continue
        if at < x.first:
            parts.append(low.Span(at, x.first))
            if not (code.parts and isinstance(code.parts[0], low.Span)):
                parts.append(low.Gap(x.first))
        if isinstance(e, t.Call) and e.consumes and x is e.arguments[0] and is_lvalue(x):
            parts += ["ac__take(&(", *code.parts, "))"]
            local = root(x)
            if local is not None:
                facts.touches.add(local)
        else:
            parts += code.parts
        facts.reads |= code.facts.reads
        facts.touches |= code.facts.touches | (set() if facts.kills >= code.facts.kills else code.facts.kills)
        facts.escapes |= code.facts.escapes
        at = x.last
    _own_doing(e, facts)
    if at < e.last:
        parts.append(low.Span(at, e.last))
    code = low.Code(parts, facts)
    if isinstance(e, t.CompoundLiteral) and id(e) in c.marks.kept:
        return _kept_literal(c, e, code)
    return code


def _own_doing(e: t.Expr, facts: low.Facts) -> None:
    """What an operator does to its operand's object, which the operand's own code, a place, says nothing of."""
    match e:
        case t.Assign():
            place: t.Expr = e.target
        case t.Unary() if e.op in ("++", "--", "&"):
            place = e.operand
        case _:
            return
    local = root(place)
    if local is None or local in facts.kills:
        return
    (facts.escapes if isinstance(e, t.Unary) and e.op == "&" else facts.touches).add(local)


def _kept_literal(c: Context, e: t.CompoundLiteral, code: low.Code) -> low.Code:
    """A compound literal whose address is kept becomes a variable of its block."""
    parts = code.parts
    local = c.keep_literal(e)
    if c.generated:
        c.pinned.add(local)
    if not e.type.local_types:
        start = next((i for i, x in enumerate(parts) if not isinstance(x, low.Span) or x.last > e.init.first), 0)
        span = parts[start]
        if isinstance(span, low.Span):
            parts[: start + 1] = [f"({e.type.declare('')})", low.Span(e.init.first, span.last)]
    code.facts.touches.add(local)
    code.facts.escapes.add(local)
    return low.Code([low.Literal(local, low.Code(parts), c.marks.kept[id(e)])], code.facts)

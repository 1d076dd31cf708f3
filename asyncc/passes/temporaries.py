"""Temporaries: variables of the generated code that keep a value from where it is evaluated to where it is used."""

from __future__ import annotations

from ..ir import low
from ..ir import tree as t
from .context import INT, Context, pointer_to


def temporary_for(c: Context, e: t.Expr) -> t.Local:
    ctype = INT if _is_promoted(e) else e.type
    if ctype.kind is t.TypeKind.ARRAY and ctype.element is not None:
        ctype = pointer_to(ctype.element, c.unit.pointer_size)
    elif ctype.kind is t.TypeKind.FUNCTION:
        function = ctype
        size = c.unit.pointer_size
        ctype = t.CType(
            t.TypeKind.POINTER, "", size, size, element=function, declare_with=lambda n: function.declare(f"(*{n})")
        )
    return c.temporary(ctype, e.first)


def _is_promoted(e: t.Expr) -> bool:
    """Whether e's value is that of a bit-field narrower than int: it is an int wherever it is used (C11 6.3.1.1), while its
    type as clang names it is that of the declaration."""
    match e:
        case t.Member():
            return 0 < e.bits < 8 * INT.size
        case t.Paren():
            return _is_promoted(e.inner)
        case t.Selected():
            return _is_promoted(e.chosen)
        case t.Assign():
            return _is_promoted(e.target)
        case t.Unary() if e.op in ("++", "--"):
            return _is_promoted(e.operand)
    return False


def save(c: Context, e: t.Expr, code: low.Code) -> low.Code:
    """The value of e, kept here: its residue from now on."""
    if is_temporary(code):
        return code
    temporary = temporary_for(c, e)
    assign(c, temporary, code, declares=True)
    return use(temporary)


def assign(c: Context, local: t.Local, code: low.Code, declares: bool = False) -> None:
    c.out.append(low.LTemp(local, code, declares, line=local.position.line))


def use(local: t.Local) -> low.Code:
    return low.Code([low.Place(local)], low.Facts(reads={local}))


def is_temporary(code: low.Code) -> bool:
    if len(code.parts) != 1:
        return False
    part = code.parts[0]
    return isinstance(part, low.Place) and part.local.index == -1

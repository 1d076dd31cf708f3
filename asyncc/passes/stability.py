"""Whether an operand that was evaluated early still has its value when the operands after it have been.

One that has may stay in the residue, where it is evaluated after all awaits. One that has not is kept in a temporary. What
is asked is coarse where it may be: a global, or whatever a pointer leads to, is taken to change with every wait.
"""

from __future__ import annotations

from ..ir import low
from ..ir import tree as t
from .context import Context
from .facts import facts_of
from .walk import EFFECT, is_array, is_lvalue, root, strip


def unstable(c: Context, e: t.Expr, later: list[t.Expr]) -> bool:
    """Whether the residue of e could give another value (or act) after `later` than before."""
    if e.type.kind is t.TypeKind.VOID:
        return False
    if is_array(e) and not is_lvalue(e) and not isinstance(strip(e), t.Constant | t.CompoundLiteral):
        return False  # kept in a temporary already
    if c.marks[e] & EFFECT:
        return True
    changed: set[low.Variable] | None = None
    stack = [e]
    while stack:
        x = strip(stack.pop())
        match x:
            case t.Constant() | t.Unevaluated() | t.LabelAddress():
                continue
            case t.Identifier():
                if x.local is None:
                    if x.type.kind not in (t.TypeKind.FUNCTION, t.TypeKind.ARRAY) and not _is_enumerator(x):
                        return True
                    continue
                if x.local.type.kind is t.TypeKind.ARRAY:
                    continue
                if _may_change_unseen(c, x.local):
                    return True
                changed = _changed_by(later) if changed is None else changed
                if x.local in changed:
                    return True
            case t.Unary() if x.op == "&":
                if root(x.operand) is None and not isinstance(strip(x.operand), t.Identifier):
                    return True
            case t.Unary() if x.op in ("+", "-", "~", "!"):
                stack.append(x.operand)
            case t.Selected():
                stack.append(x.chosen)
            case t.Cast():
                stack.append(x.operand)
            case t.Binary():
                stack += [x.left, x.right]
            case t.Conditional() if x.then is not None:
                stack += [x.condition, x.then, x.otherwise]
            case t.Member() if not x.is_arrow and x.type.kind is not t.TypeKind.ARRAY:
                stack.append(x.base)
            case _:
                return True
    return False


def _may_change_unseen(c: Context, local: t.Local) -> bool:
    """By others than this piece of code: through a pointer, in another branch of a gather, in another call."""
    if local in c.exposed or local in c.shared or local.type.is_volatile:
        return True
    return local.storage in ("static", "extern")


def _changed_by(later: list[t.Expr]) -> set[low.Variable]:
    changed: set[low.Variable] = set()
    for e in later:
        found = facts_of(e)
        changed |= found.kills | found.touches
    return changed


def _is_enumerator(e: t.Identifier) -> bool:
    return e.name.isupper() and not _is_lvalue_name(e)


def _is_lvalue_name(e: t.Identifier) -> bool:
    return e.type.kind in (t.TypeKind.POINTER, t.TypeKind.RECORD)

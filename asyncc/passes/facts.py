"""What straight-line code does to variables: reads them, overwrites them, lets their address out.

Liveness is built on these sets. Where C is unclear (a write under `&&`, in a statement expression) a write counts as
"maybe"; an address counts as let out when an object decays, is under `&`, or may be a place in memory of an asm.
"""

from __future__ import annotations

from ..ir import tree as t
from ..ir.low import Facts, Variable
from .walk import is_array, is_lvalue, operands, parts, root, strip


def facts_of(e: t.Expr | None, skip: set[int] | None = None) -> Facts:
    """The facts of one expression; nodes whose id is in `skip` stand for something already evaluated."""
    found = Facts()
    if e is not None:
        walk = _Walk(found, skip or set())
        walk.value(e, True)
        walk.forget()
        found.writes_last = _writes_last(e)
    return found


def _writes_last(e: t.Expr) -> bool:
    """Whether e is an assignment to a local that holds no other write. In all other expressions C leaves open whether a
    variable is read before or after another gets its value: `*p = (n = 1)` may store n first."""
    e = strip(e)
    if not isinstance(e, t.Assign) or not isinstance(strip(e.target), t.Identifier):
        return False
    value = facts_of(e.value)
    return not value.kills and not value.touches


def facts_of_statement(s: t.Stmt) -> Facts:
    """All that may happen in a statement, in any order."""
    found = Facts()
    walk = _Walk(found, set())
    walk.statement(s)
    walk.forget()
    return found


class _Walk:
    def __init__(self, found: Facts, skip: set[int]) -> None:
        self.found = found
        self.skip = skip
        self.declared: set[Variable] = set()

    def forget(self) -> None:
        """Locals declared inside are nobody else's business."""
        if self.declared:
            for variables in (self.found.reads, self.found.kills, self.found.touches, self.found.escapes):
                variables -= self.declared

    def value(self, e: t.Expr, sure: bool) -> None:
        """e is evaluated, its value used. `sure`: it is evaluated whenever the whole is."""
        if id(e) in self.skip:
            return
        found = self.found
        match e:
            case t.Identifier():
                if e.local is not None:
                    found.reads.add(e.local)
                    if e.local.type.kind is t.TypeKind.ARRAY:
                        found.escapes.add(e.local)
            case t.Paren():
                self.value(e.inner, sure)
            case t.Unary() if e.op == "&":
                self.place(e.operand, address=True)
            case t.Unary() if e.op in ("++", "--"):
                self.place(e.operand, read=True, write=True)
            case t.Assign():
                self.value(e.value, sure)
                target = strip(e.target)
                if e.op == "=" and isinstance(target, t.Identifier) and target.local is not None:
                    if id(target) not in self.skip:
                        (found.kills if sure else found.touches).add(target.local)
                else:
                    self.place(e.target, read=e.op != "=", write=True)
            case t.Binary() if e.op in ("&&", "||"):
                self.value(e.left, sure)
                self.value(e.right, False)
            case t.Conditional():
                self.value(e.condition, sure)
                if e.then is not None:
                    self.value(e.then, False)
                self.value(e.otherwise, False)
            case t.Call():
                self.value(e.callee, sure)
                for i, argument in enumerate(e.arguments):
                    if i == 0 and e.consumes and is_lvalue(argument):
                        self.place(argument, read=True, write=True)
                    else:
                        self.value(argument, sure)
            case t.Index() | t.Member():
                self.place(e, read=True, address=is_array(e))
            case t.StatementExpr():
                self.statement(e.body)
            case t.Unevaluated():
                pass
            case t.BuiltinWithType():
                self.place(e.operand, read=True, write=True)
            case _:
                for x in operands(e):
                    self.value(x, sure)

    def place(self, e: t.Expr, read: bool = False, write: bool = False, address: bool = False) -> None:
        """e names an object, of which a part is read, written, or its address taken."""
        if id(e) in self.skip:
            return
        local = root(e)
        if local is not None:
            if read:
                self.found.reads.add(local)
            if write:
                self.found.touches.add(local)
            if address:
                self.found.reads.add(local)  # what it holds may be read through the pointer
                self.found.escapes.add(local)
        self._path(strip(e), local is not None)

    def _path(self, e: t.Expr, rooted: bool) -> None:
        """What is evaluated on the way to a place."""
        if id(e) in self.skip:
            return
        match e:
            case t.Identifier():
                if not rooted:
                    self.value(e, True)
            case t.Member() if not e.is_arrow:
                self._path(strip(e.base), rooted)
            case t.Index():
                if is_array(e.base):
                    self._path(strip(e.base), rooted)
                    self.value(e.index, True)
                else:
                    self.value(e.base, True)
                    self.value(e.index, True)
            case t.Selected():
                self._path(strip(e.chosen), rooted)
            case t.Unary() if e.op in ("*", "__real__", "__imag__"):
                self.value(e.operand, True)
            case t.CompoundLiteral():
                self.value(e.init, True)
            case t.Member():
                self.value(e.base, True)
            case _:
                self.value(e, True)

    def statement(self, s: t.Stmt) -> None:
        exprs, stmts = parts(s)
        if isinstance(s, t.Asm):
            for e in exprs:
                self.value(e, False)
                local = root(e)  # one that is only ever in a register is known to nobody afterwards
                self.place(e, read=True, write=True, address=local is None or local.address_taken)
            return
        if isinstance(s, t.Declaration):
            for d in s.declarators:
                if d.local is not None:
                    self.declared.add(d.local)
        for e in exprs:
            self.value(e, False)
        for inner in stmts:
            self.statement(inner)


def borrowed_by(e: t.Expr) -> t.Local | None:
    """The local whose address an argument is, through casts and the checks of the typed macros: `&x`, `(1 ? (&x) : 0)`."""
    while True:
        e = strip(e)
        match e:
            case t.Cast():
                e = e.operand
            case t.Selected():
                e = e.chosen
            case t.Conditional() if e.then is not None and isinstance(strip(e.condition), t.Constant):
                e = e.then
            case t.Unary() if e.op == "&":
                return root(e.operand)
            case t.Identifier() if e.local is not None and e.local.type.kind is t.TypeKind.ARRAY:
                return e.local
            case _:
                return None


__all__ = ["Facts", "Variable", "borrowed_by", "facts_of", "facts_of_statement"]

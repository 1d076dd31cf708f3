"""Which locals have their address taken: `Local.address_taken`.

Such a local must stay where it is while the function lives. Taken is `&x`, `&x.member`, and an array that turns into a
pointer. An element of an array used in place (`a[i]`, `s.a[i]`, `*a`) takes nothing: the pointer ends with the expression.
"""

from __future__ import annotations

from ..ir import tree as t
from ..ir.source import Token, TokenKind
from ..passes.walk import operands, parts

_ARRAYS = (t.TypeKind.ARRAY, t.TypeKind.VLA)
# How an expression is used: for its value; as a place that is read, written or gone into; for its address.
_VALUE, _PLACE, _ADDRESS = range(3)


def mark(function: t.Function, tokens: list[Token]) -> None:
    _Marker(tokens).statement(function.body)


class _Marker:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens

    def statement(self, statement: t.Stmt) -> None:
        exprs, inner = parts(statement)
        for expr in exprs:
            if isinstance(statement, t.Asm):
                self._visit(expr, _ADDRESS if self._in_memory(expr) else _PLACE)
            else:
                self._visit(expr, _VALUE)
        for each in inner:
            self.statement(each)

    def _in_memory(self, operand: t.Expr) -> bool:
        """Whether the constraint of an asm operand lets it be a place in memory."""
        at = operand.first - 1
        while at > 0 and self._tokens[at].kind is not TokenKind.STRING:
            at -= 1
        return any(c in self._tokens[at].text for c in "moVgXp")

    def _visit(self, expr: t.Expr, use: int) -> None:
        match expr:
            case t.Identifier():
                local = expr.local
                if local is not None and (use == _ADDRESS or (use == _VALUE and local.type.kind in _ARRAYS)):
                    local.address_taken = True
            case t.Paren():
                self._visit(expr.inner, use)
            case t.Selected():
                self._visit(expr.chosen, use)
            case t.Unary():
                self._unary(expr, use)
            case t.Index():
                # The pointer stands on either side: `a[i]` is `i[a]`.
                self._visit(expr.base, self._element(expr, use))
                self._visit(expr.index, self._element(expr, use))
            case t.Member() if not expr.is_arrow:
                self._visit(expr.base, self._through(expr, use))
            case t.Assign():
                self._visit(expr.target, _PLACE)
                self._visit(expr.value, _VALUE)
            case t.StatementExpr():
                self.statement(expr.body)
            case _:
                for operand in operands(expr):
                    self._visit(operand, _VALUE)

    def _unary(self, expr: t.Unary, use: int) -> None:
        if expr.op == "&":
            self._visit(expr.operand, _ADDRESS)
        elif expr.op == "*":
            self._visit(expr.operand, self._element(expr, use))
        elif expr.op in ("++", "--"):
            self._visit(expr.operand, _PLACE)
        else:
            self._visit(expr.operand, use if expr.op in ("__extension__", "__real__", "__imag__") else _VALUE)

    def _element(self, expr: t.Expr, use: int) -> int:
        """The same for what is indexed or dereferenced: an array gives its address, a pointer only its value."""
        return _VALUE if self._through(expr, use) == _ADDRESS else _PLACE

    @staticmethod
    def _through(expr: t.Expr, use: int) -> int:
        """How what an element or member is reached through is used: `&a[i]` takes a's address, and so does the row of a
        two-dimensional array, or an array in a struct, that turns into a pointer."""
        if use == _ADDRESS:
            return _ADDRESS
        if use == _VALUE and _holds_local(expr) and expr.type.kind in _ARRAYS:
            return _ADDRESS
        return _PLACE


def _holds_local(expr: t.Expr) -> bool:
    """Whether a local of array or record type is at the root; only then is its type worth asking for."""
    while True:
        match expr:
            case t.Identifier():
                return expr.local is not None and expr.local.type.kind in (*_ARRAYS, t.TypeKind.RECORD)
            case t.Paren():
                expr = expr.inner
            case t.Index():
                if _holds_local(expr.index):
                    return True
                expr = expr.base
            case t.Member():
                if expr.is_arrow:
                    return False
                expr = expr.base
            case t.Unary():
                expr = expr.operand
            case _:
                return True

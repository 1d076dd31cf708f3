"""`&&`, `||` and `?:` in which an operand waits that is not always evaluated: they become `if`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..ir import low
from ..ir import tree as t
from .compose import compose
from .context import INT, Context
from .temporaries import assign, temporary_for, use
from .walk import AWAIT

if TYPE_CHECKING:
    from .order import Order


class Branches:
    def __init__(self, order: Order) -> None:
        self.order = order
        self.c: Context = order.c

    def logical(self, e: t.Binary) -> low.Code:
        c = self.c
        result = c.temporary(INT, e.first)
        is_or = e.op == "||"
        c.out.append(low.LTemp(result, None, True, line=c.line(e.first)))

        def right() -> None:
            code = self.order.residue(e.right)
            assign(c, result, low.Code(["(", low.Tight(), *code.parts, ") != 0"], code.facts))

        decided = low.Code(["1" if is_or else "0"])
        self.branch(e.left, is_or, right, lambda: assign(c, result, decided))
        return use(result)

    def conditional(self, e: t.Conditional) -> low.Code:
        c = self.c
        if not (c.marks[e.then] | c.marks[e.otherwise]) & AWAIT:
            codes = {id(e.condition): self.order.residue(e.condition), id(e.otherwise): self.order.rewrite(e.otherwise)}
            if e.then is not None:
                codes[id(e.then)] = self.order.rewrite(e.then)
            return compose(c, e, codes)
        void = e.type.kind is t.TypeKind.VOID
        result = None if void else temporary_for(c, e)
        if result is not None and e.then is not None:
            c.out.append(low.LTemp(result, None, True, line=c.line(e.first)))

        def branch(x: t.Expr) -> Callable[[], None]:
            def run() -> None:
                if result is None:
                    self.order.effect(x)
                else:
                    assign(c, result, self.order.residue(x))

            return run

        if e.then is None:
            assert result is not None
            assign(c, result, self.order.residue(e.condition), declares=True)
            self._branch_code(use(result), True, branch(e.otherwise), None)
        else:
            self.branch(e.condition, False, branch(e.then), branch(e.otherwise))
        return low.Code([]) if result is None else use(result)

    def branch(
        self, condition: t.Expr, negated: bool, then: Callable[[], None], otherwise: Callable[[], None] | None
    ) -> None:
        self._branch_code(self.order.residue(condition), negated, then, otherwise)

    def _branch_code(
        self, test: low.Code, negated: bool, then: Callable[[], None], otherwise: Callable[[], None] | None
    ) -> None:
        c = self.c
        head = low.Code(
            ["if (!(" if negated else "if (", low.Tight(), *test.parts, "))" if negated else ")"], test.facts
        )
        self.c.generated += 1
        c.out.append(
            low.LIf(head, self.order.block(then), self.order.block(otherwise) if otherwise is not None else None)
        )
        self.c.generated -= 1

"""Loops. One whose header waits becomes `for (;;)` with the header's parts as statements; the others keep their headers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..ir import low
from ..ir import tree as t
from .context import Context, Enclosing
from .walk import AWAIT, REWRITE

if TYPE_CHECKING:
    from .desugar import Desugar


class Loops:
    def __init__(self, desugar: Desugar) -> None:
        self.d = desugar
        self.c: Context = desugar.c

    def while_(self, s: t.While) -> None:
        c = self.c
        if c.marks[s.condition] & AWAIT:
            return self._forever(s, s.condition, s.body, None, None)
        test = self.d.order.rewrite(s.condition)
        head = low.Code([low.Span(s.first, s.condition.first), *test.parts, low.Span(s.condition.last, s.body.first)])
        self._plain_loop(s, "while", head, s.body, test.facts)
        return None

    def do_while(self, s: t.DoWhile) -> None:
        c = self.c
        if c.marks[s.condition] & AWAIT:
            return self._forever(s, None, s.body, s.condition, None)
        test = self.d.order.rewrite(s.condition)
        loop = self._plain_loop(s, "do", low.Code([low.Span(s.first, s.body.first)]), s.body, test.facts)
        loop.is_once = c.is_zero(s.condition)
        loop.tail = low.Code(
            [low.Span(s.body.last, s.condition.first), *test.parts, low.Span(s.condition.last, s.last)], test.facts
        )
        return None

    def for_(self, s: t.For) -> None:
        c = self.c
        waits = [c.marks[x] & AWAIT for x in (s.init, s.condition, s.step)]
        if any(waits) or any(id(d) in c.chains for d in getattr(s.init, "declarators", [])):
            block = self.d.order.block(lambda: self._for_apart(s))
            block.scope = s
            c.out.append(block)
            return
        initial, facts = None, low.Facts()
        init: low.Code | None = None
        if isinstance(s.init, t.Declaration):
            initial = self._for_declaration(s.init)
        elif s.init is not None:
            init = self.d.order.rewrite(s.init.expr)
            facts = init.facts
        test = self.d.order.rewrite(s.condition) if s.condition is not None else None
        step = self.d.order.rewrite(s.step) if s.step is not None else None
        head = self._for_head(s, init, test, step)
        loop = self._plain_loop(
            s, "for", head, s.body, test.facts if test else None, step.facts if step else low.Facts()
        )
        loop.initial, loop.initial_facts, loop.scope = initial, facts, s
        if initial is not None and s.init is not None:
            loop.header = (s.init.first, s.init.last, s.init.last, s.body.first)

    def _for_declaration(self, s: t.Declaration) -> low.LDeclare:
        c = self.c
        outer, c.out = c.out, []
        self.d.declarations.declaration(s)
        [initial], c.out = c.out, outer
        assert isinstance(initial, low.LDeclare)
        return initial

    def _for_head(self, s: t.For, init: low.Code | None, test: low.Code | None, step: low.Code | None) -> low.Code:
        """The header as written, but for what changes in its parts."""
        c = self.c
        if not (c.marks[s.init] | c.marks[s.condition] | c.marks[s.step]) & REWRITE:
            return low.Code([low.Span(s.first, s.body.first)])
        head: list[low.Part] = []
        at = s.first
        in_the_text = [
            (s.init.expr if isinstance(s.init, t.ExprStmt) else None, init),
            (s.condition, test),
            (s.step, step),
        ]
        for e, code in in_the_text:
            if e is not None and code is not None:
                head += [low.Span(at, e.first), *code.parts]
                at = e.last
        return low.Code([*head, low.Span(at, s.body.first)])

    def _for_apart(self, s: t.For) -> None:
        c = self.c
        chain, outer, c.block = c.chain, c.block, s
        if s.init is not None:
            if isinstance(s.init, t.Declaration):
                self.d.declarations.declaration(s.init)
            else:
                self.d.order.effect(s.init.expr)
        self._forever(s, s.condition, s.body, None, s.step)
        if c.chain is not chain:
            self.d.jumps.fall_out(chain)
        c.chain, c.block = chain, outer

    def _forever(
        self, s: t.Stmt, before: t.Expr | None, body: t.Stmt, after: t.Expr | None, step: t.Expr | None
    ) -> None:
        """A loop whose header waits: its parts become statements around the body."""
        c = self.c
        brk, cont = self._loop_targets(native_continue=after is None and step is None)

        def leave_unless(e: t.Expr) -> None:
            test = self.d.order.value(e)
            head = low.Code(["if (!(", low.Tight(), *test.parts, ")) "], test.facts)
            c.out.append(low.LIf(head, low.LJump(low.Exit([], brk), native="break;"), None, line=c.line(e.first)))

        def fill() -> None:
            if before is not None:
                header(lambda: leave_unless(before))
            inner = self.d.lowered(body)
            c.out.append(inner)
            if after is not None or step is not None:
                c.out.append(low.LMark(cont))
            if after is not None:
                header(lambda: leave_unless(after))
            if step is not None:
                header(lambda: self.d.order.effect(step))

        def header(lower: Callable[[], None]) -> None:
            """What the user wrote in the header is evaluated in the loop's braces, but belongs to the whole loop."""
            c.generated += 1
            lower()
            c.generated -= 1

        inside = self.d.order.block(fill)
        self._end_loop()
        loop = low.LLoop(
            "forever", low.Code(["for (;;)"]), inside, None, None, None, brk=brk, cont=cont, line=c.line(s.first)
        )
        loop.continue_label_inside = after is not None or step is not None
        c.out += [loop, low.LMark(brk)]

    def _plain_loop(self, s: t.Stmt, kind: str, head: low.Code, body: t.Stmt, condition: low.Facts | None,
                    step: low.Facts | None = None) -> low.LLoop:  # fmt: skip
        c = self.c
        brk, cont = self._loop_targets(native_continue=True)
        inner = self.d.lowered(body)
        self._end_loop()
        loop = low.LLoop(kind, head, inner, None, condition, step, brk=brk, cont=cont, line=c.line(s.first))
        c.out += [loop, low.LMark(brk)]
        return loop

    def _loop_targets(self, native_continue: bool) -> tuple[low.Target, low.Target]:
        c = self.c
        number = c.next()
        brk, cont = low.Target("label", f"ac__break_{number}"), low.Target("label", f"ac__continue_{number}")
        c.breaks.append(Enclosing(brk, c.chain, True))
        c.continues.append(Enclosing(cont, c.chain, native_continue))
        return brk, cont

    def _end_loop(self) -> None:
        self.c.breaks.pop()
        self.c.continues.pop()

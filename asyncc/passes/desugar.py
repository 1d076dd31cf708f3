"""Statements: every way out and every step spelled out, the user's structure kept.

A statement in which nothing has to change stays `Verbatim`. What of the others is lowered where stands in `Desugar.kinds`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..ir import low
from ..ir import tree as t
from .blocks import Blocks
from .context import Context, Enclosing
from .declarations import Declarations
from .facts import facts_of_statement
from .jumps import Jumps, leaving
from .loops import Loops
from .order import Order
from .scopes import find_scopes
from .temporaries import assign, save
from .walk import AWAIT, JUMP, REWRITE, strip
from .words import detach, word_operands

SEVERAL = (low.LDeclare, low.LTemp, low.LAwait, low.LLazy)  # what is printed as more than one statement


class Desugar:
    def __init__(self, context: Context) -> None:
        self.c = context
        self.order = Order(context)
        self.order.nested = self._nested
        self.order.lower_into = self.statement
        self.declarations = Declarations(self)
        self.jumps = Jumps(self)
        blocks, loops = Blocks(self), Loops(self)
        self.kinds: dict[type[t.Stmt], Callable[[Any], None]] = {
            t.Block: self._block,
            t.Declaration: self.declarations.declaration,
            t.ExprStmt: self._expression,
            t.Null: self._null,
            t.Asm: self._asm,
            t.If: self._if,
            t.While: loops.while_,
            t.DoWhile: loops.do_while,
            t.For: loops.for_,
            t.Switch: self._switch,
            t.Case: self._case,
            t.Label: self._label,
            t.Goto: self.jumps.goto,
            t.ComputedGoto: self.jumps.computed_goto,
            t.Break: self.jumps.break_,
            t.Continue: self.jumps.continue_,
            t.Return: self.jumps.return_,
            t.Defer: self._defer,
            t.Select: blocks.select,
            t.Gather: blocks.gather,
            t.Within: blocks.within,
            t.RunUntil: blocks.run_until,
        }

    def function(self) -> low.LBlock:
        find_scopes(self.c)
        body = self.lowered(self.c.function.body)
        assert isinstance(body, low.LBlock)
        return body

    # --- statements ----------------------------------------------------------------------------------------------

    def lowered(self, s: t.Stmt) -> low.Low:
        """One statement as one; several steps get braces."""
        block = self.order.block(lambda: self.statement(s))
        if len(block.body) == 1 and not isinstance(block.body[0], SEVERAL):
            return block.body[0]
        return block

    def statement(self, s: t.Stmt) -> None:
        c = self.c
        start = len(c.out)
        if self._is_unchanged(s):
            c.out.append(low.Verbatim(s))
        else:
            self.kinds[type(s)](s)
        if len(c.out) > start:
            c.out[start].first = s.first
            c.out[start].line = c.line(s.first)

    def _is_unchanged(self, s: t.Stmt) -> bool:
        c = self.c
        flags = c.marks[s]
        if isinstance(s, t.Block) and (s is c.function.body or id(s) in c.expression_results):
            return False
        if flags & (AWAIT | REWRITE):
            return False
        if isinstance(s, t.Declaration) and c.is_async and c.marks[c.block] & AWAIT:
            return False
        if isinstance(s, t.Label) and s.body is not None and isinstance(s.body, t.Declaration):
            return False
        return not flags & JUMP or all(self.jumps.is_plain(j) for j in leaving(s))

    def _nested(self, block: t.Block) -> low.Low:
        c = self.c
        outer, c.out = c.out, []
        c.expression_results[id(block)] = None
        c.value_kept.add(id(block))
        self.statement(block)
        found, c.out = c.out, outer
        return found[0]

    # --- blocks and declarations

    def _block(self, s: t.Block) -> None:
        c = self.c
        outer_out, outer_block, outer_chain = c.out, c.block, c.chain
        c.out, c.block = [], s
        result = c.expression_results.get(id(s)) if id(s) in c.expression_results else None
        kept = id(s) in c.value_kept
        value: low.Low | None = None
        at_head = c.is_async and s is c.function.body
        for i, inner in enumerate(s.body):
            if at_head and not _is_head(inner):
                at_head = False
                c.start_exit = self.jumps.start_exit()
            if i == len(s.body) - 1 and (result is not None or (kept and c.chain is not outer_chain)):
                if result is not None:
                    self._last_value(inner, result)
                    break
                if isinstance(inner, t.ExprStmt) and inner.expr.type.kind is not t.TypeKind.VOID:
                    temporary = c.temporary(inner.expr.type, inner.first)
                    assign(c, temporary, self.order.value(inner.expr), declares=True)
                    value = low.Text(low.Code([low.Place(temporary), ";"], low.Facts(reads={temporary})))
                    break
            self.statement(inner)
        if at_head:
            c.start_exit = self.jumps.start_exit()
        if c.chain is not outer_chain:
            self.jumps.fall_out(outer_chain)
        if value is not None:
            c.out.append(value)
        c.chain = outer_chain
        body, c.out, c.block = c.out, outer_out, outer_block
        c.out.append(low.LBlock(body, last=s.last, scope=s, first=s.first))

    def _last_value(self, s: t.Stmt, result: t.Local) -> None:
        """The value of a statement expression is its last statement's."""
        while isinstance(s, t.Label) and s.body is not None:
            self._mark_label(s)
            s = s.body
        if isinstance(s, t.ExprStmt):
            assign(self.c, result, self.order.value(s.expr))
        else:
            self.statement(s)

    def _expression(self, s: t.ExprStmt) -> None:
        c = self.c
        e = strip(s.expr)
        while isinstance(e, t.Cast) and e.type.kind is t.TypeKind.VOID:
            e = strip(e.operand)
        if isinstance(e, t.Assign) and isinstance(strip(e.value), t.Lazy):
            target, lazy = strip(e.target), strip(e.value)
            assert isinstance(target, t.Identifier) and target.local is not None and isinstance(lazy, t.Lazy)
            site = self.order.sites.make(lazy.call, is_awaited=False)
            c.lazy_sites.setdefault(target.local, []).append(site)
            c.out.append(low.LLazy(target.local, site, False, line=c.line(s.first)))
        elif isinstance(e, t.Spawn):
            nodes = word_operands(e)
            waits = any(c.marks[x] & AWAIT for x in nodes)
            codes = self.order.residues(nodes) if waits else [self.order.rewrite(x) for x in nodes]
            code = detach(c, e, codes)
            c.out.append(low.Text(low.Code([*code.parts, ";"], code.facts), line=c.line(s.first)))
        elif c.marks[s] & AWAIT:
            self.order.effect(s.expr)
            if not c.out:
                c.out.append(low.Text(low.Code([";"])))
        else:
            code = self.order.rewrite(s.expr)
            c.out.append(low.Text(low.Code([*code.parts, low.Span(s.expr.last, s.last)], code.facts)))

    def _null(self, s: t.Null) -> None:
        self.c.out.append(low.Verbatim(s))

    def _asm(self, s: t.Asm) -> None:
        """Operands that wait are evaluated before the statement."""
        parts_: list[low.Part] = []
        facts = facts_of_statement(s)
        at = s.first
        for e in sorted(s.operands, key=lambda e: e.first):
            if not self.c.marks[e] & (AWAIT | REWRITE):
                continue
            code = self.order.value(e)
            code = save(self.c, e, code)
            parts_ += [low.Span(at, e.first), *code.parts]
            facts.add(code.facts)
            at = e.last
        self.c.out.append(low.Text(low.Code([*parts_, low.Span(at, s.last)], facts)))

    # --- control flow

    def _if(self, s: t.If) -> None:
        c = self.c
        test = self.order.value(s.condition)
        if c.marks[s.condition] & AWAIT:
            head = low.Code(["if (", low.Tight(), *test.parts, ")"], test.facts)
        else:
            head = low.Code(
                [low.Span(s.first, s.condition.first), *test.parts, low.Span(s.condition.last, s.then.first)],
                test.facts,
            )
        then = self.lowered(s.then)
        otherwise = self.lowered(s.otherwise) if s.otherwise is not None else None
        span = low.Span(s.then.last, s.otherwise.first) if s.otherwise is not None else None
        c.out.append(low.LIf(head, then, otherwise, span, line=c.line(s.first)))

    def _switch(self, s: t.Switch) -> None:
        c = self.c
        test = self.order.value(s.operand)
        if c.marks[s.operand] & AWAIT:
            head = low.Code(["switch (", low.Tight(), *test.parts, ")"], test.facts)
        else:
            head = low.Code(
                [low.Span(s.first, s.operand.first), *test.parts, low.Span(s.operand.last, s.body.first)], test.facts
            )
        brk = low.Target("label", f"ac__break_{c.next()}")
        c.breaks.append(Enclosing(brk, c.chain, True))
        body = self.lowered(s.body)
        c.breaks.pop()
        c.out += [low.LSwitch(head, body, brk, line=c.line(s.first)), low.LMark(brk)]

    def _case(self, s: t.Case) -> None:
        c = self.c
        end = s.body.first if s.body is not None else s.last
        c.out.append(
            low.LCase(low.Code([low.Span(s.first, end)]), None, is_default=s.low is None, line=c.line(s.first))
        )
        if s.body is not None:
            self.statement(s.body)

    def _mark_label(self, s: t.Label) -> None:
        c = self.c
        end = s.body.first if s.body is not None else s.last
        c.out.append(low.LLabel(low.Code([low.Span(s.first, end)]), s.name, None, line=c.line(s.first)))

    def _label(self, s: t.Label) -> None:
        self._mark_label(s)
        if s.body is not None:
            self.statement(s.body)

    # --- words

    def _defer(self, s: t.Defer) -> None:
        c = self.c
        link = c.chains[id(s)]
        saved = c.chain, c.breaks, c.continues, c.timed
        c.chain, c.breaks, c.continues, c.timed = None, [], [], []
        c.defer_depth += 1
        body = self.lowered(s.body)
        c.defer_depth -= 1
        c.chain, c.breaks, c.continues, c.timed = saved
        step = low.LDefer(
            body, link.cleanup, low.Target("label", f"ac__past_{link.cleanup.number}"), line=c.line(s.first)
        )
        link.cleanup.defer = step
        link.cleanup.facts = facts_of_statement(s.body)
        c.defers.append(step)
        c.out.append(step)
        c.chain = link


def _is_head(s: t.Stmt) -> bool:
    """Whether the defers after s are still at the head of the body."""
    match s:
        case t.Declaration():
            return all(d.init is None or (d.local is not None and d.local.storage == "static") for d in s.declarators)
        case t.Defer() | t.Null():
            return True
    return False

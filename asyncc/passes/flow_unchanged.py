"""The flow graph of the user's own statements: those in which nothing changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir import tree as t
from .context import Context
from .facts import facts_of, facts_of_statement
from .flow_graph import NOWHERE

if TYPE_CHECKING:
    from .flow import Flow, Kinds


class Unchanged:
    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.c: Context = flow.c
        self.kinds: Kinds = {
            t.Block: self._block,
            t.Declaration: self._declaration,
            t.ExprStmt: self._expression,
            t.Null: self._null,
            t.Asm: self._asm,
            t.If: self._if,
            t.While: self._while,
            t.DoWhile: self._do_while,
            t.For: self._for,
            t.Switch: self._switch,
            t.Case: self._case,
            t.Label: self._label,
            t.Goto: self._goto,
            t.ComputedGoto: self._computed_goto,
            t.Break: self._break,
            t.Continue: self._continue,
            t.Return: self._return,
        }

    def _block(self, s: t.Block, at: int) -> int:
        outer = self.flow.enter(s)
        at = self.flow.all(s.body, at)
        self.flow.scope = outer
        return at

    def _declaration(self, s: t.Declaration, at: int) -> int:
        for d in s.declarators:
            if d.local is None or d.local.storage in ("static", "extern"):
                continue
            at = self.flow.node(at, facts_of(d.init))
            self.flow.declared(at, d.local, d.init is not None)
        return at

    def _expression(self, s: t.ExprStmt, at: int) -> int:
        return self.flow.node(at, facts_of(s.expr))

    def _null(self, s: t.Null, at: int) -> int:
        return at

    def _asm(self, s: t.Asm, at: int) -> int:
        at = self.flow.node(at, facts_of_statement(s))
        for name in s.labels:
            self.flow.edge(at, self.flow.label(name))
        return at

    def _if(self, s: t.If, at: int) -> int:
        at = self.flow.node(at, facts_of(s.condition))
        end = self.flow.node(NOWHERE)
        self.flow.edge(self.flow.statement(s.then, at), end)
        self.flow.edge(self.flow.statement(s.otherwise, at) if s.otherwise is not None else at, end)
        return end

    def _while(self, s: t.While, at: int) -> int:
        return self.flow.loop(at, facts_of(s.condition), None, s.body)

    def _do_while(self, s: t.DoWhile, at: int) -> int:
        once = self.c.is_zero(s.condition)
        return self.flow.loop(at, facts_of(s.condition), None, s.body, is_do=True, is_once=once)

    def _for(self, s: t.For, at: int) -> int:
        outer = self.flow.enter(s)
        if s.init is not None:
            at = self.flow.statement(s.init, at)
        condition = facts_of(s.condition) if s.condition is not None else None
        at = self.flow.loop(at, condition, facts_of(s.step), s.body)
        self.flow.scope = outer
        return at

    def _switch(self, s: t.Switch, at: int) -> int:
        return self.flow.switch(at, facts_of(s.operand), s.body, self.flow.node(NOWHERE))

    def _case(self, s: t.Case, at: int) -> int:
        at = self.flow.case(at, s.low is None)
        return self.flow.statement(s.body, at) if s.body is not None else at

    def _label(self, s: t.Label, at: int) -> int:
        here = self.flow.label(s.name)
        self.flow.nodes[here].scope = self.flow.scope
        self.flow.edge(at, here)
        return self.flow.statement(s.body, here) if s.body is not None else here

    def _goto(self, s: t.Goto, at: int) -> int:
        self.flow.edge(at, self.flow.label(s.label))
        return NOWHERE

    def _computed_goto(self, s: t.ComputedGoto, at: int) -> int:
        at = self.flow.node(at, facts_of(s.target))
        for name in self.c.addressed_labels:
            self.flow.edge(at, self.flow.label(name))
        return NOWHERE

    def _break(self, s: t.Break, at: int) -> int:
        self.flow.edge(at, self.flow.breaks[-1])
        return NOWHERE

    def _continue(self, s: t.Continue, at: int) -> int:
        self.flow.edge(at, self.flow.continues[-1])
        return NOWHERE

    def _return(self, s: t.Return, at: int) -> int:
        at = self.flow.node(at, facts_of(s.value))
        self.flow.edge(at, self.flow.targets[id(self.c.return_target)])
        return NOWHERE

"""The flow graph of lowered statements, but for those that wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir import low
from .context import Context
from .flow_graph import NOWHERE

if TYPE_CHECKING:
    from .flow import Flow, Kinds


class Steps:
    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.c: Context = flow.c
        self.kinds: Kinds = {
            low.Verbatim: self._verbatim,
            low.Text: self._text,
            low.LDeclare: self._declare,
            low.LTemp: self._temporary,
            low.LBlock: self._block,
            low.LIf: self._if,
            low.LLoop: self._loop,
            low.LSwitch: self._switch,
            low.LCase: self._case,
            low.LLabel: self._label,
            low.LMark: self._mark,
            low.LJump: self._jump,
            low.LComputedGoto: self._computed_goto,
            low.LDefer: self._defer,
        }

    def _verbatim(self, s: low.Verbatim, at: int) -> int:
        return self.flow.statement(s.stmt, at)

    def _text(self, s: low.Text, at: int) -> int:
        return self.flow.node(at, s.code.facts)

    def _declare(self, s: low.LDeclare, at: int) -> int:
        for item in s.items:
            if item.local is not None and item.local.storage == "static":
                continue
            at = self.flow.node(at, item.code.facts if item.code is not None else None)
            if item.local is not None:
                self.flow.declared(at, item.local, item.code is not None)
        return at

    def _temporary(self, s: low.LTemp, at: int) -> int:
        at = self.flow.node(at, s.code.facts if s.code is not None else None)
        self.flow.nodes[at].kills |= self.flow.bit(s.local)
        self.flow.nodes[at].births |= self.flow.bit(s.local)
        return at

    def _block(self, s: low.LBlock, at: int) -> int:
        outer = self.flow.enter(s.scope)
        at = self.flow.all(s.body, at)
        self.flow.scope = outer
        return at

    def _if(self, s: low.LIf, at: int) -> int:
        at = self.flow.node(at, s.head.facts)
        end = self.flow.node(NOWHERE)
        self.flow.edge(self.flow.statement(s.then, at), end)
        self.flow.edge(self.flow.statement(s.otherwise, at) if s.otherwise is not None else at, end)
        return end

    def _loop(self, s: low.LLoop, at: int) -> int:
        outer = self.flow.enter(s.scope)
        if s.initial is not None:
            at = self._declare(s.initial, at)
        elif s.initial_facts is not None:
            at = self.flow.node(at, s.initial_facts)
        at = self.flow.loop(
            at,
            s.condition,
            s.step,
            s.body,
            is_do=s.kind == "do",
            brk=s.brk,
            cont=s.cont,
            marked=s.kind == "forever",
            is_once=s.is_once,
        )
        self.flow.scope = outer
        return at

    def _switch(self, s: low.LSwitch, at: int) -> int:
        return self.flow.switch(at, s.head.facts, s.body, self.flow.target(s.brk))

    def _case(self, s: low.LCase, at: int) -> int:
        return self.flow.case(at, s.is_default)

    def _label(self, s: low.LLabel, at: int) -> int:
        here = self.flow.label(s.name)
        self.flow.nodes[here].scope = self.flow.scope
        self.flow.edge(at, here)
        return here

    def _mark(self, s: low.LMark, at: int) -> int:
        here = self.flow.target(s.target)
        if here != at:
            self.flow.edge(at, here)
        return here

    def _jump(self, s: low.LJump, at: int) -> int:
        if s.value is not None:
            at = self.flow.node(at, s.value.facts)
            if self.c.result is not None:
                self.flow.nodes[at].kills |= self.flow.bit(self.c.result)
        if s.native and s.kind == "break":
            self.flow.edge(at, self.flow.breaks[-1])
            return NOWHERE
        if s.native and s.kind == "continue":
            self.flow.edge(at, self.flow.continues[-1])
            return NOWHERE
        return self.flow.leave(s.exit, at)

    def _computed_goto(self, s: low.LComputedGoto, at: int) -> int:
        at = self.flow.node(at, s.code.facts)
        for name in self.c.addressed_labels:
            self.flow.edge(at, self.flow.label(name))
        for _, exit_ in s.targets:
            self.flow.leave(exit_, at)
        return NOWHERE

    def _defer(self, s: low.LDefer, at: int) -> int:
        return at

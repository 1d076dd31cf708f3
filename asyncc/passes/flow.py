"""The flow graph of a lowered function: which piece of code can run after which.

A cleanup on the way of a jump is one node, at the jump: its body stands once in the text, but in the graph each way through
it is its own, so that a cancelled frame keeps no variable for a way it does not go.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from ..ir import low
from ..ir import tree as t
from .context import Context
from .flow_graph import NOWHERE, Graph
from .flow_lowered import Steps
from .flow_unchanged import Unchanged
from .flow_waits import Waits

Kinds: TypeAlias = dict[type[Any], Callable[[Any, int], int]]  # from a statement and the node before it to the last


class Flow(Graph):
    def __init__(self, context: Context, body: low.Low) -> None:
        super().__init__(context)
        self.always = 0  # bits of what stands in the frame in any case: frames of calls, clocks
        self.breaks: list[int] = []
        self.continues: list[int] = []
        self.switches: list[tuple[int, list[bool]]] = []
        self.gathers: list[tuple[list[tuple[int, int]], int]] = []  # the nodes of each branch, and where it waits
        self.strand_wait: list[int] = []  # where the gathers around wait, the innermost last
        self.borrowed = 0  # bits of what a call may know while it waits
        self.of_arms = 0  # bits of the variables that arms declare
        self.kinds: Kinds = Unchanged(self).kinds | Steps(self).kinds | Waits(self).kinds
        c = context
        self.returned = returned = self.node(NOWHERE, low.Facts(reads={c.result} if c.result else set()))
        self.nodes[returned].next.append(self.exit)
        self.nodes[returned].crosses = c.is_async
        self.targets[id(c.return_target)] = returned
        self.scope = self.mask(set(c.function.parameters))
        self.entry = self.node(NOWHERE, low.Facts(kills=set(c.function.parameters)))
        self.start = begin = self.node(self.entry)
        self.nodes[begin].crosses = c.is_async
        if c.start_exit is not None:
            self.leave(c.start_exit, begin)
        end = self.statement(body, begin)
        self.edge(end, returned)
        self.always |= self.mask(c.pinned)

    def all(self, statements: list[low.Low] | list[t.Stmt], at: int) -> int:
        for s in statements:
            at = self.statement(s, at)
        return at

    def statement(self, s: low.Low | t.Stmt, at: int) -> int:
        return self.kinds[type(s)](s, at)

    # --- what the user's statements and lowered ones share

    def declared(self, at: int, local: t.Local, has_value: bool) -> None:
        node, bit = self.nodes[at], self.mask({local})
        node.kills |= bit
        node.births |= bit
        if not has_value:
            node.blanks |= bit

    def loop(
        self,
        at: int,
        condition: low.Facts | None,
        step: low.Facts | None,
        body: low.Low | t.Stmt,
        is_do: bool = False,
        brk: low.Target | None = None,
        cont: low.Target | None = None,
        marked: bool = False,
        is_once: bool = False,
    ) -> int:
        """`marked`: the continue label stands in the body as a statement (LMark)."""
        end = self.target(brk) if brk is not None else self.node(NOWHERE)
        self.depth += not is_once
        again = self.node(NOWHERE, step) if not marked else NOWHERE
        head = self.node(at, None if is_do else condition)
        if marked:
            again = head
        elif cont is not None:
            self.targets[id(cont)] = again
        self.breaks.append(end)
        self.continues.append(again)
        at = self.statement(body, head)
        self.breaks.pop()
        self.continues.pop()
        if is_do:
            self.edge(at, again)
            test = self.node(again, condition)
            self.edge(test, head)
            self.edge(test, end)
        else:
            self.edge(at, again)
            if not marked:
                self.edge(again, head)
            if condition is not None:
                self.edge(head, end)
        self.depth -= not is_once
        return end

    def switch(self, at: int, facts: low.Facts, body: low.Low | t.Stmt, end: int) -> int:
        head = self.node(at, facts)
        has_default = [False]
        self.breaks.append(end)
        self.switches.append((head, has_default))
        self.edge(self.statement(body, NOWHERE), end)
        self.switches.pop()
        self.breaks.pop()
        if not has_default[0]:
            self.edge(head, end)
        return end

    def case(self, at: int, is_default: bool) -> int:
        here = self.node(at)
        head, has_default = self.switches[-1]
        self.edge(head, here)
        has_default[0] = has_default[0] or is_default
        return here

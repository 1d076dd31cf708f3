"""The flow graph of what may suspend the function.

An await is two nodes: one that makes the future, one where the function may be suspended. From there an edge leads onward,
one to the cancellation, one for each clock or condition around; in a branch of a gather one also leads to where the gather
waits, since another branch may run before this one goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir import low
from .flow_graph import NOWHERE

if TYPE_CHECKING:
    from .flow import Flow, Kinds


class Waits:
    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.kinds: Kinds = {
            low.LAwait: self._await,
            low.LRelease: self._release,
            low.LLazy: self._lazy,
            low.LWithin: self._within,
            low.LSelect: self._select,
            low.LWon: self._won,
            low.LGather: self._gather,
        }

    def _await(self, s: low.LAwait, at: int) -> int:
        self.flow.line = s.line
        if s.site.kind != "lazy":
            at = self._made(s.site, at)
        if s.site.never_waits:
            self.flow.borrowed |= self.flow.mask(s.site.borrowed)
            return self.flow.node(at, low.Facts(reads=set(s.site.borrowed), touches=set(s.site.borrowed)))
        return self._suspended([s.site], s.watch, s.cancel, s, set(), at)

    def _lazy(self, s: low.LLazy, at: int) -> int:
        facts = low.Facts(kills={s.future} if s.is_initial else set(), touches=set() if s.is_initial else {s.future})
        if s.site is not None:
            at = self._made(s.site, at)
        return self.flow.node(at, facts)

    def _release(self, s: low.LRelease, at: int) -> int:
        return self.flow.node(at, low.Facts(reads={s.site}))

    def _within(self, s: low.LWithin, at: int) -> int:
        at = self.flow.all(s.setup, at)
        if s.clock is not None:
            at = self.flow.node(at, s.duration.facts if s.duration is not None else None)
            self.flow.nodes[at].kills |= self.flow.bit(s.clock)
            self.flow.always |= self.flow.bit(s.clock)
        elif s.site is not None:
            if s.site.kind != "lazy":
                at = self._made(s.site, at)
        at = self.flow.statement(s.body, at)
        if at != NOWHERE:
            at = self.flow.node(at, s.cleanup.facts)
        end = self.flow.target(s.end)
        self.flow.edge(at, end)
        late = self.flow.target(s.late_target)
        self.flow.edge(self.flow.all(s.late, late), end)
        return end

    def _select(self, s: low.LSelect, at: int) -> int:
        outer = self.flow.enter(s.scope)
        at = self.flow.node(at, low.Facts(kills={s.mask}))
        for arm in s.arms:
            if arm.guard is not None:
                at = self.flow.node(at, arm.guard.facts)
        for arm in s.arms:
            at = self.flow.all(arm.setup, at)
            if arm.site.kind != "lazy":
                at = self._made(arm.site, at)
        wait = self._suspended([arm.site for arm in s.arms], s.watch, s.cancel, s, {s.mask}, at)
        end = self.flow.target(s.end)
        self.flow.breaks.append(end)
        for arm in s.arms:
            self.select = s
            self.wait = wait
            around = self.flow.enter(arm.scope)
            self.flow.of_arms |= self.flow.scope & ~around
            self.flow.edge(self.flow.all(arm.won, self.flow.node(wait)), end)
            self.flow.scope = around
        if s.default is not None:
            self.flow.edge(self.flow.all(s.default, self.flow.node(wait)), end)
        self.flow.breaks.pop()
        if s.otherwise is not None:
            self.flow.edge(self.flow.statement(s.otherwise, self.flow.node(wait)), end)
        self.flow.scope = outer
        return end

    def _won(self, s: low.LWon, at: int) -> int:
        facts = low.Facts(reads={self.select.mask})
        for arm in self.select.arms:
            if arm is not s.arm and arm.site.kind != "lazy":
                facts.reads.add(arm.site)
        if s.arm.test is not None:
            at = self.flow.node(at, s.arm.test.facts)
            self.flow.edge(at, self.wait)
        return self.flow.node(at, facts)

    def _gather(self, s: low.LGather, at: int) -> int:
        at = self.flow.node(at, low.Facts(kills={s.states, s.turn}))
        wait = self._suspended([], s.watch, s.cancel, s, {s.states, s.turn}, at)
        end = self.flow.target(s.end)
        joined = self.flow.node(NOWHERE, low.Facts(reads=s.raced))
        self.flow.nodes[joined].crosses = True
        self.flow.edge(wait, joined)
        ranges = []
        saved = self.flow.breaks, self.flow.continues
        self.flow.breaks, self.flow.continues = [], []
        for branch in s.branches:
            self.flow.strand_wait.append(wait)
            start = self.flow.node(wait)
            self.flow.nodes[start].crosses = True
            self.flow.edge(self.flow.statement(branch.body, start), joined)
            self.flow.strand_wait.pop()
            ranges.append((start, len(self.flow.nodes)))
        self.flow.breaks, self.flow.continues = saved
        self.flow.gathers.append((ranges, wait))
        self.flow.edge(joined, end)
        return end

    def _made(self, site: low.Site, at: int) -> int:
        """The node that evaluates the arguments and makes the future."""
        facts = low.Facts(kills={site} if site.future is None else set())
        for code in [*site.arguments, *([site.callee] if site.callee is not None else [])]:
            facts.add(code.facts)
        if site.future is None:
            self.flow.always |= self.flow.bit(site)
        return self.flow.node(at, facts)

    def _suspended(
        self,
        sites: list[low.Site],
        watch: list[low.Watch],
        cancel: low.Exit,
        state: object,
        more: set[low.Variable],
        at: int,
    ) -> int:
        facts = low.Facts(reads=set(more))
        for site in sites:
            facts.reads |= {site if site.future is None else site.future} | site.borrowed
            facts.touches |= site.borrowed
            self.flow.borrowed |= self.flow.mask(site.borrowed)
        for w in watch:
            clock = w.owner.clock if w.owner.clock is not None else w.owner.site
            if clock is not None:
                facts.reads.add(clock)
                if isinstance(clock, low.Site):
                    facts.reads |= clock.borrowed
                    self.flow.borrowed |= self.flow.mask(clock.borrowed)
        here = self.flow.node(at, facts)
        self.flow.nodes[here].crosses = True
        self.flow.nodes[here].state_of = state
        self.flow.leave(cancel, here)
        for w in watch:
            self.flow.leave(w.exit, here)
        if self.flow.strand_wait:
            self.flow.edge(here, self.flow.strand_wait[-1])
        return here

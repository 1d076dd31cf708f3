"""The flow graph of a lowered function: which piece of code can run after which.

A node is straight-line code with the sets of variables it touches (as bits of integers). An await is two nodes: one that
makes the future, one where the function may be suspended. A cleanup on the way of a jump is one node, at the jump: its body
stands once in the text, but in the graph each way through it is its own, so that a cancelled frame keeps no variable for a
way it does not go.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..ir import low
from ..ir import tree as t
from .context import Context
from .facts import facts_of, facts_of_statement


@dataclass(slots=True, eq=False)
class Node:
    reads: int = 0
    kills: int = 0
    touches: int = 0
    escapes: int = 0
    births: int = 0  # what begins to exist here: no pointer knows it yet
    blanks: int = 0  # of these, what has no value yet
    depth: int = 0  # how many loops it stands in
    scope: int = 0
    writes_last: bool = True  # what is written is written after all that is read
    next: list[int] = field(default_factory=list)
    crosses: bool = False  # what is live here outlives a call of poll
    state_of: object = None  # the await, select or gather that may suspend here
    line: int = 0


NOWHERE = -1


def _in_the_text(variable: low.Variable) -> tuple[bool, int, int, str]:
    """An order of variables. A set's own follows their addresses, and the output must be the same bytes each time."""
    if isinstance(variable, low.Site):
        return True, variable.order, 0, ""
    return False, variable.index, variable.position.offset, variable.name


class Flow:
    def __init__(self, context: Context, body: low.Low) -> None:
        self.c = context
        self.everywhere = 0  # bits of temporaries whose address is known: in scope everywhere
        self.always = 0  # bits of what stands in the frame in any case: frames of calls, clocks
        self.nodes: list[Node] = []
        self.bits: dict[low.Variable, int] = {}
        self.variables: list[low.Variable] = []
        self.scope = 0
        self.line = 0
        self.targets: dict[int, int] = {}
        self.labels: dict[str, int] = {}
        self.breaks: list[int] = []
        self.continues: list[int] = []
        self.switches: list[tuple[int, list[bool]]] = []
        self.gathers: list[tuple[list[tuple[int, int]], int]] = []  # the nodes of each branch, and where it waits
        self.left: list[int] = []  # the nodes of defers
        self.borrowed = 0  # bits of what a call may know while it waits
        self.of_arms = 0  # bits of the variables that arms declare
        self.depth = 0
        self.strand_wait: list[int] = []
        c = context
        self.exit = self.node(NOWHERE)
        self.returned = returned = self.node(NOWHERE, low.Facts(reads={c.result} if c.result else set()))
        self.nodes[returned].next.append(self.exit)
        self.nodes[returned].crosses = c.is_async
        self.targets[id(c.return_target)] = returned
        self.scope = self.mask(set(c.function.parameters))
        self.entry = self.node(NOWHERE, low.Facts(kills=set(c.function.parameters)))
        begin = self.node(self.entry)
        self.nodes[begin].crosses = c.is_async
        self.start = begin
        if c.start_exit is not None:
            self.leave(c.start_exit, begin)
        end = self.statement(body, begin)
        self.edge(end, returned)
        self.always |= self.mask(c.pinned)

    # --- building blocks

    def bit(self, variable: low.Variable) -> int:
        found = self.bits.get(variable)
        if found is None:
            found = self.bits[variable] = 1 << len(self.variables)
            self.variables.append(variable)
        return found

    def mask(self, variables: set[low.Variable]) -> int:
        bits = 0
        for v in sorted(variables, key=_in_the_text) if len(variables) > 1 else variables:
            if isinstance(v, low.Site) or v.storage in ("", "register"):
                bits |= self.bit(v)
        return bits

    def node(self, before: int, facts: low.Facts | None = None) -> int:
        new = Node(scope=self.scope, line=self.line, depth=self.depth)
        if facts is not None:
            new.reads, new.kills = self.mask(facts.reads), self.mask(facts.kills)
            new.touches, new.escapes = self.mask(facts.touches), self.mask(facts.escapes)
            new.writes_last = facts.writes_last or not (facts.kills or facts.touches)
            for v in facts.escapes:
                if not isinstance(v, low.Site) and v.index == -1:
                    self.everywhere |= self.bit(v)
        self.nodes.append(new)
        number = len(self.nodes) - 1
        self.edge(before, number)
        return number

    def edge(self, before: int, after: int) -> None:
        if before != NOWHERE:
            self.nodes[before].next.append(after)

    def target(self, target: low.Target) -> int:
        if target.kind == "cancel":
            return self.exit
        if target.kind == "label" and target is self.c.label_target.get(target.label):
            return self.label(target.label)
        if id(target) not in self.targets:
            self.targets[id(target)] = self.node(NOWHERE)
        return self.targets[id(target)]

    def label(self, name: str) -> int:
        if name not in self.labels:
            self.labels[name] = self.node(NOWHERE)
        return self.labels[name]

    def leave(self, exit_: low.Exit, at: int, fall: int = NOWHERE) -> int:
        """The nodes of an exit's cleanups, up to its target (a "text" target falls through)."""
        for cleanup in exit_.cleanups:
            at = self.node(at, cleanup.facts)
            self.nodes[at].touches |= self.nodes[at].kills
            self.nodes[at].kills = 0
            if cleanup.kind == "gather":
                self.nodes[at].crosses = True
            if cleanup.kind == "defer":
                self.left.append(at)
        if exit_.target.kind == "text":
            return at
        self.edge(at, self.target(exit_.target))
        return NOWHERE

    def enter(self, scope: t.Stmt | t.Arm | None) -> int:
        outer = self.scope
        if scope is not None:
            for local in getattr(scope, "scope", []):
                self.scope |= self.bit(local) if local.storage in ("", "register") else 0
            for local in self.c.literals_of_block.get(id(scope), []):
                self.scope |= self.bit(local)
        return outer

    def all(self, statements: list[low.Low] | list[t.Stmt], at: int) -> int:
        for s in statements:
            at = self.statement(s, at)
        return at

    def statement(self, s: low.Low | t.Stmt, at: int) -> int:
        return getattr(self, "_" + type(s).__name__)(s, at)  # type: ignore[no-any-return]

    # --- lowered statements

    def _Verbatim(self, s: low.Verbatim, at: int) -> int:
        return self.statement(s.stmt, at)

    def _Text(self, s: low.Text, at: int) -> int:
        return self.node(at, s.code.facts)

    def _LDeclare(self, s: low.LDeclare, at: int) -> int:
        for item in s.items:
            if item.local is not None and item.local.storage == "static":
                continue
            at = self.node(at, item.code.facts if item.code is not None else None)
            if item.local is not None:
                self._declared(at, item.local, item.code is not None)
        return at

    def _declared(self, at: int, local: t.Local, has_value: bool) -> None:
        node, bit = self.nodes[at], self.mask({local})
        node.kills |= bit
        node.births |= bit
        if not has_value:
            node.blanks |= bit

    def _LTemp(self, s: low.LTemp, at: int) -> int:
        at = self.node(at, s.code.facts if s.code is not None else None)
        self.nodes[at].kills |= self.bit(s.local)
        self.nodes[at].births |= self.bit(s.local)
        return at

    def _LBlock(self, s: low.LBlock, at: int) -> int:
        outer = self.enter(s.scope)
        at = self.all(s.body, at)
        self.scope = outer
        return at

    def _LIf(self, s: low.LIf, at: int) -> int:
        at = self.node(at, s.head.facts)
        end = self.node(NOWHERE)
        self.edge(self.statement(s.then, at), end)
        self.edge(self.statement(s.otherwise, at) if s.otherwise is not None else at, end)
        return end

    def _LLoop(self, s: low.LLoop, at: int) -> int:
        outer = self.enter(s.scope)
        if s.initial is not None:
            at = self._LDeclare(s.initial, at)
        elif s.initial_facts is not None:
            at = self.node(at, s.initial_facts)
        at = self._loop(
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
        self.scope = outer
        return at

    def _loop(
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

    def _LSwitch(self, s: low.LSwitch, at: int) -> int:
        return self._switch(at, s.head.facts, s.body, self.target(s.brk))

    def _switch(self, at: int, facts: low.Facts, body: low.Low | t.Stmt, end: int) -> int:
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

    def _case(self, at: int, is_default: bool) -> int:
        here = self.node(at)
        head, has_default = self.switches[-1]
        self.edge(head, here)
        has_default[0] = has_default[0] or is_default
        return here

    def _LCase(self, s: low.LCase, at: int) -> int:
        return self._case(at, s.is_default)

    def _LLabel(self, s: low.LLabel, at: int) -> int:
        here = self.label(s.name)
        self.nodes[here].scope = self.scope
        self.edge(at, here)
        return here

    def _LMark(self, s: low.LMark, at: int) -> int:
        here = self.target(s.target)
        if here != at:
            self.edge(at, here)
        return here

    def _LJump(self, s: low.LJump, at: int) -> int:
        if s.value is not None:
            at = self.node(at, s.value.facts)
            if self.c.result is not None:
                self.nodes[at].kills |= self.bit(self.c.result)
        if s.native and s.kind == "break":
            self.edge(at, self.breaks[-1])
            return NOWHERE
        if s.native and s.kind == "continue":
            self.edge(at, self.continues[-1])
            return NOWHERE
        return self.leave(s.exit, at)

    def _LComputedGoto(self, s: low.LComputedGoto, at: int) -> int:
        at = self.node(at, s.code.facts)
        for name in self.c.addressed_labels:
            self.edge(at, self.label(name))
        for _, exit_ in s.targets:
            self.leave(exit_, at)
        return NOWHERE

    def _LRelease(self, s: low.LRelease, at: int) -> int:
        return self.node(at, low.Facts(reads={s.site}))

    def _LDefer(self, s: low.LDefer, at: int) -> int:
        return at

    def _LLazy(self, s: low.LLazy, at: int) -> int:
        facts = low.Facts(kills={s.future} if s.is_initial else set(), touches=set() if s.is_initial else {s.future})
        if s.site is not None:
            at = self._made(s.site, at)
        return self.node(at, facts)

    # --- what may suspend

    def _made(self, site: low.Site, at: int) -> int:
        """The node that evaluates the arguments and makes the future."""
        facts = low.Facts(kills={site} if site.future is None else set())
        for code in [*site.arguments, *([site.callee] if site.callee is not None else [])]:
            facts.add(code.facts)
        if site.future is None:
            self.always |= self.bit(site)
        return self.node(at, facts)

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
            self.borrowed |= self.mask(site.borrowed)
        for w in watch:
            clock = w.owner.clock if w.owner.clock is not None else w.owner.site
            if clock is not None:
                facts.reads.add(clock)
                if isinstance(clock, low.Site):
                    facts.reads |= clock.borrowed
                    self.borrowed |= self.mask(clock.borrowed)
        here = self.node(at, facts)
        self.nodes[here].crosses = True
        self.nodes[here].state_of = state
        self.leave(cancel, here)
        for w in watch:
            self.leave(w.exit, here)
        if self.strand_wait:
            self.edge(here, self.strand_wait[-1])
        return here

    def _LAwait(self, s: low.LAwait, at: int) -> int:
        self.line = s.line
        if s.site.kind != "lazy":
            at = self._made(s.site, at)
        if s.site.never_waits:
            self.borrowed |= self.mask(s.site.borrowed)
            return self.node(at, low.Facts(reads=set(s.site.borrowed), touches=set(s.site.borrowed)))
        return self._suspended([s.site], s.watch, s.cancel, s, set(), at)

    def _LWithin(self, s: low.LWithin, at: int) -> int:
        at = self.all(s.setup, at)
        if s.clock is not None:
            at = self.node(at, s.duration.facts if s.duration is not None else None)
            self.nodes[at].kills |= self.bit(s.clock)
            self.always |= self.bit(s.clock)
        elif s.site is not None:
            if s.site.kind != "lazy":
                at = self._made(s.site, at)
        at = self.statement(s.body, at)
        if at != NOWHERE:
            at = self.node(at, s.cleanup.facts)
        end = self.target(s.end)
        self.edge(at, end)
        late = self.target(s.late_target)
        self.edge(self.all(s.late, late), end)
        return end

    def _LSelect(self, s: low.LSelect, at: int) -> int:
        outer = self.enter(s.scope)
        at = self.node(at, low.Facts(kills={s.mask}))
        for arm in s.arms:
            if arm.guard is not None:
                at = self.node(at, arm.guard.facts)
        for arm in s.arms:
            at = self.all(arm.setup, at)
            if arm.site.kind != "lazy":
                at = self._made(arm.site, at)
        wait = self._suspended([arm.site for arm in s.arms], s.watch, s.cancel, s, {s.mask}, at)
        end = self.target(s.end)
        self.breaks.append(end)
        for arm in s.arms:
            self.select = s
            self.wait = wait
            around = self.enter(arm.scope)
            self.of_arms |= self.scope & ~around
            self.edge(self.all(arm.won, self.node(wait)), end)
            self.scope = around
        if s.default is not None:
            self.edge(self.all(s.default, self.node(wait)), end)
        self.breaks.pop()
        if s.otherwise is not None:
            self.edge(self.statement(s.otherwise, self.node(wait)), end)
        self.scope = outer
        return end

    def _LWon(self, s: low.LWon, at: int) -> int:
        facts = low.Facts(reads={self.select.mask})
        for arm in self.select.arms:
            if arm is not s.arm and arm.site.kind != "lazy":
                facts.reads.add(arm.site)
        if s.arm.test is not None:
            at = self.node(at, s.arm.test.facts)
            self.edge(at, self.wait)
        return self.node(at, facts)

    def _LGather(self, s: low.LGather, at: int) -> int:
        at = self.node(at, low.Facts(kills={s.states, s.turn}))
        wait = self._suspended([], s.watch, s.cancel, s, {s.states, s.turn}, at)
        end = self.target(s.end)
        joined = self.node(NOWHERE, low.Facts(reads=s.raced))
        self.nodes[joined].crosses = True
        self.edge(wait, joined)
        ranges = []
        saved = self.breaks, self.continues
        self.breaks, self.continues = [], []
        for branch in s.branches:
            self.strand_wait.append(wait)
            start = self.node(wait)
            self.nodes[start].crosses = True
            self.edge(self.statement(branch.body, start), joined)
            self.strand_wait.pop()
            ranges.append((start, len(self.nodes)))
        self.breaks, self.continues = saved
        self.gathers.append((ranges, wait))
        self.edge(joined, end)
        return end

    # --- the user's statements, unchanged

    def _Block(self, s: t.Block, at: int) -> int:
        outer = self.enter(s)
        at = self.all(s.body, at)
        self.scope = outer
        return at

    def _Declaration(self, s: t.Declaration, at: int) -> int:
        for d in s.declarators:
            if d.local is None or d.local.storage in ("static", "extern"):
                continue
            at = self.node(at, facts_of(d.init))
            self._declared(at, d.local, d.init is not None)
        return at

    def _ExprStmt(self, s: t.ExprStmt, at: int) -> int:
        return self.node(at, facts_of(s.expr))

    def _Null(self, s: t.Null, at: int) -> int:
        return at

    def _Asm(self, s: t.Asm, at: int) -> int:
        at = self.node(at, facts_of_statement(s))
        for name in s.labels:
            self.edge(at, self.label(name))
        return at

    def _If(self, s: t.If, at: int) -> int:
        at = self.node(at, facts_of(s.condition))
        end = self.node(NOWHERE)
        self.edge(self.statement(s.then, at), end)
        self.edge(self.statement(s.otherwise, at) if s.otherwise is not None else at, end)
        return end

    def _While(self, s: t.While, at: int) -> int:
        return self._loop(at, facts_of(s.condition), None, s.body)

    def _DoWhile(self, s: t.DoWhile, at: int) -> int:
        once = self.c.is_zero(s.condition)
        return self._loop(at, facts_of(s.condition), None, s.body, is_do=True, is_once=once)

    def _For(self, s: t.For, at: int) -> int:
        outer = self.enter(s)
        if s.init is not None:
            at = self.statement(s.init, at)
        condition = facts_of(s.condition) if s.condition is not None else None
        at = self._loop(at, condition, facts_of(s.step), s.body)
        self.scope = outer
        return at

    def _Switch(self, s: t.Switch, at: int) -> int:
        return self._switch(at, facts_of(s.operand), s.body, self.node(NOWHERE))

    def _Case(self, s: t.Case, at: int) -> int:
        at = self._case(at, s.low is None)
        return self.statement(s.body, at) if s.body is not None else at

    def _Label(self, s: t.Label, at: int) -> int:
        here = self.label(s.name)
        self.nodes[here].scope = self.scope
        self.edge(at, here)
        return self.statement(s.body, here) if s.body is not None else here

    def _Goto(self, s: t.Goto, at: int) -> int:
        self.edge(at, self.label(s.label))
        return NOWHERE

    def _ComputedGoto(self, s: t.ComputedGoto, at: int) -> int:
        at = self.node(at, facts_of(s.target))
        for name in self.c.addressed_labels:
            self.edge(at, self.label(name))
        return NOWHERE

    def _Break(self, s: t.Break, at: int) -> int:
        self.edge(at, self.breaks[-1])
        return NOWHERE

    def _Continue(self, s: t.Continue, at: int) -> int:
        self.edge(at, self.continues[-1])
        return NOWHERE

    def _Return(self, s: t.Return, at: int) -> int:
        at = self.node(at, facts_of(s.value))
        self.edge(at, self.targets[id(self.c.return_target)])
        return NOWHERE

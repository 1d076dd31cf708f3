"""The blocks that run things side by side: select, gather, within, run_until."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir import low
from ..ir import tree as t
from .calls import expressions
from .context import INT, Enclosing, plain_type
from .facts import facts_of_statement
from .walk import operands, parts

if TYPE_CHECKING:
    from .desugar import Desugar


def unsigned(bits: int) -> t.CType:
    size = 1 if bits <= 8 else 2 if bits <= 16 else 4 if bits <= 32 else 8
    return plain_type(t.TypeKind.SCALAR, f"uint{8 * size}_t", size, size)


class Blocks:
    def __init__(self, desugar: Desugar) -> None:
        self.d = desugar
        self.c = desugar.c
        self.guards: dict[int, t.Local] = {}

    def _await_in(self, e: t.Expr) -> t.Await:
        holder = t.ExprStmt(e.first, e.last, e)
        return next(x for x in expressions(holder) if isinstance(x, t.Await))

    # --- select ----------------------------------------------------------------------------------------------------

    def select(self, s: t.Select) -> None:
        c = self.c
        number = len(c.selects) + 1
        end = low.Target("label", f"ac__select_end_{number}")
        mask = c.controlled(f"ac__arms_{number}", unsigned(len(s.arms)), s.first)
        step = low.LSelect(number, [], s.is_biased, None, None, mask, c.watch_exits(), c.cancel_exit(), c.strand, end,
                           token=s.first, scope=s, line=c.line(s.first))  # fmt: skip
        c.selects.append(step)
        outer_block, c.block = c.block, s
        pending: list[tuple[low.LArm, t.Await]] = []
        for arm in s.arms:
            step.arms.append(self._arm_setup(arm, pending))
        c.breaks.append(Enclosing(end, c.chain, True))
        for arm, (lowered, await_) in zip(s.arms, pending, strict=True):
            self._arm_body(arm, lowered, await_)
        if s.default is not None:
            statements = s.default
            step.default = self.d.order.block(lambda: self._all(statements)).body
        c.breaks.pop()
        if s.otherwise is not None:
            c.breaks.append(Enclosing(end, c.chain, False))
            step.otherwise = self.d.lowered(s.otherwise)
            c.breaks.pop()
        c.block = outer_block
        c.out += [step, low.LMark(end)]

    def _all(self, statements: list[t.Stmt]) -> None:
        for s in statements:
            self.d.statement(s)

    def _arm_setup(self, arm: t.Arm, pending: list[tuple[low.LArm, t.Await]]) -> low.LArm:
        c = self.c
        holder = arm.expr if arm.expr is not None else arm.declaration.declarators[0].init if arm.declaration else None
        assert holder is not None
        await_ = self._await_in(holder)
        guard: low.Code | None = None
        for test, negated in arm.guards:
            known = self.guards.get(id(test))
            if known is None:  # evaluated once, and only if the guards around it let it
                code = self.d.order.rewrite(test)
                parts: list[low.Part] = ["(", low.Tight(), *code.parts, ") != 0"]
                if guard is not None:
                    parts, code = [*guard.parts, " && ", *parts], low.Code([], merged(guard.facts, code.facts))
                known = self.guards[id(test)] = c.temporary(INT, test.first)
                c.out.append(low.LTemp(known, low.Code(parts, code.facts), True, line=c.line(test.first)))
            mine = low.Code(["!" if negated else "", low.Place(known)], low.Facts(reads={known}))
            if guard is None or not negated:
                guard = mine
            else:
                guard = low.Code([*guard.parts, " && ", *mine.parts], merged(guard.facts, mine.facts))
        sites: list[low.Site] = []
        setup = self.d.order.block(lambda: sites.append(self.d.order.sites.make(await_.call))).body
        lowered = low.LArm(sites[0], guard, arm.is_true, None, setup, [], c.line(arm.first), arm)
        pending.append((lowered, await_))
        return lowered

    def _arm_body(self, arm: t.Arm, lowered: low.LArm, await_: t.Await) -> None:
        c, order = self.c, self.d.order
        c.prepared[id(await_)] = lowered.site

        def fill() -> None:
            if arm.declaration is not None:
                self.d.statement(arm.declaration)
                for x in c.out:
                    if isinstance(x, low.LDeclare):
                        x.split = True  # in the text it has no semicolon
                c.split.append(arm.declaration)
                local = arm.declaration.declarators[-1].local
                if arm.is_true and local is not None:
                    lowered.test = low.Code([low.Place(local)], low.Facts(reads={local}))
            elif arm.expr is not None and arm.is_true:
                lowered.test = order.value(arm.expr)
            elif arm.expr is not None:
                order.effect(arm.expr)
            c.out.append(low.LWon(lowered))
            self.d.statement(arm.body)

        lowered.won = order.block(fill).body

    # --- gather ----------------------------------------------------------------------------------------------------

    def gather(self, s: t.Gather) -> None:
        c = self.c
        if not s.branches:
            c.out.append(low.Text(low.Code([";"])))
            return
        number = len(c.gathers) + 1
        link = c.chains[id(s)]
        count = len(s.branches)
        states = c.controlled(f"ac__branches_{number}", plain_type(t.TypeKind.ARRAY, "", count, 1), s.first)
        turn = c.controlled(f"ac__turn_{number}", unsigned(8), s.first)
        end = low.Target("label", f"ac__gather_end_{number}")
        step = low.LGather(number, [], states, turn, c.watch_exits(), c.cancel_exit(), c.strand, link.cleanup, end,
                           token=s.first, line=c.line(s.first))  # fmt: skip
        link.cleanup.gather = step
        c.gathers.append(step)
        self._share(s, step)
        chain, strand, timed = c.chain, c.strand, c.timed
        c.breaks.append(Enclosing(end, chain, False))
        outer = c.continues
        c.continues = [Enclosing(x.target, x.chain, False) for x in outer]
        for index, branch in enumerate(s.branches):
            c.chain, c.timed = link, []
            c.strands += 1
            c.strand = low.LStrand(c.strands, step, index, c.line(branch.first), low.LBlock([]), token=branch.first)
            step.branches.append(c.strand)
            c.strand.body = self.d.lowered(branch)
        c.breaks.pop()
        c.continues = outer
        c.chain, c.strand, c.timed = chain, strand, timed
        c.out += [step, low.LMark(end)]

    def _share(self, s: t.Gather, step: low.LGather) -> None:
        """Locals from outside that branches use: every branch is a call of its own, so they must be in the frame."""
        uses: dict[low.Variable, int] = {}
        for branch in s.branches:
            facts = facts_of_statement(branch)
            for local in facts.reads | facts.kills | facts.touches | facts.escapes:
                uses[local] = uses.get(local, 0) + 1
        inside = locals_in(s)
        step.shared = {local for local in uses if local not in inside}
        step.raced = {local for local, count in uses.items() if count > 1 and local not in inside}
        self.c.shared |= step.shared

    # --- within, run_until -------------------------------------------------------------------------------------------

    def within(self, s: t.Within) -> None:
        c = self.c
        number = len(c.withins) + 1
        duration = self.d.order.value(s.duration)
        size, align = c.unit.futures["ac_within"]
        clock = c.controlled(
            f"ac__within_{number}", plain_type(t.TypeKind.RECORD, "struct ac_within_future", size, align), s.first
        )
        link = c.chains[id(s)]
        c.clocks.add(clock)
        link.cleanup.text = low.Code(["ac_within_drop(&", low.Place(clock), ");"], low.Facts(reads={clock}))
        link.cleanup.facts = link.cleanup.text.facts
        step = low.LWithin([], clock, duration, None, low.LBlock([]), [], link.cleanup,
                           low.Target("label", f"ac__late_{number}"), low.Target("label", f"ac__within_end_{number}"),
                           line=c.line(s.first))  # fmt: skip
        waits = self._timed(step, link, s)
        if waits and s.otherwise is not None:
            other = s.otherwise
            step.late = self.d.order.block(lambda: self.d.statement(other)).body
        c.out.append(step)

    def run_until(self, s: t.RunUntil) -> None:
        c, order = self.c, self.d.order
        number = len(c.withins) + 1
        await_ = self._await_in(s.condition)
        sites: list[low.Site] = []
        setup = order.block(lambda: sites.append(order.sites.make(await_.call))).body
        link = c.chains[id(s)]
        link.cleanup.text = low.Code([low.Dropped(sites[0])], low.Facts(reads={sites[0]}))
        link.cleanup.facts = link.cleanup.text.facts
        step = low.LWithin(setup, None, None, sites[0], low.LBlock([]), [], link.cleanup,
                           low.Target("label", f"ac__late_{number}"), low.Target("label", f"ac__until_end_{number}"),
                           line=c.line(s.first))  # fmt: skip
        waits = self._timed(step, link, s)
        c.prepared[id(await_)] = sites[0]

        def late() -> None:
            order.effect(s.condition)
            if s.otherwise is not None:
                self.d.statement(s.otherwise)

        if waits:
            step.late = order.block(late).body
        c.out.append(step)

    def _timed(self, step: low.LWithin, link: low.Chain, s: t.Within | t.RunUntil) -> bool:
        """Lowers the statement. False: it never waits, so it is always in time, and what would come else has no place in
        the output (nor may its awaits have states)."""
        c = self.c
        before = len(c.awaits) + len(c.selects) + len(c.gathers)
        c.withins.append(step)
        chain = c.chain
        c.chain = link
        c.timed.append((step, link))
        step.body = self.d.lowered(s.body)
        c.timed.pop()
        c.chain = chain
        return len(c.awaits) + len(c.selects) + len(c.gathers) > before


def locals_in(s: t.Stmt) -> set[low.Variable]:
    """The locals declared anywhere in a statement."""
    found: set[low.Variable] = set()
    stack: list[t.Stmt] = [s]
    while stack:
        node = stack.pop()
        if isinstance(node, t.Declaration):
            found |= {d.local for d in node.declarators if d.local is not None}
        exprs, stmts = parts(node)
        stack += stmts
        pending = list(exprs)
        while pending:
            e = pending.pop()
            if isinstance(e, t.StatementExpr):
                stack.append(e.body)
            else:
                pending += operands(e)
    return found


def merged(a: low.Facts, b: low.Facts) -> low.Facts:
    facts = low.Facts()
    facts.add(a)
    facts.add(b)
    return facts

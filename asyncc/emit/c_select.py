"""Prints a select: which arms take part, the start of each, the round in which they are polled, and what the winner does.

{
    unsigned ac__won_1 = 0, ac__first_1 = 0, ac__turn_1 = 0;
    mask = …;                                  which arms take part; a bit is cleared when an arm is over
    …                                          the arms' futures are set up
    ac__resume_7: ac__first_1 = …;             a random arm is polled first
    for (…) { switch (…) { case 0: … } }       the first that is ready goes to ac__won_1
    …                                          nobody is: otherwise, default, or wait for a wake and come back
    ac__won_1: switch (ac__won_1) { … }        the statements of the arm
}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir import low

if TYPE_CHECKING:
    from .c_statements import StatementPrinter

_BITS_OF_UNSIGNED = 32


class SelectPrinter:
    def __init__(self, statements: StatementPrinter, select: low.LSelect) -> None:
        self.printer, self.s = statements, select
        self.p, self.c, self.w = statements.p, statements.c, statements.w
        self.fresh, self.put = statements.fresh, statements.put
        self.n, self.count = select.number, len(select.arms)
        self.mask = self.p.place(select.mask)
        self.one = "1u" if self.count <= _BITS_OF_UNSIGNED else "1ull"
        self.outer = self.w.indent
        self.inner, self.deeper = self.outer + "    ", self.outer + "        "
        self.drop_arms = f"ac__{self.c.function.decl.name}_drop_arms_{self.n}({self.c.self_name});"

    def print(self) -> None:
        self.put("{")
        self.w.indent = self.inner
        self.fresh(f"unsigned ac__won_{self.n} = 0, ac__first_{self.n} = 0, ac__turn_{self.n} = 0;")
        self._choose()
        for i, arm in enumerate(self.s.arms):
            self._start(i, arm)
        self._poll()
        self._when_none_is_left()
        self._when_none_is_ready()
        self._act()
        self.w.indent = self.outer
        self.fresh("}")

    def lost(self, arm: low.LArm) -> None:
        """After an arm's future was ready, when it has a test: a result that fails it leaves the select to the others."""
        assert arm.test is not None
        self.fresh("if (!(")
        self.p.start(arm.test)
        self.put(f")) goto ac__lost_{self.n};")

    def _choose(self) -> None:
        """The mask: the arms without a guard, and those whose guard holds."""
        guards = [arm.guard for arm in self.s.arms]
        if all(guard is None for guard in guards):
            suffix = self.one.removeprefix("1")
            self.fresh(f"{self.mask} = {(1 << self.count) - 1}{suffix};")
            return
        self.fresh(f"{self.mask} = 0;")
        for i, arm in enumerate(self.s.arms):
            self.p.line = arm.line
            if arm.guard is None:
                self.fresh(f"{self.mask} |= {self.one} << {i};")
                continue
            self.w.newline()
            self.put("if (")
            self.p.start(arm.guard)
            self.put(f") {self.mask} |= {self.one} << {i};")

    def _start(self, i: int, arm: low.LArm) -> None:
        """Evaluates the operands of an arm that takes part, and sets its future up."""
        self.p.line = arm.line
        self.w.newline()
        if arm.guard is None and arm.site.kind == "lazy":
            self.printer.waits.check_lazy(arm.site)
            return
        if arm.guard is not None:
            self.put(f"if ({self.mask} & {self.one} << {i}) {{ ")
            self.w.indent = self.deeper
        for step in arm.setup:
            step.first = -1
            self.printer.statement(step)
        if arm.setup:
            self.w.newline()
        if arm.site.kind == "lazy":
            self.printer.waits.check_lazy(arm.site)
        else:
            self.p.start(low.Code(self.p.init(arm.site)))
        self.w.indent = self.inner
        if arm.guard is not None:
            self.put(" }")

    def _poll(self) -> None:
        """One round over the arms that are left, from a random one on; the first that is ready has won."""
        s, n, count = self.s, self.n, self.count
        self.p.line = s.line
        first = "0" if s.is_biased or count == 1 else f"ac__random({self.c.cx_name}, {count})"
        self.printer.waits.resume(s.state)
        self.put(f"ac__first_{n} = {first};")
        self.fresh(f"for (ac__turn_{n} = 0; ac__turn_{n} < {count}; ac__turn_{n}++) {{")
        self.w.indent = self.deeper
        self.fresh(f"switch ((ac__first_{n} + ac__turn_{n}) % {count}) {{")
        for i, arm in enumerate(s.arms):
            self.p.line = arm.line
            label = f"case {i}" if i < count - 1 else "default"
            bit = f"{self.one} << {i}"
            self.fresh(
                f"{label}: if ({self.mask} & {bit} && {self.printer.waits.polled(arm.site, True)} == AC_READY) "
                f"{{ {self.mask} ^= {bit}; ac__won_{n} = {i}; goto ac__won_{n}; }} break;"
            )
        self.p.line = s.line
        self.fresh("}")
        if any(arm.test is not None for arm in s.arms):
            self.fresh(f"ac__lost_{n}:;")
        self.w.indent = self.inner
        self.fresh("}")

    def _when_none_is_left(self) -> None:
        """All arms are off, by their guards or because they lost: otherwise, or the program is wrong."""
        s = self.s
        if s.otherwise is None and all(arm.guard is None and arm.test is None for arm in s.arms):
            return
        self.fresh(f"if (!{self.mask})")
        if s.otherwise is None:
            self.put(f" ac__select_all_disabled(__FILE__, {self.c.called(s.line)});")
            return
        self.put(" {")
        self.w.indent = self.deeper
        self.printer.statement(s.otherwise)
        self.fresh(f"goto {s.end.label};")
        s.end.used = True
        self.w.indent = self.inner
        self.fresh("}")

    def _when_none_is_ready(self) -> None:
        s = self.s
        if s.default is not None:
            self.fresh(self.drop_arms)
            self.fresh(f"ac__won_{self.n} = {self.count};")
        else:
            self.w.newline()
            self.printer.waits.suspend(s.state, s.strand, s.watch, self.drop_arms)

    def _act(self) -> None:
        """The statements of the arm that won, or of the default."""
        s = self.s
        self.fresh(f"ac__won_{self.n}: switch (ac__won_{self.n}) {{")
        for i, arm in enumerate(s.arms):
            self.p.line = arm.line
            last = i == self.count - 1 and s.default is None
            self.fresh(f"case {i}: {{" if not last else "default: {")
            self.w.indent = self.deeper
            self.printer.all(arm.won)
            self.fresh("break;")
            self.w.indent = self.inner
            self.fresh("}")
        if s.default is not None:
            self.fresh("default: {")
            self.w.indent = self.deeper
            self.printer.all(s.default)
            self.w.indent = self.inner
            self.fresh("}")
        self.fresh("}")

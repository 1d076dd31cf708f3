"""Prints `within` and `run_until`: the block stands where it stood, behind the start of its clock or condition. The awaits
inside it ask that clock or condition (c_waits.py) and go to the label of the `else` when it is over.

    ac_within_init(&f->ac__within_1, cx, d);
    { … }
    ac_within_drop(&f->ac__within_1);
    if (0) { ac__late_1:; … }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir import low

if TYPE_CHECKING:
    from .c_statements import StatementPrinter


class WithinPrinter:
    def __init__(self, statements: StatementPrinter) -> None:
        self.printer = statements
        self.p, self.c, self.w = statements.p, statements.c, statements.w
        self.put, self.fresh = statements.put, statements.fresh

    def print(self, s: low.LWithin) -> None:
        self.printer.lead(s)
        indent = self.w.indent
        opened = not self.printer.in_block
        if opened:
            self.put("{")
            self.w.indent = indent + "    "
            self.w.newline()
        inner = self.w.indent
        self._all_fresh(s.setup)
        if s.clock is not None and s.duration is not None:
            self.put(f"ac_within_init(&{self.p.place(s.clock)}, {self.c.cx_name}, ")
            self.p.start(s.duration)
            self.put(");")
        elif s.site is not None and s.site.kind != "lazy":
            self.p.start(low.Code(self.p.init(s.site)))
        self.w.indent = inner
        self.w.newline()
        if isinstance(s.body, low.LBlock):
            s.body.first = -1
            self.printer.statement(s.body)
        else:
            self.printer.braces([s.body])
        self.w.indent = inner
        self.w.newline()
        if s.cleanup.text is not None:
            self.p.start(s.cleanup.text)
        self._late(s)
        self.w.indent = indent
        if opened:
            self.fresh("}")

    def _late(self, s: low.LWithin) -> None:
        """What is done when the block was left by its clock or condition; in the ordinary course it is stepped over."""
        if not s.late_target.used:
            return
        if not s.late:
            self.fresh(f"{s.late_target.label}:;")
            return
        indent = self.w.indent
        self.fresh(f"if (0) {{ {s.late_target.label}:;")
        self.w.indent = indent + "    "
        self.printer.all(s.late)
        self.w.indent = indent
        self.fresh("}")

    def _all_fresh(self, steps: list[low.Low]) -> None:
        for x in steps:
            x.first = -1
            self.printer.statement(x)
        if steps:
            self.w.newline()

"""Prints a gather: each branch has a state of its own, 0 when it is over, and all are run in turn until none waits.

{
    states[0] = 3; … turn = 0;
    ac__resume_2: {
        …                              runs each branch that is not over, by a call of the function itself
        if (ac__waits) …               some wait: so does the gather; the next round begins one branch further
        goto end;
    }
    ac__start_3:; … return AC_READY;   the branches, where that call goes
}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir import low

if TYPE_CHECKING:
    from .c_statements import StatementPrinter


class GatherPrinter:
    def __init__(self, statements: StatementPrinter, gather: low.LGather) -> None:
        assert statements.p.frame is not None
        self.printer, self.s = statements, gather
        self.p, self.c, self.w = statements.p, statements.c, statements.w
        self.fresh = statements.fresh
        self.states, self.turn = self.p.place(gather.states), self.p.place(gather.turn)
        self.count = len(gather.branches)
        self.cancel = f"ac__{self.c.function.decl.name}_cancel_{gather.number}({self.c.self_name});"
        self.outer = self.w.indent
        self.inner = self.outer + "    "

    def print(self) -> None:
        self.printer.put("{")
        self.w.indent = self.inner
        starts = " ".join(f"{self.states}[{b.index}] = {b.start};" for b in self.s.branches)
        self.fresh(f"{starts} {self.turn} = 0;")
        self.fresh(f"ac__resume_{self.s.state}: {{")
        self.w.indent = self.inner + "    "
        self._run_all()
        self._wait()
        self.w.indent = self.inner
        self.fresh("}")
        for branch in self.s.branches:
            self.p.line = branch.line
            self.fresh(f"ac__start_{branch.start}:;")
            self.w.indent = self.inner
            self.printer.statement(branch.body)
            self.w.indent = self.inner
            self.fresh("return AC_READY;")
        self.w.indent = self.outer
        self.fresh("}")

    def _call(self) -> str:
        """The call that runs a branch. Through a pool it counts as one more call that is not direct."""
        c = self.c
        call = f"{self.printer.run}({c.self_name}, {c.cx_name}, {self.states}[ac__branch])"
        if c.function.decl.name in c.calls.pools:
            return f"(++{c.cx_name}->indirect, ac__less_indirect({c.cx_name}, {call}))"
        return call

    def _run_all(self) -> None:
        """One round; a branch that leaves the gather, by return, break or goto, cancels the others."""
        self.fresh("bool ac__waits = false;")
        self.fresh(f"for (unsigned ac__i = 0; ac__i < {self.count}; ac__i++) {{")
        self.w.indent = self.inner + "        "
        self.fresh(f"unsigned ac__branch = ({self.turn} + ac__i) % {self.count};")
        self.fresh(f"if ({self.states}[ac__branch] == 0) continue;")
        self.fresh(f"int ac__polled = {self._call()};")
        self.fresh("if (ac__polled == AC_PENDING) { ac__waits = true; continue; }")
        self.fresh(f"{self.states}[ac__branch] = 0;")
        if self.s.cleanup.exits:
            self.fresh(f"if (ac__polled > AC_READY) {{ {self.cancel} ")
            indent = self.w.indent
            self.w.indent = indent + "    "
            self.printer.exits.dispatch(self.s.cleanup, "ac__polled - AC_READY")
            self.w.indent = indent
            self.fresh("}")
        self.w.indent = self.inner + "    "
        self.fresh("}")

    def _wait(self) -> None:
        s = self.s
        self.fresh(f"if (ac__waits) {{ {self.turn} = ({self.turn} + 1u) % {self.count}u; ")
        self.printer.waits.suspend(s.state, s.strand, s.watch, self.cancel)
        self.printer.put(" }")
        self.fresh(f"goto {s.end.label};")
        s.end.used = True

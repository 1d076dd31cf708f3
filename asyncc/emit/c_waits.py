"""Prints what may suspend: an await, the label at which it resumes, and what is done when a poll gave AC_PENDING.

    ac_sleep_init(&f->ac__sleep, d);
    ac__resume_1: if (ac_sleep_poll(&f->ac__sleep, cx) == AC_PENDING) { f->ac__state = 1; return AC_PENDING; }

Between the poll and the return stand the clocks and conditions of the within and run_until blocks around, and the stores
of cached variables (passes/cached.py), which are loaded again before the label's statement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir import low

if TYPE_CHECKING:
    from .c_statements import StatementPrinter

_WIDTH = 88  # of a line of generated assignments
_SHORT = 40  # what may stand between other text on its line


class WaitPrinter:
    def __init__(self, statements: StatementPrinter) -> None:
        self.printer = statements
        self.p, self.c, self.w = statements.p, statements.c, statements.w
        self.put, self.fresh = statements.put, statements.fresh

    def await_(self, s: low.LAwait) -> None:
        self.printer.lead(s)
        site = s.site
        self.p.line = site.line
        if site.kind != "lazy":
            self.p.start(low.Code(self.p.init(site)))
        else:
            self.check_lazy(site)
        if site.never_waits:
            self.put(f" (void){self.p.poll(site)};")
            return
        indent = self.w.indent
        self.resume(site.state)
        self.put(f"if ({self.polled(site, bool(s.watch))} == AC_PENDING) {{")
        space = " " if self._is_brief(site.state, s.watch) else ""
        self.put(space)
        self.suspend(site.state, s.strand, s.watch, self.p.drop(site))
        self.w.indent = indent
        self.put(f"{space}}}")

    def check_lazy(self, site: low.Site) -> None:
        assert site.future is not None
        self.put(f"if ({self.p.which(site.future)} == 0) ac__resumed_finished(__FILE__, {self.c.called(site.line)});")

    def lazy(self, s: low.LLazy) -> None:
        self.printer.lead(s)
        name = self.c.function.decl.name
        future = self.p.future_name(s.future)
        if s.site is None:
            self.put(f"{self.p.which(s.future)} = 0;")
            return
        if not s.is_initial:
            self.put(f"ac__{name}_drop_{future}({self.c.self_name}); ")
        sites = self.c.lazy_sites[s.future]
        storage = f"{self.c.self_name}->{future}.ac__as_{s.site.order}"
        self.p.start(low.Code(self.p.init(s.site, storage)))
        self.put(f" {self.p.which(s.future)} = {sites.index(s.site) + 1};")

    def resume(self, state: int) -> None:
        """The label at which a poll goes on. Cached variables come back from the frame, in a block that only it enters."""
        assert self.p.frame is not None
        frame, me, label = self.p.frame, self.c.self_name, f"ac__resume_{state}:"
        loads = _lines([f"{v.name} = {me}->{frame.names[v]};" for v in frame.cached.loads.get(state, [])])
        if not loads:
            self.fresh(f"{label} ")
            return
        if len(loads) == 1:
            self.fresh(f"if (0) {{ {label} {loads[0]} }}")
        else:
            self.fresh(f"if (0) {{ {label}")
            self.w.indent += "    "
            for text in loads:
                self.fresh(text)
            self.w.indent = self.w.indent[:-4]
            self.fresh("}")
        self.w.newline()

    def polled(self, site: low.Site, indirect: bool) -> str:
        """A poll; below a select, gather, within or run_until the pool frames in it are told so."""
        text = self.p.poll(site)
        if indirect and site.may_pool:
            return f"(++{self.c.cx_name}->indirect, ac__less_indirect({self.c.cx_name}, {text}))"
        return text

    def suspend(self, state: int, strand: low.LStrand | None, watch: list[low.Watch], drop: str) -> None:
        """What follows a poll that gave AC_PENDING: the state is noted; clocks and conditions around are asked."""
        noted = f"{self._state_place(strand)} = {state};"
        stores = self._stores(state)
        if self._is_brief(state, watch):
            self.put("".join(text + " " for text in stores) + f"{noted} return AC_PENDING;")
            return
        self.w.indent += "    "
        if watch:
            self.fresh(noted)
        for w in watch:
            owner = w.owner
            if owner.clock is not None:
                poll = f"ac_within_poll(&{self.p.place(owner.clock)}, {self.c.cx_name})"
            else:
                assert owner.site is not None
                poll = self.polled(owner.site, True)
            self.fresh(f"if ({poll} == AC_READY) {{ {drop} ")
            self.p.start(low.Code(self.printer.exits.parts(w.exit)))
            self.put(" }")
        for text in stores:
            self.fresh(text)
        self.fresh("return AC_PENDING;" if watch else f"{noted} return AC_PENDING;")
        self.w.indent = self.w.indent[:-4]
        self.w.newline()

    def _is_brief(self, state: int, watch: list[low.Watch]) -> bool:
        """Whether what suspends fits on the line of the poll."""
        return not watch and len(" ".join(self._stores(state))) <= _SHORT

    def _state_place(self, strand: low.LStrand | None) -> str:
        if strand is None:
            return f"{self.c.self_name}->ac__state"
        assert self.p.frame is not None
        return f"{self.c.self_name}->{self.p.frame.names[strand.gather.states]}[{strand.index}]"

    def _stores(self, state: int) -> list[str]:
        """Lines that put the cached variables that live over a wait to their places in the frame."""
        assert self.p.frame is not None
        frame, me = self.p.frame, self.c.self_name
        return _lines([f"{me}->{frame.names[v]} = {v.name};" for v in frame.cached.stores.get(state, [])])


def _lines(assignments: list[str]) -> list[str]:
    """As many to a line as fit."""
    found: list[str] = []
    for text in assignments:
        if found and len(found[-1]) + len(text) < _WIDTH:
            found[-1] += " " + text
        else:
            found.append(text)
    return found

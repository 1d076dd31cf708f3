"""Prints the functions beside poll that poll or drop one part of a frame: an ac_future local by what it holds, the arms of
a select, the branches of a gather. What they serve is dropped in several places, and stands once here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir import low
from ..ir import tree as t

if TYPE_CHECKING:
    from .c_function import FunctionPrinter


class PartsPrinter:
    def __init__(self, function: FunctionPrinter) -> None:
        self.c, self.w, self.p = function.c, function.w, function.p
        self.name, self.tag, self.me, self.cx = function.name, function.tag, function.me, function.cx

    def print(self) -> None:
        for future, sites in self.c.lazy_sites.items():
            self._drop_lazy(future, sites)
            self._poll_lazy(future, sites)
        self._arms()
        self._cancels()

    def _drop_lazy(self, future: t.Local, sites: list[low.Site]) -> None:
        w, me = self.w, self.me
        name = self.p.future_name(future)
        which = f"{me}->ac__which_{name}"
        w.line(f"static void ac__{self.name}_drop_{name}(struct {self.tag} *{me})")
        w.line("{")
        w.line(f"    switch ({which}) {{")
        for i, site in enumerate(sites):
            storage = f"{me}->{name}.ac__as_{site.order}"
            w.line(f"    case {i + 1}: {self.p.drop(site, storage)} break;")
        w.line("    }")
        w.line(f"    {which} = 0;")
        w.line("}")

    def _poll_lazy(self, future: t.Local, sites: list[low.Site]) -> None:
        w, me, cx = self.w, self.me, self.cx
        name = self.p.future_name(future)
        which = f"{me}->ac__which_{name}"
        w.line(
            f"__attribute__((unused)) static int ac__{self.name}_poll_{name}(struct {self.tag} *{me}, ac_context *{cx})"
        )
        w.line("{")
        w.line(f"    switch ({which}) {{")
        for i, site in enumerate(sites):
            storage = f"{me}->{name}.ac__as_{site.order}"
            w.line(f"    case {i + 1}: {{")
            w.line(f"        if ({self.p.poll(site, storage)} == AC_PENDING) return AC_PENDING;")
            for line in self._take_result(site, storage, f"{me}->{name}.value"):
                w.line(f"        {line}")
            w.line("        break;")
            w.line("    }")
        w.line("    }")
        w.line(f"    {which} = 0;")
        w.line("    return AC_READY;")
        w.line("}")

    def _take_result(self, site: low.Site, storage: str, value: str) -> list[str]:
        """The result lies in the future, whose bytes the value may share: so it goes through a local."""
        release = [f"ac__frame_free({self.cx}, {storage});"] if site.kind in ("pool", "slot") else []
        if site.result.kind is t.TypeKind.VOID:
            return release
        return [
            f"{site.result.declare('ac__value')} = {self.p.result(site, storage)};",
            *release,
            f"__builtin_memcpy(&{value}, &ac__value, sizeof ac__value);",
        ]

    def _arms(self) -> None:
        """Dropping the arms of a select that are still under way, latest first."""
        c, w, me = self.c, self.w, self.me
        for s in c.selects:
            mask = self.p.place(s.mask)
            one = "1u" if len(s.arms) <= 32 else "1ull"
            w.line(f"static void ac__{self.name}_drop_arms_{s.number}(struct {self.tag} *{me})")
            w.line("{")
            for i in reversed(range(len(s.arms))):
                drop = self.p.drop(s.arms[i].site)
                if drop:
                    w.line(f"    if ({mask} & {one} << {i}) {drop}")
            w.line(f"    {mask} = 0;")
            w.line("}")

    def _cancels(self) -> None:
        """Cancelling the branches of a gather that have not ended, latest first."""
        c, w, me = self.c, self.w, self.me
        if c.gathers:
            w.line(f"static int ac__{self.name}_run(struct {self.tag} *{me}, ac_context *{self.cx}, unsigned ac__at);")
        for g in c.gathers:
            states = self.p.place(g.states)
            w.line(f"static void ac__{self.name}_cancel_{g.number}(struct {self.tag} *{me})")
            w.line("{")
            w.line(f"    for (unsigned ac__i = {len(g.branches)}; ac__i-- > 0;) {{")
            w.line(f"        unsigned ac__at = {states}[ac__i];")
            w.line(f"        {states}[ac__i] = 0;")
            w.line(f"        if (ac__at) (void)ac__{self.name}_run({me}, NULL, ac__at);")
            w.line("    }")
            w.line("}")

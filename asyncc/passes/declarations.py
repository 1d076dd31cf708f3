"""Declarations. Where an initialiser waits, or a name brings a cleanup, the declarators before it, it, and those after it
become statements one after the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir import low
from ..ir import tree as t
from .context import Context
from .walk import strip

if TYPE_CHECKING:
    from .desugar import Desugar


class Declarations:
    def __init__(self, desugar: Desugar) -> None:
        self.d = desugar
        self.c: Context = desugar.c

    def declaration(self, s: t.Declaration) -> None:
        c = self.c
        if s.is_typedef or s.is_static_assert or not s.declarators:
            c.out.append(low.LDeclare(s, [], split=False, part=len(s.declarators)))
            return
        items: list[low.Initialiser] = []
        split = False
        for number, d in enumerate(s.declarators):
            local = d.local
            if local is not None and local.is_future:
                self._set_apart(s, items, number)
                split = True
                self._future(d, local)
                continue
            code, steps = self._initialiser(d)
            if steps:
                self._set_apart(s, items, number)
                split = True
                c.out += steps
                if d.init is not None and local is not None and self._names(d.init, local):
                    c.pinned.add(local)  # T *p = await f(sizeof(*p))
            is_list = d.init is not None and isinstance(strip(d.init), t.InitList)
            items.append(low.Initialiser(d, local, code, is_list))
            link = c.chains.get(id(d))
            if link is not None:
                self._set_apart(s, items, number + 1)
                split = True
                self._cleanup(d, link)
        if items:
            c.out.append(low.LDeclare(s, items, split=split, part=len(s.declarators) - len(items)))
        if split:
            c.split.append(s)

    def _set_apart(self, s: t.Declaration, items: list[low.Initialiser], number: int) -> None:
        """The declarators gathered so far, up to that number, become a statement of their own."""
        if items:
            self.c.out.append(low.LDeclare(s, list(items), split=True, part=number - len(items)))
            items.clear()

    def _initialiser(self, d: t.Declarator) -> tuple[low.Code | None, list[low.Low]]:
        """Its residue, and the steps before it."""
        c = self.c
        if d.init is None or (d.local is not None and d.local.storage == "static"):
            return None, []
        outer, c.out = c.out, []
        code = self.d.order.initialiser(d.init)
        steps, c.out = c.out, outer
        return code, steps

    def _names(self, e: t.Expr, local: t.Local) -> bool:
        names = self.c.function.names
        return any(names.get(token) is local for token in range(e.first, e.last))

    def _cleanup(self, d: t.Declarator, link: low.Chain) -> None:
        """`__attribute__((cleanup(f)))` on a local of a block that waits is a defer at its declaration."""
        c = self.c
        assert d.local is not None
        code = low.Code(
            [f"{d.local.cleanup}(&", low.Place(d.local), ");"], low.Facts(reads={d.local}, escapes={d.local})
        )
        past = low.Target("label", f"ac__past_{link.cleanup.number}")
        step = low.LDefer(low.Text(code), link.cleanup, past, line=link.cleanup.line)
        link.cleanup.defer = step
        link.cleanup.facts = code.facts
        c.defers.append(step)
        c.out.append(step)
        c.chain = link

    def _future(self, d: t.Declarator, local: t.Local) -> None:
        c = self.c
        link = c.chains[id(d)]
        init = strip(d.init) if d.init is not None else None
        site = self.d.order.sites.make(init.call, is_awaited=False) if isinstance(init, t.Lazy) else None
        c.lazy_sites.setdefault(local, [])
        if site is not None:
            c.lazy_sites[local].append(site)
        c.out.append(low.LLazy(local, site, True, line=c.line(d.first)))
        link.cleanup.text = low.Code(
            [f"ac__{c.function.decl.name}_drop_{local.name}_{local.index}({c.self_name});"], low.Facts(reads={local})
        )
        link.cleanup.future = local
        link.cleanup.facts = link.cleanup.text.facts
        c.chain = link

"""Where each variable lies in the frame.

Calls of the same function that never wait at the same time share one field. Then every field, the most aligned and largest
first, takes the lowest offset at which it meets no field it interferes with: so a variable that is dead while another
lives gives its bytes away, and small fields fill the holes that alignment leaves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from ..ir import low
from ..ir import tree as t
from ..ir.frame import Field, Frame
from ..ir.machine import FieldKind
from .context import Context
from .liveness import Liveness


class Layout:
    def __init__(self, context: Context, liveness: Liveness, frames: dict[str, Frame], states: int) -> None:
        self.c, self.liveness, self.frames = context, liveness, frames
        self.fields: list[Field] = []
        self.taken: set[str] = {"result"}
        self.names: dict[low.Variable, str] = {}
        bits = 8 if states <= 255 else 16 if states <= 65535 else 32
        self.state_size = bits // 8
        self.state_type = f"uint{bits}_t" if states else ""
        self._collect()
        self._conflicts()
        self._place()

    @property
    def frame(self) -> Frame:
        size = max((x.offset + x.size for x in self.fields), default=0)
        align = max((x.align for x in self.fields), default=1)
        size = max((size + align - 1) // align * align, 1)
        ordered = sorted(self.fields, key=lambda x: (x.offset, x.size > 0, x.index))  # what is empty needs no place
        return Frame(ordered, size, align, self.names, self.state_type, self.state_size if self.state_type else 0)

    # --- what there is to place

    def _collect(self) -> None:
        live = self.liveness
        kept = [v for v in live.flow.variables if live.kept & live.flow.bits[v]]
        if self.state_type:
            self._add("ac__state", f"{self.state_type} ac__state", self.state_size, self.state_size, FieldKind.STATE,
                      self.c.line(self.c.function.first), "where the function stands", [])  # fmt: skip
        for v in kept:  # clang lets a member of an anonymous struct hide a type of the same name
            if not isinstance(v, low.Site):
                self.taken.update(re.findall(r"[A-Za-z_]\w*", v.type.declare("")))
        parameters = set(self.c.function.parameters)
        order = sorted(
            (v for v in kept if not isinstance(v, low.Site)), key=lambda v: (v.index < 0, v.index, v.position.offset)
        )
        for v in order:
            self._variable(v, v in parameters)
        self._children([v for v in kept if isinstance(v, low.Site)])

    def _add(self, name: str, declaration: str, size: int, align: int, kind: FieldKind, line: int, why: str,
             variables: list[low.Variable], user_name: str = "") -> Field:  # fmt: skip
        new = Field(name, declaration, size, align, kind, line, why, user_name, variables, index=len(self.fields))
        self.fields.append(new)
        for v in variables:
            self.names.setdefault(v, name)
        return new

    def _unique(self, name: str) -> str:
        found, n = name, 1
        while found in self.taken:
            n += 1
            found = f"{name}_{n}"
        self.taken.add(found)
        return found

    def _variable(self, v: t.Local, is_parameter: bool) -> None:
        line = v.position.line
        if v is self.c.result:
            self._add("result", v.type.declare("result"), v.type.size, v.type.align, FieldKind.RESULT, line,
                      "what the function returns", [v])  # fmt: skip
            return
        if v.is_future:
            self._future(v)
            return
        name = self._unique(v.name)
        if name.startswith("ac__branches_"):
            count = v.type.size
            self._add(name, f"{self.state_type} {name}[{count}]", count * self.state_size, self.state_size, FieldKind.CONTROL,
                      line, "where its branches stand", [v])  # fmt: skip
            return
        kind = FieldKind.PARAMETER if is_parameter else FieldKind.LOCAL
        if v.index == -1:
            kind = FieldKind.TEMPORARY
        elif v.index == -2:
            kind = FieldKind.CONTROL
        align = max(v.type.align, v.alignment)
        declaration = v.type.declare(name)
        if v.alignment > v.type.align:
            declaration = f"_Alignas({v.alignment}) {declaration}"
        if v.type.is_volatile:
            declaration = f"volatile {declaration}"
        size = max(v.type.size, 0)
        why = self.liveness_reason(v)
        self._add(name, declaration, size, align, kind, line, why, [v], v.name if v.index >= 0 else "")

    def liveness_reason(self, v: t.Local) -> str:
        live = self.liveness
        bit = live.flow.bits[v]
        i = self._first_crossing.get(bit)
        if i is None:
            return "kept"
        wait = live.flow.nodes[i].state_of
        where = f"line {wait.line}" if isinstance(wait, low.Low) else "the start"
        if live.live[i] & bit:
            return "used on the first poll" if wait is None else f"used after the wait at {where}"
        return f"its address is known across the wait at {where}"

    @cached_property
    def _first_crossing(self) -> dict[int, int]:
        """The first node at which each variable's bit is occupied across a wait."""
        live, seen = self.liveness, 0
        found: dict[int, int] = {}
        for i, node in enumerate(live.flow.nodes):
            fresh = live.occupied(i) & ~seen if node.crosses else 0
            seen |= fresh
            while fresh:
                lowest = fresh & -fresh
                found[lowest] = i
                fresh ^= lowest
        return found

    def _future(self, v: t.Local) -> None:
        """An ac_future local: storage for any of the calls it is made of, and which of them it holds."""
        name = self._unique(v.name)
        members, size, align = [], 0, 1
        for site in self.c.lazy_sites.get(v, []):
            text, s, a = self.storage(site, f"ac__as_{site.order}")
            members.append(text)
            size, align = max(size, s), max(align, a)
        result = self._result_type(v)
        if result is not None:
            members.append(result.declare("value"))
            size, align = max(size, result.size), max(align, result.align)
        size = (size + align - 1) // align * align
        text = "union { " + " ".join(m + ";" for m in members) + f" }} {name}"
        if members:
            self._add(name, text, size, align, FieldKind.FUTURE, v.position.line, "a call made by ac_lazy", [v], v.name)
        self._add(f"ac__which_{name}", f"uint8_t ac__which_{name}", 1, 1, FieldKind.CONTROL, v.position.line,
                  f"what {v.name} holds; 0: nothing, or it is done", [v])  # fmt: skip

    def _result_type(self, v: t.Local) -> t.CType | None:
        for site in self.c.lazy_sites.get(v, []):
            if site.result.kind is not t.TypeKind.VOID:
                return site.result
        return None

    def storage(self, site: low.Site, name: str) -> tuple[str, int, int]:
        """How the future of a call is kept: declaration, size, alignment."""
        c = self.c
        if site.kind in ("pool", "slot"):
            return f"struct ac__frame *{name}", c.unit.pointer_size, c.unit.pointer_size
        if site.prefix.startswith("ac__") and site.prefix[4:] in self.frames and site.decl is not None:
            frame = self.frames[site.prefix[4:]]
            if c.is_complete(site.prefix[4:]):
                return f"struct {site.prefix}_future {name}", frame.size, frame.align
            return f"_Alignas({frame.align}) unsigned char {name}[{frame.size}]", frame.size, frame.align
        size, align = c.unit.futures[site.prefix]
        return f"struct {site.prefix}_future {name}", size, align

    def _children(self, sites: list[low.Site]) -> None:
        """One field for the calls of a function, as far as they never wait at the same time."""
        groups: dict[str, list[tuple[int, list[low.Site]]]] = {}
        live = self.liveness
        for site in sorted(sites, key=lambda x: x.order):
            key = "frame" if site.kind in ("pool", "slot") else site.prefix
            mine = live.flow.bits[site]
            for i, (bits, members) in enumerate(groups.setdefault(key, [])):
                if not live.conflicts[site] & bits:
                    members.append(site)
                    groups[key][i] = (bits | mine, members)
                    break
            else:
                groups[key].append((mine, [site]))
        for key, found in groups.items():
            base = key if key.startswith("ac__") else f"ac__{key.removeprefix('ac_op_').removeprefix('ac_')}"
            for _, members in found:
                name = self._unique(base)
                text, size, align = self.storage(members[0], name)
                lines = ", ".join(str(n) for n in sorted({m.line for m in members})[:8])
                reason = f"{'runs' if all(m.never_waits for m in members) else 'waits'} at line {lines}"
                self._add(name, text, size, align, FieldKind.CHILD, members[0].line, reason, list(members))
                for m in members:
                    m.field_name = name

    # --- placing

    def _conflicts(self) -> None:
        live = self.liveness
        holders: dict[int, int] = {}
        for f in self.fields:
            for v in f.variables:
                holders[live.flow.bits[v]] = holders.get(live.flow.bits[v], 0) | 1 << f.index
        everything = (1 << len(self.fields)) - 1
        for f in self.fields:
            if f.kind is FieldKind.STATE:
                f.conflicts = everything
                continue
            bits = 0
            for v in f.variables:
                bits |= live.conflicts.get(v, 0)
            while bits:
                lowest = bits & -bits
                f.conflicts |= holders.get(lowest, 0)
                bits ^= lowest
            for v in f.variables:
                f.conflicts |= holders[live.flow.bits[v]]
        for f in self.fields:
            if f.kind is FieldKind.STATE:
                for other in self.fields:
                    other.conflicts |= 1 << f.index

    def _place(self) -> None:
        placed = 0  # bits of the fields that have their place
        for f in sorted(self.fields, key=lambda x: (-x.align, -x.size, x.index)):
            at = 0
            for p in sorted(self._fields_of(f.conflicts & placed), key=lambda p: p.offset):
                if at + f.size <= p.offset:
                    break
                at = max(at, p.offset + p.size)
                at = (at + f.align - 1) // f.align * f.align
            f.offset = at
            placed |= 1 << f.index

    def _fields_of(self, bits: int) -> Iterator[Field]:
        while bits:
            lowest = bits & -bits
            yield self.fields[lowest.bit_length() - 1]
            bits ^= lowest

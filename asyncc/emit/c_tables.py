"""The constant tables of a function: state -> line, what it waits for, which locals hold values. They cost nothing at run
time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir import low
from ..ir.frame import Field
from ..ir.machine import FieldKind
from .c_code import CodePrinter

if TYPE_CHECKING:
    from ..passes.lowered import Lowered


def _is_described(site: low.Site) -> bool:
    """A future written by hand need not come with a descriptor as long as it is only awaited."""
    return site.prefix.startswith(("ac__", "ac_op_")) or site.decl is None or site.decl.is_library


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


class _Tables:
    """Fills the rows. A state names its children or its strands, and its live locals, by the first and how many."""

    def __init__(self, lowered: Lowered, p: CodePrinter) -> None:
        assert lowered.frame is not None
        self.lowered, self.p, self.c, self.frame = lowered, p, lowered.context, lowered.frame
        self.offsets = {f.name: f for f in self.frame.fields}
        shown = [f for f in self.frame.fields if f.kind in (FieldKind.PARAMETER, FieldKind.LOCAL)]
        self.number = {f.name: i for i, f in enumerate(shown)}
        self.children: list[str] = []
        self.strands: list[str] = []
        self.states: list[str] = []
        self.live: list[str] = []
        if "ac__state" in self.offsets:
            self._strand(self.offsets["ac__state"].offset, self.c.line(self.c.function.first))
        for step in self.c.suspensions:
            self._state(step)
        self.locals = [self._local(f) for f in shown]

    def _strand(self, offset: int, line: int) -> None:
        self.strands.append(f"{{ {offset}, {self.frame.state_size}, {self.c.called(line)} }}")

    def _state(self, step: low.LAwait | low.LSelect | low.LGather) -> None:
        state = step.site.state if isinstance(step, low.LAwait) else step.state
        members = [self.frame.names.get(v) for v in self.lowered.live.get(state, [])]
        live = [str(self.number[member]) for member in members if member in self.number]
        match step:
            case low.LAwait():
                kind, line, count, first = "AC_STATE_AWAIT", step.site.line, 1, len(self.children)
                self.children.append(self._child(step.site))
            case low.LSelect():
                kind, line, count, first = "AC_STATE_SELECT", step.line, len(step.arms), len(self.children)
                self.children += [self._child(arm.site) for arm in step.arms]
                mask = self.offsets.get(self.frame.names.get(step.mask, ""))
                self.children.append(f"{{ NULL, NULL, {mask.offset if mask else 0}, {mask.size if mask else 0} }}")
            case low.LGather():
                kind, line, count, first = "AC_STATE_GATHER", step.line, len(step.branches), len(self.strands)
                base = self.offsets[self.frame.names[step.states]].offset
                for b in step.branches:
                    self._strand(base + b.index * self.frame.state_size, b.line)
        self.states.append(f"{{ {self.c.called(line)}, {kind}, {count}, {first}, {len(self.live)}, {len(live)} }}")
        self.live += live

    def _child(self, site: low.Site) -> str:
        if site.future is not None:
            field_name, kind = self.p.future_name(site.future), "NULL"
            sites = self.c.lazy_sites.get(site.future, [])
            if len(sites) == 1 and sites[0].kind == "own":
                kind = f"&{sites[0].prefix}_descriptor"
        else:
            field_name, kind = site.field_name, "NULL"
            if site.kind == "own":
                kind = f"&{site.prefix}_descriptor" if _is_described(site) else f"&ac__{site.prefix}_opaque"
        offset = self.offsets[field_name].offset if field_name in self.offsets else 0
        text = _escaped(site.text).replace("\n", " ")
        return f'{{ "{text}", {kind}, {offset}, {self.c.called(site.line)} }}'

    def _local(self, f: Field) -> str:
        v = f.variables[0]
        spelling = "" if isinstance(v, low.Site) else _escaped(v.type.spelling)
        return f'{{ "{f.user_name}", "{spelling}", {f.offset}, {f.size} }}'


def tables(lowered: Lowered, p: CodePrinter) -> list[str]:
    rows = _Tables(lowered, p)
    lowered.counts = {
        "children": len(rows.children),
        "strands": len(rows.strands),
        "locals": len(rows.locals),
        "live": len(rows.live),
    }
    name = lowered.context.function.decl.name
    out = _opaque_descriptors(lowered)
    for ctype, what, entries in (
        ("ac_child_info", "children", rows.children),
        ("ac_strand_info", "strands", rows.strands),
        ("ac_local_info", "locals", rows.locals),
        ("ac_state_info", "states", rows.states),
    ):
        if entries:
            out.append(f"static const {ctype} ac__{name}_{what}[] = {{")
            out += [f"    {entry}," for entry in entries]
            out.append("};")
    if rows.live:
        out.append(f"static const uint16_t ac__{name}_live[] = {{ {', '.join(rows.live)} }};")
    return out


def _opaque_descriptors(lowered: Lowered) -> list[str]:
    """Futures written by hand that may come without a descriptor get one that knows their size; once in a file."""
    c = lowered.context
    out: list[str] = []
    for site in [*(a.site for a in c.awaits), *(arm.site for s in c.selects for arm in s.arms)]:
        if site.kind != "own" or _is_described(site) or site.prefix in c.calls.opaque:
            continue
        c.calls.opaque.add(site.prefix)
        future = f"struct {site.prefix}_future"
        out += [
            f"static const ac_descriptor ac__{site.prefix}_opaque = {{",
            f'    .name = "{site.prefix}", .size = sizeof({future}), .align = _Alignof({future})',
            "};",
        ]
    return out

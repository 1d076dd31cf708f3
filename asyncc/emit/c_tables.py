"""The constant tables of a function: state -> line, what it waits for, which locals hold values. They cost nothing at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir import low
from ..ir.machine import FieldKind
from .c_code import CodePrinter

if TYPE_CHECKING:
    from .c_function import Lowered


def _is_described(site: low.Site) -> bool:
    """A future written by hand need not come with a descriptor as long as it is only awaited."""
    return site.prefix.startswith(("ac__", "ac_op_")) or site.decl is None or site.decl.is_library


def tables(lowered: Lowered, p: CodePrinter) -> list[str]:
    c, frame = lowered.context, lowered.frame
    assert frame is not None
    name = c.function.decl.name
    offsets = {f.name: f for f in frame.fields}
    children: list[str] = []
    strands: list[str] = []
    states: list[str] = []
    live: list[str] = []
    shown = [f for f in frame.fields if f.kind in (FieldKind.PARAMETER, FieldKind.LOCAL)]
    number = {f.name: i for i, f in enumerate(shown)}

    def child(site: low.Site) -> str:
        if site.future is not None:
            field_name, kind = p.future_name(site.future), "NULL"
            one = c.lazy_sites.get(site.future, [])
            if len(one) == 1 and one[0].kind == "own":
                kind = f"&{one[0].prefix}_descriptor"
        else:
            field_name = site.field_name
            kind = "NULL"
            if site.kind == "own":
                kind = f"&{site.prefix}_descriptor" if _is_described(site) else f"&ac__{site.prefix}_opaque"
        offset = offsets[field_name].offset if field_name in offsets else 0
        text = site.text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
        return f'{{ "{text}", {kind}, {offset}, {site.line} }}'

    if "ac__state" in offsets:
        strands.append(f"{{ {offsets['ac__state'].offset}, {frame.state_size}, {c.line(c.function.first)} }}")
    for step in c.suspensions:
        first_live = len(live)
        state = step.site.state if isinstance(step, low.LAwait) else step.state
        for v in lowered.live.get(state, []):
            member = frame.names.get(v)
            if member in number:
                live.append(str(number[member]))
        if isinstance(step, low.LAwait):
            kind, count, first = "AC_STATE_AWAIT", 1, len(children)
            line = step.site.line
            children.append(child(step.site))
        elif isinstance(step, low.LSelect):
            kind, count, first, line = "AC_STATE_SELECT", len(step.arms), len(children), step.line
            children += [child(arm.site) for arm in step.arms]
            mask = offsets.get(frame.names.get(step.mask, ""))
            children.append(f"{{ NULL, NULL, {mask.offset if mask else 0}, {mask.size if mask else 0} }}")
        else:
            kind, count, first, line = "AC_STATE_GATHER", len(step.branches), len(strands), step.line
            base = offsets[frame.names[step.states]].offset
            for b in step.branches:
                strands.append(f"{{ {base + b.index * frame.state_size}, {frame.state_size}, {b.line} }}")
        states.append(f"{{ {line}, {kind}, {count}, {first}, {first_live}, {len(live) - first_live} }}")
    locals_ = []
    for f in shown:
        v = f.variables[0]
        spelling = v.type.spelling if not isinstance(v, low.Site) else ""
        spelling = spelling.replace("\\", "\\\\").replace('"', '\\"')
        locals_.append(f'{{ "{f.user_name}", "{spelling}", {f.offset}, {f.size} }}')
    lowered.counts = {"children": len(children), "strands": len(strands), "locals": len(locals_), "live": len(live)}
    out: list[str] = []
    arms = [arm.site for s in c.selects for arm in s.arms]
    for site in [*(a.site for a in c.awaits), *arms]:
        if site.kind == "own" and not _is_described(site) and site.prefix not in c.calls.opaque:
            c.calls.opaque.add(site.prefix)
            out.append(f"static const ac_descriptor ac__{site.prefix}_opaque = {{")
            out.append(f'    .name = "{site.prefix}", .size = sizeof(struct {site.prefix}_future), '
                       f".align = _Alignof(struct {site.prefix}_future)")  # fmt: skip
            out.append("};")
    for ctype, what, rows in (
        ("ac_child_info", "children", children),
        ("ac_strand_info", "strands", strands),
        ("ac_local_info", "locals", locals_),
        ("ac_state_info", "states", states),
    ):
        if rows:
            out.append(f"static const {ctype} ac__{name}_{what}[] = {{")
            out += [f"    {row}," for row in rows]
            out.append("};")
    if live:
        out.append(f"static const uint16_t ac__{name}_live[] = {{ {', '.join(live)} }};")
    return out

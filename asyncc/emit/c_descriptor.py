"""Prints the descriptor of an async function: the constant by which the runtime, dumps and debuggers know its frame."""

from __future__ import annotations

from ..passes.lowered import Lowered
from .writer import Writer


def print_descriptor(lowered: Lowered, w: Writer) -> None:
    c, f, frame = lowered.context, lowered.context.function, lowered.frame
    name = f.decl.name
    tag = f"ac__{name}_future"
    assert frame is not None
    unused = "__attribute__((unused)) " if f.decl.is_static else ""
    descriptor = f"static const ac_descriptor ac__{name}_descriptor = {{"
    w.line(unused + descriptor)
    result = frame.names.get(c.result) if c.result is not None else None
    result_field = next((x for x in frame.fields if x.name == "result"), None) if result else None
    offset, size = (result_field.offset, result_field.size) if result_field else (0, 0)
    n_states = len(c.suspensions)
    counts = lowered.counts

    def has(count: int, what: str) -> str:
        return f"ac__{name}_{what}" if count else "NULL"

    file, line = c.unit.lines.at(f.file or c.unit.path, c.line(f.first))
    w.line(f'    .name = "{name}", .file = {_c_string(file)}, .line = {line},')
    w.line(f"    .size = sizeof(struct {tag}), .align = _Alignof(struct {tag}), "
           f".result_offset = {offset}, .result_size = {size},")  # fmt: skip
    w.line(f"    .poll = ac__{name}_poll, .drop = ac__{name}_drop,")
    w.line(f"    .states = {has(n_states, 'states')}, .children = {has(counts['children'], 'children')}, "
           f".strands = {has(counts['strands'], 'strands')}, .locals = {has(counts['locals'], 'locals')}, "
           f".live = {has(counts['live'], 'live')},")  # fmt: skip
    w.line(f"    .n_states = {n_states}, .n_strands = {counts['strands']}, .n_locals = {counts['locals']}")
    w.line("};")


def _c_string(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

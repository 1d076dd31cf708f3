"""The state diagrams for Graphviz: `asyncc inspect --format=dot file.ac | dot -Tpng`. One cluster a function."""

from __future__ import annotations

from ..ir.machine import END, Machine, StateKind
from .describe import Inspected, details, rows, signature, summary, title

_FILL = {
    StateKind.START: "#eceff4",
    StateKind.AWAIT: "#d8e6ff",
    StateKind.SELECT: "#eadcff",
    StateKind.GATHER: "#d9f2dc",
    StateKind.BRANCH: "#eef8ef",
    StateKind.END: "#eceff4",
}
_STYLE = {"flow": "", "cancel": ' [style=dashed, color="#c0392b"]', "branch": ' [style=dotted, color="#2e7d32"]'}


def render(inspected: Inspected) -> str:
    lines = [
        "digraph asyncc {",
        '  node [shape=box, style="rounded,filled", fontname="monospace", fontsize=11];',
        "  compound=true;",
    ]
    for number, machine in enumerate(inspected.machines):
        lines += _function(number, machine)
    return "\n".join([*lines, "}", ""])


def _function(number: int, machine: Machine) -> list[str]:
    lines = [
        f"  subgraph cluster_{number} {{",
        f"    label={_quoted(signature(machine), summary(machine))};",
        '    fontname="monospace"; color="#b0b8c4";',
    ]
    for state in rows(machine):
        head = title(state) if state.kind is StateKind.END else f"{state.number}: {title(state)}, line {state.line}"
        shape = ", shape=oval" if state.kind in (StateKind.START, StateKind.END) else ""
        label = _quoted(head, *details(state))
        lines.append(f'    {_node(number, state.number)} [label={label}, fillcolor="{_FILL[state.kind]}"{shape}];')
    for edge in machine.edges:
        lines.append(f"    {_node(number, edge.source)} -> {_node(number, edge.target)}{_STYLE.get(edge.kind, '')};")
    return [*lines, "  }"]


def _node(function: int, state: int) -> str:
    return f"f{function}_end" if state == END else f"f{function}_{state}"


def _quoted(*lines: str) -> str:
    return '"' + "\\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in lines) + '"'

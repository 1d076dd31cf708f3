"""The inspector's view for a terminal: two tables a function, the states and the frame.

Beside each field of the frame stands a column of marks, one for each state: filled where the field holds a value. Fields
that share bytes have marks in different columns; that is why they may.
"""

from __future__ import annotations

from ..ir.machine import END, FrameField, Machine, Padding, StateKind
from .describe import (
    Inspected,
    details,
    is_live,
    label,
    rows,
    sharing,
    signature,
    storage,
    summary,
    targets,
    title,
    type_of,
)


def render(inspected: Inspected) -> str:
    return "\n".join(_function(inspected, machine) for machine in inspected.machines)


def _function(inspected: Inspected, machine: Machine) -> str:
    head = f"{signature(machine)}\n    {machine.file}:{machine.line} · {summary(machine)}\n"
    return "\n".join([head, _states(inspected, machine), "", _frame(machine), ""])


def _states(inspected: Inspected, machine: Machine) -> str:
    table = [["state", "line", "waits for", "then", "its frame", "source"]]
    for state in rows(machine):
        if state.kind is StateKind.END:
            continue
        onward = ", ".join(_edge(edge.target, edge.kind) for edge in targets(machine, state))
        source = inspected.line(state.line)
        table.append([str(state.number), str(state.line), title(state), onward, storage(state), source])
        table += [["", "", f"  {line}", "", "", ""] for line in details(state)]
    return _table(table, right={0, 1})


def _edge(target: int, kind: str) -> str:
    name = "end" if target == END else str(target)
    return name if kind == "flow" else f"{name} ({kind})"


def _frame(machine: Machine) -> str:
    states = [state for state in rows(machine) if state.kind is not StateKind.END]
    columns = "".join(str(state.number % 10) for state in states)
    table = [["offset", "size", "field", "type", columns, "why it is kept"]]
    entries: list[FrameField | Padding] = sorted([*machine.fields, *machine.padding], key=lambda entry: entry.offset)
    for entry in entries:
        if isinstance(entry, Padding):
            table.append([str(entry.offset), str(entry.size), "(padding)", "", "", ""])
            continue
        marks = "".join("●" if is_live(entry, state) else "·" for state in states)
        table.append([str(entry.offset), str(entry.size), label(entry), type_of(entry), marks, sharing(machine, entry)])
    return _table(table, right={0, 1})


def _table(table: list[list[str]], right: set[int]) -> str:
    """Columns as wide as they need to be; the last one is not padded."""
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    lines = []
    for row in table:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(("  " + "  ".join(cells)).rstrip())
    lines.insert(1, "  " + "  ".join("─" * width for width in widths[:-1]) + "  " + "─" * min(widths[-1], 40))
    return "\n".join(lines)

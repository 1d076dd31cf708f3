"""What the inspector's outputs say in the same words: signatures, states, sharing of bytes. Facts about a machine, no layout."""

from __future__ import annotations

from dataclasses import dataclass

from ..ir.machine import END, Awaited, Edge, FieldKind, FrameField, Machine, State, StateKind


@dataclass(slots=True)
class Inspected:
    """What an output draws: the functions of one file, with its text for the lines it shows."""

    file: str
    lines: list[str]
    machines: list[Machine]

    def line(self, number: int) -> str:
        return self.lines[number - 1].strip() if 1 <= number <= len(self.lines) else ""


def signature(machine: Machine) -> str:
    static = "static " if machine.is_static else ""
    star = "" if machine.result.endswith("*") else " "
    return f"{static}async {machine.result}{star}{machine.name}({', '.join(machine.parameters) or 'void'})"


def summary(machine: Machine) -> str:
    wasted = sum(padding.size for padding in machine.padding)
    parts = [
        f"frame {_bytes(machine.size)}, aligned to {machine.align}",
        f"{_bytes(wasted)} padding" if wasted else "no padding",
        f"{saved(machine)} saved by sharing" if saved(machine) else "",
        _count(len(machine.states) - 1, "suspension point"),
        _count(len(machine.defers), "defer") if machine.defers else "",
        "recursive" if machine.is_recursive else "",
    ]
    return " · ".join(part for part in parts if part)


def _bytes(number: int) -> str:
    return _count(number, "byte")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def saved(machine: Machine) -> int:
    """Bytes that the fields would take beyond the frame if none shared its place with another."""
    used = set[int]()
    for each in machine.fields:
        used.update(range(each.offset, each.offset + each.size))
    return sum(each.size for each in machine.fields) - len(used)


def shares_with(machine: Machine, one: FrameField) -> list[FrameField]:
    """The other fields that lie on some of the same bytes. They are never live together."""
    return [
        other
        for other in machine.fields
        if other is not one and other.offset < one.offset + one.size and one.offset < other.offset + other.size
    ]


def sharing(machine: Machine, one: FrameField) -> str:
    """Why a field is kept and, in a few words, whose bytes it lies on."""
    others = [label(other) for other in shares_with(machine, one)]
    if not others:
        return one.why
    named = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
    return f"{one.why}; shares bytes with {named}"


def type_of(one: FrameField) -> str:
    """The type alone: where it is given as the member's declaration, without the name at its end."""
    return one.type.removesuffix(f" {one.name}").strip()


def callee(awaited: Awaited) -> str:
    """As the user wrote it: a macro of the library stands for a function of nearly its name."""
    return "ac_" + awaited.callee[6:] if awaited.callee.startswith("ac_op_") else awaited.callee


def label(one: FrameField) -> str:
    return one.user_name or one.name


def title(state: State) -> str:
    """ "await ac_read", "select", "start"."""
    if state.kind is StateKind.AWAIT and state.awaits:
        return f"await {callee(state.awaits[0])}"
    return state.kind.value


def details(state: State) -> list[str]:
    """Further lines on a state: the arms of a select, the branches of a gather, the timers over it."""
    lines = []
    if state.kind is StateKind.SELECT:
        lines += [f"{callee(arm)}  line {arm.line}" for arm in state.awaits]
    if state.kind is StateKind.GATHER and state.strands:
        lines.append(f"runs branches {', '.join(map(str, state.strands))}")
    if state.strand:
        lines.append(f"in branch {state.strand}")
    lines += [f"until line {line} says stop" for line in state.timers]
    return lines


def storage(state: State) -> str:
    """Where the frame of what is awaited lies, when that is worth a word."""
    words = {"pool": "from the pool", "lazy": "an ac_future", "embedded": "inside this frame"}
    kinds = list(dict.fromkeys(words.get(awaited.storage, awaited.storage) for awaited in state.awaits))
    return ", ".join(kinds)


def targets(machine: Machine, state: State) -> list[Edge]:
    """The ways on from a state, each target once a kind, in order, the end last."""
    edges = {(edge.target, edge.kind): edge for edge in reversed(machine.edges) if edge.source == state.number}
    return sorted(edges.values(), key=lambda edge: (edge.target == END, edge.target, edge.kind))


def rows(machine: Machine) -> list[State]:
    """The states in the order they are drawn in: the text's, the end last."""
    states = sorted(machine.states, key=lambda state: (state.kind is not StateKind.START, state.number))
    return [*states, State(END, StateKind.END, machine.line)]


def is_live(one: FrameField, state: State) -> bool:
    """Whether a field holds a value while the function stands in a state. The state itself always does, a parameter from
    the start, the result at the end."""
    if one.kind is FieldKind.STATE or (one.kind is FieldKind.PARAMETER and state.kind is StateKind.START):
        return True
    if state.kind is StateKind.END:
        return one.kind is FieldKind.RESULT
    return state.number in one.states

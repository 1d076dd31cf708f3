"""The `Machine` of a function: what the passes found, as plain data for `inspect`."""

from __future__ import annotations

import re

from ..ir import low
from ..ir.machine import (
    END,
    Awaited,
    Edge,
    FrameField,
    Machine,
    Padding,
    State,
    StateKind,
    Strand,
)
from .flow import Flow
from .lowered import Lowered

MANY_STATES = 400  # beyond that the picture is of no use, and finding the edges takes the square of the time


def describe(lowered: Lowered) -> Machine:
    c, frame = lowered.context, lowered.frame
    assert frame is not None
    function = c.function
    place = c.position(function.first)
    offsets = {f.name: f.offset for f in frame.fields}
    states = [State(0, StateKind.START, place.line, place.column)]
    strands = [Strand(0, place.line, offsets.get("ac__state", 0), frame.state_size)]
    users = {f.name for f in frame.fields if f.user_name}
    for step in c.suspensions:
        states.append(_state(lowered, step, offsets, users))
    for gather in c.gathers:
        base = offsets[frame.names[gather.states]]
        for b in gather.branches:
            at = c.position(b.token)
            states.append(State(b.start, StateKind.BRANCH, at.line, at.column, strand=b.number))
            strands.append(Strand(b.number, b.line, base + b.index * frame.state_size, frame.state_size))
    states.sort(key=lambda s: s.number)
    strands.sort(key=lambda s: s.number)
    states_of = _states_of(lowered)
    fields = []
    for f in frame.fields:
        where = sorted({n for v in f.variables for n in states_of.get(v, ())})
        fields.append(
            FrameField(
                f.name,
                _without_name(f.declaration, f.name),
                f.offset,
                f.size,
                f.align,
                f.kind,
                f.line,
                f.why,
                f.user_name,
                where,
            )
        )
    result = function.decl.type.result
    return Machine(
        function.decl.name,
        function.file or c.unit.path,
        place.line,
        result.spelling if result is not None else "void",
        [p.type.declare("" if p in function.unnamed.values() else p.name) for p in function.parameters],
        frame.size,
        frame.align,
        states,
        fields,
        _padding(fields, frame.size),
        _edges(lowered, states),
        strands,
        function.decl.is_static,
        any(site.kind == "pool" for site in c.sites),
        [d.line for d in c.defers],
    )


def _states_of(lowered: Lowered) -> dict[low.Variable, list[int]]:
    """The states at which each variable is kept."""
    found: dict[low.Variable, list[int]] = {}
    for number, live in lowered.live.items():
        for variable in live:
            found.setdefault(variable, []).append(number)
    return found


def _without_name(declaration: str, name: str) -> str:
    """The type of a declaration: "int (*p)[3]" of p is "int (*)[3]". The name stands last where a tag is called the same."""
    found = list(re.finditer(rf"\b{re.escape(name)}\b", declaration))
    return (declaration[: found[-1].start()] + declaration[found[-1].end() :]).strip() if found else declaration


def _state(
    lowered: Lowered, step: low.LAwait | low.LSelect | low.LGather, offsets: dict[str, int], users: set[str]
) -> State:
    c, frame = lowered.context, lowered.frame
    assert frame is not None
    if isinstance(step, low.LAwait):
        kind, number, token, sites = StateKind.AWAIT, step.site.state, step.site.token, [step.site]
    elif isinstance(step, low.LSelect):
        kind, number, token, sites = StateKind.SELECT, step.state, step.token, [arm.site for arm in step.arms]
    else:
        kind, number, token, sites = StateKind.GATHER, step.state, step.token, []
    place = c.position(token)
    state = State(number, kind, place.line, place.column, strand=step.strand.number if step.strand else 0)
    for site in sites:
        storage = {"pool": "pool", "slot": "pool", "lazy": "lazy"}.get(site.kind, "embedded")
        name = site.field_name if site.future is None else frame.names[site.future]
        function = site.decl.name if site.decl is not None else site.prefix
        state.awaits.append(Awaited(site.text, site.line, storage, name, offsets.get(name, 0), function))
    if isinstance(step, low.LGather):
        state.strands = [b.number for b in step.branches]
    state.timers = [w.owner.line for w in step.watch]
    state.live = [frame.names[v] for v in lowered.live.get(number, []) if frame.names.get(v) in users]
    return state


def _padding(fields: list[FrameField], size: int) -> list[Padding]:
    found, at = [], 0
    for f in sorted(fields, key=lambda x: x.offset):
        if f.offset > at:
            found.append(Padding(at, f.offset - at))
        at = max(at, f.offset + f.size)
    if size > at:
        found.append(Padding(at, size - at))
    return found


def _edges(lowered: Lowered, states: list[State]) -> list[Edge]:
    """From each state, the states that can come next without waiting between."""
    if lowered.liveness is None or len(states) > MANY_STATES:
        return []
    flow: Flow = lowered.liveness.flow
    number: dict[int, int] = {}
    for i, node in enumerate(flow.nodes):
        step = node.state_of
        if isinstance(step, low.LAwait):
            number[i] = step.site.state
        elif isinstance(step, low.LSelect | low.LGather):
            number[i] = step.state
    lines = {s.number: s.line for s in states}
    found: list[Edge] = []
    for start, source in [(flow.start, 0), *number.items()]:
        seen = {start}
        work = list(flow.nodes[start].next)
        targets: set[int] = set()
        while work:
            i = work.pop()
            if i in seen and i != start:
                continue
            seen.add(i)
            if i in number:
                targets.add(number[i])
            elif i == flow.exit:
                continue
            elif i == flow.returned:
                targets.add(END)
            else:
                work += flow.nodes[i].next
        found += [Edge(source, target, "flow", lines.get(source, 0)) for target in sorted(targets)]
    return found

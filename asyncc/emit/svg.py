"""The state diagram of a function beside a map of its frame.

Both have the same rows: a row is a state, in the order of the text. On the left stand the states with their edges, drawn
as buses: all edges to one state share one line, so that twenty states that may all return give one line to the end and
not twenty. On the right, time runs down the same rows and the bytes of the frame run across: a field is a bar over its
bytes, through the rows in which it holds a value. Bars above one another share their bytes; grey hatching is padding.

A layout of this shape needs no graph library: rows are given, and buses are intervals, which are coloured greedily.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from ..ir.machine import Edge, FrameField, Machine, State, StateKind
from .describe import Inspected, details, is_live, label, rows, sharing, signature, summary, targets, title, type_of
from .svg_parts import (
    AXIS,
    BAR,
    BOX_WIDTH,
    DASH,
    EDGE,
    FILL,
    HEAD,
    LANE,
    LINE,
    MAP_MIN,
    MAP_WIDTH,
    MARGIN,
    ROW_GAP,
    SMALL,
    STROKE,
    TEXT,
    Box,
    arrow,
    bar_text,
    cut,
    document,
    number,
    rectangle,
)  # fmt: skip


def render(inspected: Inspected) -> str:
    """All functions below one another in one picture."""
    parts: list[str] = []
    top, width = float(MARGIN), 0.0
    for machine in inspected.machines:
        drawing = Drawing(inspected, machine)
        parts.append(f'<g transform="translate({MARGIN},{number(top)})">{drawing.body()}</g>')
        top += drawing.height + MARGIN
        width = max(width, drawing.width + 2 * MARGIN)
    return document("\n".join(parts), width, top)


@dataclass(slots=True)
class Row:
    state: State
    top: float
    height: float
    lines: list[str]

    @property
    def middle(self) -> float:
        return self.top + self.height / 2

    @property
    def bottom(self) -> float:
        return self.top + self.height


@dataclass(slots=True)
class Bus:
    """The edges of one kind to one state that go past other rows."""

    target: int  # row
    kind: str
    sources: list[int] = field(default_factory=list)  # rows
    lane: int = 0
    upward: bool = False

    @property
    def span(self) -> tuple[int, int]:
        return min(self.target, *self.sources), max(self.target, *self.sources)


class Drawing:
    """One function. `width` and `height` are known once it is made."""

    def __init__(self, inspected: Inspected, machine: Machine) -> None:
        self.inspected, self.machine = inspected, machine
        self.rows = self._place_rows()
        self.row_of = {row.state.number: index for index, row in enumerate(self.rows)}
        self.straight, self.buses = self._route()
        left = [bus.lane for bus in self.buses if bus.upward]
        right = [bus.lane for bus in self.buses if not bus.upward]
        self.box_left = (max(left, default=-1) + 1) * LANE + (10 if left else 0)
        self.box_right = self.box_left + BOX_WIDTH
        self.map_left = self.box_right + (max(right, default=-1) + 1) * LANE + 36
        self.columns = Columns(machine)
        table = FieldTable(machine, self.rows[-1].bottom + 40)
        self.table = table
        self.width = max(
            self.map_left + self.columns.width,
            table.width,
            len(signature(machine)) * TEXT * 1.28,
            len(summary(machine)) * SMALL,
        )
        self.height = table.bottom

    def body(self) -> str:
        return "\n".join([*self._header(), *self._map(), *self._edges(), *self._boxes(), *self.table.draw()])

    # --- rows and edges ------------------------------------------------------------------------------------------------

    def _place_rows(self) -> list[Row]:
        placed: list[Row] = []
        top = float(HEAD + AXIS)
        for state in rows(self.machine):
            lines = [cut(line, 38) for line in details(state)]
            source = self.inspected.line(state.line)
            if state.kind is not StateKind.END and source:
                lines.append(cut(source, 38))
            height = 24.0 + LINE * len(lines)
            placed.append(Row(state, top, height, lines))
            top += height + ROW_GAP
        return placed

    def _route(self) -> tuple[list[tuple[int, int, str]], list[Bus]]:
        """Edges to the next row are straight; the rest are gathered into buses, each given the first lane that is free."""
        straight: list[tuple[int, int, str]] = []
        buses: dict[tuple[int, str, bool], Bus] = {}
        for edge in self._all_edges():
            source, target = self.row_of[edge.source], self.row_of[edge.target]
            if target == source + 1 and edge.kind == "flow":
                straight.append((source, target, edge.kind))
                continue
            upward = target <= source
            bus = buses.setdefault((target, edge.kind, upward), Bus(target, edge.kind, upward=upward))
            if source not in bus.sources:
                bus.sources.append(source)
        ordered = sorted(buses.values(), key=lambda bus: (bus.span[1] - bus.span[0], bus.span[0], bus.kind))
        for upward in (True, False):
            self._assign_lanes([bus for bus in ordered if bus.upward is upward])
        return straight, ordered

    def _all_edges(self) -> list[Edge]:
        return [
            edge for state in self.machine.states for edge in targets(self.machine, state) if edge.target in self.row_of
        ]

    @staticmethod
    def _assign_lanes(buses: list[Bus]) -> None:
        taken: list[list[tuple[int, int]]] = []
        for bus in buses:
            low, high = bus.span
            free = (lane for lane, spans in enumerate(taken) if all(high < a or b < low for a, b in spans))
            bus.lane = next(free, len(taken))
            if bus.lane == len(taken):
                taken.append([])
            taken[bus.lane].append((low, high))

    def _edges(self) -> list[str]:
        parts = []
        for source, target, kind in self.straight:
            x = self.box_left + BOX_WIDTH / 2
            parts.append(arrow((x, self.rows[source].bottom), (x, self.rows[target].top - 1), kind))
        for bus in self.buses:
            parts += self._bus(bus)
        return parts

    def _bus(self, bus: Bus) -> list[str]:
        """A vertical line in its lane, a branch from each source, an arrow into the target. Sources leave below the middle of
        their box and targets are entered above it, so that a state's own loop can be seen."""
        side = -1 if bus.upward else 1
        edge = self.box_left if bus.upward else self.box_right
        x = edge + side * (12 + bus.lane * LANE)
        entry = self.rows[bus.target].middle - 6
        ends = [self.rows[source].middle + 6 for source in bus.sources]
        color = EDGE[bus.kind]
        stroke = f'fill="none" stroke="{color}"{DASH.get(bus.kind, "")}'
        parts = [f'<path d="M{number(x)},{number(min(entry, *ends))} V{number(max(entry, *ends))}" {stroke}/>']
        parts += [f'<path d="M{number(edge)},{number(end)} H{number(x)}" {stroke}/>' for end in ends]
        parts += [f'<circle cx="{number(x)}" cy="{number(end)}" r="1.8" fill="{color}"/>' for end in ends]
        parts.append(arrow((x, entry), (edge + side, entry), bus.kind))
        return parts

    # --- boxes ---------------------------------------------------------------------------------------------------------

    def _header(self) -> list[str]:
        machine = self.machine
        return [
            f'<text class="title" x="0" y="16">{escape(signature(machine))}</text>',
            f'<text class="small" x="0" y="34">{escape(f"{machine.file}:{machine.line} · {summary(machine)}")}</text>',
            f'<line x1="0" y1="44" x2="{number(self.width)}" y2="44" stroke="#dfe3e9"/>',
        ]

    def _boxes(self) -> list[str]:
        return [part for row in self.rows for part in self._box(row)]

    def _box(self, row: Row) -> list[str]:
        state = row.state
        indent = 16 if state.strand else 0
        x, width = self.box_left + indent, BOX_WIDTH - indent
        parts = [f'<g class="state" data-line="{state.line}">', f"<title>{escape(title(state))}</title>"]
        radius = 12 if state.kind in (StateKind.START, StateKind.END) else 5
        parts.append(
            f'<rect x="{number(x)}" y="{number(row.top)}" width="{number(width)}" height="{number(row.height)}" rx="{radius}" '
            f'fill="{FILL[state.kind]}" stroke="{STROKE[state.kind]}"/>'
        )
        head = title(state) if state.kind is StateKind.END else f"{state.number}  {title(state)}"
        place = "" if state.kind is StateKind.END else f"line {state.line}"
        room = int((width - 20 - len(place) * SMALL) / TEXT)
        parts.append(
            f'<text x="{number(x + 10)}" y="{number(row.top + 16)}" font-weight="bold">{escape(cut(head, room))}</text>'
        )
        parts.append(
            f'<text class="small" x="{number(x + width - 8)}" y="{number(row.top + 16)}" text-anchor="end">{place}</text>'
        )
        for index, line in enumerate(row.lines):
            y = row.top + 16 + LINE * (index + 1)
            parts.append(
                f'<text class="small" x="{number(x + 10)}" y="{number(y)}" xml:space="preserve">{escape(line)}</text>'
            )
        return [*parts, "</g>"]

    # --- the map -------------------------------------------------------------------------------------------------------

    def _map(self) -> list[str]:
        top, bottom = self.rows[0].top - ROW_GAP / 2, self.rows[-1].bottom + ROW_GAP / 2
        parts = [f'<g transform="translate({number(self.map_left)},0)">', self._axis(top, bottom)]
        for row in self.rows:
            y = row.bottom + ROW_GAP / 2
            parts.append(
                f'<line x1="0" y1="{number(y)}" x2="{number(self.columns.width)}" y2="{number(y)}" stroke="#eef0f3"/>'
            )
        for padding in self.machine.padding:
            x, width = self.columns.place(padding.offset, padding.size)
            what = f"padding: {padding.size} bytes at {padding.offset}"
            parts.append(rectangle(Box(x, top, width, bottom - top), "url(#padding)", what))
        for one in self.machine.fields:
            parts += self._bars(one)
        return [*parts, "</g>"]

    def _axis(self, top: float, bottom: float) -> str:
        """Offsets above the map, where there is room for the number."""
        parts = [
            f'<text class="small" x="0" y="{number(top - 24)}">bytes of the frame →   (rows: where a field holds a value)</text>'
        ]
        last = -100.0
        for offset, x in self.columns.ticks():
            parts.append(
                f'<line x1="{number(x)}" y1="{number(top - 4)}" x2="{number(x)}" y2="{number(bottom)}" stroke="#e6e9ee"/>'
            )
            if x - last > len(str(offset)) * 5.6 + 5:
                parts.append(
                    f'<text class="axis" x="{number(x)}" y="{number(top - 8)}" text-anchor="middle">{offset}</text>'
                )
                last = x
        return "".join(parts)

    def _bars(self, one: FrameField) -> list[str]:
        """A field's bars: one for each run of rows in which it is live."""
        x, width = self.columns.place(one.offset, one.size)
        parts = []
        for first, last in self._runs(one):
            top = self.rows[first].top - ROW_GAP / 2 + 2
            height = self.rows[last].bottom + ROW_GAP / 2 - 2 - top
            bar = Box(x + 1, top, max(width - 2, 2), height)
            parts.append(rectangle(bar, BAR[one.kind], _tooltip(one), radius=3))
            parts.append(bar_text(label(one), bar))
        return parts

    def _runs(self, one: FrameField) -> list[tuple[int, int]]:
        live = [index for index, row in enumerate(self.rows) if is_live(one, row.state)]
        runs: list[tuple[int, int]] = []
        for index in live:
            if runs and runs[-1][1] == index - 1:
                runs[-1] = (runs[-1][0], index)
            else:
                runs.append((index, index))
        return runs


class Columns:
    """From bytes to pixels. A frame mixes one-byte fields with buffers of thousands: a stretch between two borders gets
    room for less than its share the longer it is, so that all can be seen, and never less than a few pixels."""

    def __init__(self, machine: Machine) -> None:
        borders = {0, machine.size}
        for each in machine.fields:
            borders |= {each.offset, each.offset + each.size}
        for gap in machine.padding:
            borders |= {gap.offset, gap.offset + gap.size}
        self.borders = sorted(borders)
        raw = [max(b - a, 1) ** 0.42 for a, b in zip(self.borders, self.borders[1:], strict=False)]
        scale = min(max(sum(raw) * 26, MAP_MIN), MAP_WIDTH) / (sum(raw) or 1)
        self.starts = [0.0]
        for size in raw:
            self.starts.append(self.starts[-1] + max(size * scale, 14))
        self.width = max(self.starts[-1], 330)

    def place(self, offset: int, size: int) -> tuple[float, float]:
        start = self.starts[self.borders.index(offset)]
        return start, self.starts[self.borders.index(offset + size)] - start

    def ticks(self) -> list[tuple[int, float]]:
        return list(zip(self.borders, self.starts, strict=True))


class FieldTable:
    """The fields in words below the picture, in the order of their offsets."""

    def __init__(self, machine: Machine, top: float) -> None:
        self.machine, self.top = machine, top
        heads = ("offset", "size", "field", "type", "why it is kept")
        self.cells = [heads, *(self._entry(one) for one in machine.fields)]
        self.widths = [max(len(row[column]) for row in self.cells) * SMALL + 14 for column in range(5)]
        self.width = 16 + sum(self.widths)
        self.bottom = top + LINE * len(self.cells) + 8

    def _entry(self, one: FrameField) -> tuple[str, str, str, str, str]:
        why = cut(sharing(self.machine, one), 110)
        return str(one.offset), str(one.size), cut(label(one), 28), cut(type_of(one), 34), why

    def draw(self) -> list[str]:
        owners = [None, *self.machine.fields]
        rows = enumerate(zip(self.cells, owners, strict=True))
        return [part for index, (cells, one) in rows for part in self._row(index, cells, one)]

    def _row(self, index: int, cells: tuple[str, ...], one: FrameField | None) -> list[str]:
        y = self.top + LINE * index
        parts = []
        if one:
            parts.append(f'<rect x="0" y="{number(y - 8)}" width="9" height="9" rx="2" fill="{BAR[one.kind]}"/>')
        x = 16.0
        for column, (cell, width) in enumerate(zip(cells, self.widths, strict=True)):
            right = column < 2
            at, anchor = (x + width - 14, ' text-anchor="end"') if right else (x, "")
            weight = ' font-weight="bold"' if not one else ""
            parts.append(f'<text class="small" x="{number(at)}" y="{number(y)}"{anchor}{weight}>{escape(cell)}</text>')
            x += width
        return parts


def _tooltip(one: FrameField) -> str:
    return f"{label(one)}: {type_of(one)}\n{one.size} bytes at {one.offset}, {one.kind.value}\n{one.why}"

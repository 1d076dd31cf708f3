"""What the pictures are made of: colours, measures, and the few SVG elements they use."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from ..ir.machine import FieldKind, StateKind

# Measures in pixels. TEXT is the advance of the monospace font at 12px, SMALL at 10px.
TEXT, SMALL = 7.25, 6.05
MARGIN, HEAD, ROW_GAP, LINE = 24, 62, 22, 14
BOX_WIDTH, LANE = 250, 14
MAP_MIN, MAP_WIDTH, AXIS = 420, 620, 34

FILL = {
    StateKind.START: "#eceff4",
    StateKind.AWAIT: "#d8e6ff",
    StateKind.SELECT: "#eadcff",
    StateKind.GATHER: "#d9f2dc",
    StateKind.BRANCH: "#eef8ef",
    StateKind.END: "#eceff4",
}
STROKE = {
    StateKind.START: "#8a94a6",
    StateKind.AWAIT: "#3b6fd4",
    StateKind.SELECT: "#7b4bc4",
    StateKind.GATHER: "#2e8b45",
    StateKind.BRANCH: "#2e8b45",
    StateKind.END: "#8a94a6",
}
BAR = {
    FieldKind.STATE: "#8a94a6",
    FieldKind.PARAMETER: "#e0a03a",
    FieldKind.LOCAL: "#4c9f70",
    FieldKind.TEMPORARY: "#c9628f",
    FieldKind.RESULT: "#566479",
    FieldKind.CHILD: "#4f83d6",
    FieldKind.FUTURE: "#3aa6b9",
    FieldKind.CONTROL: "#9a86c9",
}
EDGE = {"flow": "#5b6675", "cancel": "#c0392b", "branch": "#2e8b45"}
DASH = {"cancel": ' stroke-dasharray="5 3"', "branch": ' stroke-dasharray="2 3"'}

STYLE = """
text { font-family: ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; font-size: 12px; fill: #1f2733 }
.small { font-size: 10px; fill: #5b6675 } .title { font-size: 15px; font-weight: bold } .axis { font-size: 9px; fill: #5b6675 }
.bar { font-size: 10px; fill: #fff } .dark { fill: #1f2733 }
""".strip()


def document(body: str, width: float, height: float) -> str:
    markers = "".join(
        f'<marker id="{kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0,0 L8,4 L0,8 z" fill="{color}"/></marker>'
        for kind, color in EDGE.items()
    )
    hatch = (
        '<pattern id="padding" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect width="6" height="6" fill="#f4f5f7"/>'
        '<line x1="0" y1="0" x2="0" y2="6" stroke="#cfd5dd" stroke-width="2"/></pattern>'
    )
    size = f'width="{number(width)}" height="{number(height)}" viewBox="0 0 {number(width)} {number(height)}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n'
        f"<style>{STYLE}</style><defs>{markers}{hatch}</defs>\n"
        f'<rect width="100%" height="100%" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


@dataclass(slots=True)
class Box:
    x: float
    y: float
    width: float
    height: float


def bar_text(text: str, box: Box) -> str:
    """The name in its bar: along it, or upright in a narrow one, or not at all."""
    x, y = number(box.x + box.width / 2), number(box.y + box.height / 2 + 3.5)
    upright = box.width >= 11 and len(text) * SMALL <= box.height - 4
    if len(text) * SMALL <= box.width - 6:
        turn = ""
    elif upright:
        turn = f' transform="rotate(-90 {x} {number(box.y + box.height / 2)})"'
    else:
        return ""
    return f'<text class="bar" x="{x}" y="{y}" text-anchor="middle"{turn}>{escape(text)}</text>'


def rectangle(box: Box, fill: str, what: str, radius: int = 0) -> str:
    x, y, width, height = map(number, (box.x, box.y, box.width, box.height))
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="{radius}" fill="{fill}">'
        f"<title>{escape(what)}</title></rect>"
    )


def arrow(start: tuple[float, float], end: tuple[float, float], kind: str) -> str:
    (x1, y1), (x2, y2) = start, end
    path = f"M{number(x1)},{number(y1)} L{number(x2)},{number(y2)}"
    return f'<path d="{path}" fill="none" stroke="{EDGE[kind]}"{DASH.get(kind, "")} marker-end="url(#{kind})"/>'


def cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(room - 1, 1)] + "…"


def number(value: float) -> str:
    """A number as short as it can be: pictures are compared byte for byte."""
    return f"{value:.1f}".removesuffix(".0")

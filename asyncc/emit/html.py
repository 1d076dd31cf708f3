"""One HTML file that shows the user's source beside the state diagrams; nothing is loaded from elsewhere.

A mark beside a line says which state waits there. Pointing at a state lights up its line, pointing at a line its state.
"""

from __future__ import annotations

from html import escape

from ..ir.machine import Machine, StateKind
from .describe import Inspected, signature, summary
from .svg import Drawing
from .svg_parts import FILL, MARGIN, STROKE, document

STYLE = """
:root { color-scheme: light }
body { margin: 0; font: 14px/1.5 system-ui, sans-serif; color: #1f2733; background: #fff }
header { padding: 1rem 1.5rem; border-bottom: 1px solid #dfe3e9 }
h1 { font-size: 1.1rem; margin: 0 }
nav { margin-top: .5rem } nav a { margin-right: 1.2rem; color: #3b6fd4; text-decoration: none }
section { display: flex; align-items: flex-start; border-bottom: 1px solid #dfe3e9 }
.source { position: sticky; top: 0; flex: 0 0 44rem; max-width: 45vw; max-height: 100vh; overflow: auto; margin: 0;
  padding: 1rem 0; background: #f8f9fb; tab-size: 4;
  font: 12px/1.55 ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace }
.source div { white-space: pre; padding-right: 1rem }
.source b { display: inline-block; width: 3.4em; text-align: right; color: #98a2b3; font-weight: normal; margin-right: .8em }
.source i { display: inline-block; width: 2.6em; font-style: normal; text-align: center; border-radius: 3px; margin-right: .6em }
.source .lit, .source .lit b { background: #fff3c4 }
.picture { overflow-x: auto; flex: 1 } .state.lit rect { stroke-width: 3 } .state { cursor: default }
@media (max-width: 75rem) { section { display: block } .source { position: static; max-width: none; max-height: 40vh } }
""".strip()

SCRIPT = """
for (const section of document.querySelectorAll('section'))
  for (const one of section.querySelectorAll('[data-line]'))
    for (const [event, on] of [['mouseenter', true], ['mouseleave', false]])
      one.addEventListener(event, () => {
        for (const same of section.querySelectorAll(`[data-line="${one.dataset.line}"]`)) {
          same.classList.toggle('lit', on);
          if (on && same !== one && same.tagName === 'DIV') same.scrollIntoView({ block: 'nearest' });
        }
      });
""".strip()


def render(inspected: Inspected) -> str:
    sections = "\n".join(_section(inspected, index) for index in range(len(inspected.machines)))
    links = "".join(f'<a href="#{escape(machine.name)}">{escape(machine.name)}</a>' for machine in inspected.machines)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f"<title>{escape(inspected.file)}: state machines</title><style>{STYLE}</style></head>\n<body>\n"
        f"<header><h1>{escape(inspected.file)}</h1><nav>{links}</nav></header>\n{sections}\n<script>{SCRIPT}</script></body></html>\n"
    )


def _section(inspected: Inspected, index: int) -> str:
    machine = inspected.machines[index]
    drawing = Drawing(inspected, machine)
    body = f'<g transform="translate({MARGIN},{MARGIN})">{drawing.body()}</g>'
    picture = document(body, drawing.width + 2 * MARGIN, drawing.height + 2 * MARGIN)
    what = escape(f"{signature(machine)}: {summary(machine)}")
    return (
        f'<section id="{escape(machine.name)}" aria-label="{what}"><div class="source">{_source(inspected, machine)}</div>'
        f'<div class="picture">{picture}</div></section>'
    )


def _source(inspected: Inspected, machine: Machine) -> str:
    first, last = _extent(inspected, machine)
    kinds = {}
    marks: dict[int, list[str]] = {}
    for state in machine.states:
        if state.kind is not StateKind.START:
            marks.setdefault(state.line, []).append(str(state.number))
            kinds[state.line] = state.kind
    lines = []
    for number in range(first, last + 1):
        color = f' style="background:{FILL[kinds[number]]};color:{STROKE[kinds[number]]}"' if number in kinds else ""
        mark = f"<i{color}>{','.join(marks.get(number, []))}</i>"
        text = escape(inspected.lines[number - 1]) if number <= len(inspected.lines) else ""
        lines.append(f'<div data-line="{number}"><b>{number}</b>{mark}{text}</div>')
    return "".join(lines)


def _extent(inspected: Inspected, machine: Machine) -> tuple[int, int]:
    """From the function's own line to the brace in the first column that ends it, with the comment above it."""
    known = [machine.line, *machine.defers, *(state.line for state in machine.states)]
    first, last = min(known), max(known)
    while first > 1 and inspected.lines[first - 2].strip() and not inspected.lines[first - 2].startswith(("}", "#")):
        first -= 1
    while last < len(inspected.lines) and not inspected.lines[last - 1].startswith("}"):
        last += 1
    return first, last

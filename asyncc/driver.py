"""From the typed tree of a file to the C that replaces it: runs the passes and the emitter.

`translate` is all that the command knows of the compiler's middle and back.
"""

from __future__ import annotations

import gc
from dataclasses import dataclass, field

from .emit.c import print_unit
from .errors import TranslationError
from .ir.frame import Frame
from .ir.machine import Machine
from .ir.tree import Unit
from .passes.calls import Calls
from .passes.describe import describe
from .passes.pipeline import lower_function


@dataclass(slots=True)
class Options:
    line_directives: bool = True  # `#line` maps the output back to the .ac file
    output: str = ""  # the name of the output as given, for the `#line` of generated code; "" for standard output


@dataclass(slots=True)
class Translation:
    text: str  # the whole output
    functions: list[Machine] = field(default_factory=list)  # async functions, in the order of the text


def translate(unit: Unit, options: Options | None = None) -> Translation:
    """The C text for a unit, and what each async function became."""
    options = options or Options()
    enabled = gc.isenabled()
    gc.disable()  # nothing made here dies before the end, so looking for what has died is time lost
    try:
        return _translate(unit, options)
    finally:
        if enabled:
            gc.enable()


def _translate(unit: Unit, options: Options) -> Translation:
    calls = Calls(unit)
    frames: dict[str, Frame] = {}
    lowered = {}
    plain = [f.decl.name for f in unit.functions if not f.decl.is_async]
    by_name = {f.decl.name: f for f in unit.functions}
    for name in [*calls.order, *plain]:
        lowered[name] = lower_function(unit, by_name[name], calls, frames)
    machines = [describe(lowered[f.decl.name]) for f in unit.functions if f.decl.is_async]
    text = print_unit(unit, calls, lowered, options.output, options.line_directives)
    return Translation(text, machines)


__all__ = ["Options", "Translation", "TranslationError", "translate"]

"""From the typed tree of a file to the C that replaces it: runs the passes and the emitter.

`translate` is all that the command knows of the compiler's middle and back.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .ir.machine import Machine
from .ir.tree import Unit


@dataclass(slots=True)
class Options:
    line_directives: bool = True  # `#line` maps the output back to the .ac file
    output: str = ""  # the name of the output as given, for the `#line` of generated code; "" for standard output
    stop_after: str = ""  # name of a pass: stop there and leave a dump in Translation.dump (for those who work on asyncc)


@dataclass(slots=True)
class Translation:
    text: str  # the whole output
    functions: list[Machine] = field(default_factory=list)  # async functions, in the order of the text
    dump: str = ""


class TranslationError(Exception):
    """Something the language allows in C but refuses here, found by a pass."""

    def __init__(self, message: str, file: str, line: int, column: int = 1) -> None:
        super().__init__(message)
        self.message, self.file, self.line, self.column = message, file, line, column


def translate(unit: Unit, options: Options | None = None) -> Translation:
    """The C text for a unit, and what each async function became."""
    raise NotImplementedError

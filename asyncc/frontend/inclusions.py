"""Files that a body includes: their tokens take the place of the #include, so the expander has to read them."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property

from ..ir.source import Position
from . import libclang
from .unit_parse import ParsedUnit

_MARK = "ac__holds"


class Inclusions:
    def __init__(self, unit: ParsedUnit, flags: list[str]) -> None:
        self._unit, self._flags = unit, flags
        self._known: dict[tuple[str, str], bool] = {}

    @cached_property
    def _files(self) -> dict[tuple[str, int], list[str]]:
        """The files that each #include has named, by the file and line where it stands."""
        found: dict[tuple[str, int], list[str]] = {}
        for cursor in self._unit.children(self._unit.cursor):
            if cursor.kind == libclang.INCLUSION_DIRECTIVE:
                line, _, _, file = self._unit.physical(self._unit.lib.getCursorLocation(cursor))
                if included := self._unit.lib.getIncludedFile(cursor):
                    found.setdefault((file, line), []).append(self._unit.lib.file_name(included))
        return found

    def holds(self, condition: str, file: str) -> bool:
        """Whether the condition of an #if in a file does; it names no macros."""
        key = condition, os.path.dirname(file)  # noqa: PTH120
        if key not in self._known:
            place = os.path.join(key[1], "ac__condition.c")  # noqa: PTH118
            text = f"#if {condition}\nint {_MARK};\n#endif\n".encode("latin-1", "replace")
            asked = ParsedUnit(self._unit.lib, place, text, self._flags, record=False)
            self._known[key] = any(asked.lib.spelling(c) == _MARK for c in asked.children(asked.cursor))
        return self._known[key]

    def read(self, position: Position, operand: Callable[[], str]) -> tuple[str, str] | None:
        """Name and text of the file that an #include names. `operand`: what it comes to here, if it is a macro that names one
        file in one reading and another in the next."""
        files = self._files.get((position.file, position.line))
        if not files:
            return None
        name = files[0]
        if len(set(files)) > 1:
            wanted = operand().strip('<">')
            name = next((file for file in files if file == wanted or file.endswith("/" + wanted)), name)
        try:
            with open(name, "rb") as stream:  # noqa: PTH123
                return name, stream.read().decode("latin-1")
        except OSError:
            return None

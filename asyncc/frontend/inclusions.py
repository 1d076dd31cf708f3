"""Files that a body includes: their tokens take the place of the #include, so the expander has to read them."""

from __future__ import annotations

from functools import cached_property

from ..ir.source import Position
from . import libclang
from .unit_parse import ParsedUnit


class Inclusions:
    def __init__(self, unit: ParsedUnit) -> None:
        self._unit = unit

    @cached_property
    def _files(self) -> dict[tuple[str, int], int]:
        """The file that each #include names, by the file and line where it stands."""
        found: dict[tuple[str, int], int] = {}
        for cursor in self._unit.children(self._unit.cursor):
            if cursor.kind == libclang.INCLUSION_DIRECTIVE:
                line, _, _, file = self._unit.physical(self._unit.lib.getCursorLocation(cursor))
                found[(file, line)] = self._unit.lib.getIncludedFile(cursor)
        return found

    def read(self, _operand: str, position: Position) -> tuple[str, str, list[tuple[int, int]]] | None:
        file = self._files.get((position.file, position.line))
        if not file:
            return None
        name = self._unit.lib.file_name(file)
        try:
            with open(name, "rb") as stream:  # noqa: PTH123
                return name, stream.read().decode("latin-1"), self._unit.skipped(file)
        except OSError:
            return None

"""Headers that hold async bodies, or plain ones that use the words: their text takes the place of their #include.

The output has to hold the translated bodies, so such a header (and every header on the way to it) becomes part of the text
that is translated, with its include guard and all. A later #include of the same header is left as it is, since the guard
makes it nothing; with `#pragma once`, which means nothing outside of a header, it is removed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from ..ir.source import TokenKind
from . import lexer, libclang, words
from .declared import Declarations
from .lexer import directive_name
from .text import Segment, SourceText
from .unit_parse import ParsedUnit


def splice(source: SourceText, unit: ParsedUnit, declarations: Declarations, library: str) -> SourceText | None:
    """The text with those headers in it; None if there are none."""
    wanted = _wanted(unit, declarations, library)
    graph = _Graph(unit)
    if not wanted:
        return None
    while more := {outer for outer, inner in graph.edges if inner in wanted} - wanted - {source.path}:
        wanted |= more
    made = _Splicer(source, wanted, graph.named)
    made.add(source.path, source.data)
    return made.result()


def _wanted(unit: ParsedUnit, declarations: Declarations, library: str) -> set[str]:
    """Headers with something to translate."""
    lib = unit.lib
    found = {unit.physical(lib.getCursorLocation(cursor))[3] for cursor in declarations.header_bodies}
    for name, cursor in declarations.word_uses:
        if words.spellings(True)[name] != "async":
            found.add(unit.physical(lib.getCursorLocation(cursor))[3])
    return {name for name in found if name and not name.startswith(library) and name != os.fsdecode(unit.name)}


class _Graph:
    """Which file includes which: as edges, and by the file and line of each #include."""

    def __init__(self, unit: ParsedUnit) -> None:
        lib = unit.lib
        self.edges: set[tuple[str, str]] = set()
        self.named: dict[tuple[str, int], str] = {}
        for cursor in unit.children(unit.cursor):
            if cursor.kind == libclang.INCLUSION_DIRECTIVE:
                line, _, _, outer = unit.physical(lib.getCursorLocation(cursor))
                inner = lib.file_name(lib.getIncludedFile(cursor))
                self.edges.add((outer, inner))
                self.named[(outer, line)] = inner


@dataclass
class _Splicer:
    source: SourceText
    wanted: set[str]
    named: dict[tuple[str, int], str]
    parts: list[bytes] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    once: set[str] = field(default_factory=set)
    size: int = 0

    def add(self, name: str, data: bytes) -> None:
        """Appends a file, with the wanted headers it includes in their places."""
        self.files[name] = data
        lexed = lexer.lex(data.decode("latin-1"))
        end = 0
        for k, kind in enumerate(lexed.kinds):
            if kind is not TokenKind.DIRECTIVE:
                continue
            replacement = self._replace(name, data, lexed.texts[k], lexed.starts[k])
            if replacement is None:
                continue
            self._append(name, data, end, lexed.starts[k])
            end = lexed.ends[k]
            if isinstance(replacement, str):
                self.add(replacement, self.read(replacement))
            elif replacement:
                self._raw(replacement)
        self._append(name, data, end, len(data))
        if name != self.source.path and not data.endswith(b"\n"):
            self._raw(b"\n")

    def _replace(self, name: str, data: bytes, text: str, start: int) -> str | bytes | None:
        """What stands for a directive: a file (its name), other bytes, or None if it stays."""
        kind = directive_name(text)
        inside = name != self.source.path
        if kind == "pragma" and inside and text.rsplit(maxsplit=1)[-1] == "once":
            self.once.add(name)
            return b""
        if kind not in ("include", "import"):
            return None
        line = data.count(b"\n", 0, start) + 1
        included = self.named.get((name, line), "")
        if included in self.wanted:
            if included not in self.files:
                return included
            if included in self.once:
                return b""
        return self._moved(name, included, text) if inside else None

    def _moved(self, name: str, included: str, text: str) -> bytes | None:
        """`#include "x.h"` of a header in another folder, as the text has to say it."""
        here = os.path.dirname(self.source.path)  # noqa: PTH120
        if not included or '"' not in text or os.path.dirname(name) == here:  # noqa: PTH120
            return None
        operand = os.path.relpath(included, here or ".")
        return f'#include "{operand}"'.encode("utf-8", "surrogateescape")

    @staticmethod
    def read(name: str) -> bytes:
        with open(name, "rb") as stream:  # noqa: PTH123
            return stream.read()

    def _append(self, name: str, data: bytes, start: int, end: int) -> None:
        if start < end:
            self.segments.append(Segment(self.size, name, start))
            self.parts.append(data[start:end])
            self.size += end - start

    def _raw(self, text: bytes) -> None:
        """Text that stands in no file counts as part of what is before it."""
        self.parts.append(text)
        self.size += len(text)

    def result(self) -> SourceText:
        made = SourceText(self.source.path, b"".join(self.parts))
        made.segments = self.segments or made.segments
        for name, data in self.files.items():
            made.add_file(name, data)
        made.spliced = [name for name in self.files if name != self.source.path]
        return made

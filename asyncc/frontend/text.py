"""The text that is translated, and where each byte of it comes from.

Usually it is one file. Where a header holds async bodies, its text stands in place of its `#include` (headers.py), so the
text is made of segments. Offsets into this text are what all of the frontend counts in; positions for people are found
here. Columns count bytes, as in gcc and clang.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from ..ir.source import Position


@dataclass(slots=True)
class Segment:
    """Bytes [start, next segment's start) of the text are bytes from `offset` on of `file`."""

    start: int
    file: str
    offset: int


class FileLines:
    """Where the lines of one file begin."""

    def __init__(self, data: bytes) -> None:
        self._starts = [0]
        find, at = data.find, 0
        while (at := find(b"\n", at) + 1) > 0:
            self._starts.append(at)

    def place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


class SourceText:
    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data
        self.segments = [Segment(0, path, 0)]
        self.spliced: list[str] = []  # headers whose text stands in this one
        self._lines = {path: FileLines(data)}

    def add_file(self, name: str, data: bytes) -> None:
        self._lines[name] = FileLines(data)

    def origin(self, offset: int) -> tuple[str, int]:
        """The file, and the offset in it, of a byte of the text."""
        if len(self.segments) == 1:
            return self.path, offset
        segment = self.segments[bisect_right(self.segments, offset, key=lambda s: s.start) - 1]
        return segment.file, segment.offset + offset - segment.start

    def position(self, offset: int) -> Position:
        file, offset = self.origin(offset)
        line, column = self._lines[file].place(offset)
        return Position(file, line, column, offset)


def lies_in(ranges: list[tuple[int, int]], offset: int) -> bool:
    """Whether one of the ranges [start, end), which are in order and apart, holds the offset."""
    k = bisect_right(ranges, offset, key=lambda r: r[0]) - 1
    return k >= 0 and offset < ranges[k][1]

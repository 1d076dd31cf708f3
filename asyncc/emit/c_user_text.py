"""What stands between the translated functions: the user's own text, byte for byte, but for a few edits."""

from __future__ import annotations

import bisect
import re
from collections import deque

from ..ir import tree as t
from .writer import Writer


class UserText:
    """Prints the source from its beginning to its end, in the stretches asked for; each line knows where it came from."""

    def __init__(self, unit: t.Unit, writer: Writer) -> None:
        self.source, self.path, self.w = unit.source, unit.path, writer
        self.at = 0  # what lies before has been printed, or is left out
        self._edits = deque(sorted(unit.edits, key=lambda edit: edit.start))
        self._segments = unit.segments or [t.Segment(0, unit.path, 0, 1)]
        self._segment_starts = [segment.start for segment in self._segments]
        self._line_starts = [0] + [m.end() for m in re.finditer(b"\n", unit.source)]

    def print(self, upto: int) -> None:
        while self.at < upto:
            edit = self._next_edit()
            self._verbatim(upto if edit is None else min(upto, edit.start))
            if edit is None or edit.start >= upto:
                break
            self._edits.popleft()
            line = self._enter(self.at)[0]
            self.w.raw(edit.text, line)
            self.at = edit.end

    def skip(self, start: int, end: int) -> None:
        """Something else is printed for what lies between, which is where the writer is now."""
        self.at = end
        self._enter(start)

    def _next_edit(self) -> t.Edit | None:
        while self._edits and self._edits[0].start < self.at:
            self._edits.popleft()
        return self._edits[0] if self._edits else None

    def _verbatim(self, stop: int) -> None:
        while self.at < stop:
            line, end = self._enter(self.at)
            end = min(end, stop)
            self.w.raw(self.source[self.at : end].decode("utf-8", "surrogateescape"), line)
            self.at = end

    def _enter(self, offset: int) -> tuple[int, int]:
        """Tells the writer the file of a byte of the source; gives its line, and where the run of that file ends."""
        k = bisect.bisect_right(self._segment_starts, offset) - 1
        segment = self._segments[k]
        self.w.file = "" if segment.file == self.path else segment.file
        end = self._segments[k + 1].start if k + 1 < len(self._segments) else len(self.source)
        return segment.line + self._lines_before(offset) - self._lines_before(segment.start), end

    def _lines_before(self, offset: int) -> int:
        return bisect.bisect_right(self._line_starts, offset)

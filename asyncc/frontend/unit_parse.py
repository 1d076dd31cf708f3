"""One run of clang's parser over the text, and the questions asked of its result.

There are two such runs (pipeline.py): over the user's own text, which finds the user's errors and records the macros, and
over the text with the translated bodies expanded, which gives the types.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from ctypes import byref, c_char_p, c_uint, c_void_p
from dataclasses import dataclass, field

from ..errors import Failure
from .libclang import (
    INCLUSION,
    NEXT,
    PARSE_DETAILED_RECORD,
    PARSE_KEEP_GOING,
    Cursor,
    Libclang,
    Location,
    Range,
    UnsavedFile,
    Visit,
)

_MACRO_BIT = 1 << 31  # set in the raw form of a location that lies in a macro's expansion


@dataclass(slots=True)
class ClangNote:
    file: str
    offset: int
    message: str


@dataclass(slots=True)
class ClangDiagnostic:
    severity: int
    file: str  # "" if about no file
    offset: int
    in_main: bool
    message: str
    option: str  # "-Wsomething", or "" for a plain error
    length: int
    notes: list[ClangNote] = field(default_factory=list)


class ParsedUnit:
    """A translation unit of libclang. It keeps what it needs alive until it is itself collected."""

    def __init__(self, lib: Libclang, path: str, data: bytes, flags: list[str], record: bool) -> None:
        self.lib = lib
        self.size = len(data)
        self.name = os.fsencode(path)
        self._data = data
        self._index = lib.createIndex(0, 0)
        arguments = [os.fsencode(flag) for flag in flags]
        argv = (c_char_p * len(arguments))(*arguments)
        unsaved = (UnsavedFile * 1)(UnsavedFile(self.name, data, len(data)))
        handle = c_void_p()
        options = PARSE_KEEP_GOING | (PARSE_DETAILED_RECORD if record else 0)
        code = lib.parseTranslationUnit2(
            self._index, self.name, argv, len(arguments), unsaved, 1, options, byref(handle)
        )
        if code or not handle.value:
            raise Failure(
                f"clang's parser failed on '{path}' (code {code}, {lib.path})", "the compiler flags may be wrong"
            )
        self.handle: int = handle.value
        self.cursor: Cursor = lib.getTranslationUnitCursor(self.handle)
        self.main_file: int = lib.getFile(self.handle, self.name)
        self.base = self._find_base()

    def __del__(self) -> None:
        if getattr(self, "handle", None):
            self.lib.disposeTranslationUnit(self.handle)
        if getattr(self, "_index", None):
            self.lib.disposeIndex(self._index)

    def _find_base(self) -> int:
        """Locations in a file are numbered on from the file's first byte; with that number known, most offsets cost no call.
        That is an inner matter of clang (unchanged for ten years), so it is tried here first; -1: ask for each."""
        if not self.main_file:
            return -1
        first: Location = self.lib.getLocationForOffset(self.handle, self.main_file, 0)
        last: Location = self.lib.getLocationForOffset(self.handle, self.main_file, self.size)
        return first.raw if last.raw - first.raw == self.size and not first.raw & _MACRO_BIT else -1

    # --- places ------------------------------------------------------------------------------------------------------

    def main_offset(self, location: Location) -> int:
        """The byte of the main file a location means, or -1 for another file."""
        if self.base >= 0:
            offset = location.raw - self.base
            if 0 <= offset <= self.size:
                return offset
            if not location.raw & _MACRO_BIT:
                return -1
        file, offset = self.lib.expansion_place(location)
        return offset if file == self.main_file else -1

    def extent(self, cursor: Cursor) -> tuple[int, int]:
        """First byte and end of a cursor in the main file; (-1, -1) outside of it."""
        found: Range = self.lib.getCursorExtent(cursor)
        base = self.base
        if base >= 0:
            start, end = found.begin - base, found.end - base
            if 0 <= start <= self.size and 0 <= end <= self.size:
                return start, end
        start = self.main_offset(self.lib.getRangeStart(found))
        end = self.main_offset(self.lib.getRangeEnd(found))
        return (start, end) if start >= 0 and end >= 0 else (-1, -1)

    def location(self, cursor: Cursor) -> int:
        """Offset of a declaration's name in the main file, or -1."""
        return self.main_offset(self.lib.getCursorLocation(cursor))

    def physical(self, location: Location) -> tuple[int, int, int, str]:
        """Line, column, offset and file name of a location anywhere."""
        file, line, column, offset = c_void_p(), c_uint(), c_uint(), c_uint()
        self.lib.getFileLocation(location, byref(file), byref(line), byref(column), byref(offset))
        return line.value, column.value, offset.value, self.lib.file_name(file.value)

    def children(self, cursor: Cursor) -> list[Cursor]:
        found: list[Cursor] = []

        def each(child: Cursor, _parent: Cursor, _data: object) -> int:
            found.append(child)
            return NEXT

        self.lib.visit(cursor, each)
        return found

    def visit(self, cursor: Cursor, visitor: Visit) -> None:
        self.lib.visit(cursor, visitor)

    def skipped(self, file: int) -> list[tuple[int, int]]:
        """Parts of a file left out by #if and its kin, as byte ranges in order."""
        found = self.lib.getSkippedRanges(self.handle, file)
        try:
            ranges = []
            for k in range(found.contents.count):
                one = found.contents.ranges[k]
                start = self.lib.expansion_place(self.lib.getRangeStart(one))[1]
                end = self.lib.expansion_place(self.lib.getRangeEnd(one))[1]
                ranges.append((start, end))
            return sorted(ranges)
        finally:
            self.lib.disposeSourceRangeList(found)

    def files(self) -> list[str]:
        """Every file read, the main file first, each once."""
        names: dict[str, None] = {}

        def each(file: int, _stack: object, _depth: int, _data: object) -> None:
            names[self.lib.file_name(file)] = None

        self.lib.getInclusions(self.handle, INCLUSION(each), None)
        return list(names)

    # --- what clang says -----------------------------------------------------------------------------------------------

    def diagnostics(self, least: int) -> Iterator[ClangDiagnostic]:
        """Those of at least this severity. The second report of the same thing at the same place (from a macro that repeats
        its argument) is left out."""
        seen: set[tuple[str, int, str]] = set()
        for k in range(self.lib.getNumDiagnostics(self.handle)):
            raw = self.lib.getDiagnostic(self.handle, k)
            if self.lib.getDiagnosticSeverity(raw) >= least:
                found = self._diagnostic(raw)
                key = (found.file, found.offset, found.message)
                if key not in seen:
                    seen.add(key)
                    yield found
            self.lib.disposeDiagnostic(raw)

    def _diagnostic(self, raw: int) -> ClangDiagnostic:
        lib = self.lib
        file, offset = lib.place(lib.getDiagnosticLocation(raw))
        found = ClangDiagnostic(
            severity=lib.getDiagnosticSeverity(raw),
            file=lib.file_name(file),
            offset=offset,
            in_main=bool(file) and file == self.main_file,
            message=lib.text(lib.getDiagnosticSpelling(raw)),
            option=lib.text(lib.getDiagnosticOption(raw, None)),
            length=1,
        )
        for k in range(lib.getDiagnosticNumRanges(raw)):
            one = lib.getDiagnosticRange(raw, k)
            start, end = lib.place(lib.getRangeStart(one)), lib.place(lib.getRangeEnd(one))
            if start == (file, offset) and end[0] == file:
                found.length = max(found.length, end[1] - offset)
        notes = lib.getChildDiagnostics(raw)
        for k in range(lib.getNumDiagnosticsInSet(notes)):
            note = lib.getDiagnosticInSet(notes, k)
            at, where = lib.place(lib.getDiagnosticLocation(note))
            found.notes.append(ClangNote(lib.file_name(at), where, lib.text(lib.getDiagnosticSpelling(note))))
        return found

    # --- tokens ------------------------------------------------------------------------------------------------------

    def spelled_tokens(self, extent: Range) -> list[str]:
        """The tokens of a range, also of one that lies in no file (a predefined macro)."""
        from .libclang import CXToken

        tokens = ctypes.POINTER(CXToken)()
        count = ctypes.c_uint()
        self.lib.tokenize(self.handle, extent, byref(tokens), byref(count))
        try:
            return [self.lib.text(self.lib.getTokenSpelling(self.handle, tokens[k])) for k in range(count.value)]
        finally:
            self.lib.disposeTokens(self.handle, tokens, count)

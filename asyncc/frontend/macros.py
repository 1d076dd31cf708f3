"""Macro definitions: which one a name has at a place in the text.

clang records every definition in the order it read them, but no #undef. Those of the text itself are found by reading its
directives; those of headers are looked for only for names that are asked about. A definition's place is the offset in the
text after which it holds: for one in a header, that of the text's own #include.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from ..ir.source import TokenKind
from . import lexer
from .libclang import Cursor
from .unit_parse import ParsedUnit

_GUARD = re.compile(
    rb"\s*#[ \t]*(?:ifndef[ \t]+|if[ \t]*!\s*defined[ \t]*\(?[ \t]*)(\w+)[ \t]*\)?\s*#[ \t]*define[ \t]+\1\b"
)
_DEPTH = re.compile(rb"^[ \t]*#[ \t]*(if|ifdef|ifndef|endif)\b", re.M)
_COMMENT = re.compile(rb"/\*.*?\*/|//[^\n]*", re.S)
_UNDEF = re.compile(rb"^[ \t]*(?:#|%:)[ \t]*undef[ \t]+([A-Za-z_]\w*)", re.M)


def _is_guarded(data: bytes) -> bool:
    """Whether the whole of a header stands in an `#ifndef` of a macro that it defines."""
    if not _GUARD.match(_COMMENT.sub(b" ", data[:20000])):
        return False
    depths = [0]
    for name in _DEPTH.findall(data):
        depths.append(depths[-1] + (-1 if name == b"endif" else 1))
    return 0 not in depths[1:-1]


@dataclass(slots=True)
class MacroToken:
    kind: TokenKind
    text: str
    spaced: bool  # white space before it


@dataclass(slots=True)
class Macro:
    name: str
    parameters: list[str] | None  # None: an object-like macro
    variadic: str  # name of the variable arguments, "__VA_ARGS__" or GNU's; "": none
    body: list[MacroToken]
    index: dict[str, int] = field(default_factory=dict)  # parameter → which; the variable ones come last

    @property
    def is_function(self) -> bool:
        return self.parameters is not None


def parse_definition(text: str) -> Macro:
    """From what follows `#define`: "NAME(a, b) body"."""
    lexed = lexer.lex(text, directives=False)
    name, at = lexed.texts[0], 1
    macro = Macro(name, None, "", [])
    if len(lexed) > 1 and lexed.texts[1] == "(" and lexed.starts[1] == lexed.ends[0]:
        at = _parse_parameters(lexed, macro)
    macro.body = [
        MacroToken(lexed.kinds[k], lexed.texts[k], k > at and lexed.starts[k] > lexed.ends[k - 1])
        for k in range(at, len(lexed))
    ]
    names = [*(macro.parameters or []), *([macro.variadic] if macro.variadic else [])]
    macro.index = {parameter: k for k, parameter in enumerate(names)}
    return macro


def _parse_parameters(lexed: lexer.Lexed, macro: Macro) -> int:
    """Reads "(a, b, ...)" and gives the index after it."""
    macro.parameters, at = [], 2
    while at < len(lexed) and lexed.texts[at] != ")":
        if lexed.texts[at] == "...":
            macro.variadic = "__VA_ARGS__"
        elif lexed.texts[at] != ",":
            if at + 1 < len(lexed) and lexed.texts[at + 1] == "...":
                macro.variadic, at = lexed.texts[at], at + 1
            else:
                macro.parameters.append(lexed.texts[at])
        at += 1
    return at + 1


@dataclass(slots=True)
class _Definition:
    place: int  # in the text; -1: predefined or from the command line
    cursor: Cursor | None  # None: an #undef
    macro: Macro | None = None


class _Recorded(NamedTuple):
    """A definition or an #include, in the order in which clang met them."""

    cursor: Cursor
    include: int  # where the text includes the file that it stands in, or the file around that
    number: int


class MacroTable:
    def __init__(self, unit: ParsedUnit, text: str) -> None:
        self._unit, self._text = unit, text
        self._undefs: list[tuple[int, str]] = []  # the #undef directives of the text: offset and name
        self._recorded: dict[str, list[_Recorded]] = {}
        self._included: list[_Recorded] = []
        self._found: dict[str, list[_Definition]] = {}
        self._last_include = -1
        self._number = 0
        self._guarded: set[int] = set()  # files that are empty when they are read again

    # --- filled while the translation unit is walked ----------------------------------------------------------------

    def saw_definition(self, cursor: Cursor) -> None:
        self._number += 1
        recorded = _Recorded(cursor, self._last_include, self._number)
        self._recorded.setdefault(self._unit.lib.spelling(cursor), []).append(recorded)

    def saw_include(self, cursor: Cursor, offset: int) -> None:
        """An #include, with its place if it is the text's own."""
        self._number += 1
        if offset >= 0:
            self._last_include = offset
        self._included.append(_Recorded(cursor, self._last_include, self._number))

    def add_undefs(self, undefs: list[tuple[int, str]]) -> None:
        self._undefs = undefs
        self._found.clear()

    # --- asked by the expander ----------------------------------------------------------------------------------------

    def __contains__(self, name: str) -> bool:
        """Whether the name is a macro anywhere."""
        return name in self._recorded

    def from_files(self, is_wanted: Callable[[str], bool]) -> list[str]:
        """The names of macros with a definition in a file that is wanted."""
        lib, wanted = self._unit.lib, {}
        found = []
        for name, recorded in self._recorded.items():
            for one in recorded:
                file = lib.place(lib.getRangeStart(lib.getCursorExtent(one.cursor)))[0]
                if file not in wanted:
                    wanted[file] = bool(file) and is_wanted(lib.file_name(file))
                if wanted[file]:
                    found.append(name)
                    break
        return found

    def lookup(self, name: str, place: int) -> Macro | None:
        """The definition that holds at an offset of the text."""
        if name not in self._recorded:
            return None
        history = self._known_history(name)
        k = bisect_right(history, place, key=lambda d: d.place)
        if k == 0:
            return None
        found = history[k - 1]
        if found.cursor is None:
            return None
        if found.macro is None:
            found.macro = self._parse(found.cursor)
        return found.macro

    def _known_history(self, name: str) -> list[_Definition]:
        history = self._found.get(name)
        if history is None:
            history = self._found[name] = self._history(name)
        return history

    def changes(self, names: Iterable[str]) -> list[int]:
        """The places at which any of the names gets or loses a definition, in order."""
        return sorted({d.place for name in names if name in self._recorded for d in self._known_history(name)})

    def every(self, name: str) -> list[Macro]:
        """All definitions the name ever has."""
        return [m for d in self._recorded.get(name, ()) if (m := self._parse(d.cursor))]

    def _history(self, name: str) -> list[_Definition]:
        lib, main = self._unit.lib, self._unit.main_file
        history: list[tuple[int, float, _Definition]] = []
        standing: list[tuple[int | None, int, int]] = []  # file, offset there, number
        for cursor, include, number in self._recorded[name]:
            file, offset = lib.place(lib.getRangeStart(lib.getCursorExtent(cursor)))
            place = offset if file == main else include if file else -1
            standing.append((file, offset, number))
            history.append((place, number, _Definition(place, cursor)))
        for file, at in self._header_undefs.get(name, []):
            times = self._times_read(file)
            # Of an `#undef X` before its own `#define X`:
            again = [n for f, offset, n in standing if f == file and offset > at]
            for time, following in zip(times, [*times[1:], None], strict=True):
                end = following.number if following else self._number + 1
                if again and not any(time.number < n < end for n in again):
                    continue  # this time that part was left out
                before = (n for f, offset, n in standing if f == file and offset < at and time.number < n < end)
                after = max(before, default=time.number) + 0.5
                history.append((time.include, after, _Definition(time.include, None)))
        history += [(offset, 0, _Definition(offset, None)) for offset, undefined in self._undefs if undefined == name]
        history.sort(key=lambda entry: entry[:2])
        return [definition for _, _, definition in history]

    def first_read(self, name: str) -> int:
        """Where the text first includes a file, maybe by way of others; -1: before its first line."""
        lib, unit = self._unit.lib, self._unit
        times = self._inclusions.get(lib.getFile(unit.handle, name.encode("utf-8", "surrogateescape")), [])
        return times[0].include if times else -1

    def _times_read(self, file: int) -> list[_Recorded]:
        """Every #include by which a file was read: behind an include guard that is the first."""
        times = self._inclusions.get(file, [])
        return times[:1] if file in self._guarded else times

    @cached_property
    def _inclusions(self) -> dict[int, list[_Recorded]]:
        found: dict[int, list[_Recorded]] = {}
        for one in self._included:
            found.setdefault(self._unit.lib.getIncludedFile(one.cursor), []).append(one)
        return found

    @cached_property
    def _header_undefs(self) -> dict[str, list[tuple[int, int]]]:
        """Every #undef of a macro we know of in the headers that are not skipped: (file, offset)."""
        found: dict[str, list[tuple[int, int]]] = {}
        lib, unit = self._unit.lib, self._unit
        for name in unit.files():
            file = lib.getFile(unit.handle, name.encode("utf-8", "surrogateescape"))
            if not file or file == unit.main_file:
                continue
            try:
                with open(name, "rb") as stream:  # noqa: PTH123
                    data = stream.read()
            except OSError:
                continue
            if b"#pragma once" in data or _is_guarded(data):
                self._guarded.add(file)
            hits = [m for m in _UNDEF.finditer(data) if m.group(1).decode() in self._recorded]
            skipped = unit.skipped(file) if hits else []
            for match in hits:
                if not any(start <= match.start() < end for start, end in skipped):
                    found.setdefault(match.group(1).decode(), []).append((file, match.start()))
        return found

    def _parse(self, cursor: Cursor) -> Macro | None:
        lib, unit = self._unit.lib, self._unit
        extent = lib.getCursorExtent(cursor)
        file, start = lib.place(lib.getRangeStart(extent))
        end = lib.place(lib.getRangeEnd(extent))[1]
        if file == unit.main_file:
            return parse_definition(self._text[start:end])
        if file:
            text = self._file_text(file)
            if text is not None:
                return parse_definition(text[start:end])
        return self._from_tokens(unit.spelled_tokens(extent))

    def _from_tokens(self, tokens: list[str]) -> Macro | None:
        """A definition that stands in no file. clang's tokens lose whether a parenthesis follows the name at once; none of
        its predefined macros has arguments, and those of the command line are rarely `-DNAME=(…)`: see `command_line`."""
        if not tokens:
            return None
        name, *body = (lexer.encode(t) for t in tokens)
        return self._command_line.get(name) or parse_definition(name + " " + " ".join(body))

    _command_line: dict[str, Macro] = {}  # noqa: RUF012 (replaced, never changed)

    def set_command_line(self, defines: list[str]) -> None:
        """-D options: what they define is known better from them than from clang's tokens."""
        table = {}
        for option in defines:
            name, equals, value = option.partition("=")
            if name.strip():
                macro = parse_definition(lexer.encode(f"{name} {value if equals else '1'}"))
                table[macro.name] = macro
        self._command_line = table

    def _file_text(self, file: int) -> str | None:
        if file not in self._texts:
            try:
                with open(self._unit.lib.file_name(file), "rb") as stream:  # noqa: PTH123
                    self._texts[file] = stream.read().decode("latin-1")
            except OSError:
                return None
        return self._texts[file]

    @cached_property
    def _texts(self) -> dict[int, str]:
        return {}

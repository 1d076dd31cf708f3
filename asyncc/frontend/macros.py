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

from ..ir.source import TokenKind
from . import lexer, libclang
from .libclang import Cursor
from .unit_parse import ParsedUnit

_UNDEF = re.compile(rb"^[ \t]*(?:#|%:)[ \t]*undef[ \t]+([A-Za-z_]\w*)", re.M)


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


class MacroTable:
    def __init__(self, unit: ParsedUnit, text: str) -> None:
        self._unit, self._text = unit, text
        self._undefs: list[tuple[int, str]] = []  # the #undef directives of the text: offset and name
        self._recorded: dict[str, list[tuple[Cursor, int]]] = {}
        self._found: dict[str, list[_Definition]] = {}
        self._last_include = -1

    # --- filled while the translation unit is walked ----------------------------------------------------------------

    def saw_definition(self, cursor: Cursor) -> None:
        self._recorded.setdefault(self._unit.lib.spelling(cursor), []).append((cursor, self._last_include))

    def saw_include(self, offset: int) -> None:
        """An #include of the text itself."""
        self._last_include = offset

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
            for cursor, _ in recorded:
                file = lib.place(lib.getRangeStart(lib.getCursorExtent(cursor)))[0]
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
        return [m for d in self._recorded.get(name, ()) if (m := self._parse(d[0]))]

    def _history(self, name: str) -> list[_Definition]:
        lib, main, history = self._unit.lib, self._unit.main_file, []
        standing: list[tuple[int | None, int, int]] = []  # file, offset there, place
        for cursor, include in self._recorded[name]:
            file, offset = lib.place(lib.getRangeStart(lib.getCursorExtent(cursor)))
            place = offset if file == main else include if file else -1
            standing.append((file, offset, place))
            history.append(_Definition(place, cursor))
        for file, at in self._header_undefs.get(name, []):
            here = [(offset, place) for f, offset, place in standing if f == file]
            if any(offset > at for offset, _ in here):
                continue  # `#undef X` before its own `#define X`
            ends = here[-1][1] if here else self._include_of(file)
            if ends is not None:
                history.append(_Definition(ends, None))
        history += [_Definition(offset, None) for offset, undefined in self._undefs if undefined == name]
        history.sort(key=lambda d: d.place)  # stable: the order of one place is clang's
        return history

    def _include_of(self, file: int) -> int | None:
        """Where the text itself includes a header."""
        return next((offset for included, offset in self._main_includes if included == file), None)

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
            hits = [m for m in _UNDEF.finditer(data) if m.group(1).decode() in self._recorded]
            skipped = unit.skipped(file) if hits else []
            for match in hits:
                if not any(start <= match.start() < end for start, end in skipped):
                    found.setdefault(match.group(1).decode(), []).append((file, match.start()))
        return found

    @cached_property
    def _main_includes(self) -> list[tuple[int, int]]:
        lib, unit, found = self._unit.lib, self._unit, []
        for cursor in unit.children(unit.cursor):
            if cursor.kind == libclang.INCLUSION_DIRECTIVE:
                offset = unit.main_offset(lib.getCursorLocation(cursor))
                if offset >= 0:
                    found.append((lib.getIncludedFile(cursor), offset))
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

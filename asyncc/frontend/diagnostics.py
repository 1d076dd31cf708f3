"""What asyncc says about the user's program, and how it is shown.

A diagnostic names a place in the user's own file, says what is wrong, why (notes) and what to do (fix). On a terminal it
looks like clang's, so that editors and CI parse it without being taught; as JSON it is one object a line of an array.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ..ir.source import LineMap, Position
from .directives import lines_of


@dataclass(slots=True)
class Note:
    message: str
    position: Position | None = None
    length: int = 1


@dataclass(slots=True)
class Diagnostic:
    severity: str  # "error" or "warning"
    name: str  # "await-in-defer"; for what clang found, its own option or "c"
    position: Position | None  # None: about the file as a whole
    message: str
    notes: list[Note] = field(default_factory=list)
    fix: str = ""  # what to write instead, in words
    length: int = 1  # bytes under the caret's line
    file: str = ""  # where there is no position

    @property
    def where(self) -> str:
        return self.position.file if self.position else self.file


class InputErrors(Exception):
    """The input is not a program asyncc can translate. Holds every diagnostic, warnings too, in the order of the text."""

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        super().__init__("; ".join(d.message for d in diagnostics if d.severity == "error"))
        self.diagnostics = diagnostics


def error(name: str, position: Position | None, message: str, fix: str = "", length: int = 1) -> Diagnostic:
    return Diagnostic("error", name, position, message, fix=fix, length=length)


def in_order(found: list[Diagnostic]) -> list[Diagnostic]:
    """In the order of the text, each once."""
    seen: set[tuple[object, str, str]] = set()
    kept = []
    for d in sorted(found, key=lambda d: d.position.offset if d.position else -1):
        key = (d.position, d.name, d.message)
        if key not in seen:
            seen.add(key)
            kept.append(d)
    return kept


# --- showing -----------------------------------------------------------------------------------------------------------

_BOLD, _RED, _MAGENTA, _CYAN, _GREEN, _RESET = (
    "\033[1m",
    "\033[1;31m",
    "\033[1;35m",
    "\033[1;36m",
    "\033[1;32m",
    "\033[0m",
)
_COLOURS = {"error": _RED, "warning": _MAGENTA, "note": _CYAN}

Sources = Mapping[str, bytes] | Callable[[str], bytes | None]


def render(diagnostics: Iterable[Diagnostic], format: str, colour: bool, sources: Sources | None = None) -> str:
    """All of them as text for people ("text") or as JSON ("json"). `sources` gives the bytes of a file; without it, and
    for files it does not know, the file is read from disk, and a line that cannot be had is left out."""
    lines = _Lines(sources)
    if format == "json":
        return json.dumps([_as_json(d, lines) for d in diagnostics], indent=2, ensure_ascii=False) + "\n"
    return "".join(_as_text(d, colour, lines) for d in diagnostics)


class _Lines:
    """Single lines of source files, read at most once."""

    def __init__(self, sources: Sources | None) -> None:
        self._sources = sources
        self._files: dict[str, list[bytes]] = {}
        self._maps: dict[str, LineMap] = {}

    def called(self, position: Position) -> tuple[str, int]:
        """The file and line of a place as `#line` directives have them: what compilers name."""
        if position.file not in self._maps:
            self._maps[position.file] = lines_of(position.file, self._read(position.file) or b"")
        return self._maps[position.file].at(position.file, position.line)

    def get(self, file: str, line: int) -> bytes | None:
        if file not in self._files:
            self._files[file] = (self._read(file) or b"").split(b"\n")
        lines = self._files[file]
        return lines[line - 1].rstrip(b"\r") if 1 <= line <= len(lines) else None

    def _read(self, file: str) -> bytes | None:
        known = None
        if isinstance(self._sources, Mapping):
            known = self._sources.get(file)
        elif self._sources is not None:
            known = self._sources(file)
        if known is not None:
            return known
        try:
            with open(file, "rb") as stream:  # noqa: PTH123
                return stream.read()
        except OSError:
            return None


def _as_text(d: Diagnostic, colour: bool, lines: _Lines) -> str:
    label = f" [{_label(d.name)}]" if d.name else ""
    text = _message(d.severity, d.position, d.file, d.message + label, colour, lines) + _excerpt(
        d.position, d.length, colour, lines
    )
    for note in d.notes:
        text += _message("note", note.position, "", note.message, colour, lines)
        text += _excerpt(note.position, note.length, colour, lines)
    if d.fix:
        text += _message("note", None, "", d.fix, colour, lines, label="fix")
    return text


def _label(name: str) -> str:
    return name if name.startswith("-W") else f"-Wasync-{name}" if name != "c" else "C"


def _message(
    severity: str, position: Position | None, file: str, message: str, colour: bool, lines: _Lines, label: str = ""
) -> str:
    label = label or severity
    place = f"{file}: " if file else ""
    if position is not None:
        file, line = lines.called(position)
        place = f"{file}:{line}:{position.column}: "
    if not colour:
        return f"{place}{label}: {message}\n"
    tint = _GREEN if label == "fix" else _COLOURS[severity]
    return f"{_BOLD}{place}{tint}{label}:{_RESET}{_BOLD} {message}{_RESET}\n"


def _excerpt(position: Position | None, length: int, colour: bool, lines: _Lines) -> str:
    """The line of source and a caret below it. Tabs are kept in the caret's line, so that both indent alike."""
    if position is None:
        return ""
    raw = lines.get(position.file, position.line)
    if raw is None or len(raw) > 2000 or b"\0" in raw:
        return ""
    before = raw[: position.column - 1].decode("utf-8", "replace")
    under = raw[position.column - 1 : position.column - 1 + max(length, 1)].decode("utf-8", "replace")
    indent = "".join("\t" if c == "\t" else " " for c in before)
    caret = "^" + "~" * (len(under) - 1)
    if colour:
        caret = f"{_GREEN}{caret}{_RESET}"
    return f"{raw.decode('utf-8', 'replace')}\n{indent}{caret}\n"


def _as_json(d: Diagnostic, lines: _Lines) -> dict[str, object]:
    place = _json_place(d.position, d.file, d.length, lines)
    entry: dict[str, object] = {"severity": d.severity, "name": d.name, **place}
    entry["message"] = d.message
    entry["notes"] = [{"message": n.message, **_json_place(n.position, "", n.length, lines)} for n in d.notes]
    if d.fix:
        entry["fix"] = d.fix
    return entry


def _json_place(position: Position | None, file: str, length: int, lines: _Lines) -> dict[str, object]:
    if position is None:
        return {"file": file} if file else {}
    file, line = lines.called(position)
    return {"file": file, "line": line, "column": position.column, "length": length}

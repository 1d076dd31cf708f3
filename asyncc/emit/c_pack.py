"""`#pragma pack` around what is printed elsewhere than the user wrote it.

A frame is laid out by the platform's rules, so where the user has packing in force it is set aside for the frame's struct. A
type of a function's own that moves to file scope takes along the packing that was in force where it stood. What is in force
is read from the text, one directive after another, as if every conditional were taken: at worst a frame has a directive that
it does not need. Of a header only what it leaves in force counts.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from ..ir import tree as t
from ..ir.source import Token
from ..paths import include_dir

_PACK = re.compile(r"#[ \t]*pragma[ \t]+pack[ \t]*\(([^()\n]*)\)")  # the size may be a macro
_BY_MACRO = re.compile(r'_Pragma[ \t]*\([ \t]*"[ \t]*pack\b')
UNKNOWN = "?"
_NUMBER = re.compile(r"\w+")


class Packing:
    """What packing is in force: "" for none, else what the directive says."""

    def __init__(self) -> None:
        self.now = ""
        self._saved: list[tuple[str, str]] = []  # name, packing

    def read(self, text: str) -> None:
        for match in _PACK.finditer(text):
            self._directive([part.strip() for part in match.group(1).split(",")])

    def _directive(self, parts: list[str]) -> None:
        sizes = [p for p in parts[1:] if p[:1].isdigit()] or parts[-1:] * (len(parts) > 2)
        names = [p for p in parts[1:] if p not in sizes]
        match parts[0]:
            case "push":
                self._saved.append((names[0] if names else "", self.now))
                self.now = sizes[0] if sizes else self.now
            case "pop":
                self._pop(names[0] if names else "")
                self.now = sizes[0] if sizes else self.now
            case "show":
                pass
            case size:
                self.now = size if _NUMBER.fullmatch(size) and size != "0" else ""

    def _pop(self, name: str) -> None:
        if not any(name in ("", saved) for saved, _ in self._saved):
            return
        while self._saved:
            saved, self.now = self._saved.pop()
            if name in ("", saved):
                return


def in_force(unit: t.Unit) -> Callable[[int], str]:
    """The packing at an offset of the unit's source."""
    source = unit.source.decode("latin1") if b"pack" in unit.source else ""
    packing = Packing()
    packing.now = next(filter(None, map(_left_by, _headers_of_the_user(unit))), "")
    if packing.now == UNKNOWN or _BY_MACRO.search(source):
        return lambda _: UNKNOWN
    starts, found = [0], [packing.now]
    for match in _PACK.finditer(source):
        packing.read(match.group())
        starts.append(match.end())
        found.append(packing.now)
    return lambda offset: found[bisect.bisect_right(starts, offset) - 1]


def inside(function: t.Function, tokens: list[Token], before: int, outside: str) -> str:
    """The packing at a token of a function that begins where `outside` is in force."""
    packing = Packing()
    packing.now = outside
    for token in tokens[function.first : before]:
        if token.text.startswith("#"):
            packing.read(token.text)
    return packing.now


def _headers_of_the_user(unit: t.Unit) -> list[str]:
    library = str(include_dir())
    return [name for name in unit.dependencies if name != unit.path and not name.startswith(("/usr/", library))]


@lru_cache(maxsize=256)
def _left_by(header: str) -> str:
    text = Path(header).read_bytes().decode("latin1")
    if _BY_MACRO.search(text):
        return UNKNOWN
    packing = Packing()
    packing.read(text)
    return packing.now


def packed(lines: list[str], packing: str) -> list[str]:
    """The lines under a packing, whatever is in force around them; "": the platform's."""
    return ["#pragma pack(push)", f"#pragma pack({packing})", *lines, "#pragma pack(pop)"]

"""Macros that the compiler defines and that have another value at each use: __LINE__, __FILE__, __COUNTER__ and the like."""

from __future__ import annotations

from collections.abc import Callable

from ..ir.source import Position, TokenKind
from .expansion_token import PTok
from .lexer import encode

# Where our own __COUNTER__ starts: far from the numbers the C compiler gives to the uses we leave to it.
_COUNTER_START = 1_000_000

UNARY_PRAGMA = "_Pragma"
NAMES = frozenset(
    {"__LINE__", "__FILE__", "__FILE_NAME__", "__BASE_FILE__", "__COUNTER__", "__INCLUDE_LEVEL__", UNARY_PRAGMA}
)


class Predefined:
    """`presumed` gives the file and line of a position as #line has them."""

    def __init__(self, presumed: Callable[[Position], tuple[str, int]]) -> None:
        self._presumed = presumed
        self._counter = _COUNTER_START

    def value(self, name: PTok, place: Callable[[], Position]) -> PTok:
        text = name.text
        if text == "__COUNTER__":
            self._counter += 1
            return made(name, TokenKind.NUMBER, str(self._counter - 1))
        file, line = self._presumed(place())
        if text == "__LINE__":
            return made(name, TokenKind.NUMBER, str(line))
        if text == "__INCLUDE_LEVEL__":
            return made(name, TokenKind.NUMBER, "0")
        if text == "__FILE_NAME__":
            file = file.rsplit("/", 1)[-1]
        quoted = encode(file).replace("\\", "\\\\").replace('"', '\\"')
        return made(name, TokenKind.STRING, f'"{quoted}"')


def made(name: PTok, kind: TokenKind, text: str) -> PTok:
    """What a name becomes."""
    return PTok(kind, text, name.spaced, name.hidden, name.source, False)

"""word-as-name: `async` where a name should be, which C would let pass in silence.

A field `int async;` turns into `int;`, which declares nothing, and the struct is smaller than in the library that uses it.
The other words leave errors of C behind (c_errors.py explains those); in translated bodies the parser sees for itself.
"""

from __future__ import annotations

import re

from ..ir.source import Position
from .declared import Declarations
from .diagnostics import Diagnostic, error
from .lexer import Lexed
from .text import SourceText
from .unit_parse import ParsedUnit

_AFTER_A_NAME = frozenset({";", ",", ")", "=", "[", ":"})
_FOLLOWING = re.compile(rb"(?:\s|/\*[\s\S]*?\*/|//[^\n]*)*([;,)=\[:])")


def in_headers(unit: ParsedUnit, declarations: Declarations, library: str) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    for word, cursor in declarations.word_uses:
        if word != "async":
            continue
        line, column, offset, file = unit.physical(unit.lib.getCursorLocation(cursor))
        if not file or file.startswith(library):
            continue
        try:
            with open(file, "rb") as stream:  # noqa: PTH123
                stream.seek(offset + len(word))
                following = stream.read(200)
        except OSError:
            continue
        if _FOLLOWING.match(following):
            found.append(_error(Position(file, line, column, offset)))
    return found


def in_text(lexed: Lexed, source: SourceText, is_word: frozenset[int]) -> list[Diagnostic]:
    """`is_word`: the tokens spelled `async` that are the word where they stand."""
    return [
        _error(source.position(lexed.starts[k]))
        for k in sorted(is_word)
        if k + 1 < len(lexed) and lexed.texts[k + 1] in _AFTER_A_NAME
    ]


def _error(position: Position) -> Diagnostic:
    return error(
        "word-as-name",
        position,
        "'async' is a word of the language: as a name it would turn into nothing",
        "include this header before <asyncc/asyncc.h>, or define ASYNCC_NO_KEYWORDS and write ac_async",
        len("async"),
    )

"""Which parts of the text are translated: the functions that use the language, with the bytes and tokens they take."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field

from ..ir.source import TokenKind
from . import words
from .declared import Declarations, Definition
from .lexer import Lexed
from .macros import MacroTable
from .text import lies_in


@dataclass(slots=True)
class Region:
    """Tokens [first, last) of the text, bytes [start, end): one function, or several that one macro makes."""

    first: int
    last: int
    start: int
    end: int
    definitions: list[Definition] = field(default_factory=list)
    expanded: tuple[int, int] = (0, 0)  # its tokens after expansion
    opened: list[str] = field(default_factory=list)  # directives in it of conditionals that end later (conditionals.py)
    closed: list[str] = field(default_factory=list)  # of those that began earlier


class Chooser:
    """Decides by names alone: a function that says none of the words, calls no async function and gives no handle away is
    the user's text and stays it."""

    def __init__(self, lexed: Lexed, declarations: Declarations, macros: MacroTable, typed_async: set[str]) -> None:
        self._lexed, self._declarations, self._macros = lexed, declarations, macros
        self._interesting = set(words.spellings(True)) | declarations.async_names | declarations.consumers | typed_async
        self._reaches: dict[str, bool] = {}

    def regions(self, skipped: list[tuple[int, int]]) -> list[Region]:
        found: list[Region] = []
        for definition in self._declarations.definitions:
            region = self._bounds(definition)
            if region.first >= region.last:
                continue
            if not definition.is_async and not self._uses_language(region, skipped):
                continue
            if found and region.start < found[-1].end:
                found[-1].last = max(found[-1].last, region.last)
                found[-1].end = max(found[-1].end, region.end)
                found[-1].definitions.append(definition)
            else:
                found.append(region)
        return found

    def _bounds(self, definition: Definition) -> Region:
        starts, kinds, texts = self._lexed.starts, self._lexed.kinds, self._lexed.texts
        first = bisect_left(starts, definition.start)
        # Attributes may stand before what clang takes for the start.
        while (
            first > 0
            and starts[first - 1] >= definition.floor
            and kinds[first - 1] is not TokenKind.DIRECTIVE
            and texts[first - 1] not in (";", "}")
        ):
            first -= 1
        last = bisect_left(starts, definition.end)
        start = starts[first] if first < len(starts) else definition.start
        return Region(first, last, start, max(definition.end, start), [definition])

    def _uses_language(self, region: Region, skipped: list[tuple[int, int]]) -> bool:
        lexed = self._lexed
        names = set(lexed.texts[region.first : region.last])
        if skipped and not names.isdisjoint(self._interesting):
            names = {lexed.texts[k] for k in range(region.first, region.last) if not lies_in(skipped, lexed.starts[k])}
        names -= {d.name for d in region.definitions}
        if not names.isdisjoint(self._interesting):
            return True
        if any(
            lexed.kinds[k] is TokenKind.DIRECTIVE and "include" in lexed.texts[k]
            for k in range(region.first, region.last)
        ):
            return True
        return any(self._leads_to_word(name) for name in names if name in self._macros)

    def _leads_to_word(self, name: str) -> bool:
        """Whether a macro's expansion may hold a word, or what else makes a function interesting."""
        known = self._reaches.get(name)
        if known is not None:
            return known
        self._reaches[name] = False
        for macro in self._macros.every(name):
            for token in macro.body:
                if token.kind is TokenKind.NAME and (
                    token.text in self._interesting or (token.text in self._macros and self._leads_to_word(token.text))
                ):
                    self._reaches[name] = True
                    return True
        return False


def typed_async(text: str) -> set[str]:
    """Names that may be pointers to async functions: those declared after the word, outside of bodies. A function that
    says one of them is read, in case it calls through it."""
    if "async" not in text:
        return set()
    return {match.group(1) for match in re.finditer(r"\b(?:ac_)?async\b[^;{}()]*\(\s*\*+\s*(?:const\s+)?(\w+)", text)}

"""The outermost use of a macro, while it is expanded: what its tokens in the text are in the expansion.

The output says the use as the user wrote it if it can. It can if what changes stands in arguments that reach the expansion
as they are; so of each token of the text it is noted where in the expansion it is, unless it was stringified or pasted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..ir.source import TokenKind
from .expansion_token import PTok
from .lexer import decode
from .macros import Macro
from .stretch import Stretch

# Names that parentheses would take their meaning from.
_STATEMENTS = frozenset(
    {"if", "while", "for", "switch", "return", "sizeof", "_Alignof", "_Generic", "__attribute__", "asm"}
)


@dataclass(slots=True)
class OpenUse:
    """An outermost use under expansion."""

    macro: Macro
    first_source: int
    last_source: int
    touched: set[int] = field(default_factory=set)  # tokens of the text that were stringified or pasted
    stringifies: bool = False
    macros: set[str] = field(default_factory=set)
    differs: bool = False  # a macro had a part in it that the C compiler defines otherwise than clang

    def touch(self, tokens: Iterable[PTok]) -> None:
        """These tokens of the text do not reach the expansion as they are."""
        self.stringifies = True
        self.touched.update(t.source for t in tokens if t.genuine)

    def end_at(self, closing: PTok) -> None:
        """The use goes to this token at least, if it is one of the text."""
        if closing.genuine:
            self.last_source = max(self.last_source, closing.source)

    def arguments(self, stretch: Stretch, places: dict[int, list[int]]) -> list[tuple[int, int, tuple[int, ...]]]:
        """The tokens of the text that are in the expansion: where in the use's text, and which tokens they are there."""
        lexed = stretch.lexed
        start, end = lexed.starts[self.first_source], lexed.ends[self.last_source]
        is_ascii = stretch.text[start:end].isascii()
        found = []
        for index in sorted(places):
            if index in self.touched:
                continue
            first, last = lexed.starts[index] - start, lexed.ends[index] - start
            if not is_ascii:
                first, last = (len(decode(stretch.text[start : start + at])) for at in (first, last))
            found.append((first, last, tuple(places[index])))
        return found


def trapped(produced: list[PTok], use: str, definition: Callable[[str], Macro | None]) -> frozenset[str]:
    """Macros whose names stand in an expansion, kept from being expanded by the rule that none is twice. The printer puts
    a function-like one into parentheses where it is the use's own."""
    found = set()
    for k, token in enumerate(produced):
        if token.kind is not TokenKind.NAME or token.text not in token.hidden:
            continue
        macro = definition(token.text)
        if macro is None or [t.text for t in macro.body] == [token.text]:
            continue
        called = k + 1 < len(produced) and produced[k + 1].text == "("
        if not macro.is_function or (called and (token.text != use or token.text in _STATEMENTS)):
            found.add(decode(token.text))
    return frozenset(found)

"""A stretch of text that is read token by token, with the white space and comments between the tokens.

What is left out of the output (a directive, a part that is skipped, a use that expands to nothing) leaves its white space to
the next token, so that lines stay where they are.
"""

from __future__ import annotations

from collections.abc import Callable

from ..ir.source import Position, TokenKind
from .lexer import Lexed, decode, directive_name
from .text import lies_in

BRANCHES = frozenset({"elif", "elifdef", "elifndef", "else"})


class Stretch:
    """Tokens of one file being read in order, with the white space between them."""

    def __init__(self, lexed: Lexed, first: int, last: int, text: str, position: Callable[[int], Position]) -> None:
        self.lexed, self._at, self._last, self.text, self.position = lexed, first, last, text, position
        self.end = lexed.starts[first] if first < last else 0  # where the text already accounted for ends
        self.before = ""  # white space saved up for the next token
        self.skip: list[tuple[int, int]] = []
        # Of a file that a body includes, which decides by itself what to leave out: for each #if that is open, whether one
        # of its branches has been taken.
        self.taken: list[bool] | None = None

    def take(self) -> int:
        """The next token's index, or -1."""
        while self._at < self._last:
            index = self._at
            self._at += 1
            if self.skip and lies_in(self.skip, self.lexed.starts[index]):
                self.drop(index)
                continue
            return index
        return -1

    def to_branch(self) -> int:
        """Leaves out what comes up to the next directive that belongs to the innermost #if; its index, or -1."""
        depth = 0
        while (index := self.take()) >= 0:
            self.drop(index)
            name = directive_name(self.lexed.texts[index]) if self.lexed.kinds[index] is TokenKind.DIRECTIVE else ""
            if name in ("if", "ifdef", "ifndef"):
                depth += 1
            elif depth and name == "endif":
                depth -= 1
            elif not depth and (name in BRANCHES or name == "endif"):
                return index
        return -1

    def untake(self, index: int) -> None:
        self._at = index

    def gap_before(self, index: int) -> str:
        """White space and comments since the last token; that token is now accounted for."""
        start = self.lexed.starts[index]
        gap = self.before + decode(self.text[self.end : start])
        self.before, self.end = "", self.lexed.ends[index]
        return gap

    def drop(self, index: int) -> None:
        """Leaves a token out of the text; the white space before it stays."""
        self.before += decode(self.text[self.end : self.lexed.starts[index]])
        self.end = self.lexed.ends[index]

"""Conditionals of the preprocessor that a function has only one end of.

A function's head or its last lines may stand under an `#if` whose other end is outside of it: two heads, one for each
platform, before one body. The function is printed whole, so the directives of such a conditional go to before or after it:
the ends of those that began earlier behind it, the beginnings of those that end later in front.
"""

from __future__ import annotations

from ..ir.source import TokenKind
from .expander import directive_name
from .lexer import Lexed

_BRANCHES = frozenset({"elif", "elifdef", "elifndef", "else"})


def unbalanced(lexed: Lexed, first: int, last: int) -> tuple[list[str], list[str]]:
    """The directives among tokens [first, last) of conditionals that end later, and of those that began earlier."""
    opened: list[list[str]] = []
    closed: list[str] = []
    for k in range(first, last):
        if lexed.kinds[k] is not TokenKind.DIRECTIVE:
            continue
        text = lexed.texts[k]
        name = directive_name(text)
        if name in ("if", "ifdef", "ifndef"):
            opened.append([text])
        elif name in _BRANCHES:
            (opened[-1] if opened else closed).append(text)
        elif name == "endif":
            if opened:
                opened.pop()
            else:
                closed.append(text)
    return [text for group in opened for text in group], closed

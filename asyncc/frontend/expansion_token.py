"""The token of the expander, which knows what it came from."""

from __future__ import annotations

from dataclasses import dataclass

from ..ir.source import TokenKind

NO_MACROS: frozenset[str] = frozenset()  # a hide set


@dataclass(slots=True)
class PTok:
    """A token on its way through the expander."""

    kind: TokenKind
    text: str
    spaced: bool
    hidden: frozenset[str]
    source: int  # index of the text's token that this is, or that it came out of
    genuine: bool  # it is that token itself: no macro body had a part in it

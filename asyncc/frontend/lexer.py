"""Preprocessing tokens (C11 6.4) of a file.

The text is read as Latin-1, so that one character is one byte and every offset is a byte offset; names and literals are
decoded when they become tokens of the tree. Lines joined by a backslash are joined first, as translation phase 2 says,
and offsets are mapped back. A preprocessing directive is one token.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from ..ir.source import TokenKind

SPACE = r"(?:[ \t\r\n\v\f]+|/\*[\s\S]*?\*/|//[^\n]*)+"
_UNIVERSAL = r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"
NAME = rf"(?:[A-Za-z_$\x80-\xff]|{_UNIVERSAL})(?:[A-Za-z0-9_$\x80-\xff]|{_UNIVERSAL})*"
STRING = r'(?:u8|[uUL])?"(?:[^"\\\n]|\\[\s\S])*"'
CHAR = r"(?:u8|[uUL])?'(?:[^'\\\n]|\\[\s\S])*'"
NUMBER = r"\.?[0-9](?:[eEpP][+-]|[0-9A-Za-z_.\x80-\xff]|'(?=[0-9A-Za-z]))*"
PUNCT = r"%:%:|<<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[*/%+\-&^|]=|##|<:|:>|<%|%>|%:|::|[\s\S]"
_TOKEN = re.compile(f"({SPACE})|({STRING})|({CHAR})|({NAME})|({NUMBER})|({PUNCT})")
_KINDS = (
    TokenKind.END,  # not used: groups count from 1
    TokenKind.END,  # white space
    TokenKind.STRING,
    TokenKind.CHAR,
    TokenKind.NAME,
    TokenKind.NUMBER,
    TokenKind.PUNCT,
)
_DIRECTIVE = re.compile(r'(?:"(?:[^"\\\n]|\\.)*"|/\*[\s\S]*?\*/|//[^\n]*|[^\n])*')
_COMMENT = re.compile(r"/\*[\s\S]*?\*/")
_SPLICE = re.compile(r"\\[ \t]*\r?\n")
_BYTE_ORDER_MARK = "\xef\xbb\xbf"  # of UTF-8, read as Latin-1
DIGRAPHS = {"<:": "[", ":>": "]", "<%": "{", "%>": "}", "%:": "#", "%:%:": "##"}
_DIRECTIVE_NAME = re.compile(r"(?:#|%:)(?:\s|/\*[\s\S]*?\*/)*([A-Za-z_]*)")


def directive_name(text: str) -> str:
    """Of a directive's text the word after the #."""
    match = _DIRECTIVE_NAME.match(text)
    return match.group(1) if match else ""


class Lexed:
    """The tokens of a text as columns: kinds, spellings, and where each starts and ends in the text as given."""

    __slots__ = ("ends", "kinds", "starts", "texts")

    def __init__(self) -> None:
        self.kinds: list[TokenKind] = []
        self.texts: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []

    def __len__(self) -> int:
        return len(self.kinds)


def join_lines(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text without its backslash-newlines, and (offset in it, bytes left out before that offset) for each."""
    if "\\" not in text:
        return text, []
    parts, gaps, end, removed = [], [], 0, 0
    for match in _SPLICE.finditer(text):
        parts.append(text[end : match.start()])
        removed += match.end() - match.start()
        end = match.end()
        gaps.append((end - removed, removed))
    parts.append(text[end:])
    return "".join(parts), gaps


def lex(text: str, directives: bool = True) -> Lexed:
    """Tokens of a whole text; without `directives` a `#` is an ordinary token (in macro bodies)."""
    joined, gaps = join_lines(text)
    out = Lexed()
    kinds, texts, starts, ends = out.kinds, out.texts, out.starts, out.ends
    match_at, at, size = _TOKEN.match, 0, len(joined)
    if joined.startswith(_BYTE_ORDER_MARK):
        at = len(_BYTE_ORDER_MARK)
    line_start = True
    while at < size:
        match = match_at(joined, at)
        assert match is not None
        group, end = match.lastindex or 6, match.end()
        if group == 1:
            if not line_start:
                space = match.group()
                line_start = "\n" in space and ("/*" not in space or "\n" in _COMMENT.sub("", space))
            at = end
            continue
        spelling = match.group()
        if directives and line_start and spelling in ("#", "%:"):
            end = _DIRECTIVE.match(joined, at).end()  # type: ignore[union-attr]
            kinds.append(TokenKind.DIRECTIVE)
            texts.append(joined[at:end].rstrip())
            end = at + len(texts[-1])
        else:
            kinds.append(_KINDS[group])
            texts.append(DIGRAPHS.get(spelling, spelling) if group == 6 else spelling)
            line_start = False
        starts.append(at)
        ends.append(end)
        at = end
    if gaps:
        _map_back(out, gaps)
    return out


def _map_back(lexed: Lexed, gaps: list[tuple[int, int]]) -> None:
    places = [offset for offset, _ in gaps]

    def original(offset: int) -> int:
        k = bisect_right(places, offset)
        return offset + gaps[k - 1][1] if k else offset

    lexed.starts[:] = [original(o) for o in lexed.starts]
    # The end is one past the last character, which may stand before a gap that begins at the end.
    lexed.ends[:] = [original(o - 1) + 1 for o in lexed.ends]


def decode(text: str) -> str:
    """A spelling as Unicode."""
    if text.isascii():
        return text
    return text.encode("latin-1").decode("utf-8", "surrogateescape")


def encode(text: str) -> str:
    """The other way: for text that came from Python's world and joins Latin-1 text."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")

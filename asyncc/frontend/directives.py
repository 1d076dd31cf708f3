"""#undef and #line of the text, which clang does not record."""

from __future__ import annotations

import re

from ..ir.source import LineMap, Position, TokenKind
from .lexer import Lexed, decode, directive_name, lex
from .text import SourceText, lies_in

LINE = re.compile(r'#[ \t]*(?:line[ \t]+)?(\d+)(?:[ \t]+"((?:[^"\\\n]|\\.)*)")?')
_LINE_BYTES = re.compile(b"^[ \\t]*" + LINE.pattern.encode(), re.MULTILINE)


class Directives:
    """Those outside of the parts that are skipped, which are ranges of offsets."""

    def __init__(self, source: SourceText, lexed: Lexed, skipped: list[tuple[int, int]]) -> None:
        self.undefs: list[tuple[int, str]] = []  # offset, name
        self.lines = LineMap(source.path)
        for k, kind in enumerate(lexed.kinds):
            if kind is not TokenKind.DIRECTIVE or lies_in(skipped, lexed.starts[k]):
                continue
            text = lexed.texts[k]
            name = directive_name(text)
            if name == "undef":
                inner = lex(text, directives=False)
                if len(inner) > 2:
                    self.undefs.append((lexed.starts[k], inner.texts[2]))
            elif name in ("line", ""):
                mark = LINE.match(text)
                at = source.position(lexed.starts[k])
                if mark and at.file == source.path:
                    file = decode(mark.group(2)) if mark.group(2) else ""
                    self.lines.add(at.line, int(mark.group(1)), file)

    def presumed(self, position: Position) -> tuple[str, int]:
        """File and line as #line has them: what __FILE__ and __LINE__ give."""
        return self.lines.at(position.file, position.line)


def lines_of(path: str, data: bytes) -> LineMap:
    """The same of a file that may not be lexed, with errors in it: as if no part of it were skipped."""
    found = LineMap(path)
    for match in _LINE_BYTES.finditer(data):
        file = (match.group(2) or b"").decode("utf-8", "replace")
        found.add(data.count(b"\n", 0, match.start(1)) + 1, int(match.group(1)), file)
    return found

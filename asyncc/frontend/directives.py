"""#undef and #line of the text, which clang does not record."""

from __future__ import annotations

import re

from ..ir.source import Position, TokenKind
from .lexer import Lexed, decode, directive_name, lex
from .text import SourceText, lies_in

_LINE = re.compile(r'#\s*(?:line\s+)?(\d+)(?:\s+"((?:[^"\\]|\\.)*)")?')


class Directives:
    """Those outside of the parts that are skipped, which are ranges of offsets."""

    def __init__(self, source: SourceText, lexed: Lexed, skipped: list[tuple[int, int]]) -> None:
        self._source = source
        self.undefs: list[tuple[int, str]] = []  # offset, name
        self._marks: list[tuple[int, int, str]] = []  # offset, line of the next line, file
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
                mark = _LINE.match(text)
                if mark:
                    file = decode(mark.group(2)) if mark.group(2) else ""
                    self._marks.append((lexed.starts[k], int(mark.group(1)), file))

    def presumed(self, position: Position) -> tuple[str, int]:
        """File and line as #line has them: what __FILE__ and __LINE__ give."""
        file, line = position.file, position.line
        if self._marks and file == self._source.path:
            for offset, marked, name in self._marks:
                if offset > position.offset:
                    break
                line = position.line - self._source.position(offset).line - 1 + marked
                file = name or file
        return file, line

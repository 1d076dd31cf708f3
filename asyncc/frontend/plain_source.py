"""The text as it is parsed the second time: each region's expanded tokens in its place, as plain C; and the way back from there
to the user's positions.
"""

from __future__ import annotations

from bisect import bisect_right

from ..ir.source import Position, Token, TokenKind
from . import libclang
from .declared import Definition
from .diagnostics import InputErrors, error
from .macros import MacroTable
from .oracle import FunctionOracle
from .plain_text import Writer
from .regions import Region
from .text import SourceText
from .unit_parse import ParsedUnit


class PlainSource:
    def __init__(self, source: SourceText, tokens: list[Token], spellings: dict[str, str], macros: MacroTable) -> None:
        self._source, self._tokens, self._macros = source, tokens, macros
        self._text = source.data.decode("latin-1")
        self._moves: list[tuple[int, int, Region]] = []  # where each region went: start, end
        self._asked: list[tuple[int, int]] = []  # alignments: offset of the question, token
        self._size = 0
        writer = Writer(tokens, spellings, self._async_attribute())
        self.result = writer.result
        self._writer = writer

    def write(self, regions: list[Region]) -> bytes:
        parts: list[str] = []
        offset = end = 0
        for region in regions:
            before, after = self._shield(region)
            piece = self._text[end : region.start] + before
            parts.append(piece)
            offset += len(piece)
            text = self._writer.write(*region.expanded, offset)
            parts += [text, after]
            self._moves.append((offset, offset + len(text), region))
            offset += len(text) + len(after)
            end = region.end
        parts.append(self._text[end:])
        self._ask_alignments(parts, offset + len(self._text) - end)
        data = "".join(parts).encode("latin-1")
        self._size = len(data)
        return data

    def _async_attribute(self) -> str:
        macro = self._macros.lookup("ac_async", len(self._text))
        return " ".join(token.text for token in macro.body) if macro else ""

    def _shield(self, region: Region) -> tuple[str, str]:
        """Names that are macros and yet stand in the expansion (`stdin`, a macro that names itself) must not be expanded
        again by clang."""
        names = sorted(
            {
                token.text
                for token in self._tokens[region.expanded[0] : region.expanded[1]]
                if token.kind is TokenKind.NAME and token.text in self._macros
            }
        )
        before = "".join(f'\n#pragma push_macro("{n}")\n#undef {n}' for n in names)
        after = "".join(f'\n#pragma pop_macro("{n}")' for n in names)
        opened, closed = ("".join(f"\n{text}" for text in texts) for texts in (region.opened, region.closed))
        return f"{opened}{before}\n", f"{after}{closed}\n"

    def _ask_alignments(self, parts: list[str], offset: int) -> None:
        """_Alignas(…) that is no plain number is put to clang as the alignment of a struct behind the text."""
        for opening, contents in self.result.alignments.items():
            text = f"\nstruct ac__aligned_{opening} {{ _Alignas({contents}) char c; }};"
            self._asked.append((offset, opening))
            parts.append(text)
            offset += len(text)

    def read_alignments(self, unit: ParsedUnit, oracle: FunctionOracle) -> None:
        if not self._asked:
            return
        wanted = {f"ac__aligned_{opening}": opening for _, opening in self._asked}
        for cursor in unit.children(unit.cursor):
            if cursor.kind == libclang.STRUCT_DECL:
                opening = wanted.get(unit.lib.spelling(cursor))
                if opening is not None:
                    value = unit.lib.Type_getAlignOf(unit.lib.getCursorType(cursor))
                    oracle.alignments[opening] = max(value, 0)

    def check(self, unit: ParsedUnit) -> None:
        """What was right in the user's text must be right in ours. If not, it is our mistake, and said to be."""
        size = min((offset for offset, _ in self._asked), default=self._size)
        for found in unit.diagnostics(libclang.ERROR):
            if found.in_main and found.offset < size:
                position = self.user_position(found.offset)
                message = f"asyncc could not read this after expanding its macros: {found.message}"
                raise InputErrors([error("internal", position, message, "please report this, with the file")])

    def user_position(self, offset: int) -> Position:
        """Where a byte of the plain text stands in the user's."""
        k = bisect_right(self._moves, offset, key=lambda move: move[0]) - 1
        if k < 0:
            return self._source.position(min(offset, len(self._text)))
        _, end, region = self._moves[k]
        if offset >= end:
            return self._source.position(max(0, min(offset + region.end - end, len(self._text))))
        first, last = region.expanded
        at = first
        for index in range(first, last):
            if 0 <= self.result.starts[index] <= offset:
                at = index
        return self._tokens[at].position

    def connect(self, oracle: FunctionOracle, definitions: list[Definition]) -> None:
        """Gives the oracle the functions that stand in regions."""
        starts = [start for start, _, _ in self._moves]
        for definition in sorted(definitions, key=lambda d: d.start):
            k = bisect_right(starts, definition.start) - 1
            if k >= 0 and definition.start < self._moves[k][1]:
                oracle.add_function(definition.start, max(definition.end, definition.start + 1), definition.cursor)

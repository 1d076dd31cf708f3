"""The text for the second parse: expanded tokens as plain C, with the words turned into C that keeps every type.

Each word becomes what its macro in <asyncc/words.h> says, but written out here, so that no macro stands in a translated
body and clang gives every node its exact extent. For each token the range of bytes it became is kept; a type is asked for
by the bytes of an expression's first and last token.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..ir.source import Token, TokenKind
from .lexer import directive_name, encode

_TASK, _FUTURE = 1, 2  # as in <asyncc/handle.h>
_SIMPLE = {
    "await": "__extension__ __extension__",
    "select": "switch (ac__select(0))",
    "select_biased": "switch (ac__select(1))",
    "otherwise": "if (ac__otherwise())",
    "gather": "switch (ac__gather()) default:",
    "defer": "switch (ac__defer()) default:",
    "ac_is_done": "ac__is_done",
}
_SELECTIONS = frozenset({"_Generic", "__builtin_choose_expr"})
_ALIGNED = frozenset({"_Alignas", "alignas", "aligned", "__aligned__"})


@dataclass(slots=True)
class PlainText:
    """`starts[i]`, `ends[i]`: the bytes of token i, counted from the start of the text; -1 for tokens that left nothing."""

    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    selections: dict[int, tuple[int, int]] = field(
        default_factory=dict
    )  # token of _Generic → bytes of what tells the branch
    alignments: dict[int, str] = field(default_factory=dict)  # token of the parenthesis → its contents, to be evaluated


class Writer:
    def __init__(self, tokens: list[Token], words: dict[str, str], async_attribute: str) -> None:
        self._tokens, self._words = tokens, words
        self._simple = {**_SIMPLE, "async": async_attribute}
        self._closings: dict[int, int] = {}
        self.result = PlainText([-1] * len(tokens), [-1] * len(tokens))

    def write(self, first: int, last: int, offset: int) -> str:
        """The text of tokens [first, last), which will stand at byte `offset`."""
        self._match_brackets(first, last)
        self._parts: list[str] = []
        self._at = offset
        self._mapped = True
        self._range(first, last)
        return "".join(self._parts)

    def _match_brackets(self, first: int, last: int) -> None:
        stack: list[int] = []
        for index in range(first, last):
            token = self._tokens[index]
            if token.kind is TokenKind.PUNCT:
                if token.text in "([{":
                    stack.append(index)
                elif token.text in ")]}" and stack:
                    self._closings[stack.pop()] = index

    def _add(self, text: str) -> None:
        self._parts.append(text)
        self._at += len(text)

    def _range(self, first: int, last: int) -> None:
        index = first
        while index < last:
            index = self._token(index, last)

    def _token(self, index: int, last: int) -> int:
        """Writes one token, or a word with all that belongs to it; gives the index after."""
        token = self._tokens[index]
        kind, text = token.kind, token.text
        if kind is TokenKind.WORD:
            word = self._words[text]
            following = index + 1
            if following < last and self._tokens[following].text == "(":
                closing = self._closings.get(following, -1)
                if closing > 0 and word in _CALLS:
                    _CALLS[word](self, word, index, following, closing)
                    return closing + 1
            self._plain(index, self._simple.get(word, text))
            return following
        if kind is TokenKind.DIRECTIVE:
            if directive_name(text) == "pragma":
                self._add("\n" + encode(text) + "\n")
            return index + 1
        if kind is TokenKind.NAME and index + 1 < last and self._tokens[index + 1].text == "(":
            if text in _SELECTIONS:
                return self._selection(index)
            if text in _ALIGNED and self._mapped:
                self._alignment(index + 1)
        self._plain(index, text if text.isascii() else encode(text))
        return index + 1

    def _plain(self, index: int, text: str) -> None:
        if self._mapped:
            self.result.starts[index] = self._at
            self.result.ends[index] = self._at + len(text)
        self._parts.append(text)
        self._parts.append(" ")
        self._at += len(text) + 1

    def _close(self, index: int, before: str, after: str) -> None:
        """A closing parenthesis with text around it that belongs to the same expression."""
        self._add(before)
        if self._mapped:
            self.result.starts[index] = self._at
        self._add(")" + after)
        if self._mapped:
            self.result.ends[index] = self._at
        self._add(" ")

    def _copy(self, first: int, last: int) -> str:
        """The text of tokens a second time, for __typeof__: not mapped."""
        mapped, parts, at = self._mapped, self._parts, self._at
        self._mapped, self._parts = False, []
        self._range(first, last)
        text = "".join(self._parts)
        self._mapped, self._parts, self._at = mapped, parts, at
        return text

    def _comma(self, first: int, last: int) -> int:
        """The first comma of [first, last) outside of brackets."""
        index = first
        while index < last:
            text = self._tokens[index].text
            if text == "," and self._tokens[index].kind is TokenKind.PUNCT:
                return index
            index = self._closings.get(index, index) + 1
        return last

    # --- words with parentheses ----------------------------------------------------------------------------------------

    def _for(self, word: str, index: int, opening: int, closing: int) -> None:
        self._plain(index, "for")
        self._range(opening, closing)
        self._close(closing, "; ac__when();" if word == "when" else "; ac__until(0);", "")

    def _within(self, _word: str, index: int, opening: int, closing: int) -> None:
        self._plain(index, "if (ac__within")
        self._range(opening, closing)
        self._close(closing, "", ")")

    def _run_until(self, _word: str, index: int, opening: int, closing: int) -> None:
        self._plain(index, "if (ac__until(")
        self._range(opening, closing)
        self._close(closing, ", 0", "))")

    def _handle(self, first: int, last: int, kind: int) -> str:
        return f"((__typeof__(__typeof__({self._copy(first, last)}) *(*)[{kind}]))((void)"

    def _spawn(self, word: str, index: int, opening: int, closing: int) -> None:
        self._plain(index, self._handle(opening + 1, closing, _FUTURE if word == "ac_lazy" else _TASK))
        self._range(opening, closing)
        self._close(closing, "", ", ac__h()))")

    def _spawn_on(self, _word: str, index: int, opening: int, closing: int) -> None:
        comma = self._comma(opening + 1, closing)
        self._plain(index, "((void)")
        self._range(opening, comma)
        self._add("), " + self._handle(comma + 1, closing, _TASK) + "(")
        self._range(comma + 1, closing)
        self._close(closing, "", ", ac__h())))")

    def _join(self, _word: str, index: int, opening: int, closing: int) -> None:
        self._plain(index, "(***")
        self._range(opening, closing)
        self._close(closing, "", ")")

    def _join_result(self, _word: str, index: int, opening: int, closing: int) -> None:
        comma = self._comma(opening + 1, closing)
        self._plain(index, "ac__join_result((")
        self._range(opening + 1, comma)
        self._add("), (1 ? (")
        self._range(comma + 1, closing)
        self._close(closing, f") : (__typeof__(***({self._copy(opening + 1, comma)})) *)0)", "")

    def _block_on(self, _word: str, index: int, opening: int, closing: int) -> None:
        comma = self._comma(opening + 1, closing)
        self._plain(index, "((void)")
        self._range(opening, comma)
        self._add("), (")
        self._range(comma + 1, closing)
        self._close(closing, ")", "")

    # --- what has to be worked out by clang ----------------------------------------------------------------------------

    def _selection(self, index: int) -> int:
        """A _Generic or __builtin_choose_expr, with the number of the branch that is taken beside it, as the length of an
        array: `__builtin_choose_expr(1, _Generic(…), sizeof(_Generic(…, T: (char (*)[1])0, …)))`."""
        opening = index + 1
        closing = self._closings[opening]
        start = self._at
        self._add("__builtin_choose_expr(1, ")
        self._plain(index, self._tokens[index].text)
        self._plain(opening, "(")
        self._range(opening + 1, closing)
        self._close(closing, "", "")
        self._add(f", sizeof({self._numbered(index, opening, closing)}))")
        if self._mapped:
            self.result.selections[index] = (start, self._at)
            # A call whose callee is chosen begins where clang sees the callee begin.
            self.result.starts[index], self.result.ends[closing] = start, self._at
        self._add(" ")
        return closing + 1

    def _numbered(self, index: int, opening: int, closing: int) -> str:
        generic = self._tokens[index].text == "_Generic"
        comma = self._comma(opening + 1, closing)
        parts = [self._copy(opening + 1, comma)]
        number = 0
        while comma < closing:
            first, comma = comma + 1, self._comma(comma + 1, closing)
            number += 1
            label = f"{self._copy(first, self._colon(first, comma))}: " if generic else ""
            parts.append(f"{label}(char (*)[{number}])0")
        return f"{self._tokens[index].text}({', '.join(parts)})"

    def _colon(self, first: int, last: int) -> int:
        index = first
        while index < last and self._tokens[index].text != ":":
            index = self._closings.get(index, index) + 1
        return index

    def _alignment(self, opening: int) -> None:
        closing = self._closings.get(opening, -1)
        if closing > 0:
            self.result.alignments[opening] = self._copy(opening + 1, closing)


_CALLS = {
    "when": Writer._for,
    "when_true": Writer._for,
    "within": Writer._within,
    "run_until": Writer._run_until,
    "spawn": Writer._spawn,
    "spawn_local": Writer._spawn,
    "spawn_blocking": Writer._spawn,
    "spawn_on": Writer._spawn_on,
    "ac_lazy": Writer._spawn,
    "ac_join": Writer._join,
    "ac_resume": Writer._join,
    "ac_join_result": Writer._join_result,
    "ac_block_on": Writer._block_on,
}

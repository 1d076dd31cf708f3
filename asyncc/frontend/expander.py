"""The macro expander: from the text of a function to the tokens the C parser sees.

clang cannot give the expanded tokens of a body with their origins (architecture: nodes out of a macro all have the extent
of its use), so bodies are expanded here, with the definitions clang recorded. The method is Dave Prosser's, which the
standard's wording was made from: every token carries the set of macros it must not expand again (its hide set). The words
of the language are not expanded, wherever they come from.

Each expanded token remembers the token of the text it is, or the outermost use it came out of, so that the output can say
`assert(x)` where the user did.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..ir.source import MacroUse, Position, Token, TokenKind
from .lexer import Lexed, decode, encode, lex
from .macros import Macro, MacroTable, MacroToken, parse_definition
from .other_compiler import loses_names
from .text import SourceText, lies_in

_NONE: frozenset[str] = frozenset()
_CONDITIONALS = frozenset(
    {"if", "ifdef", "ifndef", "elif", "elifdef", "elifndef", "else", "endif", "error", "warning", ""}
)
_DIRECTIVE_NAME = re.compile(r"(?:#|%:)(?:\s|/\*[\s\S]*?\*/)*([A-Za-z_]*)")
_UNARY_PRAGMA = "_Pragma"
# Where our own __COUNTER__ starts: far from the numbers the C compiler gives to the uses we leave to it.
_COUNTER_START = 1_000_000


def directive_name(text: str) -> str:
    match = _DIRECTIVE_NAME.match(text)
    return match.group(1) if match else ""


@dataclass(slots=True)
class PTok:
    """A token on its way through the expander."""

    kind: TokenKind
    text: str
    spaced: bool
    hidden: frozenset[str]
    source: int  # index of the text's token that this is, or that it came out of
    genuine: bool  # it is that token itself: no macro body had a part in it


@dataclass(slots=True)
class _OpenUse:
    """An outermost use under expansion."""

    macro: Macro
    first_source: int
    last_source: int
    touched: set[int] = field(default_factory=set)  # tokens of the text that were stringified or pasted
    stringifies: bool = False
    macros: set[str] = field(default_factory=set)
    differs: bool = False  # a macro had a part in it that the C compiler defines otherwise than clang


class Expander:
    """Expands stretches of one text. `tokens` grows; `uses` are the macro uses met."""

    def __init__(
        self,
        source: SourceText,
        text: str,
        table: MacroTable,
        spellings: Iterable[str],
        presumed: Callable[[Position], tuple[str, int]],
        read_include: Callable[[str, Position], tuple[str, str, list[tuple[int, int]]] | None],
    ) -> None:
        self._source, self._text = source, text
        self._table = table
        self._every_spelling = tuple(spellings)
        self._spellings: frozenset[str] = (
            _NONE  # those that are words here: not before the include, not after an #undef
        )
        self._presumed = presumed
        self._read_include = read_include
        self._word_changes = table.changes(self._every_spelling)
        self._words_by_epoch: dict[int, frozenset[str]] = {}
        self.tokens: list[Token] = []
        self.skipped: list[tuple[int, int]] = []
        self.differing: frozenset[str] = _NONE  # see other_compiler.py
        self._local: dict[str, Macro | None] = {}  # #define and #undef inside the body under expansion
        self._place = 0  # offset of the text at which macros are looked up
        self._counter = _COUNTER_START
        self._pending: list[PTok] = []  # reversed: the next token is last
        self._from_text = False  # where the last token taken came from
        self._use: _OpenUse | None = None
        self._macro_of: dict[str, Macro | None] = {}

    # --- one stretch of the text ----------------------------------------------------------------------------------

    def expand(self, lexed: Lexed, first: int, last: int, gap: str = "") -> tuple[int, int]:
        """Expands tokens [first, last) of the text; gives the range of the expanded tokens."""
        start = len(self.tokens)
        self._place = lexed.starts[first] if first < len(lexed) else len(self._text)
        self._local, self._macro_of = {}, {}
        self._spellings = self._words_at(self._place)
        stretch = _Stretch(lexed, first, last, self._text, self._source.position)
        stretch.skip = self.skipped
        self._run(stretch, gap)
        return start, len(self.tokens)

    def _words_at(self, place: int) -> frozenset[str]:
        epoch = bisect_right(self._word_changes, place)
        found = self._words_by_epoch.get(epoch)
        if found is None:
            found = frozenset(w for w in self._every_spelling if self._table.lookup(w, place))
            self._words_by_epoch[epoch] = found
        return found

    def _run(self, stretch: _Stretch, gap: str = "") -> None:
        """Expands a whole stretch, of the text or of a file included inside a body."""
        outer = getattr(self, "_stretch", None)
        self._stretch = stretch
        stretch.before = gap
        while (index := stretch.take()) >= 0:
            kind, text = stretch.lexed.kinds[index], stretch.lexed.texts[index]
            if kind is TokenKind.DIRECTIVE:
                self._directive(stretch, index)
                continue
            first_token = len(self.tokens)
            before = stretch.gap_before(index)
            if kind is not TokenKind.NAME or text in self._spellings:
                self._put(PTok(kind, text, False, _NONE, index, True), before)
                continue
            macro = self._macro(text)
            if macro is None and text not in _BUILTIN:
                self._put(PTok(kind, text, False, _NONE, index, True), before)
                continue
            self._outermost(stretch, index, macro, before, first_token)
        if outer is not None:
            self._stretch = outer

    def _outermost(self, stretch: _Stretch, index: int, macro: Macro | None, before: str, first: int) -> None:
        """A name of the text that is a macro: expand it and all that comes of it."""
        name = PTok(TokenKind.NAME, stretch.lexed.texts[index], False, _NONE, index, True)
        use = self._use = _OpenUse(macro or _EMPTY, index, index)
        expansion = self._expand_name(name, macro, self._stretch_next)
        if expansion is None:  # a function-like macro without its parenthesis
            self._use = None
            self._put(name, before)
            return
        self._pending = list(reversed(expansion))
        produced: list[PTok] = []
        while self._pending:
            token = self._pending.pop()
            if token.kind is TokenKind.NAME and token.text not in self._spellings:
                inner = None if token.text in token.hidden else self._macro(token.text)
                if inner is not None or token.text in _BUILTIN:
                    more = self._expand_name(token, inner, self._next_anywhere)
                    if more is not None:
                        self._pending.extend(reversed(more))
                        continue
            produced.append(token)
        self._use = None
        self._record_use(stretch, use, name.text, produced, before, first)

    def _record_use(
        self, stretch: _Stretch, use: _OpenUse, name: str, produced: list[PTok], before: str, first: int
    ) -> None:
        lexed = stretch.lexed
        start, end = lexed.starts[use.first_source], lexed.ends[use.last_source]
        stretch.end, stretch.before = end, ""
        record = MacroUse(decode(name), decode(stretch.text[start:end]), stretch.position(start), first)
        record.stringifies = use.stringifies
        record.macros, record.trapped = frozenset(use.macros), self._trapped(produced, name)
        places: dict[int, list[int]] = {}
        for k, token in enumerate(produced):
            gap = before if k == 0 else " " if token.spaced else ""
            made = self._put(token, gap, record)
            if token.genuine:
                places.setdefault(token.source, []).append(made)
        record.last = len(self.tokens)
        for index in sorted(places):
            if index not in use.touched:
                span = lexed.starts[index] - start, lexed.ends[index] - start
                if not stretch.text[start:end].isascii():
                    span = tuple(len(decode(stretch.text[start : start + s])) for s in span)  # type: ignore[assignment]
                record.arguments.append((span[0], span[1], tuple(places[index])))
        record.loses_names = use.differs and loses_names(record.text, record.arguments)
        if not produced:
            # A use that expands to nothing is like white space, and stays in the text as that: if it is nothing to all.
            stretch.before = before + ("" if use.differs else record.text)

    def _trapped(self, produced: list[PTok], use: str) -> frozenset[str]:
        """Macros whose names stand in an expansion, kept from being expanded by the rule that none is twice. The printer puts
        a function-like one into parentheses where it is the use's own."""
        found = set()
        for k, token in enumerate(produced):
            if token.kind is not TokenKind.NAME or token.text not in token.hidden:
                continue
            macro = self._macro(token.text)
            if macro is None or [t.text for t in macro.body] == [token.text]:
                continue
            called = k + 1 < len(produced) and produced[k + 1].text == "("
            if not macro.is_function or (called and (token.text != use or token.text in _STATEMENTS)):
                found.add(decode(token.text))
        return frozenset(found)

    def _put(self, token: PTok, before: str, use: MacroUse | None = None) -> int:
        """Appends a finished token."""
        stretch, kind, text = self._stretch, token.kind, token.text
        if kind is TokenKind.NAME and text in self._spellings:
            kind = TokenKind.WORD
        if not text.isascii():
            text = decode(text)
        index = len(self.tokens)
        self.tokens.append(Token(kind, text, stretch.position(stretch.lexed.starts[token.source]), before, use, index))
        return index

    # --- directives inside a body ----------------------------------------------------------------------------------

    def _directive(self, stretch: _Stretch, index: int) -> None:
        text = stretch.lexed.texts[index]
        name = directive_name(text)
        start, end = stretch.lexed.starts[index], stretch.lexed.ends[index]
        if name in _CONDITIONALS or name == "line" or name.isdigit():
            stretch.drop(index)
            return
        rest = text[text.index(name) + len(name) :] if name else ""
        if name in ("include", "include_next", "import"):
            self._include(stretch, index, rest)
            return
        if name == "define":
            macro = parse_definition(rest)
            self._local[macro.name] = macro
            self._macro_of.pop(macro.name, None)
        elif name == "undef":
            undefined = lex(rest, directives=False)
            if len(undefined):
                self._local[undefined.texts[0]] = None
                self._macro_of.pop(undefined.texts[0], None)
        before = stretch.gap_before(index)
        position = stretch.position(start)
        whole = decode(stretch.text[start:end])
        self.tokens.append(Token(TokenKind.DIRECTIVE, whole, position, before, None, len(self.tokens)))

    def _include(self, stretch: _Stretch, index: int, rest: str) -> None:
        """An #include inside a body: its tokens take its place."""
        position = stretch.position(stretch.lexed.starts[index])
        operand = rest.strip()
        if operand[:1] not in ('"', "<"):  # a macro
            lexed = lex(operand, directives=False)
            tokens = [PTok(lexed.kinds[k], lexed.texts[k], k > 0, _NONE, index, False) for k in range(len(lexed))]
            operand = "".join(t.text for t in self._expand_all(tokens))
        found = self._read_include(decode(operand), position)
        stretch.drop(index)
        if found is None:
            return
        name, text, skipped = found
        source = SourceText(name, text.encode("latin-1"))
        lexed = lex(text)
        inner = _Stretch(lexed, 0, len(lexed), text, source.position)
        inner.skip = skipped
        self._run(inner, stretch.before + "\n")
        stretch.before = "\n"

    # --- macros ------------------------------------------------------------------------------------------------------

    def _macro(self, name: str) -> Macro | None:
        """The definition of a name here and now."""
        try:
            return self._macro_of[name]
        except KeyError:
            pass
        found = self._local[name] if name in self._local else self._table.lookup(name, self._place)
        self._macro_of[name] = found
        return found

    def _stretch_next(self) -> PTok | None:
        """The next token of the text, if an argument may go on there. Taking it makes it part of the use."""
        stretch = self._stretch
        index = stretch.take()
        while index >= 0 and stretch.lexed.kinds[index] is TokenKind.DIRECTIVE:
            stretch.drop(index)  # C leaves open what a directive among arguments means; compilers obey #if there
            index = stretch.take()
        if index < 0:
            return None
        self._from_text = True
        lexed = stretch.lexed
        spaced = index > 0 and lexed.starts[index] > lexed.ends[index - 1]
        return PTok(lexed.kinds[index], lexed.texts[index], spaced, _NONE, index, True)

    def _next_anywhere(self) -> PTok | None:
        if not self._pending:
            return self._stretch_next()
        self._from_text = False
        return self._pending.pop()

    def _give_back(self, token: PTok) -> None:
        """Undoes the last taking of a token."""
        if self._from_text:
            self._stretch.untake(token.source)
        else:
            self._pending.append(token)

    def _expand_name(self, name: PTok, macro: Macro | None, following: Callable[[], PTok | None]) -> list[PTok] | None:
        """What one macro name becomes, before rescanning; None if it stays (no parenthesis follows)."""
        if macro is None:
            return self._builtin(name, following)
        if macro.parameters is None:
            return self._substitute(macro, name, [], name.hidden | {name.text})
        opening = following()
        if opening is None:
            return None
        if opening.text != "(" or opening.kind is not TokenKind.PUNCT:
            self._give_back(opening)
            return None
        arguments, closing = self._arguments(macro, following)
        self._note_end(closing)
        hidden = (name.hidden & closing.hidden) | {name.text}
        return self._substitute(macro, name, arguments, hidden)

    def _note_end(self, closing: PTok) -> None:
        if self._use is not None and closing.genuine:
            self._use.last_source = max(self._use.last_source, closing.source)

    def _arguments(self, macro: Macro, following: Callable[[], PTok | None]) -> tuple[list[list[PTok]], PTok]:
        """The arguments up to the closing parenthesis, one list each; the variable ones are one, commas and all."""
        assert macro.parameters is not None
        named = len(macro.parameters)
        arguments: list[list[PTok]] = [[]]
        depth = 0
        while True:
            token = following()
            if token is None:
                token = PTok(TokenKind.PUNCT, ")", False, _NONE, self._use.last_source if self._use else 0, False)
                break
            if token.kind is TokenKind.PUNCT:
                if token.text == "(":
                    depth += 1
                elif token.text == ")":
                    if depth == 0:
                        break
                    depth -= 1
                elif token.text == "," and depth == 0 and not (macro.variadic and len(arguments) > named):
                    arguments.append([])
                    continue
            arguments[-1].append(token)
        while len(arguments) < named:
            arguments.append([])
        return arguments, token

    def _expand_all(self, tokens: Iterable[PTok]) -> list[PTok]:
        """An argument expanded by itself, as if it were the rest of the file."""
        pending = list(reversed(list(tokens)))
        done: list[PTok] = []

        def following() -> PTok | None:
            return pending.pop() if pending else None

        while pending:
            token = pending.pop()
            if token.kind is TokenKind.NAME and token.text not in self._spellings and token.text not in token.hidden:
                macro = self._macro(token.text)
                if macro is not None or token.text in _BUILTIN:
                    more = self._expand_in(pending, token, macro, following)
                    if more is not None:
                        pending.extend(reversed(more))
                        continue
            done.append(token)
        return done

    def _expand_in(
        self, pending: list[PTok], name: PTok, macro: Macro | None, following: Callable[[], PTok | None]
    ) -> list[PTok] | None:
        if macro is not None and macro.parameters is not None and not (pending and pending[-1].text == "("):
            return None
        return self._expand_name(name, macro, following)

    def _substitute(self, macro: Macro, name: PTok, arguments: list[list[PTok]], hidden: frozenset[str]) -> list[PTok]:
        """C11 6.10.3.1-3: the body with the arguments in it."""
        if self._use is not None:
            self._use.macros.add(macro.name)
            self._use.differs = self._use.differs or macro.name in self.differing
        out: list[PTok] = []
        expanded: dict[int, list[PTok]] = {}
        body, at = macro.body, 0
        while at < len(body):
            at = self._substitute_one(macro, name, arguments, expanded, body, at, out)
        for k, token in enumerate(out):
            out[k] = PTok(token.kind, token.text, token.spaced, token.hidden | hidden, token.source, token.genuine)
        if out:
            out[0].spaced = name.spaced
        return [t for t in out if t.kind is not TokenKind.END]

    def _substitute_one(
        self,
        macro: Macro,
        name: PTok,
        arguments: list[list[PTok]],
        expanded: dict[int, list[PTok]],
        body: list[MacroToken],
        at: int,
        out: list[PTok],
    ) -> int:
        token = body[at]
        text = token.text
        which = macro.index.get(text) if token.kind is TokenKind.NAME else None
        if text == "#" and macro.is_function and at + 1 < len(body):
            k = macro.index.get(body[at + 1].text)
            if k is not None:
                out.append(self._stringify(self._argument(arguments, k), token.spaced, name))
                return at + 2
        if text == "##" and out and at + 1 < len(body):
            return self._paste_next(macro, name, arguments, body, at, out)
        if text == "__VA_OPT__" and macro.variadic and at + 1 < len(body) and body[at + 1].text == "(":
            return self._va_opt(macro, name, arguments, expanded, body, at, out)
        if which is None:
            out.append(PTok(token.kind, text, token.spaced, _NONE, name.source, False))
            return at + 1
        pasted = at + 1 < len(body) and body[at + 1].text == "##"
        if pasted:
            argument = self._argument(arguments, which)
            self._touch(argument[-1:])
        else:
            if which not in expanded:
                expanded[which] = self._expand_all(self._argument(arguments, which))
            argument = expanded[which]
        if argument:
            first = argument[0]
            out.append(PTok(first.kind, first.text, token.spaced, first.hidden, first.source, first.genuine))
            out.extend(argument[1:])
        elif pasted:
            out.append(PTok(TokenKind.END, "", token.spaced, _NONE, name.source, False))  # a placemarker
        return at + 1

    @staticmethod
    def _argument(arguments: list[list[PTok]], which: int) -> list[PTok]:
        return arguments[which] if which < len(arguments) else []

    def _touch(self, tokens: Iterable[PTok]) -> None:
        """These tokens of the text do not reach the expansion as they are."""
        if self._use is not None:
            self._use.stringifies = True
            self._use.touched.update(t.source for t in tokens if t.genuine)

    def _stringify(self, tokens: list[PTok], spaced: bool, name: PTok) -> PTok:
        self._touch(tokens)
        parts = []
        for k, token in enumerate(tokens):
            text = token.text
            if token.kind in (TokenKind.STRING, TokenKind.CHAR):
                text = text.replace("\\", "\\\\").replace('"', '\\"')
            parts.append(" " + text if token.spaced and k else text)
        return PTok(TokenKind.STRING, '"' + "".join(parts) + '"', spaced, _NONE, name.source, False)

    def _paste_next(
        self,
        macro: Macro,
        name: PTok,
        arguments: list[list[PTok]],
        body: list[MacroToken],
        at: int,
        out: list[PTok],
    ) -> int:
        """`left ## right`: out ends with the left side."""
        right = body[at + 1]
        which = macro.index.get(right.text) if right.kind is TokenKind.NAME else None
        after = at + 2
        if which is None:
            if right.text == "#" and macro.is_function and after < len(body) and body[after].text in macro.index:
                operand = [self._stringify(self._argument(arguments, macro.index[body[after].text]), False, name)]
                after += 1
            else:
                operand = [PTok(right.kind, right.text, False, _NONE, name.source, False)]
        else:
            operand = self._argument(arguments, which)
            is_rest = macro.variadic and which == len(macro.parameters or [])
            if is_rest and out[-1].text == ",":  # GNU: `, ## __VA_ARGS__`
                return self._comma_rest(macro, arguments, which, after, out, body)
            self._touch(operand[:1])
            if after < len(body) and body[after].text == "##":
                self._touch(operand[-1:])
        if not operand:
            return after
        left = out.pop()
        if left.kind is TokenKind.END:
            first = operand[0]
            out.append(PTok(first.kind, first.text, left.spaced, first.hidden, first.source, False))
        else:
            out.extend(self._paste(left, operand[0]))
        out.extend(operand[1:])
        return after

    def _comma_rest(
        self,
        macro: Macro,
        arguments: list[list[PTok]],
        which: int,
        after: int,
        out: list[PTok],
        body: list[MacroToken],
    ) -> int:
        rest = self._argument(arguments, which)
        if rest:
            out.extend(rest if after < len(body) and body[after].text == "##" else self._expand_all(rest))
        elif which == 0 or which >= len(arguments):
            out.pop()  # no variable argument: the comma goes. (It stays where there is one and it is empty, `f(1,)`.)
        return after

    def _paste(self, left: PTok, right: PTok) -> list[PTok]:
        text = left.text + right.text
        lexed = lex(text, directives=False)
        if len(lexed) == 1:
            hidden = left.hidden & right.hidden
            return [PTok(lexed.kinds[0], text, left.spaced, hidden, left.source, False)]
        return [left, PTok(right.kind, right.text, False, right.hidden, right.source, right.genuine)]

    def _va_opt(
        self,
        macro: Macro,
        name: PTok,
        arguments: list[list[PTok]],
        expanded: dict[int, list[PTok]],
        body: list[MacroToken],
        at: int,
        out: list[PTok],
    ) -> int:
        """__VA_OPT__(content): the content if there are variable arguments that expand to something."""
        depth, end = 1, at + 2
        while end < len(body) and depth:
            depth += {"(": 1, ")": -1}.get(body[end].text, 0)
            end += 1
        which = len(macro.parameters or [])
        rest = self._argument(arguments, which)
        if rest and self._expand_all(rest):
            inner: list[PTok] = []
            content, k = body[at + 2 : end - 1], 0
            while k < len(content):
                k = self._substitute_one(macro, name, arguments, expanded, content, k, inner)
            if inner:
                inner[0].spaced = body[at].spaced
            out.extend(inner)
        elif end < len(body) and body[end].text == "##":
            out.append(PTok(TokenKind.END, "", body[at].spaced, _NONE, name.source, False))
        return end

    # --- what the compiler defines ---------------------------------------------------------------------------------

    def _builtin(self, name: PTok, following: Callable[[], PTok | None]) -> list[PTok] | None:
        text = name.text
        if text == _UNARY_PRAGMA:
            return self._pragma(name, following)
        if text == "__COUNTER__":
            self._counter += 1
            return [self._made(name, TokenKind.NUMBER, str(self._counter - 1))]
        # clang: the line on which the outermost use ends; in an argument, the line of the token itself.
        index = self._use.last_source if self._use and not name.genuine else name.source
        position = self._stretch.position(self._stretch.lexed.starts[index])
        file, line = self._presumed(position)
        if text == "__LINE__":
            return [self._made(name, TokenKind.NUMBER, str(line))]
        if text == "__INCLUDE_LEVEL__":
            return [self._made(name, TokenKind.NUMBER, "0")]
        if text == "__FILE_NAME__":
            file = file.rsplit("/", 1)[-1]
        quoted = encode(file).replace("\\", "\\\\").replace('"', '\\"')
        return [self._made(name, TokenKind.STRING, f'"{quoted}"')]

    @staticmethod
    def _made(name: PTok, kind: TokenKind, text: str) -> PTok:
        return PTok(kind, text, name.spaced, name.hidden, name.source, False)

    def _pragma(self, name: PTok, following: Callable[[], PTok | None]) -> list[PTok] | None:
        """_Pragma("text") becomes a directive in its place."""
        opening, string, closing = following(), following(), following()
        if opening is None or string is None or closing is None or string.kind is not TokenKind.STRING:
            return None
        self._note_end(closing)
        text = string.text[string.text.index('"') + 1 : -1].replace('\\"', '"').replace("\\\\", "\\")
        return [self._made(name, TokenKind.DIRECTIVE, "#pragma " + text)]


_BUILTIN = frozenset(
    {"__LINE__", "__FILE__", "__FILE_NAME__", "__BASE_FILE__", "__COUNTER__", "__INCLUDE_LEVEL__", _UNARY_PRAGMA}
)
# Names that parentheses would take their meaning from.
_STATEMENTS = frozenset(
    {"if", "while", "for", "switch", "return", "sizeof", "_Alignof", "_Generic", "__attribute__", "asm"}
)
_EMPTY = Macro("", None, "", [])


class _Stretch:
    """Tokens of one file being read in order, with the white space between them."""

    def __init__(self, lexed: Lexed, first: int, last: int, text: str, position: Callable[[int], Position]) -> None:
        self.lexed, self._at, self._last, self.text, self.position = lexed, first, last, text, position
        self.end = lexed.starts[first] if first < last else 0  # where the text already accounted for ends
        self.before = ""  # white space saved up for the next token
        self.skip: list[tuple[int, int]] = []

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

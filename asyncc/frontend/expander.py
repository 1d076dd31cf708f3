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

from ..ir.source import MacroUse, Position, Token, TokenKind
from . import predefined
from .conditions import Conditions
from .expansion_token import NO_MACROS, PTok
from .inclusions import Inclusions
from .lexer import Lexed, decode, directive_name, lex
from .macro_uses import OpenUse, trapped
from .macros import Macro, MacroTable, parse_definition
from .other_compiler import jumps_or_changes, loses_names
from .predefined import Predefined
from .stretch import BRANCHES, Stretch
from .substitution import Substitution
from .text import SourceText

_ONCE = re.compile(r"^[ \t]*#[ \t]*pragma[ \t]+once\b", re.MULTILINE)
_CONDITIONALS = BRANCHES | {"if", "ifdef", "ifndef", "endif", "error", "warning", ""}


class Expander:
    """Expands stretches of one text. `tokens` grows; `uses` are the macro uses met."""

    def __init__(
        self,
        source: SourceText,
        text: str,
        table: MacroTable,
        spellings: Iterable[str],
        presumed: Callable[[Position], tuple[str, int]],
        inclusions: Inclusions,
    ) -> None:
        self._source, self._text = source, text
        self._table = table
        self._every_spelling = tuple(spellings)
        # Those that are words here: not before the include, not after an #undef.
        self._spellings: frozenset[str] = frozenset()
        self._predefined = Predefined(presumed)
        self._inclusions = inclusions
        self._conditions = Conditions(self._is_defined, self._expand_condition, inclusions.holds)
        self._word_changes = table.changes(self._every_spelling)
        self._words_by_epoch: dict[int, frozenset[str]] = {}
        self.tokens: list[Token] = []
        self.skipped: list[tuple[int, int]] = []
        self.differing: frozenset[str] = frozenset()  # see other_compiler.py
        self._local: dict[str, Macro | None] = {}  # #define and #undef inside the body under expansion
        self._place = 0  # offset of the text at which macros are looked up
        self._pending: list[PTok] = []  # reversed: the next token is last
        self._from_text = False  # where the last token taken came from
        self._use: OpenUse | None = None
        self._macro_of: dict[str, Macro | None] = {}
        self._once: set[str] = set()  # files with `#pragma once` that the body has included

    # --- one stretch of the text ----------------------------------------------------------------------------------

    def expand(self, lexed: Lexed, first: int, last: int, gap: str = "") -> tuple[int, int]:
        """Expands tokens [first, last) of the text; gives the range of the expanded tokens."""
        start = len(self.tokens)
        self._place = lexed.starts[first] if first < len(lexed) else len(self._text)
        self._local, self._macro_of, self._once = {}, {}, set()
        self._spellings = self._words_at(self._place)
        stretch = Stretch(lexed, first, last, self._text, self._source.position)
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

    def _run(self, stretch: Stretch, gap: str = "") -> None:
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
                self._put(PTok(kind, text, False, NO_MACROS, index, True), before)
                continue
            macro = self._macro(text)
            if macro is None and text not in predefined.NAMES:
                self._put(PTok(kind, text, False, NO_MACROS, index, True), before)
                continue
            self._outermost(stretch, index, macro, before, first_token)
        if outer is not None:
            self._stretch = outer

    def _outermost(self, stretch: Stretch, index: int, macro: Macro | None, before: str, first: int) -> None:
        """A name of the text that is a macro: expand it and all that comes of it."""
        name = PTok(TokenKind.NAME, stretch.lexed.texts[index], False, NO_MACROS, index, True)
        use = self._use = OpenUse(macro or _EMPTY, index, index)
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
                if inner is not None or token.text in predefined.NAMES:
                    more = self._expand_name(token, inner, self._next_anywhere)
                    if more is not None:
                        self._pending.extend(reversed(more))
                        continue
            produced.append(token)
        self._use = None
        self._record_use(stretch, use, name.text, produced, before, first)

    def _record_use(
        self, stretch: Stretch, use: OpenUse, name: str, produced: list[PTok], before: str, first: int
    ) -> None:
        lexed = stretch.lexed
        start, end = lexed.starts[use.first_source], lexed.ends[use.last_source]
        stretch.end, stretch.before = end, ""
        record = MacroUse(decode(name), decode(stretch.text[start:end]), stretch.position(start), first)
        record.stringifies = use.stringifies
        record.macros, record.trapped = frozenset(use.macros), trapped(produced, name, self._macro)
        places: dict[int, list[int]] = {}
        for k, token in enumerate(produced):
            gap = before if k == 0 else " " if token.spaced else ""
            made = self._put(token, gap, record)
            if token.genuine:
                places.setdefault(token.source, []).append(made)
        record.last = len(self.tokens)
        record.arguments = use.arguments(stretch, places)
        record.differs = use.differs
        record.follows_clang = use.differs and (
            jumps_or_changes(token.text for token in produced) or loses_names(record.text, record.arguments)
        )
        if not produced:
            # A use that expands to nothing is like white space, and stays in the text as that: if it is nothing to all.
            stretch.before = before + ("" if use.differs else record.text)

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

    def _directive(self, stretch: Stretch, index: int) -> None:
        text = stretch.lexed.texts[index]
        name = directive_name(text)
        start, end = stretch.lexed.starts[index], stretch.lexed.ends[index]
        rest = text[text.index(name) + len(name) :] if name else ""
        if name in _CONDITIONALS or name == "line" or name.isdigit():
            stretch.drop(index)
            if stretch.taken is not None:
                self._conditions.decide(stretch, index, name, rest)
            return
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

    def _is_defined(self, name: str) -> bool:
        return name in predefined.NAMES or name.startswith("__has_") or self._macro(name) is not None

    def _include(self, stretch: Stretch, index: int, rest: str) -> None:
        """An #include inside a body: its tokens take its place."""
        position = stretch.position(stretch.lexed.starts[index])
        found = self._inclusions.read(position, lambda: self._operand(rest))
        stretch.drop(index)
        if found is None:
            return
        name, text = found
        if _ONCE.search(text):
            if name in self._once or self._table.first_read(name) < self._place:
                return
            self._once.add(name)
        source = SourceText(name, text.encode("latin-1"))
        lexed = lex(text)
        inner = Stretch(lexed, 0, len(lexed), text, source.position)
        inner.taken = []
        self._run(inner, stretch.before + "\n")
        stretch.before = "\n"

    def _operand(self, rest: str) -> str:
        """The name of a header that a macro gives, as it stands in an #include."""
        lexed = lex(rest, directives=False)
        tokens = [PTok(lexed.kinds[k], lexed.texts[k], k > 0, NO_MACROS, 0, False) for k in range(len(lexed))]
        return "".join(token.text for token in self._expand_all(tokens))

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
        return PTok(lexed.kinds[index], lexed.texts[index], spaced, NO_MACROS, index, True)

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
            return self._predefined_value(name, following)
        if macro.parameters is None:
            return self._substituted(macro, name, [], name.hidden | {name.text})
        opening = following()
        if opening is None:
            return None
        if opening.text != "(" or opening.kind is not TokenKind.PUNCT:
            self._give_back(opening)
            return None
        arguments, closing = self._arguments(macro, following)
        if self._use is not None:
            self._use.end_at(closing)
        hidden = (name.hidden & closing.hidden) | {name.text}
        return self._substituted(macro, name, arguments, hidden)

    def _arguments(self, macro: Macro, following: Callable[[], PTok | None]) -> tuple[list[list[PTok]], PTok]:
        """The arguments up to the closing parenthesis, one list each; the variable ones are one, commas and all."""
        assert macro.parameters is not None
        named = len(macro.parameters)
        arguments: list[list[PTok]] = [[]]
        depth = 0
        while True:
            token = following()
            if token is None:
                token = PTok(TokenKind.PUNCT, ")", False, NO_MACROS, self._use.last_source if self._use else 0, False)
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

    def _expand_condition(self, tokens: list[PTok]) -> list[PTok]:
        return self._expand_all(tokens, in_condition=True)

    def _expand_all(self, tokens: Iterable[PTok], in_condition: bool = False) -> list[PTok]:
        """An argument expanded by itself, as if it were the rest of the file. In the condition of an #if `defined X` becomes what
        it comes to, also where a macro says it."""
        pending = list(reversed(list(tokens)))
        done: list[PTok] = []

        def following() -> PTok | None:
            return pending.pop() if pending else None

        while pending:
            token = pending.pop()
            if in_condition and token.text == "defined" and pending:
                done.append(self._defined(token, pending))
                continue
            if token.kind is TokenKind.NAME and token.text not in self._spellings and token.text not in token.hidden:
                macro = self._macro(token.text)
                if macro is not None or token.text in predefined.NAMES:
                    more = self._expand_in(pending, token, macro, following)
                    if more is not None:
                        pending.extend(reversed(more))
                        continue
            done.append(token)
        return done

    def _defined(self, word: PTok, pending: list[PTok]) -> PTok:
        """`defined X` or `defined(X)`, of which the word has been taken."""
        name = pending.pop()
        if name.text == "(" and pending:
            name = pending.pop()
            if pending and pending[-1].text == ")":
                pending.pop()
        return predefined.made(word, TokenKind.NUMBER, str(int(self._is_defined(name.text))))

    def _expand_in(
        self, pending: list[PTok], name: PTok, macro: Macro | None, following: Callable[[], PTok | None]
    ) -> list[PTok] | None:
        if macro is not None and macro.parameters is not None and not (pending and pending[-1].text == "("):
            return None
        return self._expand_name(name, macro, following)

    def _substituted(self, macro: Macro, name: PTok, arguments: list[list[PTok]], hidden: frozenset[str]) -> list[PTok]:
        use = self._use
        if use is not None:
            use.macros.add(macro.name)
            use.differs = use.differs or macro.name in self.differing
        touch = use.touch if use is not None else _ignore
        return Substitution(macro, name, arguments, self._expand_all, touch).result(hidden)

    # --- what the compiler defines ---------------------------------------------------------------------------------

    def _predefined_value(self, name: PTok, following: Callable[[], PTok | None]) -> list[PTok] | None:
        if name.text == predefined.UNARY_PRAGMA:
            return self._pragma(name, following)

        def place() -> Position:
            # clang: where the outermost use ends; in an argument, where the token itself is.
            index = self._use.last_source if self._use and not name.genuine else name.source
            return self._stretch.position(self._stretch.lexed.starts[index])

        return [self._predefined.value(name, place)]

    def _pragma(self, name: PTok, following: Callable[[], PTok | None]) -> list[PTok] | None:
        """_Pragma("text") becomes a directive in its place."""
        opening, string, closing = following(), following(), following()
        if opening is None or string is None or closing is None or string.kind is not TokenKind.STRING:
            return None
        if self._use is not None:
            self._use.end_at(closing)
        text = string.text[string.text.index('"') + 1 : -1].replace('\\"', '"').replace("\\\\", "\\")
        return [predefined.made(name, TokenKind.DIRECTIVE, "#pragma " + text)]


def _ignore(_tokens: Iterable[PTok]) -> None:
    pass


_EMPTY = Macro("", None, "", [])

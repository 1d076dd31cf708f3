"""Prints runs of the user's tokens: as written, macro uses and comments included, but for names that have moved.

`Renames` says which tokens are replaced: a local that lives in the frame becomes `f->name`, a type that moved to file scope
gets its name there. A macro use is printed as the user wrote it when nothing in its expansion is replaced, or when all
that is stands in arguments that come through unchanged; else its expansion is printed.
"""

from __future__ import annotations

from ..ir.source import MacroUse, Token, TokenKind
from .writer import Writer

DROPPED_WORDS = frozenset({"await", "ac_await", "async", "ac_async"})


class Renames:
    """Token index -> (end, text): tokens [index, end) are printed as text."""

    def __init__(self) -> None:
        self.at: dict[int, tuple[int, str]] = {}

    def put(self, first: int, last: int, text: str) -> None:
        self.at[first] = (last, text)


class TokenPrinter:
    def __init__(self, tokens: list[Token], renames: Renames, writer: Writer) -> None:
        self.tokens, self.renames, self.w = tokens, renames, writer
        self.suppress = False  # the white space before the next token has been written already
        self.undefined: frozenset[str] = frozenset()  # macros that have no definition where this is printed
        self.inserts: dict[int, str] = {}  # names that stand before a token
        self._plain: dict[int, str | None] = {}
        self._home: tuple[str, str] | None = None  # the file of the function's first token, and the writer's name of it

    def span(self, first: int, last: int) -> None:
        tokens, renames = self.tokens, self.renames.at
        i = first
        while i < last:
            token = tokens[i]
            if i in self.inserts:
                self.w.code(" " + self.inserts[i], token.position.line)
            if token.kind is TokenKind.WORD and token.text in DROPPED_WORDS and i not in renames:
                i += 1
                continue
            renamed = renames.get(i)
            if renamed is not None and renamed[0] <= last:
                self.before(token)
                if renamed[1]:
                    self.w.code(renamed[1], token.position.line)
                i = renamed[0]
                continue
            use = token.use
            if use is not None and i == use.first and use.last <= last:
                text = self.use_text(use)
                if text is not None:
                    self.before(token)
                    self._use(text, token.position.line)
                    i = use.last
                    continue
            self.token(token)
            i += 1

    def token(self, token: Token) -> None:
        if token.kind is TokenKind.DIRECTIVE:
            self.before(token)
            self.w.newline("")
            self.w.raw(token.text, token.position.line)
            self.w.lines.append(type(self.w.lines[0])())
            return
        self.before(token)
        self.w.code(self._spelled(token), token.position.line)

    def _spelled(self, token: Token) -> str:
        """A macro's own name in its expansion is not expanded again: parentheses see to it."""
        if token.use is not None and token.text == token.use.name and token.text not in self.undefined:
            following = token.index + 1
            if following < len(self.tokens) and self.tokens[following].text == "(":
                return f"({token.text})"
        return token.text

    def _use(self, text: str, line: int) -> None:
        pieces = text.split("\n")
        self.w.code(pieces[0], line)
        for piece in pieces[1:]:
            self.w.raw("\n" + piece, None, glued=True)

    def _enter(self, token: Token) -> None:
        """A body may include a file: what stands in that is given with its name, what stands behind it with the old one."""
        file = token.position.file
        if self._home is None:
            self._home = file, self.w.file
        self.w.file = self._home[1] if file == self._home[0] else file

    def before(self, token: Token) -> None:
        """White space and comments before a token, once."""
        if self.suppress:
            self._enter(token)
            self.suppress = False
            return
        self.lead(token)

    def lead(self, token: Token) -> None:
        self._enter(token)
        text = token.before
        if text:
            line: int | None = token.position.line - text.count("\n")
            if line is not None and line < 1:  # it stands in the including file, the token in the included one
                line = None
            if "/*" in text or "//" in text:
                self._comments(text, line)
            else:
                self.w.raw(text, line)

    def _comments(self, text: str, line: int | None) -> None:
        """Comments keep their lines; what is inside one cannot be split."""
        w = self.w
        i, n = 0, len(text)
        while i < n:
            if text.startswith("/*", i):
                end = text.find("*/", i + 2)
                end = n if end < 0 else end + 2
                pieces = text[i:end].split("\n")
                w.raw(pieces[0], line)
                for piece in pieces[1:]:
                    w.raw("\n" + piece, None, glued=True)
                line = line and line + len(pieces) - 1
            elif text.startswith("//", i):
                end = text.find("\n", i)
                end = n if end < 0 else end
                w.raw(text[i:end], line)
            else:
                end = i
                while end < n and not text.startswith(("/*", "//"), end):
                    end += 1
                w.raw(text[i:end], line)
                line = line and line + text.count("\n", i, end)
            i = end

    def use_text(self, use: MacroUse) -> str | None:
        """How a macro use is printed unexpanded; None: it has to be expanded."""
        if use.first not in self._plain:
            self._plain[use.first] = self._decide(use)
        return self._plain[use.first]

    def _decide(self, use: MacroUse) -> str | None:
        renamed = [i for i in range(use.first, use.last) if i in self.renames.at]
        words = any(self.tokens[i].kind is TokenKind.WORD for i in range(use.first, use.last))
        words = words or any(use.first < i < use.last for i in self.inserts)
        if words or use.follows_clang or not use.macros.isdisjoint(self.undefined):
            return None
        if not renamed:
            return use.text
        if use.stringifies:
            return None
        pieces: list[tuple[int, int, str]] = []
        covered: set[int] = set()
        for start, end, indices in use.arguments:
            texts = {self.renames.at[i][1] if i in self.renames.at else None for i in indices}
            if texts == {None}:
                continue
            if len(texts) != 1:
                return None
            pieces.append((start, end, str(texts.pop())))
            covered.update(indices)
        if any(i not in covered or self.renames.at[i][0] != i + 1 for i in renamed):
            return None
        text = use.text
        for start, end, replacement in sorted(pieces, reverse=True):
            text = text[:start] + replacement + text[end:]
        return text

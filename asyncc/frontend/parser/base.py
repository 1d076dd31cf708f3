"""What all parts of the parser share: the position in the token stream, and what is told to the user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from ...ir.source import Position, Token, TokenKind
from ...ir.tree import CType, Expr, FunctionDecl, Local, LocalType, Member, Paren, Selected, TypeKind
from ..diagnostics import Diagnostic, error
from .scope import Scopes

PENDING = CType(TypeKind.OTHER, "?", -1, 1, declare_with=lambda name: f"? {name}")


def strip(expr: Expr) -> Expr:
    """Without its parentheses."""
    while isinstance(expr, Paren):
        expr = expr.inner
    return expr


class Oracle(Protocol):
    """What clang knows of the function that is parsed (../oracle.py)."""

    def begin_function(self, first: int, last: int) -> None: ...
    def type_of(self, expr: Expr) -> CType: ...
    def bits_of(self, member: Member) -> int: ...
    def declared_type(self, token: int, is_parameter: bool) -> CType: ...
    def chosen(self, first: int) -> int: ...
    def alignment(self, first: int, last: int) -> int: ...
    def declared_function(self, name: int) -> FunctionDecl | None: ...
    def is_function(self, name: int) -> bool: ...
    def is_future_typedef(self, name: str) -> bool: ...
    def define_type(self, token: int, local: LocalType) -> None: ...


class Syntax(Exception):
    """The parser met what it does not understand, in text that clang accepts."""

    def __init__(self, position: Position, message: str) -> None:
        super().__init__(message)
        self.position, self.message = position, message


class Base:
    """The cursor over the tokens. `at` never rests on a directive inside an expression or a declaration: those are stepped
    over; between statements the block sees them."""

    def __init__(
        self,
        tokens: list[Token],
        words: dict[str, str],
        scopes: Scopes,
        oracle: Oracle,
        functions: dict[str, FunctionDecl],
        consumers: set[str],
        diagnostics: list[Diagnostic],
    ) -> None:
        self.tokens = tokens
        self.words = words
        self.scopes = scopes
        self.oracle = oracle
        self.functions = functions
        self.consumers = consumers
        self.diagnostics = diagnostics
        self.at = 0
        self.end = 0
        # Of the function that is parsed:
        self.function_name = ""
        self.at_file_scope = False  # in its specifiers, whose types belong to the file
        self.locals: list[Local] = []
        self.types: list[LocalType] = []
        self.names: dict[int, Local] = {}
        self.unnamed: dict[int, Local] = {}
        self.type_names: dict[int, LocalType] = {}
        self.local_labels: dict[int, tuple[int, str]] = {}
        self.constants: dict[int, LocalType] = {}
        self.called: set[str] = set()
        self.selections: list[Selected] = []
        self.unevaluated = 0  # depth of sizeof, typeof …
        self.mentions: list[Local] = []  # the locals named in there
        self.taken_names: set[str] = set()
        self.declared_here: dict[str, FunctionDecl] = {}

    # --- tokens ------------------------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """The token here; "" at the end. A literal never equals a keyword or an operator."""
        return self.tokens[self.at].text if self.at < self.end else ""

    @property
    def kind(self) -> TokenKind:
        return self.tokens[self.at].kind if self.at < self.end else TokenKind.END

    @property
    def word(self) -> str:
        """The word of the language here, in its short spelling, or ""."""
        if self.at >= self.end:
            return ""
        token = self.tokens[self.at]
        return self.words.get(token.text, "") if token.kind is TokenKind.WORD else ""

    def peek(self, distance: int = 1) -> str:
        at = self.at
        while distance and at < self.end:
            at += 1
            while at < self.end and self.tokens[at].kind is TokenKind.DIRECTIVE:
                at += 1
            distance -= 1
        return self.tokens[at].text if at < self.end else ""

    def next(self) -> int:
        """Steps over the token here and gives its index."""
        index = self.at
        self.at += 1
        if self.tokens[index].text not in (";", "{", "}", ":"):
            self.skip_directives()
        return index

    def declares(self, name: int) -> Token:
        """The token of a name that is declared. If a macro declares it that the C compiler defines otherwise, the use is to be
        printed as clang expands it: what mentions the name may be printed expanded, too."""
        token = self.tokens[name]
        if token.use is not None and token.use.differs:
            token.use.follows_clang = True
        return token

    def skip_directives(self) -> None:
        while self.at < self.end and self.tokens[self.at].kind is TokenKind.DIRECTIVE:
            self.at += 1

    def accept(self, text: str) -> bool:
        if self.at < self.end and self.tokens[self.at].text == text:
            self.next()
            return True
        return False

    def expect(self, text: str) -> int:
        if self.text != text:
            raise self.failure(f"expected '{text}' before '{self.text or 'the end'}'")
        return self.next()

    def closing(self, opening: int) -> int:
        """The index of the bracket that closes the one at `opening`."""
        depth = 0
        for index in range(opening, self.end):
            token = self.tokens[index]
            if token.kind is TokenKind.PUNCT:
                if token.text in "([{":
                    depth += 1
                elif token.text in ")]}":
                    depth -= 1
                    if depth == 0:
                        return index
        raise self.failure("unbalanced bracket")

    def skip_balanced(self) -> None:
        """Steps over brackets and all that is in them."""
        self.at = self.closing(self.at)
        self.next()

    def last_end(self) -> int:
        """One past the last token taken, without directives that were stepped over."""
        at = self.at
        while at > 0 and self.tokens[at - 1].kind is TokenKind.DIRECTIVE:
            at -= 1
        return at

    @contextmanager
    def not_evaluated(self) -> Iterator[list[Local]]:
        """Around an operand of sizeof, typeof and the like. Afterwards the list holds the locals that are named in it; what
        is named inside of another such operand counts for both."""
        named: list[Local] = []
        first = len(self.mentions)
        self.unevaluated += 1
        yield named
        self.unevaluated -= 1
        named += dict.fromkeys(self.mentions[first:])
        if not self.unevaluated:
            del self.mentions[first:]

    # --- messages ------------------------------------------------------------------------------------------------------

    def failure(self, message: str) -> Syntax:
        """To be raised."""
        return Syntax(self.tokens[min(self.at, len(self.tokens) - 1)].position, message)

    def report(self, name: str, token: int, message: str, fix: str = "") -> None:
        where = self.tokens[token]
        self.diagnostics.append(error(name, where.position, message, fix, len(where.text)))

    def typed(self) -> dict[str, Any]:
        return {"type_of": self.oracle.type_of}

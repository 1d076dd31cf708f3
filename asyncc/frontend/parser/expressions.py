"""Expressions, in the order of C's grammar (C11 6.5) with GNU's additions and the words that are expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...ir.source import TokenKind
from ...ir.tree import (
    Assign,
    Binary,
    Call,
    Cast,
    CompoundLiteral,
    Conditional,
    Constant,
    Designator,
    Expr,
    Identifier,
    Index,
    InitItem,
    InitList,
    LabelAddress,
    Local,
    Member,
    Paren,
    StatementExpr,
    Unary,
    Unevaluated,
)
from . import builtins, word_expressions
from .base import Base
from .scope import EnumConstant, LocalFunction

if TYPE_CHECKING:
    from ...ir.tree import Block

_ASSIGNMENTS = frozenset({"=", "*=", "/=", "%=", "+=", "-=", "<<=", ">>=", "&=", "^=", "|="})
_LEVELS: dict[str, int] = {
    op: level
    for level, ops in enumerate(["||", "&&", "|", "^", "&", "== !=", "< > <= >=", "<< >>", "+ -", "* / %"], start=1)
    for op in ops.split()
}
_CHANGES = _ASSIGNMENTS | {"++", "--"}
_PREFIX = frozenset(
    {"&", "*", "+", "-", "~", "!", "++", "--", "__extension__", "__real__", "__imag__", "__real", "__imag"}
)
_SIZES = frozenset(
    {"sizeof", "_Alignof", "alignof", "__alignof__", "__alignof", "_Countof", "__builtin_vectorelements"}
)
_LITERALS = (TokenKind.NUMBER, TokenKind.STRING, TokenKind.CHAR)


class Expressions(Base):
    # Given by the other parts of the parser.
    def type_name(self) -> tuple[int, int]:
        raise NotImplementedError

    def starts_type(self) -> bool:
        raise NotImplementedError

    def block(self) -> Block:
        raise NotImplementedError

    # --- operators -----------------------------------------------------------------------------------------------------

    def expression(self) -> Expr:
        left = self.assignment()
        while self.text == ",":
            self.next()
            right = self.assignment()
            left = Binary(left.first, right.last, ",", left, right, **self.typed())
        return left

    def assignment(self) -> Expr:
        left = self.conditional()
        if self.text in _ASSIGNMENTS and self.kind is TokenKind.PUNCT:
            op = self.text
            self.next()
            value = self.initializer() if self.text == "{" else self.assignment()
            return Assign(left.first, value.last, op, left, value, **self.typed())
        return left

    def conditional(self) -> Expr:
        condition = self.binary(1)
        if self.text != "?":
            return condition
        self.next()
        then = None if self.text == ":" else self.expression()
        self.expect(":")
        self.skip_directives()
        otherwise = self.conditional()
        return Conditional(condition.first, otherwise.last, condition, then, otherwise, **self.typed())

    def binary(self, least: int) -> Expr:
        """Precedence climbing: an expression of operators that bind at least this tightly."""
        left = self.cast()
        while True:
            op = self.text
            level = _LEVELS.get(op, 0)
            if level < least or self.kind is not TokenKind.PUNCT:
                return left
            self.next()
            right = self.binary(level + 1)
            left = Binary(left.first, right.last, op, left, right, **self.typed())

    def cast(self) -> Expr:
        if self.text != "(" or self.kind is not TokenKind.PUNCT or not self._type_in_parentheses():
            return self.unary()
        first = self.next()
        type_first, type_last = self.type_name()
        self.expect(")")
        if self.text == "{":
            return self._suffixes(self._compound_literal(first, type_first, type_last))
        operand = self.cast()
        return Cast(first, operand.last, type_first, type_last, operand, **self.typed())

    def _type_in_parentheses(self) -> bool:
        """Whether a type name follows the parenthesis here."""
        at = self.at
        self.next()
        found = self.starts_type()
        self.at = at
        return found

    def _compound_literal(self, first: int, type_first: int, type_last: int) -> Expr:
        values = self.initializer()
        assert isinstance(values, InitList)
        return CompoundLiteral(first, values.last, type_first, type_last, values, **self.typed())

    def unary(self) -> Expr:
        text, kind = self.text, self.kind
        if kind is TokenKind.WORD:
            return self._suffixes(self._word()) if self.word != "await" else word_expressions.await_(self)
        if kind is TokenKind.PUNCT and text == "&&":
            first = self.next()
            return LabelAddress(first, self.next() + 1, self.label_name(first + 1), **self.typed())
        if text in _PREFIX and kind in (TokenKind.PUNCT, TokenKind.NAME):
            first = self.next()
            operand = self.cast()
            return Unary(first, operand.last, text, operand, **self.typed())
        if text in _SIZES and kind is TokenKind.NAME:
            return self._size()
        return self._suffixes(self._primary())

    def _size(self) -> Expr:
        """sizeof and its kin: the operand is not evaluated."""
        first = self.next()
        with self.not_evaluated() as mentions:
            if self.text == "(" and self._type_in_parentheses():
                self.next()
                self.type_name()
                last = self.expect(")") + 1
                if self.text == "{":  # sizeof (T){ … }
                    literal = self._suffixes(self._compound_literal(last - 1, first, last))
                    last = literal.last
            else:
                last = self.unary().last
        texts = {token.text for token in self.tokens[first:last]}
        return Unevaluated(first, last, mentions, "[" in texts and not texts.isdisjoint(_CHANGES), **self.typed())

    # --- primary and postfix ---------------------------------------------------------------------------------------------

    def _primary(self) -> Expr:
        kind, text = self.kind, self.text
        if kind is TokenKind.NAME:
            special = builtins.BUILTINS.get(text)
            return special(self) if special is not None else self.identifier()
        if kind in _LITERALS:
            first = self.next()
            is_string = kind is TokenKind.STRING
            while is_string and self.kind is TokenKind.STRING:
                self.next()
            return Constant(first, self.last_end(), is_string, **self.typed())
        if text == "(":
            first = self.next()
            if self.text == "{":
                body = self.block()
                return StatementExpr(first, self.expect(")") + 1, body, **self.typed())
            inner = self.expression()
            return Paren(first, self.expect(")") + 1, inner, **self.typed())
        raise self.failure(f"expected an expression before '{text or 'the end'}'")

    def label_name(self, token: int) -> str:
        """The name of a label in the function: another than it is spelled for one that __label__ declares."""
        spelled = self.tokens[token].text
        name = self.scopes.find_label(spelled)
        if name is None:
            return spelled
        self.local_labels[token] = token + 1, name
        return name

    def identifier(self) -> Identifier:
        index = self.next()
        name = self.tokens[index].text
        meaning = self.scopes.find(name)
        local = meaning if isinstance(meaning, Local) else None
        if isinstance(meaning, EnumConstant):
            self.constants[index] = meaning.enum
        if local is not None:
            self.names[index] = local
            if self.unevaluated:
                self.mentions.append(local)
        return Identifier(index, index + 1, name, local, **self.typed())

    def _suffixes(self, expr: Expr) -> Expr:
        while True:
            text = self.text
            if text == "(":
                expr = self._call(expr)
            elif text == "[":
                self.next()
                index = self.expression()
                expr = Index(expr.first, self.expect("]") + 1, expr, index, **self.typed())
            elif text in (".", "->") and self.kind is TokenKind.PUNCT:
                self.next()
                name = self._member_name()
                expr = Member(
                    expr.first,
                    name + 1,
                    expr,
                    self.tokens[name].text,
                    text == "->",
                    bits_of=self.oracle.bits_of,
                    **self.typed(),
                )
            elif text in ("++", "--") and self.kind is TokenKind.PUNCT:
                last = self.next() + 1
                expr = Unary(expr.first, last, text, expr, True, **self.typed())
            else:
                return expr

    def _member_name(self) -> int:
        if self.kind is TokenKind.WORD:
            self.report_word_as_name(self.at)
        return self.next()

    def report_word_as_name(self, token: int) -> None:
        word = self.tokens[token].text
        self.report(
            "word-as-name",
            token,
            f"'{word}' is a word of the language and cannot be a name",
            "rename it, or define ASYNCC_NO_KEYWORDS and write the words with their prefix: "
            + (word if word.startswith("ac_") else f"ac_{word}"),
        )

    def _call(self, callee: Expr) -> Call:
        self.expect("(")
        arguments: list[Expr] = []
        while self.text != ")":
            arguments.append(self.assignment())
            if not self.accept(","):
                break
        last = self.expect(")") + 1
        return self.finish_call(Call(callee.first, last, callee, arguments, **self.typed()))

    def finish_call(self, call: Call) -> Call:
        """Fills in what is known of the callee."""
        callee = call.callee
        while isinstance(callee, Paren | Unary) and (
            isinstance(callee, Paren) or callee.op in ("*", "&", "__extension__")
        ):
            callee = callee.inner if isinstance(callee, Paren) else callee.operand
        if isinstance(callee, Identifier) and callee.local is None:
            meaning = self.scopes.find(callee.name)
            known = self.functions.get(callee.name) or self.declared_here.get(callee.name)
            if known is not None or isinstance(meaning, LocalFunction):
                call.function = callee.name
                self.called.add(callee.name)
            elif (
                callee.name.startswith("__builtin_")
                or callee.name.startswith("__sync_")
                or callee.name.startswith("__atomic_")
            ):
                return call
            if known is not None:
                call.is_async = known.is_async
                call.consumes = callee.name in self.consumers
                return call
        if not self.unevaluated:
            call.is_async = self.oracle.type_of(call.callee).is_async_function
        return call

    # --- initialisers --------------------------------------------------------------------------------------------------

    def initializer(self) -> Expr:
        if self.text != "{" or self.kind is not TokenKind.PUNCT:
            return self.assignment()
        first = self.next()
        self.skip_directives()
        items: list[InitItem] = []
        while self.text != "}":
            designators = self._designators()
            items.append(InitItem(designators, self.initializer()))
            if not self.accept(","):
                break
        return InitList(first, self._close_brace() + 1, items, **self.typed())

    def _close_brace(self) -> int:
        """The brace that ends a list; the expression goes on after it, so directives are stepped over."""
        index = self.expect("}")
        self.skip_directives()
        return index

    def _designators(self) -> list[Designator]:
        found: list[Designator] = []
        while True:
            first = self.at
            if self.text == "[" and self.kind is TokenKind.PUNCT:
                self.next()
                index = self.conditional()
                high = self.conditional() if self.accept("...") else None
                found.append(Designator(first, self.expect("]") + 1, index, high))
            elif self.text == "." and self.kind is TokenKind.PUNCT:
                self.next()
                name = self._member_name()
                found.append(Designator(first, name + 1, field_name=self.tokens[name].text))
            elif self.kind is TokenKind.NAME and not found and self.peek() == ":":
                name = self.next()
                last = self.next() + 1
                self.skip_directives()
                return [Designator(name, last, field_name=self.tokens[name].text)]
            else:
                break
        if found:
            self.accept("=")  # old GNU leaves it out after [index]
        return found

    # --- words ---------------------------------------------------------------------------------------------------------

    def _word(self) -> Expr:
        known = word_expressions.WORDS.get(self.word)
        if known is not None and self.peek() == "(":
            return known(self)
        self.report_word_as_name(self.at)
        return self.identifier()

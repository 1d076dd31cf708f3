"""Statements (C11 6.8, GNU's, and the words that are statements)."""

from __future__ import annotations

from ...ir.source import TokenKind
from ...ir.tree import (
    Asm,
    Block,
    Break,
    Case,
    ComputedGoto,
    Continue,
    Declaration,
    DoWhile,
    Expr,
    ExprStmt,
    For,
    Goto,
    If,
    Label,
    Null,
    Return,
    Stmt,
    Switch,
    While,
)
from . import select, word_statements
from .attributes import Attributed, attribute, attribute_brackets
from .declarations import Declarations
from .scope import Scope

_ASM_QUALIFIERS = frozenset({"volatile", "__volatile__", "__volatile", "goto", "inline", "__inline", "__inline__"})


class Statements(Declarations):
    labels: dict[str, Label]

    def block(self, scope: Scope | None = None) -> Block:
        """`scope` is that of the parameters: a function's body shares it."""
        first = self.expect("{")
        own = self.scopes.push(scope)
        body: list[Stmt] = []
        while not (self.text == "}" and self.kind is TokenKind.PUNCT):
            if self.at >= self.end:
                raise self.failure("the block does not end")
            body.append(self.block_item())
        last = self.at + 1
        self.at += 1  # not next(): what follows decides whether directives are stepped over
        if self.unevaluated or self._in_expression():
            self.skip_directives()
        self.scopes.pop()
        return Block(first, last, body, [local for local in own.locals if not local.is_parameter], own.types)

    def _in_expression(self) -> bool:
        """A statement expression's block: the expression goes on after it."""
        at = self.at
        while at < self.end and self.tokens[at].kind is TokenKind.DIRECTIVE:
            at += 1
        return at < self.end and self.tokens[at].text == ")"

    def block_item(self) -> Stmt:
        if self.kind is TokenKind.DIRECTIVE:
            self.at += 1
            return Null(self.at - 1, self.at)
        if self.is_declaration():
            return self.declaration()
        return self.statement()

    def is_declaration(self) -> bool:
        if self.text == "static_assert" and self.peek() == "(" and self.scopes.find("static_assert") is None:
            return True
        if self.text == "[" and self.peek() == "[":
            return self._declaration_after_attributes()
        # `name:` is a label even where the name is a type.
        return self.starts_type() and self.peek() != ":"

    def is_label(self) -> bool:
        return self.kind is TokenKind.NAME and self.peek() == ":" and self.text not in _KEYWORDS

    def _declaration_after_attributes(self) -> bool:
        at = self.at
        while self.text == "[" and self.peek() == "[":
            self.at = self.closing(self.at)
            self.next()
        found = self.starts_type()
        self.at = at
        return found

    def statement(self) -> Stmt:
        self.skip_directives()
        kind, text, first = self.kind, self.text, self.at
        if text == "[" and self.peek() == "[":
            attribute_brackets(self, Attributed())
            if self.text == ";":
                return Null(first, self.next() + 1)
            inner = self.statement()
            inner.first = first
            return inner
        if kind is TokenKind.WORD:
            handler = word_statements.WORDS.get(self.word)
            if handler is not None and (self.word not in ("within", "run_until") or self.peek() == "("):
                return handler(self)
            if self.word in ("when", "when_true", "otherwise") and self.peek() in ("(", "{"):
                return select.stray(self)
        elif kind is TokenKind.PUNCT:
            if text == "{":
                return self.block()
            if text == ";":
                return Null(first, self.next() + 1)
        elif kind is TokenKind.NAME:
            keyword = _KEYWORDS.get(text)
            if keyword is not None:
                return keyword(self)
            if self.peek() == ":":
                return self._label()
            if text in ("__attribute__", "__attribute"):
                return self._attribute_statement()
        expr = self.expression()
        return ExprStmt(first, self.expect(";") + 1, expr)

    def _attribute_statement(self) -> Stmt:
        """__attribute__((fallthrough));"""
        first = self.at
        attribute(self, Attributed())
        if self.text == ";":
            return Null(first, self.next() + 1)
        inner = self.statement()
        inner.first = first
        return inner

    # --- labels ------------------------------------------------------------------------------------------------------

    def _label(self) -> Stmt:
        first = self.next()
        self.expect(":")
        made = Label(first, self.at, self.label_name(first), None)
        self.declares(first)
        self.labels[made.name] = made
        self._attributes_of_label()
        made.body = self._labelled(made)
        return made

    def _attributes_of_label(self) -> None:
        """`out: __attribute__((unused))`, but not that of a declaration after it."""
        while self.text in ("__attribute__", "__attribute"):
            attribute(self, Attributed())

    def _labelled(self, label: Label | Case) -> Stmt | None:
        """The statement after a label; None before a brace or, as clang and C23 allow, a declaration."""
        while self.kind is TokenKind.DIRECTIVE:
            self.at += 1
        label.last = self.last_end()
        if (self.text == "}" and self.kind is TokenKind.PUNCT) or self.is_declaration():
            return None
        body = self.statement()
        label.last = body.last
        return body

    def _case(self) -> Stmt:
        first = self.next()
        low = high = None
        if self.tokens[first].text == "case":
            low = self.conditional()
            if self.accept("..."):
                high = self.conditional()
        self.expect(":")
        made = Case(first, self.at, low, high, None)
        made.body = self._labelled(made)
        return made

    # --- C's statements ------------------------------------------------------------------------------------------------

    def condition(self) -> Expr:
        self.expect("(")
        self.skip_directives()
        condition = self.expression()
        self.expect(")")
        return condition

    def _if(self) -> Stmt:
        first = self.next()
        condition = self.condition()
        then = self.body("if")
        otherwise = self.else_()
        return If(first, (otherwise or then).last, condition, then, otherwise)

    def else_(self) -> Stmt | None:
        at = self.at
        self.skip_directives()
        if self.text != "else":
            self.at = at
            return None
        self.next()
        return self.body("else")

    def body(self, of: str) -> Stmt:
        """A substatement, in a scope of its own (C11 6.8.4p3)."""
        self.skip_directives()
        if self.word == "defer":
            self.report(
                "defer-without-block",
                self.at,
                f"this defer is the whole body of '{of}': it would run at once",
                "put it into the block it is to end with, or write braces around the body",
            )
        self.scopes.push()
        made = self.statement()
        self.scopes.pop()
        return made

    def _while(self) -> Stmt:
        first = self.next()
        condition = self.condition()
        body = self.body("while")
        return While(first, body.last, condition, body)

    def _do(self) -> Stmt:
        first = self.next()
        body = self.body("do")
        self.skip_directives()
        self.expect("while")
        condition = self.condition()
        return DoWhile(first, self.expect(";") + 1, body, condition)

    def _for(self) -> Stmt:
        first = self.next()
        self.expect("(")
        self.skip_directives()
        scope = self.scopes.push()
        init: Declaration | ExprStmt | None = None
        if self.is_declaration():
            init = self.declaration()
        elif self.text != ";":
            start = self.at
            expr = self.expression()
            init = ExprStmt(start, self.expect(";") + 1, expr)
        else:
            self.next()
        self.skip_directives()
        condition = None if self.text == ";" else self.expression()
        self.expect(";")
        self.skip_directives()
        step = None if self.text == ")" else self.expression()
        self.expect(")")
        body = self.body("for")
        self.scopes.pop()
        return For(first, body.last, init, condition, step, body, scope.locals)

    def _switch(self) -> Stmt:
        first = self.next()
        operand = self.condition()
        body = self.body("switch")
        return Switch(first, body.last, operand, body)

    def _goto(self) -> Stmt:
        first = self.next()
        if self.accept("*"):
            target = self.expression()
            return ComputedGoto(first, self.expect(";") + 1, target)
        label = self.next()
        return Goto(first, self.expect(";") + 1, self.label_name(label))

    def _break(self) -> Stmt:
        first = self.next()
        return Break(first, self.expect(";") + 1)

    def _continue(self) -> Stmt:
        first = self.next()
        return Continue(first, self.expect(";") + 1)

    def _return(self) -> Stmt:
        first = self.next()
        value = None if self.text == ";" else self.expression()
        return Return(first, self.expect(";") + 1, value)

    def _local_labels(self) -> Stmt:
        """`__label__ a, b;`: labels of this block alone. Each gets a name that no other in the function has; the C compilers
        want the declaration at the head of its block, where the output may have other things."""
        first = self.next()
        while self.text != ";":
            name = self.tokens[self.next()].text
            self.scopes.top.labels[name] = f"ac__{name}_{first}"
            self.accept(",")
        last = self.next() + 1
        self.local_labels[first] = last, ";"
        return Null(first, last)

    def _asm(self) -> Stmt:
        """asm ("…" : outputs : inputs : clobbers : labels)"""
        first = self.next()
        while self.text in _ASM_QUALIFIERS:
            self.next()
        self.expect("(")
        operands: list[Expr] = []
        labels: list[str] = []
        section = 0
        while self.text != ")":
            if self.text in (":", "::"):
                section += len(self.text)
                self.next()
                self.skip_directives()
            elif section in (1, 2) and self.text == "(":
                self.next()
                operands.append(self.expression())
                self.expect(")")
            elif section in (1, 2) and self.text == "[":
                self.skip_balanced()
            elif section == 4 and self.kind is TokenKind.NAME:
                labels.append(self.label_name(self.next()))
            else:
                self.next()
        self.expect(")")
        return Asm(first, self.expect(";") + 1, operands, labels)


_KEYWORDS = {
    "if": Statements._if,
    "while": Statements._while,
    "do": Statements._do,
    "for": Statements._for,
    "switch": Statements._switch,
    "case": Statements._case,
    "default": Statements._case,
    "goto": Statements._goto,
    "break": Statements._break,
    "continue": Statements._continue,
    "return": Statements._return,
    "__label__": Statements._local_labels,
    "asm": Statements._asm,
    "__asm__": Statements._asm,
    "__asm": Statements._asm,
}

"""Declarators (C11 6.7.6): pointers, arrays, functions with their parameters, and type names."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...ir.source import TokenKind
from ...ir.tree import Local
from .attributes import Attributed, attribute, attribute_brackets, attributes
from .base import PENDING
from .keywords import ATTRIBUTE, QUALIFIERS
from .scope import Scope
from .specifiers import Specifiers, TypeSpecifiers


@dataclass(slots=True)
class Declared(Attributed):
    """One declarator as read: its name, and what the name is nearest to."""

    first: int
    last: int = 0
    name: int = -1  # token; -1: abstract
    place: int = -1  # token before which the name would stand, if it has none
    nearest: str = ""  # "function", "array", "pointer", ""
    parameters: list[Local] = field(default_factory=list)
    scope: Scope | None = None  # of the parameters
    is_variadic: bool = False


class Declarators(TypeSpecifiers):
    def declarator(self, abstract: bool = False) -> Declared:
        found = Declared(self.at)
        self._declarator(found, abstract)
        found.last = self.last_end()
        return found

    def _declarator(self, found: Declared, abstract: bool) -> None:
        pointers = 0
        while True:
            if self.text in ("*", "^") and self.kind is TokenKind.PUNCT:
                pointers += 1
                self.next()
            elif self.text in QUALIFIERS or self.text == "_Atomic" or self.word == "async":
                self.next()
            elif self.text in ATTRIBUTE:
                attribute(self, found)
            elif not (self.text == "[" and self.peek() == "[" and attribute_brackets(self, found)):
                break
        self._direct(found, abstract)
        if pointers and not found.nearest:
            found.nearest = "pointer"

    def _direct(self, found: Declared, abstract: bool) -> None:
        if self.kind in (TokenKind.NAME, TokenKind.WORD):
            if self.kind is TokenKind.WORD:
                self.report_word_as_name(self.at)
            found.name = self.next()
        elif self.text == "(" and not (abstract and self._parameters_follow()):
            self.next()
            self._declarator(found, abstract)
            self.expect(")")
        else:
            found.place = self.at
        while True:
            if self.text == "(" and self.kind is TokenKind.PUNCT:
                is_nearest = not found.nearest
                if is_nearest:
                    found.nearest = "function"
                self._parameters(found if is_nearest else Declared(self.at))
            elif self.text == "[" and self.kind is TokenKind.PUNCT:
                if self.peek() == "[" and self.tokens[self.at + 1].text == "[" and attribute_brackets(self, found):
                    continue
                found.nearest = found.nearest or "array"
                self._array()
            else:
                return

    def _parameters_follow(self) -> bool:
        """In an abstract declarator: whether the parenthesis holds parameters rather than a declarator."""
        at = self.at
        self.next()
        found = self.text == ")" or (self.starts_type() and self.word != "async") or self.text == "..."
        self.at = at
        return found

    def _array(self) -> None:
        self.expect("[")
        while self.text in ("static", "const", "volatile", "restrict", "__restrict", "__restrict__"):
            self.next()
        if self.text == "*" and self.peek() == "]":
            self.next()
        elif self.text != "]":
            self.expression()
        self.expect("]")

    def _parameters(self, found: Declared) -> None:
        """A parameter list, in a scope of its own that a function's body takes over."""
        self.expect("(")
        found.scope = self.scopes.push()
        if self.text == "void" and self.peek() == ")":
            self.next()
        elif self.kind is TokenKind.NAME and not self.starts_type() and self.text != "register":
            while self.kind is TokenKind.NAME:  # K&R: names alone
                found.parameters.append(self.declare_parameter(self.next()))
                if not self.accept(","):
                    break
        else:
            while self.text != ")":
                if self.accept("..."):
                    found.is_variadic = True
                    break
                found.parameters.append(self._parameter())
                if not self.accept(","):
                    break
        self.expect(")")
        self.scopes.pop()

    def _parameter(self) -> Local:
        """One without a name has its type from the function's: no declaration is found by it."""
        position = self.tokens[self.at].position
        self.refuse_future(self.specifiers())
        declared = self.declarator(abstract=True)
        attributes(self, declared)
        if declared.name < 0:
            local = Local("", PENDING, position, is_parameter=True)
            self.unnamed[declared.place] = local
            return local
        return self.declare_parameter(declared.name)

    def refuse_future(self, specifiers: Specifiers) -> None:
        if specifiers.is_future:
            self.report(
                "future-misuse",
                specifiers.first,
                "an ac_future cannot be a parameter or a result: its storage belongs to one local",
                "pass what is needed to make the future, or spawn a task and pass its handle",
            )

    def declare_parameter(self, name: int) -> Local:
        token = self.tokens[name]
        local = Local(token.text, PENDING, token.position, is_parameter=True)
        self.scopes.declare(token.text, local)
        self.names[name] = local
        return local

    def type_name(self) -> tuple[int, int]:
        first = self.at
        self.specifiers()
        self.declarator(abstract=True)
        return first, self.last_end()

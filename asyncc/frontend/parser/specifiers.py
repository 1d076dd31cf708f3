"""Declaration specifiers (C11 6.7): storage, type, qualifiers, alignment; and whether a declaration starts at all."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...ir.source import TokenKind
from ...ir.tree import LocalType
from .attributes import Attributed, attribute, attribute_brackets
from .expressions import Expressions
from .keywords import ALIGNAS, ATTRIBUTE, BIT_INT, QUALIFIERS, SOFT, STARTS, STORAGE, TAGS, TYPE_WORDS, TYPEOF


@dataclass(slots=True)
class Specifiers(Attributed):
    first: int
    last: int
    storage: str = ""
    is_typedef: bool = False
    is_async: bool = False
    types: list[LocalType] = field(default_factory=list)
    is_future: bool = False
    has_type: bool = False


class TypeSpecifiers(Expressions):
    # Given by another part of the parser.
    def tag(self, declares_alone: bool = False) -> list[LocalType]:
        raise NotImplementedError

    def starts_type(self) -> bool:
        kind, text = self.kind, self.text
        if kind is TokenKind.WORD:
            return self.word == "async"
        if kind is not TokenKind.NAME:
            return False
        if text in SOFT and self.scopes.find(text) is not None:
            return False
        if text == "__extension__":  # before a declaration or an expression
            at = self.at
            self.next()
            found = self.starts_type()
            self.at = at
            return found
        return text in STARTS or self.scopes.is_typedef(text) or self._is_builtin_type(text)

    def _is_builtin_type(self, name: str) -> bool:
        """bool and char8_t are keywords in C23; `__int128_t` and the like are typedefs without a declaration."""
        if name in ("bool",):
            return self.scopes.find(name) is None
        return name in ("__int128_t", "__uint128_t", "__builtin_ms_va_list", "__NSConstantString")

    def specifiers(self) -> Specifiers:
        found = Specifiers(self.at, self.at)
        while self.at < self.end:
            kind, text = self.kind, self.text
            if kind is TokenKind.WORD and self.word == "async":
                found.is_async = True
                self.next()
            elif kind is not TokenKind.NAME:
                if not (text == "[" and self.peek() == "[" and attribute_brackets(self, found)):
                    break
            elif text in STORAGE and not (text in SOFT and self.scopes.find(text) is not None):
                found.is_typedef |= text == "typedef"
                if text in ("_Thread_local", "__thread", "thread_local"):
                    found.storage = "_Thread_local"
                elif text not in ("auto", "constexpr", "typedef") and found.storage != "_Thread_local":
                    found.storage = text
                # C23's `auto x = …` has no type beside it.
                found.has_type |= text == "auto" and self._is_inferred()
                self.next()
            elif text in QUALIFIERS and not (text == "noreturn" and found.has_type):
                if text in ("_Noreturn", "noreturn"):
                    found.attributes.append("noreturn")
                self.next()
            elif not self._type_specifier(found, text):
                break
        found.last = self.last_end()
        return found

    def _is_inferred(self) -> bool:
        return self.peek(2) == "="

    def _type_specifier(self, found: Specifiers, text: str) -> bool:
        if text in TYPE_WORDS:
            self.next()
        elif text in TAGS:
            found.types += self.tag(declares_alone=True)
        elif text in TYPEOF:
            self._typeof(found)
        elif text in ATTRIBUTE:
            attribute(self, found)
            return True
        elif text in ALIGNAS:
            self._alignas(found)
            return True
        elif text == "_Atomic":
            self.next()
            if self.text != "(":
                return True
            self._parenthesised_type()
        elif text in BIT_INT:
            self.next()
            self.expect("(")
            self.assignment()
            self.expect(")")
        elif not found.has_type and (self.scopes.is_typedef(text) or self._is_builtin_type(text)):
            meaning = self.scopes.find(text)
            if isinstance(meaning, LocalType):
                self.type_names[self.at] = meaning
                found.is_future = meaning.is_future
            elif meaning is None and self.oracle.is_future_typedef(text):
                found.is_future = True
            self.next()
        else:
            return False
        found.has_type = True
        return True

    def _parenthesised_type(self) -> None:
        self.expect("(")
        if self.starts_type():
            self.type_name()
        else:
            self.expression()
        self.expect(")")

    def _typeof(self, found: Specifiers) -> None:
        first = self.next()
        with self.not_evaluated():
            self._parenthesised_type()
        # ac_future(T) is __typeof__(… [AC__FUTURE]), whatever macro of the user's it comes through.
        if any(self.tokens[k].text == "AC__FUTURE" for k in range(first, self.last_end())):
            found.is_future = True

    def _alignas(self, found: Specifiers) -> None:
        self.next()
        first = self.at
        with self.not_evaluated():
            self._parenthesised_type()
        found.alignment = max(found.alignment, self.oracle.alignment(first, self.last_end()))

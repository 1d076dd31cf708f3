"""struct, union, enum. Types that are defined in a function are LocalTypes: they may have to move to file scope, where they
get names of their own.
"""

from __future__ import annotations

from ...ir.source import TokenKind
from ...ir.tree import LocalType
from .attributes import Attributed, attributes
from .declarators import Declarators
from .scope import EnumConstant


class Tags(Declarators):
    def tag(self, declares_alone: bool = False) -> list[LocalType]:
        """`struct S`, `struct S { … }`; gives the types it defines, an outer one after those inside it."""
        first = self.next()
        kind = self.tokens[first].text
        attributes(self, Attributed())
        name = self.next() if self.kind in (TokenKind.NAME, TokenKind.WORD) else -1
        spelling = self.tokens[name].text if name >= 0 else ""
        if name >= 0 and self.tokens[name].kind is TokenKind.WORD:
            self.report_word_as_name(name)
        if kind == "enum" and self.text == ":":
            self.next()
            self.skip_directives()
            self.specifiers()
        if self.text != "{":
            self._refer_to_tag(kind, spelling, name, first, declares_alone and self.text == ";")
            return []
        made = self._declare_tag(kind, spelling, name, first)
        inner = self._enumerators(made) if kind == "enum" else self._members()
        made.last = self.last_end()
        attributes(self, Attributed())
        made.last = self.last_end()
        return [*inner, made]

    def _refer_to_tag(self, kind: str, spelling: str, name: int, first: int, alone: bool) -> None:
        if alone and self.scopes.stack and spelling not in self.scopes.top.tags:
            made = self._declare_tag(kind, spelling, name, first)  # struct S; hides an outer S
            made.last = self.last_end()
            made.forwards.append((first, made.last))
            return
        found = self.scopes.find_tag(spelling)
        if found is not None and alone:
            found.forwards.append((first, name + 1))
        is_ours = self.function_name and not self.at_file_scope and spelling not in self.scopes.file_tags
        if found is None and is_ours:
            self._declare_tag(kind, spelling, name, first).last = self.last_end()  # its first mention declares it
        if found is not None:
            self.type_names[name] = found

    def _declare_tag(self, kind: str, spelling: str, name: int, first: int) -> LocalType:
        outside = self.at_file_scope
        known = self.scopes.top.tags.get(spelling) if spelling and not outside else None
        if known is None:
            name_outside = spelling if outside and spelling else self.global_name(spelling)
            known = LocalType(kind, spelling, name_outside, position=self.tokens[first].position, at_file_scope=outside)
            if spelling:
                self.scopes.top.tags[spelling] = known
            self.note_type(known)
        known.first, known.last = first, first
        if not self.function_name:
            return known  # at file scope, in a macro that defines functions too
        if name >= 0:
            self.declares(name)
            self.type_names[name] = known
            self.oracle.define_type(name, known)
        self.oracle.define_type(first, known)
        return known

    def note_type(self, made: LocalType) -> None:
        self.types.append(made)
        self.scopes.top.types.append(made)

    def global_name(self, spelling: str) -> str:
        base = f"ac__{self.function_name}_{spelling or 'anonymous'}"
        name, k = base, 1
        while name in self.taken_names:
            k += 1
            name = f"{base}_{k}"
        self.taken_names.add(name)
        return name

    def _members(self) -> list[LocalType]:
        """The body of a struct or union. Named types inside it belong to the scope around it."""
        found: list[LocalType] = []
        self.expect("{")
        self.skip_directives()
        while self.text != "}":
            if self.text in ("_Static_assert", "static_assert"):
                self.static_assert()
            elif self.text != ";":
                found += self._member_specifiers()
                while self.text not in (";", "}"):
                    declared = self.declarator(abstract=True)
                    if declared.name >= 0 and self.tokens[declared.name].kind is TokenKind.WORD:
                        self.report_word_as_name(declared.name)
                    if self.accept(":"):
                        self.skip_directives()
                        self.conditional()
                    attributes(self, declared)
                    if not self.accept(","):
                        break
            if self.text != "}":
                self.expect(";")
            self.skip_directives()
        self.next()
        self.skip_directives()
        return found

    def _member_specifiers(self) -> list[LocalType]:
        """An anonymous type of a member moves with the type around it: it is no LocalType of its own."""
        found = self.specifiers()
        for made in [t for t in found.types if not t.name]:
            self.types.remove(made)
            self.scopes.top.types.remove(made)
        return [t for t in found.types if t.name]

    def _enumerators(self, made: LocalType) -> list[LocalType]:
        self.expect("{")
        self.skip_directives()
        while self.text != "}":
            name = self.next()
            if self.tokens[name].kind is TokenKind.WORD:
                self.report_word_as_name(name)
            attributes(self, Attributed())
            if self.accept("="):
                self.conditional()
            spelling = self.declares(name).text
            self.scopes.declare(spelling, EnumConstant(spelling, made))
            self.constants[name] = made
            if not self.accept(","):
                break
        self.expect("}")
        self.skip_directives()
        return []

    def static_assert(self) -> None:
        self.next()
        self.expect("(")
        with self.not_evaluated():
            self.expression()
        self.expect(")")

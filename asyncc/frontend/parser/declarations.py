"""Whole declarations in blocks, and what they add to the scopes (C11 6.7)."""

from __future__ import annotations

from ...ir.tree import Declaration, Declarator, Expr, FunctionDecl, Lazy, Local, LocalType, TypeKind
from .attributes import attributes
from .base import strip
from .declarators import Declared
from .scope import LocalFunction
from .specifiers import Specifiers
from .tags import Tags


class Declarations(Tags):
    def declaration(self) -> Declaration:
        """In a block, or in the header of a `for` or `when` (which ends before the parenthesis instead of at a `;`)."""
        first = self.at
        if self.text in ("_Static_assert", "static_assert"):
            self.static_assert()
            last = self.expect(";") + 1
            return Declaration(first, last, last, [], is_static_assert=True)
        specifiers = self.specifiers()
        made = Declaration(first, first, specifiers.last, [], specifiers.types, specifiers.is_typedef)
        if self.text not in (";", ")"):
            while True:
                made.declarators.append(self._init_declarator(specifiers))
                if not self.accept(","):
                    break
                attributes(self, specifiers)
        made.last = self.expect(";") + 1 if self.text != ")" else self.last_end()
        if specifiers.is_typedef:
            for declared in made.types:
                if declared.kind == "typedef":
                    declared.first, declared.last = made.first, made.last
        return made

    def _init_declarator(self, specifiers: Specifiers) -> Declarator:
        declared = self.declarator()
        attributes(self, declared)
        declared.last = self.last_end()
        made = Declarator(declared.first, declared.last, None)
        if specifiers.is_typedef:
            specifiers.types.append(self._declare_typedef(declared, specifiers.is_future and not declared.nearest))
            made.is_variable_type = self.oracle.declared_type(declared.name, False).kind is TypeKind.VLA
        elif declared.nearest == "function" or self._is_function(declared):
            self._declare_function(declared, specifiers)
        else:
            made.local = self.declare_local(declared, specifiers)
        if self.accept("="):
            made.init = self.initializer()
            if made.local is not None and made.local.is_future:
                self.check_future_init(made.local, made.init, declared.name)
        return made

    def check_future_init(self, local: Local, init: Expr, name: int) -> None:
        if not isinstance(strip(init), Lazy):
            self.report(
                "future-misuse",
                name,
                f"'{local.name}' is an ac_future: only ac_lazy gives it a value",
                "write '= ac_lazy(f(…))'; a future cannot be copied, since its storage belongs to one local",
            )

    def _declare_typedef(self, declared: Declared, is_future: bool) -> LocalType:
        token = self.declares(declared.name)
        name = self.global_name(token.text)
        made = LocalType("typedef", token.text, name, position=token.position, is_future=is_future)
        self.scopes.declare(token.text, made)
        self.note_type(made)
        self.type_names[declared.name] = made
        self.oracle.define_type(declared.name, made)
        return made

    def _is_function(self, declared: Declared) -> bool:
        """A name declared with a typedef of a function type: `visit leaf;`"""
        return not declared.nearest and self.oracle.is_function(declared.name)

    def _declare_function(self, declared: Declared, specifiers: Specifiers) -> None:
        name = self.declares(declared.name).text
        self.scopes.declare(name, LocalFunction(name, declared.name))
        found: FunctionDecl | None = self.oracle.declared_function(declared.name)
        if found is not None and name not in self.functions:
            self.declared_here[name] = found

    def declare_local(self, declared: Declared, specifiers: Specifiers) -> Local:
        token = self.declares(declared.name)
        local = Local(
            token.text,
            self.oracle.declared_type(declared.name, False),
            token.position,
            storage=specifiers.storage,
            alignment=max(specifiers.alignment, declared.alignment),
            cleanup=declared.cleanup or specifiers.cleanup,
            is_future=specifiers.is_future and not declared.nearest,
            index=len(self.locals),
        )
        local.address_taken = bool(local.cleanup)
        if not self.unevaluated:
            self.locals.append(local)
            self.scopes.top.locals.append(local)
        self.scopes.declare(token.text, local)
        self.names[declared.name] = local
        return local

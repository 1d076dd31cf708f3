"""The parser: from the expanded tokens of a function to the tree.

Recursive descent, functions named after the grammar. clang has accepted the text before it comes here, so there is no
recovery from syntax errors; what clang lets pass because a word is a macro to it (an arm outside a select) is reported here.

The parser is one object. Its methods stand in a row of classes, each of which has the part of the grammar that the next builds
on: Base, Expressions, TypeSpecifiers, Declarators, Tags, Declarations, Statements, Parser. Where the grammar goes round (a cast
holds a type name) a class says at its head what it is given. The words are functions that are given the parser.
"""

from __future__ import annotations

from ...ir.source import TokenKind
from ...ir.tree import Function, FunctionDecl, TypeKind
from .attributes import attributes
from .base import PENDING, Oracle, Syntax
from .declarators import Declared
from .specifiers import Specifiers
from .statements import Statements

__all__ = ["PENDING", "Oracle", "Parser", "Syntax"]

_FUNCTION_NAMES = frozenset({"__func__", "__FUNCTION__", "__PRETTY_FUNCTION__"})


class Parser(Statements):
    def functions_in(self, first: int, last: int) -> list[Function]:
        """The function definitions in tokens [first, last); other declarations there (a macro may make both) are read over."""
        self.at, self.end = first, last
        found: list[Function] = []
        while self.at < self.end:
            self.skip_directives()
            if self.at >= self.end:
                break
            function = self._external()
            if function is not None:
                found.append(function)
        return found

    def _external(self) -> Function | None:
        first = self.at
        self._begin()
        if self.text == ";":
            self.next()
            return None
        if self.text in ("_Static_assert", "static_assert"):
            self.static_assert()
            self.expect(";")
            return None
        self.scopes.push()  # tags of a declaration at file scope are not locals; this scope is thrown away
        try:
            return self._definition(first)
        finally:
            self.scopes.pop()
            self.function_name = ""

    def _begin(self) -> None:
        self.locals, self.types, self.names, self.type_names = [], [], {}, {}
        self.unnamed = {}
        self.constants, self.local_labels = {}, {}
        self.called, self.labels, self.mentions = set(), {}, []
        self.declared_here = {}
        self.unevaluated = 0

    def _definition(self, first: int) -> Function | None:
        specifiers = self.specifiers()
        if self.accept(";"):
            return None
        at, declared = self.at, self.declarator()
        attributes(self, declared)
        if declared.nearest != "function" or self.text in (";", ",", "="):
            self._rest_of_declaration()
            return None
        # Read once more with the name known: types in the parameters are named after the function.
        self._begin()
        self.oracle.begin_function(first, self.end)
        self.at = first
        self.function_name = self.tokens[declared.name].text
        self.at_file_scope = True
        specifiers = self.specifiers()
        self.at_file_scope = False
        self.refuse_future(specifiers)
        self.at = at
        declared = self.declarator()
        attributes(self, declared)
        return self._body(first, specifiers, declared)

    def _rest_of_declaration(self) -> None:
        while self.text != ";":
            if self.text in "([{" and self.kind is TokenKind.PUNCT:
                self.at = self.closing(self.at)
            self.next()
        self.next()

    def _body(self, first: int, specifiers: Specifiers, declared: Declared) -> Function:
        assert declared.scope is not None
        declarator_last = self.last_end()
        places = {local.name: name for name, local in self.names.items() if local in declared.parameters}
        if self.text != "{":
            self._old_style(declared, places)
            declarator_last = self.last_end()
        name = self.tokens[declared.name].text
        decl = self.functions[name] if name in self.functions else self._unknown(declared)
        if decl.type.kind is TypeKind.FUNCTION and decl.type.has_prototype and not decl.type.parameters:
            declared.parameters.clear()  # a typedef of void
        for k, local in enumerate(declared.parameters):
            if local.name:
                local.type = self.oracle.declared_type(places[local.name], True)
            else:
                local.name, local.type = f"ac__unnamed_{k + 1}", decl.type.parameters[k]
            local.index = len(self.locals)
            self.locals.append(local)
        body = self.block(declared.scope)
        function = Function(
            decl=decl,
            parameters=declared.parameters,
            body=body,
            first=first,
            last=self.at,
            specifiers_last=specifiers.last,
            declarator_last=declarator_last,
            locals=self.locals,
            types=self.types,
            labels=self.labels,
            attributes=[*specifiers.attributes, *declared.attributes],
            of_code=[*specifiers.of_code, *declared.of_code],
            uses_function_name=any(t.text in _FUNCTION_NAMES for t in self.tokens[body.first : body.last]),
            names=self.names,
            type_names=self.type_names,
            constants=self.constants,
            local_labels=self.local_labels,
            called=self.called,
            unnamed={place: local for place, local in self.unnamed.items() if local in declared.parameters},
            name_token=declared.name,
        )
        function.is_variadic = declared.is_variadic
        return function

    def _old_style(self, declared: Declared, places: dict[str, int]) -> None:
        """K&R: `int f(a, b) int a; char *b; { … }`"""
        assert declared.scope is not None
        by_name = {local.name: local for local in declared.parameters}
        self.scopes.push(declared.scope)
        while self.text != "{":
            self.specifiers()
            while True:
                found = self.declarator()
                name = self.tokens[found.name].text
                places[name] = found.name
                self.names[found.name] = by_name[name]
                if not self.accept(","):
                    break
            self.expect(";")
        self.scopes.pop()

    def _unknown(self, declared: Declared) -> FunctionDecl:
        token = self.tokens[declared.name]
        return FunctionDecl(token.text, PENDING, False, False, False, token.position, True)

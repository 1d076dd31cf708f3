"""Declarations: specifiers, declarators, tags, and what they add to the scopes (C11 6.7 and GNU's attributes)."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...ir.source import TokenKind
from ...ir.tree import Declaration, Declarator, Expr, FunctionDecl, Local, LocalType, TypeKind
from .base import PENDING, strip
from .expressions import Expressions
from .scope import EnumConstant, LocalFunction, Scope

_STORAGE = frozenset(
    {"static", "extern", "register", "auto", "typedef", "_Thread_local", "__thread", "thread_local", "constexpr"}
)
_OTHER_SPECIFIERS = frozenset(
    [
        "const",
        "volatile",
        "restrict",
        "__const",
        "__const__",
        "__volatile",
        "__volatile__",
        "__restrict",
        "__restrict__",
        "inline",
        "__inline",
        "__inline__",
        "_Noreturn",
        "noreturn",
        "__extension__",
        "_Nonnull",
        "_Nullable",
        "_Null_unspecified",
        "__unaligned",
    ]
)
_TYPE_WORDS = frozenset(
    [
        "void",
        "char",
        "short",
        "int",
        "long",
        "float",
        "double",
        "signed",
        "unsigned",
        "_Bool",
        "_Complex",
        "_Imaginary",
        "__complex__",
        "__complex",
        "__signed__",
        "__signed",
        "__unsigned",
        "__int128",
        "_Float16",
        "_Float32",
        "_Float64",
        "_Float128",
        "_Float32x",
        "_Float64x",
        "_Float128x",
        "__float128",
        "__ibm128",
        "__bf16",
        "__fp16",
        "__auto_type",
        "__builtin_va_list",
        "_Decimal32",
        "_Decimal64",
        "_Decimal128",
        "__float80",
        "_Accum",
        "_Fract",
        "_Sat",
    ]
)
_TYPEOF = frozenset({"typeof", "__typeof__", "__typeof", "typeof_unqual", "__typeof_unqual__"})
_TAGS = frozenset({"struct", "union", "enum"})
_ATTRIBUTE = frozenset({"__attribute__", "__attribute", "__declspec"})
_ALIGNAS = frozenset({"_Alignas", "alignas"})
_BIT_INT = frozenset({"_BitInt", "_ExtInt"})
_STARTS = (
    _STORAGE - {"noreturn"}
    | _OTHER_SPECIFIERS
    | _TYPE_WORDS
    | _TYPEOF
    | _TAGS
    | _ATTRIBUTE
    | _ALIGNAS
    | _BIT_INT
    | {"_Atomic", "_Static_assert"}
)
# Names in other standards or of libraries: they start a type only where they are not declared as something else.
_SOFT = frozenset({"auto", "noreturn", "thread_local", "constexpr", "alignas", "typeof", "typeof_unqual"})
_TOPLEVEL_NOISE = frozenset({"asm", "__asm__", "__asm"})


@dataclass(slots=True)
class Specifiers:
    first: int
    last: int
    storage: str = ""
    is_typedef: bool = False
    is_async: bool = False
    alignment: int = 0
    cleanup: str = ""
    cleanup_token: int = -1
    attributes: list[str] = field(default_factory=list)
    types: list[LocalType] = field(default_factory=list)
    is_future: bool = False
    has_type: bool = False


@dataclass(slots=True)
class Declared:
    """One declarator as read: its name, and what the name is nearest to."""

    first: int
    last: int = 0
    name: int = -1  # token; -1: abstract
    nearest: str = ""  # "function", "array", "pointer", ""
    parameters: list[Local] = field(default_factory=list)
    scope: Scope | None = None  # of the parameters
    is_variadic: bool = False
    attributes: list[str] = field(default_factory=list)
    alignment: int = 0
    cleanup: str = ""


class Declarations(Expressions):
    # --- does a declaration start here? -----------------------------------------------------------------------------

    def starts_type(self) -> bool:
        kind, text = self.kind, self.text
        if kind is TokenKind.WORD:
            return self.word == "async"
        if kind is not TokenKind.NAME:
            return False
        if text in _SOFT and self.scopes.find(text) is not None:
            return False
        if text == "__extension__":  # before a declaration or an expression
            at = self.at
            self.next()
            found = self.starts_type()
            self.at = at
            return found
        return text in _STARTS or self.scopes.is_typedef(text) or self._is_builtin_type(text)

    def _is_builtin_type(self, name: str) -> bool:
        """bool and char8_t are keywords in C23; `__int128_t` and the like are typedefs without a declaration."""
        if name in ("bool",):
            return self.scopes.find(name) is None
        return name in ("__int128_t", "__uint128_t", "__builtin_ms_va_list", "__NSConstantString")

    # --- specifiers --------------------------------------------------------------------------------------------------

    def specifiers(self) -> Specifiers:
        found = Specifiers(self.at, self.at)
        while self.at < self.end:
            kind, text = self.kind, self.text
            if kind is TokenKind.WORD and self.word == "async":
                found.is_async = True
                self.next()
            elif kind is not TokenKind.NAME:
                if not (text == "[" and self.peek() == "[" and self._attribute_brackets(found)):
                    break
            elif text in _STORAGE and not (text in _SOFT and self.scopes.find(text) is not None):
                found.is_typedef |= text == "typedef"
                if text in ("_Thread_local", "__thread", "thread_local"):
                    found.storage = "_Thread_local"
                elif text not in ("auto", "constexpr", "typedef") and found.storage != "_Thread_local":
                    found.storage = text
                # C23's `auto x = …` has no type beside it.
                found.has_type |= text == "auto" and self._is_inferred()
                self.next()
            elif text in _OTHER_SPECIFIERS and not (text == "noreturn" and found.has_type):
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
        if text in _TYPE_WORDS:
            self.next()
        elif text in _TAGS:
            found.types += self.tag(declares_alone=True)
        elif text in _TYPEOF:
            self._typeof(found)
        elif text in _ATTRIBUTE:
            self.attribute(found)
            return True
        elif text in _ALIGNAS:
            self._alignas(found)
            return True
        elif text == "_Atomic":
            self.next()
            if self.text != "(":
                return True
            self._parenthesised_type()
        elif text in _BIT_INT:
            self.next()
            self.expect("(")
            self.assignment()
            self.expect(")")
        elif not found.has_type and (self.scopes.is_typedef(text) or self._is_builtin_type(text)):
            meaning = self.scopes.find(text)
            if isinstance(meaning, LocalType):
                self.type_names[self.at] = meaning
                found.is_future = meaning.is_future
            elif meaning is None and self.oracle.is_future_typedef(text):  # type: ignore[attr-defined]
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

    # --- attributes --------------------------------------------------------------------------------------------------

    def attributes(self, into: Specifiers | Declared) -> None:
        """Attributes, asm names and the like after a declarator."""
        while True:
            text = self.text
            if text in _ATTRIBUTE:
                self.attribute(into)
            elif text in _TOPLEVEL_NOISE and self.peek() == "(":
                self.next()
                self._skip_balanced()
            elif not (text == "[" and self.peek() == "[" and self._attribute_brackets(into)):
                return

    def attribute(self, into: Specifiers | Declared) -> None:
        """__attribute__((a, b(c)))."""
        self.next()
        last = self.closing(self.at)
        self._attribute_list(self.at + 1, last, into)
        self.at = last
        self.next()

    def _attribute_brackets(self, into: Specifiers | Declared) -> bool:
        """[[a, gnu::b(c)]]"""
        if self.tokens[self.at].kind is not TokenKind.PUNCT or self.tokens[self.at + 1].text != "[":
            return False
        last = self.closing(self.at)
        self._attribute_list(self.at + 2, last - 1, into)
        self.at = last
        self.next()
        return True

    def _attribute_list(self, first: int, last: int, into: Specifiers | Declared) -> None:
        at = first
        while at < last:
            token = self.tokens[at]
            if token.kind is TokenKind.NAME:
                name = token.text.strip("_") or token.text
                into.attributes.append(name)
                if at + 1 < last and self.tokens[at + 1].text == "(":
                    closing = self.closing(at + 1)
                    self._attribute_arguments(name, at + 2, closing, into)
                    at = closing
                elif name == "aligned":
                    into.alignment = max(into.alignment, 16)
            elif token.text == "(":
                at += 1
                continue
            at += 1

    def _attribute_arguments(self, name: str, first: int, last: int, into: Specifiers | Declared) -> None:
        if name == "cleanup" and first < last:
            into.cleanup = self.tokens[first].text
            self.called.add(into.cleanup)
        elif name == "aligned":
            into.alignment = max(into.alignment, self.oracle.alignment(first - 1, last + 1))
        for index in range(first, last):
            if self.tokens[index].kind is TokenKind.NAME:
                meaning = self.scopes.find(self.tokens[index].text)
                if isinstance(meaning, Local):
                    self.names[index] = meaning
                elif isinstance(meaning, LocalType):
                    self.type_names[index] = meaning

    def _skip_balanced(self) -> None:
        self.at = self.closing(self.at)
        self.next()

    # --- struct, union, enum -----------------------------------------------------------------------------------------

    def tag(self, declares_alone: bool = False) -> list[LocalType]:
        """`struct S`, `struct S { … }`; gives the types it defines, an outer one after those inside it."""
        first = self.next()
        kind = self.tokens[first].text
        self.attributes(Declared(self.at))
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
        self.attributes(Declared(self.at))
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
            self.type_names[name] = known
            self.oracle.define_type(name, known)  # type: ignore[attr-defined]
        self.oracle.define_type(first, known)  # type: ignore[attr-defined]
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
                self._static_assert()
            elif self.text != ";":
                found += self._member_specifiers()
                while self.text not in (";", "}"):
                    declared = self.declarator(abstract=True)
                    if declared.name >= 0 and self.tokens[declared.name].kind is TokenKind.WORD:
                        self.report_word_as_name(declared.name)
                    if self.accept(":"):
                        self.skip_directives()
                        self.conditional()
                    self.attributes(declared)
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
            self.attributes(Declared(self.at))
            if self.accept("="):
                self.conditional()
            self.scopes.declare(self.tokens[name].text, EnumConstant(self.tokens[name].text, made))
            self.constants[name] = made
            if not self.accept(","):
                break
        self.expect("}")
        self.skip_directives()
        return []

    def _static_assert(self) -> None:
        self.next()
        self.expect("(")
        with self.not_evaluated():
            self.expression()
        self.expect(")")

    # --- declarators ---------------------------------------------------------------------------------------------------

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
            elif self.text in _OTHER_SPECIFIERS or self.text == "_Atomic" or self.word == "async":
                self.next()
            elif self.text in _ATTRIBUTE:
                self.attribute(found)
            elif not (self.text == "[" and self.peek() == "[" and self._attribute_brackets(found)):
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
        while True:
            if self.text == "(" and self.kind is TokenKind.PUNCT:
                is_nearest = not found.nearest
                if is_nearest:
                    found.nearest = "function"
                self._parameters(found if is_nearest else Declared(self.at))
            elif self.text == "[" and self.kind is TokenKind.PUNCT:
                if self.peek() == "[" and self.tokens[self.at + 1].text == "[" and self._attribute_brackets(found):
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
                found.parameters += self._parameter()
                if not self.accept(","):
                    break
        self.expect(")")
        self.scopes.pop()

    def _parameter(self) -> list[Local]:
        self.refuse_future(self.specifiers())
        declared = self.declarator(abstract=True)
        self.attributes(declared)
        if declared.name < 0:
            return []
        return [self.declare_parameter(declared.name)]

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

    # --- whole declarations ----------------------------------------------------------------------------------------------

    def declaration(self) -> Declaration:
        """In a block, or in the header of a `for` or `when` (which ends before the parenthesis instead of at a `;`)."""
        first = self.at
        if self.text in ("_Static_assert", "static_assert"):
            self._static_assert()
            last = self.expect(";") + 1
            return Declaration(first, last, last, [], is_static_assert=True)
        specifiers = self.specifiers()
        made = Declaration(first, first, specifiers.last, [], specifiers.types, specifiers.is_typedef)
        if self.text not in (";", ")"):
            while True:
                made.declarators.append(self._init_declarator(specifiers))
                if not self.accept(","):
                    break
                self.attributes(specifiers)
        made.last = self.expect(";") + 1 if self.text != ")" else self.last_end()
        if specifiers.is_typedef:
            for declared in made.types:
                if declared.kind == "typedef":
                    declared.first, declared.last = made.first, made.last
        return made

    def _init_declarator(self, specifiers: Specifiers) -> Declarator:
        declared = self.declarator()
        self.attributes(declared)
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
        from ...ir.tree import Lazy

        if not isinstance(strip(init), Lazy):
            self.report(
                "future-misuse",
                name,
                f"'{local.name}' is an ac_future: only ac_lazy gives it a value",
                "write '= ac_lazy(f(…))'; a future cannot be copied, since its storage belongs to one local",
            )

    def _declare_typedef(self, declared: Declared, is_future: bool) -> LocalType:
        token = self.tokens[declared.name]
        name = self.global_name(token.text)
        made = LocalType("typedef", token.text, name, position=token.position, is_future=is_future)
        self.scopes.declare(token.text, made)
        self.note_type(made)
        self.type_names[declared.name] = made
        self.oracle.define_type(declared.name, made)  # type: ignore[attr-defined]
        return made

    def _is_function(self, declared: Declared) -> bool:
        """A name declared with a typedef of a function type: `visit leaf;`"""
        return not declared.nearest and self.oracle.is_function(declared.name)  # type: ignore[attr-defined]

    def _declare_function(self, declared: Declared, specifiers: Specifiers) -> None:
        name = self.tokens[declared.name].text
        self.scopes.declare(name, LocalFunction(name, declared.name))
        found: FunctionDecl | None = self.oracle.declared_function(declared.name)  # type: ignore[attr-defined]
        if found is not None and name not in self.functions:
            self.declared_here[name] = found

    def declare_local(self, declared: Declared, specifiers: Specifiers) -> Local:
        token = self.tokens[declared.name]
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

"""Types: from clang's to the tree's, and how each is written in C.

A type is written from its structure and the user's typedef names, not from clang's spelling of it, since a declaration
has to put a name inside. Sugar that cannot stand elsewhere (typeof of a local, __auto_type) is written as what it means.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property

from ..ir.tree import CType, LocalType, TypeKind
from . import libclang as c
from .libclang import Cursor, Type
from .unit_parse import ParsedUnit

_TYPEOF = re.compile(r"\btypeof\b|__typeof")
_IDENTIFIER = re.compile(r"[A-Za-z_$\u0080-\U0010ffff][\w$]*\Z")
_TAG_WORDS = {c.STRUCT_DECL: "struct", c.UNION_DECL: "union", c.ENUM_DECL: "enum"}
_VA_LISTS = frozenset({"va_list", "__builtin_va_list", "__gnuc_va_list", "__va_list_tag", "__va_list"})
_SUGAR_WRITTEN = frozenset({c.T_POINTER, c.T_FUNCTION, c.T_FUNCTION_NO_PROTO, c.T_CONSTANT_ARRAY, c.T_INCOMPLETE_ARRAY})
_ARRAYS = frozenset({c.T_CONSTANT_ARRAY, c.T_INCOMPLETE_ARRAY, c.T_VLA})
_FUNCTIONS = frozenset({c.T_FUNCTION, c.T_FUNCTION_NO_PROTO})

Declare = Callable[[str], str]


class Types:
    """The types of one translation unit. `local_type` tells which of the functions' own types a declaration is."""

    def __init__(self, unit: ParsedUnit, local_type: Callable[[int], LocalType | None]) -> None:
        self._unit, self._lib = unit, unit.lib
        self._local_type = local_type
        self._known: dict[tuple[int, int], CType] = {}

    def of(self, type_: Type) -> CType:
        key = (type_.kind, type_.key())
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._make(type_)
        return found

    def of_parameter(self, type_: Type) -> CType:
        """A parameter's own type: an array or function is a pointer. libclang gives it as written."""
        found = self.of(type_)
        canonical = self._lib.getCanonicalType(type_)
        if canonical.kind not in _ARRAYS and canonical.kind not in _FUNCTIONS:
            return found
        if found.kind is TypeKind.VA_LIST:
            element = self._lib.getArrayElementType(canonical)
        else:
            element = self._lib.getArrayElementType(canonical) if canonical.kind in _ARRAYS else type_
            if canonical.kind in _ARRAYS:
                written = self._through_sugar(type_)
                element = self._lib.getArrayElementType(written) if written.kind in _ARRAYS else element
        return self._pointer_to(self.of(element), found.kind is TypeKind.VA_LIST)

    def _pointer_to(self, element: CType, is_va_list: bool) -> CType:
        kind = TypeKind.VA_LIST if is_va_list else TypeKind.VLA if element.kind is TypeKind.VLA else TypeKind.POINTER
        size = self._unit_pointer
        declare_element = _qualified(element)
        return CType(
            kind,
            declare_element("*"),
            size,
            size,
            is_async_function=element.kind is TypeKind.FUNCTION and element.is_async_function,
            element=element,
            local_types=element.local_types,
            declare_with=lambda name: declare_element(_inner("*" + name, element)),
        )

    @cached_property
    def _unit_pointer(self) -> int:
        return self.pointer_size

    pointer_size = 8

    # --- making one --------------------------------------------------------------------------------------------------

    def _make(self, type_: Type) -> CType:
        lib = self._lib
        canonical = lib.getCanonicalType(type_)
        if canonical.kind in (
            c.T_INVALID,
            c.T_UNEXPOSED,
        ):  # a builtin's name before its call; asking its size would crash
            return CType(TypeKind.OTHER, "builtin", -1, 1, declare_with=_prefix("void *"))
        kind = self._kind(type_, canonical)
        written = self._through_sugar(type_)
        made = CType(
            kind,
            self._for_people(type_, canonical),
            0 if kind in (TypeKind.VOID, TypeKind.FUNCTION) else max(lib.Type_getSizeOf(canonical), -1),
            max(lib.Type_getAlignOf(type_), 1),  # a typedef may say more, or less, than what it names
            is_const=self._is_const(canonical),
            is_volatile=bool(lib.isVolatileQualifiedType(canonical)),
            is_atomic=canonical.kind == c.T_ATOMIC,
        )
        if kind is TypeKind.RECORD:
            made.has_const_member = self._has_const_member(canonical)
        self._parts(made, type_, canonical, written)
        return made

    def _for_people(self, type_: Type, canonical: Type) -> str:
        """clang writes a `typeof` with its operand, which may be a statement expression of many lines."""
        text: str = self._lib.text(self._lib.getTypeSpelling(type_))
        return self._lib.text(self._lib.getTypeSpelling(canonical)) if _TYPEOF.search(text) else text

    def _has_const_member(self, record: Type) -> bool:
        """Whether a value of it can only be initialised, not assigned."""
        lib = self._lib
        for cursor in self._unit.children(lib.getTypeDeclaration(record)):
            if cursor.kind != c.FIELD_DECL:
                continue
            member = lib.getCanonicalType(lib.getCursorType(cursor))
            if self._is_const(member):
                return True
            while member.kind in _ARRAYS:
                member = lib.getCanonicalType(lib.getArrayElementType(member))
            if member.kind == c.T_RECORD and self.of(member).has_const_member:
                return True
        return False

    def _is_const(self, canonical: Type) -> bool:
        """An array is const when its elements are."""
        while canonical.kind in _ARRAYS:
            canonical = self._lib.getArrayElementType(canonical)
        return bool(self._lib.isConstQualifiedType(canonical))

    def _kind(self, type_: Type, canonical: Type) -> TypeKind:
        kind = canonical.kind
        if self._is_va_list(type_, canonical):
            return TypeKind.VA_LIST
        if kind == c.T_VOID:
            return TypeKind.VOID
        if c.T_FIRST_BUILTIN < kind <= c.T_LAST_BUILTIN + 1 or kind == c.T_ENUM:
            return TypeKind.SCALAR
        if kind in (c.T_POINTER, c.T_BLOCK_POINTER):
            pointee = self._lib.getPointeeType(canonical)
            return TypeKind.VLA if self.of(pointee).kind is TypeKind.VLA else TypeKind.POINTER
        if kind == c.T_VLA:
            return TypeKind.VLA
        if kind in _ARRAYS:
            element = self.of(self._lib.getArrayElementType(canonical))
            return TypeKind.VLA if element.kind is TypeKind.VLA else TypeKind.ARRAY
        if kind == c.T_RECORD:
            return TypeKind.RECORD
        if kind in _FUNCTIONS:
            return TypeKind.FUNCTION
        if kind == c.T_ATOMIC:
            inner = self._kind(*[self._lib.getCanonicalType(self._lib.Type_getValueType(canonical))] * 2)
            return inner if inner in (TypeKind.SCALAR, TypeKind.POINTER) else TypeKind.OTHER
        return TypeKind.OTHER

    def _is_va_list(self, type_: Type, canonical: Type) -> bool:
        while type_.kind in (c.T_TYPEDEF, c.T_ELABORATED):
            if type_.kind == c.T_ELABORATED:
                type_ = self._lib.Type_getNamedType(type_)
                continue
            declaration = self._lib.getTypeDeclaration(type_)
            if self._lib.spelling(declaration) in _VA_LISTS:
                return True
            type_ = self._lib.getTypedefDeclUnderlyingType(declaration)
        while canonical.kind in (c.T_CONSTANT_ARRAY, c.T_POINTER):
            canonical = (
                self._lib.getArrayElementType(canonical)
                if canonical.kind == c.T_CONSTANT_ARRAY
                else self._lib.getPointeeType(canonical)
            )
        return canonical.kind == c.T_RECORD and self._lib.spelling(self._lib.getTypeDeclaration(canonical)) in _VA_LISTS

    def _parts(self, made: CType, type_: Type, canonical: Type, written: Type) -> None:
        """Elements, parameters, and how it is written."""
        lib = self._lib
        kind = written.kind
        shape = written if kind in _SUGAR_WRITTEN or kind == c.T_VLA else canonical
        if shape.kind in (c.T_POINTER, c.T_BLOCK_POINTER):
            made.element = self.of(lib.getPointeeType(shape))
            made.is_async_function = made.element.kind is TypeKind.FUNCTION and made.element.is_async_function
        elif shape.kind in _ARRAYS:
            made.element = self.of(lib.getArrayElementType(shape))
            made.length = lib.getArraySize(shape) if shape.kind == c.T_CONSTANT_ARRAY else -1
        elif shape.kind in _FUNCTIONS:
            made.result = self.of(lib.getResultType(shape))
            count = lib.getNumArgTypes(shape)
            made.parameters = [self.of_parameter(lib.getArgType(shape, k)) for k in range(max(count, 0))]
            made.has_prototype = shape.kind == c.T_FUNCTION
            made.is_variadic = made.has_prototype and bool(lib.isFunctionTypeVariadic(shape))
            made.is_async_function = lib.getFunctionTypeCallingConv(canonical) in c.CALLCONV_ASYNC
        made.declare_with = self._writer(made, type_, written)

    def _through_sugar(self, type_: Type) -> Type:
        """Down to the first layer that has a name or a shape: attributes, parentheses and typeof say nothing."""
        lib = self._lib
        while True:
            if type_.kind == c.T_ELABORATED:
                type_ = lib.Type_getNamedType(type_)
            elif type_.kind == c.T_ATTRIBUTED:
                type_ = lib.Type_getModifiedType(type_)
            elif type_.kind in (c.T_UNEXPOSED, c.T_AUTO):  # parentheses, typeof, __auto_type
                canonical: Type = lib.getCanonicalType(type_)
                return canonical
            elif type_.kind == c.T_TYPEDEF and self._adds_qualifiers(type_):
                type_ = lib.getTypedefDeclUnderlyingType(lib.getTypeDeclaration(type_))
            else:
                return type_

    def _adds_qualifiers(self, type_: Type) -> bool:
        """A typedef of a const type cannot be written without the const."""
        lib, canonical = self._lib, self._lib.getCanonicalType(type_)
        asked = (lib.isConstQualifiedType, lib.isVolatileQualifiedType)
        return any(asks(canonical) and not asks(type_) for asks in asked)

    def _writer(self, made: CType, type_: Type, written: Type) -> Declare:
        kind = written.kind
        element = made.element
        if kind == c.T_POINTER and element is not None:
            made.local_types = element.local_types
            declare_element = _qualified(element)
            return lambda name: declare_element(_inner("*" + name, element))
        if kind in _ARRAYS and element is not None:
            made.local_types = element.local_types
            size = "" if made.length < 0 else str(made.length)
            return lambda name: element.declare(f"{name}[{size}]")
        if kind in _FUNCTIONS and made.result is not None:
            return self._function_writer(made)
        if kind in (c.T_TYPEDEF, c.T_RECORD, c.T_ENUM):
            return _prefix(self._name(made, written))
        if kind == c.T_ATOMIC:
            value = self.of(self._lib.Type_getValueType(written))
            made.local_types = value.local_types
            return _prefix(f"_Atomic({value.declare('')})")
        return _prefix(_unqualified(self._lib.text(self._lib.getTypeSpelling(written))))

    @staticmethod
    def _function_writer(made: CType) -> Declare:
        assert made.result is not None
        made.local_types = [t for part in (made.result, *made.parameters) for t in part.local_types]
        parameters = ", ".join(_qualified(p)("") for p in made.parameters)
        if made.is_variadic:
            parameters += ", ..."
        elif not parameters:
            parameters = "void" if made.has_prototype else ""
        declare_result = _qualified(made.result)
        return lambda name: declare_result(f"{name}({parameters})")

    # --- names -------------------------------------------------------------------------------------------------------

    def _name(self, made: CType, written: Type) -> str:
        """Of a typedef or tag; a local one by the name it gets at file scope."""
        lib = self._lib
        declaration = lib.getTypeDeclaration(written)
        offset = self._unit.location(declaration)
        local = self._local_type(offset) if offset >= 0 else None
        if local is None:  # one that was declared before its definition, which the parser has not come to yet
            earlier = self._unit.location(lib.getCanonicalCursor(declaration))
            local = self._local_type(earlier) if earlier >= 0 and earlier != offset else None
        tag = _TAG_WORDS.get(declaration.kind, "")
        if local is not None:
            made.local_types = [local]
            return f"{local.kind} {local.global_name}" if tag else local.global_name
        name = lib.spelling(declaration)
        if not tag:
            return name
        spelling = _unqualified(lib.text(lib.getTypeSpelling(written)))
        if _IDENTIFIER.match(name) and not lib.Cursor_isAnonymous(declaration):
            # A typedef that names an anonymous type gives it its own name: clang then spells it without a tag.
            return spelling if _IDENTIFIER.match(spelling) else f"{tag} {name}"
        if _IDENTIFIER.match(spelling):
            return spelling
        return self._anonymous.get(declaration.data[0] or 0, spelling)

    @cached_property
    def _anonymous(self) -> dict[int, str]:
        """How to say the type of an anonymous struct of the file: by something that has it."""
        found: dict[int, str] = {}
        for cursor in self._unit.children(self._unit.cursor):
            if cursor.kind == c.VAR_DECL:
                self._name_parts(self._lib.spelling(cursor), self._lib.getCursorType(cursor), found)
            elif cursor.kind in (c.STRUCT_DECL, c.UNION_DECL):
                name = self._lib.spelling(cursor)
                if _IDENTIFIER.match(name) and not self._lib.Cursor_isAnonymous(cursor):
                    self._name_fields(f"((({_TAG_WORDS[cursor.kind]} {name} *)0)->", cursor, found, ")")
            elif cursor.kind == c.TYPEDEF_DECL:
                declared = self._lib.getTypeDeclaration(
                    self._lib.getCanonicalType(self._lib.getTypedefDeclUnderlyingType(cursor))
                )
                if declared.kind in (c.STRUCT_DECL, c.UNION_DECL):
                    self._name_fields(f"((({self._lib.spelling(cursor)} *)0)->", declared, found, ")")
        return found

    def _name_parts(self, path: str, type_: Type, found: dict[int, str]) -> None:
        lib = self._lib
        canonical = lib.getCanonicalType(type_)
        while canonical.kind in _ARRAYS or canonical.kind == c.T_POINTER:
            if canonical.kind in _ARRAYS:
                canonical, path = lib.getArrayElementType(canonical), f"{path}[0]"
            else:
                canonical, path = lib.getPointeeType(canonical), f"(*{path})"
        if canonical.kind not in (c.T_RECORD, c.T_ENUM):
            return
        declaration = lib.getTypeDeclaration(canonical)
        key = declaration.data[0] or 0
        if key not in found and not (
            _IDENTIFIER.match(lib.spelling(declaration)) and not lib.Cursor_isAnonymous(declaration)
        ):
            found[key] = f"__typeof__({path})"
            self._name_fields(path + ".", declaration, found, "")

    def _name_fields(self, path: str, record: Cursor, found: dict[int, str], end: str) -> None:
        for cursor in self._unit.children(record):
            if cursor.kind == c.FIELD_DECL:
                name = self._lib.spelling(cursor)
                if name:
                    self._name_parts(path + name + end, self._lib.getCursorType(cursor), found)


def _inner(name: str, element: CType) -> str:
    """A pointer's declarator: in parentheses where an array or function follows."""
    return f"({name})" if element.kind in (TypeKind.ARRAY, TypeKind.FUNCTION) or _is_raw_array(element) else name


def _is_raw_array(element: CType) -> bool:
    return element.kind is TypeKind.VLA and element.declare("x").endswith("]")


def _prefix(text: str) -> Declare:
    return lambda name: f"{text} {name}" if name else text


def _qualified(element: CType) -> Declare:
    """How a part of a type is written: with its own qualifiers, which `declare` leaves out."""
    qualifiers = " ".join(
        word for word, here in (("const", element.is_const), ("volatile", element.is_volatile)) if here
    )
    if not qualifiers:
        return element.declare
    if element.kind is TypeKind.POINTER:
        return lambda name: element.declare(f"{qualifiers} {name}".rstrip())
    if element.kind is TypeKind.ARRAY and element.element is not None:  # an array is const by its elements
        inner, size = _qualified(element.element), "" if element.length < 0 else str(element.length)
        return lambda name: inner(f"{name}[{size}]")
    return lambda name: f"{qualifiers} {element.declare(name)}"


def _unqualified(spelling: str) -> str:
    words = spelling.split(" ")
    while words and words[0] in ("const", "volatile", "restrict", "_Nonnull"):
        words.pop(0)
    return " ".join(words)

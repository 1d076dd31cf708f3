"""What the file declares: functions, typedef names, futures written by hand. Read in one walk over a parsed unit."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from ..ir.source import Position
from ..ir.tree import FunctionDecl
from . import libclang as c
from . import words
from .libclang import NEXT, Cursor
from .macros import MacroTable
from .types import Types
from .unit_parse import ParsedUnit

_STATIC = 3  # CX_SC_Static
_FUTURE = 2  # AC__FUTURE of <asyncc/handle.h>
_ATTRIBUTE = re.compile(r'(?:__attribute__\(\(|\[\[(?:\w+::)?)(\w+)(\((?:[^()"]|"[^"]*")*\))?')
_TRAILING = re.compile(r"(?: __attribute__\(\([^()]*\)\))+$")
_CLANG_TYPEDEFS = {"__builtin_va_list", "__builtin_ms_va_list", "__int128_t", "__uint128_t"}


@dataclass(slots=True)
class Definition:
    """A function with a body in the text: its bytes, from the first specifier to the brace."""

    name: str
    start: int
    end: int
    cursor: Cursor
    is_async: bool
    floor: int  # where the declaration before it ends: nothing of this one stands before


@dataclass(slots=True)
class Declarations:
    typedefs: dict[str, Cursor | None] = field(default_factory=lambda: dict.fromkeys(_CLANG_TYPEDEFS))
    tags: set[str] = field(default_factory=set)
    functions: dict[str, Cursor] = field(default_factory=dict)
    bodies: set[str] = field(default_factory=set)  # functions with a body anywhere in the unit
    definitions: list[Definition] = field(default_factory=list)  # in the text
    async_names: set[str] = field(default_factory=set)
    consumers: set[str] = field(default_factory=set)
    records: dict[str, Cursor] = field(default_factory=dict)  # `struct NAME_future`
    header_bodies: list[Cursor] = field(default_factory=list)  # async functions with a body in a header
    prototypes: list[Cursor] = field(default_factory=list)  # async functions declared without a body
    word_uses: list[tuple[str, Cursor]] = field(default_factory=list)  # words in headers


def marks_of(unit: ParsedUnit, cursor: Cursor) -> list[str]:
    return [unit.lib.spelling(child) for child in unit.children(cursor) if child.kind == c.ANNOTATE_ATTR]


def is_future_typedef(unit: ParsedUnit, cursor: Cursor) -> bool:
    """Whether a typedef says `ac_future(T)`: a __typeof__ of `T *(*)[AC__FUTURE]`, maybe by way of another typedef."""
    lib = unit.lib
    written = lib.getTypedefDeclUnderlyingType(cursor)
    whole = lib.getCanonicalType(written)
    array = lib.getPointeeType(whole) if whole.kind == c.T_POINTER else whole
    if array.kind != c.T_CONSTANT_ARRAY or lib.getArraySize(array) != _FUTURE:
        return False
    if lib.text(lib.getTypeSpelling(written)).lstrip("_").startswith("typeof"):
        return True
    inner = lib.getTypeDeclaration(written)
    return inner.kind == c.TYPEDEF_DECL and is_future_typedef(unit, inner)


def attributes_of(unit: ParsedUnit, cursor: Cursor) -> dict[str, str]:
    """The attributes on a declared function, by name, as they are written. Few have a kind of cursor, and `noreturn` belongs
    to the type, so they are read from what clang prints of both, without the parameters."""
    lib = unit.lib
    printed = lib.text(lib.getCursorPrettyPrinted(cursor, None))
    head, _, rest = printed.partition(f"{lib.spelling(cursor)}(")
    depth, end = 1, 0
    while end < len(rest) and depth:
        depth += (rest[end] == "(") - (rest[end] == ")")
        end += 1
    of_type = _TRAILING.search(lib.text(lib.getTypeSpelling(lib.getCursorType(cursor))))
    said = f"{head} {rest[end:]} {of_type.group(0) if of_type else ''}"
    found = {name.strip("_"): name + (arguments or "") for name, arguments in _ATTRIBUTE.findall(said)}
    return found | ({"noreturn": "noreturn"} if re.search(r"\b_Noreturn\b", said) else {})


def read(unit: ParsedUnit, macros: MacroTable | None) -> Declarations:
    """Walks the top level once. `macros` collects the definitions met, where the unit has a record of them."""
    found = Declarations()
    lib = unit.lib
    spellings = words.spellings(True)
    last_end = 0

    def each(cursor: Cursor, _parent: Cursor, _data: object) -> int:
        nonlocal last_end
        kind = cursor.kind
        if kind == c.MACRO_DEFINITION:
            if macros is not None:
                macros.saw_definition(cursor)
            return NEXT
        if kind == c.MACRO_EXPANSION:
            name = lib.spelling(cursor)
            if name in spellings and unit.location(cursor) < 0:
                found.word_uses.append((name, cursor))
            return NEXT
        if kind == c.INCLUSION_DIRECTIVE:
            if macros is not None:
                macros.saw_include(cursor, unit.location(cursor))
            return NEXT
        if kind == c.TYPEDEF_DECL:
            found.typedefs[lib.spelling(cursor)] = cursor
        elif kind == c.FUNCTION_DECL:
            _function(unit, found, cursor, last_end)
        elif kind in (c.STRUCT_DECL, c.UNION_DECL, c.ENUM_DECL):
            name = lib.spelling(cursor)
            found.tags.add(name)
            if name.endswith("_future") and lib.isCursorDefinition(cursor):
                found.records[name] = cursor
        end = unit.extent(cursor)[1]
        last_end = max(last_end, end)
        return NEXT

    unit.visit(unit.cursor, each)
    return found


def _function(unit: ParsedUnit, found: Declarations, cursor: Cursor, floor: int) -> None:
    lib = unit.lib
    name = lib.spelling(cursor)
    is_async = lib.getFunctionTypeCallingConv(lib.getCursorType(cursor)) in c.CALLCONV_ASYNC
    has_body = bool(lib.isCursorDefinition(cursor))
    if not is_async and lib.Cursor_hasAttrs(cursor):
        marks = marks_of(unit, cursor)
        is_async = "asyncc:async" in marks
        if "asyncc:consumes" in marks:
            found.consumers.add(name)
    if is_async:
        found.async_names.add(name)
    if has_body or name not in found.functions:
        found.functions[name] = cursor
    if not has_body:
        if is_async:
            found.prototypes.append(cursor)
        return
    found.bodies.add(name)
    start, end = unit.extent(cursor)
    if start >= 0:
        found.definitions.append(Definition(name, start, end, cursor, name in found.async_names, floor))
    elif is_async:
        found.header_bodies.append(cursor)


class Describer:
    """FunctionDecl for clang's cursors, each made when it is asked for."""

    def __init__(
        self,
        unit: ParsedUnit,
        declarations: Declarations,
        types: Types,
        position: Callable[[Cursor], Position],
        library: str,
    ) -> None:
        self._unit, self._declarations, self._types = unit, declarations, types
        self._position, self._library = position, library
        self._made: dict[str, FunctionDecl] = {}

    def __call__(self, cursor: Cursor) -> FunctionDecl:
        lib, name = self._unit.lib, self._unit.lib.spelling(cursor)
        position = self._position(cursor)
        future = self._declarations.records.get(name + "_future")
        size = lib.Type_getSizeOf(lib.getCursorType(future)) if future is not None else 0
        is_async = name in self._declarations.async_names or self._is_async(cursor)
        return FunctionDecl(
            name=name,
            type=self._types.of(lib.getCursorType(cursor)),
            is_async=is_async,
            is_static=lib.Cursor_getStorageClass(cursor) == _STATIC,
            is_inline=bool(lib.Cursor_isFunctionInlined(cursor)),
            position=position,
            has_body=name in self._declarations.bodies,
            future_size=max(size, 0),
            future_align=lib.Type_getAlignOf(lib.getCursorType(future)) if size > 0 else 0,
            is_library=position.file.startswith(self._library),
        )

    def futures(self) -> dict[str, tuple[int, int]]:
        """Size and alignment of every complete `struct NAME_future`, by NAME."""
        lib, found = self._unit.lib, {}
        for name, cursor in self._declarations.records.items():
            ctype = lib.getCursorType(cursor)
            size = lib.Type_getSizeOf(ctype)
            if size > 0:
                found[name.removesuffix("_future")] = (size, lib.Type_getAlignOf(ctype))
        return found

    def _is_async(self, cursor: Cursor) -> bool:
        lib = self._unit.lib
        if lib.getFunctionTypeCallingConv(lib.getCursorType(cursor)) in c.CALLCONV_ASYNC:
            return True
        return bool(lib.Cursor_hasAttrs(cursor)) and "asyncc:async" in marks_of(self._unit, cursor)

    def get(self, name: str) -> FunctionDecl | None:
        made = self._made.get(name)
        if made is None and name in self._declarations.functions:
            made = self._made[name] = self(self._declarations.functions[name])
        return made


class FunctionTable(dict[str, FunctionDecl]):
    """Declared functions by name; each is described when first looked up."""

    def __init__(self, describer: Describer) -> None:
        super().__init__()
        self._describer = describer

    def get(self, name: str, default: FunctionDecl | None = None) -> FunctionDecl | None:  # type: ignore[override]
        if name not in self.keys():
            found = self._describer.get(name)
            if found is None:
                return default
            self[name] = found
        return self[name]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

"""What clang knows of a type, and the types and variables that a function declares itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from .source import Position


class TypeKind(Enum):
    VOID = "void"
    SCALAR = "scalar"  # arithmetic, enum
    POINTER = "pointer"
    ARRAY = "array"  # constant or incomplete
    VLA = "vla"  # variably modified in any part, also a pointer to a VLA
    RECORD = "record"  # struct or union
    FUNCTION = "function"
    VA_LIST = "va_list"  # whatever the target makes of it
    OTHER = "other"  # vectors, complex, atomics of records …


@dataclass(slots=True, eq=False)
class CType:
    """A C type as clang sees it. `declare` is how it is written in the output."""

    kind: TypeKind
    spelling: str  # with the user's typedef names, for people
    size: int  # bytes; 0 for void, function; -1 unknown (incomplete)
    align: int
    is_const: bool = False  # of the object itself
    is_volatile: bool = False
    is_atomic: bool = False
    has_const_member: bool = False  # RECORD: some member, also of a member, is const: it cannot be assigned to
    is_async_function: bool = False  # a function type marked async, or (POINTER) a pointer to one
    element: CType | None = None  # ARRAY: of what; POINTER: to what
    length: int = -1  # ARRAY
    result: CType | None = None  # FUNCTION
    parameters: list[CType] = field(default_factory=list)  # FUNCTION
    is_variadic: bool = False
    has_prototype: bool = True
    # Tags and typedefs of the function's own blocks that the type mentions: they must be moved to file scope before a
    # frame can hold a value of it.
    local_types: list[LocalType] = field(default_factory=list)
    declare_with: Callable[[str], str] | None = None

    def declare(self, name: str) -> str:
        """A declaration of `name` with this type, without qualifiers of the object itself: "int (*name)(void)"; with an
        empty name the type's own spelling. Local and anonymous types are written with the names of their LocalType."""
        assert self.declare_with is not None
        return self.declare_with(name)


@dataclass(slots=True, eq=False)
class LocalType:
    """A struct, union, enum or typedef defined inside a function (also an anonymous one)."""

    kind: str  # "struct", "union", "enum", "typedef"
    name: str  # as written; "" if anonymous
    global_name: str  # the tag or name it gets at file scope, "ac__…", unique in the output
    first: int = 0  # token range of the definition (for typedef: the whole declaration)
    last: int = 0
    position: Position | None = None
    is_future: bool = False  # typedef ac_future(T) name
    forwards: list[tuple[int, int]] = field(default_factory=list)  # `struct S` of `struct S;` alone
    at_file_scope: bool = False  # defined in the head of the function: `struct s { … } f(void) { … }`


@dataclass(slots=True, eq=False)
class Local:
    """A local variable or parameter of the function."""

    name: str
    type: CType  # completed: int a[] = {1, 2} has length 2
    position: Position
    is_parameter: bool = False
    storage: str = ""  # "", "static", "extern", "register", "_Thread_local"
    alignment: int = 0  # from _Alignas or an attribute; 0: the type's
    cleanup: str = ""  # function named by __attribute__((cleanup(f)))
    is_future: bool = False  # declared ac_future(T)
    address_taken: bool = False  # &x, or an array that decays, a record whose array member decays, captured by asm "m"
    is_hidden: bool = False  # a block in its scope declares the name again, as whatever
    index: int = 0  # order of declaration in the function

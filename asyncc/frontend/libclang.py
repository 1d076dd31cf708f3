"""The few functions of libclang's C interface that asyncc needs, bound directly.

The Python binding (`clang.cindex`) is made for exploring: every cursor and every location becomes several objects, and
its wrapper refuses libraries that lack any one of its functions. asyncc asks about tens of thousands of cursors in a run
that must end before its user notices, so it talks to the shared library itself, and takes from the package of that name
only the library file. Everything used here exists unchanged from version 14 on.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import glob
import os
import re
import sys
from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, byref, c_char_p, c_int, c_longlong, c_uint, c_ulong, c_void_p
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import Failure


class CXString(ctypes.Structure):
    _fields_ = (("data", c_void_p), ("flags", c_uint))


class Cursor(ctypes.Structure):
    _fields_ = (("kind", c_int), ("xdata", c_int), ("data", c_void_p * 3))
    kind: int


class Type(ctypes.Structure):
    _fields_ = (("kind", c_int), ("data", c_void_p * 2))
    kind: int

    def key(self) -> int:
        """The same for the same type with the same sugar: clang keeps one node for each."""
        first: int | None = self.data[0]
        return first or 0


class Location(ctypes.Structure):
    _fields_ = (("data", c_void_p * 2), ("raw", c_uint))
    raw: int


class Range(ctypes.Structure):
    _fields_ = (("data", c_void_p * 2), ("begin", c_uint), ("end", c_uint))
    begin: int
    end: int


class RangeList(ctypes.Structure):
    _fields_ = (("count", c_uint), ("ranges", POINTER(Range)))


class UnsavedFile(ctypes.Structure):
    _fields_ = (("name", c_char_p), ("contents", c_char_p), ("length", c_ulong))


class CXToken(ctypes.Structure):
    _fields_ = (("int_data", c_uint * 4), ("ptr_data", c_void_p))


VISITOR = CFUNCTYPE(c_int, Cursor, Cursor, c_void_p)
INCLUSION = CFUNCTYPE(None, c_void_p, POINTER(Location), c_uint, c_void_p)
Visit = Callable[[Cursor, Cursor, Any], int]
STOP, NEXT, INTO = 0, 1, 2  # what a visitor returns

# Kinds of cursors (CXCursorKind): the numbers are the same in every version from 14 on.
STRUCT_DECL, UNION_DECL, ENUM_DECL, FIELD_DECL, ENUM_CONSTANT = 2, 3, 5, 6, 7
FUNCTION_DECL, VAR_DECL, PARM_DECL, TYPEDEF_DECL = 8, 9, 10, 20
TYPE_REF = 43
FIRST_EXPR, LAST_EXPR = 100, 199
UNEXPOSED_EXPR, DECL_REF_EXPR, MEMBER_REF_EXPR, CALL_EXPR = 100, 101, 102, 103
FIRST_ATTR, LAST_ATTR, ANNOTATE_ATTR = 400, 499, 406
MACRO_DEFINITION, MACRO_EXPANSION, INCLUSION_DIRECTIVE = 501, 502, 503

# Kinds of types (CXTypeKind).
T_INVALID, T_UNEXPOSED, T_VOID, T_FIRST_BUILTIN, T_LAST_BUILTIN = 0, 1, 2, 2, 39
T_COMPLEX, T_POINTER, T_BLOCK_POINTER, T_RECORD, T_ENUM, T_TYPEDEF = 100, 101, 102, 105, 106, 107
T_FUNCTION_NO_PROTO, T_FUNCTION, T_CONSTANT_ARRAY, T_VECTOR, T_INCOMPLETE_ARRAY, T_VLA = 110, 111, 112, 113, 114, 115
T_AUTO, T_ELABORATED, T_ATTRIBUTED, T_ATOMIC = 118, 119, 163, 177
# What <asyncc/handle.h> marks the types of async functions with: preserve_most, or pascal or swiftcall where there is no such.
CALLCONV_ASYNC = frozenset({14, 5, 13})

PARSE_DETAILED_RECORD = 0x01
PARSE_KEEP_GOING = 0x200
NOTE, WARNING, ERROR, FATAL = 1, 2, 3, 4

_FUNCTIONS: list[tuple[str, Any, list[Any]]] = [
    ("createIndex", c_void_p, [c_int, c_int]),
    ("disposeIndex", None, [c_void_p]),
    ("getClangVersion", CXString, []),
    ("getCString", c_char_p, [CXString]),
    ("disposeString", None, [CXString]),
    (
        "parseTranslationUnit2",
        c_int,
        [c_void_p, c_char_p, POINTER(c_char_p), c_int, POINTER(UnsavedFile), c_uint, c_uint, POINTER(c_void_p)],
    ),
    ("disposeTranslationUnit", None, [c_void_p]),
    ("getTranslationUnitCursor", Cursor, [c_void_p]),
    ("visitChildren", c_uint, [Cursor, VISITOR, c_void_p]),
    ("getCursorSpelling", CXString, [Cursor]),
    ("getCursorPrettyPrinted", CXString, [Cursor, c_void_p]),
    ("getCursorExtent", Range, [Cursor]),
    ("getCursorLocation", Location, [Cursor]),
    ("getCursorType", Type, [Cursor]),
    ("getCursorReferenced", Cursor, [Cursor]),
    ("getCanonicalCursor", Cursor, [Cursor]),
    ("getCursorDefinition", Cursor, [Cursor]),
    ("isCursorDefinition", c_uint, [Cursor]),
    ("Cursor_isNull", c_int, [Cursor]),
    ("Cursor_getStorageClass", c_int, [Cursor]),
    ("Cursor_isFunctionInlined", c_uint, [Cursor]),
    ("Cursor_isAnonymous", c_uint, [Cursor]),
    ("Cursor_hasAttrs", c_uint, [Cursor]),
    ("getFieldDeclBitWidth", c_int, [Cursor]),
    ("getIncludedFile", c_void_p, [Cursor]),
    ("getRangeStart", Location, [Range]),
    ("getRangeEnd", Location, [Range]),
    ("getFileLocation", None, [Location, POINTER(c_void_p), POINTER(c_uint), POINTER(c_uint), POINTER(c_uint)]),
    ("getExpansionLocation", None, [Location, POINTER(c_void_p), POINTER(c_uint), POINTER(c_uint), POINTER(c_uint)]),
    ("Location_isFromMainFile", c_int, [Location]),
    ("getFile", c_void_p, [c_void_p, c_char_p]),
    ("getFileName", CXString, [c_void_p]),
    ("getLocationForOffset", Location, [c_void_p, c_void_p, c_uint]),
    ("getSkippedRanges", POINTER(RangeList), [c_void_p, c_void_p]),
    ("disposeSourceRangeList", None, [POINTER(RangeList)]),
    ("getInclusions", None, [c_void_p, INCLUSION, c_void_p]),
    ("tokenize", None, [c_void_p, Range, POINTER(POINTER(CXToken)), POINTER(c_uint)]),
    ("getTokenSpelling", CXString, [c_void_p, CXToken]),
    ("disposeTokens", None, [c_void_p, POINTER(CXToken), c_uint]),
    ("getNumDiagnostics", c_uint, [c_void_p]),
    ("getDiagnostic", c_void_p, [c_void_p, c_uint]),
    ("getDiagnosticSeverity", c_int, [c_void_p]),
    ("getDiagnosticSpelling", CXString, [c_void_p]),
    ("getDiagnosticLocation", Location, [c_void_p]),
    ("getDiagnosticOption", CXString, [c_void_p, POINTER(CXString)]),
    ("getDiagnosticNumRanges", c_uint, [c_void_p]),
    ("getDiagnosticRange", Range, [c_void_p, c_uint]),
    ("getChildDiagnostics", c_void_p, [c_void_p]),
    ("getNumDiagnosticsInSet", c_uint, [c_void_p]),
    ("getDiagnosticInSet", c_void_p, [c_void_p, c_uint]),
    ("disposeDiagnostic", None, [c_void_p]),
    ("getTypeSpelling", CXString, [Type]),
    ("getCanonicalType", Type, [Type]),
    ("isConstQualifiedType", c_uint, [Type]),
    ("isVolatileQualifiedType", c_uint, [Type]),
    ("isRestrictQualifiedType", c_uint, [Type]),
    ("getPointeeType", Type, [Type]),
    ("getArrayElementType", Type, [Type]),
    ("getArraySize", c_longlong, [Type]),
    ("getElementType", Type, [Type]),
    ("getResultType", Type, [Type]),
    ("getNumArgTypes", c_int, [Type]),
    ("getArgType", Type, [Type, c_uint]),
    ("isFunctionTypeVariadic", c_uint, [Type]),
    ("getFunctionTypeCallingConv", c_int, [Type]),
    ("Type_getSizeOf", c_longlong, [Type]),
    ("Type_getAlignOf", c_longlong, [Type]),
    ("Type_getNamedType", Type, [Type]),
    ("Type_getModifiedType", Type, [Type]),
    ("Type_getValueType", Type, [Type]),
    ("getTypeDeclaration", Cursor, [Type]),
    ("getTypedefDeclUnderlyingType", Type, [Cursor]),
]


class Libclang:
    """The loaded library; each function is an attribute without its `clang_` prefix."""

    def __init__(self, path: str) -> None:
        self.path = path
        library = ctypes.CDLL(path)
        for name, result, arguments in _FUNCTIONS:
            function = getattr(library, "clang_" + name)
            function.restype, function.argtypes = result, arguments
            setattr(self, name, function)
        number = re.search(r"version (\d+)", self.text(self.getClangVersion()))
        self.version = int(number.group(1)) if number else 0

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    def text(self, value: CXString) -> str:
        raw: bytes | None = self.getCString(value)
        self.disposeString(value)
        return raw.decode("utf-8", "surrogateescape") if raw else ""

    def spelling(self, cursor: Cursor) -> str:
        return self.text(self.getCursorSpelling(cursor))

    def file_name(self, file: int | None) -> str:
        return self.text(self.getFileName(file)) if file else ""

    def place(self, location: Location) -> tuple[int | None, int]:
        """File handle and byte offset where the text stands that the user would point at: of a macro's expansion, its
        use; of a macro's argument, the argument."""
        file, offset = c_void_p(), c_uint()
        self.getFileLocation(location, byref(file), None, None, byref(offset))
        return file.value, offset.value

    def expansion_place(self, location: Location) -> tuple[int | None, int]:
        file, offset = c_void_p(), c_uint()
        self.getExpansionLocation(location, byref(file), None, None, byref(offset))
        return file.value, offset.value

    def visit(self, cursor: Cursor, visitor: Visit) -> None:
        """What is raised in the visitor, an interrupt too, ends the visit and comes out here: ctypes alone would print it
        and go on."""
        raised: list[BaseException] = []

        def guarded(child: Cursor, parent: Cursor, data: object) -> int:
            try:
                return visitor(child, parent, data)
            except BaseException as exception:
                raised.append(exception)
                return STOP

        self.visitChildren(cursor, VISITOR(guarded), None)
        if raised:
            raise raised[0]


def _candidates() -> list[str]:
    """Files that may be libclang: the one named by the user, the one of the PyPI package, then the system's, newest first."""
    chosen = os.environ.get("ASYNCC_LIBCLANG")
    if chosen:
        return [chosen]
    found: list[str] = []
    name = {"darwin": "libclang.dylib", "win32": "libclang.dll"}.get(sys.platform, "libclang.so")
    for folder in sys.path:
        path = Path(folder or ".") / "clang" / "native" / name
        if path.is_file():
            found.append(str(path))
    patterns = ["/usr/lib/llvm-*/lib/libclang*.so*", "/usr/lib*/libclang*.so*", "/usr/lib/*/libclang*.so*"]
    patterns += ["/usr/local/lib/libclang*.so*", "/opt/homebrew/opt/llvm/lib/libclang.dylib"]
    system = [path for pattern in patterns for path in glob.glob(pattern) if "libclang-cpp" not in path]  # noqa: PTH207
    return found + sorted(system, key=_version, reverse=True)


def _version(path: str) -> tuple[int, ...]:
    digits = "".join(c if c.isdigit() else " " for c in path.split("/lib", 1)[-1]).split()
    return tuple(int(d) for d in digits)


@cache
def load() -> Libclang:
    """Finds and loads libclang. Failure says what to install."""
    # By itself libclang parses in a thread of 8 MiB. Ours has a larger stack (asyncc/deep.py).
    os.environ.setdefault("LIBCLANG_NOTHREADS", "1")
    problems: list[str] = []
    for path in _candidates():
        try:
            return Libclang(path)
        except (OSError, AttributeError) as error:
            problems.append(f"{path}: {error}")
    tried = "; ".join(problems[:3])
    raise Failure(
        "libclang cannot be loaded" + (f" ({tried})" if tried else ": none was found"),
        "asyncc parses C with libclang 14 or newer: 'pip install libclang', or install your system's package "
        "(Debian: libclang1), or name the library in ASYNCC_LIBCLANG",
    )

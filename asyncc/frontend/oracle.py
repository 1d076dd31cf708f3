"""What clang knows of one function, asked for by tokens.

The second parse has every translated body without macros, so each node's extent is exact, and an expression is found by the
bytes of its first and last token. A function's nodes are read in one walk, when the first question about it comes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from ..ir.source import Token
from ..ir.tree import CType, Expr, FunctionDecl, LocalType, Member, TypeKind
from . import libclang as c
from .declared import is_future_typedef
from .libclang import Cursor
from .plain_text import PlainText
from .types import Types
from .unit_parse import ParsedUnit

_OTHER = CType(TypeKind.OTHER, "unknown", -1, 1, declare_with=lambda name: f"void *{name}")
_DECLARATIONS = frozenset(
    {c.VAR_DECL, c.PARM_DECL, c.FUNCTION_DECL, c.TYPEDEF_DECL, c.STRUCT_DECL, c.UNION_DECL, c.ENUM_DECL}
)


class FunctionOracle:
    def __init__(self, unit: ParsedUnit, plain: PlainText, tokens: list[Token]) -> None:
        self._unit, self._plain, self._tokens = unit, plain, tokens
        self.types = Types(unit, self._local_type_at)
        self._local_types: dict[int, LocalType] = {}
        self._expressions: dict[tuple[int, int], Cursor] = {}
        self._declarations: dict[int, Cursor] = {}
        self._walked: set[int] = set()
        self._starts: list[int] = []  # of the functions, in order
        self._bodies: list[tuple[int, Cursor]] = []  # end, cursor
        self._walked_from = self._walked_to = -1  # the one read last
        self._types_of: dict[tuple[int, int], CType] = {}
        self.alignments: dict[int, int] = {}
        self.describe_function: Callable[[Cursor], FunctionDecl] | None = None
        self.main_is_async = False
        self.typedefs: dict[str, Cursor | None] = {}  # of the file

    def add_function(self, start: int, end: int, cursor: Cursor) -> None:
        """In the order of the text."""
        self._starts.append(start)
        self._bodies.append((end, cursor))

    # --- reading clang's tree --------------------------------------------------------------------------------------------

    def _walk_at(self, offset: int) -> None:
        """Reads the function that holds a byte, once."""
        if self._walked_from <= offset < self._walked_to:
            return
        k = bisect_right(self._starts, offset) - 1
        if k < 0 or offset >= self._bodies[k][0]:
            return
        self._walked_from, self._walked_to = self._starts[k], self._bodies[k][0]
        if k not in self._walked:
            self._walked.add(k)
            self._walk(self._bodies[k][1])

    def _walk(self, function: Cursor) -> None:
        expressions, declarations = self._expressions, self._declarations
        extent_of, base, size = self._unit.lib.getCursorExtent, self._unit.base, self._unit.size
        unexposed, first_expr, last_expr = c.UNEXPOSED_EXPR, c.FIRST_EXPR, c.LAST_EXPR
        location, extent = self._unit.location, self._unit.extent

        def each(cursor: Cursor, _parent: Cursor, _data: object) -> int:
            kind = cursor.kind
            if first_expr <= kind <= last_expr:
                found = extent_of(cursor)
                key = (found.begin - base, found.end - base)
                if base < 0 or not (0 <= key[0] <= size and 0 <= key[1] <= size):
                    key = extent(cursor)
                known = expressions.get(key)
                # An implicit conversion has the extent of what it converts, and comes before it.
                if known is None or known.kind == unexposed:
                    expressions[key] = cursor
            elif kind in _DECLARATIONS:
                declarations[location(cursor)] = cursor
            return c.INTO

        self._unit.visit(function, each)

    # --- types of expressions --------------------------------------------------------------------------------------------

    def type_of(self, expr: Expr) -> CType:
        starts, ends = self._plain.starts, self._plain.ends
        start, end = starts[expr.first], ends[expr.last - 1]
        key = (start, end)
        known = self._types_of.get(key)
        if known is None:
            self._walk_at(start)
            cursor = self._expressions.get(key)
            known = _OTHER if cursor is None else self.types.of(self._unit.lib.getCursorType(cursor))
            self._types_of[key] = known
        return known

    def bits_of(self, member: Member) -> int:
        """How wide a member is that is a bit-field; 0 for all others."""
        lib = self._unit.lib
        key = (self._plain.starts[member.first], self._plain.ends[member.last - 1])
        self._walk_at(key[0])
        cursor = self._expressions.get(key)
        if cursor is None:
            return 0
        return max(int(lib.getFieldDeclBitWidth(lib.getCursorReferenced(cursor))), 0)

    def has_type(self, expr: Expr) -> bool:
        """For tests: whether clang has a node for exactly this expression."""
        key = (self._plain.starts[expr.first], self._plain.ends[expr.last - 1])
        self._walk_at(key[0])
        return key in self._expressions

    # --- declarations ----------------------------------------------------------------------------------------------------

    def begin_function(self, first: int, _last: int) -> None:
        self._walk_at(self._plain.starts[first])

    def _declaration(self, token: int) -> Cursor | None:
        start = self._plain.starts[token]
        self._walk_at(start)
        return self._declarations.get(start)

    def declared_type(self, token: int, is_parameter: bool) -> CType:
        cursor = self._declaration(token)
        if cursor is None:
            return _OTHER
        type_ = self._unit.lib.getCursorType(cursor)
        return self.types.of_parameter(type_) if is_parameter else self.types.of(type_)

    def is_function(self, token: int) -> bool:
        cursor = self._declaration(token)
        return cursor is not None and cursor.kind == c.FUNCTION_DECL

    def is_future_typedef(self, name: str) -> bool:
        cursor = self.typedefs.get(name)
        return cursor is not None and is_future_typedef(self._unit, cursor)

    def declared_function(self, token: int) -> FunctionDecl | None:
        cursor = self._declaration(token)
        if cursor is None or self.describe_function is None:
            return None
        return self.describe_function(cursor)

    def define_type(self, token: int, made: LocalType) -> None:
        self._local_types[self._plain.starts[token]] = made

    def _local_type_at(self, offset: int) -> LocalType | None:
        return self._local_types.get(offset)

    # --- what clang has to work out ----------------------------------------------------------------------------------------

    def alignment(self, first: int, _last: int) -> int:
        return self.alignments.get(first, 0)

    def chosen(self, first: int) -> int:
        """Which branch of the _Generic or __builtin_choose_expr at a token is taken, from 1; 0: not known."""
        key = self._plain.selections.get(first)
        if key is None:
            return 0
        self._walk_at(key[0])
        cursor = self._expressions.get(key)
        if cursor is None:
            return 0
        children = self._unit.children(cursor)
        return self._number(children[-1], 0) if children else 0

    def _number(self, cursor: Cursor, depth: int) -> int:
        """The length of the array whose size is taken: sizeof((char (*)[n])0 …) of the selection inside it."""
        lib = self._unit.lib
        canonical = lib.getCanonicalType(lib.getCursorType(cursor))
        if canonical.kind == c.T_POINTER:
            pointee = lib.getCanonicalType(lib.getPointeeType(canonical))
            if pointee.kind == c.T_CONSTANT_ARRAY:
                length: int = lib.getArraySize(pointee)
                return length
        if depth < 4:
            for child in self._unit.children(cursor):
                found = self._number(child, depth + 1)
                if found:
                    return found
        return 0

"""Expressions: C's, GNU's, and the words that are expressions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .source import Position
from .types import CType, Local

if TYPE_CHECKING:
    from .statements import Block


@dataclass(slots=True, eq=False)
class Expr:
    first: int
    last: int
    # filled by the frontend: how to ask clang. Raises nothing; an expression clang has no type for gives kind OTHER.
    type_of: Callable[[Expr], CType] | None = field(default=None, kw_only=True, repr=False)

    @property
    def type(self) -> CType:
        assert self.type_of is not None
        return self.type_of(self)


@dataclass(slots=True, eq=False)
class Identifier(Expr):
    name: str
    local: Local | None = None


@dataclass(slots=True, eq=False)
class Constant(Expr):
    """A number, character or string literal (several adjacent strings are one), `nullptr`, `true`."""

    is_string: bool = False


@dataclass(slots=True, eq=False)
class Paren(Expr):
    inner: Expr


@dataclass(slots=True, eq=False)
class Unary(Expr):
    """Prefix & * + - ~ ! ++ -- __extension__ __real__ __imag__; postfix ++ -- (is_postfix)."""

    op: str
    operand: Expr
    is_postfix: bool = False


@dataclass(slots=True, eq=False)
class Binary(Expr):
    """Also && and || and the comma."""

    op: str
    left: Expr
    right: Expr


@dataclass(slots=True, eq=False)
class Assign(Expr):
    op: str  # "=", "+=", …
    target: Expr
    value: Expr


@dataclass(slots=True, eq=False)
class Conditional(Expr):
    condition: Expr
    then: Expr | None  # None: GNU a ?: b
    otherwise: Expr


@dataclass(slots=True, eq=False)
class Call(Expr):
    callee: Expr
    arguments: list[Expr]
    is_async: bool = False  # the callee's type is async
    consumes: bool = False  # the callee takes over argument 0, a handle: an lvalue there is set to NULL
    function: str = ""  # the callee's name when it is a declared function (not a pointer, not a local)


@dataclass(slots=True, eq=False)
class Index(Expr):
    base: Expr
    index: Expr


@dataclass(slots=True, eq=False)
class Member(Expr):
    base: Expr
    name: str
    is_arrow: bool
    bits_of: Callable[[Member], int] = field(kw_only=True, repr=False)

    @property
    def bits(self) -> int:
        """The width of a bit-field; 0: it is none."""
        return self.bits_of(self)


@dataclass(slots=True, eq=False)
class Cast(Expr):
    """(type)operand. type_first..type_last is the type name between the parentheses."""

    type_first: int
    type_last: int
    operand: Expr


@dataclass(slots=True, eq=False)
class CompoundLiteral(Expr):
    type_first: int
    type_last: int
    init: InitList


@dataclass(slots=True, eq=False)
class Designator:
    """[index], [low ... high], .field or the old field:"""

    first: int
    last: int
    index: Expr | None = None
    high: Expr | None = None
    field_name: str = ""


@dataclass(slots=True, eq=False)
class InitItem:
    designators: list[Designator]
    value: Expr  # may be an InitList


@dataclass(slots=True, eq=False)
class InitList(Expr):
    items: list[InitItem]


@dataclass(slots=True, eq=False)
class Unevaluated(Expr):
    """sizeof, _Alignof, offsetof, __builtin_types_compatible_p … printed as it is (names in it still get renamed).

    `mentions` holds the locals it names. A sizeof of a VLA, which C does evaluate, is kept here too."""

    mentions: list[Local]
    may_act: bool = False  # it could be that of a VLA whose length changes something


@dataclass(slots=True, eq=False)
class Selected(Expr):
    """_Generic or __builtin_choose_expr: `chosen` is the branch the compiler takes, the rest is not evaluated."""

    chosen: Expr


@dataclass(slots=True, eq=False)
class BuiltinWithType(Expr):
    """__builtin_va_arg(ap, T) and the like: one evaluated operand beside a type."""

    operand: Expr


@dataclass(slots=True, eq=False)
class LabelAddress(Expr):
    label: str


@dataclass(slots=True, eq=False)
class StatementExpr(Expr):
    body: Block


@dataclass(slots=True, eq=False)
class Await(Expr):
    """await CALL. `call` is a Call with is_async, a Join or a Resume, parentheses stripped."""

    call: Expr
    position: Position


@dataclass(slots=True, eq=False)
class Join(Expr):
    """ac_join(handle); with `out`, ac_join_result(handle, out)."""

    handle: Expr
    out: Expr | None = None
    is_result: bool = False


@dataclass(slots=True, eq=False)
class Resume(Expr):
    future: Identifier


@dataclass(slots=True, eq=False)
class Spawn(Expr):
    """kind: "spawn", "spawn_local", "spawn_on", "spawn_blocking". Its type is the handle's."""

    kind: str
    runtime: Expr | None
    call: Expr  # a Call (or, for blocking, any plain call); may also be a Join
    position: Position


@dataclass(slots=True, eq=False)
class Lazy(Expr):
    call: Expr
    position: Position


@dataclass(slots=True, eq=False)
class IsDone(Expr):
    """ac_is_done(x)"""

    future: Identifier


@dataclass(slots=True, eq=False)
class BlockOn(Expr):
    runtime: Expr
    call: Expr
    position: Position

"""Statements: C's, GNU's, and the words that are statements."""

from __future__ import annotations

from dataclasses import dataclass, field

from .expressions import Expr
from .source import Position
from .types import Local, LocalType


@dataclass(slots=True, eq=False)
class Stmt:
    first: int
    last: int


@dataclass(slots=True, eq=False)
class Block(Stmt):
    """{ … }; tokens first and last - 1 are the braces. `scope` are the locals declared directly in it."""

    body: list[Stmt]
    scope: list[Local] = field(default_factory=list)
    types: list[LocalType] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Declarator:
    """One declared name of a declaration: tokens of the declarator without the initialiser, then the initialiser."""

    first: int
    last: int
    local: Local | None  # None: a typedef, or a local function declaration
    init: Expr | None = None
    is_variable_type: bool = False  # a typedef of a type that depends on a value


@dataclass(slots=True, eq=False)
class Declaration(Stmt):
    """specifiers declarators… ; the specifiers are tokens[first:specifiers_last]. Also for typedefs and bare tags."""

    specifiers_last: int
    declarators: list[Declarator]
    types: list[LocalType] = field(default_factory=list)
    is_typedef: bool = False
    is_static_assert: bool = False


@dataclass(slots=True, eq=False)
class ExprStmt(Stmt):
    expr: Expr


@dataclass(slots=True, eq=False)
class Null(Stmt):
    """`;`, an attribute statement such as [[fallthrough]]; or a DIRECTIVE token kept in place."""


@dataclass(slots=True, eq=False)
class Asm(Stmt):
    operands: list[Expr]
    labels: list[str] = field(default_factory=list)  # asm goto


@dataclass(slots=True, eq=False)
class If(Stmt):
    condition: Expr
    then: Stmt
    otherwise: Stmt | None


@dataclass(slots=True, eq=False)
class While(Stmt):
    condition: Expr
    body: Stmt


@dataclass(slots=True, eq=False)
class DoWhile(Stmt):
    body: Stmt
    condition: Expr


@dataclass(slots=True, eq=False)
class For(Stmt):
    init: Declaration | ExprStmt | None
    condition: Expr | None
    step: Expr | None
    body: Stmt
    scope: list[Local] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Switch(Stmt):
    operand: Expr
    body: Stmt


@dataclass(slots=True, eq=False)
class Case(Stmt):
    """`case low:` `case low ... high:` or (low None) `default:`, with the statement it labels (None before a } or, as
    clang allows, a declaration: then that follows in the block)."""

    low: Expr | None
    high: Expr | None
    body: Stmt | None


@dataclass(slots=True, eq=False)
class Label(Stmt):
    name: str
    body: Stmt | None


@dataclass(slots=True, eq=False)
class Goto(Stmt):
    label: str


@dataclass(slots=True, eq=False)
class ComputedGoto(Stmt):
    target: Expr


@dataclass(slots=True, eq=False)
class Break(Stmt):
    pass


@dataclass(slots=True, eq=False)
class Continue(Stmt):
    pass


@dataclass(slots=True, eq=False)
class Return(Stmt):
    value: Expr | None


@dataclass(slots=True, eq=False)
class Defer(Stmt):
    body: Stmt
    position: Position


@dataclass(slots=True, eq=False)
class Arm:
    """One `when (…) body`, with its guards outermost first: (condition, negated) for `if (c) when` and `else when`."""

    first: int
    last: int
    guards: list[tuple[Expr, bool]]
    declaration: Declaration | None  # when (T v = …await…)
    expr: Expr | None  # when (…await…)
    is_true: bool  # when_true
    body: Stmt
    position: Position
    scope: list[Local] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Select(Stmt):
    arms: list[Arm]
    is_biased: bool
    default: list[Stmt] | None  # the statements after default:
    otherwise: Stmt | None
    position: Position
    scope: list[Local] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Gather(Stmt):
    branches: list[Stmt]
    position: Position


@dataclass(slots=True, eq=False)
class Within(Stmt):
    duration: Expr
    body: Stmt
    otherwise: Stmt | None
    position: Position


@dataclass(slots=True, eq=False)
class RunUntil(Stmt):
    condition: Expr  # holds exactly one Await, not under && || ?:
    body: Stmt
    otherwise: Stmt | None
    position: Position

"""The typed tree of a function body, as the frontend gives it and the passes read it.

It is C's own grammar with the words of the language beside it: nothing is desugared here. A node covers the expanded
tokens [first, last) of its unit, so that any part can be printed as the user wrote it. Names are resolved: an Identifier
that means a local of this function carries its Local; all others are global (or enum constants, builtins).

Types come from clang and are asked for lazily, by the token range of an expression: `Expr.type`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from .source import Position, Token


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


# --- expressions ---------------------------------------------------------------------------------------------------


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


# --- statements ----------------------------------------------------------------------------------------------------


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


# --- functions and the unit ------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class FunctionDecl:
    """What is known of a function by its declarations: enough to await it."""

    name: str
    type: CType  # FUNCTION
    is_async: bool
    is_static: bool
    is_inline: bool
    position: Position
    has_body: bool  # a body stands in this unit (also in an included header)
    # A hand-written future: `struct NAME_future` is complete in the unit (size, align of it), as for the library's own.
    future_size: int = 0
    future_align: int = 0
    is_library: bool = False  # declared in a header of <asyncc/…>


@dataclass(slots=True, eq=False)
class Function:
    """A function whose body has to be translated: an async one, or a plain one that holds defer, spawn, ac_block_on or
    consumes a handle."""

    decl: FunctionDecl
    parameters: list[Local]
    body: Block
    # token range of the whole definition, and of its parts, in Unit.tokens
    first: int
    last: int
    specifiers_last: int  # the end of the declaration specifiers (storage, async, attributes, type)
    declarator_last: int  # the end of the declarator: just before the body
    locals: list[Local] = field(default_factory=list)  # parameters first
    types: list[LocalType] = field(default_factory=list)
    labels: dict[str, Label] = field(default_factory=dict)
    attributes: list[str] = field(default_factory=list)  # names of the attributes written on it
    # Every token of the function that names a local or a local type, wherever it stands: also in array sizes, typeof,
    # attributes and other places that have no node in the tree. What renames goes by these.
    names: dict[int, Local] = field(default_factory=dict)
    type_names: dict[int, LocalType] = field(default_factory=dict)
    constants: dict[int, LocalType] = field(
        default_factory=dict
    )  # tokens that are constants of the function's own enums
    # Tokens from here to there that say a label of __label__, and its name in the function; its declaration becomes ";".
    local_labels: dict[int, tuple[int, str]] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)  # functions of the file that the body calls by name
    name_token: int = -1  # the function's name in its declarator
    is_variadic: bool = False
    uses_function_name: bool = False  # __func__ or a relative stands in the body, maybe out of a macro
    # byte range of the whole definition in its file; tokens hold only what lies in translated functions
    file: str = ""
    start: int = 0
    end: int = 0
    # Tokens [around[0], first) and [last, around[1]) are declarations that the macro which makes this function makes
    # beside it. They are printed expanded, since the macro's use is not.
    around: tuple[int, int] = (-1, -1)
    # Directives inside of it that belong to conditionals which end behind it, or began before it.
    directives_before: list[str] = field(default_factory=list)
    directives_after: list[str] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Edit:
    """Replace bytes [start, end) of the main file by `text` in the output: words outside of translated functions
    (`async` on prototypes, typedefs and tables, AC_MAIN_OPTIONS, headers that hold async bodies)."""

    start: int
    end: int
    text: str


@dataclass(slots=True, eq=False)
class Segment:
    """Bytes of `Unit.source` from `start` on are bytes from `offset` on of `file`. There is one, unless a header holds async
    bodies: its text then stands in the source in place of its #include, and Function.file, start, end count in the source."""

    start: int
    file: str
    offset: int
    line: int  # of `offset` in the file


@dataclass(slots=True, eq=False)
class Unit:
    """A translated file."""

    path: str  # as given on the command line
    source: bytes
    tokens: list[Token]
    functions: list[Function]  # in the order of the text
    declared: dict[str, FunctionDecl]  # every async function declared, and every plain one the bodies call
    edits: list[Edit]
    dependencies: list[str]  # every file read, for -MD
    uses_words_in_headers: bool = False  # a header says `async`: the output defines it as nothing
    pointer_size: int = 8
    segments: list[Segment] = field(default_factory=list)
    # Size and alignment of `struct NAME_future` for what has no declared async function: ac_op_join, ac_within …
    futures: dict[str, tuple[int, int]] = field(default_factory=dict)

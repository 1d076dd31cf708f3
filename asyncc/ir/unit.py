"""What a file is to the passes: its functions with their bodies, what it declares, and what changes between them."""

from __future__ import annotations

from dataclasses import dataclass, field

from .source import LineMap, Position, Token
from .statements import Block, Label
from .types import CType, Local, LocalType


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
    of_code: list[str] = field(
        default_factory=list
    )  # attributes about its code, also of its prototypes: `target("avx2")`
    # Every token of the function that names a local or a local type, wherever it stands: also in array sizes, typeof,
    # attributes and other places that have no node in the tree. What renames goes by these.
    names: dict[int, Local] = field(default_factory=dict)
    unnamed: dict[int, Local] = field(
        default_factory=dict
    )  # parameters without a name, by the token before which it would be
    type_names: dict[int, LocalType] = field(default_factory=dict)
    constants: dict[int, LocalType] = field(
        default_factory=dict
    )  # tokens that are constants of the function's own enums
    # Tokens from here to there that say a label of __label__, and its name in the function; its declaration becomes ";".
    local_labels: dict[int, tuple[int, str]] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)  # functions of the file that the body calls by name
    name_token: int = -1  # the function's name in its declarator
    is_variadic: bool = False
    is_weak: bool = False  # the linker may take another for it
    # Names of AROUND (generated.py) that are macros where the function stands.
    macros: frozenset[str] = frozenset()
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
    lines: LineMap = field(default_factory=LineMap)
    segments: list[Segment] = field(default_factory=list)
    # Size and alignment of `struct NAME_future` for what has no declared async function: ac_op_join, ac_within …
    futures: dict[str, tuple[int, int]] = field(default_factory=dict)

"""The body of a function after ordering: every await is a statement of its own, every way out is spelled out.

It is still the user's tree of blocks, loops and switches; only what has to change is changed. A `Verbatim` statement is
printed as the user wrote it. Expressions have become `Code`: runs of the user's tokens with holes for temporaries and
results. What code reads and writes is kept beside it (`Facts`), so that later passes need not look at expressions again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .tree import Arm, CType, Declaration, Declarator, FunctionDecl, Local, Stmt


@dataclass(slots=True)
class Facts:
    """What a piece of straight-line code does to variables (locals, temporaries, storage of awaited calls)."""

    reads: set[Variable] = field(default_factory=set)
    kills: set[Variable] = field(default_factory=set)  # certainly overwritten as a whole
    touches: set[Variable] = field(default_factory=set)  # maybe or partly overwritten
    escapes: set[Variable] = field(default_factory=set)  # from here on some pointer may know it
    writes_last: bool = False  # there is one write, and what is read is read before it

    def add(self, other: Facts) -> None:
        self.writes_last = False
        self.reads |= other.reads
        self.touches |= other.touches | other.kills
        self.escapes |= other.escapes


@dataclass(slots=True, eq=False)
class Site:
    """A call that is awaited (or an arm, or lazy): how its future is made, polled, dropped."""

    kind: str  # "own": embedded, its functions are PREFIX_init …; "pool": ac__frame_new; "slot": call slot; "lazy"; "join"
    prefix: str  # own, pool: "ac__f" or a library's "ac_sleep"
    text: str  # the callee as the user wrote it
    line: int
    column: int
    token: int
    decl: FunctionDecl | None
    callee: Code | None  # slot: the pointer; lazy: None
    arguments: list[Code]
    result: CType
    future: Local | None = None  # lazy: the ac_future local
    is_awaited: bool = True
    never_waits: bool = False  # its first poll ends it: no state, nothing to be kept over it
    may_pool: bool = False  # pool frames may lie in or below it: polls under a select count as indirect
    state: int = 0
    field_name: str = ""
    borrowed: set[Variable] = field(default_factory=set)  # locals it holds the address of while it waits, no longer
    join_result: Code | None = None
    order: int = 0

    @property
    def is_released(self) -> bool:
        """The result must be copied out at once, because its storage is then given back."""
        return self.kind in ("pool", "slot") or self.prefix == "ac_op_join"


Variable = Local | Site


@dataclass(slots=True, eq=False)
class Span:
    first: int
    last: int


@dataclass(slots=True, eq=False)
class Place:
    local: Local


@dataclass(slots=True, eq=False)
class Result:
    site: Site


@dataclass(slots=True, eq=False)
class Literal:
    """A compound literal whose address is kept: in the frame, if something waits while it may be used."""

    local: Local
    code: Code  # as written
    takes_address: bool  # `&(T){…}`; else an array that decays or any other lvalue use


@dataclass(slots=True, eq=False)
class Nested:
    """A statement expression with changes inside."""

    body: Low


@dataclass(slots=True, eq=False)
class Dropped:
    """The statement that drops what a site holds."""

    site: Site


@dataclass(slots=True, eq=False)
class Which:
    """The byte that says what an ac_future local holds."""

    local: Local


@dataclass(slots=True, eq=False)
class Gap:
    """The white space and comments before a token whose own text is replaced."""

    token: int


@dataclass(slots=True, eq=False)
class Tight:
    """The white space before the next token is left out."""


Part = str | Span | Place | Result | Literal | Nested | Dropped | Which | Gap | Tight


@dataclass(slots=True, eq=False)
class Code:
    parts: list[Part]
    facts: Facts = field(default_factory=Facts)
    comma: bool = False  # the text is `a, b`, without parentheses

    @property
    def is_empty(self) -> bool:
        return not self.parts

    @property
    def assigned(self) -> Code:
        """The same on the right of a `=`, which binds more tightly than a comma."""
        return Code(["(", Tight(), *self.parts, ")"], self.facts) if self.comma else self


# --- ways out ------------------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Cleanup:
    """Something that has to happen when a block is left. `defer`: a body emitted once. Else `text` is printed in place."""

    kind: str  # "defer", "drop", "gather"
    line: int
    number: int = 0
    defer: LDefer | None = None
    text: Code | None = None
    gather: LGather | None = None
    future: Local | None = None  # drop: of an ac_future local
    facts: Facts = field(default_factory=Facts)
    depth: int = 0  # how many defer bodies it stands in: each level has its own ac__exit
    exits: list[Exit] = field(default_factory=list)  # defer: what may follow its body; gather: how branches leave it
    keys: dict[tuple[object, ...], int] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Chain:
    """The cleanups that are due at a point, innermost first."""

    cleanup: Cleanup
    parent: Chain | None
    depth: int


@dataclass(slots=True, eq=False)
class Target:
    """Where an exit ends: a label, the end of the function, of a branch, of a cancelled frame."""

    kind: str  # "label", "return", "cancel", "text"
    label: str = ""
    node: object = None  # what flow analysis connects to
    used: bool = False


@dataclass(slots=True, eq=False)
class Exit:
    cleanups: list[Cleanup]
    target: Target
    number: int = 0  # of the first defer it enters (or gather it leaves)


# --- statements ------------------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False, kw_only=True)
class Low:
    first: int = -1  # the token whose comments and white space lead it; -1: generated
    line: int = 0


@dataclass(slots=True, eq=False)
class Verbatim(Low):
    stmt: Stmt


@dataclass(slots=True, eq=False)
class Text(Low):
    """A simple statement; `code` ends with its semicolon."""

    code: Code


@dataclass(slots=True, eq=False)
class Initialiser:
    declarator: Declarator
    local: Local | None
    code: Code | None
    is_list: bool = False


@dataclass(slots=True, eq=False)
class LDeclare(Low):
    """A declaration directly in a block that waits. Which of its names move to the frame is decided later."""

    declaration: Declaration
    items: list[Initialiser]
    split: bool = False  # printed declarator by declarator, because initialisers have changed
    part: int = 0  # index of the first item of this piece (steps may stand between pieces)


@dataclass(slots=True, eq=False)
class LTemp(Low):
    """Declares a temporary, or (code given) sets it."""

    local: Local
    code: Code | None
    declares: bool


@dataclass(slots=True, eq=False)
class LBlock(Low):
    body: list[Low]
    last: int = -1  # the token after the closing brace; -1: generated braces
    scope: Stmt | None = None


@dataclass(slots=True, eq=False)
class LIf(Low):
    head: Code
    then: Low
    otherwise: Low | None
    else_span: Span | None = None


@dataclass(slots=True, eq=False)
class LLoop(Low):
    """kind: "while", "for", "do" with an unchanged header; "forever" once the header's parts became statements."""

    kind: str
    head: Code
    body: Low
    tail: Code | None  # do: `while (…);`
    condition: Facts | None
    step: Facts | None
    initial: LDeclare | None = None  # for
    initial_facts: Facts | None = None
    brk: Target | None = None
    cont: Target | None = None
    continue_label_inside: bool = False
    is_once: bool = False  # do … while (0)
    header: tuple[int, int, int, int] | None = None  # for: token ranges of "cond; step) "
    scope: Stmt | None = None


@dataclass(slots=True, eq=False)
class LSwitch(Low):
    head: Code
    body: Low
    brk: Target
    has_default: bool = False


@dataclass(slots=True, eq=False)
class LCase(Low):
    head: Code
    body: Low | None
    is_default: bool = False


@dataclass(slots=True, eq=False)
class LLabel(Low):
    head: Code
    name: str
    body: Low | None


@dataclass(slots=True, eq=False)
class LMark(Low):
    """A generated label, printed if something jumps to it."""

    target: Target


@dataclass(slots=True, eq=False)
class LJump(Low):
    """break, continue, goto, return with all that has to happen on the way. `native`: printed as the C statement."""

    exit: Exit
    native: str = ""
    value: Code | None = None  # return
    kind: str = ""


@dataclass(slots=True, eq=False)
class LComputedGoto(Low):
    code: Code
    targets: list[tuple[str, Exit]]
    plain: bool


@dataclass(slots=True, eq=False)
class LAwait(Low):
    site: Site
    watch: list[Watch]
    cancel: Exit
    strand: LStrand | None

    @property
    def state(self) -> int:
        return self.site.state


@dataclass(slots=True, eq=False)
class LRelease(Low):
    """Gives back what a finished call was kept in, after its result has been copied out."""

    site: Site


@dataclass(slots=True, eq=False)
class LDefer(Low):
    body: Low
    cleanup: Cleanup
    past: Target


@dataclass(slots=True, eq=False)
class LLazy(Low):
    """x = ac_lazy(…): drops what was there, makes the new one. No site: a declaration that makes none."""

    future: Local
    site: Site | None
    is_initial: bool


@dataclass(slots=True, eq=False)
class Watch:
    """A clock or condition asked at each suspension inside its block. `late` is set for each suspension."""

    owner: LWithin
    exit: Exit


@dataclass(slots=True, eq=False)
class LWithin(Low):
    """within and run_until."""

    setup: list[Low]
    clock: Local | None  # within: its struct ac_within_future
    duration: Code | None
    site: Site | None  # run_until
    body: Low
    late: list[Low]  # the rest of the condition, then the else
    cleanup: Cleanup
    late_target: Target
    end: Target


@dataclass(slots=True, eq=False)
class LArm:
    site: Site
    guard: Code | None
    is_true: bool
    test: Code | None  # when_true: the value
    setup: list[Low]
    won: list[Low]
    line: int
    scope: Arm
    label: str = ""


@dataclass(slots=True, eq=False)
class LWon(Low):
    """In an arm that has finished: its test (when_true), then the others are dropped."""

    arm: LArm


@dataclass(slots=True, eq=False)
class LSelect(Low):
    number: int
    arms: list[LArm]
    is_biased: bool
    default: list[Low] | None
    otherwise: Low | None
    mask: Local
    watch: list[Watch]
    cancel: Exit
    strand: LStrand | None
    end: Target
    state: int = 0
    token: int = 0
    scope: Stmt | None = None
    file_line: int = 0
    tested: list[list[Low]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class LStrand:
    number: int
    gather: LGather
    index: int
    line: int
    body: Low
    start: int = 0  # its start state
    token: int = 0


@dataclass(slots=True, eq=False)
class LGather(Low):
    number: int
    branches: list[LStrand]
    states: Local  # the branches' state numbers; 0: ended
    turn: Local
    watch: list[Watch]
    cancel: Exit
    strand: LStrand | None
    cleanup: Cleanup
    end: Target
    state: int = 0
    token: int = 0
    shared: set[Variable] = field(default_factory=set)  # locals of the outside that branches use
    raced: set[Variable] = field(default_factory=set)  # those that more than one uses

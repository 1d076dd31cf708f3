"""What the passes over one function share: its flags, the cleanups that are due, temporaries, calls, generated names."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import TranslationError
from ..ir import low
from ..ir import tree as t
from ..ir.source import Position, Token
from .calls import Calls
from .facts import facts_of_statement
from .walk import Marks


@dataclass(slots=True, eq=False)
class Helper:
    """A small function of the output that serves spawn, spawn_blocking or ac_block_on of one callee."""

    kind: str
    name: str  # of the helper
    call: t.Call | t.Join  # the first call it serves
    callee: str  # "" through a pointer


@dataclass(slots=True, eq=False)
class Enclosing:
    """Where a break or a continue goes."""

    target: low.Target
    chain: low.Chain | None
    native: bool  # the C statement does it, as far as no cleanup lies between


class Context:
    def __init__(self, unit: t.Unit, function: t.Function, calls: Calls) -> None:
        self.unit, self.function, self.calls = unit, function, calls
        self.tokens: list[Token] = unit.tokens
        self.is_async = function.decl.is_async
        self.marks = Marks(function)
        self.helpers: list[Helper] = []
        self.out: list[low.Low] = []  # where steps go
        self.chain: low.Chain | None = None
        self.strand: low.LStrand | None = None
        self.timed: list[tuple[low.LWithin, low.Chain]] = []  # within and run_until blocks around, in this strand
        self.breaks: list[Enclosing] = []
        self.continues: list[Enclosing] = []
        self.temporaries: list[t.Local] = []
        self.literals: list[t.Local] = []
        self.control: list[t.Local] = []
        self.sites: list[low.Site] = []
        self.lazy_sites: dict[t.Local, list[low.Site]] = {}
        self.selects: list[low.LSelect] = []
        self.gathers: list[low.LGather] = []
        self.withins: list[low.LWithin] = []
        self.awaits: list[low.LAwait] = []
        self.defers: list[low.LDefer] = []
        self.cleanups: dict[int, low.Cleanup] = {}  # by id of the statement or declarator that makes it
        self.label_chain: dict[str, low.Chain | None] = {}
        self.label_target: dict[str, low.Target] = {}
        self.defer_depth = 0
        self.shared: set[low.Variable] = set()  # locals that branches of a gather use from outside
        self.exposed = facts_of_statement(function.body).escapes
        self.split: list[t.Declaration] = []  # printed declarator by declarator: the types they define stand elsewhere
        self.pinned: set[low.Variable] = set()  # named before their declaration in the output: they stand in the frame
        self.prepared: dict[int, low.Site] = {}  # awaits that are over when the code around them runs: arms
        self.expression_results: dict[int, t.Local | None] = {}  # blocks of statement expressions taken apart
        self.value_kept: set[int] = set()  # blocks of statement expressions printed as such
        self.strands = 0
        self.keeps_result = False  # a plain function: some return runs cleanups after its operand
        self.clocks: set[low.Variable] = set()
        self.later: set[str] = set()
        self.suspensions: list[low.LAwait | low.LSelect | low.LGather] = []
        self.start_exit: low.Exit | None = None
        self.literals_of_block: dict[int, list[t.Local]] = {}
        returned = function.decl.type.result
        self.result = (
            self.controlled("result", returned, function.first)
            if returned is not None and returned.kind is not t.TypeKind.VOID
            else None
        )
        self.return_target = low.Target("return", "return")
        self.addressed_labels: set[str] = set()
        self.literal_of: dict[int, t.Local] = {}
        self.chains: dict[int, low.Chain] = {}  # by id of the statement or declarator whose cleanup it is
        self.block: t.Stmt = function.body
        self.number = 0
        self.generated = 0  # depth of braces that are not the user's: a literal's object has to outlast them
        self.words = {token.text for token in self.tokens[function.first : function.last]} | function.macros
        self.self_name, self.cx_name = ("ac__" * (name in self.words) + name for name in ("f", "cx"))

    # --- names and numbers

    def next(self) -> int:
        self.number += 1
        return self.number

    def helper(self, kind: str, call: t.Expr) -> str:
        """The name of the function that serves a word; made once for each named callee, for each use of a pointer."""
        if isinstance(call, t.Join):
            callee = "ac_op_join_result" if call.is_result else "ac_op_join"
        else:
            assert isinstance(call, t.Call)
            callee = call.function
        assert isinstance(call, t.Call | t.Join)
        name = f"ac__{callee}_{kind}" if callee else f"ac__{self.function.decl.name}_{kind}_{len(self.helpers) + 1}"
        if all(helper.name != name for helper in self.helpers):
            self.helpers.append(Helper(kind, name, call, callee))
        return name

    def error(self, token: int, message: str) -> TranslationError:
        place = self.position(token)
        return TranslationError(message, place.file, place.line, place.column)

    def is_complete(self, callee: str) -> bool:
        """Whether the frame struct of a function of the file is known where this function stands."""
        return self.calls.place[callee] < self.calls.place.get(self.function.decl.name, len(self.calls.place))

    def cx_text(self) -> str:
        return self.cx_name if self.is_async else "NULL"

    def position(self, token: int) -> Position:
        return self.tokens[token].position

    def line(self, token: int) -> int:
        return self.tokens[token].position.line

    def called(self, line: int) -> int:
        """A line of the function's file as the user's `#line` directives have it."""
        return self.unit.lines.at(self.function.file or self.unit.path, line)[1]

    def is_zero(self, e: t.Expr) -> bool:
        """`0` or `false`, as in `do … while (0)`."""
        while isinstance(e, t.Paren):
            e = e.inner
        return isinstance(e, t.Constant) and self.tokens[e.first].text in ("0", "false")

    def temporary(self, ctype: t.CType, token: int, name: str = "") -> t.Local:
        local = t.Local(name or f"ac__t{len(self.temporaries) + 1}", ctype, self.position(token), index=-1)
        self.temporaries.append(local)
        return local

    def controlled(self, name: str, ctype: t.CType, token: int) -> t.Local:
        local = t.Local(name, ctype, self.position(token), index=-2)
        self.control.append(local)
        return local

    def keep_literal(self, e: t.CompoundLiteral) -> t.Local:
        """The variable that a compound literal with an address becomes; it lives as long as the block around it."""
        local = self.literal_of.get(id(e))
        if local is None:
            local = t.Local(f"ac__literal_{len(self.literals) + 1}", e.type, self.position(e.first), index=-3)
            self.literals.append(local)
            self.literal_of[id(e)] = local
            self.literals_of_block.setdefault(id(self.block), []).append(local)
        return local

    # --- ways out

    def watch_exits(self) -> list[low.Watch]:
        """The clocks and conditions to be asked at a suspension here, innermost first."""
        found = []
        for owner, inside in reversed(self.timed):
            path = self.path(inside)
            assert path is not None
            found.append(low.Watch(owner, self.leave(path, owner.late_target)))
        return found

    def path(self, to: low.Chain | None, start: low.Chain | None = None) -> list[low.Cleanup] | None:
        """The cleanups between a point (here) and an enclosing one, innermost first; None: `to` does not enclose it."""
        at = start if start is not None else self.chain
        found: list[low.Cleanup] = []
        while at is not to:
            if at is None:
                return None
            found.append(at.cleanup)
            at = at.parent
        return found

    def leave(self, cleanups: list[low.Cleanup], target: low.Target) -> low.Exit:
        """Registers an exit with the first defer or gather on its way, which has to know how to go on."""
        exit_ = low.Exit(cleanups, target)
        for i, cleanup in enumerate(cleanups):
            if cleanup.kind == "drop":
                continue
            rest = cleanups[i + 1 :]
            kind, label = target.kind, target.label or id(target)
            if kind in ("return", "cancel") and self.is_async and all(c.kind != "gather" for c in rest):
                kind = label = "end"  # both leave poll the same way
            key = (tuple(id(c) for c in rest), kind, label)
            number = cleanup.keys.get(key)
            if number is None:
                number = cleanup.keys[key] = len(cleanup.exits) + 1
                cleanup.exits.append(self.leave(cleanups[i + 1 :], target))
            exit_.number = number
            return exit_
        target.used = True
        return exit_

    def cancel_exit(self) -> low.Exit:
        """What a cancelled frame has to do here, up to the end of its strand."""
        cleanups: list[low.Cleanup] = []
        at = self.chain
        while at is not None and at.cleanup.kind != "gather":
            cleanups.append(at.cleanup)
            at = at.parent
        return self.leave(cleanups, low.Target("cancel", "cancel"))


def plain_type(kind: t.TypeKind, text: str, size: int, align: int) -> t.CType:
    """A type of the generated code's own."""
    return t.CType(kind, text, size, align, declare_with=lambda name: f"{text} {name}".rstrip())


INT = plain_type(t.TypeKind.SCALAR, "int", 4, 4)
BOOL = plain_type(t.TypeKind.SCALAR, "bool", 1, 1)


def pointer_to(element: t.CType, size: int) -> t.CType:
    """The type an array decays to."""
    qualifiers = ("const " if element.is_const else "") + ("volatile " if element.is_volatile else "")

    def declare(name: str) -> str:
        if element.kind is t.TypeKind.POINTER:
            return element.declare(f"{qualifiers}*{name}")
        if element.kind in (t.TypeKind.ARRAY, t.TypeKind.FUNCTION):
            return qualifiers + element.declare(f"(*{name})")
        return qualifiers + element.declare("*" + name)

    return t.CType(
        t.TypeKind.POINTER, "", size, size, element=element, local_types=element.local_types, declare_with=declare
    )

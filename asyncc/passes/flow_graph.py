"""The nodes and edges of a flow graph.

A node is straight-line code with the sets of variables it touches, as bits of integers. Edges are node numbers; NOWHERE,
before a node, is code that no code runs into.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..ir import low
from ..ir import tree as t
from .context import Context

NOWHERE = -1


@dataclass(slots=True, eq=False)
class Node:
    reads: int = 0
    kills: int = 0
    touches: int = 0
    escapes: int = 0
    births: int = 0  # what begins to exist here: no pointer knows it yet
    blanks: int = 0  # of these, what has no value yet
    depth: int = 0  # how many loops it stands in
    scope: int = 0
    writes_last: bool = True  # what is written is written after all that is read
    next: list[int] = field(default_factory=list)
    crosses: bool = False  # what is live here outlives a call of poll
    state_of: object = None  # the await, select or gather that may suspend here
    line: int = 0


class Graph:
    def __init__(self, context: Context) -> None:
        self.c = context
        self.nodes: list[Node] = []
        self.bits: dict[low.Variable, int] = {}
        self.variables: list[low.Variable] = []  # the variable of each bit
        self.everywhere = 0  # bits of temporaries whose address is known: in scope everywhere
        self.left: list[int] = []  # the nodes of defers
        self.scope = 0  # bits of the variables in scope here, where nodes are being made
        self.line = 0
        self.depth = 0  # of loops
        self.targets: dict[int, int] = {}  # the node of each target, by its id
        self.labels: dict[str, int] = {}
        self.exit = self.node(NOWHERE)

    def bit(self, variable: low.Variable) -> int:
        found = self.bits.get(variable)
        if found is None:
            found = self.bits[variable] = 1 << len(self.variables)
            self.variables.append(variable)
        return found

    def mask(self, variables: set[low.Variable]) -> int:
        bits = 0
        for v in sorted(variables, key=_in_the_text) if len(variables) > 1 else variables:
            if isinstance(v, low.Site) or v.storage in ("", "register"):
                bits |= self.bit(v)
        return bits

    def node(self, before: int, facts: low.Facts | None = None) -> int:
        new = Node(scope=self.scope, line=self.line, depth=self.depth)
        if facts is not None:
            new.reads, new.kills = self.mask(facts.reads), self.mask(facts.kills)
            new.touches, new.escapes = self.mask(facts.touches), self.mask(facts.escapes)
            new.writes_last = facts.writes_last or not (facts.kills or facts.touches)
            for v in facts.escapes:
                if not isinstance(v, low.Site) and v.index == -1:
                    self.everywhere |= self.bit(v)
        self.nodes.append(new)
        number = len(self.nodes) - 1
        self.edge(before, number)
        return number

    def edge(self, before: int, after: int) -> None:
        if before != NOWHERE:
            self.nodes[before].next.append(after)

    def target(self, target: low.Target) -> int:
        if target.kind == "cancel":
            return self.exit
        if target.kind == "label" and target is self.c.label_target.get(target.label):
            return self.label(target.label)
        if id(target) not in self.targets:
            self.targets[id(target)] = self.node(NOWHERE)
        return self.targets[id(target)]

    def label(self, name: str) -> int:
        if name not in self.labels:
            self.labels[name] = self.node(NOWHERE)
        return self.labels[name]

    def leave(self, exit_: low.Exit, at: int) -> int:
        """The nodes of an exit's cleanups, up to its target (a "text" target falls through)."""
        for cleanup in exit_.cleanups:
            at = self.node(at, cleanup.facts)
            self.nodes[at].touches |= self.nodes[at].kills
            self.nodes[at].kills = 0
            if cleanup.kind == "gather":
                self.nodes[at].crosses = True
            if cleanup.kind == "defer":
                self.left.append(at)
        if exit_.target.kind == "text":
            return at
        self.edge(at, self.target(exit_.target))
        return NOWHERE

    def enter(self, scope: t.Stmt | t.Arm | None) -> int:
        outer = self.scope
        if scope is not None:
            for local in getattr(scope, "scope", []):
                self.scope |= self.bit(local) if local.storage in ("", "register") else 0
            for local in self.c.literals_of_block.get(id(scope), []):
                self.scope |= self.bit(local)
        return outer


def _in_the_text(variable: low.Variable) -> tuple[bool, int, int, str]:
    """An order of variables. A set's own follows their addresses, and the output must be the same bytes each time."""
    if isinstance(variable, low.Site):
        return True, variable.order, 0, ""
    return False, variable.index, variable.position.offset, variable.name

"""What a check sees of a function: its nodes in the order of the text, each with what it stands in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ..frontend.diagnostics import Diagnostic, Note, error
from ..ir import tree as t
from ..ir.source import Token
from ..passes.walk import operands, parts

Node = t.Expr | t.Stmt | t.Arm


@dataclass(slots=True, eq=False)
class Place:
    """A node and the place it stands in."""

    node: Node
    parent: Place | None

    def outward(self) -> Iterator[Place]:
        """What it stands in, from the inside out, without itself."""
        place = self.parent
        while place is not None:
            yield place
            place = place.parent


@dataclass(slots=True)
class View:
    """One function under check."""

    function: t.Function
    tokens: list[Token]
    functions: dict[str, t.Function] = field(default_factory=dict)  # those of the file, by name
    is_async: Callable[[str], bool] = lambda _: False
    places: list[Place] = field(default_factory=list)
    found: list[Diagnostic] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._statement(self.function.body, None)

    def _statement(self, statement: t.Stmt, parent: Place | None) -> None:
        place = Place(statement, parent)
        self.places.append(place)
        if isinstance(statement, t.Select):
            self._select(statement, place)
            return
        exprs, inner = parts(statement)
        for expr in exprs:
            self._expression(expr, place)
        for each in inner:
            self._statement(each, place)

    def _select(self, select: t.Select, parent: Place) -> None:
        for arm in select.arms:
            place = Place(arm, parent)
            self.places.append(place)
            for guard, _ in arm.guards:
                self._expression(guard, place)
            if arm.expr is not None:
                self._expression(arm.expr, place)
            if arm.declaration is not None:
                self._statement(arm.declaration, place)
            self._statement(arm.body, place)
        for each in select.default or []:
            self._statement(each, parent)
        if select.otherwise is not None:
            self._statement(select.otherwise, parent)

    def _expression(self, expr: t.Expr, parent: Place) -> None:
        place = Place(expr, parent)
        self.places.append(place)
        if isinstance(expr, t.StatementExpr):
            self._statement(expr.body, place)
        for operand in operands(expr):
            self._expression(operand, place)

    # --- asking --------------------------------------------------------------------------------------------------------

    def of(self, *kinds: type) -> Iterator[Place]:
        return (place for place in self.places if isinstance(place.node, kinds))

    def waits(self) -> list[Place]:
        """Everything that may suspend."""
        return list(self.of(t.Await, t.Select, t.Gather, t.Within, t.RunUntil))

    def waits_between(self, first: int, last: int) -> Place | None:
        """The first thing that may suspend among tokens [first, last)."""
        return next((w for w in self.waits() if first <= w.node.first < last), None)

    # --- telling ---------------------------------------------------------------------------------------------------------

    def report(self, name: str, token: int, message: str, fix: str = "", notes: list[Note] | None = None) -> None:
        where = self.tokens[token]
        made = error(name, where.position, message, fix, len(where.text))
        made.notes = notes or []
        self.found.append(made)

    def note(self, message: str, token: int) -> Note:
        where = self.tokens[token]
        return Note(message, where.position, len(where.text))


def awaits_in(expr: t.Expr) -> list[t.Await]:
    """The awaits of an expression, outermost first; not those in a statement expression."""
    found = [expr] if isinstance(expr, t.Await) else []
    for operand in operands(expr):
        found += awaits_in(operand)
    return found

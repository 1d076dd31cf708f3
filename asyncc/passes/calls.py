"""Which calls have their frame inside the caller's, and which take one from the pool.

A call of a function whose body stands in the file is embedded, unless the two call each other round a circle (a strongly
connected part of the graph of calls): a frame cannot hold itself. Spawned calls are tasks of their own and do not count.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..ir import tree as t
from .walk import operands, parts, strip


def expressions(s: t.Stmt) -> Iterator[t.Expr]:
    """Every evaluated expression in a statement, also inside others."""
    stack: list[t.Stmt | t.Expr] = [s]
    while stack:
        node = stack.pop()
        if isinstance(node, t.Expr):
            yield node
            if isinstance(node, t.StatementExpr):
                stack.append(node.body)
            else:
                stack.extend(reversed(operands(node)))
        else:
            exprs, stmts = parts(node)
            stack.extend(reversed([*exprs, *stmts]))


WAITING = (t.Select, t.Gather, t.Within, t.RunUntil)


def has_waiting_statement(s: t.Stmt) -> bool:
    """A select, gather, within or run_until, anywhere in a body."""
    stack: list[t.Stmt] = [s]
    while stack:
        node = stack.pop()
        if isinstance(node, WAITING):
            return True
        exprs, stmts = parts(node)
        stack.extend(stmts)
        stack.extend(e.body for top in exprs for e in _subexpressions(top) if isinstance(e, t.StatementExpr))
    return False


def _subexpressions(top: t.Expr) -> Iterator[t.Expr]:
    stack = [top]
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, t.StatementExpr):
            stack.extend(operands(node))


def direct_callee(call: t.Call) -> str:
    """The name of the function called, also as `(f)`, `(*f)`, `(&f)` or chosen by _Generic; "" through a pointer."""
    e = strip(call.callee)
    while True:
        match e:
            case t.Selected():
                e = strip(e.chosen)
            case t.Unary() if e.op in ("*", "&") and strip(e.operand).type.kind is t.TypeKind.FUNCTION:
                e = strip(e.operand)
            case t.Identifier():
                return e.name if e.local is None and e.type.kind is not t.TypeKind.POINTER else ""
            case _:
                return ""


class Calls:
    def __init__(self, unit: t.Unit) -> None:
        self.unit = unit
        self.bodies = {f.decl.name: f for f in unit.functions if f.decl.is_async}
        # Those that a call by name reaches for certain: the linker may replace a weak one.
        self.own = {name for name, f in self.bodies.items() if not f.is_weak}
        self.opaque: set[str] = set()  # futures written by hand that have had their stand-in descriptor printed
        self.place = {f.decl.name: i for i, f in enumerate(unit.functions)}
        self.edges: dict[str, list[str]] = {}
        self.pools: set[str] = set()  # functions in or below which pool frames may lie
        self.waits: set[str] = set()  # functions that may suspend; an await of another is a plain call
        for name, function in self.bodies.items():
            self.edges[name] = []
            for e in expressions(function.body):
                call = strip(e.call) if isinstance(e, t.Await | t.Lazy) else None
                if isinstance(e, t.Await) and not isinstance(call, t.Call):
                    self.waits.add(name)
                if isinstance(call, t.Call):
                    if not call.function and not isinstance(strip(call.callee), t.Member | t.Index | t.Call):
                        call.function = direct_callee(call)
                    callee = call.function
                    if callee not in self.own:
                        self.waits.add(name)
                    if callee in self.own:
                        self.edges[name].append(callee)
                    elif not self._is_leaf(callee):
                        self.pools.add(name)
        self.order: list[str] = []  # callees first
        self.group: dict[str, int] = {}
        self._strong()
        for name in self.order:
            inside = [c for c in self.edges[name] if self.group[c] == self.group[name]]
            if inside or any(c in self.pools for c in self.edges[name]):
                self.pools.add(name)
            if (
                inside
                or any(c in self.waits for c in self.edges[name])
                or has_waiting_statement(self.bodies[name].body)
            ):
                self.waits.add(name)

    def _is_leaf(self, callee: str) -> bool:
        decl = self.unit.declared.get(callee)
        return decl is not None and decl.future_size > 0

    def is_recursive(self, caller: str, callee: str) -> bool:
        return self.group[caller] == self.group[callee]

    def _strong(self) -> None:
        """Tarjan's algorithm, without recursion: a chain of calls may be long."""
        number: dict[str, int] = {}
        low: dict[str, int] = {}
        stack: list[str] = []
        on: set[str] = set()
        groups = 0
        for start in self.bodies:
            if start in number:
                continue
            work = [(start, iter(self.edges[start]))]
            number[start] = low[start] = len(number)
            stack.append(start)
            on.add(start)
            while work:
                name, rest = work[-1]
                for callee in rest:
                    if callee not in number:
                        number[callee] = low[callee] = len(number)
                        stack.append(callee)
                        on.add(callee)
                        work.append((callee, iter(self.edges[callee])))
                        break
                    if callee in on:
                        low[name] = min(low[name], number[callee])
                else:
                    work.pop()
                    if work:
                        low[work[-1][0]] = min(low[work[-1][0]], low[name])
                    if low[name] == number[name]:
                        while True:
                            member = stack.pop()
                            on.discard(member)
                            self.group[member] = groups
                            self.order.append(member)
                            if member == name:
                                break
                        groups += 1

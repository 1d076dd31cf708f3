"""The ways out: goto, break, continue, return, and the end of a block. Each runs the cleanups between its own chain and its
target's (scopes.py). A jump that crosses none stays as the user wrote it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir import low
from ..ir import tree as t
from .context import Context, Enclosing
from .walk import operands, parts

if TYPE_CHECKING:
    from .desugar import Desugar


class Jumps:
    def __init__(self, desugar: Desugar) -> None:
        self.d = desugar
        self.c: Context = desugar.c

    def goto(self, s: t.Goto) -> None:
        c = self.c
        path = c.path(c.label_chain.get(s.label))
        if path is None:
            raise c.error(
                s.first, f"goto '{s.label}' jumps into the scope of a defer, an ac_future, or a block that waits"
            )
        target = c.label_target.setdefault(s.label, low.Target("label", s.label))
        if path:
            c.out.append(low.LJump(c.leave(path, target), kind="goto"))
        else:
            c.out.append(low.LJump(low.Exit([], target), native=f"goto {s.label};", kind="goto"))

    def break_(self, s: t.Break) -> None:
        self._leave_to(self.c.breaks[-1], "break")

    def continue_(self, s: t.Continue) -> None:
        self._leave_to(self.c.continues[-1], "continue")

    def _leave_to(self, enclosing: Enclosing, word: str) -> None:
        c = self.c
        path = c.path(enclosing.chain)
        assert path is not None
        if enclosing.native and not path:
            c.out.append(low.LJump(low.Exit([], enclosing.target), native=f"{word};", kind=word))
        else:
            c.out.append(low.LJump(c.leave(path, enclosing.target), kind=word))

    def return_(self, s: t.Return) -> None:
        c = self.c
        code = None
        if s.value is not None:
            if c.function.decl.type.result is not None and c.function.decl.type.result.kind is t.TypeKind.VOID:
                self.d.order.effect(s.value)
            else:
                code = self.d.order.value(s.value)
        path = c.path(None)
        assert path is not None
        c.keeps_result = c.keeps_result or (bool(path) and code is not None)
        c.out.append(low.LJump(c.leave(path, c.return_target), value=code, kind="return", line=c.line(s.first)))

    def computed_goto(self, s: t.ComputedGoto) -> None:
        c = self.c
        code = self.d.order.value(s.target)
        targets = []
        for name in sorted(c.addressed_labels):
            path = c.path(c.label_chain.get(name))
            if path:
                target = c.label_target.setdefault(name, low.Target("label", name))
                targets.append((name, c.leave(path, target)))
        c.out.append(low.LComputedGoto(code, targets, not targets, line=c.line(s.first)))

    def is_plain(self, s: t.Stmt) -> bool:
        """Whether a jump that leaves the statement around it can stay as the user wrote it."""
        c = self.c
        match s:
            case t.Break():
                return c.breaks[-1].native and c.breaks[-1].chain is c.chain
            case t.Continue():
                return c.continues[-1].native and c.continues[-1].chain is c.chain
            case t.Goto():
                return c.label_chain.get(s.label) is c.chain
            case t.ComputedGoto():
                return c.chain is None and not any(c.label_chain.values())
        return c.chain is None and not c.is_async

    def fall_out(self, outer: low.Chain | None) -> None:
        """The end of a block: its cleanups, latest first."""
        c = self.c
        if c.out and isinstance(c.out[-1], low.LJump):
            return
        end = low.Target("label", f"ac__end_{c.next()}")
        path = c.path(outer)
        assert path is not None
        exit_ = c.leave(path, end)
        if all(cleanup.kind == "drop" for cleanup in path):
            exit_.target = low.Target("text", "")
            c.out.append(low.LJump(exit_, kind="fall"))
            return
        c.out += [low.LJump(exit_, kind="fall"), low.LMark(end)]

    def start_exit(self) -> low.Exit:
        """What a drop before the first poll does: the defers at the head of the body."""
        path = self.c.path(None)
        assert path is not None
        return self.c.leave([x for x in path if x.kind == "defer"], low.Target("cancel", "cancel"))


def leaving(s: t.Stmt) -> list[t.Stmt]:
    """The jumps in s that may leave it: every goto and return, break and continue of a loop around it."""
    found: list[t.Stmt] = []
    stack: list[tuple[t.Stmt | t.Expr, bool, bool]] = [(s, True, True)]
    labels: set[str] = set()
    gotos: list[t.Goto] = []
    while stack:
        node, outer_break, outer_continue = stack.pop()
        match node:
            case t.StatementExpr():
                stack.append((node.body, outer_break, outer_continue))
                continue
            case t.Break():
                found += [node] if outer_break else []
            case t.Continue():
                found += [node] if outer_continue else []
            case t.Goto():
                gotos.append(node)
            case t.Return() | t.ComputedGoto():
                found.append(node)
            case t.Label():
                labels.add(node.name)
            case t.While() | t.DoWhile() | t.For():
                outer_break = outer_continue = False
            case t.Switch():
                outer_break = False
        if isinstance(node, t.Expr):
            stack += [(x, outer_break, outer_continue) for x in operands(node)]
        else:
            exprs, stmts = parts(node)
            stack += [(x, outer_break, outer_continue) for x in exprs]
            stack += [(x, outer_break, outer_continue) for x in stmts]
    return found + [g for g in gotos if g.label not in labels]

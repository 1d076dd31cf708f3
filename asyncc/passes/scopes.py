"""What has to happen when a block is left, and what is due at each label.

A `defer`, a `within`, an `ac_future`, a local with a cleanup attribute each make a *cleanup*, due from there to the end of
its block. The cleanups due at a point form a chain, innermost first. A jump runs those between its own chain and its
target's. Labels may stand after the jumps to them, so their chains are found before any statement is lowered.
"""

from __future__ import annotations

from ..ir import low
from ..ir import tree as t
from .context import Context
from .walk import AWAIT, operands, parts


def find_scopes(c: Context) -> None:
    _Scopes(c).statement(c.function.body, None)


class _Scopes:
    def __init__(self, context: Context) -> None:
        self.c = context
        self.depth = 0
        self.inner: t.Block | None = None  # the block around

    def make(self, node: object, kind: str, token: int, chain: low.Chain | None) -> low.Chain:
        c = self.c
        cleanup = low.Cleanup(kind, c.line(token), number=c.next() if kind == "defer" else 0, depth=self.depth)
        link = low.Chain(cleanup, chain, chain.depth + 1 if chain is not None else 1)
        c.chains[id(node)] = link
        return link

    def block(self, body: list[t.Stmt], chain: low.Chain | None) -> None:
        for s in body:
            chain = self.statement(s, chain)

    def statement(self, s: t.Stmt, chain: low.Chain | None) -> low.Chain | None:
        """Gives the chain for the statements after s in its block."""
        c = self.c
        match s:
            case t.Block():
                self.expressions(s, chain)
                outer, self.inner = self.inner, s
                self.block(s.body, chain)
                self.inner = outer
                return chain
            case t.Label():
                c.label_chain[s.name] = chain
                return self.statement(s.body, chain) if s.body is not None else chain
            case t.Case():
                return self.statement(s.body, chain) if s.body is not None else chain
            case t.Defer():
                self.depth += 1
                self.statement(s.body, None)
                self.depth -= 1
                return self.make(s, "defer", s.first, chain)
            case t.Declaration():
                self.expressions(s, chain)
                for d in s.declarators:
                    local = d.local
                    if local is None or not c.is_async:
                        continue
                    if local.is_future:
                        chain = self.make(d, "drop", d.first, chain)
                    elif local.cleanup and local.storage == "" and c.marks[self.inner] & AWAIT:
                        chain = self.make(d, "defer", d.first, chain)
                return chain
            case t.Within() | t.RunUntil():
                self.expressions(s, chain)
                self.statement(s.body, self.make(s, "drop", s.first, chain))
                if s.otherwise is not None:
                    self.statement(s.otherwise, chain)
                return chain
            case t.Gather():
                inside = self.make(s, "gather", s.first, chain)
                for branch in s.branches:
                    self.statement(branch, inside)
                return chain
        self.expressions(s, chain)
        for x in parts(s)[1]:
            self.statement(x, chain)
        if isinstance(s, t.Select):
            for arm in s.arms:
                if arm.declaration is not None:
                    self.statement(arm.declaration, chain)
        return chain

    def expressions(self, s: t.Stmt, chain: low.Chain | None) -> None:
        stack = list(parts(s)[0]) if not isinstance(s, t.Block) else []
        while stack:
            e = stack.pop()
            if isinstance(e, t.StatementExpr):
                self.statement(e.body, chain)
            else:
                stack += operands(e)

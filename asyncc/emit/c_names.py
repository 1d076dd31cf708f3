"""What the tokens of a function's text become: locals that moved to the frame, types that moved to file scope."""

from __future__ import annotations

from ..ir import tree as t
from ..ir.frame import Frame
from ..ir.source import TokenKind
from ..passes.calls import expressions
from ..passes.context import Context
from ..passes.walk import operands, parts
from .c_tokens import Renames

TYPEOF = frozenset({"typeof", "__typeof", "__typeof__", "sizeof", "_Alignof", "__alignof__", "_Alignas"})


def rename_locals(c: Context, frame: Frame | None, renames: Renames) -> None:
    if frame is None:
        return
    function = c.function
    text: dict[t.Local, str] = {}
    for local in function.locals:
        if local in frame.names:
            text[local] = f"{c.self_name}->{frame.names[local]}"
    if not text:
        return
    unsure: list[tuple[int, int]] = []
    for e in expressions(function.body):
        if isinstance(e, t.Identifier):
            if e.local in text:
                renames.put(e.first, e.first + 1, text[e.local])
        elif isinstance(e, t.Unevaluated | t.Selected):
            unsure.append((e.first, e.last))
    tokens = c.tokens
    i = function.body.first
    while i < function.body.last:
        if tokens[i].text in TYPEOF and i + 1 < function.body.last and tokens[i + 1].text == "(":
            depth, j = 0, i + 1
            while j < function.body.last:
                depth += {"(": 1, ")": -1}.get(tokens[j].text, 0)
                j += 1
                if depth == 0:
                    break
            unsure.append((i, j))
        i += 1
    if not unsure:
        return
    scopes = _scopes(function)
    for first, last in unsure:
        for i in range(first, last):
            token = tokens[i]
            if token.kind is not TokenKind.NAME or i in renames.at or token.text not in scopes:
                continue
            if tokens[i - 1].text in (".", "->", "struct", "union", "enum"):
                continue
            inner = [x for x in scopes[token.text] if x[0] <= i < x[1]]
            if inner:
                local = max(inner, key=lambda x: x[0])[2]
                if local in text:
                    renames.put(i, i + 1, text[local])


def _scopes(function: t.Function) -> dict[str, list[tuple[int, int, t.Local]]]:
    """Where each local is visible: from its declarator to the end of its block."""
    found: dict[str, list[tuple[int, int, t.Local]]] = {}
    for local in function.parameters:
        found.setdefault(local.name, []).append((function.body.first, function.body.last, local))
    stack: list[tuple[t.Stmt | t.Expr, int]] = [(function.body, function.body.last)]
    while stack:
        node, end = stack.pop()
        if isinstance(node, t.StatementExpr):
            stack.append((node.body, end))
            continue
        if isinstance(node, t.Expr):
            stack += [(x, end) for x in operands(node)]
            continue
        if isinstance(node, t.Declaration):
            for d in node.declarators:
                if d.local is not None:
                    found.setdefault(d.local.name, []).append((d.last, end, d.local))
        if isinstance(node, t.Block | t.For | t.Select):
            end = node.last
        if isinstance(node, t.Select):
            for arm in node.arms:
                exprs = [g for g, _ in arm.guards] + ([arm.expr] if arm.expr is not None else [])
                stack += [(x, arm.last) for x in exprs]
                stack += [(x, arm.last) for x in (arm.declaration, arm.body) if x is not None]
            stack += [(x, end) for x in [*(node.default or []), *([node.otherwise] if node.otherwise else [])]]
            continue
        exprs, stmts = parts(node)
        stack += [(x, end) for x in [*exprs, *stmts]]
    return found


def moved_types(c: Context, wanted: list[t.LocalType]) -> list[t.LocalType]:
    """The local types that must stand at file scope: those wanted and all that their definitions mention."""
    function = c.function
    by_name: dict[str, list[t.LocalType]] = {}
    for lt in function.types:
        if lt.name:
            by_name.setdefault(lt.name, []).append(lt)
    found: dict[int, t.LocalType] = {}
    work = list(wanted)
    while work:
        lt = work.pop()
        if id(lt) in found:
            continue
        found[id(lt)] = lt
        for i in range(lt.first, lt.last):
            for other in by_name.get(c.tokens[i].text, []):
                if other.first < lt.last:
                    work.append(other)
        for other in function.types:  # an anonymous one defined inside
            if other is not lt and lt.first <= other.first and other.last <= lt.last and other.name:
                work.append(other)
    return sorted(found.values(), key=lambda x: (x.last, -x.first))

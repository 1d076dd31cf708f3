"""arm-await, await-in-guard: the form of `when (…)` and `run_until (…)`.

An arm waits for one thing: its call is made when the select is entered, before it is known who wins. So there is exactly
one await, it is always reached (not under && || ?:), and a guard, which decides whether the arm takes part, cannot wait.
"""

from __future__ import annotations

from ..ir import tree as t
from ..passes.walk import operands
from .view import View, awaits_in


def check(view: View) -> None:
    for place in view.of(t.Arm):
        arm = place.node
        assert isinstance(arm, t.Arm)
        for guard, _ in arm.guards:
            _guard(view, guard)
        if arm.expr is not None:
            _one_await(view, arm.first, "when", [arm.expr])
        elif arm.declaration is not None:
            _one_await(view, arm.first, "when", [d.init for d in arm.declaration.declarators if d.init is not None])
    for place in view.of(t.RunUntil):
        block = place.node
        assert isinstance(block, t.RunUntil)
        _one_await(view, block.first, "run_until", [block.condition])


def _guard(view: View, guard: t.Expr) -> None:
    for found in awaits_in(guard):
        view.report(
            "await-in-guard",
            found.first,
            "a guard holds no await: it decides whether its arm takes part, before anything is waited for",
            "put the value into a variable before the select",
        )


def _one_await(view: View, first: int, word: str, exprs: list[t.Expr]) -> None:
    found = [a for expr in exprs for a in awaits_in(expr)]
    inside = [a for expr in exprs for a in _conditional_awaits(expr)]
    fix = f"write '{word} (await f(…))'; what else there is to wait for goes before it or into the body"
    if not found:
        if not any(_holds_statements(expr) for expr in exprs):
            view.report("arm-await", first, f"'{word}' needs an await: there is nothing here to wait for", fix)
        else:
            view.report("arm-await", first, f"the await of a '{word}' cannot stand in a statement expression", fix)
    elif len(found) > 1:
        second = found[1].first
        note = [view.note("the first await", found[0].first)]
        view.report("arm-await", second, f"more than one await in a '{word}': it waits for one thing", fix, note)
    elif inside:
        view.report(
            "arm-await",
            inside[0].first,
            f"the await of a '{word}' is not always reached: it stands under &&, || or ?:",
            fix,
        )


def _holds_statements(expr: t.Expr) -> bool:
    return isinstance(expr, t.StatementExpr) or any(_holds_statements(o) for o in operands(expr))


def _conditional_awaits(expr: t.Expr) -> list[t.Await]:
    found: list[t.Await] = []
    if (isinstance(expr, t.Binary) and expr.op in ("&&", "||")) or isinstance(expr, t.Conditional):
        found += awaits_in(expr)
    else:
        for operand in operands(expr):
            found += _conditional_awaits(operand)
    return found

"""The words that are statements: defer, within, run_until, gather; select has a file of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...ir.source import TokenKind
from ...ir.tree import Defer, Gather, Null, RunUntil, Stmt, Within
from .select import select

if TYPE_CHECKING:
    from .statements import Statements


def _defer(p: Statements) -> Stmt:
    first = p.next()
    p.scopes.push()
    body = p.statement()
    p.scopes.pop()
    return Defer(first, body.last, body, p.tokens[first].position)


def _within(p: Statements) -> Stmt:
    first = p.next()
    duration = p.condition()
    body = p.body("within")
    otherwise = p.else_()
    return Within(first, (otherwise or body).last, duration, body, otherwise, p.tokens[first].position)


def _run_until(p: Statements) -> Stmt:
    first = p.next()
    condition = p.condition()
    body = p.body("run_until")
    otherwise = p.else_()
    return RunUntil(first, (otherwise or body).last, condition, body, otherwise, p.tokens[first].position)


def _gather(p: Statements) -> Stmt:
    first = p.next()
    branches: list[Stmt] = []
    if p.text != "{":
        p.report(
            "gather-form",
            first,
            "gather needs braces around its branches",
            "write 'gather { statement statement … }'",
        )
        return Gather(first, p.last_end(), [p.body("gather")], p.tokens[first].position)
    p.next()
    while not (p.text == "}" and p.kind is TokenKind.PUNCT):
        if p.kind is TokenKind.DIRECTIVE:
            p.at += 1
            continue
        _check_branch(p)
        p.scopes.push()
        branch = p.block_item()
        p.scopes.pop()
        if not isinstance(branch, Null):
            branches.append(branch)
    return Gather(first, p.next() + 1, branches, p.tokens[first].position)


def _check_branch(p: Statements) -> None:
    """Every statement in the braces is a branch, so what only prepares others cannot stand there."""
    fix = "put it before the gather, or into the braces of one branch: '{ … }'"
    if p.is_declaration():
        p.report("gather-form", p.at, "a declaration cannot be a branch of a gather", fix)
    elif p.word == "defer":
        p.report("gather-form", p.at, "a defer cannot be a branch of a gather", fix)
    elif p.text in ("case", "default") or p.is_label():
        p.report("gather-form", p.at, "a label cannot stand directly in a gather", fix)


WORDS: dict[str, Callable[[Statements], Stmt]] = {
    "defer": _defer,
    "within": _within,
    "run_until": _run_until,
    "gather": _gather,
    "select": select,
    "select_biased": select,
}

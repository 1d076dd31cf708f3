"""select: its arms with their guards, `default:` and `otherwise`. To clang all of it is plain C of the same shape, so what
stands where it may not is reported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...ir.source import TokenKind
from ...ir.tree import Arm, Declaration, Expr, Select, Stmt

if TYPE_CHECKING:
    from .statements import Statements


def select(p: Statements) -> Stmt:
    biased, first = p.word == "select_biased", p.next()
    made = Select(first, first, [], biased, None, None, p.tokens[first].position)
    if p.text != "{":
        p.report("select-form", first, "select needs braces around its arms", "write 'select { when (…) … }'")
        made.last = p.statement().last
        return made
    p.next()
    scope = p.scopes.push()
    while not (p.text == "}" and p.kind is TokenKind.PUNCT):
        if p.kind is TokenKind.DIRECTIVE or p.text == ";":
            p.at += 1
            continue
        _select_item(p, made, [])
    p.scopes.pop()
    made.scope = scope.locals
    made.last = p.next() + 1
    if not made.arms and made.default is None and made.otherwise is None:
        p.report("select-form", first, "this select has no arm", "add 'when (await f(…)) statement'")
    return made


def _select_item(p: Statements, made: Select, guards: list[tuple[Expr, bool]]) -> None:
    word = p.word
    if word in ("when", "when_true") and p.peek() == "(":
        made.arms.append(_arm(p, guards))
    elif p.text == "if" and p.kind is TokenKind.NAME:
        _guarded(p, made, guards)
    elif guards:
        _not_an_arm(p)
    elif word == "otherwise":
        first = p.next()
        if made.otherwise is not None:
            p.report("select-form", first, "a select has one 'otherwise' at most", "join the two")
        made.otherwise = p.body("otherwise")
    elif p.text == "default" and p.peek() == ":":
        _default(p, made)
    else:
        _not_an_arm(p)


def _not_an_arm(p: Statements) -> None:
    p.report(
        "select-form",
        p.at,
        "a select holds only arms: 'when (…)', 'when_true (…)', with 'if (…)' before them, 'otherwise' and 'default:'",
        "statements stand before the select or in the body of an arm",
    )
    p.block_item()


def _guarded(p: Statements, made: Select, guards: list[tuple[Expr, bool]]) -> None:
    p.next()
    condition = p.condition()
    _select_item(p, made, [*guards, (condition, False)])
    at = p.at
    p.skip_directives()
    if p.text != "else":
        p.at = at
        return
    p.next()
    _select_item(p, made, [*guards, (condition, True)])


def _default(p: Statements, made: Select) -> None:
    first = p.next()
    p.expect(":")
    if made.default is not None:
        p.report("select-form", first, "a select has one 'default:' at most", "join the two")
    made.default = []
    while not (p.text == "}" and p.kind is TokenKind.PUNCT) and not _is_arm(p):
        made.default.append(p.block_item())


def _is_arm(p: Statements) -> bool:
    if p.word in ("when", "when_true", "otherwise"):
        return True
    if p.text == "default" and p.peek() == ":":
        return True
    at = p.at
    while at < p.end and p.tokens[at].text == "if" and p.tokens[at + 1].text == "(":
        at = p.closing(at + 1) + 1
        if at < p.end and p.words.get(p.tokens[at].text) in ("when", "when_true"):
            return True
    return False


def _arm(p: Statements, guards: list[tuple[Expr, bool]]) -> Arm:
    is_true, first = p.word == "when_true", p.next()
    p.expect("(")
    p.skip_directives()
    scope = p.scopes.push()
    declaration: Declaration | None = None
    expr: Expr | None = None
    if p.is_declaration():
        declaration = p.declaration()
    else:
        expr = p.expression()
    p.expect(")")
    body = p.body("when")
    p.scopes.pop()
    return Arm(first, body.last, guards, declaration, expr, is_true, body, p.tokens[first].position, scope.locals)


def stray(p: Statements) -> Stmt:
    """An arm outside of a select."""
    word = p.word
    p.report(
        f"{word.replace('_', '-')}-outside-select",
        p.at,
        f"'{word}' stands directly in the braces of a select only",
        "put it into 'select { … }'",
    )
    first = p.next()
    if p.text == "(":
        p.at = p.closing(p.at)
        p.next()
    inner = p.statement()
    inner.first = first
    return inner

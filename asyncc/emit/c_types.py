"""Types defined inside a function that its frame needs: their definitions move to file scope, under names of their own."""

from __future__ import annotations

from ..ir import tree as t
from ..ir.source import TokenKind
from ..passes.calls import expressions
from ..passes.context import Context
from ..passes.walk import parts
from .c_tokens import Renames, TokenPrinter
from .writer import Writer


def move(c: Context, moved: list[t.LocalType], renames: Renames) -> list[str]:
    """The texts for file scope, inner types first; `renames` learns what stands in their old places."""
    texts: list[str] = []
    for lt in moved:
        here = Renames()
        here.at = {i: r for i, r in renames.at.items() if lt.first <= i < lt.last}
        body = _text(c, lt, here)
        texts.append(body)
        if lt.kind == "typedef":
            renames.put(lt.first, lt.last, ";")
        else:
            renames.put(lt.first, lt.last, f"{lt.kind} {lt.global_name}")
        if lt.kind == "enum" and not lt.at_file_scope:
            _rename_enumerators(c, lt, renames)
        for i, other in c.function.type_names.items():
            if other is lt and not lt.first <= i < lt.last:
                renames.put(i, i + 1, lt.global_name)
    return texts


def _text(c: Context, lt: t.LocalType, renames: Renames) -> str:
    tokens = c.tokens
    for i in range(lt.first, lt.last):
        other = c.function.type_names.get(i)
        if other is not None and (other is not lt or lt.kind != "typedef"):
            renames.put(i, i + 1, other.global_name)
    if lt.kind == "typedef":
        for i in reversed(range(lt.first, lt.last)):
            if tokens[i].text == lt.name and i not in renames.at:
                renames.put(i, i + 1, lt.global_name)
                break
    elif not lt.name:
        keyword = next(i for i in range(lt.first, lt.last) if tokens[i].text == lt.kind)
        renames.put(keyword, keyword + 1, f"{lt.kind} {lt.global_name}")
    if lt.kind == "enum" and not lt.at_file_scope:
        for i in _enumerators(c, lt):
            renames.put(i, i + 1, f"{lt.global_name}_{tokens[i].text}")
    writer = Writer()
    printer = TokenPrinter(tokens, renames, writer)
    printer.suppress = True
    printer.span(lt.first, lt.last)
    text = "\n".join(line.text for line in writer.lines)
    return text if text.rstrip().endswith(";") else text + ";"


def _enumerators(c: Context, lt: t.LocalType) -> list[int]:
    found, depth = [], 0
    for i in range(lt.first, lt.last):
        text = c.tokens[i].text
        depth += {"{": 1, "(": 1, "}": -1, ")": -1}.get(text, 0)
        before = c.tokens[i - 1].text
        if depth == 1 and c.tokens[i].kind is TokenKind.NAME and before in ("{", ","):
            found.append(i)
    return found


def _rename_enumerators(c: Context, lt: t.LocalType, renames: Renames) -> None:
    """Uses of the constants of an enum that has moved, to the end of its block."""
    names = {c.tokens[i].text for i in _enumerators(c, lt)}
    for i in range(lt.last, _end_of_scope(c, lt)):
        token = c.tokens[i]
        if token.kind is TokenKind.NAME and token.text in names and i not in c.function.names:
            if c.tokens[i - 1].text not in (".", "->"):
                renames.put(i, i + 1, f"{lt.global_name}_{token.text}")


def _end_of_scope(c: Context, lt: t.LocalType) -> int:
    stack: list[t.Stmt] = [c.function.body]
    end = c.function.body.last
    while stack:
        s = stack.pop()
        if s.first <= lt.first < s.last:
            if isinstance(s, t.Block):
                end = s.last
            exprs, stmts = parts(s)
            stack += stmts
            for e in expressions(t.ExprStmt(s.first, s.last, exprs[0])) if exprs else ():
                if isinstance(e, t.StatementExpr):
                    stack.append(e.body)
    return end

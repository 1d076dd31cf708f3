"""Conditionals of the preprocessor around functions: those that a function has only one end of, and those to be decided.

A function's head or its last lines may stand under an `#if` whose other end is outside of it: two heads, one for each
platform, before one body. The function is printed whole, so the directives of such a conditional go to before or after it:
the ends of those that began earlier behind it, the beginnings of those that end later in front.

A translated function stands in the branch that clang takes. Where the C compiler may decide otherwise the directives of the
output say what was decided.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..ir.source import TokenKind
from ..ir.tree import Edit
from .lexer import Lexed, directive_name

_BRANCHES = frozenset({"elif", "elifdef", "elifndef", "else"})


def unbalanced(lexed: Lexed, first: int, last: int) -> tuple[list[str], list[str]]:
    """The directives among tokens [first, last) of conditionals that end later, and of those that began earlier."""
    opened: list[list[str]] = []
    closed: list[str] = []
    for k in range(first, last):
        if lexed.kinds[k] is not TokenKind.DIRECTIVE:
            continue
        text = lexed.texts[k]
        name = directive_name(text)
        if name in ("if", "ifdef", "ifndef"):
            opened.append([text])
        elif name in _BRANCHES:
            (opened[-1] if opened else closed).append(text)
        elif name == "endif":
            if opened:
                opened.pop()
            else:
                closed.append(text)
    return [text for group in opened for text in group], closed


@dataclass(slots=True)
class _Group:
    """An #if with its branches: the tokens of the directives, and the branch that holds a translated function (-1: none)."""

    directives: list[int] = field(default_factory=list)
    taken: int = -1


def decided(lexed: Lexed, functions: list[int], is_open: Callable[[str], bool]) -> list[Edit]:
    """`#if 1`, `#if 0` in place of the conditions around translated functions, as clang decided them, where `is_open` says
    that another compiler may not. `functions`: where they start, in order."""
    found: list[Edit] = []
    stack: list[_Group] = []
    following = 0
    for k, kind in enumerate(lexed.kinds):
        while following < len(functions) and functions[following] <= lexed.starts[k]:
            following += 1
            for group in stack:
                group.taken = len(group.directives) - 1
        if kind is not TokenKind.DIRECTIVE:
            continue
        name = directive_name(lexed.texts[k])
        if name in ("if", "ifdef", "ifndef"):
            stack.append(_Group([k]))
        elif name in _BRANCHES and stack:
            stack[-1].directives.append(k)
        elif name == "endif" and stack:
            group = stack.pop()
            if group.taken >= 0 and any(is_open(lexed.texts[d]) for d in group.directives):
                found += _decide(lexed, group)
    return sorted(found, key=lambda edit: edit.start)


def _decide(lexed: Lexed, group: _Group) -> list[Edit]:
    """The conditions up to the branch that is taken; what follows on it does not count any more."""
    found = []
    for number, k in enumerate(group.directives[: group.taken + 1]):
        if directive_name(lexed.texts[k]) != "else":
            lines = lexed.texts[k].count("\n")
            text = f"#{'elif' if number else 'if'} {int(number == group.taken)}" + "\n" * lines
            found.append(Edit(lexed.starts[k], lexed.ends[k], text))
    return found

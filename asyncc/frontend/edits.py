"""What changes in the text outside of translated functions, which is otherwise printed as it stands."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable

from ..ir.source import TokenKind
from ..ir.tree import Edit, Function
from .conditionals import decided
from .lexer import Lexed
from .macros import MacroTable
from .other_compiler import OtherCompiler
from .text import lies_in


def edits(
    text: str, lexed: Lexed, words: frozenset[int], translated: list[Function], other: OtherCompiler | None
) -> list[Edit]:
    """`async` outside of translated functions goes, with the white space after it. (`ac_async` is nothing to a C compiler, and
    stays.) `words`: its tokens. Conditions around those functions are decided where the other compiler may decide otherwise."""
    taken = sorted((f.start, f.end) for f in translated)
    found: list[Edit] = []
    if other is not None:
        found = decided(lexed, [start for start, _ in taken], other.may_decide)
    for k in sorted(words):
        start, end = lexed.starts[k], lexed.ends[k]
        inside = bisect_right(taken, (start, len(text) + 1)) - 1
        if inside >= 0 and start < taken[inside][1]:
            continue
        while end < len(text) and text[end] in " \t":
            end += 1
        found.append(Edit(start, end, ""))
    return found


def async_tokens(lexed: Lexed, skipped: list[tuple[int, int]], macros: MacroTable) -> frozenset[int]:
    """The tokens of the text spelled `async` that are the word where they stand."""
    return frozenset(
        k
        for k, text in enumerate(lexed.texts)
        if text == "async"
        and lexed.kinds[k] is TokenKind.NAME
        and not lies_in(skipped, lexed.starts[k])
        and macros.lookup("async", lexed.starts[k]) is not None
    )


def words_elsewhere(lexed: Lexed, headers: Iterable[bytes]) -> bool:
    """Whether `async` stands where no edit can remove it: in a header of the user's, or in a macro of the text."""
    for k, kind in enumerate(lexed.kinds):
        if kind is TokenKind.DIRECTIVE and "async" in lexed.texts[k] and re.search(r"\basync\b", lexed.texts[k]):
            return True
    return any(re.search(rb"\basync\b", text) for text in headers)

"""The words of the language: which spellings there are, and what each is to the parser.

They are macros of <asyncc/words.h> for clang and for editors. asyncc's own expander leaves them alone, in the user's text
and where they come out of the user's macros: they reach the parser as WORD tokens.
"""

from __future__ import annotations

# Words whose macro takes no arguments: any identifier of this spelling is one.
PLAIN = ("async", "await", "select", "select_biased", "otherwise", "gather", "defer")
# Words whose macro takes arguments: they are words before a parenthesis only.
CALLED = ("when", "when_true", "within", "run_until", "spawn", "spawn_local", "spawn_blocking", "spawn_on")
# These have one spelling, and it is no likely name in other people's code.
PREFIXED_ONLY = ("ac_lazy", "ac_join", "ac_join_result", "ac_resume", "ac_is_done", "ac_block_on")

SPAWNS = frozenset({"spawn", "spawn_local", "spawn_on", "spawn_blocking"})


def spellings(keywords: bool) -> dict[str, str]:
    """Each spelling, and the word it means: without the prefix for those that have both. With `keywords` False
    (ASYNCC_NO_KEYWORDS) only the spellings with `ac_` are words."""
    table = {f"ac_{word}": word for word in PLAIN + CALLED}
    table.update({word: word for word in PREFIXED_ONLY})
    if keywords:
        table.update({word: word for word in PLAIN + CALLED})
    return table


NEEDS_PARENTHESIS = frozenset(CALLED + PREFIXED_ONLY)

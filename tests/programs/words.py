"""Which words of the language a text uses."""

from __future__ import annotations

import re

_NOT_CODE = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)
_WITH_CONCURRENCY = frozenset(
    [
        "select",
        "select_biased",
        "when",
        "when_true",
        "otherwise",
        "gather",
        "defer",
        "within",
        "run_until",
        "spawn",
        "spawn_local",
        "spawn_on",
        "spawn_blocking",
    ]
)
# What a program without concurrency may use of the library.
_SEQUENTIAL = frozenset(("ac_async", "ac_await", "ac_yield"))


def uses_only_await(text: str) -> bool:
    """Whether a program is the same in plain C, with `async` and `await` as nothing and a yield that does nothing."""
    code = _NOT_CODE.sub(" ", text)
    names = set(re.findall(r"\b[A-Za-z_]\w*\b", code))
    if "ASYNCC_NO_KEYWORDS" not in names and names & _WITH_CONCURRENCY:
        return False
    return all(name in _SEQUENTIAL for name in names if name.startswith("ac_")) and "cleanup" not in names

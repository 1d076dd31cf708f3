"""Macros of the user's that bear names which generated code uses are set aside around it.

A descriptor has a member `name`, a future one called `result`; where the user has `#define name …` in force that would be
replaced. Within the user's own text only what generated code needs there is set aside, and the uses of such a macro are then
printed expanded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from .writer import Writer


@contextmanager
def undefined(names: Iterable[str], w: Writer) -> Iterator[None]:
    """What is printed meanwhile stands where these macros have no definition."""
    ordered = sorted(names)
    for name in ordered:
        w.line(f'#pragma push_macro("{name}")')
        w.line(f"#undef {name}")
    if ordered:
        w.newline("")
    yield
    for name in ordered:
        w.line(f'#pragma pop_macro("{name}")')
    if ordered:
        w.newline("")

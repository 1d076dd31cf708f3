"""Makes a failing program shorter: delta debugging over lines (Zeller and Hildebrandt 2002), within a time limit."""

from __future__ import annotations

import time
from collections.abc import Callable


def reduce_lines(text: str, fails: Callable[[str], bool], seconds: float) -> str:
    """The shortest text found in `seconds`, made of lines of `text`, for which `fails` holds."""
    end = time.monotonic() + seconds
    lines = text.splitlines(keepends=True)
    size = max(len(lines) // 2, 1)
    while size and time.monotonic() < end:
        at = 0
        shrunk = False
        while at < len(lines) and time.monotonic() < end:
            shorter = lines[:at] + lines[at + size :]
            if fails("".join(shorter)):
                lines, shrunk = shorter, True
            else:
                at += size
        if not shrunk or size > 1:
            size //= 2
    return "".join(lines)

"""What goes to the user's terminal: colour where there is one, one style for asyncc's own errors, progress."""

from __future__ import annotations

import contextlib
import os
import sys


def wants_color(choice: bool | None) -> bool:
    """Colour as asked for; by default on a terminal that can show it, unless NO_COLOR says not to (no-color.org)."""
    if choice is not None:
        return choice
    if os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb":
        return False
    return sys.stderr.isatty()


def error(message: str, hint: str = "", color: bool | None = None) -> None:
    """One of asyncc's own errors, in the form of the compilers' ("clang: error: no such file …")."""
    bold, red, end = ("\033[1m", "\033[1;31m", "\033[0m") if wants_color(color) else ("", "", "")
    print(f"{bold}asyncc: {red}error: {end}{bold}{message}{end}", file=sys.stderr)
    if hint:
        print(f"        {hint}", file=sys.stderr)


class Progress:
    """One line that counts, on a terminal; nothing elsewhere."""

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total, self._done = what, total, 0
        self._shown = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._show()

    def step(self) -> None:
        self._done += 1
        self._show()

    def close(self) -> None:
        if self._shown:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()

    def _show(self) -> None:
        if self._shown:
            sys.stderr.write(f"\r\033[Kasyncc: {self._what} [{self._done}/{self._total}]")
            sys.stderr.flush()


def silence_streams() -> None:
    """After a broken pipe: lets the interpreter's own flush at exit go nowhere instead of complaining."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

"""Diagnostics on their way to standard error.

As text they appear as soon as a file is done; as JSON they are one array for the whole run, an empty one when there is
nothing to say, so that a tool can always parse what it gets.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from . import console
from .errors import Failure
from .options import Options

if TYPE_CHECKING:
    from .frontend.diagnostics import Diagnostic


class Report:
    """A context: leaving it prints what is still held back."""

    def __init__(self, options: Options) -> None:
        self._json = options.diagnostics_format == "json"
        self._color = options.color
        self._held: list[Diagnostic] = []
        self.errors = 0

    def __enter__(self) -> Report:
        return self

    def __exit__(self, *_: object) -> None:
        if self._json:
            self._print(self._held, "json", False)

    def show(self, diagnostics: Iterable[Diagnostic], source: tuple[str, bytes] | None = None) -> None:
        """What was found in one file. `source` is its name and bytes, so that excerpts come from what was compiled."""
        found = list(diagnostics)
        self.errors += sum(diagnostic.severity == "error" for diagnostic in found)
        if self._json:
            self._held += found
        elif found:
            self._print(found, "text", console.wants_color(self._color), source)

    def fail(self, failure: Failure, file: str = "") -> None:
        """One of asyncc's own errors: about the machine or a file, not about a line."""
        self.errors += 1
        if not self._json:
            console.error(failure.message, failure.hint, self._color)
            return
        from .frontend.diagnostics import Diagnostic

        self._held.append(Diagnostic("error", "", None, failure.message, fix=failure.hint, file=file))

    @staticmethod
    def _print(found: list[Diagnostic], form: str, color: bool, source: tuple[str, bytes] | None = None) -> None:
        from .frontend.diagnostics import render

        sys.stdout.flush()
        sys.stderr.write(render(found, form, color, {source[0]: source[1]} if source else None))
        sys.stderr.flush()

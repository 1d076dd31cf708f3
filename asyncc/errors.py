"""The ways the command can end badly, as exceptions that carry the text for the user.

`Usage` (exit 2) is about how asyncc was called, `Failure` (exit 1) about what it was given or what stands in its way.
Errors in the user's program are diagnostics, printed where they are found; `Reported` only carries their exit status.
"""

from __future__ import annotations

import os


class Failure(Exception):
    """Something could not be done. The text says what, on which file, and what to do about it."""

    status = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Usage(Failure):
    """The command line makes no sense."""

    status = 2


class Reported(Exception):
    """The reason has been printed already."""

    def __init__(self, status: int = 1) -> None:
        super().__init__(status)
        self.status = status


def reason(error: OSError) -> str:
    """The system's words for an error, without Python's number: "No space left on device"."""
    return error.strerror or (os.strerror(error.errno) if error.errno else str(error))


class TranslationError(Exception):
    """Something the language allows in C but refuses here, found by a pass; shown like all other diagnostics."""

    def __init__(self, message: str, file: str, line: int, column: int = 1) -> None:
        super().__init__(message)
        self.message, self.file, self.line, self.column = message, file, line, column

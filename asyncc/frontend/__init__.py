"""From a `.ac` file to its typed tree: `parse_unit` is all that the rest of asyncc calls.

The order of events is in pipeline.py.
"""

from __future__ import annotations

from ..errors import Failure, reason
from ..ir.tree import Unit
from .diagnostics import Diagnostic, InputErrors, error
from .options import FrontendOptions

__all__ = ["Diagnostic", "FrontendOptions", "InputErrors", "parse_unit"]


def parse_unit(path: str, data: bytes | None, options: FrontendOptions) -> tuple[Unit, list[Diagnostic]]:
    """The unit, and warnings. `data` is the file's text; None: it is read. Errors in the program raise InputErrors; what is
    wrong with the machine (no libclang, no compiler) raises Failure."""
    if data is None:
        try:
            with open(path, "rb") as stream:  # noqa: PTH123
                data = stream.read()
        except OSError as problem:
            raise Failure(f"cannot read '{path}': {reason(problem)}") from None
    if b"\0" in data:
        from .text import SourceText

        position = SourceText(path, data).position(data.index(b"\0"))
        raise InputErrors([error("c", position, "this is not a text file: it holds a zero byte")])
    from .pipeline import run

    return run(path, data, options)

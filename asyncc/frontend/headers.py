"""Headers that hold async bodies: their text takes the place of their #include.

The output has to hold the translated bodies, so such a header (and every header on the way to it) becomes part of the text
that is translated, with its include guard and all. A later #include of the same header is left as it is, since the guard
makes it nothing; with `#pragma once` it is removed.
"""

from __future__ import annotations

from .declared import Declarations
from .text import SourceText
from .unit_parse import ParsedUnit


def splice(source: SourceText, unit: ParsedUnit, declarations: Declarations) -> SourceText | None:
    """The text with those headers in it; None if there is nothing to put in."""
    return None

"""The typed tree of a function body, as the frontend gives it and the passes read it.

It is C's own grammar with the words of the language beside it: nothing is desugared here. A node covers the expanded
tokens [first, last) of its unit, so that any part can be printed as the user wrote it. Names are resolved: an Identifier
that means a local of this function carries its Local; all others are global (or enum constants, builtins).

Types come from clang and are asked for lazily, by the token range of an expression: `Expr.type`.

The nodes stand in four files, and are used by their names here: `t.Await`, `t.CType`.
"""

from __future__ import annotations

# ruff: noqa: F403
from .expressions import *
from .statements import *
from .types import *
from .unit import *

"""The compiler, keeping every variable in a C local that may be kept in one, whether or not that saves anything.

asyncc does so only where loops use a variable more often than the function waits. The random programs wait before every
statement, so few of their variables would be, and what puts them into the frame and back would hardly be tried.
"""

from __future__ import annotations

import sys

from asyncc.__main__ import main
from asyncc.passes import cached
from asyncc.passes.liveness import Liveness


def _all(liveness: Liveness, candidates: int) -> int:
    del liveness
    return candidates


cached._worthwhile = _all

if __name__ == "__main__":
    sys.exit(main())

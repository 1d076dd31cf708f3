"""A function after the passes: what is printed, drawn and described."""

from __future__ import annotations

from ..ir import low
from ..ir.frame import Frame
from .context import Context
from .liveness import Liveness


class Lowered:
    """A function after the passes."""

    def __init__(self, context: Context, body: low.LBlock, frame: Frame | None) -> None:
        self.context, self.body, self.frame = context, body, frame
        self.live: dict[int, list[low.Variable]] = {}  # by state
        self.needs_thunk = True
        self.has_late_users = False
        self.counts: dict[str, int] = {}
        self.liveness: Liveness | None = None

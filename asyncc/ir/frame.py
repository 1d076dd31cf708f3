"""The frame of a function as C sees it: fields with offsets, some of which share their bytes."""

from __future__ import annotations

from dataclasses import dataclass, field

from .low import Variable
from .machine import FieldKind
from .tree import Local


@dataclass(slots=True, eq=False)
class Field:
    name: str
    declaration: str  # "int n", "struct ac_sleep_future ac__sleep"
    size: int
    align: int
    kind: FieldKind
    line: int
    why: str
    user_name: str = ""
    variables: list[Variable] = field(default_factory=list)
    offset: int = 0
    index: int = 0
    conflicts: int = 0  # bits: indices of fields with which it may not share


@dataclass(slots=True)
class Cached:
    """Variables that have a place in the frame, and are C locals while the function runs."""

    variables: set[Variable] = field(default_factory=set)
    loads: dict[int, list[Local]] = field(default_factory=dict)  # by state: what is live there
    stores: dict[int, list[Local]] = field(default_factory=dict)  # of these, what may differ from its place


@dataclass(slots=True, eq=False)
class Frame:
    fields: list[Field]
    size: int
    align: int
    names: dict[Variable, str]  # the member that holds a variable
    state_type: str  # "uint8_t"; "" if the function never suspends
    state_size: int
    cached: Cached = field(default_factory=Cached)

    def holds(self, variable: Variable) -> bool:
        """Whether a variable lives there all the time: then its name in the output is that of its member."""
        return variable in self.names and variable not in self.cached.variables

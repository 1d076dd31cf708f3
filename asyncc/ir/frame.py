"""The frame of a function as C sees it: fields with offsets, some of which share their bytes."""

from __future__ import annotations

from dataclasses import dataclass, field

from .low import Variable
from .machine import FieldKind


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


@dataclass(slots=True, eq=False)
class Frame:
    fields: list[Field]
    size: int
    align: int
    names: dict[Variable, str]  # the member that holds a variable
    state_type: str  # "uint8_t"; "" if the function never suspends
    state_size: int

    def holds(self, variable: Variable) -> bool:
        return variable in self.names

"""What a translated function has become: its states and its frame, for `inspect` and for the tables in the output.

This is the result of the passes in numbers, without any C text: the emitter writes the struct, the descriptor and the
state table from it, and the inspector draws it. Everything is in the order of the user's text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class StateKind(Enum):
    START = "start"  # made, not polled yet: state 0
    AWAIT = "await"
    SELECT = "select"
    GATHER = "gather"
    BRANCH = "branch"  # a branch of a gather that has not started
    END = "end"  # returned; not a number in the frame


@dataclass(slots=True)
class Awaited:
    """Something a suspended function waits for: one for an await, one an arm for a select."""

    callee: str  # as the user wrote it: "ac_sleep", "shapes[i].area", "ac_join"
    line: int
    storage: str  # "embedded": a frame inside this one; "pool": from the worker's pool; "lazy": an ac_future local
    field: str = ""  # the frame field that holds it
    offset: int = 0
    function: str = ""  # the function of this file, or of the library, whose future it is; "" through a pointer


@dataclass(slots=True)
class State:
    """A point where the function can stand. Its number is what the frame's state field holds."""

    number: int
    kind: StateKind
    line: int
    column: int = 0
    awaits: list[Awaited] = field(default_factory=list)
    live: list[str] = field(default_factory=list)  # frame fields of the user's locals that hold values here
    strand: int = 0  # 0: the function itself; else the branch of a gather it stands in
    strands: list[int] = field(default_factory=list)  # GATHER: the branches it runs
    timers: list[int] = field(default_factory=list)  # lines of the within and run_until blocks that may end it


class FieldKind(Enum):
    STATE = "state"  # where the function stands
    PARAMETER = "parameter"
    LOCAL = "local"
    TEMPORARY = "temporary"  # an operand evaluated before an await that is needed after it
    RESULT = "result"
    CHILD = "child"  # the frame of a call that is awaited
    FUTURE = "future"  # an ac_future local
    CONTROL = "control"  # bookkeeping of a select, gather or within


@dataclass(slots=True)
class FrameField:
    name: str  # member of the struct
    type: str  # as C
    offset: int
    size: int
    align: int
    kind: FieldKind
    line: int  # of its declaration, or of the await it serves
    why: str  # "used at line 14 after the await at line 12"; one line, for people
    user_name: str = ""  # PARAMETER, LOCAL, FUTURE: the name as written
    states: list[int] = field(default_factory=list)  # the states in which it holds a value


@dataclass(slots=True)
class Padding:
    offset: int
    size: int


@dataclass(slots=True)
class Edge:
    """Control can go from one state to another without waiting between."""

    source: int  # a state's number
    target: int  # a state's number, or END
    kind: str = "flow"  # "flow"; "cancel": a within or run_until that fires; "branch": gather to the start of a branch
    line: int = 0


END = -1  # Edge.target: the function returns


@dataclass(slots=True)
class Strand:
    """A line of control: 0 is the function itself, the others are branches of gathers."""

    number: int
    line: int
    offset: int  # of the integer that holds its state
    size: int


@dataclass(slots=True)
class Machine:
    """One async function."""

    name: str
    file: str
    line: int
    result: str  # C type
    parameters: list[str]
    size: int
    align: int
    states: list[State]  # by number; state 0 first
    fields: list[FrameField]  # by offset
    padding: list[Padding]
    edges: list[Edge]
    strands: list[Strand]
    is_static: bool = False
    is_recursive: bool = False  # its own calls of itself, direct or round others, take frames from the pool
    defers: list[int] = field(default_factory=list)  # lines

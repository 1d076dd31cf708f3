"""Which variables of the frame are worked on in C locals between waits, because loops use them.

A variable that is needed behind a wait has its place in the frame. In a loop that costs: the frame is reachable from
everywhere, so the C compiler loads such a variable after each store it cannot see through and keeps no counter in a
register. Here it is decided which ones are *cached*: declared and used as the user wrote them, stored to their place only
where the function is really suspended, and loaded when it resumes. Nothing else changes: a cached variable's place in the
frame is laid out as if it lived there all the time, and it holds the value whenever the function is suspended.

Cached are scalars and pointers whose address nobody knows, whose name no inner block and no macro gives to something else
(the stores and loads stand there too), and that certainly have a value at each wait over which they are kept (C compilers
would else warn of the store). Left in the frame: what a defer uses or what is live behind one, since a cancelled frame
enters there without passing a resume; all variables of functions with a gather, whose branches are calls of their own; and
those that are used less often in loops than the function waits while they live, for which storing and loading would be more
work than it saves.
"""

from __future__ import annotations

import re

from ..ir import low
from ..ir import tree as t
from ..ir.frame import Cached
from ..ir.source import TokenKind
from .flow import Flow
from .liveness import Liveness

_TURNS = 8  # how often a loop is thought to go round
_DEEPEST = 5  # loops in loops beyond this count no more
_WIDEST = 16  # bytes
_DEFINED = re.compile(r"(?:#|%:)\s*define\s+(\w+)")


def find_cached(liveness: Liveness) -> Cached:
    flow = liveness.flow
    found = Cached()
    if flow.gathers:
        return found
    bits = _candidates(flow) & liveness.kept & ~_left(liveness) & ~_unset_at_waits(liveness) & ~_out_of_scope(liveness)
    bits &= _worthwhile(liveness, bits)
    found.variables = set(liveness.variables(bits))
    written = _written(flow)
    for i, node in enumerate(flow.nodes):
        if isinstance(node.state_of, low.LAwait | low.LSelect):
            state = node.state_of.site.state if isinstance(node.state_of, low.LAwait) else node.state_of.state
            assert state not in found.loads  # each stands in the graph once
            found.loads[state] = _locals(liveness, liveness.live[i] & bits)
            found.stores[state] = _locals(liveness, liveness.live[i] & bits & written)
    return found


def _written(flow: Flow) -> int:
    """All but the parameters that nobody assigns to: what the frame was made with stays right."""
    bits = 0
    for i, node in enumerate(flow.nodes):
        if i != flow.entry:
            bits |= node.kills | node.touches
    return bits


def _locals(liveness: Liveness, bits: int) -> list[t.Local]:
    return sorted((v for v in liveness.variables(bits) if isinstance(v, t.Local)), key=lambda v: v.index)


def _candidates(flow: Flow) -> int:
    """Scalars that the user declared and whose address is never taken, neither for good nor for a call."""
    bits = 0
    macros = _macros(flow)
    for v in flow.variables:
        if isinstance(v, t.Local) and _is_plain(v) and v.name not in macros:
            bits |= flow.bits[v]
    for node in flow.nodes:
        bits &= ~node.escapes
    return bits & ~(flow.always | flow.borrowed | flow.of_arms)


def _macros(flow: Flow) -> set[str]:
    """What becomes a macro inside of the function: behind that a variable of the name cannot be named."""
    body = flow.c.function.body
    tokens = flow.c.tokens[body.first : body.last]
    found = (_DEFINED.match(token.text) for token in tokens if token.kind is TokenKind.DIRECTIVE)
    return {match[1] for match in found if match is not None}


def _is_plain(v: t.Local) -> bool:
    kind = v.type
    if (
        v.index < 0
        or v.address_taken
        or v.is_hidden
        or v.is_future
        or v.cleanup
        or v.alignment > kind.align
        or not v.name
    ):
        return False
    if kind.is_const or kind.is_volatile or kind.is_atomic or not 0 < kind.size <= _WIDEST:
        return False
    return kind.kind in (t.TypeKind.SCALAR, t.TypeKind.POINTER)


def _left(liveness: Liveness) -> int:
    """What defers use, and what is live after one."""
    bits = 0
    for i in liveness.flow.left:
        node = liveness.flow.nodes[i]
        bits |= node.reads | node.kills | node.touches | liveness.live_after[i]
    return bits


def _unset_at_waits(liveness: Liveness) -> int:
    """What may be without a value at a wait over which it is live: sets that flow forwards from the start."""
    flow = liveness.flow
    unset = [0] * len(flow.nodes)
    unset[flow.entry] = (1 << len(flow.variables)) - 1
    work = [flow.entry]
    seen = {flow.entry}
    while work:
        i = work.pop()
        node = flow.nodes[i]
        after = (unset[i] & ~node.kills) | node.blanks
        for n in node.next:
            if after & ~unset[n] or n not in seen:
                unset[n] |= after
                seen.add(n)
                work.append(n)
    bits = 0
    for i, node in enumerate(flow.nodes):
        if node.crosses:
            bits |= unset[i] & liveness.live[i]
    return bits


def _out_of_scope(liveness: Liveness) -> int:
    """What is live over a wait where it cannot be named: a goto into its block, past its declaration, leads to it. Such a
    program reads what was never written, but it compiles as plain C."""
    bits = 0
    for i, node in enumerate(liveness.flow.nodes):
        if node.state_of is not None:
            bits |= liveness.live[i] & ~node.scope
    return bits


def _worthwhile(liveness: Liveness, candidates: int) -> int:
    """Those that loops use more often than the function waits while they are live."""
    gain = [0] * len(liveness.flow.variables)
    for i, node in enumerate(liveness.flow.nodes):
        turns = _TURNS ** min(node.depth, _DEEPEST)
        if node.depth:
            _count(gain, node.reads & candidates, turns)
            _count(gain, (node.kills | node.touches) & candidates, turns)
        if node.state_of is not None:
            _count(gain, liveness.live[i] & candidates, -turns)
    return sum(1 << i for i, g in enumerate(gain) if g > 0)


def _count(gain: list[int], bits: int, turns: int) -> None:
    while bits:
        lowest = bits & -bits
        gain[lowest.bit_length() - 1] += turns
        bits ^= lowest

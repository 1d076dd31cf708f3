"""Numbers for the places where a function can stand, in the order of the text.

State 0 is "made, not polled". Suspensions follow (an await of a function that never waits is none), then the starts of the
branches of gathers, which are entered like suspensions but are none.
"""

from __future__ import annotations

from ..ir import low
from .context import Context


def number_states(c: Context) -> int:
    """Gives each suspension and each branch its number; how many there are."""
    found: list[tuple[int, low.LAwait | low.LSelect | low.LGather]] = []
    found += [(a.site.token, a) for a in c.awaits if not a.site.never_waits]
    found += [(s.token, s) for s in c.selects]
    found += [(g.token, g) for g in c.gathers]
    found.sort(key=lambda x: x[0])
    number = 0
    for _, step in found:
        number += 1
        if isinstance(step, low.LAwait):
            step.site.state = number
        else:
            step.state = number
    c.suspensions = [step for _, step in found]
    for gather in sorted(c.gathers, key=lambda g: g.token):
        for branch in gather.branches:
            number += 1
            branch.start = number
    return number

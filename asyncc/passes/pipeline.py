"""The passes in their order: from the typed tree of a function to its frame and states."""

from __future__ import annotations

from ..ir import low
from ..ir import tree as t
from ..ir.frame import Frame
from .cached import find_cached
from .calls import Calls, expressions
from .context import Context
from .desugar import Desugar
from .flow import Flow
from .layout import Layout
from .liveness import Liveness
from .lowered import Lowered
from .states import number_states


def lower_function(unit: t.Unit, function: t.Function, calls: Calls, frames: dict[str, Frame]) -> Lowered:
    context = Context(unit, function, calls)
    context.addressed_labels = {e.label for e in expressions(function.body) if isinstance(e, t.LabelAddress)}
    body = Desugar(context).function()
    context.later = _later(context)
    if not function.decl.is_async:
        return Lowered(context, body, None)
    states = number_states(context)
    liveness = Liveness(Flow(context, body))
    frame = Layout(context, liveness, frames, states).frame
    frame.cached = find_cached(liveness)
    frames[function.decl.name] = frame
    lowered = Lowered(context, body, frame)
    lowered.liveness = liveness
    for i, node in enumerate(liveness.flow.nodes):
        step = node.state_of
        if isinstance(step, low.LAwait | low.LSelect | low.LGather):
            lowered.live[step.state] = liveness.variables(liveness.occupied(i) & liveness.kept)
    return lowered


def _later(context: Context) -> set[str]:
    """Functions of the file that this one needs and that stand further down (or are itself)."""
    names = {
        site.prefix[4:] for site in context.sites if site.kind in ("own", "pool") and site.prefix.startswith("ac__")
    }
    names |= {helper.callee for helper in context.helpers}
    return {n for n in names if n in context.calls.own and not context.is_complete(n)}

"""unused-future: calling an async function only makes a future; unless something polls it, its body never runs."""

from __future__ import annotations

from ..ir import tree as t
from .view import View


def check(view: View) -> None:
    for place in view.of(t.Call):
        call = place.node
        assert isinstance(call, t.Call)
        if not call.is_async or (place.parent is not None and _runs(place.parent.node, call)):
            continue
        name = (
            call.function
            or "".join(k.before + k.text for k in view.tokens[call.callee.first : call.callee.last]).strip()
        )
        if view.function.decl.is_async:
            fix = f"write 'await {name}(…)', or 'spawn({name}(…))' to let it run on by itself"
        else:
            fix = f"a plain function writes 'ac_block_on(runtime, {name}(…))' or 'spawn({name}(…))'"
        view.report(
            "unused-future", call.first, f"the future that '{name}' gives is never polled: nothing of it would run", fix
        )


def _runs(parent: object, call: t.Call) -> bool:
    return isinstance(parent, t.Await | t.Lazy | t.Spawn | t.BlockOn) and parent.call is call

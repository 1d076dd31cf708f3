"""await-outside-async, await-in-defer: an await needs a function that can be suspended where it stands.

A plain function has a stack and no frame to wait in. A defer runs when its block is left, also while the task is cancelled:
nothing is left then that could wait.
"""

from __future__ import annotations

from ..ir import tree as t
from .view import Place, View


def check(view: View) -> None:
    for place in view.waits():
        word = view.tokens[place.node.first].text
        if any(isinstance(outer.node, t.Defer) for outer in place.outward()):
            view.report(
                "await-in-defer",
                place.node.first,
                f"'{word}' in a defer: it runs when its block is left, also on cancellation, and then nothing can wait",
                "do it before the block ends, or hand it to a task of its own: 'defer spawn(f(…));'",
            )
        elif not view.function.decl.is_async:
            _outside(view, place, word)

    for token, local in view.function.names.items():
        if local.cleanup and view.is_async(local.cleanup) and local.position == view.tokens[token].position:
            view.report(
                "await-in-defer",
                token,
                f"'{local.cleanup}' is async: it is to run when the block of '{local.name}' is left, also on cancellation, "
                "and then nothing can wait",
                "name a plain function in the attribute cleanup, or do it before the block ends",
            )


def _outside(view: View, place: Place, word: str) -> None:
    name = view.function.decl.name
    view.report(
        "await-outside-async",
        place.node.first,
        f"'{word}' in '{name}', which is not async: a plain function cannot be suspended",
        f"declare it 'async … {name}(…)', or wait from plain code with 'ac_block_on(runtime, f(…))'",
    )

"""argument-count: a function defined without a prototype, `f()` or in K&R's way, is called with as many arguments as it has
parameters. C leaves that to the programmer, and a stack may bear it; a frame has a place for each parameter and no more.
"""

from __future__ import annotations

from ..ir import tree as t
from .view import View


def check(view: View) -> None:
    for place in view.of(t.Call):
        call = place.node
        assert isinstance(call, t.Call)
        callee = view.functions.get(call.function) if call.is_async else None
        if callee is None or callee.is_variadic or len(callee.parameters) == len(call.arguments):
            continue
        takes, given = len(callee.parameters), len(call.arguments)
        view.report(
            "argument-count",
            call.first,
            f"'{call.function}' is called with {_count(given)}, but its definition takes {takes or 'none'}",
            "give as many as it takes, and write its parameters into its declaration: then every call is checked",
            [view.note(f"'{call.function}' is defined here", callee.name_token)],
        )


def _count(number: int) -> str:
    return f"{number or 'no'} argument{'' if number == 1 else 's'}"

"""Prints what lets the text say functions that stand further down: the parts of an async function that its callers name,
and the accessor of its result. Bodies stay in place, so a caller may stand before its callee.
"""

from __future__ import annotations

from ..ir import tree as t
from ..passes.context import Context
from .writer import Writer


def print_forward(c: Context, w: Writer) -> None:
    """What is needed of functions that stand further down."""
    for name in sorted(c.later, key=lambda n: c.calls.place[n]):
        function = c.calls.bodies[name]
        parameters = ", ".join(p.type.declare(p.name) for p in function.parameters)
        inner = f"struct ac__{name}_future *ac__future" + (", " + parameters if parameters else "")
        w.line(f"struct ac__{name}_future;")
        w.line(f"static inline void ac__{name}_init({inner});")
        w.line(f"static int ac__{name}_poll(void *ac__self, ac_context *cx);")
        w.line(f"static void ac__{name}_drop(void *ac__self);")
        w.line(f"static const ac_descriptor ac__{name}_descriptor;")
        result = function.decl.type.result
        if result is not None and result.kind is not t.TypeKind.VOID:
            w.line(f"static inline {result.declare(f'*ac__{name}_result')}(void *ac__self);")


def print_own_prototype(c: Context, w: Writer) -> None:
    """The C function of this name stands behind the body, which may say the name: `visit = f`."""
    f = c.function
    name = f.decl.name
    called = {site.token for site in c.sites}
    body = range(f.body.first, f.body.last)
    if name == "main" or all(c.tokens[k].text != name or k in called for k in body):
        return
    before = ("static " if f.decl.is_static else "") + ("inline " if f.decl.is_inline else "")
    w.line(f"{before}{f.decl.type.declare(f'({name})')};")


def print_accessor(c: Context, w: Writer) -> None:
    """Where the result of this function is, for callers that stand before it."""
    name = c.function.decl.name
    result = c.function.decl.type.result
    if result is None or result.kind is t.TypeKind.VOID:
        return
    head = f"static inline {result.declare(f'*ac__{name}_result')}(void *ac__self)"
    w.line(f"__attribute__((unused)) {head}")
    w.line(f"{{ return &((struct ac__{name}_future *)ac__self)->result; }}")

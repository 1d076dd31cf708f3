"""future-misuse: an ac_future is the name of storage inside the frame, not a value.

It gets its value from ac_lazy, by its initialiser or by assignment, and is used by ac_resume and ac_is_done. Anything else
(copying it, passing it, taking its address) would make a second name for storage that ends with its block.
"""

from __future__ import annotations

from ..ir import tree as t
from ..passes.walk import strip
from .view import Place, View


def check(view: View) -> None:
    if not any(local.is_future for local in view.function.locals) and not any(view.of(t.Lazy, t.Resume, t.IsDone)):
        return
    for place in view.of(t.Identifier):
        identifier = place.node
        assert isinstance(identifier, t.Identifier)
        if identifier.local is not None and identifier.local.is_future and not _is_use(place):
            view.report(
                "future-misuse",
                identifier.first,
                f"'{identifier.name}' is an ac_future: it cannot be copied, passed on or pointed to",
                f"use 'await ac_resume({identifier.name})', 'ac_is_done({identifier.name})' or '{identifier.name} = ac_lazy(…)'",
            )
    for place in view.of(t.Resume, t.IsDone):
        node = place.node
        assert isinstance(node, t.Resume | t.IsDone)
        if node.future.local is not None and not node.future.local.is_future:
            view.report(
                "future-misuse",
                node.future.first,
                f"'{node.future.name}' is no ac_future local",
                "declare it 'ac_future(T)'",
            )
        if isinstance(node, t.Resume) and not (place.parent and isinstance(place.parent.node, t.Await)):
            view.report("future-misuse", node.first, "ac_resume waits: it needs an await", "write 'await ac_resume(…)'")
    for place in view.of(t.Lazy):
        _lazy(view, place)
    for local in view.function.locals:
        if local.is_future and local.storage:
            token = next(k for k, v in view.function.names.items() if v is local)
            view.report(
                "future-misuse",
                token,
                f"'{local.name}' is an ac_future and {local.storage}: its storage belongs to one run of the function",
                f"leave out '{local.storage}'",
            )


def _outer(place: Place) -> Place | None:
    """What a node stands in, over parentheses."""
    outer = place.parent
    while outer is not None and isinstance(outer.node, t.Paren):
        outer = outer.parent
    return outer


def _is_use(place: Place) -> bool:
    outer = _outer(place)
    if outer is None:
        return False
    match outer.node:
        case t.Resume() | t.IsDone():
            return True
        case t.Assign(op="=", target=target, value=value):
            return strip(target) is place.node and isinstance(strip(value), t.Lazy)
        case t.ExprStmt():
            return True  # `x;` or `(void)x` says nothing
        case t.Cast(operand=operand):
            return isinstance(operand.type, t.CType) and outer.node.type.kind is t.TypeKind.VOID
    return False


def _lazy(view: View, place: Place) -> None:
    outer = _outer(place)
    node = outer.node if outer is not None else None
    if isinstance(node, t.Declaration):
        for declarator in node.declarators:
            if declarator.init is not None and strip(declarator.init) is place.node:
                if declarator.local is not None and declarator.local.is_future:
                    return
    if isinstance(node, t.Assign) and node.op == "=":
        target = strip(node.target)
        if isinstance(target, t.Identifier) and target.local is not None and target.local.is_future:
            return
    view.report(
        "future-misuse",
        place.node.first,
        "ac_lazy stands only where a local declared with ac_future gets its value: the future needs that local's storage",
        "write 'ac_future(T) x = ac_lazy(f(…));'",
    )

"""vla-across-await, alloca-across-await, va-list-across-await, setjmp: what lives on the C stack does not survive a
suspension, since the stack is then another task's.

A frame has a fixed size, so an array of variable length has no place in it. In a block that holds no await all of these
(but setjmp) are plain C and allowed.
"""

from __future__ import annotations

from ..ir import tree as t
from .view import View

_ALLOCA = frozenset({"alloca", "__builtin_alloca", "__builtin_alloca_with_align", "__builtin_alloca_uninitialized"})
_SETJMP = frozenset({"setjmp", "_setjmp", "sigsetjmp", "__sigsetjmp", "__builtin_setjmp"})


def check(view: View) -> None:
    if not view.function.decl.is_async:
        return
    _locals(view)
    _literals(view)
    _calls(view)


def _locals(view: View) -> None:
    """Each local with the tokens of its scope after its declaration."""
    whole = view.function.body
    for token, local in view.function.names.items():
        if local.is_parameter and token < whole.first:
            _local(view, local, token, whole.first, whole.last)
    for place in view.of(t.Declaration):
        declaration = place.node
        assert isinstance(declaration, t.Declaration)
        scope = next(
            (outer.node for outer in place.outward() if isinstance(outer.node, t.Block | t.For | t.Arm)), whole
        )
        for declarator in declaration.declarators:
            declared = declarator.local
            if declarator.is_variable_type:
                _typedef(view, declarator, scope.last)
            if declared is not None and declared.type.kind in (t.TypeKind.VLA, t.TypeKind.VA_LIST):
                name = next(k for k, v in view.function.names.items() if v is declared)
                _local(view, declared, name, declarator.first, scope.last)


def _literals(view: View) -> None:
    """An unnamed object whose address is taken lives as long as the block around it, as a local does."""
    for place in view.of(t.CompoundLiteral):
        literal = place.node
        assert isinstance(literal, t.CompoundLiteral)
        if literal.type.kind is not t.TypeKind.VLA:
            continue
        around = [outer.node for outer in place.outward()]
        inner = next(node for node in around if not isinstance(node, t.Paren))
        last = literal.last
        if isinstance(inner, t.Unary) and inner.op == "&":
            last = next(node for node in around if isinstance(node, t.Block)).last
        wait = view.waits_between(literal.first, last)
        if wait is not None:
            view.report(
                "vla-across-await",
                literal.first,
                "the type of this compound literal has a variable length, and it lives across an await: frames have a fixed size",
                "close its block before the await",
                [view.note("it would have to outlive this await", wait.node.first)],
            )


def _typedef(view: View, declarator: t.Declarator, last: int) -> None:
    wait = view.waits_between(declarator.first, last)
    if wait is not None:
        view.report(
            "vla-across-await",
            declarator.first,
            "this type has a variable length, and its scope holds an await: frames have a fixed size",
            "close the scope of the typedef before the await",
            [view.note("it would have to outlive this await", wait.node.first)],
        )


def _local(view: View, local: t.Local, name: int, first: int, last: int) -> None:
    kind = local.type.kind
    if kind not in (t.TypeKind.VLA, t.TypeKind.VA_LIST) or local.storage == "extern":
        return
    wait = view.waits_between(first, last)
    at = wait.node.first if wait is not None else _await_token(view, first, name, last)
    if at < 0:
        return
    note = [view.note("it would have to outlive this await", at)]
    if kind is t.TypeKind.VLA:
        view.report(
            "vla-across-await",
            name,
            f"the type of '{local.name}' has a variable length, and its scope holds an await: frames have a fixed size",
            "use malloc and 'defer free(…)', or close the scope of the array before the await",
            note,
        )
    else:
        view.report(
            "va-list-across-await",
            name,
            f"the va_list '{local.name}' points into the caller's stack, which is gone after an await",
            "take the arguments out before the first await",
            note,
        )


def _await_token(view: View, first: int, name: int, last: int) -> int:
    """An await inside the declarator itself, `int a[await f()]`, has no node in the tree."""
    depth, at = 0, name
    while at < last and (depth or view.tokens[at].text not in (";", "=", ",")):
        text = view.tokens[at].text
        if text in ("await", "ac_await"):
            return at
        depth += {"[": 1, "(": 1, "]": -1, ")": -1}.get(text, 0)
        at += 1
    return -1


def _calls(view: View) -> None:
    for place in view.of(t.Call):
        call = place.node
        assert isinstance(call, t.Call)
        callee = call.callee
        name = call.function or (callee.name if isinstance(callee, t.Identifier) and callee.local is None else "")
        if name in _ALLOCA:
            waits = view.waits()
            if waits:
                view.report(
                    "alloca-across-await",
                    call.first,
                    "alloca in a function that holds an await: its memory is on the stack, which is gone after a suspension",
                    "use an array of fixed size, or malloc and 'defer free(…)'",
                    [view.note("the await", waits[0].node.first)],
                )
        elif name in _SETJMP:
            view.report(
                "setjmp",
                call.first,
                "setjmp in an async function: a longjmp would go back to a stack that is another task's by then",
                "call the code that needs setjmp from a plain function",
            )

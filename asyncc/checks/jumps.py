"""jump-out-of-defer, continue-outside-loop, jump-into-scope: where break, continue, goto, return and case may go.

clang sees the words as switch, for and if, and lets jumps pass that make no sense for what they mean. Leaving any block by
a jump is fine (what runs in it is cancelled). Entering the scope of a defer or an ac_future past its statement, or the body
of a select, gather, within or run_until from outside, is not: what the block needs would not have been set up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..ir import tree as t
from .view import Place, View

_LOOPS = (t.While, t.DoWhile, t.For)
_BREAKABLE = (*_LOOPS, t.Switch, t.Select, t.Gather)


def check(view: View) -> None:
    blocks = _Blocks()
    labels = {place.node.name: place for place in view.of(t.Label) if isinstance(place.node, t.Label)}
    for place in view.places:
        match place.node:
            case t.Break():
                _structured(view, place, _BREAKABLE, "break")
            case t.Continue():
                _structured(view, place, _LOOPS, "continue")
            case t.Return():
                if any(isinstance(outer.node, t.Defer) for outer in place.outward()):
                    _out_of_defer(view, place, "return")
            case t.Goto(label=name):
                _goto(view, place, labels.get(name), blocks)
            case t.Asm(labels=names):
                for name in names:
                    _goto(view, place, labels.get(name), blocks)
            case t.ComputedGoto():
                _computed(view, place, labels, blocks)
            case t.Case():
                _case(view, place, blocks)


def _structured(view: View, place: Place, targets: tuple[type, ...], word: str) -> None:
    for outer in place.outward():
        if isinstance(outer.node, targets):
            return
        if isinstance(outer.node, t.Defer):
            _out_of_defer(view, place, word)
            return
    if word == "continue":
        view.report(
            "continue-outside-loop",
            place.node.first,
            "'continue' where there is no loop: the blocks of the language are none",
            "'break' leaves a select or a gather",
        )
    else:
        view.report("break-outside", place.node.first, "'break' where there is nothing to leave")


def _out_of_defer(view: View, place: Place, word: str) -> None:
    view.report(
        "jump-out-of-defer",
        place.node.first,
        f"'{word}' would leave the defer: it runs because its block is being left, and must come to its end",
        "let the deferred statement end by itself",
    )


# --- entering scopes -------------------------------------------------------------------------------------------------------


def _entered(place: Place, blocks: _Blocks) -> dict[int, tuple[str, int]]:
    """The scopes a place lies in that cannot be jumped into: what each is, and its first token."""
    found: dict[int, tuple[str, int]] = {}
    inner: t.Stmt | t.Expr | t.Arm = place.node
    for outer in place.outward():
        node = outer.node
        match node:
            case t.Block():
                found.update((key, (what, token)) for key, what, token in blocks.before(node, inner))
            case t.Arm():
                found[id(node)] = ("an arm of a select", node.first)
            case t.Select() if not isinstance(inner, t.Arm):
                found[id(node)] = ("a select", node.first)
            case t.Gather():
                found[id(inner)] = ("a branch of a gather", node.first)
            case t.Within(body=body) if inner is body:
                found[id(node)] = ("a within", node.first)
            case t.RunUntil(body=body) if inner is body:
                found[id(node)] = ("a run_until", node.first)
            case t.Defer():
                found[id(node)] = ("a defer", node.first)
        inner = node
    return found


@dataclass(slots=True)
class _Openings:
    """The scopes that begin in a block by a statement of it: which statement, key, what, first token. Many jumps may lead
    into one long block, so it is read once."""

    order: dict[int, int]  # by statement: which of the block's it is
    found: list[tuple[int, int, str, int]]

    @staticmethod
    def of(block: t.Block) -> _Openings:
        made = _Openings({id(statement): k for k, statement in enumerate(block.body)}, [])
        for k, statement in enumerate(block.body):
            bare = _unlabelled(statement)
            if isinstance(bare, t.Defer):
                # Not the defer itself: its body has the other key.
                made.found.append((k, -id(bare), "the scope of a defer", bare.first))
            elif isinstance(bare, t.Declaration) and any(d.local and d.local.is_future for d in bare.declarators):
                made.found.append((k, id(bare), "the scope of an ac_future", bare.first))
        return made


class _Blocks(dict[int, _Openings]):
    """The openings of each block asked about, by the block's id."""

    def before(self, block: t.Block, inner: object) -> Iterator[tuple[int, str, int]]:
        """The scopes that are open in a block where one of its statements stands."""
        openings = self.get(id(block))
        if openings is None:
            openings = self[id(block)] = _Openings.of(block)
        end = openings.order.get(id(inner), len(openings.order))
        for k, key, what, token in openings.found:
            if k >= end:
                return
            yield key, what, token


def _unlabelled(statement: t.Stmt) -> t.Stmt | None:
    bare: t.Stmt | None = statement
    while isinstance(bare, t.Label | t.Case):
        bare = bare.body
    return bare


def _goto(view: View, place: Place, label: Place | None, blocks: _Blocks) -> None:
    if label is None:
        return
    here, there = _entered(place, blocks), _entered(label, blocks)
    for key, (what, _) in here.items():
        if what == "a defer" and key not in there:
            _out_of_defer(view, place, "goto")
            return
    _enters(view, place, here, there)


def _enters(
    view: View, place: Place, here: dict[int, object] | dict[int, tuple[str, int]], there: dict[int, tuple[str, int]]
) -> None:
    for key, (what, token) in there.items():
        if key not in here:
            view.report(
                "jump-into-scope",
                place.node.first,
                f"this jump goes into {what}, past its beginning",
                "jump to a label before it, or write the code as a loop",
                [view.note("which begins here", token)],
            )
            return


def _computed(view: View, place: Place, labels: dict[str, Place], blocks: _Blocks) -> None:
    here = _entered(place, blocks)
    if any(what == "a defer" for what, _ in here.values()):
        _out_of_defer(view, place, "goto")
        return
    for address in view.of(t.LabelAddress):
        assert isinstance(address.node, t.LabelAddress)
        target = labels.get(address.node.label)
        if target is not None:
            _enters(view, place, here, _entered(target, blocks))


def _case(view: View, place: Place, blocks: _Blocks) -> None:
    switch = next((outer for outer in place.outward() if isinstance(outer.node, t.Switch)), None)
    if switch is not None:
        _enters(view, place, _entered(switch, blocks), _entered(place, blocks))

"""The words that are expressions: spawn and its kin, ac_block_on, ac_is_done.

Each becomes a call of a small function of the output (`Helpers`), one for each callee, whose parameters are the callee's:
so arguments are converted by C itself, as by the prototype, and evaluated before anything is made.
"""

from __future__ import annotations

from ..ir import low
from ..ir import tree as t
from .context import Context
from .facts import facts_of
from .walk import operands, strip

FLAGS = {"spawn": "0", "spawn_on": "0", "spawn_local": "AC__SPAWN_LOCAL", "spawn_blocking": "AC__SPAWN_BLOCKING"}


def word_operands(e: t.Expr) -> list[t.Expr]:
    """The operands of a word that are evaluated as they stand: of a spawned call its arguments."""
    match e:
        case t.Spawn() | t.BlockOn() | t.Lazy():
            call = strip(e.call)
            nodes = [] if isinstance(e, t.Lazy) or e.runtime is None else [e.runtime]
            if isinstance(call, t.Call):
                return nodes + ([] if call.function else [call.callee]) + call.arguments
            return nodes + operands(call)
        case t.Join():
            return [e.handle] if e.out is None else [e.handle, e.out]
    return []


def word(c: Context, e: t.Expr, codes: list[low.Code]) -> low.Code:
    facts = low.Facts()
    for code in codes:
        facts.add(code.facts)
    match e:
        case t.Spawn():
            return _spawn(c, e, codes, facts, "")
        case t.BlockOn():
            return _block_on(c, e, codes, facts)
        case t.IsDone():
            facts.add(facts_of(e.future))
            assert e.future.local is not None
            return low.Code(["(!", low.Which(e.future.local), ")"], facts)
    raise AssertionError(type(e).__name__)


def detach(c: Context, e: t.Spawn, codes: list[low.Code]) -> low.Code:
    """A spawn whose handle nobody wants."""
    facts = low.Facts()
    for code in codes:
        facts.add(code.facts)
    return _spawn(c, e, codes, facts, " | AC__SPAWN_DETACHED")


def helper_key(call: t.Call, tokens_text: str) -> str:
    return call.function or f"pointer:{tokens_text}"


def _spawn(c: Context, e: t.Spawn, codes: list[low.Code], facts: low.Facts, more: str) -> low.Code:
    call = strip(e.call)
    rest = list(codes)
    runtime: list[low.Part] = ["NULL"]
    if e.runtime is not None:
        runtime = rest.pop(0).parts
    flags = FLAGS[e.kind] + more
    if flags.startswith("0 | "):
        flags = flags[4:]
    kind = "blocking" if e.kind == "spawn_blocking" else "spawn"
    name = c.helper(kind, call)
    parts: list[low.Part] = [f"{name}({c.cx_text()}, ", low.Tight(), *runtime, f", {flags}"]
    for code in rest:
        parts += [", ", low.Tight(), *code.parts]
    return low.Code([*parts, ")"], facts)


def _block_on(c: Context, e: t.BlockOn, codes: list[low.Code], facts: low.Facts) -> low.Code:
    name = c.helper("block_on", strip(e.call))
    parts: list[low.Part] = [f"{name}("]
    for i, code in enumerate(codes):
        parts += [", ", low.Tight(), *code.parts] if i else [low.Tight(), *code.parts]
    return low.Code([*parts, ")"], facts)

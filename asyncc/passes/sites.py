"""Makes the future of a call: evaluates what is called and its arguments, and says what lives while it waits.

A call is of one of these kinds: `own`, a callee whose future is known, embedded in the frame (also the joins of handles);
`pool`, one that could recurse, whose frame is allocated; `slot`, one through a pointer or known by its prototype only, whose
frame is made by the callee; `lazy`, the future of an ac_future local.

The address of a local that goes directly to an operation of the library is *borrowed*: known to it only while it waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir import low
from ..ir import tree as t
from .context import Context
from .facts import borrowed_by
from .temporaries import assign, is_temporary, save, temporary_for, use
from .walk import AWAIT, EFFECT, is_lvalue, root, strip

if TYPE_CHECKING:
    from .order import Order


class Sites:
    def __init__(self, order: Order) -> None:
        self.order = order
        self.c: Context = order.c

    def make(self, call: t.Expr, is_awaited: bool = True) -> low.Site:
        """Evaluates the callee and the arguments of a call that becomes a future."""
        call = strip(call)
        match call:
            case t.Resume():
                site = self._resume_site(call)
            case t.Join():
                site = self._join_site(call)
            case _:
                assert isinstance(call, t.Call)
                site = self._call_site(call)
        site.is_awaited = is_awaited
        site.order = len(self.c.sites)
        self.c.sites.append(site)
        return site

    def _resume_site(self, call: t.Resume) -> low.Site:
        place = self.c.position(call.first)
        future = call.future.local
        assert future is not None
        site = low.Site(
            "lazy", "", call.future.name, place.line, place.column, call.first, None, None, [], call.type, future
        )
        site.may_pool = True
        return site

    def _join_site(self, call: t.Join) -> low.Site:
        c = self.c
        place = c.position(call.first)
        name = "ac_op_join_result" if call.is_result else "ac_op_join"
        nodes = [call.handle] if call.out is None else [call.handle, call.out]
        codes = self.order.residues(nodes) if c.marks[call] & AWAIT else [self.order.rewrite(x) for x in nodes]
        codes[0] = self._handle_address(call.handle, codes[0])
        holder = codes[0].parts[-1]
        text = "ac_join_result" if call.is_result else "ac_join"
        if call.is_result:
            out_type = _result_type_of_handle(call.handle)
            size = f"{out_type.size}" if out_type is not None and out_type.size > 0 else "0"
            if len(codes) < 2:
                codes.append(low.Code(["NULL"]))
            codes.append(low.Code([size]))
        site = low.Site(
            "own", name, text, place.line, place.column, call.first, c.unit.declared.get(name), None, codes, call.type
        )
        local = root(call.handle) if is_lvalue(call.handle) else None
        if local is not None:
            site.borrowed.add(local)
        if isinstance(holder, low.Place):
            site.borrowed.add(holder.local)
        out = borrowed_by(call.out) if call.out is not None else None
        if out is not None:
            site.borrowed.add(out)
            for code in codes:
                code.facts.escapes.discard(out)
        return site

    def _call_site(self, call: t.Call) -> low.Site:
        c = self.c
        place = c.position(call.first)
        name = call.function
        text = name or " ".join(tok.text for tok in c.tokens[call.callee.first : call.callee.last]).replace(" . ", ".")
        decl = c.unit.declared.get(name)
        own = name in c.calls.own
        leaf = decl is not None and decl.future_size > 0 and not own
        borrowed = _borrowed_locals(call.arguments) if leaf else set()
        kind = "own" if own or leaf else "slot"
        if own and c.calls.is_recursive(c.function.decl.name, name):
            kind = "pool"
        callee, codes = self._evaluated(call, kind)
        for argument in call.arguments if leaf else []:
            borrowed |= self._borrow_literal(argument)
        for code in codes:
            code.facts.escapes -= borrowed
        prefix = f"ac__{name}" if own else name
        site = low.Site(kind, prefix, text, place.line, place.column, call.first, decl, callee, codes, call.type)
        site.borrowed = borrowed
        site.never_waits = kind == "own" and own and name not in c.calls.waits
        site.may_pool = kind in ("pool", "slot") or (own and name in c.calls.pools)
        return site

    def _evaluated(self, call: t.Call, kind: str) -> tuple[low.Code | None, list[low.Code]]:
        """What is called, for the call slot, and the arguments."""
        c, name = self.c, call.function
        nodes = [*([] if name else [call.callee]), *map(self._essence, call.arguments)]
        if any(c.marks[x] & AWAIT for x in nodes):
            codes = self.order.residues(nodes)
        else:
            codes = [self.order.rewrite(x) for x in nodes]
        if kind != "slot":
            return None, codes
        for i, x in enumerate(nodes):  # the arguments are evaluated before the call slot is armed
            if c.marks[x] & EFFECT and not is_temporary(codes[i]):
                codes[i] = save(c, x, codes[i])
        return low.Code([f"({name})"]) if name else codes.pop(0), codes

    def _essence(self, e: t.Expr) -> t.Expr:
        """An argument without the type check that a typed macro puts round it, which clang has done by now:
        `((void)sizeof(…), (T[1]){ v })`, `(1 ? (tx) : (handle type)0)`."""
        inner = strip(e)
        if (
            isinstance(inner, t.Conditional)
            and inner.then is not None
            and self.c.tokens[inner.condition.first].text == "1"
        ):
            if isinstance(inner.condition, t.Constant) and not self.c.marks[inner.otherwise] & EFFECT:
                return self._essence(inner.then)
        if isinstance(inner, t.Binary) and inner.op == "," and not self.c.marks[inner.left] & EFFECT:
            return self._essence(inner.right)
        return inner if isinstance(inner, t.Identifier | t.Constant | t.Member) else e

    def _borrow_literal(self, argument: t.Expr) -> set[low.Variable]:
        """A kept literal that is itself the argument of a leaf is needed only while it waits."""
        e = strip(argument)
        while True:
            match e:
                case t.Cast():
                    e = strip(e.operand)
                case t.Binary() if e.op == ",":
                    e = strip(e.right)
                case t.Conditional() if e.then is not None and isinstance(strip(e.condition), t.Constant):
                    e = strip(e.then)
                case t.Unary() if e.op == "&":
                    e = strip(e.operand)
                case t.Selected():
                    e = strip(e.chosen)
                case t.CompoundLiteral():
                    local = self.c.literal_of.get(id(e))
                    if local is None:
                        return set()
                    return {local}
                case _:
                    return set()

    def _handle_address(self, e: t.Expr, code: low.Code) -> low.Code:
        """The address of a handle variable; of a temporary one for a handle that is none."""
        c = self.c
        if is_lvalue(e):
            code.facts.touches |= {x for x in [root(e)] if x is not None}
            return low.Code(["&(", *code.parts, ")"], code.facts)
        temporary = temporary_for(c, e)
        assign(c, temporary, code, declares=True)
        return low.Code(["&", low.Place(temporary)], low.Facts(reads={temporary}, escapes={temporary}))

    def wait(self, e: t.Await) -> low.Site:
        """The step that waits. The await of an arm that has won is over already."""
        c = self.c
        if id(e) in c.prepared:
            return c.prepared[id(e)]
        site = self.make(e.call)
        step = low.LAwait(site, c.watch_exits(), c.cancel_exit(), c.strand, line=site.line)
        c.awaits.append(step)
        c.out.append(step)
        return site

    def result(self, e: t.Expr, site: low.Site) -> low.Code:
        c = self.c
        if e.type.kind is t.TypeKind.VOID:
            self.release(site)
            return low.Code([])
        code = low.Code([low.Result(site)], low.Facts(reads={site.future or site}))
        if site.is_released:
            temporary = c.temporary(site.result, site.token)
            assign(c, temporary, code, declares=True)
            self.release(site)
            return use(temporary)
        return code

    def release(self, site: low.Site) -> None:
        if site.is_released:
            self.c.out.append(low.LRelease(site, line=site.line))


def _borrowed_locals(arguments: list[t.Expr]) -> set[low.Variable]:
    borrowed: set[low.Variable] = set()
    for argument in arguments:
        local = borrowed_by(argument)
        if local is not None and local.storage == "" and not local.is_future:
            borrowed.add(local)
    return borrowed


def _result_type_of_handle(e: t.Expr) -> t.CType | None:
    """The T of an `ac_task(T)`: the handle's type is T *(*)[kind]."""
    at: t.CType | None = e.type
    for _ in range(3):
        at = at.element if at is not None else None
    return at

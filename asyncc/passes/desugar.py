"""Statements: every way out and every step spelled out, the user's structure kept.

A statement in which nothing has to change stays `Verbatim`. Loops whose header waits become `for (;;)` with the header's
parts as statements; the rest keep their headers.
"""

from __future__ import annotations

from collections.abc import Callable

from ..ir import low
from ..ir import tree as t
from .blocks import Blocks
from .context import Context, Enclosing
from .facts import facts_of_statement
from .order import Order
from .scopes import find_scopes
from .temporaries import assign, save
from .walk import AWAIT, JUMP, REWRITE, operands, parts, strip
from .words import detach, word_operands

SEVERAL = (low.LDeclare, low.LTemp, low.LAwait, low.LLazy)  # what is printed as more than one statement


class Desugar:
    def __init__(self, context: Context) -> None:
        self.c = context
        self.order = Order(context)
        self.order.nested = self._nested
        self.order.lower_into = self.statement
        self.blocks = Blocks(self)

    def function(self) -> low.LBlock:
        find_scopes(self.c)
        body = self.lowered(self.c.function.body)
        assert isinstance(body, low.LBlock)
        return body

    # --- statements ----------------------------------------------------------------------------------------------

    def lowered(self, s: t.Stmt) -> low.Low:
        """One statement as one; several steps get braces."""
        block = self.order.block(lambda: self.statement(s))
        if len(block.body) == 1 and not isinstance(block.body[0], SEVERAL):
            return block.body[0]
        return block

    def statement(self, s: t.Stmt) -> None:
        c = self.c
        start = len(c.out)
        if self._is_unchanged(s):
            c.out.append(low.Verbatim(s))
        else:
            getattr(self, "_" + type(s).__name__.lower())(s)
        if len(c.out) > start:
            c.out[start].first = s.first
            c.out[start].line = c.line(s.first)

    def _is_unchanged(self, s: t.Stmt) -> bool:
        c = self.c
        flags = c.marks[s]
        if isinstance(s, t.Block) and (s is c.function.body or id(s) in c.expression_results):
            return False
        if flags & (AWAIT | REWRITE):
            return False
        if isinstance(s, t.Declaration) and c.is_async and c.marks[c.block] & AWAIT:
            return False
        if isinstance(s, t.Label) and s.body is not None and isinstance(s.body, t.Declaration):
            return False
        return not flags & JUMP or all(self._jump_is_plain(j) for j in leaving(s))

    def _jump_is_plain(self, s: t.Stmt) -> bool:
        """Whether a jump that leaves the statement around it can stay as the user wrote it."""
        c = self.c
        match s:
            case t.Break():
                return c.breaks[-1].native and c.breaks[-1].chain is c.chain
            case t.Continue():
                return c.continues[-1].native and c.continues[-1].chain is c.chain
            case t.Goto():
                return c.label_chain.get(s.label) is c.chain
            case t.ComputedGoto():
                return c.chain is None and not any(c.label_chain.values())
        return c.chain is None and not c.is_async

    def _nested(self, block: t.Block) -> low.Low:
        c = self.c
        outer, c.out = c.out, []
        c.expression_results[id(block)] = None
        c.value_kept.add(id(block))
        self.statement(block)
        found, c.out = c.out, outer
        return found[0]

    # --- blocks and declarations

    def _block(self, s: t.Block) -> None:
        c = self.c
        outer_out, outer_block, outer_chain = c.out, c.block, c.chain
        c.out, c.block = [], s
        result = c.expression_results.get(id(s)) if id(s) in c.expression_results else None
        kept = id(s) in c.value_kept
        value: low.Low | None = None
        at_head = c.is_async and s is c.function.body
        for i, inner in enumerate(s.body):
            if at_head and not _is_head(inner):
                at_head = False
                c.start_exit = self._start_exit()
            if i == len(s.body) - 1 and (result is not None or (kept and c.chain is not outer_chain)):
                if result is not None:
                    self._last_value(inner, result)
                    break
                if isinstance(inner, t.ExprStmt) and inner.expr.type.kind is not t.TypeKind.VOID:
                    temporary = c.temporary(inner.expr.type, inner.first)
                    assign(c, temporary, self.order.value(inner.expr), declares=True)
                    value = low.Text(low.Code([low.Place(temporary), ";"], low.Facts(reads={temporary})))
                    break
            self.statement(inner)
        if at_head:
            c.start_exit = self._start_exit()
        if c.chain is not outer_chain:
            self._fall_out(outer_chain)
        if value is not None:
            c.out.append(value)
        c.chain = outer_chain
        body, c.out, c.block = c.out, outer_out, outer_block
        c.out.append(low.LBlock(body, last=s.last, scope=s, first=s.first))

    def _start_exit(self) -> low.Exit:
        """What a drop before the first poll does: the defers at the head of the body."""
        path = self.c.path(None)
        assert path is not None
        return self.c.leave([x for x in path if x.kind == "defer"], low.Target("cancel", "cancel"))

    def _last_value(self, s: t.Stmt, result: t.Local) -> None:
        """The value of a statement expression is its last statement's."""
        while isinstance(s, t.Label) and s.body is not None:
            self._mark_label(s)
            s = s.body
        if isinstance(s, t.ExprStmt):
            assign(self.c, result, self.order.value(s.expr))
        else:
            self.statement(s)

    def _fall_out(self, outer: low.Chain | None) -> None:
        """The end of a block: its cleanups, latest first."""
        c = self.c
        if c.out and isinstance(c.out[-1], low.LJump):
            return
        end = low.Target("label", f"ac__end_{c.next()}")
        path = c.path(outer)
        assert path is not None
        exit_ = c.leave(path, end)
        if all(cleanup.kind == "drop" for cleanup in path):
            exit_.target = low.Target("text", "")
            c.out.append(low.LJump(exit_, kind="fall"))
            return
        c.out += [low.LJump(exit_, kind="fall"), low.LMark(end)]

    def _declaration(self, s: t.Declaration) -> None:
        c = self.c
        items: list[low.Initialiser] = []
        split = False
        plain = s.is_typedef or s.is_static_assert or not s.declarators
        for number, d in enumerate(s.declarators if not plain else []):
            local = d.local
            if local is not None and local.is_future:
                if items:
                    c.out.append(low.LDeclare(s, items, split=True, part=number - len(items)))
                    items = []
                split = True
                self._future(d, local)
                continue
            init = strip(d.init) if d.init is not None else None
            code = None
            if init is not None and d.init is not None and (local is None or local.storage != "static"):
                block = self.order.block(lambda: None)
                outer, c.out = c.out, block.body
                code = self.order.initialiser(d.init)
                c.out = outer
                if block.body:
                    if items:
                        c.out.append(low.LDeclare(s, items, split=True, part=number - len(items)))
                        items = []
                    split = True
                    c.out += block.body
                    if local is not None and self._names(d.init, local):  # T *p = await f(sizeof(*p))
                        c.pinned.add(local)
            items.append(low.Initialiser(d, local, code, isinstance(init, t.InitList)))
            link = c.chains.get(id(d))
            if link is not None:
                c.out.append(low.LDeclare(s, items, split=True, part=number + 1 - len(items)))
                items, split = [], True
                self._cleanup(d, link)
        if items or plain:
            c.out.append(low.LDeclare(s, items, split=split, part=len(s.declarators) - len(items)))
        if split:
            c.split.append(s)

    def _names(self, e: t.Expr, local: t.Local) -> bool:
        names = self.c.function.names
        return any(names.get(token) is local for token in range(e.first, e.last))

    def _cleanup(self, d: t.Declarator, link: low.Chain) -> None:
        """`__attribute__((cleanup(f)))` on a local of a block that waits is a defer at its declaration."""
        c = self.c
        assert d.local is not None
        code = low.Code(
            [f"{d.local.cleanup}(&", low.Place(d.local), ");"], low.Facts(reads={d.local}, escapes={d.local})
        )
        past = low.Target("label", f"ac__past_{link.cleanup.number}")
        step = low.LDefer(low.Text(code), link.cleanup, past, line=link.cleanup.line)
        link.cleanup.defer = step
        link.cleanup.facts = code.facts
        c.defers.append(step)
        c.out.append(step)
        c.chain = link

    def _future(self, d: t.Declarator, local: t.Local) -> None:
        c = self.c
        link = c.chains[id(d)]
        init = strip(d.init) if d.init is not None else None
        site = self.order.sites.make(init.call, is_awaited=False) if isinstance(init, t.Lazy) else None
        c.lazy_sites.setdefault(local, [])
        if site is not None:
            c.lazy_sites[local].append(site)
        c.out.append(low.LLazy(local, site, True, line=c.line(d.first)))
        link.cleanup.text = low.Code(
            [f"ac__{c.function.decl.name}_drop_{local.name}_{local.index}({c.self_name});"], low.Facts(reads={local})
        )
        link.cleanup.future = local
        link.cleanup.facts = link.cleanup.text.facts
        c.chain = link

    def _exprstmt(self, s: t.ExprStmt) -> None:
        c = self.c
        e = strip(s.expr)
        while isinstance(e, t.Cast) and e.type.kind is t.TypeKind.VOID:
            e = strip(e.operand)
        if isinstance(e, t.Assign) and isinstance(strip(e.value), t.Lazy):
            target, lazy = strip(e.target), strip(e.value)
            assert isinstance(target, t.Identifier) and target.local is not None and isinstance(lazy, t.Lazy)
            site = self.order.sites.make(lazy.call, is_awaited=False)
            c.lazy_sites.setdefault(target.local, []).append(site)
            c.out.append(low.LLazy(target.local, site, False, line=c.line(s.first)))
        elif isinstance(e, t.Spawn):
            nodes = word_operands(e)
            waits = any(c.marks[x] & AWAIT for x in nodes)
            codes = self.order.residues(nodes) if waits else [self.order.rewrite(x) for x in nodes]
            code = detach(c, e, codes)
            c.out.append(low.Text(low.Code([*code.parts, ";"], code.facts), line=c.line(s.first)))
        elif c.marks[s] & AWAIT:
            self.order.effect(s.expr)
            if not c.out:
                c.out.append(low.Text(low.Code([";"])))
        else:
            code = self.order.rewrite(s.expr)
            c.out.append(low.Text(low.Code([*code.parts, low.Span(s.expr.last, s.last)], code.facts)))

    def _null(self, s: t.Null) -> None:
        self.c.out.append(low.Verbatim(s))

    def _asm(self, s: t.Asm) -> None:
        """Operands that wait are evaluated before the statement."""
        parts_: list[low.Part] = []
        facts = facts_of_statement(s)
        at = s.first
        for e in sorted(s.operands, key=lambda e: e.first):
            if not self.c.marks[e] & (AWAIT | REWRITE):
                continue
            code = self.order.value(e)
            code = save(self.c, e, code)
            parts_ += [low.Span(at, e.first), *code.parts]
            facts.add(code.facts)
            at = e.last
        self.c.out.append(low.Text(low.Code([*parts_, low.Span(at, s.last)], facts)))

    # --- control flow

    def _if(self, s: t.If) -> None:
        c = self.c
        test = self.order.value(s.condition)
        if c.marks[s.condition] & AWAIT:
            head = low.Code(["if (", low.Tight(), *test.parts, ")"], test.facts)
        else:
            head = low.Code(
                [low.Span(s.first, s.condition.first), *test.parts, low.Span(s.condition.last, s.then.first)],
                test.facts,
            )
        then = self.lowered(s.then)
        otherwise = self.lowered(s.otherwise) if s.otherwise is not None else None
        span = low.Span(s.then.last, s.otherwise.first) if s.otherwise is not None else None
        c.out.append(low.LIf(head, then, otherwise, span, line=c.line(s.first)))

    def _loop_targets(self, native_continue: bool) -> tuple[low.Target, low.Target]:
        c = self.c
        number = c.next()
        brk, cont = low.Target("label", f"ac__break_{number}"), low.Target("label", f"ac__continue_{number}")
        c.breaks.append(Enclosing(brk, c.chain, True))
        c.continues.append(Enclosing(cont, c.chain, native_continue))
        return brk, cont

    def _end_loop(self) -> None:
        self.c.breaks.pop()
        self.c.continues.pop()

    def _forever(
        self, s: t.Stmt, before: t.Expr | None, body: t.Stmt, after: t.Expr | None, step: t.Expr | None
    ) -> None:
        """A loop whose header waits: its parts become statements around the body."""
        c = self.c
        brk, cont = self._loop_targets(native_continue=after is None and step is None)

        def leave_unless(e: t.Expr) -> None:
            test = self.order.value(e)
            head = low.Code(["if (!(", low.Tight(), *test.parts, ")) "], test.facts)
            c.out.append(low.LIf(head, low.LJump(low.Exit([], brk), native="break;"), None, line=c.line(e.first)))

        def fill() -> None:
            if before is not None:
                header(lambda: leave_unless(before))
            inner = self.lowered(body)
            c.out.append(inner)
            if after is not None or step is not None:
                c.out.append(low.LMark(cont))
            if after is not None:
                header(lambda: leave_unless(after))
            if step is not None:
                header(lambda: self.order.effect(step))

        def header(lower: Callable[[], None]) -> None:
            """What the user wrote in the header is evaluated in the loop's braces, but belongs to the whole loop."""
            c.generated += 1
            lower()
            c.generated -= 1

        inside = self.order.block(fill)
        self._end_loop()
        loop = low.LLoop(
            "forever", low.Code(["for (;;)"]), inside, None, None, None, brk=brk, cont=cont, line=c.line(s.first)
        )
        loop.continue_label_inside = after is not None or step is not None
        c.out += [loop, low.LMark(brk)]

    def _while(self, s: t.While) -> None:
        c = self.c
        if c.marks[s.condition] & AWAIT:
            return self._forever(s, s.condition, s.body, None, None)
        test = self.order.rewrite(s.condition)
        head = low.Code([low.Span(s.first, s.condition.first), *test.parts, low.Span(s.condition.last, s.body.first)])
        self._plain_loop(s, "while", head, s.body, test.facts)
        return None

    def _plain_loop(self, s: t.Stmt, kind: str, head: low.Code, body: t.Stmt, condition: low.Facts | None,
                    step: low.Facts | None = None) -> low.LLoop:  # fmt: skip
        c = self.c
        brk, cont = self._loop_targets(native_continue=True)
        inner = self.lowered(body)
        self._end_loop()
        loop = low.LLoop(kind, head, inner, None, condition, step, brk=brk, cont=cont, line=c.line(s.first))
        c.out += [loop, low.LMark(brk)]
        return loop

    def _dowhile(self, s: t.DoWhile) -> None:
        c = self.c
        if c.marks[s.condition] & AWAIT:
            return self._forever(s, None, s.body, s.condition, None)
        test = self.order.rewrite(s.condition)
        loop = self._plain_loop(s, "do", low.Code([low.Span(s.first, s.body.first)]), s.body, test.facts)
        loop.is_once = c.is_zero(s.condition)
        loop.tail = low.Code(
            [low.Span(s.body.last, s.condition.first), *test.parts, low.Span(s.condition.last, s.last)], test.facts
        )
        return None

    def _for(self, s: t.For) -> None:
        c = self.c
        waits = [c.marks[x] & AWAIT for x in (s.init, s.condition, s.step)]
        if any(waits) or any(id(d) in c.chains for d in getattr(s.init, "declarators", [])):
            block = self.order.block(lambda: self._for_apart(s))
            block.scope = s
            c.out.append(block)
            return
        head: list[low.Part] = []
        facts = low.Facts()
        initial: low.LDeclare | None = None
        at = s.first
        outer, c.out = c.out, []
        if isinstance(s.init, t.Declaration):
            self._declaration(s.init)
            assert len(c.out) == 1 and isinstance(c.out[0], low.LDeclare)
            initial = c.out[0]
        elif s.init is not None:
            code = self.order.rewrite(s.init.expr)
            head += [low.Span(at, s.init.expr.first), *code.parts]
            facts, at = code.facts, s.init.expr.last
        c.out = outer
        start = at
        test = step = None
        if s.condition is not None:
            test = self.order.rewrite(s.condition)
            head += [low.Span(at, s.condition.first), *test.parts]
            at = s.condition.last
        if s.step is not None:
            step = self.order.rewrite(s.step)
            head += [low.Span(at, s.step.first), *step.parts]
            at = s.step.last
        if not (c.marks[s.init] | c.marks[s.condition] | c.marks[s.step]) & REWRITE:
            head = [low.Span(start if start == s.first else s.first, s.body.first)]
        else:
            head.append(low.Span(at, s.body.first))
        loop = self._plain_loop(
            s, "for", low.Code(head), s.body, test.facts if test else None, step.facts if step else low.Facts()
        )
        loop.initial, loop.initial_facts, loop.scope = initial, facts, s
        if initial is not None and s.init is not None:
            loop.header = (s.init.first, s.init.last, s.init.last, s.body.first)

    def _for_apart(self, s: t.For) -> None:
        c = self.c
        chain, outer, c.block = c.chain, c.block, s
        if s.init is not None:
            start = len(c.out)
            if isinstance(s.init, t.Declaration):
                self._declaration(s.init)
            else:
                self.order.effect(s.init.expr)
            del start
        self._forever(s, s.condition, s.body, None, s.step)
        if c.chain is not chain:
            self._fall_out(chain)
        c.chain, c.block = chain, outer

    def _switch(self, s: t.Switch) -> None:
        c = self.c
        test = self.order.value(s.operand)
        if c.marks[s.operand] & AWAIT:
            head = low.Code(["switch (", low.Tight(), *test.parts, ")"], test.facts)
        else:
            head = low.Code(
                [low.Span(s.first, s.operand.first), *test.parts, low.Span(s.operand.last, s.body.first)], test.facts
            )
        brk = low.Target("label", f"ac__break_{c.next()}")
        c.breaks.append(Enclosing(brk, c.chain, True))
        body = self.lowered(s.body)
        c.breaks.pop()
        c.out += [low.LSwitch(head, body, brk, line=c.line(s.first)), low.LMark(brk)]

    def _case(self, s: t.Case) -> None:
        c = self.c
        end = s.body.first if s.body is not None else s.last
        c.out.append(
            low.LCase(low.Code([low.Span(s.first, end)]), None, is_default=s.low is None, line=c.line(s.first))
        )
        if s.body is not None:
            self.statement(s.body)

    def _mark_label(self, s: t.Label) -> None:
        c = self.c
        end = s.body.first if s.body is not None else s.last
        c.out.append(low.LLabel(low.Code([low.Span(s.first, end)]), s.name, None, line=c.line(s.first)))

    def _label(self, s: t.Label) -> None:
        self._mark_label(s)
        if s.body is not None:
            self.statement(s.body)

    # --- jumps

    def _goto(self, s: t.Goto) -> None:
        c = self.c
        path = c.path(c.label_chain.get(s.label))
        if path is None:
            raise c.error(
                s.first, f"goto '{s.label}' jumps into the scope of a defer, an ac_future, or a block that waits"
            )
        target = c.label_target.setdefault(s.label, low.Target("label", s.label))
        if path:
            c.out.append(low.LJump(c.leave(path, target), kind="goto"))
        else:
            c.out.append(low.LJump(low.Exit([], target), native=f"goto {s.label};", kind="goto"))

    def _break(self, s: t.Break) -> None:
        self._leave_to(self.c.breaks[-1], "break")

    def _continue(self, s: t.Continue) -> None:
        self._leave_to(self.c.continues[-1], "continue")

    def _leave_to(self, enclosing: Enclosing, word: str) -> None:
        c = self.c
        path = c.path(enclosing.chain)
        assert path is not None
        if enclosing.native and not path:
            c.out.append(low.LJump(low.Exit([], enclosing.target), native=f"{word};", kind=word))
        else:
            c.out.append(low.LJump(c.leave(path, enclosing.target), kind=word))

    def _return(self, s: t.Return) -> None:
        c = self.c
        code = None
        if s.value is not None:
            if c.function.decl.type.result is not None and c.function.decl.type.result.kind is t.TypeKind.VOID:
                self.order.effect(s.value)
            else:
                code = self.order.value(s.value)
        path = c.path(None)
        assert path is not None
        c.keeps_result = c.keeps_result or (bool(path) and code is not None)
        c.out.append(low.LJump(c.leave(path, c.return_target), value=code, kind="return", line=c.line(s.first)))

    def _computedgoto(self, s: t.ComputedGoto) -> None:
        c = self.c
        code = self.order.value(s.target)
        targets = []
        for name in sorted(c.addressed_labels):
            path = c.path(c.label_chain.get(name))
            if path:
                target = c.label_target.setdefault(name, low.Target("label", name))
                targets.append((name, c.leave(path, target)))
        c.out.append(low.LComputedGoto(code, targets, not targets, line=c.line(s.first)))

    # --- words

    def _defer(self, s: t.Defer) -> None:
        c = self.c
        link = c.chains[id(s)]
        saved = c.chain, c.breaks, c.continues, c.timed
        c.chain, c.breaks, c.continues, c.timed = None, [], [], []
        c.defer_depth += 1
        body = self.lowered(s.body)
        c.defer_depth -= 1
        c.chain, c.breaks, c.continues, c.timed = saved
        step = low.LDefer(
            body, link.cleanup, low.Target("label", f"ac__past_{link.cleanup.number}"), line=c.line(s.first)
        )
        link.cleanup.defer = step
        link.cleanup.facts = facts_of_statement(s.body)
        c.defers.append(step)
        c.out.append(step)
        c.chain = link

    def _select(self, s: t.Select) -> None:
        self.blocks.select(s)

    def _gather(self, s: t.Gather) -> None:
        self.blocks.gather(s)

    def _within(self, s: t.Within) -> None:
        self.blocks.within(s)

    def _rununtil(self, s: t.RunUntil) -> None:
        self.blocks.run_until(s)


def _is_head(s: t.Stmt) -> bool:
    """Whether the defers after s are still at the head of the body."""
    match s:
        case t.Declaration():
            return all(d.init is None or (d.local is not None and d.local.storage == "static") for d in s.declarators)
        case t.Defer() | t.Null():
            return True
    return False


def leaving(s: t.Stmt) -> list[t.Stmt]:
    """The jumps in s that may leave it: every goto and return, break and continue of a loop around it."""
    found: list[t.Stmt] = []
    stack: list[tuple[t.Stmt | t.Expr, bool, bool]] = [(s, True, True)]
    labels: set[str] = set()
    gotos: list[t.Goto] = []
    while stack:
        node, outer_break, outer_continue = stack.pop()
        match node:
            case t.StatementExpr():
                stack.append((node.body, outer_break, outer_continue))
                continue
            case t.Break():
                found += [node] if outer_break else []
            case t.Continue():
                found += [node] if outer_continue else []
            case t.Goto():
                gotos.append(node)
            case t.Return() | t.ComputedGoto():
                found.append(node)
            case t.Label():
                labels.add(node.name)
            case t.While() | t.DoWhile() | t.For():
                outer_break = outer_continue = False
            case t.Switch():
                outer_break = False
        if isinstance(node, t.Expr):
            stack += [(x, outer_break, outer_continue) for x in operands(node)]
        else:
            exprs, stmts = parts(node)
            stack += [(x, outer_break, outer_continue) for x in exprs]
            stack += [(x, outer_break, outer_continue) for x in stmts]
    return found + [g for g in gotos if g.label not in labels]

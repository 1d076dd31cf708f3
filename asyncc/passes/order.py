"""Makes every await a step of its own, in C's order of evaluation (left to right where C leaves it open).

An expression that holds an await is taken apart from the left: an operand whose value could change, or that has an
effect, before a later operand has been evaluated is kept in a temporary; `&&`, `||`, `?:` become `if`. What is left, the
*residue*, is the user's own expression with temporaries and results in the holes, and is evaluated after all steps.
Expressions without an await keep their shape (`rewrite`); only words inside them are replaced.
"""

from __future__ import annotations

from collections.abc import Callable

from ..ir import low
from ..ir import tree as t
from .context import INT, Context, pointer_to
from .facts import borrowed_by, facts_of
from .walk import AWAIT, EFFECT, JUMP, REWRITE, is_array, is_lvalue, operands, root, strip
from .words import word, word_operands


class Order:
    def __init__(self, context: Context) -> None:
        self.c = context
        self.nested: Callable[[t.Block], low.Low] | None = None  # set by desugar: lowers a statement expression's body
        self.lower_into: Callable[[t.Stmt], None] | None = None

    # --- whole expressions ---------------------------------------------------------------------------------------

    def value(self, e: t.Expr) -> low.Code:
        """The value of a whole expression: steps go to the context, the residue is returned."""
        return self._value(e) if self.c.marks[e] & AWAIT else self.rewrite(e)

    def effect(self, e: t.Expr) -> None:
        """Evaluates e for what it does; its value is not wanted."""
        c = self.c
        e = strip(e)
        flags = c.marks[e]
        if not flags & (EFFECT | REWRITE) and not _is_volatile(e):
            return None
        if flags & AWAIT:
            match e:
                case t.Cast() if e.type.kind is t.TypeKind.VOID:
                    return self.effect(e.operand)
                case t.Binary() if e.op == ",":
                    self.effect(e.left)
                    return self.effect(e.right)
                case t.Binary() if e.op in ("&&", "||") and c.marks[e.right] & AWAIT:
                    self._branch(e.left, e.op == "||", lambda: self.effect(e.right), None)
                    return None
                case t.Conditional() if e.then is not None and (c.marks[e.then] | c.marks[e.otherwise]) & AWAIT:
                    then, otherwise = e.then, e.otherwise
                    self._branch(e.condition, False, lambda: self.effect(then), lambda: self.effect(otherwise))
                    return None
                case t.Await():
                    self._release(self.wait(e))
                    return None
                case t.StatementExpr():
                    self._statement_expression(e, None)
                    return None
                case t.Selected():
                    return self.effect(e.chosen)
        code = self.value(e)
        if code.is_empty:
            return None
        if flags & AWAIT and not self._residue_acts(e) and not any(isinstance(x, low.Place) for x in code.parts):
            return None
        if not isinstance(e, t.Assign | t.Call | t.StatementExpr) and not (
            isinstance(e, t.Unary) and e.op in ("++", "--")
        ):
            code = low.Code(["(void)(", low.Tight(), *code.parts, ")"], code.facts)
        c.out.append(low.Text(low.Code([*code.parts, ";"], code.facts), line=c.line(e.first)))
        return None

    def _residue_acts(self, e: t.Expr) -> bool:
        """Whether what is left of e after its awaits still does something."""
        e = strip(e)
        if isinstance(e, t.Await):
            return False
        if isinstance(e, t.Assign | t.Call | t.Spawn | t.BlockOn | t.Join | t.Lazy | t.StatementExpr):
            return True
        if isinstance(e, t.Unary) and e.op in ("++", "--"):
            return True
        return any(self._residue_acts(x) for x in operands(e))

    def rewrite(self, e: t.Expr) -> low.Code:
        """An expression without awaits, as written but for words, kept literals and statement expressions inside."""
        if not self.c.marks[e] & REWRITE:
            if self.c.marks[e] & JUMP and isinstance(e, t.StatementExpr):
                return self._nested(e)
            if not self.c.marks[e] & JUMP:
                return low.Code([low.Span(e.first, e.last)], facts_of(e))
        match e:
            case t.StatementExpr():
                return self._nested(e)
            case t.Binary() if e.op == "," and not self.c.marks[e.left] & (EFFECT | REWRITE):
                return self.rewrite(e.right)
            case t.Spawn() | t.BlockOn() | t.IsDone() | t.Lazy() | t.Join():
                return self._word(e, [self.rewrite(x) for x in word_operands(e)])
        return self._compose(e, {id(x): self.rewrite(x) for x in operands(e)})

    def _nested(self, e: t.StatementExpr) -> low.Code:
        assert self.nested is not None
        body = self.nested(e.body)
        return low.Code(["(", low.Nested(body), ")"], facts_of(e))

    # --- taking apart --------------------------------------------------------------------------------------------

    def _value(self, e: t.Expr) -> low.Code:
        """The residue of e, inside an expression that holds an await."""
        c = self.c
        flags = c.marks[e]
        if not flags & (EFFECT | REWRITE):
            return self.rewrite(e)
        match e:
            case t.Paren():
                inner = self._value(e.inner)
                return self._compose(e, {id(e.inner): inner}) if not inner.is_empty else inner
            case t.Await():
                return self._result(e, self.wait(e))
            case t.Binary() if e.op == ",":
                self.effect(e.left) if c.marks[e.left] & AWAIT else self._do(e.left)
                return self._value(e.right)
            case t.Binary() if e.op in ("&&", "||") and c.marks[e.right] & AWAIT:
                return self._logical(e)
            case t.Binary() if e.op in ("&&", "||"):
                return self._compose(e, {id(e.left): self._value(e.left), id(e.right): self.rewrite(e.right)})
            case t.Conditional():
                return self._conditional(e)
            case t.Assign():
                return self._assign(e)
            case t.Unary() if e.op in ("++", "--", "&"):
                return self._compose(e, {id(e.operand): self._place(e.operand)})
            case t.StatementExpr() if flags & AWAIT:
                temporary = self._temporary_for(e) if e.type.kind is not t.TypeKind.VOID else None
                self._statement_expression(e, temporary)
                return low.Code([]) if temporary is None else self._use(temporary)
            case t.StatementExpr():
                return self.rewrite(e)
            case t.Selected():
                inner = self._value(e.chosen)
                return low.Code(["(", *inner.parts, ")"], inner.facts) if not inner.is_empty else inner
            case t.Cast() if e.type.kind is t.TypeKind.VOID:
                self.effect(e.operand)
                return low.Code([])
            case t.Index() | t.Member():
                return self._place(e)
            case t.Unary() if e.op == "*":
                return self._place(e)
            case t.Spawn() | t.BlockOn() | t.IsDone() | t.Lazy() | t.Join():
                return self._word(e, self._operands(word_operands(e)))
        inner_nodes = operands(e)
        if isinstance(e, t.Call) and _is_plain_name(e.callee):
            inner_nodes = e.arguments
        return self._compose(e, dict(zip(map(id, inner_nodes), self._operands(inner_nodes), strict=True)))

    def _do(self, e: t.Expr) -> None:
        if self.c.marks[e] & EFFECT:
            code = self._value(e)
            if not code.is_empty:
                self.c.out.append(low.Text(low.Code([*code.parts, ";"], code.facts), line=self.c.line(e.first)))

    def _operands(self, nodes: list[t.Expr]) -> list[low.Code]:
        """The residues of operands that C evaluates before their operator, left to right."""
        c = self.c
        acts = [bool(c.marks[x] & EFFECT) for x in nodes]
        last = max((i for i, a in enumerate(acts) if a), default=-1)
        codes = []
        for i, x in enumerate(nodes):
            if isinstance(x, t.InitList):
                code = self._init_list(x, i < last)
            else:
                code = self._value(x)
                if i < last and self._unstable(x, nodes[i + 1 :]):
                    code = self.save(x, code)
            codes.append(code)
        return codes

    def _init_list(self, e: t.InitList, keep: bool) -> low.Code:
        leaves: list[t.Expr] = []

        def collect(node: t.InitList) -> None:
            for x in operands(node):
                if isinstance(x, t.InitList):
                    collect(x)
                else:
                    leaves.append(x)

        collect(e)
        c = self.c
        last = max((i for i, x in enumerate(leaves) if c.marks[x] & EFFECT), default=-1)
        codes: dict[int, low.Code] = {}
        for i, x in enumerate(leaves):
            code = self._value(x)
            if (i < last or keep) and self._unstable(x, leaves[i + 1 :]):
                code = self.save(x, code)
            codes[id(x)] = code

        def build(node: t.InitList) -> low.Code:
            return self._compose(
                node, {id(x): build(x) if isinstance(x, t.InitList) else codes[id(x)] for x in operands(node)}
            )

        return build(e)

    def initialiser(self, e: t.Expr) -> low.Code:
        if isinstance(e, t.InitList) and self.c.marks[e] & AWAIT:
            return self._init_list(e, False)
        return self.value(e)

    def _place(self, e: t.Expr) -> low.Code:
        """The residue of an lvalue (or of a member of a value)."""
        c = self.c
        if not c.marks[e] & (EFFECT | REWRITE):
            return self.rewrite(e)
        match e:
            case t.Paren():
                return self._compose(e, {id(e.inner): self._place(e.inner)})
            case t.Member() if not e.is_arrow and is_array(e) and not is_lvalue(e):
                return self._compose(e, {id(e.base): self._kept_value(e.base)})
            case t.Member() if not e.is_arrow:
                return self._compose(e, {id(e.base): self._place(e.base)})
            case t.Index() if is_array(e.base) and is_lvalue(e.base):
                base = self._place(e.base)
                if c.marks[e.index] & EFFECT and c.marks[e.base] & AWAIT:
                    pass  # the base's own awaits are steps already; what is left of it names the same array
                return self._compose(e, {id(e.base): base, id(e.index): self._value(e.index)})
            case t.Index() | t.Member():
                nodes = operands(e)
                return self._compose(e, dict(zip(map(id, nodes), self._operands(nodes), strict=True)))
            case t.Unary() if e.op == "*":
                return self._compose(e, {id(e.operand): self._value(e.operand)})
            case t.CompoundLiteral() | t.Unary():
                nodes = operands(e)
                return self._compose(e, dict(zip(map(id, nodes), self._operands(nodes), strict=True)))
        return self._value(e)

    def _kept_value(self, e: t.Expr) -> low.Code:
        """The struct that holds an array which is no lvalue: in a temporary, for the array must outlast what follows."""
        if isinstance(e, t.Paren):
            return self._compose(e, {id(e.inner): self._kept_value(e.inner)})
        if isinstance(e, t.Member) and not e.is_arrow:
            return self._compose(e, {id(e.base): self._kept_value(e.base)})
        code = self.save(e, self._value(e))
        code.facts.escapes |= code.facts.reads
        return code

    def _assign(self, e: t.Assign) -> low.Code:
        """The right side first; then the place is evaluated and read."""
        c = self.c
        value = self._value(e.value)
        if c.marks[e.target] & EFFECT and self._unstable(e.value, [e.target]):
            value = self.save(e.value, value)
        target = self._place(e.target)
        skip = {id(e.target)} if c.marks[e.target] & (AWAIT | REWRITE) else set()
        return self._compose(e, {id(e.value): value, id(e.target): target}, assign=not skip)

    def _logical(self, e: t.Binary) -> low.Code:
        c = self.c
        result = c.temporary(INT, e.first)
        is_or = e.op == "||"
        c.out.append(low.LTemp(result, None, True, line=c.line(e.first)))

        def right() -> None:
            code = self._value(e.right)
            self._set(result, low.Code(["(", low.Tight(), *code.parts, ") != 0"], code.facts))

        decided = low.Code(["1" if is_or else "0"])
        self._branch(e.left, is_or, right, lambda: self._set(result, decided))
        return self._use(result)

    def _conditional(self, e: t.Conditional) -> low.Code:
        c = self.c
        if not (c.marks[e.then] | c.marks[e.otherwise]) & AWAIT:
            codes = {id(e.condition): self._value(e.condition), id(e.otherwise): self.rewrite(e.otherwise)}
            if e.then is not None:
                codes[id(e.then)] = self.rewrite(e.then)
            return self._compose(e, codes)
        void = e.type.kind is t.TypeKind.VOID
        result = None if void else self._temporary_for(e)
        if result is not None and e.then is not None:
            c.out.append(low.LTemp(result, None, True, line=c.line(e.first)))

        def branch(x: t.Expr) -> Callable[[], None]:
            def run() -> None:
                if result is None:
                    self.effect(x)
                else:
                    self._set(result, self._value(x))

            return run

        if e.then is None:
            assert result is not None
            self._set(result, self._value(e.condition), declares=True)
            self._branch_code(self._use(result), True, branch(e.otherwise), None)
        else:
            self._branch(e.condition, False, branch(e.then), branch(e.otherwise))
        return low.Code([]) if result is None else self._use(result)

    def _branch(
        self, condition: t.Expr, negated: bool, then: Callable[[], None], otherwise: Callable[[], None] | None
    ) -> None:
        self._branch_code(self._value(condition), negated, then, otherwise)

    def _branch_code(
        self, test: low.Code, negated: bool, then: Callable[[], None], otherwise: Callable[[], None] | None
    ) -> None:
        c = self.c
        head = low.Code(
            ["if (!(" if negated else "if (", low.Tight(), *test.parts, "))" if negated else ")"], test.facts
        )
        self.c.generated += 1
        c.out.append(low.LIf(head, self.block(then), self.block(otherwise) if otherwise is not None else None))
        self.c.generated -= 1

    def block(self, fill: Callable[[], None]) -> low.LBlock:
        """Steps gathered into braces of their own."""
        c = self.c
        outer, c.out = c.out, []
        fill()
        body, c.out = c.out, outer
        return low.LBlock(body)

    def _statement_expression(self, e: t.StatementExpr, result: t.Local | None) -> None:
        assert self.lower_into is not None
        c = self.c
        if result is not None:
            c.out.append(low.LTemp(result, None, True, line=c.line(e.first)))
        c.expression_results[id(e.body)] = result
        self.lower_into(e.body)

    # --- saving --------------------------------------------------------------------------------------------------

    def _unstable(self, e: t.Expr, later: list[t.Expr]) -> bool:
        """Whether the residue of e could give another value (or act) after `later` than before."""
        c = self.c
        if e.type.kind is t.TypeKind.VOID:
            return False
        if is_array(e) and not is_lvalue(e) and not isinstance(strip(e), t.Constant | t.CompoundLiteral):
            return False  # kept in a temporary already
        if c.marks[e] & EFFECT:
            return True
        changed: set[low.Variable] | None = None
        stack = [e]
        while stack:
            x = strip(stack.pop())
            match x:
                case t.Constant() | t.Unevaluated() | t.LabelAddress():
                    continue
                case t.Identifier():
                    if x.local is None:
                        if x.type.kind not in (t.TypeKind.FUNCTION, t.TypeKind.ARRAY) and not self._is_enumerator(x):
                            return True
                        continue
                    if x.local.type.kind is t.TypeKind.ARRAY:
                        continue
                    if x.local in c.exposed or x.local in c.shared or x.local.type.is_volatile:
                        return True
                    if x.local.storage in ("static", "extern"):
                        return True
                    if changed is None:
                        changed = set()
                        for y in later:
                            found = facts_of(y)
                            changed |= found.kills | found.touches
                    if x.local in changed:
                        return True
                case t.Unary() if x.op == "&":
                    if root(x.operand) is None and not isinstance(strip(x.operand), t.Identifier):
                        return True
                case t.Unary() if x.op in ("+", "-", "~", "!"):
                    stack.append(x.operand)
                case t.Selected():
                    stack.append(x.chosen)
                case t.Cast():
                    stack.append(x.operand)
                case t.Binary():
                    stack += [x.left, x.right]
                case t.Conditional() if x.then is not None:
                    stack += [x.condition, x.then, x.otherwise]
                case t.Member() if not x.is_arrow and x.type.kind is not t.TypeKind.ARRAY:
                    stack.append(x.base)
                case _:
                    return True
        return False

    def _is_enumerator(self, e: t.Identifier) -> bool:
        return e.name.isupper() and not is_lvalue_name(e)

    def _temporary_for(self, e: t.Expr) -> t.Local:
        ctype = e.type
        if ctype.kind is t.TypeKind.ARRAY and ctype.element is not None:
            ctype = pointer_to(ctype.element, self.c.unit.pointer_size)
        elif ctype.kind is t.TypeKind.FUNCTION:
            function = ctype
            size = self.c.unit.pointer_size
            ctype = t.CType(
                t.TypeKind.POINTER, "", size, size, element=function, declare_with=lambda n: function.declare(f"(*{n})")
            )
        return self.c.temporary(ctype, e.first)

    def save(self, e: t.Expr, code: low.Code) -> low.Code:
        if _is_temporary(code):
            return code
        temporary = self._temporary_for(e)
        self._set(temporary, code, declares=True)
        return self._use(temporary)

    def _set(self, local: t.Local, code: low.Code, declares: bool = False) -> None:
        self.c.out.append(low.LTemp(local, code, declares, line=local.position.line))

    def _use(self, local: t.Local) -> low.Code:
        return low.Code([low.Place(local)], low.Facts(reads={local}))

    # --- awaits --------------------------------------------------------------------------------------------------

    def site(self, call: t.Expr, is_awaited: bool = True) -> low.Site:
        """Evaluates the callee and the arguments of a call that becomes a future."""
        c = self.c
        call = strip(call)
        place = c.position(call.first)
        result = call.type
        if isinstance(call, t.Resume):
            future = call.future.local
            assert future is not None
            site = low.Site(
                "lazy", "", call.future.name, place.line, place.column, call.first, None, None, [], result, future
            )
            site.may_pool = True
        elif isinstance(call, t.Join):
            name = "ac_op_join_result" if call.is_result else "ac_op_join"
            nodes = [call.handle] if call.out is None else [call.handle, call.out]
            codes = self._operands(nodes) if c.marks[call] & AWAIT else [self.rewrite(x) for x in nodes]
            codes[0] = self._handle_address(call.handle, codes[0])
            holder = codes[0].parts[-1]
            text = "ac_join_result" if call.is_result else "ac_join"
            if call.is_result:
                out_type = result_type_of_handle(call.handle)
                size = f"{out_type.size}" if out_type is not None and out_type.size > 0 else "0"
                if len(codes) < 2:
                    codes.append(low.Code(["NULL"]))
                codes.append(low.Code([size]))
            site = low.Site(
                "own", name, text, place.line, place.column, call.first, c.unit.declared.get(name), None, codes, result
            )
            local = root(call.handle) if is_lvalue(call.handle) else None
            if local is not None:
                site.borrowed.add(local)
            if isinstance(holder, low.Place):
                site.borrowed.add(holder.local)
            if call.out is not None:
                out = borrowed_by(call.out)
                if out is not None:
                    site.borrowed.add(out)
                    for code in codes:
                        code.facts.escapes.discard(out)
        else:
            assert isinstance(call, t.Call)
            site = self._call_site(call)
        site.is_awaited = is_awaited
        site.order = len(c.sites)
        c.sites.append(site)
        return site

    def _call_site(self, call: t.Call) -> low.Site:
        c = self.c
        place = c.position(call.first)
        name = call.function
        text = name or " ".join(tok.text for tok in c.tokens[call.callee.first : call.callee.last]).replace(" . ", ".")
        decl = c.unit.declared.get(name)
        own = name in c.calls.bodies
        leaf = decl is not None and decl.future_size > 0 and not own
        borrowed: set[low.Variable] = set()
        if leaf:
            for argument in call.arguments:
                local = borrowed_by(argument)
                if local is not None and local.storage == "" and not local.is_future:
                    borrowed.add(local)
        kind = "own" if own or leaf else "slot"
        if own and c.calls.is_recursive(c.function.decl.name, name):
            kind = "pool"
        nodes = [*([] if name else [call.callee]), *map(self._essence, call.arguments)]
        if any(c.marks[x] & AWAIT for x in nodes):
            codes = self._operands(nodes)
        else:
            codes = [self.rewrite(x) for x in nodes]
        if kind == "slot":  # the arguments are evaluated before the call slot is armed
            for i, x in enumerate(nodes):
                if c.marks[x] & EFFECT and not _is_temporary(codes[i]):
                    codes[i] = self.save(x, codes[i])
        callee: low.Code | None = None
        if kind == "slot":
            callee = low.Code([f"({name})"]) if name else codes.pop(0)
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
        if is_lvalue(e):
            code.facts.touches |= {x for x in [root(e)] if x is not None}
            return low.Code(["&(", *code.parts, ")"], code.facts)
        temporary = self._temporary_for(e)
        self._set(temporary, code, declares=True)
        return low.Code(["&", low.Place(temporary)], low.Facts(reads={temporary}, escapes={temporary}))

    def wait(self, e: t.Await) -> low.Site:
        """The step that waits. The await of an arm that has won is over already."""
        c = self.c
        if id(e) in c.prepared:
            return c.prepared[id(e)]
        site = self.site(e.call)
        step = low.LAwait(site, c.watch_exits(), c.cancel_exit(), c.strand, line=site.line)
        c.awaits.append(step)
        c.out.append(step)
        return site

    def _result(self, e: t.Expr, site: low.Site) -> low.Code:
        if e.type.kind is t.TypeKind.VOID:
            self._release(site)
            return low.Code([])
        code = low.Code([low.Result(site)], low.Facts(reads={site.future or site}))
        if site.is_released:
            temporary = self.c.temporary(site.result, site.token)
            self._set(temporary, code, declares=True)
            self._release(site)
            return self._use(temporary)
        return code

    def _release(self, site: low.Site) -> None:
        if site.is_released:
            self.c.out.append(low.LRelease(site, line=site.line))

    # --- words inside expressions --------------------------------------------------------------------------------

    def _word(self, e: t.Expr, codes: list[low.Code]) -> low.Code:
        return word(self.c, e, codes)

    # --- putting together ----------------------------------------------------------------------------------------

    def _compose(self, e: t.Expr, codes: dict[int, low.Code], assign: bool = True) -> low.Code:
        """e as written, with the given code for some of its operands."""
        parts: list[low.Part] = []
        facts = facts_of(e, set(codes) - ({id(e.target)} if isinstance(e, t.Assign) and assign else set()))
        at = e.first
        for x in sorted(operands(e), key=lambda x: x.first):
            code = codes.get(id(x))
            if code is None:
                continue
            if at < x.first:
                parts.append(low.Span(at, x.first))
                if not (code.parts and isinstance(code.parts[0], low.Span)):
                    parts.append(low.Gap(x.first))
            if isinstance(e, t.Call) and e.consumes and x is e.arguments[0] and is_lvalue(x):
                parts += ["ac__take(&(", *code.parts, "))"]
                local = root(x)
                if local is not None:
                    facts.touches.add(local)
            else:
                parts += code.parts
            facts.reads |= code.facts.reads
            facts.touches |= code.facts.touches | (set() if facts.kills >= code.facts.kills else code.facts.kills)
            facts.escapes |= code.facts.escapes
            at = x.last
        if at < e.last:
            parts.append(low.Span(at, e.last))
        code = low.Code(parts, facts)
        if isinstance(e, t.CompoundLiteral) and id(e) in self.c.marks.kept:
            local = self.c.keep_literal(e)
            if self.c.generated:
                self.c.pinned.add(local)
            if not e.type.local_types:
                start = next(
                    (i for i, x in enumerate(parts) if not isinstance(x, low.Span) or x.last > e.init.first), 0
                )
                span = parts[start]
                if isinstance(span, low.Span):
                    parts[: start + 1] = [f"({e.type.declare('')})", low.Span(e.init.first, span.last)]
            code.facts.touches.add(local)
            code.facts.escapes.add(local)
            return low.Code([low.Literal(local, low.Code(parts), self.c.marks.kept[id(e)])], code.facts)
        return code


def result_type_of_handle(e: t.Expr) -> t.CType | None:
    """The T of an `ac_task(T)`: the handle's type is T *(*)[kind]."""
    at: t.CType | None = e.type
    for _ in range(3):
        at = at.element if at is not None else None
    return at


def _is_plain_name(callee: t.Expr) -> bool:
    """A function called by name (or a builtin, which may not be called otherwise)."""
    e = strip(callee)
    return isinstance(e, t.Identifier) and e.local is None and e.type.kind is not t.TypeKind.POINTER


def is_lvalue_name(e: t.Identifier) -> bool:
    return e.type.kind in (t.TypeKind.POINTER, t.TypeKind.RECORD)


def _is_temporary(code: low.Code) -> bool:
    if len(code.parts) != 1:
        return False
    part = code.parts[0]
    return isinstance(part, low.Place) and part.local.index == -1


def _is_volatile(e: t.Expr) -> bool:
    return e.type.is_volatile

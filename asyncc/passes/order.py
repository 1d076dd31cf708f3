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
from .branches import Branches
from .compose import compose
from .context import Context
from .facts import facts_of
from .sites import Sites
from .stability import unstable
from .temporaries import save, temporary_for, use
from .walk import AWAIT, EFFECT, JUMP, REWRITE, is_array, is_lvalue, operands, strip
from .words import word, word_operands


class Order:
    def __init__(self, context: Context) -> None:
        self.c = context
        self.nested: Callable[[t.Block], low.Low] | None = None  # set by desugar: lowers a statement expression's body
        self.lower_into: Callable[[t.Stmt], None] | None = None
        self.sites = Sites(self)
        self.branches = Branches(self)

    # --- whole expressions ---------------------------------------------------------------------------------------

    def value(self, e: t.Expr) -> low.Code:
        """The value of a whole expression: steps go to the context, the residue is returned."""
        return self.residue(e) if self.c.marks[e] & AWAIT else self.rewrite(e)

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
                    self.branches.branch(e.left, e.op == "||", lambda: self.effect(e.right), None)
                    return None
                case t.Conditional() if e.then is not None and (c.marks[e.then] | c.marks[e.otherwise]) & AWAIT:
                    then, otherwise = e.then, e.otherwise
                    self.branches.branch(e.condition, False, lambda: self.effect(then), lambda: self.effect(otherwise))
                    return None
                case t.Await():
                    self.sites.release(self.sites.wait(e))
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
                return low.Code([low.Span(e.first, e.last)], facts_of(e), _is_comma(e))
        match e:
            case t.StatementExpr():
                return self._nested(e)
            case t.Binary() if e.op == "," and not self.c.marks[e.left] & (EFFECT | REWRITE):
                return self.rewrite(e.right)
            case t.Spawn() | t.BlockOn() | t.IsDone() | t.Lazy() | t.Join():
                return word(self.c, e, [self.rewrite(x) for x in word_operands(e)])
        code = compose(self.c, e, {id(x): self.rewrite(x) for x in operands(e)})
        code.comma = _is_comma(e)
        return code

    def _nested(self, e: t.StatementExpr) -> low.Code:
        assert self.nested is not None
        body = self.nested(e.body)
        return low.Code(["(", low.Nested(body), ")"], facts_of(e))

    # --- taking apart --------------------------------------------------------------------------------------------

    def residue(self, e: t.Expr) -> low.Code:
        """The residue of e, inside an expression that holds an await."""
        c = self.c
        flags = c.marks[e]
        if not flags & (EFFECT | REWRITE):
            return self.rewrite(e)
        match e:
            case t.Paren():
                inner = self.residue(e.inner)
                return compose(c, e, {id(e.inner): inner}) if not inner.is_empty else inner
            case t.Await():
                return self.sites.result(e, self.sites.wait(e))
            case t.Binary() if e.op == ",":
                self.effect(e.left) if c.marks[e.left] & AWAIT else self._do(e.left)
                return self.residue(e.right)
            case t.Binary() if e.op in ("&&", "||") and c.marks[e.right] & AWAIT:
                return self.branches.logical(e)
            case t.Binary() if e.op in ("&&", "||"):
                return compose(c, e, {id(e.left): self.residue(e.left), id(e.right): self.rewrite(e.right)})
            case t.Conditional():
                return self.branches.conditional(e)
            case t.Assign():
                return self._assign(e)
            case t.Unary() if e.op in ("++", "--", "&"):
                return compose(c, e, {id(e.operand): self._place(e.operand)})
            case t.StatementExpr() if flags & AWAIT:
                temporary = temporary_for(c, e) if e.type.kind is not t.TypeKind.VOID else None
                self._statement_expression(e, temporary)
                return low.Code([]) if temporary is None else use(temporary)
            case t.StatementExpr():
                return self.rewrite(e)
            case t.Selected():
                inner = self.residue(e.chosen)
                return low.Code(["(", *inner.parts, ")"], inner.facts) if not inner.is_empty else inner
            case t.Cast() if e.type.kind is t.TypeKind.VOID:
                self.effect(e.operand)
                return low.Code([])
            case t.Index() | t.Member():
                return self._place(e)
            case t.Unary() if e.op == "*":
                return self._place(e)
            case t.Spawn() | t.BlockOn() | t.IsDone() | t.Lazy() | t.Join():
                return word(self.c, e, self.residues(word_operands(e)))
        inner_nodes = operands(e)
        if isinstance(e, t.Call) and _is_plain_name(e.callee):
            inner_nodes = e.arguments
        return compose(c, e, dict(zip(map(id, inner_nodes), self.residues(inner_nodes), strict=True)))

    def _do(self, e: t.Expr) -> None:
        if self.c.marks[e] & EFFECT:
            code = self.residue(e)
            if not code.is_empty:
                self.c.out.append(low.Text(low.Code([*code.parts, ";"], code.facts), line=self.c.line(e.first)))

    def residues(self, nodes: list[t.Expr]) -> list[low.Code]:
        """The residues of operands that C evaluates before their operator, left to right."""
        c = self.c
        acts = [bool(c.marks[x] & EFFECT) for x in nodes]
        last = max((i for i, a in enumerate(acts) if a), default=-1)
        codes = []
        for i, x in enumerate(nodes):
            if isinstance(x, t.InitList):
                code = self._init_list(x, i < last)
            else:
                code = self.residue(x)
                if i < last and unstable(c, x, nodes[i + 1 :]):
                    code = save(c, x, code)
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
            code = self.residue(x)
            if (i < last or keep) and unstable(c, x, leaves[i + 1 :]):
                code = save(c, x, code)
            codes[id(x)] = code

        def build(node: t.InitList) -> low.Code:
            return compose(
                c, node, {id(x): build(x) if isinstance(x, t.InitList) else codes[id(x)] for x in operands(node)}
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
                return compose(c, e, {id(e.inner): self._place(e.inner)})
            case t.Member() if not e.is_arrow and is_array(e) and not is_lvalue(e):
                return compose(c, e, {id(e.base): self._kept_value(e.base)})
            case t.Member() if not e.is_arrow:
                return compose(c, e, {id(e.base): self._place(e.base)})
            case t.Index() if is_array(e.base) and is_lvalue(e.base):
                # The base's own awaits are steps already; what is left of it names the same array.
                base = self._place(e.base)
                return compose(c, e, {id(e.base): base, id(e.index): self.residue(e.index)})
            case t.Index() | t.Member():
                nodes = operands(e)
                return compose(c, e, dict(zip(map(id, nodes), self.residues(nodes), strict=True)))
            case t.Unary() if e.op == "*":
                return compose(c, e, {id(e.operand): self.residue(e.operand)})
            case t.CompoundLiteral() | t.Unary():
                nodes = operands(e)
                return compose(c, e, dict(zip(map(id, nodes), self.residues(nodes), strict=True)))
        return self.residue(e)

    def _kept_value(self, e: t.Expr) -> low.Code:
        """The struct that holds an array which is no lvalue: in a temporary, for the array must outlast what follows."""
        c = self.c
        if isinstance(e, t.Paren):
            return compose(c, e, {id(e.inner): self._kept_value(e.inner)})
        if isinstance(e, t.Member) and not e.is_arrow:
            return compose(c, e, {id(e.base): self._kept_value(e.base)})
        code = save(c, e, self.residue(e))
        code.facts.escapes |= code.facts.reads
        return code

    def _assign(self, e: t.Assign) -> low.Code:
        """The right side first; then the place is evaluated and read."""
        c = self.c
        value = self.residue(e.value)
        if c.marks[e.target] & EFFECT and unstable(c, e.value, [e.target]):
            value = save(c, e.value, value)
        target = self._place(e.target)
        skip = {id(e.target)} if c.marks[e.target] & (AWAIT | REWRITE) else set()
        return compose(c, e, {id(e.value): value, id(e.target): target}, assign=not skip)

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


def _is_plain_name(callee: t.Expr) -> bool:
    """A function called by name (or a builtin, which may not be called otherwise)."""
    e = strip(callee)
    return isinstance(e, t.Identifier) and e.local is None and e.type.kind is not t.TypeKind.POINTER


def _is_comma(e: t.Expr) -> bool:
    return isinstance(e, t.Binary) and e.op == ","


def _is_volatile(e: t.Expr) -> bool:
    return e.type.is_volatile

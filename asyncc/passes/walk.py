"""What a node of the tree holds: its operands, and whether anything in it has to change.

One walk from the bottom up gives every node its flags; all later passes ask these instead of searching again, so that
the whole stays linear in the size of the text.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..ir import tree as t

AWAIT = 1  # something in it waits (an await, select, gather, within …)
EFFECT = 2  # evaluating it may change something: a call, an assignment
REWRITE = (
    4  # something in it is printed differently: spawn, a consumed handle, a kept literal, return in an async function
)
JUMP = 8  # it holds a break, continue, goto (whether that has to change depends on what it leaves)


def operands(e: t.Expr) -> list[t.Expr]:
    """The evaluated operands of an expression, in the order of the text."""
    match e:
        case t.Paren():
            return [e.inner]
        case t.Unary() | t.Cast() | t.BuiltinWithType():
            return [e.operand]
        case t.Binary():
            return [e.left, e.right]
        case t.Assign():
            return [e.target, e.value]
        case t.Conditional():
            return [e.condition, e.otherwise] if e.then is None else [e.condition, e.then, e.otherwise]
        case t.Call():
            return [e.callee, *e.arguments]
        case t.Index():
            return [e.base, e.index]
        case t.Member():
            return [e.base]
        case t.CompoundLiteral():
            return [e.init]
        case t.InitList():
            return [x for item in e.items for x in (*designator_operands(item), item.value)]
        case t.Selected():
            return [e.chosen]
        case t.Await():
            return [e.call]
        case t.Join():
            return [e.handle] if e.out is None else [e.handle, e.out]
        case t.Resume() | t.IsDone():
            return [e.future]
        case t.Spawn():
            return [e.call] if e.runtime is None else [e.runtime, e.call]
        case t.Lazy():
            return [e.call]
        case t.BlockOn():
            return [e.runtime, e.call]
    return []


def designator_operands(item: t.InitItem) -> Iterator[t.Expr]:
    for d in item.designators:
        if d.index is not None:
            yield d.index
        if d.high is not None:
            yield d.high


def parts(s: t.Stmt) -> tuple[list[t.Expr], list[t.Stmt]]:
    """The expressions and the statements directly in a statement."""
    match s:
        case t.Block():
            return [], s.body
        case t.Declaration():
            return [d.init for d in s.declarators if d.init is not None], []
        case t.ExprStmt():
            return [s.expr], []
        case t.Asm():
            return list(s.operands), []
        case t.If():
            return [s.condition], [s.then] if s.otherwise is None else [s.then, s.otherwise]
        case t.While() | t.DoWhile():
            return [s.condition], [s.body]
        case t.For():
            exprs = [x for x in (s.condition, s.step) if x is not None]
            return exprs, [s.body] if s.init is None else [s.init, s.body]
        case t.Switch():
            return [s.operand], [s.body]
        case t.Case() | t.Label():
            return [], [] if s.body is None else [s.body]
        case t.ComputedGoto():
            return [s.target], []
        case t.Return():
            return [] if s.value is None else [s.value], []
        case t.Defer():
            return [], [s.body]
        case t.Select():
            exprs = [g for arm in s.arms for g, _ in arm.guards]
            exprs += [arm.expr for arm in s.arms if arm.expr is not None]
            stmts: list[t.Stmt] = [arm.declaration for arm in s.arms if arm.declaration is not None]
            stmts += [arm.body for arm in s.arms]
            stmts += s.default or []
            return exprs, stmts if s.otherwise is None else [*stmts, s.otherwise]
        case t.Gather():
            return [], s.branches
        case t.Within():
            return [s.duration], [s.body] if s.otherwise is None else [s.body, s.otherwise]
        case t.RunUntil():
            return [s.condition], [s.body] if s.otherwise is None else [s.body, s.otherwise]
    return [], []


def strip(e: t.Expr) -> t.Expr:
    """Without parentheses (and __extension__)."""
    while True:
        if isinstance(e, t.Paren):
            e = e.inner
        elif isinstance(e, t.Unary) and e.op == "__extension__":
            e = e.operand
        else:
            return e


def is_array(e: t.Expr) -> bool:
    """Whether e is an array object; a parameter declared as one is a pointer."""
    inner = strip(e)
    if isinstance(inner, t.Identifier) and inner.local is not None:
        return inner.local.type.kind is t.TypeKind.ARRAY
    return e.type.kind is t.TypeKind.ARRAY


def is_lvalue(e: t.Expr) -> bool:
    e = strip(e)
    match e:
        case t.Identifier():
            return e.local is not None or e.type.kind is not t.TypeKind.FUNCTION
        case t.Index() | t.CompoundLiteral():
            return True
        case t.Unary():
            return e.op == "*"
        case t.Member():
            return e.is_arrow or is_lvalue(e.base)
        case t.Selected():
            return is_lvalue(e.chosen)
    return False


def root(e: t.Expr) -> t.Local | None:
    """The local variable an lvalue is (a part of) without going through a pointer."""
    e = strip(e)
    while True:
        match e:
            case t.Identifier():
                return e.local
            case t.Member() if not e.is_arrow:
                e = strip(e.base)
            case t.Index():
                base, index = strip(e.base), strip(e.index)
                if not is_array(base):
                    if is_array(index):
                        base = index
                    else:
                        return None
                e = base
            case t.Selected():
                e = strip(e.chosen)
            case t.Unary() if e.op in ("__real__", "__imag__"):
                e = strip(e.operand)
            case _:
                return None


class Marks:
    """The flags of every node of a function."""

    def __init__(self, function: t.Function) -> None:
        self.of: dict[int, int] = {}
        self.is_async = function.decl.is_async
        self.kept: dict[int, bool] = {}  # compound literals whose address is kept: is it taken by &
        self._statement(function.body)

    def __getitem__(self, node: t.Expr | t.Stmt | None) -> int:
        return self.of.get(id(node), 0) if node is not None else 0

    def _statement(self, s: t.Stmt) -> int:
        exprs, stmts = parts(s)
        flags = 0
        if isinstance(s, t.Declaration):
            for d in s.declarators:
                if d.init is not None and d.local is not None and d.local.storage != "static":
                    whole = isinstance(d.init, t.InitList) or d.local.type.kind is t.TypeKind.ARRAY
                    self._keep(d.init, "init" if whole else "value")
        for e in exprs:
            if not isinstance(s, t.Declaration):
                self._keep(e, "value")
            flags |= self._expression(e)
        for inner in stmts:
            flags |= self._statement(inner)
        match s:
            case t.Return():
                flags |= JUMP | EFFECT | (REWRITE if self.is_async else 0)
            case t.Break() | t.Continue() | t.Goto() | t.ComputedGoto():
                flags |= JUMP | EFFECT
            case t.Defer():
                flags |= REWRITE | EFFECT
            case t.Select() | t.Gather() | t.Within() | t.RunUntil():
                flags |= AWAIT | REWRITE | EFFECT
            case t.Declaration():
                flags |= EFFECT
                for d in s.declarators:
                    if d.local is not None and (d.local.is_future or (d.local.cleanup and self.is_async)):
                        flags |= REWRITE
            case t.Asm() | t.Label() | t.Case():
                flags |= EFFECT
        self.of[id(s)] = flags
        return flags

    def _expression(self, e: t.Expr) -> int:
        flags = 0
        if isinstance(e, t.StatementExpr):
            flags = self._statement(e.body) | EFFECT
        else:
            for x in operands(e):
                flags |= self._expression(x)
        match e:
            case t.Call():
                flags |= EFFECT
                if e.consumes and e.arguments and is_lvalue(e.arguments[0]):
                    flags |= REWRITE
            case t.Assign():
                flags |= EFFECT
            case t.Unary() if e.op in ("++", "--"):
                flags |= EFFECT
            case t.Await():
                flags |= AWAIT | EFFECT | REWRITE
            case t.Spawn() | t.BlockOn() | t.Lazy() | t.Join():
                flags |= EFFECT | REWRITE
            case t.IsDone():
                flags |= REWRITE
            case t.CompoundLiteral() if id(e) in self.kept:
                flags |= REWRITE | EFFECT
            case t.Cast() | t.CompoundLiteral() if e.type.kind is t.TypeKind.VLA:  # the length may be `++n`
                flags |= EFFECT
            case t.Unevaluated() if e.may_act:
                flags |= EFFECT
            case t.BuiltinWithType():
                flags |= EFFECT
        self.of[id(e)] = flags
        return flags

    def _keep(self, e: t.Expr, use: str) -> None:
        """Finds compound literals whose address may be kept. `use`: what becomes of e: "value", "address", "place"."""
        if not self.is_async:
            return
        match e:
            case t.Paren() | t.Selected():
                self._keep(e.inner if isinstance(e, t.Paren) else e.chosen, use)
            case t.CompoundLiteral():
                if use == "address":
                    self.kept[id(e)] = True
                elif use == "value" and e.type.kind is t.TypeKind.ARRAY:
                    self.kept[id(e)] = False
                self._keep(e.init, "init")
            case t.Unary() if e.op == "&":
                self._keep(e.operand, "address" if isinstance(strip(e.operand), t.CompoundLiteral) else "place")
            case t.Member() if not e.is_arrow:
                decays = e.type.kind is t.TypeKind.ARRAY and use == "value"
                inner = strip(e.base)
                if isinstance(inner, t.CompoundLiteral) and (decays or use == "place"):
                    self.kept[id(inner)] = False
                    self._keep(inner.init, "init")
                else:
                    self._keep(e.base, "place" if decays else use)
            case t.Index():
                self._keep(e.base, "value" if not is_array(e.base) else "part" if use == "value" else "value")
                self._keep(e.index, "value")
            case t.InitList():
                for x in operands(e):
                    self._keep(x, "value" if not isinstance(x, t.InitList) else "init")
            case _:
                for x in operands(e):
                    self._keep(x, "value")

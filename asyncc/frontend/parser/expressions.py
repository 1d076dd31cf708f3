"""Expressions, in the order of C's grammar (C11 6.5) with GNU's additions and the words that are expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...ir.source import TokenKind
from ...ir.tree import (
    Assign,
    Await,
    Binary,
    BlockOn,
    BuiltinWithType,
    Call,
    Cast,
    CompoundLiteral,
    Conditional,
    Constant,
    Designator,
    Expr,
    Identifier,
    Index,
    InitItem,
    InitList,
    IsDone,
    Join,
    LabelAddress,
    Lazy,
    Local,
    Member,
    Paren,
    Resume,
    Selected,
    Spawn,
    StatementExpr,
    Unary,
    Unevaluated,
)
from .base import Base
from .scope import EnumConstant, LocalFunction

if TYPE_CHECKING:
    from ...ir.tree import Block

_ASSIGNMENTS = frozenset({"=", "*=", "/=", "%=", "+=", "-=", "<<=", ">>=", "&=", "^=", "|="})
_LEVELS: dict[str, int] = {
    op: level
    for level, ops in enumerate(["||", "&&", "|", "^", "&", "== !=", "< > <= >=", "<< >>", "+ -", "* / %"], start=1)
    for op in ops.split()
}
_PREFIX = frozenset(
    {"&", "*", "+", "-", "~", "!", "++", "--", "__extension__", "__real__", "__imag__", "__real", "__imag"}
)
_SIZES = frozenset(
    {"sizeof", "_Alignof", "alignof", "__alignof__", "__alignof", "_Countof", "__builtin_vectorelements"}
)
_LITERALS = (TokenKind.NUMBER, TokenKind.STRING, TokenKind.CHAR)


def strip(expr: Expr) -> Expr:
    """Without its parentheses."""
    while isinstance(expr, Paren):
        expr = expr.inner
    return expr


class Expressions(Base):
    # Given by the other parts of the parser.
    def type_name(self) -> tuple[int, int]:
        raise NotImplementedError

    def starts_type(self) -> bool:
        raise NotImplementedError

    def block(self) -> Block:
        raise NotImplementedError

    # --- operators -----------------------------------------------------------------------------------------------------

    def expression(self) -> Expr:
        left = self.assignment()
        while self.text == ",":
            self.next()
            right = self.assignment()
            left = Binary(left.first, right.last, ",", left, right, **self.typed())
        return left

    def assignment(self) -> Expr:
        left = self.conditional()
        if self.text in _ASSIGNMENTS and self.kind is TokenKind.PUNCT:
            op = self.text
            self.next()
            value = self.initializer() if self.text == "{" else self.assignment()
            return Assign(left.first, value.last, op, left, value, **self.typed())
        return left

    def conditional(self) -> Expr:
        condition = self.binary(1)
        if self.text != "?":
            return condition
        self.next()
        then = None if self.text == ":" else self.expression()
        self.expect(":")
        self.skip_directives()
        otherwise = self.conditional()
        return Conditional(condition.first, otherwise.last, condition, then, otherwise, **self.typed())

    def binary(self, least: int) -> Expr:
        """Precedence climbing: an expression of operators that bind at least this tightly."""
        left = self.cast()
        while True:
            op = self.text
            level = _LEVELS.get(op, 0)
            if level < least or self.kind is not TokenKind.PUNCT:
                return left
            self.next()
            right = self.binary(level + 1)
            left = Binary(left.first, right.last, op, left, right, **self.typed())

    def cast(self) -> Expr:
        if self.text != "(" or self.kind is not TokenKind.PUNCT or not self._type_in_parentheses():
            return self.unary()
        first = self.next()
        type_first, type_last = self.type_name()
        self.expect(")")
        if self.text == "{":
            return self._suffixes(self._compound_literal(first, type_first, type_last))
        operand = self.cast()
        return Cast(first, operand.last, type_first, type_last, operand, **self.typed())

    def _type_in_parentheses(self) -> bool:
        """Whether a type name follows the parenthesis here."""
        at = self.at
        self.next()
        found = self.starts_type()
        self.at = at
        return found

    def _compound_literal(self, first: int, type_first: int, type_last: int) -> Expr:
        values = self.initializer()
        assert isinstance(values, InitList)
        return CompoundLiteral(first, values.last, type_first, type_last, values, **self.typed())

    def unary(self) -> Expr:
        text, kind = self.text, self.kind
        if kind is TokenKind.WORD:
            return self._suffixes(self._word()) if self.word != "await" else self._await()
        if kind is TokenKind.PUNCT and text == "&&":
            first = self.next()
            return LabelAddress(first, self.next() + 1, self.label_name(first + 1), **self.typed())
        if text in _PREFIX and kind in (TokenKind.PUNCT, TokenKind.NAME):
            first = self.next()
            operand = self.cast()
            return Unary(first, operand.last, text, operand, **self.typed())
        if text in _SIZES and kind is TokenKind.NAME:
            return self._size()
        return self._suffixes(self._primary())

    def _size(self) -> Expr:
        """sizeof and its kin: the operand is not evaluated."""
        first = self.next()
        mentioned = len(self._mentions)
        self.unevaluated += 1
        if self.text == "(" and self._type_in_parentheses():
            self.next()
            self.type_name()
            last = self.expect(")") + 1
            if self.text == "{":  # sizeof (T){ … }
                literal = self._suffixes(self._compound_literal(last - 1, first, last))
                last = literal.last
        else:
            last = self.unary().last
        self.unevaluated -= 1
        return self._not_evaluated(first, last, mentioned)

    def _not_evaluated(self, first: int, last: int, mentioned: int) -> Unevaluated:
        """Names mentioned since `mentioned` belong to it. Those inside of another one count for both."""
        found = list(dict.fromkeys(self._mentions[mentioned:]))
        if not self.unevaluated:
            del self._mentions[mentioned:]
        return Unevaluated(first, last, found, **self.typed())

    _mentions: list[Local]

    # --- primary and postfix ---------------------------------------------------------------------------------------------

    def _primary(self) -> Expr:
        kind, text = self.kind, self.text
        if kind is TokenKind.NAME:
            special = _SPECIAL.get(text)
            return special(self) if special is not None else self._identifier()
        if kind in _LITERALS:
            first = self.next()
            is_string = kind is TokenKind.STRING
            while is_string and self.kind is TokenKind.STRING:
                self.next()
            return Constant(first, self.last_end(), is_string, **self.typed())
        if text == "(":
            first = self.next()
            if self.text == "{":
                body = self.block()
                return StatementExpr(first, self.expect(")") + 1, body, **self.typed())
            inner = self.expression()
            return Paren(first, self.expect(")") + 1, inner, **self.typed())
        raise self.failure(f"expected an expression before '{text or 'the end'}'")

    def label_name(self, token: int) -> str:
        """The name of a label in the function: another than it is spelled for one that __label__ declares."""
        spelled = self.tokens[token].text
        name = self.scopes.find_label(spelled)
        if name is None:
            return spelled
        self.local_labels[token] = token + 1, name
        return name

    def _identifier(self) -> Identifier:
        index = self.next()
        name = self.tokens[index].text
        meaning = self.scopes.find(name)
        local = meaning if isinstance(meaning, Local) else None
        if isinstance(meaning, EnumConstant):
            self.constants[index] = meaning.enum
        if local is not None:
            self.names[index] = local
            if self.unevaluated:
                self._mentions.append(local)
        return Identifier(index, index + 1, name, local, **self.typed())

    def _suffixes(self, expr: Expr) -> Expr:
        while True:
            text = self.text
            if text == "(":
                expr = self._call(expr)
            elif text == "[":
                self.next()
                index = self.expression()
                expr = Index(expr.first, self.expect("]") + 1, expr, index, **self.typed())
            elif text in (".", "->") and self.kind is TokenKind.PUNCT:
                self.next()
                name = self._member_name()
                expr = Member(expr.first, name + 1, expr, self.tokens[name].text, text == "->", **self.typed())
            elif text in ("++", "--") and self.kind is TokenKind.PUNCT:
                last = self.next() + 1
                expr = Unary(expr.first, last, text, expr, True, **self.typed())
            else:
                return expr

    def _member_name(self) -> int:
        if self.kind is TokenKind.WORD:
            self.report_word_as_name(self.at)
        return self.next()

    def report_word_as_name(self, token: int) -> None:
        word = self.tokens[token].text
        self.report(
            "word-as-name",
            token,
            f"'{word}' is a word of the language and cannot be a name",
            "rename it, or define ASYNCC_NO_KEYWORDS and write the words with their prefix: "
            + (word if word.startswith("ac_") else f"ac_{word}"),
        )

    def _call(self, callee: Expr) -> Call:
        self.expect("(")
        arguments: list[Expr] = []
        while self.text != ")":
            arguments.append(self.assignment())
            if not self.accept(","):
                break
        last = self.expect(")") + 1
        return self.finish_call(Call(callee.first, last, callee, arguments, **self.typed()))

    def finish_call(self, call: Call) -> Call:
        """Fills in what is known of the callee."""
        callee = call.callee
        while isinstance(callee, Paren | Unary) and (
            isinstance(callee, Paren) or callee.op in ("*", "&", "__extension__")
        ):
            callee = callee.inner if isinstance(callee, Paren) else callee.operand
        if isinstance(callee, Identifier) and callee.local is None:
            meaning = self.scopes.find(callee.name)
            known = self.functions.get(callee.name) or self.declared_here.get(callee.name)
            if known is not None or isinstance(meaning, LocalFunction):
                call.function = callee.name
                self.called.add(callee.name)
            elif (
                callee.name.startswith("__builtin_")
                or callee.name.startswith("__sync_")
                or callee.name.startswith("__atomic_")
            ):
                return call
            if known is not None:
                call.is_async = known.is_async
                call.consumes = callee.name in self.consumers
                return call
        if not self.unevaluated:
            call.is_async = self.oracle.type_of(call.callee).is_async_function
        return call

    # --- builtins that take types ---------------------------------------------------------------------------------------

    def _generic(self) -> Expr:
        first = self.next()
        self.expect("(")
        mentioned = len(self._mentions)
        self.unevaluated += 1
        if self.starts_type():
            self.type_name()
        else:
            self.assignment()
        self.unevaluated -= 1
        if not self.unevaluated:
            del self._mentions[mentioned:]
        chosen_index = self.oracle.chosen(first)
        chosen: Expr | None = None
        k = 0
        while self.accept(","):
            if self.text == "default":
                self.next()
            else:
                self.type_name()
            self.expect(":")
            self.skip_directives()
            k += 1
            # A branch that is not taken is parsed for its names, and not evaluated.
            if k == chosen_index:
                chosen = self.assignment()
            else:
                self._aside()
        return self._selected(first, self.expect(")") + 1, chosen)

    def _choose(self) -> Expr:
        first = self.next()
        self.expect("(")
        self._aside()
        chosen: Expr | None = None
        for k in (1, 2):
            self.expect(",")
            if self.oracle.chosen(first) == k:
                chosen = self.assignment()
            else:
                self._aside()
        return self._selected(first, self.expect(")") + 1, chosen)

    def _aside(self) -> None:
        mentioned = len(self._mentions)
        self.unevaluated += 1
        self.assignment()
        self.unevaluated -= 1
        if not self.unevaluated:
            del self._mentions[mentioned:]

    def _selected(self, first: int, last: int, chosen: Expr | None) -> Expr:
        if chosen is None:
            return Unevaluated(first, last, [], **self.typed())
        return Selected(first, last, chosen, **self.typed())

    def _with_type(self) -> Expr:
        """__builtin_va_arg(ap, T), __builtin_convertvector(v, T)."""
        first = self.next()
        self.expect("(")
        operand = self.assignment()
        self.expect(",")
        self.type_name()
        return BuiltinWithType(first, self.expect(")") + 1, operand, **self.typed())

    def _offset(self) -> Expr:
        """__builtin_offsetof(T, a.b[i]), __builtin_types_compatible_p(T, U): nothing in them is evaluated."""
        first = self.next()
        mentioned = len(self._mentions)
        self.unevaluated += 1
        self.expect("(")
        self.type_name()
        self.expect(",")
        if self.starts_type():
            self.type_name()
        else:
            self.next()  # a member, no name of ours
            while self.text in (".", "->", "["):
                if self.accept("["):
                    self.expression()
                    self.expect("]")
                else:
                    self.next()
                    self.next()
        last = self.expect(")") + 1
        self.unevaluated -= 1
        return self._not_evaluated(first, last, mentioned)

    # --- initialisers --------------------------------------------------------------------------------------------------

    def initializer(self) -> Expr:
        if self.text != "{" or self.kind is not TokenKind.PUNCT:
            return self.assignment()
        first = self.next()
        self.skip_directives()
        items: list[InitItem] = []
        while self.text != "}":
            designators = self._designators()
            items.append(InitItem(designators, self.initializer()))
            if not self.accept(","):
                break
        return InitList(first, self._close_brace() + 1, items, **self.typed())

    def _close_brace(self) -> int:
        """The brace that ends a list; the expression goes on after it, so directives are stepped over."""
        index = self.expect("}")
        self.skip_directives()
        return index

    def _designators(self) -> list[Designator]:
        found: list[Designator] = []
        while True:
            first = self.at
            if self.text == "[" and self.kind is TokenKind.PUNCT:
                self.next()
                index = self.conditional()
                high = self.conditional() if self.accept("...") else None
                found.append(Designator(first, self.expect("]") + 1, index, high))
            elif self.text == "." and self.kind is TokenKind.PUNCT:
                self.next()
                name = self._member_name()
                found.append(Designator(first, name + 1, field_name=self.tokens[name].text))
            elif self.kind is TokenKind.NAME and not found and self.peek() == ":":
                name = self.next()
                last = self.next() + 1
                self.skip_directives()
                return [Designator(name, last, field_name=self.tokens[name].text)]
            else:
                break
        if found:
            self.accept("=")  # old GNU leaves it out after [index]
        return found

    # --- words ---------------------------------------------------------------------------------------------------------

    def _await(self) -> Expr:
        first = self.next()
        operand = self.cast()
        return self._awaited(first, operand.last, operand)

    def _awaited(self, first: int, last: int, operand: Expr) -> Expr:
        """The await of an operand, which may stand in parentheses, also after commas."""
        inner = strip(operand)
        if isinstance(inner, Binary) and inner.op == ",":
            right = self._awaited(first, inner.right.last, inner.right)
            right.first = inner.right.first
            return Binary(first, last, ",", inner.left, right, **self.typed())
        if isinstance(inner, Unary) and inner.op == "__extension__":
            return self._awaited(first, last, inner.operand)
        made = Await(first, last, inner, self.tokens[first].position, **self.typed())
        if not self.unevaluated:
            self._check_awaited(first, inner)
        return made

    def _check_awaited(self, first: int, inner: Expr) -> None:
        if isinstance(inner, Join | Resume) or (isinstance(inner, Call) and inner.is_async):
            return
        if isinstance(inner, Call):
            if inner.function:
                message = f"'{inner.function}' is not an async function: there is nothing to wait for"
                fix = "leave out the await, or declare the function async"
            else:
                message = "this pointer's type is not that of an async function: there is nothing to wait for"
                fix = (
                    "declare the pointer 'async T (*p)(…)'; clang can tell such pointers apart on x86, ARM, POWER64, s390x and "
                    "WebAssembly"
                )
            self.report("await-of-plain-call", first, message, fix)
        else:
            self.report(
                "await-operand",
                first,
                "await takes a call of an async function, ac_join or ac_resume",
                "write 'await f(…)'; for parts of an expression put parentheses around the await: '(await f(…)).x'",
            )

    def _word(self) -> Expr:
        word = self.word
        if word in _WORD_EXPRESSIONS and self.peek() == "(":
            return _WORD_EXPRESSIONS[word](self)
        self.report_word_as_name(self.at)
        return self._identifier()

    def _opening(self) -> int:
        first = self.next()
        self.expect("(")
        return first

    def _spawn(self) -> Expr:
        kind, first = self.word, self._opening()
        runtime = None
        if kind == "spawn_on":
            runtime = self.assignment()
            self.expect(",")
        call = strip(self.expression())
        last = self.expect(")") + 1
        made = Spawn(first, last, kind, runtime, call, self.tokens[first].position, **self.typed())
        wants_async = kind != "spawn_blocking"
        if isinstance(call, Join) and wants_async:
            return made
        if not isinstance(call, Call):
            self.report(
                "spawn-operand", first, f"{kind} takes one call", f"write '{kind}(f(…))'; a task is one function's run"
            )
        elif not self.unevaluated and call.is_async != wants_async:
            name = call.function or "this"
            if wants_async:
                self.report(
                    "spawn-operand",
                    first,
                    f"'{name}' is not an async function",
                    "a plain function that takes long runs on the blocking pool: 'spawn_blocking(…)'",
                )
            else:
                self.report("spawn-operand", first, f"'{name}' is an async function", "write 'spawn(…)'")
        return made

    def _lazy(self) -> Expr:
        first = self._opening()
        call = strip(self.expression())
        last = self.expect(")") + 1
        if not (isinstance(call, Call) and (call.is_async or self.unevaluated)) and not isinstance(call, Join):
            self.report("lazy-operand", first, "ac_lazy takes a call of an async function", "write 'ac_lazy(f(…))'")
        return Lazy(first, last, call, self.tokens[first].position, **self.typed())

    def _join(self) -> Expr:
        is_result, first = self.word == "ac_join_result", self._opening()
        handle = self.assignment()
        out = None
        if is_result:
            self.expect(",")
            out = self.assignment()
        return Join(first, self.expect(")") + 1, handle, out, is_result, **self.typed())

    def _future(self, first: int) -> Identifier:
        name = strip(self.assignment())
        if isinstance(name, Identifier) and name.local is not None:
            return name
        self.report(
            "future-misuse",
            first,
            f"{self.tokens[first].text} takes the name of a local declared with ac_future",
            "the storage of a future belongs to that local: it cannot be reached through anything else",
        )
        return Identifier(name.first, name.last, self.tokens[name.first].text, None, **self.typed())

    def _resume(self) -> Expr:
        first = self._opening()
        future = self._future(first)
        return Resume(first, self.expect(")") + 1, future, **self.typed())

    def _is_done(self) -> Expr:
        first = self._opening()
        future = self._future(first)
        return IsDone(first, self.expect(")") + 1, future, **self.typed())

    def _block_on(self) -> Expr:
        first = self._opening()
        runtime = self.assignment()
        self.expect(",")
        call = strip(self.expression())
        last = self.expect(")") + 1
        if not isinstance(call, Join) and not (isinstance(call, Call) and (call.is_async or self.unevaluated)):
            self.report(
                "block-on-operand",
                first,
                "ac_block_on takes a call of an async function",
                "write 'ac_block_on(rt, f(…))'",
            )
        return BlockOn(first, last, runtime, call, self.tokens[first].position, **self.typed())


_SPECIAL = {
    "_Generic": Expressions._generic,
    "__builtin_choose_expr": Expressions._choose,
    "__builtin_va_arg": Expressions._with_type,
    "__builtin_convertvector": Expressions._with_type,
    "__builtin_offsetof": Expressions._offset,
    "__builtin_types_compatible_p": Expressions._offset,
}
_WORD_EXPRESSIONS = {
    "spawn": Expressions._spawn,
    "spawn_local": Expressions._spawn,
    "spawn_on": Expressions._spawn,
    "spawn_blocking": Expressions._spawn,
    "ac_lazy": Expressions._lazy,
    "ac_join": Expressions._join,
    "ac_join_result": Expressions._join,
    "ac_resume": Expressions._resume,
    "ac_is_done": Expressions._is_done,
    "ac_block_on": Expressions._block_on,
}

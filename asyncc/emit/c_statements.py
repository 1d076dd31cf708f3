"""Prints the lowered body of a function, statement by statement, around the user's own text.

Here are the layout of the text and the statements that are little more than it; what has more to it has a printer of its
own, which goes on with the statements inside it by the methods of this one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..ir import low
from .c_code import CodePrinter
from .c_declarations import DeclarationPrinter
from .c_exits import ExitPrinter
from .c_gather import GatherPrinter
from .c_loops import LoopPrinter
from .c_select import SelectPrinter
from .c_waits import WaitPrinter
from .c_within import WithinPrinter


class StatementPrinter:
    def __init__(self, printer: CodePrinter) -> None:
        self.p = printer
        self.c, self.w = printer.c, printer.w
        self.p.nested = self._nested
        self.in_block = True
        self.selects: list[SelectPrinter] = []  # those around, the innermost last
        self.run = f"ac__{self.c.function.decl.name}_run"
        self.declarations = DeclarationPrinter(self)
        self.exits = ExitPrinter(self)
        self.waits = WaitPrinter(self)
        self.kinds: dict[type[low.Low], Callable[[Any], None]] = {
            low.Verbatim: self._verbatim,
            low.Text: self._text,
            low.LTemp: self._temporary,
            low.LDeclare: self.declarations.print,
            low.LBlock: self._block,
            low.LIf: self._if,
            low.LLoop: LoopPrinter(self).print,
            low.LSwitch: self._switch,
            low.LCase: self._label,
            low.LLabel: self._label,
            low.LMark: self._mark,
            low.LJump: self.exits.jump,
            low.LComputedGoto: self.exits.computed_goto,
            low.LDefer: self.exits.defer,
            low.LAwait: self.waits.await_,
            low.LRelease: self._release,
            low.LLazy: self.waits.lazy,
            low.LWithin: WithinPrinter(self).print,
            low.LSelect: self._select,
            low.LWon: self._won,
            low.LGather: self._gather,
        }

    # --- layout of the text

    def lead(self, s: low.Low) -> None:
        """Goes to where a statement starts: as in the user's text, or to a fresh line."""
        if s.first >= 0:
            token = self.c.tokens[s.first]
            self.p.line = token.position.line
            if token.use is None or token.index == token.use.first or "\n" in token.before:
                self.p.tokens.lead(token)
                if "\n" in token.before:
                    self.w.indent = self.w.lines[-1].text if not self.w.lines[-1].text.strip() else self.w.indent
                    return
            if self.in_block and not isinstance(s, low.Verbatim):
                self.w.newline()
            return
        if s.line > 0:
            self.p.line = s.line
        self.w.newline()

    def put(self, text: str) -> None:
        self.w.code(text, self.p.line)

    def fresh(self, text: str) -> None:
        """A line of generated text."""
        self.w.newline()
        self.w.raw(text, self.p.line)

    def statement(self, s: low.Low, in_block: bool = True) -> None:
        outer, self.in_block = self.in_block, in_block
        self.kinds[type(s)](s)
        self.in_block = outer

    def all(self, body: list[low.Low]) -> None:
        indent = self.w.indent
        for s in body:
            self.w.indent = indent
            self.statement(s)
        self.w.indent = indent

    def _nested(self, body: low.Low) -> None:
        indent = self.w.indent
        self.statement(body)
        self.w.indent = indent

    def braces(self, body: list[low.Low], opened: bool = False) -> None:
        """Statements in generated braces."""
        indent = self.w.indent
        if not opened:
            self.put("{")
        self.w.indent = indent + "    "
        for s in body:
            self.w.indent = indent + "    "
            if s.first >= 0:
                s = self._detached(s)
            self.statement(s)
        self.w.indent = indent
        self.fresh("}")

    def _detached(self, s: low.Low) -> low.Low:
        """A user's statement that moved into generated braces starts on a line of its own."""
        if "\n" not in self.c.tokens[s.first].before:
            self.w.newline()
        return s

    # --- simple statements

    def _verbatim(self, s: low.Verbatim) -> None:
        self.lead(s)
        self.p.tokens.suppress = True
        self.p.tokens.span(s.stmt.first, s.stmt.last)
        self.p.tokens.suppress = False

    def _text(self, s: low.Text) -> None:
        self.lead(s)
        self.p.start(s.code)

    def _temporary(self, s: low.LTemp) -> None:
        in_frame = self.p.in_frame(s.local)
        if s.code is None:
            if not in_frame:
                self.lead(s)
                self.put(s.local.type.declare(s.local.name) + ";")
            elif s.first >= 0:
                self.lead(s)
            return
        self.lead(s)
        if s.declares and not in_frame:
            self.put(s.local.type.declare(s.local.name) + " = ")
            self.p.start(s.code.assigned)
        else:
            self.declarations.store(self.p.place(s.local), s.local.type, s.code)
        self.put(";")

    # --- structure

    def _block(self, s: low.LBlock) -> None:
        if s.last < 0:
            self.lead(s)
            self.braces(s.body)
            return
        self.lead(s)
        assert s.scope is not None
        self.p.tokens.suppress = True
        self.p.tokens.span(s.scope.first, s.scope.first + 1)
        self.p.tokens.suppress = False
        indent = self.w.indent
        close = self.c.tokens[s.last - 1]
        if any(not isinstance(x, low.Verbatim) for x in s.body):
            self.w.indent = indent + "    "
        for x in s.body:
            self.statement(x)
        self.w.indent = indent
        if "\n" not in close.before and any(not isinstance(x, low.Verbatim) for x in s.body):
            self.w.newline()
            self.w.raw("}", close.position.line)
        else:
            self.p.tokens.span(s.last - 1, s.last)

    def body(self, s: low.Low) -> None:
        """The statement under an if or a loop."""
        if isinstance(s, low.LBlock) and s.last < 0:
            indent = self.w.indent
            self.w.code(" {" if not self.w.lines[-1].text.endswith(" ") else "{", self.p.line)
            self.braces(s.body, opened=True)
            self.w.indent = indent
        else:
            if s.first < 0 and not self.w.lines[-1].text.endswith((" ", "\t")):
                self.w.raw(" ", self.p.line)
            self.statement(s, in_block=False)

    def _if(self, s: low.LIf) -> None:
        self.lead(s)
        indent = self.w.indent
        self.p.start(s.head)
        self.body(s.then)
        self.w.indent = indent
        if s.otherwise is not None:
            if s.else_span is not None:
                self.p.tokens.span(s.else_span.first, s.else_span.last)
            else:
                self.put(" else")
            self.body(s.otherwise)
            self.w.indent = indent

    def _switch(self, s: low.LSwitch) -> None:
        self.lead(s)
        self.p.start(s.head)
        self.body(s.body)

    def _label(self, s: low.LCase | low.LLabel) -> None:
        self.lead(s)
        self.p.start(s.head)
        self.put(";")

    def _mark(self, s: low.LMark) -> None:
        if s.target.used:
            self.fresh(f"{s.target.label}:;")

    # --- waiting

    def _release(self, s: low.LRelease) -> None:
        self.fresh(self.p.release(s.site))

    def _won(self, s: low.LWon) -> None:
        select = self.selects[-1]
        if s.arm.test is not None:
            select.lost(s.arm)
        self.fresh(select.drop_arms)

    def _select(self, s: low.LSelect) -> None:
        self.lead(s)
        self.selects.append(SelectPrinter(self, s))
        self.selects[-1].print()
        self.selects.pop()

    def _gather(self, s: low.LGather) -> None:
        self.lead(s)
        GatherPrinter(self, s).print()

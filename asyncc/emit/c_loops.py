"""Prints loops that are not the user's text alone. The headers of `for` are the work: a variable declared there may live in
the frame, and then its declaration has to become an assignment, or stand before the loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir import low
from ..ir import tree as t
from .c_declarations import is_span

if TYPE_CHECKING:
    from .c_statements import StatementPrinter


class LoopPrinter:
    def __init__(self, statements: StatementPrinter) -> None:
        self.printer = statements
        self.p, self.w = statements.p, statements.w
        self.put, self.fresh = statements.put, statements.fresh

    def print(self, s: low.LLoop) -> None:
        self.printer.lead(s)
        indent = self.w.indent
        braced = False
        if s.initial is None:
            self.p.start(s.head)
        else:
            braced = self._for_declaration(s)
        self._body(s, indent)
        self.w.indent = indent
        if s.tail is not None:
            self.p.code(s.tail)
        if braced:
            self.w.indent = indent[:-4] if len(indent) >= 4 else ""
            self.fresh("}")
            self.w.indent = indent

    def _body(self, s: low.LLoop, indent: str) -> None:
        """The body, with the label of a `continue` that runs cleanups at its end."""
        wrap = s.cont is not None and s.cont.used and not s.continue_label_inside
        if wrap and not (isinstance(s.body, low.LBlock) and s.body.last < 0):
            assert s.cont is not None
            self.w.code(" {", self.p.line)
            self.w.indent = indent + "    "
            self.printer.statement(s.body)
            self.fresh(f"{s.cont.label}:;")
            self.w.indent = indent
            self.fresh("}")
            return
        if wrap and isinstance(s.body, low.LBlock) and s.cont is not None:
            s.body.body.append(low.LMark(s.cont))
        self.printer.body(s.body)

    def _for_declaration(self, s: low.LLoop) -> bool:
        """The header of a for with a declaration. True: a brace was opened before it."""
        initial, header = s.initial, s.header
        assert initial is not None and header is not None
        moved = [x for x in initial.items if x.local is not None and self.p.in_frame(x.local)]
        d = initial.declaration
        if not moved and not initial.split:
            self.p.start(low.Code([low.Span(d.first - 2, header[0])]))
            if all(x.code is None or is_span(x.code) for x in initial.items):
                self.p.tokens.span(header[0], header[1])
            else:
                self.printer.declarations.patched(initial)
            self._for_rest(s)
            return False
        if not d.types and all(self._is_assignment(x) for x in initial.items):
            self._for_assignments(initial)
            self._for_rest(s)
            return False
        self.put("{")
        self.w.indent += "    "
        self.printer.declarations.print(low.LDeclare(d, initial.items, split=initial.split, part=0))
        self.fresh("for (;")
        self._for_rest(s)
        return True

    def _is_assignment(self, x: low.Initialiser) -> bool:
        """Whether what is left of a declared name is an expression: it lives in the frame, and C can assign to it."""
        if x.local is None or not self.p.in_frame(x.local):
            return False
        return x.code is None or (x.local.type.kind in (t.TypeKind.SCALAR, t.TypeKind.POINTER) and not x.is_list)

    def _for_assignments(self, initial: low.LDeclare) -> None:
        self.put("for (")
        first = True
        for x in initial.items:
            if x.code is None or x.local is None:
                continue
            self.put(("" if first else ", ") + f"{self.p.place(x.local)} = ")
            self.p.start(x.code)
            first = False
        self.put(";")

    def _for_rest(self, s: low.LLoop) -> None:
        """The condition and the step."""
        assert s.header is not None
        head = s.head.parts
        if len(head) == 1 and isinstance(head[0], low.Span):
            self.p.tokens.span(s.header[2], s.header[3])
        else:
            rest = list(head)
            first = rest[0]
            if isinstance(first, low.Span):
                rest[0] = low.Span(s.header[2], first.last)
            self.p.code(low.Code(rest))

"""Prints a translated function. Of an async one, in this order: the frame, init, what polls or drops parts of the frame,
poll, drop, the tables and the descriptor, and the C function that stands for it where only its type is known.
"""

from __future__ import annotations

from ..ir import low
from ..ir import tree as t
from ..ir.generated import AMONG
from ..passes.lowered import Lowered
from .c_code import CodePrinter
from .c_descriptor import print_descriptor
from .c_exits import exit_name
from .c_forward import print_accessor, print_own_prototype
from .c_frame import offset_asserts, struct_text
from .c_names import moved_types, rename_locals
from .c_pack import inside as packing_inside
from .c_pack import packed
from .c_parts import PartsPrinter
from .c_poll import PollPrinter
from .c_statements import StatementPrinter
from .c_tables import tables
from .c_thunk import ThunkPrinter
from .c_tokens import Renames
from .c_types import move
from .c_undefined import undefined
from .writer import OWN, Writer


class FunctionPrinter:
    def __init__(self, lowered: Lowered, writer: Writer) -> None:
        self.l, self.w = lowered, writer
        self.c, self.frame = lowered.context, lowered.frame
        self.renames = Renames()
        rename_locals(self.c, self.frame, self.renames)
        self.name = self.c.function.decl.name
        self.tag = f"ac__{self.name}_future"
        self.me, self.cx = self.c.self_name, self.c.cx_name
        self.moved = self._moved_types()
        self.p = CodePrinter(self.c, self.frame, self.renames, writer)
        self.s = StatementPrinter(self.p)
        among = self.c.function.macros & AMONG if lowered.context.is_async else frozenset()
        self.p.tokens.undefined = self._trapped() | among

    def _trapped(self) -> frozenset[str]:
        """Macros whose names stand in expansions: the body is printed where they are undefined, all uses expanded."""
        f = self.c.function
        uses = (token.use for token in self.c.tokens[f.body.first : f.last])
        return frozenset(name for use in uses if use is not None for name in use.trapped)

    # --- plain functions

    def plain(self) -> None:
        """A plain function with defers, spawns or consumed handles: its body in place."""
        with undefined(self.p.tokens.undefined, self.w):
            self._plain()

    def _plain(self) -> None:
        c, f = self.c, self.c.function
        self.p.tokens.suppress = True
        self.p.tokens.span(f.first, f.declarator_last)
        self.p.tokens.lead(c.tokens[f.body.first])
        self.w.code("{", c.line(f.body.first))
        head = [f"unsigned {name} = 0;" for name in self.exit_names()]
        if c.keeps_result and c.result is not None:
            simple = c.result.type.kind in (t.TypeKind.SCALAR, t.TypeKind.POINTER)
            head.append(c.result.type.declare("ac__result") + (" = 0;" if simple else ";"))
        self.w.indent = "    "
        if head:
            self.w.raw("\n    " + " ".join(head), OWN)
        self.statements()
        self.w.indent = ""
        self._close()

    def _close(self) -> None:
        close = self.c.tokens[self.c.function.body.last - 1]
        self.p.tokens.lead(close)
        self.w.code("}", close.position.line)

    def statements(self) -> None:
        for s in self.l.body.body:
            self.w.indent = "    "
            self.s.statement(s)

    def exit_names(self) -> list[str]:
        return sorted({exit_name(d.cleanup.depth) for d in self.c.defers if len(d.cleanup.exits) > 1})

    # --- async functions

    def asynchronous(self, packing: str) -> None:
        """`packing`: what `#pragma pack` has in force around the function."""
        assert self.frame is not None
        w = self.w
        w.indent = ""
        for text, local_type in zip(move(self.c, self.moved, self.renames), self.moved, strict=True):
            there = packing_inside(self.c.function, self.c.tokens, local_type.first, packing)
            lines = text.split("\n")
            for line in lines if there == packing else packed(lines, there):
                w.line(line)
        with undefined(self.c.function.macros, w):
            lines = struct_text(self.tag, self.frame)
            for line in packed(lines, "") if packing else lines:
                w.line(line)
            for line in offset_asserts(self.tag, self.frame):
                w.line(line)
            print_own_prototype(self.c, w)
            self._init()
            PartsPrinter(self).print()
        PollPrinter(self).print()
        with undefined(self.c.function.macros, w):
            for line in tables(self.l, self.p):
                w.line(line)
            print_descriptor(self.l, w)
            if self.l.has_late_users:
                print_accessor(self.c, w)
        if self.l.needs_thunk:
            ThunkPrinter(self).print()
        else:
            w.indent = ""

    def _moved_types(self) -> list[t.LocalType]:
        """The definitions that move to file scope; in their old place their new name is used."""
        if self.frame is None:
            return []
        wanted = [lt for lt in self.c.function.types if lt.at_file_scope]
        wanted += [lt for declaration in self.c.split for lt in declaration.types]
        for v in [*self.frame.names, *self.c.temporaries, *self.c.function.parameters]:
            if not isinstance(v, low.Site):
                wanted += v.type.local_types
        return moved_types(self.c, wanted)

    def _init(self) -> None:
        c, w, me = self.c, self.w, self.me
        assert self.frame is not None
        parameters = "".join(", " + p.type.declare(p.name) for p in c.function.parameters)
        unused = "__attribute__((unused)) " if c.function.decl.is_static else ""
        w.line(f"{unused}static inline void ac__{self.name}_init(struct {self.tag} *{me}{parameters})")
        w.line("{")
        w.indent = "    "
        empty = True
        for p in c.function.parameters:
            if p in self.frame.names:
                place = f"{me}->{self.frame.names[p]}"
                fixed = p.type.has_const_member
                w.line(f"__builtin_memcpy(&{place}, &{p.name}, sizeof {place});" if fixed else f"{place} = {p.name};")
                empty = False
            elif p.name:
                w.line(f"(void){p.name};")
        if self.frame.state_type:
            w.line(f"{me}->ac__state = 0;")
        elif empty:
            w.line(f"(void){me};")
        w.indent = ""
        w.line("}")

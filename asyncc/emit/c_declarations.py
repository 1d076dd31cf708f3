"""Prints declarations. One whose variables stay C locals is printed as written; of one whose variables live in the frame
the initialisers are left, as assignments, and the types that it defines.

C lets one initialise what it does not let one assign to: arrays, and structs with const members. Those are copied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir import low
from ..ir import tree as t

if TYPE_CHECKING:
    from .c_statements import StatementPrinter


class DeclarationPrinter:
    def __init__(self, statements: StatementPrinter) -> None:
        self.printer = statements
        self.p, self.c, self.w = statements.p, statements.c, statements.w
        self.put = statements.put

    def print(self, s: low.LDeclare) -> None:
        moved = [item for item in s.items if item.local is not None and self.p.in_frame(item.local)]
        d = s.declaration
        self.printer.lead(s)
        if not moved and not s.split:
            self.p.tokens.suppress = True
            changed = any(item.code is not None and not is_span(item.code) for item in s.items)
            if not changed:
                self.p.tokens.span(d.first, d.last)
            else:
                self.patched(s)
            self.p.tokens.suppress = False
            return
        if s.part == 0:
            self._types(d)
        first = True
        for item in s.items:
            if not first:
                self.w.newline()
            first = not self._declarator(s, item)
        if first and not s.items:
            self.put(";")

    def _types(self, d: t.Declaration) -> None:
        """The types a declaration defines stay in its place when its variables go."""
        for lt in d.types:
            if lt.first not in self.p.tokens.renames.at and lt.kind != "typedef":
                self.p.tokens.suppress = True
                self.p.tokens.span(lt.first, lt.last)
                self.put(";")
                self.w.newline()

    def patched(self, s: low.LDeclare) -> None:
        """As written, but for initialisers that change."""
        d = s.declaration
        at = d.first
        for item in s.items:
            if item.code is None or item.declarator.init is None:
                continue
            init = item.declarator.init
            self.p.tokens.span(at, init.first)
            if not isinstance(item.code.parts[0], low.Span):
                self.p.part(low.Gap(init.first))
            self.p.code(item.code)
            at = init.last
        self.p.tokens.span(at, d.last)

    def _declarator(self, s: low.LDeclare, item: low.Initialiser) -> bool:
        """One name of a declaration by itself. False: nothing had to be printed."""
        local = item.local
        if local is None or not self.p.in_frame(local):
            if local is None or local.storage != "":
                self._unchanged(s, item)
            elif s.declaration.types:
                self._by_type(local, item)
            else:
                self._as_written(s, item)
            return True
        if item.code is None:
            return False
        self._assign(local, item.code, item.is_list, item.declarator.init)
        return True

    def _unchanged(self, s: low.LDeclare, item: low.Initialiser) -> None:
        """A static local, or a function's prototype: its initialiser is constant."""
        d = s.declaration
        self.p.tokens.suppress = True
        self.p.tokens.span(d.first, d.specifiers_last)
        self.p.tokens.suppress = False
        self.put(" ")
        end = item.declarator.init.last if item.declarator.init is not None else item.declarator.last
        self.p.tokens.suppress = True
        self.p.tokens.span(item.declarator.first, end)
        self.put(";")

    def _by_type(self, local: t.Local, item: low.Initialiser) -> None:
        """The specifiers define a type, which must not be said twice."""
        self.put(local.type.declare(local.name))
        if item.code is not None:
            self.put(" = ")
            self.p.start(item.code)
        self.put(";")

    def _as_written(self, s: low.LDeclare, item: low.Initialiser) -> None:
        d = s.declaration
        self.p.tokens.suppress = True
        self.p.tokens.span(d.first, d.specifiers_last)
        self.put(" ")
        self.p.tokens.suppress = True
        self.p.tokens.span(item.declarator.first, item.declarator.last)
        if item.code is not None:
            self.put(" = ")
            self.p.start(item.code)
        self.put(";")

    def _assign(self, local: t.Local, code: low.Code, is_list: bool, init: t.Expr | None) -> None:
        """The initialiser of a local in the frame, as an assignment."""
        place, ctype = self.p.place(local), local.type
        kind = ctype.kind
        if is_list and self._is_zero(init) and kind in (t.TypeKind.ARRAY, t.TypeKind.RECORD):
            target = place if kind is t.TypeKind.ARRAY else f"&{place}"
            self.put(f"__builtin_memset({target}, 0, sizeof {place});")
            return
        literal = f"({ctype.declare('')})"
        if kind is t.TypeKind.ARRAY:
            self.put(f"__builtin_memcpy({place}, {literal}")
            if is_list:
                self.put(" ")
                self.p.start(code)
            else:
                self.put("{ ")
                self.p.start(code)
                self.put(" }")
            self.put(f", sizeof {place});")
        elif is_list and not ctype.has_const_member:
            self.put(f"{place} = {literal} ")
            self.p.start(code)
            self.put(";")
        else:
            self.store(place, ctype, code, is_list)
            self.put(";")

    def store(self, place: str, ctype: t.CType, code: low.Code, is_list: bool = False) -> None:
        """An assignment, also to what C lets one only initialise: a struct with const members."""
        if not ctype.has_const_member:
            self.put(f"{place} = ")
            self.p.start(code.assigned)
            return
        name = ctype.declare("")
        self.put(f"__builtin_memcpy(&{place}, " + (f"&({name})" if is_list else f"({name}[1]){{ "))
        self.p.start(code.assigned)
        self.put(("" if is_list else " }") + f", sizeof {place})")

    def _is_zero(self, init: t.Expr | None) -> bool:
        """{0} or {}"""
        if not isinstance(init, t.InitList):
            return False
        return "".join(token.text for token in self.c.tokens[init.first : init.last]) in ("{0}", "{}", "{0,}")


def is_span(code: low.Code) -> bool:
    return len(code.parts) == 1 and isinstance(code.parts[0], low.Span)

"""Prints the C function of an async function's own name, last of its parts.

It is what a pointer to the function holds. Called through one, it stores its arguments into the frame that the thread's
call slot asks for, and stops the program with its name when none does. For `main` it is the program's entry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir import tree as t
from .writer import OWN, Writer

if TYPE_CHECKING:
    from .c_function import FunctionPrinter


class ThunkPrinter:
    def __init__(self, function: FunctionPrinter) -> None:
        self.function = function
        self.c, self.w = function.c, function.w

    def print(self) -> None:
        w, f = self.w, self.c.function
        w.indent = ""
        arguments = "".join(", " + p.name for p in f.parameters)
        if f.decl.name == "main":
            self._main(arguments)
        else:
            self._thunk(arguments)

    def _thunk(self, arguments: str) -> None:
        w, f = self.w, self.c.function
        name, result = f.decl.name, f.decl.type.result
        me = self.c.self_name
        w.newline()
        if f.decl.is_static:
            w.raw("__attribute__((unused)) ", OWN)
        w.raw(self._head(), OWN)
        w.line("{")
        w.line(f"    struct ac__{name}_future *{me} = ac__enter(&ac__{name}_descriptor);")
        w.line(f"    ac__{name}_init({me}{arguments});")
        if result is not None and result.kind is not t.TypeKind.VOID:
            w.line(f"    {result.declare('ac__nothing')};")
            w.line("    __builtin_memset(&ac__nothing, 0, sizeof ac__nothing);")
            w.line("    return ac__nothing;")
        w.line("}")

    def _head(self) -> str:
        """The user's own head on one line, with the names that its types have at file scope."""
        f, tokens = self.c.function, self.function.p.tokens
        tokens.renames.at.clear()
        tokens._plain.clear()
        tokens.undefined = frozenset()
        for lt in self.function.moved:
            if lt.last <= f.declarator_last:
                tokens.renames.put(lt.first, lt.last, f"{lt.kind} {lt.global_name}")
        tokens.inserts = {place: local.name for place, local in f.unnamed.items()}
        tokens.suppress = True
        text = Writer()
        outer, tokens.w = tokens.w, text
        tokens.span(f.first, f.declarator_last)
        tokens.w = outer
        return " ".join(line.text.strip() for line in text.lines)

    def _main(self, arguments: str) -> None:
        w, f, me = self.w, self.c.function, self.c.self_name
        if f.parameters:
            w.line("int main(" + ", ".join(p.type.declare(p.name) for p in f.parameters) + ")")
        else:
            w.line("int main(void)")
        w.line("{")
        w.line(f"    struct ac__main_future *{me} = ac__main_begin(&ac__main_descriptor);")
        w.line(f"    ac__main_init({me}{arguments});")
        w.line(f"    return ac__main_end({me});")
        w.line("}")

"""Prints the ways out: jumps, returns, and the defers they run.

An exit runs its cleanups in order. The body of a defer stands once in the text, so an exit goes there and leaves in
`ac__exit` the number of the exit that goes on from its end. A gather's branch is a call of its own: it returns that number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir import low

if TYPE_CHECKING:
    from .c_statements import StatementPrinter


class ExitPrinter:
    def __init__(self, statements: StatementPrinter) -> None:
        self.printer = statements
        self.p, self.c, self.w = statements.p, statements.c, statements.w
        self.put, self.fresh = statements.put, statements.fresh

    def parts(self, exit_: low.Exit) -> list[low.Part]:
        """The statements of an exit, up to its first defer or gather, which goes on from there."""
        parts: list[low.Part] = []
        for cleanup in exit_.cleanups:
            if cleanup.kind == "drop":
                assert cleanup.text is not None
                if cleanup.future is not None:
                    parts.append(
                        f"ac__{self.c.function.decl.name}_drop_{self.p.future_name(cleanup.future)}({self.c.self_name});"
                    )
                else:
                    parts += cleanup.text.parts
                parts.append(" ")
            elif cleanup.kind == "defer":
                if len(cleanup.exits) > 1:
                    parts.append(f"{exit_name(cleanup.depth)} = {exit_.number}; ")
                parts.append(f"goto ac__defer_{cleanup.number};")
                return parts
            else:
                parts.append(f"return AC_READY + {exit_.number};")
                return parts
        target = exit_.target
        if target.kind == "label":
            parts.append(f"goto {target.label};")
        elif target.kind == "return":
            parts.append(self._return_text())
        elif target.kind == "cancel":
            parts.append("return AC_READY;")
        return parts

    def _return_text(self) -> str:
        if self.c.is_async:
            return "return AC_READY;"
        return "return ac__result;" if self.c.result is not None else "return;"

    def jump(self, s: low.LJump) -> None:
        if s.native:
            self.printer.lead(s)
            self.put(s.native)
            return
        if s.kind == "fall":
            self.w.newline()
            self.p.start(low.Code(self.parts(s.exit)))
            return
        self.printer.lead(s)
        if not self.c.is_async and s.kind == "return" and not s.exit.cleanups:
            self.put("return ")
            if s.value is not None:
                self.p.start(s.value)
            self.put(";")
            return
        self.put("{ ")
        if s.value is not None:
            assert self.c.result is not None
            self.printer.declarations.store(self._result_place(), self.c.result.type, s.value)
            self.put("; ")
        self.p.start(low.Code(self.parts(s.exit)))
        self.put(" }")

    def _result_place(self) -> str:
        assert self.c.result is not None
        return self.p.place(self.c.result) if self.c.is_async else "ac__result"

    def computed_goto(self, s: low.LComputedGoto) -> None:
        self.printer.lead(s)
        if s.plain:
            self.put("goto *")
            self.p.start(s.code)
            self.put(";")
            return
        self.put("{ void *ac__to = ")
        self.p.start(s.code.assigned)
        self.put(";")
        for name, exit_ in s.targets:
            self.put(f" if (ac__to == &&{name}) {{ ")
            self.p.start(low.Code(self.parts(exit_)))
            self.put(" }")
        self.put(" goto *ac__to; }")

    def defer(self, s: low.LDefer) -> None:
        self.printer.lead(s)
        indent = self.w.indent
        cleanup = s.cleanup
        if not cleanup.exits:
            self.put("(void)0;")
            return
        self.put(f"if (0) {{ ac__defer_{cleanup.number}:;")
        self.w.indent = indent + "    "
        self.printer.statement(s.body)
        self.dispatch(cleanup, exit_name(cleanup.depth))
        self.w.indent = indent
        self.fresh("}")

    def dispatch(self, cleanup: low.Cleanup, variable: str) -> None:
        """Where to go on after a defer's body, or after a gather that was left."""
        if len(cleanup.exits) == 1:
            self.w.newline()
            self.p.start(low.Code(self.parts(cleanup.exits[0])))
            return
        self.fresh(f"switch ({variable}) {{")
        for i, exit_ in enumerate(cleanup.exits):
            label = "default" if i == len(cleanup.exits) - 1 else f"case {i + 1}"
            self.fresh(f"{label}: ")
            self.p.start(low.Code(self.parts(exit_)))
        self.fresh("}")


def exit_name(depth: int) -> str:
    return "ac__exit" if depth == 0 else f"ac__exit_{depth}"

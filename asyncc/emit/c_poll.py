"""Prints poll and drop, the two functions through which a frame is used.

Poll is the user's body. Its head is a switch of gotos from the state to the label behind a suspension; C lets a goto enter
nested blocks, so the labels stand inside the user's own loops.

A frame that is dropped drops what it waits for, and runs the defers around. Where there are none (nor a gather) that is
all, and drop does it by itself. Otherwise the code is in the body, and the body is a function `run` of its own: drop enters
it without a context, at a second switch that leads to the first defer; poll with one; a gather calls it for each branch,
with the branch's state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..ir import low
from .c_undefined import undefined

if TYPE_CHECKING:
    from .c_function import FunctionPrinter

_FUNCTION_NAMES = ("__func__", "__FUNCTION__", "__PRETTY_FUNCTION__")


class PollPrinter:
    def __init__(self, function: FunctionPrinter) -> None:
        assert function.frame is not None
        self.function, self.statements = function, function.s
        self.c, self.w, self.p, self.frame = function.c, function.w, function.p, function.frame
        self.name, self.tag, self.me, self.cx = function.name, function.tag, function.me, function.cx
        self.body = function.l.body.body
        self.runs = bool(self.c.defers) or bool(self.c.gathers)
        self.state = f"{self.me}->ac__state" if self.frame.state_type else "0"

    def print(self) -> None:
        self._named(self._poll)
        if self.runs:
            me, run = self.me, f"ac__{self.name}_run"
            self.w.line(f"static int ac__{self.name}_poll(void *ac__self, ac_context *{self.cx})")
            self.w.line(f"{{ struct {self.tag} *{me} = ac__self; return {run}({me}, {self.cx}, {self.state}); }}")
        self._drop()

    def _named(self, print_body: Callable[[], None]) -> None:
        """A body that asks for its name gets the user's, for assert and the like."""
        asks = self.c.function.uses_function_name
        for word in _FUNCTION_NAMES if asks else ():
            self.w.line(f'#define {word} "{self.name}"')
        print_body()
        for word in _FUNCTION_NAMES if asks else ():
            self.w.line(f"#undef {word}")
        self.w.indent = ""

    def _poll(self) -> None:
        """The function that holds the body."""
        head = f"static int ac__{self.name}_poll(void *ac__self, ac_context *{self.cx})"
        if self.runs:
            head = (
                f"static int ac__{self.name}_run(struct {self.tag} *{self.me}, ac_context *{self.cx}, unsigned ac__at)"
            )
        with undefined(self.p.tokens.undefined, self.w):
            self._function(head)

    def _function(self, head: str) -> None:
        c, w = self.c, self.w
        attributes = [*dict.fromkeys([*c.function.of_code, *(["noinline"] if c.addressed_labels else [])])]
        w.line((f"__attribute__(({', '.join(attributes)})) " if attributes else "") + head)
        w.line("{")
        w.indent = "    "
        self._locals()
        if self.runs:
            self._cancel_dispatch()
        self._dispatch()
        for p in c.function.parameters:
            if p in self.frame.cached.variables:
                w.line(f"{p.type.declare(p.name)} = {self.me}->{self.frame.names[p]};")
        self.function.statements()
        w.indent = "    "
        self._end_of_body()
        close = c.tokens[c.function.body.last - 1]
        if "/*" in close.before or "//" in close.before:
            self.p.tokens.lead(close)
        w.newline("")
        w.raw("}", close.position.line)

    def _locals(self) -> None:
        c, w, function = self.c, self.w, self.c.function
        if not self.runs:
            w.line(f"struct {self.tag} *{self.me} = ac__self;")
        if not c.suspensions:
            w.line(f"(void){self.cx};")
        w.line(f"(void){self.me};")
        for name in self.function.exit_names():
            w.line(f"unsigned {name} = 0;")
        body = range(function.body.first, function.body.last)
        named = {v for token, v in function.names.items() if token in body}
        for p in function.parameters:
            if p not in self.frame.names and p in named:
                w.line(f"{p.type.declare(p.name)};")

    def _dispatch(self) -> None:
        """Where to go on, by the state."""
        resumes = self._resumes()
        if resumes:
            self.w.line(f"switch ({'ac__at' if self.runs else f'{self.me}->ac__state'}) {{")
            for number, label in resumes:
                self.w.line(f"case {number}: goto {label};")
            self.w.line("}")
        elif self.runs:
            self.w.line("(void)ac__at;")

    def _resumes(self) -> list[tuple[int, str]]:
        found = [(step.state, f"ac__resume_{step.state}") for step in self.c.suspensions]
        for g in self.c.gathers:
            found += [(b.start, f"ac__start_{b.start}") for b in g.branches]
        return sorted(found)

    def _cancel_parts(self, step: low.LAwait | low.LSelect | low.LGather) -> list[low.Part]:
        """What a cancelled frame does in a state: drops what is waited for, then leaves."""
        if isinstance(step, low.LAwait):
            drop = self.p.drop(step.site)
        elif isinstance(step, low.LSelect):
            drop = f"ac__{self.name}_drop_arms_{step.number}({self.me});"
        else:
            drop = f"ac__{self.name}_cancel_{step.number}({self.me});"
        return [drop + " " if drop else "", *self.statements.exits.parts(step.cancel)]

    def _cancel_dispatch(self) -> None:
        """A frame that is dropped enters here, without a context."""
        c, w = self.c, self.w
        w.line(f"if (!{self.cx}) switch (ac__at) {{")
        for step in c.suspensions:
            w.line(f"case {step.state}: ")
            self.p.start(low.Code(self._cancel_parts(step)))
        w.line("case 0: ")
        assert c.start_exit is not None
        self.p.start(low.Code(self.statements.exits.parts(c.start_exit)))
        w.line("default: return AC_READY;")
        w.line("}")

    def _end_of_body(self) -> None:
        c, w = self.c, self.w
        close = c.tokens[c.function.body.last - 1]
        last = self.body[-1] if self.body else None
        if isinstance(last, low.LJump) and last.kind == "return":
            return
        w.newline()
        if self.name == "main" and c.result is not None:
            w.raw(f"{self.p.place(c.result)} = 0; ", close.position.line)
        w.raw("return AC_READY;", close.position.line)

    def _drop(self) -> None:
        c, w, me = self.c, self.w, self.me
        w.line(f"static void ac__{self.name}_drop(void *ac__self)")
        w.line("{")
        w.indent = "    "
        if self.runs:
            w.line(f"struct {self.tag} *{me} = ac__self;")
            w.line(f"(void)ac__{self.name}_run({me}, NULL, {self.state});")
        elif not c.suspensions:
            w.line("(void)ac__self;")
        else:
            w.line(f"struct {self.tag} *{me} = ac__self;")
            w.line(f"switch ({me}->ac__state) {{")
            for step in c.suspensions:
                parts = self._cancel_parts(step)
                if parts and parts[-1] == "return AC_READY;":
                    parts[-1] = "break;"
                w.line(f"case {step.state}: ")
                self.p.start(low.Code(parts))
            w.line("}")
        w.indent = ""
        w.line("}")

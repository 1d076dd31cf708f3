"""Prints the lowered body of a function, statement by statement, around the user's own text."""

from __future__ import annotations

from ..ir import low
from ..ir import tree as t
from .c_code import CodePrinter
from .c_gather import GatherPrinter
from .c_select import SelectPrinter


class StatementPrinter:
    def __init__(self, printer: CodePrinter) -> None:
        self.p = printer
        self.c, self.w = printer.c, printer.w
        self.p.nested = self._nested
        self.in_block = True
        self.defer_depth = 0
        self.result_name = ""
        self.selects: list[SelectPrinter] = []  # those around, the innermost last
        self.run = f"ac__{self.c.function.decl.name}_run"

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
        getattr(self, "_" + type(s).__name__)(s)
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

    def _Verbatim(self, s: low.Verbatim) -> None:
        self.lead(s)
        self.p.tokens.suppress = True
        self.p.tokens.span(s.stmt.first, s.stmt.last)
        self.p.tokens.suppress = False

    def _Text(self, s: low.Text) -> None:
        self.lead(s)
        self.p.start(s.code)

    def _LTemp(self, s: low.LTemp) -> None:
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
            self.p.start(s.code)
        else:
            self.store(self.p.place(s.local), s.local.type, s.code)
        self.put(";")

    def _LDeclare(self, s: low.LDeclare) -> None:
        moved = [item for item in s.items if item.local is not None and self.p.in_frame(item.local)]
        d = s.declaration
        self.lead(s)
        if not moved and not s.split:
            self.p.tokens.suppress = True
            changed = any(item.code is not None and not _is_span(item.code) for item in s.items)
            if not changed:
                self.p.tokens.span(d.first, d.last)
            else:
                self._patched(s)
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

    def _patched(self, s: low.LDeclare) -> None:
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
        local, code = item.local, item.code
        d = s.declaration
        if local is None or not self.p.in_frame(local):
            if local is not None and local.storage == "" and not d.types:
                self._as_written(s, item)
            elif local is not None and local.storage == "":
                self.put(local.type.declare(local.name))
                if code is not None:
                    self.put(" = ")
                    self.p.start(code)
                self.put(";")
            else:
                self.p.tokens.suppress = True
                self.p.tokens.span(d.first, d.specifiers_last)
                self.p.tokens.suppress = False
                self.put(" ")
                end = item.declarator.init.last if item.declarator.init is not None else item.declarator.last
                self.p.tokens.suppress = True
                self.p.tokens.span(item.declarator.first, end)
                self.put(";")
            return True
        if code is None:
            return False
        self.assign(local, code, item.is_list, item.declarator.init)
        return True

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

    def assign(self, local: t.Local, code: low.Code, is_list: bool, init: t.Expr | None) -> None:
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
            self.p.start(code)
            return
        name = ctype.declare("")
        self.put(f"__builtin_memcpy(&{place}, " + (f"&({name})" if is_list else f"({name}[1]){{ "))
        self.p.start(code)
        self.put(("" if is_list else " }") + f", sizeof {place})")

    def _is_zero(self, init: t.Expr | None) -> bool:
        """{0} or {}"""
        if not isinstance(init, t.InitList):
            return False
        return "".join(token.text for token in self.c.tokens[init.first : init.last]) in ("{0}", "{}", "{0,}")

    # --- structure

    def _LBlock(self, s: low.LBlock) -> None:
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

    def _body(self, s: low.Low) -> None:
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

    def _LIf(self, s: low.LIf) -> None:
        self.lead(s)
        indent = self.w.indent
        self.p.start(s.head)
        self._body(s.then)
        self.w.indent = indent
        if s.otherwise is not None:
            if s.else_span is not None:
                self.p.tokens.span(s.else_span.first, s.else_span.last)
            else:
                self.put(" else")
            self._body(s.otherwise)
            self.w.indent = indent

    def _LLoop(self, s: low.LLoop) -> None:
        self.lead(s)
        indent = self.w.indent
        before = self._for_initial(s) if s.initial is not None else False
        if s.initial is None or not before:
            if s.initial is None:
                self.p.start(s.head)
        wrap = s.cont is not None and s.cont.used and not s.continue_label_inside
        if wrap and not (isinstance(s.body, low.LBlock) and s.body.last < 0):
            assert s.cont is not None
            self.w.code(" {", self.p.line)
            self.w.indent = indent + "    "
            self.statement(s.body)
            self.fresh(f"{s.cont.label}:;")
            self.w.indent = indent
            self.fresh("}")
        else:
            if wrap and isinstance(s.body, low.LBlock) and s.cont is not None:
                s.body.body.append(low.LMark(s.cont))
            self._body(s.body)
        self.w.indent = indent
        if s.tail is not None:
            self.p.code(s.tail)
        if before:
            self.w.indent = indent[:-4] if len(indent) >= 4 else ""
            self.fresh("}")
            self.w.indent = indent

    def _for_initial(self, s: low.LLoop) -> bool:
        """The header of a for with a declaration. True: a brace was opened before it."""
        initial, header = s.initial, s.header
        assert initial is not None and header is not None
        moved = [x for x in initial.items if x.local is not None and self.p.in_frame(x.local)]
        d = initial.declaration
        if not moved and not initial.split:
            self.p.start(low.Code([low.Span(d.first - 2, header[0])]))
            if all(x.code is None or _is_span(x.code) for x in initial.items):
                self.p.tokens.span(header[0], header[1])
            else:
                self._patched(initial)
            self._for_rest(s)
            return False
        simple = all(
            x.local is not None
            and self.p.in_frame(x.local)
            and (x.code is None or (x.local.type.kind in (t.TypeKind.SCALAR, t.TypeKind.POINTER) and not x.is_list))
            for x in initial.items
        )
        if simple and not d.types:
            self.put("for (")
            first = True
            for x in initial.items:
                if x.code is None or x.local is None:
                    continue
                self.put(("" if first else ", ") + f"{self.p.place(x.local)} = ")
                self.p.start(x.code)
                first = False
            self.put(";")
            self._for_rest(s)
            return False
        self.put("{")
        self.w.indent += "    "
        self._LDeclare(low.LDeclare(d, initial.items, split=initial.split, part=0))
        self.fresh("for (;")
        self._for_rest(s)
        return True

    def _for_rest(self, s: low.LLoop) -> None:
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

    def _LSwitch(self, s: low.LSwitch) -> None:
        self.lead(s)
        self.p.start(s.head)
        self._body(s.body)

    def _LCase(self, s: low.LCase) -> None:
        self.lead(s)
        self.p.start(s.head)
        self.put(";")

    def _LLabel(self, s: low.LLabel) -> None:
        self._LCase(low.LCase(s.head, None, first=s.first, line=s.line))

    def _LMark(self, s: low.LMark) -> None:
        if s.target.used:
            self.fresh(f"{s.target.label}:;")

    # --- ways out

    def exit_parts(self, exit_: low.Exit) -> list[low.Part]:
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
            parts.append(self.return_text())
        elif target.kind == "cancel":
            parts.append("return AC_READY;")
        return parts

    def return_text(self) -> str:
        if self.c.is_async:
            return "return AC_READY;"
        return "return ac__result;" if self.c.result is not None else "return;"

    def _LJump(self, s: low.LJump) -> None:
        if s.native:
            self.lead(s)
            self.put(s.native)
            return
        if s.kind == "fall":
            self.w.newline()
            self.p.start(low.Code(self.exit_parts(s.exit)))
            return
        self.lead(s)
        if not self.c.is_async and s.kind == "return" and not s.exit.cleanups:
            self.put("return ")
            if s.value is not None:
                self.p.start(s.value)
            self.put(";")
            return
        self.put("{ ")
        if s.value is not None:
            assert self.c.result is not None
            self.store(self.result_place(), self.c.result.type, s.value)
            self.put("; ")
        self.p.start(low.Code(self.exit_parts(s.exit)))
        self.put(" }")

    def result_place(self) -> str:
        assert self.c.result is not None
        return self.p.place(self.c.result) if self.c.is_async else "ac__result"

    def _LComputedGoto(self, s: low.LComputedGoto) -> None:
        self.lead(s)
        if s.plain:
            self.put("goto *")
            self.p.start(s.code)
            self.put(";")
            return
        self.put("{ void *ac__to = ")
        self.p.start(s.code)
        self.put(";")
        for name, exit_ in s.targets:
            self.put(f" if (ac__to == &&{name}) {{ ")
            self.p.start(low.Code(self.exit_parts(exit_)))
            self.put(" }")
        self.put(" goto *ac__to; }")

    def _LDefer(self, s: low.LDefer) -> None:
        self.lead(s)
        indent = self.w.indent
        cleanup = s.cleanup
        if not cleanup.exits:
            self.put("(void)0;")
            return
        self.put(f"if (0) {{ ac__defer_{cleanup.number}:;")
        self.w.indent = indent + "    "
        self.statement(s.body)
        self.dispatch(cleanup, exit_name(cleanup.depth))
        self.w.indent = indent
        self.fresh("}")

    def dispatch(self, cleanup: low.Cleanup, variable: str) -> None:
        """Where to go on after a defer's body, or after a gather that was left."""
        if len(cleanup.exits) == 1:
            self.w.newline()
            self.p.start(low.Code(self.exit_parts(cleanup.exits[0])))
            return
        self.fresh(f"switch ({variable}) {{")
        for i, exit_ in enumerate(cleanup.exits):
            label = "default" if i == len(cleanup.exits) - 1 else f"case {i + 1}"
            self.fresh(f"{label}: ")
            self.p.start(low.Code(self.exit_parts(exit_)))
        self.fresh("}")

    # --- waiting

    def state_place(self, strand: low.LStrand | None) -> str:
        if strand is None:
            return f"{self.c.self_name}->ac__state"
        assert self.p.frame is not None
        return f"{self.c.self_name}->{self.p.frame.names[strand.gather.states]}[{strand.index}]"

    def suspend(self, state: int, strand: low.LStrand | None, watch: list[low.Watch], drop: str) -> None:
        """What follows a poll that gave AC_PENDING: the state is noted; clocks and conditions around are asked."""
        noted = f"{self.state_place(strand)} = {state};"
        stores = self.stores(state)
        if self.is_brief(state, watch):
            self.put("".join(text + " " for text in stores) + f"{noted} return AC_PENDING;")
            return
        self.w.indent += "    "
        if watch:
            self.fresh(noted)
        for w in watch:
            owner = w.owner
            if owner.clock is not None:
                poll = f"ac_within_poll(&{self.p.place(owner.clock)}, {self.c.cx_name})"
            else:
                assert owner.site is not None
                poll = self.polled(owner.site, True)
            self.fresh(f"if ({poll} == AC_READY) {{ {drop} ")
            self.p.start(low.Code(self.exit_parts(w.exit)))
            self.put(" }")
        for text in stores:
            self.fresh(text)
        self.fresh("return AC_PENDING;" if watch else f"{noted} return AC_PENDING;")
        self.w.indent = self.w.indent[:-4]
        self.w.newline()

    def is_brief(self, state: int, watch: list[low.Watch]) -> bool:
        """Whether what suspends fits on the line of the poll."""
        return not watch and len(" ".join(self.stores(state))) <= _SHORT

    def stores(self, state: int) -> list[str]:
        """Lines that put the cached variables that live over a wait to their places in the frame."""
        assert self.p.frame is not None
        frame, me = self.p.frame, self.c.self_name
        return _lines([f"{me}->{frame.names[v]} = {v.name};" for v in frame.cached.stores.get(state, [])])

    def resume(self, state: int) -> None:
        """The label at which a poll goes on. Cached variables come back from the frame, in a block that only it enters."""
        assert self.p.frame is not None
        frame, me, label = self.p.frame, self.c.self_name, f"ac__resume_{state}:"
        loads = _lines([f"{v.name} = {me}->{frame.names[v]};" for v in frame.cached.loads.get(state, [])])
        if not loads:
            self.fresh(f"{label} ")
            return
        if len(loads) == 1:
            self.fresh(f"if (0) {{ {label} {loads[0]} }}")
        else:
            self.fresh(f"if (0) {{ {label}")
            self.w.indent += "    "
            for text in loads:
                self.fresh(text)
            self.w.indent = self.w.indent[:-4]
            self.fresh("}")
        self.w.newline()

    def polled(self, site: low.Site, indirect: bool) -> str:
        """A poll; below a select, gather, within or run_until the pool frames in it are told so."""
        text = self.p.poll(site)
        if indirect and site.may_pool:
            return f"(++{self.c.cx_name}->indirect, ac__less_indirect({self.c.cx_name}, {text}))"
        return text

    def _LAwait(self, s: low.LAwait) -> None:
        self.lead(s)
        site = s.site
        self.p.line = site.line
        if site.kind != "lazy":
            self.p.start(low.Code(self.p.init(site)))
        else:
            self.check_lazy(site)
        if site.never_waits:
            self.put(f" (void){self.p.poll(site)};")
            return
        indent = self.w.indent
        self.resume(site.state)
        self.put(f"if ({self.polled(site, bool(s.watch))} == AC_PENDING) {{")
        space = " " if self.is_brief(site.state, s.watch) else ""
        self.put(space)
        self.suspend(site.state, s.strand, s.watch, self.p.drop(site))
        self.w.indent = indent
        self.put(f"{space}}}")

    def check_lazy(self, site: low.Site) -> None:
        assert site.future is not None
        self.put(f"if ({self.p.which(site.future)} == 0) ac__resumed_finished(__FILE__, {site.line});")

    def _LRelease(self, s: low.LRelease) -> None:
        self.fresh(self.p.release(s.site))

    def _LLazy(self, s: low.LLazy) -> None:
        self.lead(s)
        name = self.c.function.decl.name
        future = self.p.future_name(s.future)
        if s.site is None:
            self.put(f"{self.p.which(s.future)} = 0;")
            return
        if not s.is_initial:
            self.put(f"ac__{name}_drop_{future}({self.c.self_name}); ")
        sites = self.c.lazy_sites[s.future]
        storage = f"{self.c.self_name}->{future}.ac__as_{s.site.order}"
        self.p.start(low.Code(self.p.init(s.site, storage)))
        self.put(f" {self.p.which(s.future)} = {sites.index(s.site) + 1};")

    def _LWithin(self, s: low.LWithin) -> None:
        self.lead(s)
        indent = self.w.indent
        opened = not self.in_block
        if opened:
            self.put("{")
            self.w.indent = indent + "    "
            self.w.newline()
        inner = self.w.indent
        self._all_fresh(s.setup)
        if s.clock is not None and s.duration is not None:
            self.put(f"ac_within_init(&{self.p.place(s.clock)}, {self.c.cx_name}, ")
            self.p.start(s.duration)
            self.put(");")
        elif s.site is not None and s.site.kind != "lazy":
            self.p.start(low.Code(self.p.init(s.site)))
        self.w.indent = inner
        self.w.newline()
        if isinstance(s.body, low.LBlock):
            s.body.first = -1
            self.statement(s.body)
        else:
            self.braces([s.body])
        self.w.indent = inner
        self.w.newline()
        if s.cleanup.text is not None:
            self.p.start(s.cleanup.text)
        if s.late_target.used and not s.late:
            self.fresh(f"{s.late_target.label}:;")
        elif s.late_target.used:
            self.fresh(f"if (0) {{ {s.late_target.label}:;")
            self.w.indent = inner + "    "
            self.all(s.late)
            self.w.indent = inner
            self.fresh("}")
        self.w.indent = indent
        if opened:
            self.fresh("}")

    def _all_fresh(self, steps: list[low.Low]) -> None:
        for x in steps:
            x.first = -1
            self.statement(x)
        if steps:
            self.w.newline()

    def _LWon(self, s: low.LWon) -> None:
        select = self.selects[-1]
        if s.arm.test is not None:
            select.lost(s.arm)
        self.fresh(select.drop_arms)

    def _LSelect(self, s: low.LSelect) -> None:
        self.lead(s)
        self.selects.append(SelectPrinter(self, s))
        self.selects[-1].print()
        self.selects.pop()

    def _LGather(self, s: low.LGather) -> None:
        self.lead(s)
        GatherPrinter(self, s).print()


_WIDTH = 88  # of a line of generated assignments
_SHORT = 40  # what may stand between other text on its line


def _lines(assignments: list[str]) -> list[str]:
    """As many to a line as fit."""
    found: list[str] = []
    for text in assignments:
        if found and len(found[-1]) + len(text) < _WIDTH:
            found[-1] += " " + text
        else:
            found.append(text)
    return found


def exit_name(depth: int) -> str:
    return "ac__exit" if depth == 0 else f"ac__exit_{depth}"


def _is_span(code: low.Code) -> bool:
    return len(code.parts) == 1 and isinstance(code.parts[0], low.Span)

"""Prints an async function: frame, init, poll, drop, tables, and the C function that stands for it where only its type
is known."""

from __future__ import annotations

from ..ir import low
from ..ir import tree as t
from ..ir.frame import Frame
from ..passes.context import Context
from ..passes.liveness import Liveness
from .c_code import CodePrinter
from .c_frame import offset_asserts, struct_text
from .c_names import moved_types, rename_locals
from .c_statements import StatementPrinter, exit_name
from .c_tables import tables
from .c_tokens import Renames
from .c_types import move
from .writer import OWN, Writer


class Lowered:
    """A function after the passes."""

    def __init__(self, context: Context, body: low.LBlock, frame: Frame | None) -> None:
        self.context, self.body, self.frame = context, body, frame
        self.live: dict[int, list[low.Variable]] = {}  # by state
        self.needs_thunk = True
        self.has_late_users = False
        self.counts: dict[str, int] = {}
        self.liveness: Liveness | None = None


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
        self.start_line = self.c.line(self.c.function.first)
        self.p.tokens.undefined = self._trapped()

    def _trapped(self) -> frozenset[str]:
        """Macros whose names stand in expansions: the body is printed where they are undefined, all uses expanded."""
        f = self.c.function
        uses = (token.use for token in self.c.tokens[f.body.first : f.last])
        return frozenset(name for use in uses if use is not None for name in use.trapped)

    def _undefine(self) -> None:
        for name in sorted(self.p.tokens.undefined):
            self.w.line(f'#pragma push_macro("{name}")')
            self.w.line(f"#undef {name}")
        if self.p.tokens.undefined:
            self.w.newline("")

    def _redefine(self) -> None:
        for name in sorted(self.p.tokens.undefined):
            self.w.line(f'#pragma pop_macro("{name}")')
        if self.p.tokens.undefined:
            self.w.newline("")

    # --- plain functions

    def plain(self) -> None:
        """A plain function with defers, spawns or consumed handles: its body in place."""
        c, f = self.c, self.c.function
        self._undefine()
        self.p.tokens.suppress = True
        self.p.tokens.span(f.first, f.declarator_last)
        body = self.l.body
        self.p.tokens.lead(c.tokens[f.body.first])
        self.w.code("{", c.line(f.body.first))
        head = [f"unsigned {name} = 0;" for name in self._exit_names()]
        if c.keeps_result and c.result is not None:
            simple = c.result.type.kind in (t.TypeKind.SCALAR, t.TypeKind.POINTER)
            head.append(c.result.type.declare("ac__result") + (" = 0;" if simple else ";"))
        self.w.indent = "    "
        if head:
            self.w.raw("\n    " + " ".join(head), OWN)
        self._statements(body)
        self.w.indent = ""
        self._close()
        self._redefine()

    def _close(self) -> None:
        close = self.c.tokens[self.c.function.body.last - 1]
        self.p.tokens.lead(close)
        self.w.code("}", close.position.line)

    def _statements(self, body: low.LBlock) -> None:
        for s in body.body:
            self.w.indent = "    "
            self.s.statement(s)

    def _exit_names(self) -> list[str]:
        return sorted({exit_name(d.cleanup.depth) for d in self.c.defers if len(d.cleanup.exits) > 1})

    # --- async functions

    def asynchronous(self) -> None:
        assert self.frame is not None
        c, w, f = self.c, self.w, self.c.function
        me, cx, tag, name = self.me, self.cx, self.tag, self.name
        w.indent = ""
        for text in self._moved_text():
            for line in text.split("\n"):
                w.line(line)
        for line in struct_text(tag, self.frame) + offset_asserts(tag, self.frame):
            w.line(line)
        self._own_prototype()
        self._init()
        self._lazies()
        self._arms()
        runs = bool(c.defers) or bool(c.gathers)
        self._cancels()
        if f.uses_function_name:
            for word in ("__func__", "__FUNCTION__", "__PRETTY_FUNCTION__"):
                w.line(f'#define {word} "{name}"')
        head = f"static int ac__{name}_poll(void *ac__self, ac_context *{cx})"
        if runs:
            head = f"static int ac__{name}_run(struct {tag} *{me}, ac_context *{cx}, unsigned ac__at)"
        self._undefine()
        addressed = "__attribute__((noinline)) " if c.addressed_labels else ""
        w.line(addressed + head)
        self._poll_body(runs)
        self._redefine()
        if f.uses_function_name:
            for word in ("__func__", "__FUNCTION__", "__PRETTY_FUNCTION__"):
                w.line(f"#undef {word}")
        w.indent = ""
        state = f"{me}->ac__state" if self.frame.state_type else "0"
        if runs:
            w.line(f"static int ac__{name}_poll(void *ac__self, ac_context *{cx})")
            w.line(f"{{ struct {tag} *{me} = ac__self; return ac__{name}_run({me}, {cx}, {state}); }}")
        self._drop(runs)
        for line in tables(self.l, self.p):
            w.line(line)
        self._descriptor()
        if self.l.has_late_users:
            self._accessor()
        if self.l.needs_thunk:
            self._thunk()
        else:
            w.indent = ""

    def _descriptor(self) -> None:
        c, w, f = self.c, self.w, self.c.function
        tag, name = self.tag, self.name
        assert self.frame is not None
        unused = "__attribute__((unused)) " if f.decl.is_static else ""
        descriptor = f"static const ac_descriptor ac__{name}_descriptor = {{"
        w.line(unused + descriptor)
        result = self.frame.names.get(c.result) if c.result is not None else None
        result_field = next((x for x in self.frame.fields if x.name == "result"), None) if result else None
        offset, size = (result_field.offset, result_field.size) if result_field else (0, 0)
        n_states = len(c.suspensions)
        counts = self.l.counts

        def has(count: int, what: str) -> str:
            return f"ac__{name}_{what}" if count else "NULL"

        w.line(f'    .name = "{name}", .file = {_c_string(f.file or c.unit.path)}, .line = {c.line(f.first)},')
        w.line(f"    .size = sizeof(struct {tag}), .align = _Alignof(struct {tag}), "
               f".result_offset = {offset}, .result_size = {size},")  # fmt: skip
        w.line(f"    .poll = ac__{name}_poll, .drop = ac__{name}_drop,")
        w.line(f"    .states = {has(n_states, 'states')}, .children = {has(counts['children'], 'children')}, "
               f".strands = {has(counts['strands'], 'strands')}, .locals = {has(counts['locals'], 'locals')}, "
               f".live = {has(counts['live'], 'live')},")  # fmt: skip
        w.line(f"    .n_states = {n_states}, .n_strands = {counts['strands']}, .n_locals = {counts['locals']}")
        w.line("};")

    def _own_prototype(self) -> None:
        """The C function of this name stands behind the body, which may say the name: `visit = f`."""
        c, f = self.c, self.c.function
        called = {site.token for site in c.sites}
        body = range(f.body.first, f.body.last)
        if self.name == "main" or all(c.tokens[k].text != self.name or k in called for k in body):
            return
        before = ("static " if f.decl.is_static else "") + ("inline " if f.decl.is_inline else "")
        self.w.line(f"{before}{f.decl.type.declare(self.name)};")

    def forward(self) -> None:
        """What is needed of functions that stand further down."""
        c, w = self.c, self.w
        for name in sorted(c.later, key=lambda n: c.calls.place[n]):
            function = c.calls.bodies[name]
            parameters = ", ".join(p.type.declare(p.name) for p in function.parameters)
            inner = f"struct ac__{name}_future *ac__future" + (", " + parameters if parameters else "")
            w.line(f"struct ac__{name}_future;")
            w.line(f"static inline void ac__{name}_init({inner});")
            w.line(f"static int ac__{name}_poll(void *ac__self, ac_context *cx);")
            w.line(f"static void ac__{name}_drop(void *ac__self);")
            w.line(f"static const ac_descriptor ac__{name}_descriptor;")
            result = function.decl.type.result
            if result is not None and result.kind is not t.TypeKind.VOID:
                w.line(f"static inline {result.declare(f'*ac__{name}_result')}(void *ac__self);")

    def _accessor(self) -> None:
        result = self.c.function.decl.type.result
        if result is None or result.kind is t.TypeKind.VOID:
            return
        head = f"static inline {result.declare(f'*ac__{self.name}_result')}(void *ac__self)"
        self.w.line(f"__attribute__((unused)) {head}")
        self.w.line(f"{{ return &((struct {self.tag} *)ac__self)->result; }}")

    def _moved_types(self) -> list[t.LocalType]:
        if self.frame is None:
            return []
        wanted = [lt for lt in self.c.function.types if lt.at_file_scope]
        wanted += [lt for declaration in self.c.split for lt in declaration.types]
        for v in [*self.frame.names, *self.c.temporaries, *self.c.function.parameters]:
            if not isinstance(v, low.Site):
                wanted += v.type.local_types
        return moved_types(self.c, wanted)

    def _moved_text(self) -> list[str]:
        """The definitions that move to file scope; in their old place their new name is used."""
        return move(self.c, self.moved, self.renames)

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

    def _lazies(self) -> None:
        """Poll and drop of each ac_future local, by what it holds."""
        c, w, me, cx = self.c, self.w, self.me, self.cx
        assert self.frame is not None
        for future, sites in c.lazy_sites.items():
            name = self.p.future_name(future)
            which = f"{me}->ac__which_{name}"
            w.line(f"static void ac__{self.name}_drop_{name}(struct {self.tag} *{me})")
            w.line("{")
            w.line(f"    switch ({which}) {{")
            for i, site in enumerate(sites):
                storage = f"{me}->{name}.ac__as_{site.order}"
                w.line(f"    case {i + 1}: {self.p.drop(site, storage)} break;")
            w.line("    }")
            w.line(f"    {which} = 0;")
            w.line("}")
            w.line(
                f"__attribute__((unused)) static int ac__{self.name}_poll_{name}(struct {self.tag} *{me}, ac_context *{cx})"
            )
            w.line("{")
            w.line(f"    switch ({which}) {{")
            for i, site in enumerate(sites):
                storage = f"{me}->{name}.ac__as_{site.order}"
                w.line(f"    case {i + 1}: {{")
                w.line(f"        if ({self.p.poll(site, storage)} == AC_PENDING) return AC_PENDING;")
                release = {
                    "pool": f"ac__frame_free({cx}, {storage});",
                    "slot": f"ac__frame_free({cx}, {storage});",
                }.get(site.kind, "")
                if site.result.kind is not t.TypeKind.VOID:
                    w.line(f"        {site.result.declare('ac__value')} = {self.p.result(site, storage)};")
                    if release:
                        w.line(f"        {release}")
                    w.line(f"        __builtin_memcpy(&{me}->{name}.value, &ac__value, sizeof ac__value);")
                elif release:
                    w.line(f"        {release}")
                w.line("        break;")
                w.line("    }")
            w.line("    }")
            w.line(f"    {which} = 0;")
            w.line("    return AC_READY;")
            w.line("}")

    def _arms(self) -> None:
        """Dropping the arms of a select that are still under way, latest first."""
        c, w, me = self.c, self.w, self.me
        for s in c.selects:
            mask = self.p.place(s.mask)
            one = "1u" if len(s.arms) <= 32 else "1ull"
            w.line(f"static void ac__{self.name}_drop_arms_{s.number}(struct {self.tag} *{me})")
            w.line("{")
            for i in reversed(range(len(s.arms))):
                drop = self.p.drop(s.arms[i].site)
                if drop:
                    w.line(f"    if ({mask} & {one} << {i}) {drop}")
            w.line(f"    {mask} = 0;")
            w.line("}")

    def _cancels(self) -> None:
        """Cancelling the branches of a gather that have not ended, latest first."""
        c, w, me = self.c, self.w, self.me
        if c.gathers:
            w.line(f"static int ac__{self.name}_run(struct {self.tag} *{me}, ac_context *{self.cx}, unsigned ac__at);")
        for g in c.gathers:
            states = self.p.place(g.states)
            w.line(f"static void ac__{self.name}_cancel_{g.number}(struct {self.tag} *{me})")
            w.line("{")
            w.line(f"    for (unsigned ac__i = {len(g.branches)}; ac__i-- > 0;) {{")
            w.line(f"        unsigned ac__at = {states}[ac__i];")
            w.line(f"        {states}[ac__i] = 0;")
            w.line(f"        if (ac__at) (void)ac__{self.name}_run({me}, NULL, ac__at);")
            w.line("    }")
            w.line("}")

    # --- poll and drop

    def _resumes(self) -> list[tuple[int, str]]:
        found = []
        for step in self.c.suspensions:
            number = step.site.state if isinstance(step, low.LAwait) else step.state
            found.append((number, f"ac__resume_{number}"))
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
        return [drop + " " if drop else "", *self.s.exit_parts(step.cancel)]

    def _poll_body(self, runs: bool) -> None:
        c, w, me, cx = self.c, self.w, self.me, self.cx
        assert self.frame is not None
        function = c.function
        w.line("{")
        w.indent = "    "
        if not runs:
            w.line(f"struct {self.tag} *{me} = ac__self;")
        resumes = self._resumes()
        if not resumes or not any(True for _ in c.suspensions):
            w.line(f"(void){cx};")
        w.line(f"(void){me};")
        for name in self._exit_names():
            w.line(f"unsigned {name} = 0;")
        body = range(function.body.first, function.body.last)
        named = {v for token, v in function.names.items() if token in body}
        for p in function.parameters:
            if p not in self.frame.names and p in named:
                w.line(f"{p.type.declare(p.name)};")
        if runs:
            self._cancel_dispatch()
        dispatch = "ac__at" if runs else f"{me}->ac__state"
        if resumes:
            w.line(f"switch ({dispatch}) {{")
            for number, label in resumes:
                w.line(f"case {number}: goto {label};")
            w.line("}")
        elif runs:
            w.line("(void)ac__at;")
        for p in function.parameters:
            if p in self.frame.cached.variables:
                w.line(f"{p.type.declare(p.name)} = {me}->{self.frame.names[p]};")
        self._statements(self.l.body)
        w.indent = "    "
        self._end_of_body()
        close = c.tokens[function.body.last - 1]
        if "/*" in close.before or "//" in close.before:
            self.p.tokens.lead(close)
        w.newline("")
        w.raw("}", close.position.line)

    def _end_of_body(self) -> None:
        c, w = self.c, self.w
        close = c.tokens[c.function.body.last - 1]
        last = self.l.body.body[-1] if self.l.body.body else None
        if isinstance(last, low.LJump) and last.kind == "return":
            return
        w.newline()
        if self.name == "main" and c.result is not None:
            w.raw(f"{self.p.place(c.result)} = 0; ", close.position.line)
        w.raw("return AC_READY;", close.position.line)

    def _cancel_dispatch(self) -> None:
        """A frame that is dropped enters here, without a context."""
        c, w = self.c, self.w
        w.line(f"if (!{self.cx}) switch (ac__at) {{")
        for step in c.suspensions:
            number = step.site.state if isinstance(step, low.LAwait) else step.state
            w.line(f"case {number}: ")
            self.p.start(low.Code(self._cancel_parts(step)))
        w.line("case 0: ")
        assert c.start_exit is not None
        self.p.start(low.Code(self.s.exit_parts(c.start_exit)))
        w.line("default: return AC_READY;")
        w.line("}")

    def _drop(self, runs: bool) -> None:
        c, w, me = self.c, self.w, self.me
        assert self.frame is not None
        w.line(f"static void ac__{self.name}_drop(void *ac__self)")
        w.line("{")
        w.indent = "    "
        if runs:
            state = f"{me}->ac__state" if self.frame.state_type else "0"
            w.line(f"struct {self.tag} *{me} = ac__self;")
            w.line(f"(void)ac__{self.name}_run({me}, NULL, {state});")
        elif not c.suspensions:
            w.line("(void)ac__self;")
        else:
            w.line(f"struct {self.tag} *{me} = ac__self;")
            w.line(f"switch ({me}->ac__state) {{")
            for step in c.suspensions:
                number = step.site.state if isinstance(step, low.LAwait) else step.state
                parts = self._cancel_parts(step)
                if parts and parts[-1] == "return AC_READY;":
                    parts[-1] = "break;"
                w.line(f"case {number}: ")
                self.p.start(low.Code(parts))
            w.line("}")
        w.indent = ""
        w.line("}")

    # --- the real C function

    def _thunk(self) -> None:
        w, f = self.w, self.c.function
        w.indent = ""
        arguments = "".join(", " + p.name for p in f.parameters)
        result = f.decl.type.result
        if self.name == "main":
            self._main(arguments)
            return
        w.newline()
        if f.decl.is_static:
            w.raw("__attribute__((unused)) ", OWN)
        self.p.tokens.renames.at.clear()
        self.p.tokens._plain.clear()
        self.p.tokens.undefined = frozenset()
        for lt in self.moved:
            if lt.last <= f.declarator_last:
                self.renames.put(lt.first, lt.last, f"{lt.kind} {lt.global_name}")
        self.p.tokens.suppress = True
        text = Writer()
        outer, self.p.tokens.w = self.p.tokens.w, text
        self.p.tokens.span(f.first, f.declarator_last)
        self.p.tokens.w = outer
        w.raw(" ".join(line.text.strip() for line in text.lines), OWN)
        w.line("{")
        w.line(f"    struct {self.tag} *{self.me} = ac__enter(&ac__{self.name}_descriptor);")
        w.line(f"    ac__{self.name}_init({self.me}{arguments});")
        if result is not None and result.kind is not t.TypeKind.VOID:
            w.line(f"    {result.declare('ac__nothing')};")
            w.line("    __builtin_memset(&ac__nothing, 0, sizeof ac__nothing);")
            w.line("    return ac__nothing;")
        w.line("}")

    def _main(self, arguments: str) -> None:
        w, f = self.w, self.c.function
        if f.parameters:
            w.line("int main(" + ", ".join(p.type.declare(p.name) for p in f.parameters) + ")")
        else:
            w.line("int main(void)")
        w.line("{")
        w.line(f"    struct {self.tag} *{self.me} = ac__main_begin(&ac__main_descriptor);")
        w.line(f"    ac__main_init({self.me}{arguments});")
        w.line(f"    return ac__main_end({self.me});")
        w.line("}")


def _c_string(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

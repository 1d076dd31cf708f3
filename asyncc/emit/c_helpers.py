"""Small functions that serve the words which are expressions: one a callee for spawn, spawn_blocking, ac_block_on."""

from __future__ import annotations

from ..ir import tree as t
from ..passes.context import Context, Helper
from ..passes.walk import strip
from .writer import Writer


def print_helper(c: Context, helper: Helper, w: Writer) -> None:
    parameters, prefix = _parameters(c, helper)
    names = ", ".join(f"ac__{i + 1}" for i in range(len(parameters)))
    more = ", " + names if names else ""
    declared = "".join(", " + p.declare(f"ac__{i + 1}") for i, p in enumerate(parameters))
    if not helper.callee:
        assert isinstance(helper.call, t.Call)
        declared = ", " + strip(helper.call.callee).type.declare("ac__callee") + declared
    head = f"static inline void *{helper.name}(ac_context *cx, ac_runtime *rt, unsigned flags{declared})"
    if helper.kind == "blocking":
        _blocking(c, helper, parameters, declared, w)
        return
    if helper.kind == "block_on":
        _block_on(c, helper, declared, more, prefix, w)
        return
    w.line(head)
    w.line("{")
    if prefix:
        w.line(f"    void *ac__future = ac__spawn_begin(cx, rt, &{prefix}_descriptor, flags);")
        w.line("    if (!ac__future) return NULL;")
        w.line(f"    {prefix}_init(ac__future{more});")
        w.line("    return ac__spawn_end(cx, ac__future);")
    else:
        callee = f"({helper.callee})" if helper.callee else "ac__callee"
        w.line("    ac__slot_spawn(cx, rt, flags);")
        w.line(f"    (void){callee}({names});")
        w.line("    return ac__slot_task();")
    w.line("}")


def _parameters(c: Context, helper: Helper) -> tuple[list[t.CType], str]:
    """The parameter types of a callee, and the prefix of its future's functions ("": by the call slot)."""
    call = helper.call
    if isinstance(call, t.Join):
        nodes = [call.handle] if call.out is None else [call.handle, call.out]
        return [x.type for x in nodes], helper.callee
    ctype: t.CType | None = call.callee.type
    decl = c.unit.declared.get(call.function)
    prefix = ""
    if decl is not None:
        ctype = decl.type
        if call.function in c.calls.own:
            prefix = f"ac__{call.function}"
        elif decl.future_size > 0:
            prefix = call.function
    while ctype is not None and ctype.kind is t.TypeKind.POINTER:
        ctype = ctype.element
    if ctype is not None and ctype.kind is t.TypeKind.FUNCTION and ctype.has_prototype and not ctype.is_variadic:
        return ctype.parameters, prefix
    return [x.type for x in call.arguments], prefix


def _blocking(c: Context, helper: Helper, parameters: list[t.CType], declared: str, w: Writer) -> None:
    """A closure of a plain call: its poll is run once, on a thread of the blocking pool."""
    name = helper.name
    assert isinstance(helper.call, t.Call)
    result = helper.call.type
    void = result.kind is t.TypeKind.VOID
    w.line(f"struct {name}_future {{")
    if not helper.callee:
        w.line(f"    {strip(helper.call.callee).type.declare('ac__callee')};")
    for i, p in enumerate(parameters):
        w.line(f"    {p.declare(f'ac__{i + 1}')};")
    if not void:
        w.line(f"    {result.declare('result')};")
    elif not parameters and helper.callee:
        w.line("    char ac__empty;")
    w.line("};")
    w.line(f"static int {name}_poll(void *ac__self, ac_context *cx)")
    w.line("{")
    w.line(f"    struct {name}_future *f = ac__self;")
    w.line("    (void)cx; (void)f;")
    callee = f"({helper.callee})" if helper.callee else "f->ac__callee"
    text = f"{callee}({', '.join(f'f->ac__{i + 1}' for i in range(len(parameters)))});"
    w.line(f"    {text}" if void else f"    f->result = {text}")
    w.line("    return AC_READY;")
    w.line("}")
    w.line(f"static void {name}_drop(void *ac__self) {{ (void)ac__self; }}")
    w.line(f"static const ac_descriptor {name}_descriptor = {{")
    place = c.position(helper.call.first)
    file, line = c.unit.lines.at(place.file, place.line)
    w.line(f'    .name = "{helper.callee or "a pointer"}", .file = "{file}", .line = {line},')
    w.line(f"    .size = sizeof(struct {name}_future), .align = _Alignof(struct {name}_future),")
    if not void:
        w.line(f"    .result_offset = offsetof(struct {name}_future, result), .result_size = {max(result.size, 0)},")
    w.line(f"    .poll = {name}_poll, .drop = {name}_drop")
    w.line("};")
    w.line(f"static inline void *{name}(ac_context *cx, ac_runtime *rt, unsigned flags{declared})")
    w.line("{")
    w.line(f"    struct {name}_future *f = ac__spawn_begin(cx, rt, &{name}_descriptor, flags);")
    w.line("    if (!f) return NULL;")
    if not helper.callee:
        w.line("    f->ac__callee = ac__callee;")
    for i in range(len(parameters)):
        w.line(f"    f->ac__{i + 1} = ac__{i + 1};")
    w.line("    return ac__spawn_end(cx, f);")
    w.line("}")


def _block_on(c: Context, helper: Helper, declared: str, more: str, prefix: str, w: Writer) -> None:
    result = helper.call.type
    void = result.kind is t.TypeKind.VOID
    head = result.declare(f"{helper.name}(ac_runtime *rt{declared})")
    w.line(f"static inline {head}")
    w.line("{")
    if not prefix:
        callee = f"({helper.callee})" if helper.callee else "ac__callee"
        names = more.removeprefix(", ")
        w.line("    ac__slot_await(NULL);")
        w.line(f"    (void){callee}({names});")
        w.line("    struct ac__frame *ac__frame = ac__slot_frame();")
        w.line("    ac__block_on(rt, ac__frame->type, ac__frame_future(ac__frame));")
        if not void:
            w.line(f"    {result.declare('ac__value')} = *({result.declare('*')})ac__frame_result(ac__frame);")
        w.line("    ac__frame_free(NULL, ac__frame);")
        w.line("    return ac__value;" if not void else "    return;")
    else:
        w.line(f"    struct {prefix}_future ac__future;")
        w.line(f"    {prefix}_init(&ac__future{more});")
        w.line(f"    ac__block_on(rt, &{prefix}_descriptor, &ac__future);")
        if not void:
            w.line("    return ac__future.result;")
    w.line("}")

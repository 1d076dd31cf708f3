"""What the language refuses: each error at its line and column, by its name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from frontend_support import parse, refuse

from asyncc.frontend import FrontendOptions, InputErrors, parse_unit
from asyncc.frontend.diagnostics import Diagnostic, Note, render
from asyncc.ir.source import Position

DECLARED = "async int f(int n);\nint plain(int n);\n"

# Name of the error, and the line that has it: `^` stands before the token it points to.
REFUSED = [
    ("await-outside-async", "int g(void) { return ^await f(1); }"),
    ("await-outside-async", "void g(void) { ^select { when (await f(1)) { } } }"),
    ("await-in-defer", "async void g(void) { defer ^await f(1); await f(2); }"),
    ("await-in-defer", "async void g(void) { defer { ^within (1) plain(1); } await f(2); }"),
    (
        "await-in-defer",
        "async void end(int *n);\nasync int g(void) { __attribute__((cleanup(end))) int ^n = await f(1); return n; }",
    ),
    (
        "await-in-defer",
        "async void end(int *n);\nint g(void) { __attribute__((cleanup(end))) int ^n = plain(1); return n; }",
    ),
    ("unused-future", "async void g(void) { ^f(1); }"),
    ("unused-future", "async int g(void) { return plain(^f(1)); }"),
    ("unused-future", "int g(void) { return ^f(1); }"),
    ("unused-future", "async void g(async int (*p)(int)) { ^p(1); }"),
    ("vla-across-await", "async int g(int n) { int ^a[n]; await f(1); return a[0]; }"),
    ("vla-across-await", "async int g(int n) { int (*^a)[n] = 0; await f(1); return a != 0; }"),
    ("vla-across-await", "async int g(void) { int ^a[await f(1)]; return sizeof a; }"),
    ("vla-across-await", "async int g(int n, int ^a[n][n]) { await f(1); return a[0][0]; }"),
    ("vla-across-await", "async int g(int n) { typedef int ^t[n]; await f(1); return sizeof(t) != 0; }"),
    (
        "vla-across-await",
        "async int g(int n) { void *p = &^(__typeof__(int (*)[n])){ 0 }; await f(1); return p != 0; }",
    ),
    ("vla-across-await", "async int g(int n) { return ^(int (*)[n]){ (void *)(long)await f(1) } != 0; }"),
    ("argument-count", "async int k() { return 1; }\nasync int g(void) { return await ^k(2); }"),
    (
        "argument-count",
        "async int k();\nasync int k(a, b) int a, b; { return a + b; }\nasync int g(void) { return await f(1) + await ^k(1); }",
    ),
    ("argument-count", "async int k(a) int a; { return a; }\nasync void g(void) { spawn(^k()); }"),
    ("word-place", "^async int x;"),
    ("word-place", "^async struct s { int a; };"),
    ("word-place", "struct s { ^async int member; async int (*right)(int); };"),
    ("alloca-across-await", "async int g(int n) { char *p = ^__builtin_alloca(n); await f(1); return *p; }"),
    ("setjmp", "#include <setjmp.h>\nasync int g(void) { jmp_buf b; return ^setjmp(b); }"),
    (
        "va-list-across-await",
        "#include <stdarg.h>\nasync int g(va_list ^ap) { await f(1); return va_arg(ap, int); }",
    ),
    ("variadic-async", "async int ^g(int n, ...) { return await f(n); }"),
    ("attribute-on-async", "__attribute__((noreturn)) async void ^g(void) { for (;;) await f(1); }"),
    ("attribute-on-async", "async __attribute__((pure)) int ^g(void) { return await f(1); }"),
    ("attribute-on-async", "__attribute__((__noreturn__)) async void ^g(void (*p)(int));"),
    ("attribute-on-async", "async _Noreturn void ^g(int n);"),
    ("attribute-on-async", "__attribute__((constructor)) async void ^g(void) { await f(1); }"),
    ("attribute-on-async", "async void ^g(void) __attribute__((__destructor__));"),
    ("attribute-on-async", "typedef __attribute__((noreturn)) void end(int);\nasync end ^g;"),
    ("attribute-on-async", "async int ^g(int n) __attribute__((const));"),
    ("arm-await", "async void g(int n) { select { ^when (plain(n)) { } } }"),
    ("arm-await", "async void g(int n) { select { when (n && ^await f(n)) { } } }"),
    ("arm-await", "async void g(int n) { select { when (n ? ^await f(n) : 0) { } } }"),
    ("arm-await", "async void g(int n) { select { when (await f(^await f(n))) { } } }"),
    ("arm-await", "async void g(int n) { ^run_until (plain(n)) plain(n); }"),
    ("await-in-guard", "async void g(void) { select { if (^await f(1)) when (await f(2)) { } } }"),
    ("select-form", "async void g(void) { select { ^plain(1); when (await f(1)) { } } }"),
    ("select-form", "async void g(void) { ^select { } }"),
    ("select-form", "async void g(void) { select { when (await f(1)) { } otherwise { } ^otherwise { } } }"),
    ("gather-form", "async void g(void) { gather { ^int x = 1; await f(x); } }"),
    ("gather-form", "async void g(void) { gather { ^defer plain(1); await f(1); } }"),
    ("gather-form", "async void g(void) { gather { ^here: await f(1); } }"),
    ("when-outside-select", "async void g(void) { ^when (await f(1)) { } }"),
    ("continue-outside-loop", "async void g(void) { select { when (await f(1)) { ^continue; } } }"),
    ("jump-out-of-defer", "async void g(void) { for (;;) { defer ^break; await f(1); } }"),
    ("jump-out-of-defer", "async void g(void) { defer { ^return; } await f(1); }"),
    ("jump-out-of-defer", "async void g(void) { defer { ^goto out; } await f(1); out:; }"),
    ("jump-into-scope", "async void g(void) { ^goto in; { defer plain(1); in: plain(2); } await f(1); }"),
    ("jump-into-scope", "async void g(int n) { switch (n) { case 1:; defer plain(1); ^case 2: await f(1); } }"),
    ("jump-into-scope", "async void g(void) { within (1) { in: await f(1); } ^goto in; }"),
    ("jump-into-scope", "async void g(void) { gather { { in: await f(1); } } ^goto in; }"),
    ("jump-into-scope", "async void g(void) { void *p = &&in; ^goto *p; select { when (await f(1)) { in:; } } }"),
    ("jump-into-scope", "async void g(void) { ^goto in; ac_future(int) x = ac_lazy(f(1)); in: await ac_resume(x); }"),
    ("defer-without-block", "async void g(int n) { if (n) ^defer plain(1); await f(1); }"),
    ("future-misuse", "async void g(void) { ac_future(int) x = ac_lazy(f(1)), ^y = x; await ac_resume(y); }"),
    (
        "future-misuse",
        "async void g(void) { ac_future(int) x = ac_lazy(f(1)); void *p = &^x; await ac_resume(x); (void)p; }",
    ),
    ("future-misuse", "async void g(void) { ^ac_lazy(f(1)); }"),
    ("future-misuse", "async void g(^ac_future(int) x) { await ac_resume(x); }"),
    ("future-misuse", "typedef ac_future(int) number;\nasync void g(^number x) { await ac_resume(x); }"),
    (
        "future-misuse",
        "typedef ac_future(int) number;\n^async number g(void) { return 0; }",
    ),
    ("future-misuse", "typedef ac_future(int) number;\nasync void g(void) { number x = ac_lazy(f(1)), y; ^y = x; }"),
    ("future-misuse", "async void g(void) { typedef ac_future(int) number; static number ^x; await ac_resume(x); }"),
    ("spawn-operand", "async void g(void) { ^spawn(plain(1)); }"),
    ("spawn-operand", "async void g(void) { ^spawn_blocking(f(1)); }"),
    ("await-of-plain-call", "async void g(void) { ^await plain(1); }"),
    ("await-operand", "async void g(int n) { ^await n; }"),
    ("word-as-name", "async void g(void) { int ^when = 1; (void)when; await f(1); }"),
]


@pytest.mark.parametrize(("name", "text"), REFUSED)
def test_is_refused_where_it_stands(tmp_path: Path, name: str, text: str) -> None:
    *before, last = text.split("\n")
    column = last.index("^") + 1
    found = refuse(tmp_path, DECLARED + text.replace("^", "") + "\n")
    assert [(d.name, d.position.line, d.position.column) for d in found if d.position and d.name == name][:1] == [
        (name, 4 + len(before), column)
    ]


ALLOWED = [
    "async int g(int n) { { typedef int t[n]; n += sizeof(t); } return await f(n); }",
    "typedef async int fn(int); extern fn g; async int (*table[2])(int), (*one)(int); struct s { fn *p; } s; fn *h(async int (*)(int));",
    "int g(void) { ac_block_on(0, f(1)); defer plain(1); return 0; }",
    "async int g(int n) { { int a[n]; a[0] = 1; plain(a[0]); } return await f(1); }",
    "async int g(int n) { for (int i = 0; i < n; i++) { select { when (await f(1)) { continue; } } } return 0; }",
    "async int g(int n) { for (;;) { gather { { await f(1); break; } } if (n) break; } return 0; }",
    "async int g(int n) { defer { for (;;) { if (n) break; else continue; } } return await f(n); }",
    "async int g(int n) { back: { defer plain(1); if (await f(n)) goto back; } return 0; }",
    "async int g(int n) { switch (n) { case 1: { defer plain(1); await f(1); break; } case 2: return 2; } return 0; }",
    "async int g(int n) { return (int)sizeof(await f(n)) + (int)sizeof(f(n)); }",
    "async int g(int n) { ac_future(int) x = ac_lazy(f(n)); x = ac_lazy(f(2)); return await ac_resume(x) + ac_is_done(x); }",
    "async int g(int n) { select { when ((n = await f(1)) > 3 && plain(n)) { } } return n; }".replace(
        "(n = await f(1)) > 3 && plain(n)", "(n = await f(1)) > 3"
    ),
    "async int g(int (*p)(int)) { return p(1) + await (f)(2); }",
    "async int g(__attribute__((noreturn)) void (*p)(int pure), int noreturn);",
    "struct s { int (*when)(int); int x; };\nasync int g(struct s *s) { return s->x + await f(1); }".replace(
        "int (*when)(int); ", ""
    ),
]


@pytest.mark.parametrize("text", ALLOWED)
def test_is_allowed(tmp_path: Path, text: str) -> None:
    parse(tmp_path, DECLARED + text + "\n")


CLANG_FINDS = [
    ("-Wimplicit-function-declaration", "async void g(void) { nowhere(); await f(1); }"),
    ("-Wincompatible-function-pointer-types", "int (*p)(int) = f;"),
    ("-Wincompatible-function-pointer-types", "async int (*p)(int) = plain;"),
    ("-Wincompatible-pointer-types", "void g(ac_task(int) t) { ac_task(long) u = t; (void)u; }"),
    ("-Wincompatible-pointer-types", "void g(ac_mpsc_tx(int) t) { ac_mpsc_rx(int) u = t; (void)u; }"),
    ("c", "async void g(void) { await f(1) }"),
    ("c", "async void g(void) { return unknown; }"),
]


@pytest.mark.parametrize(("name", "text"), CLANG_FINDS)
def test_errors_of_c_are_the_users(tmp_path: Path, name: str, text: str) -> None:
    found = refuse(tmp_path, DECLARED + text + "\n")
    assert (found[0].name, found[0].position.line if found[0].position else 0) == (name, 4)


def test_handles_are_named_in_messages(tmp_path: Path) -> None:
    (found,) = refuse(tmp_path, "void g(ac_task(int) t) { ac_task(long) u = t; (void)u; }\n")
    assert "ac_task(long)" in found.message and "ac_task(int)" in found.message


def test_a_word_in_a_header_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "other.h").write_text("int gather(int);\n")
    found = refuse(tmp_path, '#include "other.h"\n')
    assert Path(found[0].where).name == "other.h"
    assert any("'gather' on this line is a word" in note.message for note in found[0].notes)


def test_a_field_called_async_does_not_vanish(tmp_path: Path) -> None:
    (tmp_path / "other.h").write_text("struct s {\n    int x;\n    int async;\n};\n")
    found = refuse(tmp_path, '#include "other.h"\nint size = sizeof(struct s);\n')
    assert [(d.name, Path(d.where).name, d.position.line if d.position else 0) for d in found] == [
        ("word-as-name", "other.h", 3)
    ]


def test_a_missing_header_is_the_only_error(tmp_path: Path) -> None:
    found = refuse(tmp_path, "#include <no/such.h>\nasync void g(void) { nothing(); }\n")
    assert ["no/such.h" in d.message for d in found] == [True]
    assert "-I" in found[0].fix


@pytest.mark.parametrize("data", [b"", b"int x;", b"\xef\xbb\xbfint x;\r\n", b"// nothing"])
def test_plain_c_is_accepted(tmp_path: Path, data: bytes) -> None:
    unit, found = parse_unit(str(tmp_path / "test.ac"), data, FrontendOptions())
    assert (unit.functions, unit.edits, found) == ([], [], [])


def test_a_binary_file_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(InputErrors) as caught:
        parse_unit(str(tmp_path / "test.ac"), b"\x7fELF\0\0\0", FrontendOptions())
    assert len(caught.value.diagnostics) == 1


@pytest.mark.parametrize(
    "text", ["async int f(", "#define X(", '"', "/*", "async int f(void) { #if", "'", "\\", "await", "{", ")"]
)
def test_broken_text_gives_errors_only(tmp_path: Path, text: str) -> None:
    assert refuse(tmp_path, text) != []


# --- showing -------------------------------------------------------------------------------------------------------------


def shown() -> Diagnostic:
    place = Position("a.ac", 2, 3, 7)
    return Diagnostic(
        "error", "await-in-defer", place, "wrong", [Note("because", Position("a.ac", 1, 1, 0))], "do this", 5
    )


def test_text_looks_like_clangs() -> None:
    text = render([shown()], "text", False, {"a.ac": b"abcd\n\tawait x;\n"})
    assert text == (
        "a.ac:2:3: error: wrong [-Wasync-await-in-defer]\n\tawait x;\n\t ^~~~~\n"
        "a.ac:1:1: note: because\nabcd\n^\nfix: do this\n"
    )


def test_colour_is_only_there_on_demand() -> None:
    assert "\033[" not in render([shown()], "text", False, {})
    assert "\033[1;31merror:" in render([shown()], "text", True, {})


def test_json_has_the_same() -> None:
    (found,) = json.loads(render([shown()], "json", False, {}))
    assert (found["name"], found["line"], found["column"], found["fix"]) == ("await-in-defer", 2, 3, "do this")
    assert found["notes"][0]["line"] == 1


@pytest.mark.parametrize(
    ("prototype", "what"),
    [
        ("async int f(int a, ...);", "..."),
        ("__attribute__((pure)) async int f(int a);", "pure"),
        ("async int f(int a) __attribute__((const));", "const"),
    ],
)
def test_a_bare_prototype_is_refused_as_a_body_is(tmp_path: Path, prototype: str, what: str) -> None:
    (found,) = refuse(tmp_path, prototype + "\n")
    assert f"'{what}'" in found.message
    assert found.position is not None
    assert found.position.line == 2


def test_an_error_is_told_where_line_directives_say(tmp_path: Path) -> None:
    """A generator's input is what its user can change; the excerpt shows the line that was written from it."""
    text = (
        f'#include <asyncc/asyncc.h>\n{DECLARED}#line 70 "grammar.y"\nint one;\nint g(void) {{ return await f(1); }}\n'
    )
    source = tmp_path / "grammar.ac"
    source.write_text(text)
    with pytest.raises(InputErrors) as caught:
        parse_unit(str(source), None, FrontendOptions())
    shown = render(caught.value.diagnostics, "text", False)
    assert shown.startswith("grammar.y:71:")
    assert "int g(void) { return await f(1); }\n" in shown
    assert json.loads(render(caught.value.diagnostics, "json", False))[0]["line"] == 71

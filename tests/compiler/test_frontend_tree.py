"""The tree: C's grammar with GNU's, names, types from clang."""

from __future__ import annotations

from pathlib import Path

import pytest
from frontend_support import HEADER, function, nodes, parse

from asyncc.frontend import FrontendOptions, parse_unit
from asyncc.ir import tree as t

CONSTRUCTS = Path(__file__).with_name("constructs.ac")


@pytest.fixture(scope="module")
def constructs() -> t.Unit:
    unit, _ = parse_unit(str(CONSTRUCTS), None, FrontendOptions())
    return unit


def test_every_expression_of_every_construct_has_a_type(constructs: t.Unit) -> None:
    untyped = [
        " ".join(token.text for token in constructs.tokens[e.first : e.last])
        for f in constructs.functions
        for e in nodes(f.body, t.Expr)
        if isinstance(e, t.Expr) and not isinstance(e, t.InitList) and e.type.spelling == "unknown"
    ]
    assert untyped == []


def test_every_local_has_a_type(constructs: t.Unit) -> None:
    for f in constructs.functions:
        assert [local.name for local in f.locals if local.type.spelling in ("?", "unknown")] == []


def declared(unit: t.Unit, name: str) -> dict[str, str]:
    return {local.name: local.type.declare(local.name) for local in function(unit, name).locals}


def test_declarations_are_written_from_types(constructs: t.Unit) -> None:
    found = declared(constructs, "declarations")
    assert found["argv"] == "char *argv"
    assert found["rows"] == "int (*rows)[4]"
    assert found["callback"] == "int (*callback)(int)"
    assert found["constants"] == "int constants[3]"
    assert found["table"] == "int (*table[2])(int)"
    assert found["record"] == "struct ac__declarations_S record"
    assert found["named"] == "ac__declarations_point named"
    assert found["same"] == "__typeof__(anonymous_global) same"
    assert found["inner"] == "__typeof__(anonymous_global.inner) inner"
    assert found["inferred"] == "struct ac__declarations_S *inferred"


def test_alignment_of_locals(constructs: t.Unit) -> None:
    found = {local.name: local.alignment for local in function(constructs, "declarations").locals}
    assert (found["aligned"], found["computed"], found["attribute"]) == (64, 16, 32)


def test_generic_and_choose_take_the_branch_clang_takes(constructs: t.Unit) -> None:
    chosen = [
        " ".join(token.text for token in constructs.tokens[e.chosen.first : e.chosen.last])
        for e in nodes(function(constructs, "selections").body, t.Selected)
        if isinstance(e, t.Selected)
    ]
    assert chosen == ["1", '"text"', "2.0", "10", "20"]


def test_shadowed_names_are_different_locals(tmp_path: Path) -> None:
    unit = parse(
        tmp_path,
        "typedef int T;\nasync int f(int x) { int r = x; { int x = 2, T = 3; r += x * T; } T y = x; return r + y; }\n",
    )
    names = [e for e in nodes(unit.functions[0].body, t.Identifier) if isinstance(e, t.Identifier) and e.name == "x"]
    assert len({id(e.local) for e in names}) == 2
    assert names[0].local is names[-1].local


def test_names_in_places_without_nodes_are_resolved(tmp_path: Path) -> None:
    unit = parse(tmp_path, "async int f(int n) { int a[sizeof n]; __typeof__(n) b = 1; return a[0] + b; }\n")
    tested = unit.functions[0]
    uses = [index for index, local in tested.names.items() if local.name == "n"]
    assert [unit.tokens[index].text for index in uses] == ["n", "n", "n"]


def test_calls_know_what_they_call(tmp_path: Path) -> None:
    unit = parse(
        tmp_path,
        "struct s { async int (*method)(int); };\nasync int g(int n);\n"
        "async int f(struct s *s, async int (*p)(int)) { return await g(1) + await s->method(2) + await (*p)(3) + await p(4); }\n",
    )
    calls = [c for c in nodes(unit.functions[0].body, t.Call) if isinstance(c, t.Call)]
    assert [c.is_async for c in calls] == [True] * 4
    assert [c.function for c in calls] == ["g", "", "", ""]


def test_a_consuming_call_is_marked_and_its_function_translated(tmp_path: Path) -> None:
    unit = parse(tmp_path, "void f(ac_task(int) t) { ac_detach(t); }\nvoid g(void) { }\n")
    assert [f.decl.name for f in unit.functions] == ["f"]
    (call,) = [c for c in nodes(unit.functions[0].body, t.Call) if isinstance(c, t.Call)]
    assert call.consumes


def test_library_functions_have_their_futures(tmp_path: Path) -> None:
    unit = parse(tmp_path, "async void f(void) { await ac_sleep(1); }\n")
    sleep = unit.declared["ac_sleep"]
    assert sleep.is_async and sleep.is_library and sleep.future_size > 0


ADDRESSES = {
    "p = &x;": True,
    "x = 1;": False,
    "p = a;": True,
    "a[1] = 2;": False,
    "*a = 2;": False,
    "p = &a[1];": True,
    "p = s.m;": True,
    "s.m[1] = s.n;": False,
    "p = rows[1];": True,
    "rows[1][0] = 2;": False,
    "p = &s.n;": True,
    "(void)sizeof a;": False,
    "q = &q[1];": False,
    '__asm__("" : "+r"(x));': False,
    '__asm__("" : "+m"(x));': True,
}


@pytest.mark.parametrize("statement", ADDRESSES)
def test_address_taken(tmp_path: Path, statement: str) -> None:
    unit = parse(
        tmp_path,
        "struct S { int m[2], n; };\nasync void f(int *p, int *q) "
        f"{{ int x = 0, a[3] = {{ 0 }}, rows[2][2] = {{ {{ 0 }} }}; struct S s = {{ {{ 0 }}, 0 }}; {statement} "
        "(void)x, (void)p; (void)a[0]; (void)rows[0][0]; (void)s.n; }\n",
    )
    assert any(local.address_taken for local in unit.functions[0].locals) is ADDRESSES[statement]


def test_select_arms_have_their_guards(tmp_path: Path) -> None:
    unit = parse(
        tmp_path,
        "async int g(void);\nasync void f(int a, int b) { select { if (a) when (await g()) { } else if (b) when (int v = await g()) { (void)v; } "
        "when_true (await g()) { } otherwise { } default: ; } }\n",
    )
    (select,) = [s for s in nodes(unit.functions[0].body, t.Select) if isinstance(s, t.Select)]
    assert [[negated for _, negated in arm.guards] for arm in select.arms] == [[False], [False, True], []] or [
        [negated for _, negated in arm.guards] for arm in select.arms
    ] == [[False], [True, False], []]
    assert [arm.is_true for arm in select.arms] == [False, False, True]
    assert select.default is not None and select.otherwise is not None


def test_async_outside_of_bodies_is_taken_out(tmp_path: Path) -> None:
    unit = parse(
        tmp_path, "async int g(int n);\nstruct s { async int (*m)(int); };\nstatic int plain(void) { return 1; }\n"
    )
    text = unit.source
    for edit in sorted(unit.edits, key=lambda e: -e.start):
        text = text[: edit.start] + edit.text.encode() + text[edit.end :]
    assert (
        text.decode() == HEADER + "int g(int n);\nstruct s { int (*m)(int); };\nstatic int plain(void) { return 1; }\n"
    )


def test_async_bodies_of_headers_stand_in_the_text(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "inner.h").write_text(
        '#pragma once\n#include "other.h"\nstatic inline async int twice(int n) { await ac_yield(); return OTHER * n; }\n'
    )
    (tmp_path / "sub" / "other.h").write_text("#define OTHER 2\n")
    (tmp_path / "outer.h").write_text('#ifndef OUTER\n#define OUTER\n#include "sub/inner.h"\n#endif\n')
    unit = parse(tmp_path, '#include "outer.h"\n#include "sub/inner.h"\nasync int f(void) { return await twice(1); }\n')
    assert [f.decl.name for f in unit.functions] == ["twice", "f"]
    twice = unit.functions[0].decl.position
    assert (Path(twice.file).name, twice.line) == ("inner.h", 3)
    assert unit.functions[1].decl.position.line == 4
    assert unit.source.count(b"async int twice") == 1
    assert {Path(d).name for d in unit.dependencies} >= {"test.ac", "inner.h", "outer.h", "other.h"}


def test_several_functions_of_one_macro(tmp_path: Path) -> None:
    unit = parse(
        tmp_path,
        "#define PAIR(a, b) async int a(void) { await ac_yield(); return 1; } async int b(void) { return await a(); }\nPAIR(one, two)\n",
    )
    assert [f.decl.name for f in unit.functions] == ["one", "two"]

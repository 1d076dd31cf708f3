"""The macro expander against the C compiler's preprocessor: the same tokens."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from frontend_support import as_written, expanded, function, parse

from asyncc.frontend import lexer

CC = os.environ.get("CC", "cc")

# Each body stands in an async function; what it expands to must be what the compiler makes of it.
CASES = {
    "object": "#define N 3\n@ int a = N + N; (void)a;",
    "function": "#define ADD(a, b) ((a) + (b))\n@ int a = ADD(1, (2, 3)); (void)a;",
    "nested": "#define F(x) G(x) + 1\n#define G(x) ((x) * 2)\n@ int a = F(F(1)); (void)a;",
    "name_without_parenthesis": "#define f(x) x\n@ int f = 1; int b = f + f (2); (void)b;",
    "recursive": "#define foo foo + bar\n#define bar foo\n@ int foo = 0; (void)foo;".replace(
        "int foo = 0", "extern int a; a = 0"
    ).replace("(void)foo", "(void)a"),
    "self_reference": "static int z; \n#define z (4 + z)\n@ int a = z; (void)a;",
    "standard_example": "#define x 3\n#define f(a) f(x * (a))\n#undef x\n#define x 2\n#define g f\n#define z z[0]\n#define h g(~\n"
    "#define m(a) a(w)\n#define w 0,1\n#define t(a) a\nstatic int f2(int n) { return n; }\n@ int a = t(t(f2)(0) + t)(1); (void)a;".replace(
        "#define z z[0]\n", ""
    ).replace("t(t(f2)(0) + t)(1)", "t(t(f2)(0) + 1)"),
    "stringify": '#define S(x) #x\n#define X(x) S(x)\n@ const char *p = S( a  "b\\n" \'"\' /* c */ + N ) X(S) ; (void)p;',
    "paste": "#define C(a, b) a##b\n#define D(a, b) C(a, b)\n#define E 1\n@ int C(x, 1) = D(E, 2); (void)x1;",
    "paste_empty": "#define C(a, b) a##b\n@ int C(, q) = 1; int C(r,) = 2; (void)q; (void)r; C(,)",
    "paste_operator": "#define P(a) a##=\n@ int a = 1; a P(+) 2; (void)a;",
    "variadic": "#define V(f, ...) f(__VA_ARGS__)\nstatic int s(int a, int b) { return a + b; }\n@ (void)V(s, 1, 2);",
    "gnu_comma": "static int s(int a, ...) { return a; }\n#define L(a, ...) s(a, ##__VA_ARGS__)\n@ (void)L(1); (void)L(1, 2, 3);",
    "gnu_comma_alone": "static int s(int a, ...) { return a; }\n#define L(...) s(0, ##__VA_ARGS__)\n@ (void)L(); (void)L(1, 2);",
    "gnu_named_rest": "static int s(int a, ...) { return a; }\n#define L(a, r...) s(a, ## r)\n@ (void)L(1); (void)L(1, 2, 3);",
    "va_opt": "static int s(int a, ...) { return a; }\n#define L(a, ...) s(a __VA_OPT__(, 7,) __VA_ARGS__)\n@ (void)L(1); (void)L(1, 2);",
    "line": "@ int a = __LINE__;\n int b =\n __LINE__; (void)a; (void)b;",
    "line_in_macro": "#define L __LINE__\n#define M(x) x + L\n@ int a = L; int b = M(1); (void)a; (void)b;",
    "continuation": "#define A(x) \\\n  (x + \\\n  1)\n@ int a = A(2) + \\\n 3; (void)a;",
    "comments_in_arguments": "#define A(x, y) x + y\n@ int a = A(1 /* , 2 */, 3 // 4\n ); (void)a;",
    "redefined_between": "#define N 1\nstatic int first(void) { return N; }\n#undef N\n#define N 2\n@ int a = N + first(); (void)a;",
    "defined_inside": "@ int a = 0;\n#define Q(x) (x + 1)\n a = Q(a);\n#undef Q\n int Q = 3; (void)Q;",
    "conditional_inside": "#define YES\n@ int a = 0;\n#ifdef YES\n a = 1;\n#else\n a = 2;\n#endif\n#if 0\n junk ' \n#endif\n (void)a;",
    "conditional_in_arguments": "#define A(x) x\n#define YES\n@ int a = A(1 +\n#ifdef YES\n 2\n#else\n 3\n#endif\n ); (void)a;",
    "predefined": "@ __SIZE_TYPE__ a = __CHAR_BIT__; (void)a;",
    "call_continues_after_macro": "#define CALL s\nstatic int s(int n) { return n; }\n#define s(x) (x, s(x))\n@ (void)CALL(1);",
    "arguments_over_lines": "#define A(x, y) x + y\n@ int a = A(\n 1,\n 2\n); (void)a;",
    "digraphs": "@ int a<:2:> = <% 1, 2 %>; (void)a;",
    "number_suffix": "#include <stdint.h>\n@ int64_t a = INT64_C(1); uint64_t b = UINT64_MAX; (void)a; (void)b;",
    "errno": "#include <errno.h>\n@ errno = 0;",
    "assertion": '#include <assert.h>\n@ int a = 1; assert(a == 1 && "x");',
}


def preprocessed(text: str, name: str) -> str:
    """The tokens of the last function's body as the compiler's preprocessor gives them."""
    done = subprocess.run(
        [CC, "-E", "-P", "-std=gnu11", "-xc", "-"], input=text, capture_output=True, text=True, check=True
    )
    tokens = lexer.lex(done.stdout, directives=False).texts
    last = len(tokens) - 1 - tokens[::-1].index(name)
    return " ".join(tokens[last + 4 :])  # after `NAME ( void )`


@pytest.mark.parametrize("case", CASES)
def test_expands_as_the_compiler_does(tmp_path: Path, case: str) -> None:
    before, body = CASES[case].split("@", 1)
    unit = parse(tmp_path, f"{before}async void under_test(void) {{ {body} }}\n")
    tested = function(unit, "under_test")
    tokens = unit.tokens[tested.body.first : tested.body.last]
    ours = " ".join(t.text for t in tokens if t.kind.name != "DIRECTIVE").replace(unit.path, "<stdin>")
    plain = f"\n{before}void under_test(void) {{ {body} }}\n"
    assert ours == preprocessed(plain, "under_test")


@pytest.mark.parametrize("case", CASES)
def test_prints_as_written(tmp_path: Path, case: str) -> None:
    before, body = CASES[case].split("@", 1)
    unit = parse(tmp_path, f"{before}async void under_test(void) {{ {body} }}\n")
    tested = function(unit, "under_test")
    printed = as_written(unit, tested.first, tested.last)
    written = unit.source[tested.start : tested.end].decode()
    if "#if" in body:  # what a condition leaves out is left out
        assert "junk" not in printed
    elif "<:" not in body:
        assert printed == written


def test_words_are_not_expanded_also_out_of_macros(tmp_path: Path) -> None:
    unit = parse(tmp_path, "#define WAIT(x) (await x)\nasync void f(void) { WAIT(ac_yield()); ac_await ac_yield(); }\n")
    words = [token.text for token in unit.tokens if token.kind.name == "WORD"]
    assert words == ["async", "await", "ac_await"]


def test_a_word_that_is_undefined_is_a_name(tmp_path: Path) -> None:
    unit = parse(tmp_path, "#undef select\nasync int f(void) { int select = 1; await ac_yield(); return select; }\n")
    assert "select" in {local.name for local in unit.functions[0].locals}


def test_without_keywords_only_the_prefixed_words_exist(tmp_path: Path) -> None:
    text = "ac_async int f(void) { int defer = 1, await = 2; ac_await ac_yield(); return defer + await; }\n"
    unit = parse(tmp_path, text, defines=["ASYNCC_NO_KEYWORDS"])
    assert {local.name for local in unit.functions[0].locals} == {"defer", "await"}


def test_a_use_knows_which_arguments_reach_the_expansion(tmp_path: Path) -> None:
    unit = parse(
        tmp_path,
        "#define TWICE(x) ((x) + (x))\n#define SHOW(x) (#x, (x))\n"
        "async void f(void) { int n = 1; (void)TWICE(n); (void)SHOW(n); }\n",
    )
    uses = {token.use.name: token.use for token in unit.tokens if token.use is not None}
    twice, show = uses["TWICE"], uses["SHOW"]
    assert not twice.stringifies
    (argument,) = [a for a in twice.arguments if twice.text[a[0] : a[1]] == "n"]
    assert [unit.tokens[index].text for index in argument[2]] == ["n", "n"]
    assert show.stringifies
    assert show.arguments == []


def test_defines_of_the_command_line_are_known(tmp_path: Path) -> None:
    unit = parse(tmp_path, "async int f(void) { return N + G(2); }\n", defines=["N=(1)", "G(x)=((x) * 3)"])
    tested = unit.functions[0]
    assert expanded(unit, tested.body.first, tested.body.last) == "{ return ( 1 ) + ( ( 2 ) * 3 ) ; }"


def test_an_included_list_inside_a_body_takes_its_place(tmp_path: Path) -> None:
    (tmp_path / "list.def").write_text("X(one)\nX(two)\n")
    unit = parse(
        tmp_path,
        'async void f(void) {\n#define X(n) int n = 1; (void)n;\n#include "list.def"\n#undef X\n await ac_yield(); }\n',
    )
    assert [local.name for local in unit.functions[0].locals] == ["one", "two"]


def test_pragma_operator_becomes_a_directive(tmp_path: Path) -> None:
    unit = parse(
        tmp_path,
        '#define QUIET _Pragma("GCC diagnostic ignored \\"-Wall\\"")\nasync void f(void) { QUIET await ac_yield(); }\n',
    )
    assert '#pragma GCC diagnostic ignored "-Wall"' in [t.text for t in unit.tokens if t.kind.name == "DIRECTIVE"]


def test_line_follows_line_directives(tmp_path: Path) -> None:
    unit = parse(tmp_path, 'async int f(void) {\n#line 100 "made.y"\n return __LINE__ + sizeof __FILE__; }\n')
    texts = [token.text for token in unit.tokens]
    assert "100" in texts
    assert '"made.y"' in texts

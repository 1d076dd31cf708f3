"""Programs that a machine would write: a thousand levels deep, a thousand entries long."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Command

MANY = 1000
LEAF = """#include <asyncc/asyncc.h>
static async int leaf(int i) { await ac_yield(); return i; }
async int main(void)
{
    int x = 0;
"""
BODIES = {
    "parentheses": f"x = {'(' * MANY}await leaf(1){')' * MANY};",
    "blocks": f"{'{' * MANY} await leaf(1); {'}' * MANY}",
    "else if": "if (x == -1) x = 2;\n" + "".join(f"else if (x == {i}) x = await leaf({i});\n" for i in range(MANY)),
    "calls": f"x = {'await leaf(' * MANY}1{')' * MANY};",
    "sums": f"x = {' + '.join(['await leaf(1)'] * MANY)};",
    "conditions": f"x = {'x == 1 ? await leaf(1) : ' * MANY}2;",
    "loops": f"{'while (x) ' * MANY}await leaf(1);",
    "pointers": f"int {'*' * MANY}p = 0; await leaf(1); (void)p;",
    "cases": "switch (x) {\n" + "".join(f"case {i}: await leaf({i});\n" for i in range(MANY)) + "}",
    "defers": "defer x++;\n" * MANY + "await leaf(1);",
}


@pytest.mark.parametrize("name", BODIES)
def test_a_thousand(asyncc: Command, tmp_path: Path, name: str) -> None:
    (tmp_path / "deep.ac").write_text(f"{LEAF}    {BODIES[name]}\n    return x;\n}}\n")
    done = asyncc("deep.ac", "-o", "deep.c")
    assert (done.returncode, done.stderr) == (0, "")


def test_what_nests_too_deeply_is_one_error(asyncc: Command, tmp_path: Path) -> None:
    (tmp_path / "deep.ac").write_text(f"{LEAF}    x = {'(' * 5000}await leaf(1){')' * 5000};\n    return x;\n}}\n")
    done = asyncc("deep.ac", "-o", "deep.c")
    assert done.returncode == 1
    first, *rest = (line for line in done.stderr.splitlines() if " error: " in line)
    assert first.startswith("deep.ac:6:")
    assert "nesting level exceeded" in first
    assert rest == []
    assert "break the deepest expression" in done.stderr


def test_a_long_function(asyncc: Command, tmp_path: Path) -> None:
    """8,000 lines in one body: a pass that takes the square of the time would not end before the test's own limit."""
    turn = "for (int i = 0; i < 3; i++) {\nint k%d = i;\nswitch (i) {\ncase 1: x += await leaf(k%d);\n}\n}\nawait ac_yield();\nx++;\n"
    (tmp_path / "long.ac").write_text(LEAF + "".join(turn % (n, n) for n in range(1000)) + "    return x;\n}\n")
    done = asyncc("long.ac", "-o", "long.c", timeout=110)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_large_file_of_plain_c_is_printed_as_it_stands(asyncc: Command, tmp_path: Path) -> None:
    text = "#include <stddef.h>\n" + "".join(
        f"/* {i} */ static inline int f{i}(int n)\n{{\n    return n + {i}; // \\t\n}}\n" for i in range(20_000)
    )
    (tmp_path / "plain.ac").write_text(text)
    done = asyncc("plain.ac", "-o", "plain.c", "--no-line")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "plain.c").read_text().endswith(text)

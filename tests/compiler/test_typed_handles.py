"""A value, a place or a handle of another type is an error at the user's line: from asyncc in a .ac file, and from both C
compilers in a .c file, where they would otherwise only warn."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from command_line import ROOT, Command

# In both kinds of file. The correct ones show that a refusal is not for another reason.
CORRECT = [
    "ac_mpsc_try_recv(rx, &number);",
    "ac_mpsc_try_recv(rx, NULL);",
    "ac_mpsc_try_send(tx, 3);",
    "ac_oneshot_send(otx, pair);",
    "ac_mpsc_set_drop(rx, drop_int);",
    "ac_mpsc_try_reserve(tx, &permit);",
    "number += (int)(ac_mpsc_len(tx) + ac_mpsc_len(rx));",
    "ac_watch_new(1, &wtx);",
]
WRONG = [
    "ac_mpsc_try_recv(rx, &longer);",
    "ac_mpsc_try_recv(rx, &pair);",
    "ac_mpsc_try_recv(tx, &number);",
    "ac_mpsc_try_send(tx, pair);",
    "ac_oneshot_send(otx, 3);",
    "ac_oneshot_send(rx, pair);",
    "ac_mpsc_new(3, &tx, &orx);",
    "ac_mpsc_new(3, &otx, &rx);",
    "ac_mpsc_set_drop(rx, drop_pair);",
    "ac_mpsc_try_reserve(tx, &rx);",
    "number += (int)ac_mpsc_len(otx);",
    "ac_watch_new(1, &tx);",
    "ac_mpsc_drop_tx(rx);",
    "ac_mpsc_drop_tx(number);",
    "tx = ac_mpsc_clone(otx);",
]
# Only in a .ac file.
WRONG_AWAITS = [
    "await ac_mpsc_recv(rx, &longer);",
    "await ac_mpsc_recv(tx, &number);",
    "await ac_mpsc_send(tx, pair);",
    "await ac_oneshot_recv(rx, NULL);",
    'await ac_mpsc_send(tx, "text");',
]

HEAD = """\
#include <asyncc/asyncc.h>
struct pair { int a, b; };
static void drop_int(int *value) { (void)value; }
static void drop_pair(struct pair *value) { (void)value; }
"""
BODY = """\
    ac_mpsc_tx(int) tx = NULL;
    ac_mpsc_rx(int) rx = NULL;
    ac_mpsc_permit(int) permit = NULL;
    ac_oneshot_tx(struct pair) otx = NULL;
    ac_oneshot_rx(struct pair) orx = NULL;
    ac_watch_tx(int) wtx = NULL;
    int number = 0;
    long longer = 0;
    struct pair pair = { 1, 2 };
"""
LINE = (HEAD + BODY).count("\n") + 3
TAIL = (
    "    (void)tx, (void)rx, (void)permit, (void)otx, (void)orx, (void)wtx, (void)number, (void)longer, (void)pair;\n"
)


def program(start: str, statement: str) -> str:
    used = "    (void)drop_int, (void)drop_pair;\n"
    return f"{HEAD}{start}\n{{\n{BODY}    {statement}\n{used}{TAIL}    return 0;\n}}\n"


@pytest.mark.parametrize("statement", WRONG + WRONG_AWAITS)
def test_asyncc_refuses(statement: str, tmp_path: Path, asyncc: Command) -> None:
    (tmp_path / "a.ac").write_text(program("async int main(void)", statement))
    done = asyncc("a.ac", "-o", "a.c")
    assert done.returncode == 1
    assert f"a.ac:{LINE}:" in done.stderr


@pytest.mark.parametrize("statement", CORRECT)
def test_asyncc_accepts(statement: str, tmp_path: Path, asyncc: Command) -> None:
    (tmp_path / "a.ac").write_text(program("async int main(void)", statement))
    done = asyncc("a.ac", "-o", "a.c")
    assert done.stderr == ""
    assert done.returncode == 0


def compile_c(compiler: str, statement: str, folder: Path) -> subprocess.CompletedProcess[str]:
    if not shutil.which(compiler):
        pytest.skip(f"no {compiler}")
    (folder / "a.c").write_text("int f(void);\n" + program("int f(void)", statement))
    command = [compiler, "-std=gnu11", "-Wall", "-Wextra", "-fsyntax-only", f"-I{ROOT / 'include'}", "a.c"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("statement", WRONG)
def test_the_c_compiler_refuses(compiler: str, statement: str, tmp_path: Path) -> None:
    done = compile_c(compiler, statement, tmp_path)
    assert done.returncode != 0
    assert f"a.c:{LINE + 1}:" in done.stderr  # gcc says it in a note: where the macro was used


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("statement", CORRECT)
def test_the_c_compiler_accepts(compiler: str, statement: str, tmp_path: Path) -> None:
    done = compile_c(compiler, statement, tmp_path)
    assert done.stderr == ""
    assert done.returncode == 0

"""The command at work: translating, building, running, and what it remembers."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from command_line import HELLO, ROOT, Command

PROGRAM = """\
#include <asyncc/asyncc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include "number.h"

async int main(int argc, char **argv)
{
    await ac_yield();
    if (argc > 1 && argv[1][0] == 's') raise(SIGKILL);
    if (argc > 1 && argv[1][0] == 'p') return signal(SIGPIPE, SIG_DFL) == SIG_DFL ? 0 : 1;
    for (int i = 1; i < argc; i++) printf("%s\\n", argv[i]);
    return NUMBER;
}
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (tmp_path / "number.h").write_text("#define NUMBER 7\n")
    path = tmp_path / "program.ac"
    path.write_text(PROGRAM)
    return path


def test_the_places_it_names(asyncc: Command) -> None:
    assert (Path(asyncc("--includedir").stdout.strip()) / "asyncc" / "asyncc.h").is_file()
    assert (Path(asyncc("--cmakedir").stdout.strip()) / "asynccConfig.cmake").is_file()
    assert list(Path(asyncc("--runtimedir").stdout.strip()).glob("*/*.c"))
    assert asyncc("--version").stdout.startswith("asyncc ")


def test_help_names_every_subcommand(asyncc: Command) -> None:
    done = asyncc("--help")
    assert done.returncode == 0
    for word in ("build", "run", "inspect", "--version", "--cmakedir", "-MD", "--no-line", "--diagnostics-format"):
        assert word in done.stdout


def test_the_output_is_the_same_each_time(asyncc: Command, hello: Path, tmp_path: Path) -> None:
    texts: set[bytes] = set()
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        assert asyncc("hello.ac", "-o", f"{name}/hello.c", PYTHONHASHSEED=str(len(texts))).returncode == 0
        texts.add((folder / "hello.c").read_bytes())
    assert len(texts) == 1
    assert str(tmp_path).encode() not in texts.pop()


def test_standard_output(asyncc: Command, hello: Path, tmp_path: Path) -> None:
    asyncc("hello.ac", "--no-line", "-o", "hello.c")
    assert asyncc("hello.ac", "--no-line", "-o", "-").stdout == (tmp_path / "hello.c").read_text()


def test_without_line_directives(asyncc: Command, hello: Path) -> None:
    assert "#line" in asyncc("hello.ac", "-o", "-").stdout
    assert "#line" not in asyncc("hello.ac", "--no-line", "-o", "-").stdout


def test_the_make_rule_names_every_file_read(asyncc: Command, program: Path, tmp_path: Path) -> None:
    assert asyncc("program.ac", "-MD", "-o", "out.c").returncode == 0
    rule = (tmp_path / "out.d").read_text()
    assert rule.startswith("out.c: ")
    assert "program.ac" in rule
    assert "number.h" in rule
    assert "asyncc/asyncc.h" in rule
    assert asyncc("program.ac", "-MMD", "-MP", "-MF", "x.d", "-MT", "a b", "-o", "out.c").returncode == 0
    rule = (tmp_path / "x.d").read_text()
    assert rule.startswith("a\\ b: ")
    assert "/usr/include/" not in rule
    assert "\nnumber.h:\n" in rule


def test_build_and_run_by_hand(asyncc: Command, program: Path, tmp_path: Path) -> None:
    done = asyncc("build", "program.ac", "-o", "program", "-Wall", "-Wextra", "-Werror", "-O2", "-g")
    assert (done.returncode, done.stderr) == (0, "")
    ran = subprocess.run([str(tmp_path / "program"), "x"], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (7, "x\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["number.h", "program", "program.ac"]


def test_build_with_c_files_libraries_and_flags(asyncc: Command, tmp_path: Path) -> None:
    (tmp_path / "sub dir").mkdir()
    (tmp_path / "sub dir" / "value.h").write_text("int value(void);\n")
    (tmp_path / "value.c").write_text("#include <math.h>\nint value(void) { return (int)cbrt(ARG); }\n")
    (tmp_path / "main.ac").write_text(
        '#include <asyncc/asyncc.h>\n#include "value.h"\nasync int main(void) { await ac_yield(); return value(); }\n'
    )
    done = asyncc("build", "main.ac", "value.c", "-I", "sub dir", "-DARG=27.0", "-fno-builtin", "-lm", "-o", "main")
    assert (done.returncode, done.stderr) == (0, "")
    assert subprocess.run([str(tmp_path / "main")]).returncode == 3


def test_object_files(asyncc: Command, hello: Path, tmp_path: Path) -> None:
    assert asyncc("build", "-c", "hello.ac", "-MD", "-MF", "hello.d").returncode == 0
    assert (tmp_path / "hello.d").read_text().startswith("hello.o: \\\n  hello.ac ")
    assert asyncc("build", "hello.o", "-o", "hello").returncode == 0
    assert subprocess.run([str(tmp_path / "hello")], capture_output=True, text=True).stdout == "hello\n"


def test_an_error_of_the_linker_fails_the_build(asyncc: Command, tmp_path: Path) -> None:
    (tmp_path / "main.ac").write_text(
        "#include <asyncc/asyncc.h>\nint g(void);\nasync int main(void) { await ac_yield(); return g(); }\n"
    )
    (tmp_path / "main").write_text("old")
    done = asyncc("build", "main.ac", "-o", "main")
    assert done.returncode == 1
    assert "g" in done.stderr
    assert (tmp_path / "main").read_text() == "old"


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize(
    "flags", [[], ["-O2", "-flto"], ["-static"], ["-fsanitize=address,undefined"], ["-std=c11", "-pedantic"]]
)
def test_compilers_and_flags(asyncc: Command, hello: Path, tmp_path: Path, compiler: str, flags: list[str]) -> None:
    if not shutil.which(compiler):
        pytest.skip(f"no {compiler}")
    done = asyncc("build", "hello.ac", *flags, "-Wall", "-Wextra", "-o", "hello", CC=compiler)
    assert (done.returncode, done.stderr) == (0, "")
    assert subprocess.run([str(tmp_path / "hello")], capture_output=True, text=True).stdout == "hello\n"


def test_musl(asyncc: Command, hello: Path, tmp_path: Path) -> None:
    if not shutil.which("musl-gcc"):
        pytest.skip("no musl-gcc")
    done = asyncc("build", "hello.ac", "-static", "-o", "hello", CC="musl-gcc")
    assert done.returncode == 0, done.stderr
    assert subprocess.run([str(tmp_path / "hello")], capture_output=True, text=True).stdout == "hello\n"


def test_where_gcc_is_the_only_compiler(
    asyncc: Command, hello: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    """Neither the clang command nor its headers: only what gcc and the libclang package bring."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("gcc", "as", "ld", "ar", "sh"):
        (tools / name).symlink_to(shutil.which(name) or "")
    done = asyncc("run", "hello.ac", PATH=str(tools), CC="", ASYNCC_CACHE_DIR=str(tmp_path / "cache"))
    assert (done.returncode, done.stdout) == (0, "hello\n"), done.stderr


def test_run_gives_the_program_s_status_and_arguments(asyncc: Command, program: Path) -> None:
    done = asyncc("run", "program.ac", "--", "a b", "--help")
    assert (done.returncode, done.stdout) == (7, "a b\n--help\n")


def test_run_dies_of_the_program_s_signal(asyncc: Command, program: Path) -> None:
    assert asyncc("run", "program.ac", "--", "s").returncode == -signal.SIGKILL


def test_run_does_not_build_again_what_has_not_changed(asyncc: Command, program: Path, tmp_path: Path) -> None:
    assert asyncc("run", "program.ac").returncode == 7
    assert "-o" not in asyncc("run", "-v", "program.ac").stderr  # no command was run
    (tmp_path / "number.h").write_text("#define NUMBER 9\n")
    assert asyncc("run", "program.ac").returncode == 9
    (tmp_path / "number.h").write_text("#define NUMBER 7\n")
    assert asyncc("run", "program.ac").returncode == 7
    os.utime(program)
    assert "-o" not in asyncc("run", "-v", "program.ac").stderr  # by content, not by time
    assert asyncc("run", "-DNUMBER=7", "program.ac").returncode == 7
    assert asyncc("run", "program.ac", CC="clang" if shutil.which("clang") else "gcc").returncode == 7


def test_a_broken_program_is_not_run_from_the_cache(asyncc: Command, program: Path) -> None:
    assert asyncc("run", "program.ac").returncode == 7
    program.write_text(PROGRAM.replace("NUMBER;", "NUMBER"))
    assert asyncc("run", "program.ac").returncode == 1
    program.write_text(PROGRAM)
    assert asyncc("run", "program.ac").returncode == 7


def test_parallel_runs_with_an_empty_cache(asyncc: Command, hello: Path, tmp_path: Path) -> None:
    """All build, or wait for, the same runtime and the same program."""
    cache = str(tmp_path / "fresh")
    with ThreadPoolExecutor(6) as pool:
        runs = list(pool.map(lambda _: asyncc("run", "hello.ac", ASYNCC_CACHE_DIR=cache), range(6)))
    assert [(done.returncode, done.stdout, done.stderr) for done in runs] == [(0, "hello\n", "")] * 6
    assert len(list((tmp_path / "fresh" / "runtime").glob("*/libasyncc.a"))) == 1
    assert not list((tmp_path / "fresh" / "runtime").glob("new-*"))


def test_parallel_translations_of_one_output(asyncc: Command, hello: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        runs = list(pool.map(lambda _: asyncc("hello.ac", "-o", "out.c"), range(6)))
    assert [(done.returncode, done.stderr) for done in runs] == [(0, "")] * 6
    assert asyncc("hello.ac", "-o", "other.c").returncode == 0
    assert (tmp_path / "out.c").read_text().count("\n") == (tmp_path / "other.c").read_text().count("\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hello.ac", "other.c", "out.c"]


def test_a_cache_that_cannot_be_written_is_replaced_by_a_temporary_one(
    asyncc: Command, hello: Path, tmp_path: Path
) -> None:
    (tmp_path / "home").write_text("not a folder")
    done = asyncc(
        "hello.ac",
        "-o",
        "h.c",
        ASYNCC_CACHE_DIR="",
        XDG_CACHE_HOME="",
        HOME=str(tmp_path / "home"),
        TMPDIR=str(tmp_path),
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_an_interrupt_ends_it_by_the_signal(hello: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    """So that make and shell loops around it end too."""
    compiler = tmp_path / "slow-cc"
    compiler.write_text('#!/bin/sh\ncase "$*" in *-c*) >started; sleep 20;; esac\nexec cc "$@"\n')
    compiler.chmod(0o755)
    (tmp_path / "plain.c").write_text("int x;\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "asyncc", "build", "-c", "plain.c"],
        cwd=tmp_path, env={**environment, "CC": str(compiler)}, stderr=subprocess.PIPE, start_new_session=True,
        # Where the tests run in the background of a script, interrupts are ignored, which is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )  # fmt: skip
    while not (tmp_path / "started").exists():
        assert process.poll() is None
        time.sleep(0.01)
    said = b""
    for attempt in range(5):  # as a user would: again, if it came just when a process was being started
        os.killpg(process.pid, signal.SIGINT)
        try:
            _, said = process.communicate(timeout=3)
            break
        except subprocess.TimeoutExpired:
            assert attempt < 4
    assert process.returncode in (-signal.SIGINT, 1)
    assert b"Traceback" not in said
    assert not (tmp_path / "plain.o").exists()


def test_names_with_spaces_and_without_ascii(asyncc: Command, tmp_path: Path) -> None:
    folder = tmp_path / "my prögrams"
    folder.mkdir()
    (folder / "hällo welt.ac").write_text(HELLO)
    done = asyncc("run", "my prögrams/hällo welt.ac")
    assert (done.returncode, done.stdout) == (0, "hello\n"), done.stderr


def test_compile_commands_are_merged(asyncc: Command, hello: Path, tmp_path: Path) -> None:
    import json

    database = tmp_path / "compile_commands.json"
    database.write_text('[{"directory": "/", "file": "a.c", "command": "cc a.c"}]')
    for _ in range(2):
        assert asyncc("compile-commands", "-o", "compile_commands.json", "-DX", str(hello)).returncode == 0
    entries = json.loads(database.read_text())
    assert [entry["file"] for entry in entries] == ["a.c", str(hello)]
    assert {"-xc", "-D__ASYNCC__", "-DX"} <= set(entries[1]["arguments"])
    checked = subprocess.run([*entries[1]["arguments"], "-fsyntax-only"], cwd=tmp_path, capture_output=True, text=True)
    assert checked.returncode == 0 or "gcc" in checked.stderr, checked.stderr


def test_start_up_is_quick(asyncc: Command, hello: Path) -> None:
    """Not a measurement: only that nothing heavy is imported before it is known to be needed."""
    code = (
        "import sys; sys.argv = ['asyncc', '--version']; from asyncc.__main__ import main; main(); print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    loaded = set(done.stdout.split())
    assert not loaded & {"asyncc.frontend", "asyncc.build", "subprocess", "json", "concurrent.futures", "ctypes"}

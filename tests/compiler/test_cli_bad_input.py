"""Whatever is put in: one clear error at the user's line, the right exit status, no traceback, no half-written file."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from command_line import HELLO, Command

HEAD = "#include <asyncc/asyncc.h>\n"


def errors(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stderr.splitlines() if re.search(r"\berror:", line)]


def check(done: subprocess.CompletedProcess[str], status: int = 1) -> None:
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    assert errors(done), done.stderr


# What is wrong, the line of the error, and a word the message must have.
PROGRAMS = {
    "syntax": ("async int f(void)\n{\n    int a = ;\n    return a;\n}\n", 4, "expression"),
    "missing semicolon": ("async void f(void)\n{\n    ac_duration d = 1\n    await ac_sleep(d);\n}\n", 4, "';'"),
    "unclosed brace": ("async void f(void)\n{\n    await ac_sleep(1);\n", 4, "}"),
    "wrong type": (
        "struct s { int i; };\nasync int f(struct s s)\n{\n    return await ac_sleep(1) + s;\n}\n",
        5,
        "operand",
    ),
    "unknown name": ("async int f(void)\n{\n    return nowhere;\n}\n", 4, "nowhere"),
    "unknown function": ("async int f(void)\n{\n    return await nowhere(1);\n}\n", 4, "nowhere"),
    "await in a plain function": ("int f(void)\n{\n    await ac_sleep(1);\n    return 0;\n}\n", 4, "await"),
    "await at file scope": ("int x = await ac_sleep(1);\n", 2, "await"),
    "await in a defer": ("async void f(void)\n{\n    defer await ac_sleep(1);\n}\n", 4, "await"),
    "await of a plain call": ("int g(void);\nasync int f(void)\n{\n    return await g();\n}\n", 5, "async"),
    "missing header": ('#include "nowhere.h"\nasync void f(void) { await ac_sleep(1); }\n', 2, "nowhere.h"),
    "#error": ("#error not today\n", 2, "not today"),
    "a call nobody awaits": ("async void f(void)\n{\n    ac_sleep(1);\n}\n", 4, "ac_sleep"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_mistake_is_named_at_its_line(asyncc: Command, tmp_path: Path, name: str) -> None:
    text, line, word = PROGRAMS[name]
    (tmp_path / "bad.ac").write_text(HEAD + text)
    done = asyncc("bad.ac", "-o", "bad.c")
    check(done)
    first = errors(done)[0]
    assert first.startswith(f"bad.ac:{line}:"), done.stderr
    assert word in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["bad.ac"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_as_json(asyncc: Command, tmp_path: Path, name: str) -> None:
    text, line, _ = PROGRAMS[name]
    (tmp_path / "bad.ac").write_text(HEAD + text)
    done = asyncc("bad.ac", "-o", "bad.c", "--diagnostics-format=json")
    assert done.returncode == 1
    found = [entry for entry in json.loads(done.stderr) if entry["severity"] == "error"]
    assert found[0]["file"] == "bad.ac"
    assert found[0]["line"] == line


def test_json_without_anything_to_say_is_an_empty_list(asyncc: Command, hello: Path) -> None:
    done = asyncc(hello.name, "--diagnostics-format=json")
    assert done.returncode == 0
    assert json.loads(done.stderr) == []


@pytest.mark.parametrize(
    "content",
    [b"\x7fELF\x02\x01\x01\0" + bytes(range(256)) * 64, b"\0" * 1000, b"\xff\xfe" + "int x;".encode("utf-16-le")],
)
def test_a_binary_file(asyncc: Command, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.ac").write_bytes(content)
    done = asyncc("bad.ac", "-o", "bad.c")
    check(done)
    assert len(done.stderr) < 20_000
    assert not (tmp_path / "bad.c").exists()


def test_an_empty_file_is_an_empty_program(asyncc: Command, tmp_path: Path) -> None:
    (tmp_path / "empty.ac").write_bytes(b"")
    done = asyncc("empty.ac", "-o", "empty.c")
    assert (done.returncode, done.stderr) == (0, "")
    compiled = subprocess.run(
        ["cc", "-Wall", "-Wextra", "-Werror", "-c", "empty.c"], cwd=tmp_path, capture_output=True, text=True
    )
    assert compiled.returncode == 0, compiled.stderr


def test_fifty_thousand_lines(asyncc: Command, tmp_path: Path) -> None:
    functions = "".join(
        f"async int f{i}(int n)\n{{\n    await ac_sleep(n);\n    return n + {i};\n}}\n" for i in range(400)
    )
    plain = "".join(f"static inline int g{i}(int n) {{ return n + {i}; }}\n" for i in range(48_000))
    (tmp_path / "long.ac").write_text(HEAD + functions + plain)
    done = asyncc("long.ac", "-o", "long.c", timeout=300)
    assert done.returncode == 0, done.stderr[:2000]
    assert (tmp_path / "long.c").read_text().count("\n") > 50_000


def test_a_mistake_at_the_end_of_fifty_thousand_lines(asyncc: Command, tmp_path: Path) -> None:
    (tmp_path / "long.ac").write_text(
        HEAD + "".join(f"int g{i};\n" for i in range(49_998)) + "async void f(void) { oops; }\n"
    )
    done = asyncc("long.ac", timeout=300)
    check(done)
    assert errors(done)[0].startswith("long.ac:50000:")


def test_a_deeply_nested_expression_is_translated_or_refused(asyncc: Command, tmp_path: Path) -> None:
    (tmp_path / "deep.ac").write_text(
        HEAD + "async int f(void)\n{\n    await ac_yield();\n    return " + "(" * 3000 + "1" + ")" * 3000 + ";\n}\n"
    )
    done = asyncc("deep.ac", "-o", "deep.c")
    assert done.returncode in (0, 1)
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr


def test_a_folder(asyncc: Command, tmp_path: Path) -> None:
    (tmp_path / "folder.ac").mkdir()
    done = asyncc("folder.ac")
    check(done)
    assert "Is a directory" in done.stderr


def test_no_such_file(asyncc: Command) -> None:
    done = asyncc("nowhere.ac")
    check(done)
    assert "nowhere.ac" in done.stderr
    assert "No such file" in done.stderr


@pytest.mark.parametrize("command", [[], ["build"], ["inspect"]])
def test_an_unreadable_file(asyncc: Command, tmp_path: Path, hello: Path, command: list[str]) -> None:
    hello.chmod(0)
    if os.access(hello, os.R_OK):
        pytest.skip("root reads everything")
    check(asyncc(*command, hello.name))


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ([], 2),
        (["--no-such-option", "a.ac"], 2),
        (["a.ac", "b.ac", "-o", "c.c"], 2),
        (["hello.ac", "-o", "hello.ac"], 2),
        (["build"], 2),
        (["run"], 2),
        (["inspect"], 2),
        (["inspect", "--format=bmp", "hello.ac"], 2),
        (["--version", "more"], 2),
        (["run", "nowhere.ac"], 1),
        (["build", "nowhere.ac"], 1),
        (["inspect", "nowhere.ac"], 1),
        (["inspect", "hello.ac", "--function", "man"], 1),
        (["hello.ac", "-o", "no/such/folder/hello.c"], 1),
        (["hello.ac", "-o", "."], 1),
        (["build", "hello.ac", "-o", "."], 1),
        (["build", "hello.ac", "-o", "no/such/folder/hello"], 1),
        (["hello.ac", "-o", "/dev/full"], 1),
        (["hello.ac", "-MD", "-MF", "no/such/folder/d", "-o", "h.c"], 1),
    ],
)
def test_exit_status(asyncc: Command, hello: Path, tmp_path: Path, arguments: list[str], status: int) -> None:
    check(asyncc(*arguments), status)
    assert hello.read_text() == HELLO
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("command", [["hello.ac"], ["build", "hello.ac"]])
def test_a_read_only_output_is_left_alone(asyncc: Command, hello: Path, tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "out").write_text("old")
    (tmp_path / "out").chmod(0o444)
    done = asyncc(*command, "-o", "out")
    check(done)
    assert "read-only" in done.stderr
    assert (tmp_path / "out").read_text() == "old"


def test_bad_input_leaves_the_old_output(asyncc: Command, hello: Path, tmp_path: Path) -> None:
    assert asyncc("hello.ac", "-o", "out.c").returncode == 0
    old = (tmp_path / "out.c").read_text()
    hello.write_text("async int main(void) { return await; }")
    check(asyncc("hello.ac", "-o", "out.c"))
    assert (tmp_path / "out.c").read_text() == old


def test_a_full_disk_leaves_the_old_output(asyncc: Command, hello: Path, tmp_path: Path) -> None:
    """A file system of its own with a few pages, all of them taken."""
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(small)], capture_output=True)
    if mounted.returncode:
        pytest.skip("needs the right to mount")
    try:
        (small / "out.c").write_text("old")
        with pytest.raises(OSError, match="No space"):
            (small / "filler").write_bytes(b"x" * 100_000)
        done = asyncc("hello.ac", "-o", "small/out.c")
        check(done)
        assert "No space left on device" in done.stderr
        assert (small / "out.c").read_text() == "old"
        assert sorted(path.name for path in small.iterdir()) == ["filler", "out.c"]
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_hand_written_c_file_is_not_overwritten_by_default(asyncc: Command, hello: Path, tmp_path: Path) -> None:
    (tmp_path / "hello.c").write_text("int precious;\n")
    done = asyncc("hello.ac")
    check(done)
    assert (tmp_path / "hello.c").read_text() == "int precious;\n"


def test_one_bad_file_does_not_keep_the_others_from_being_translated(
    asyncc: Command, hello: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.ac").write_text("int f( {")
    check(asyncc("bad.ac", "hello.ac"))
    assert (tmp_path / "hello.c").exists()
    assert not (tmp_path / "bad.c").exists()


def test_no_c_compiler(asyncc: Command, hello: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    done = asyncc("build", "hello.ac", PATH=str(tmp_path / "bin"), CC="")
    check(done)
    assert "install gcc or clang" in done.stderr


def test_a_mistake_of_asyncc_s_own_is_a_message(asyncc: Command, hello: Path) -> None:
    """A broken installation stands for a bug: the user is asked for a report, and sees no traceback."""
    done = asyncc("hello.ac", ASYNCC_LIBCLANG="/dev/null")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "error" in done.stderr

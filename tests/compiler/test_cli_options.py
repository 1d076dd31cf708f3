"""How a command line is sorted: what clang must see, what the C compiler, what the linker."""

from __future__ import annotations

from pathlib import Path

import pytest

from asyncc.errors import Failure, Usage
from asyncc.options import parse


def test_joined_and_separate_values_are_the_same() -> None:
    joined = parse(["-Iinc", "-DX=1", "-UY", "a.ac", "-oa.c"])
    separate = parse(["-I", "inc", "-D", "X=1", "-U", "Y", "a.ac", "-o", "a.c"])
    assert joined == separate
    assert joined.parse == ["-Iinc", "-DX=1", "-UY"]
    assert (joined.inputs, joined.output) == (["a.ac"], "a.c")


@pytest.mark.parametrize(
    "argument",
    [
        "-std=c11",
        "-m32",
        "-funsigned-char",
        "-O2",
        "-pthread",
        "-nostdinc",
        "-undef",
        "--target=aarch64-linux-gnu",
        "-std=gnu99",
        "-fsanitize=address",
    ],
)
def test_what_changes_the_text_is_for_the_parser_and_the_compiler(argument: str) -> None:
    options = parse([argument, "a.ac"])
    assert options.parse == [argument]
    assert options.compile == [argument]


@pytest.mark.parametrize("argument", ["-g", "-Wall", "-Wno-unused", "-w", "-pipe", "-g3"])
def test_what_does_not_is_for_the_compiler_alone(argument: str) -> None:
    options = parse([argument, "a.ac"])
    assert options.parse == []
    assert options.compile == [argument]


def test_the_linker_sees_inputs_and_libraries_in_their_order() -> None:
    options = parse(["a.ac", "-L", "dir", "-lfoo", "b.o", "-Wl,-rpath,/x", "-lbar", "-static", "-Xlinker", "--x"])
    assert options.link == ["a.ac", "-Ldir", "-lfoo", "b.o", "-Wl,-rpath,/x", "-lbar", "-static", "-Xlinker", "--x"]
    assert options.compile == []


def test_options_that_begin_alike_are_kept_apart() -> None:
    options = parse(["-include", "a.h", "-isystem", "d", "-idirafter", "e", "-iquote", "f", "-isysroot", "g", "x.ac"])
    assert options.parse == ["-include", "a.h", "-isystem", "d", "-idirafter", "e", "-iquote", "f", "-isysroot", "g"]


def test_asyncc_s_own_warnings_are_not_shown_to_the_c_compiler() -> None:
    options = parse(["-Wno-async-cancel-leak", "-Werror=async-blocking-call", "-Werror", "-Wextra", "a.ac"])
    assert options.warnings == ["-Wno-async-cancel-leak", "-Werror=async-blocking-call", "-Werror", "-Wextra"]
    assert options.compile == ["-Werror", "-Wextra"]


def test_make_rules() -> None:
    options = parse(["-MMD", "-MP", "-MF", "d.d", "-MT", "one", "-MQtwo", "a.ac"])
    wanted = options.dependencies
    assert (wanted.wanted, wanted.system, wanted.phony, wanted.file, wanted.targets) == (
        True,
        False,
        True,
        "d.d",
        ["one", "two"],
    )


def test_arguments_of_the_program_are_not_looked_at() -> None:
    options = parse(["a.ac", "-O2", "--", "-o", "--help", "@none", "--"])
    assert options.arguments == ["-o", "--help", "@none", "--"]
    assert not options.help


def test_response_files_are_split_as_by_a_shell(tmp_path: Path) -> None:
    (tmp_path / "flags").write_text('-I\'a b\' -DX="\\"q\\""\n-O2')
    assert parse([f"@{tmp_path}/flags", "a.ac"]).compile == ["-Ia b", '-DX="q"', "-O2"]


def test_options_files_are_taken_by_the_line(tmp_path: Path) -> None:
    (tmp_path / "lines").write_text("-Ia b\n\n-DX=\"q r\"\nSHELL:-include 'c d.h'\n")
    assert parse([f"--options-file={tmp_path}/lines", "a.ac"]).compile == ["-Ia b", '-DX="q r"', "-include", "c d.h"]


def test_a_response_file_that_includes_itself_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "loop"
    path.write_text(f"@{path}")
    with pytest.raises(Usage, match="include each other"):
        parse([f"@{path}"])


def test_a_missing_options_file_is_an_error() -> None:
    with pytest.raises(Failure, match="No such file"):
        parse(["--options-file=/nonexistent"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--no-lines"], "did you mean '--no-line'"),
        (["--frobnicate"], "see asyncc --help"),
        (["a.ac", "-o"], "'-o' needs a value"),
        (["-I"], "'-I' needs a value"),
        (["-E", "a.ac"], "'-E'"),
        (["--diagnostics-format=xml", "a.ac"], "text, json"),
        (["--format=pdf", "a.ac"], "svg"),
    ],
)
def test_wrong_usage(arguments: list[str], message: str) -> None:
    with pytest.raises(Usage) as caught:
        parse(arguments)
    assert message in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize("option", ["-ansi", "-std=c89", "-std=gnu90"])
def test_c_before_c99_is_refused_by_name(option: str) -> None:
    with pytest.raises(Usage, match=f"'{option}'.*-std=gnu11"):
        parse([option, "a.ac"])

"""Files are written whole or not at all."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from asyncc.build import parse_depfile
from asyncc.errors import Failure
from asyncc.output import depfile, make_whole, write_whole


def only(folder: Path, *names: str) -> bool:
    return sorted(path.name for path in folder.iterdir()) == sorted(names)


def test_a_new_file_has_the_mode_of_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        write_whole(str(tmp_path / "a"), b"text")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640
    assert only(tmp_path, "a")


def test_a_replaced_file_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    path.chmod(0o604)
    write_whole(str(path), b"new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write_whole(str(tmp_path / "link"), b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_reader_of_the_old_file_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    with path.open() as reader:
        write_whole(str(path), b"new")
        assert reader.read() == "old"


def test_a_read_only_file_is_not_replaced_even_by_root(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    path.chmod(0o444)
    with pytest.raises(Failure, match="read-only"):
        write_whole(str(path), b"new")
    assert path.read_text() == "old"
    assert only(tmp_path, "a")


@pytest.mark.parametrize("make", [lambda path: write_whole(path, b"x"), lambda path: make_whole(path, lambda _: None)])
def test_a_folder_cannot_be_written(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Failure, match="Is a directory"):
        make(str(tmp_path))
    with pytest.raises(Failure, match="No such file or directory"):
        make(str(tmp_path / "none" / "a"))


def test_a_full_device_is_an_error() -> None:
    with pytest.raises(Failure, match="No space left"):
        write_whole("/dev/full", b"x" * 100)


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """The disk is a file size limit here: write() fails in the same place and the same way."""
    path = tmp_path / "a"
    path.write_text("old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(Failure, match="File too large"):
            write_whole(str(path), b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_text() == "old"
    assert only(tmp_path, "a")


def test_another_program_s_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "program"

    def fails(_: str) -> None:
        raise Failure("no")

    with pytest.raises(Failure, match="no"):
        make_whole(str(path), fails)
    assert only(tmp_path)

    def works(target: str) -> None:
        assert not path.exists()
        Path(target).write_text("made")

    make_whole(str(path), works)
    assert path.read_text() == "made"
    assert only(tmp_path, "program")


AWKWARD = ["plain.h", "with space.h", "has#hash.h", "a$b.h", "c:/colon.h"]


def test_make_reads_awkward_names(tmp_path: Path) -> None:
    names = [name for name in AWKWARD if ":" not in name]
    for name in names:
        (tmp_path / name).write_text("")
    (tmp_path / "rule").write_bytes(depfile(["out put"], names, phony=True))
    (tmp_path / "Makefile").write_text("all: out\\ put\nout\\ put:\n\ttouch '$@'\n-include rule\n")
    make = ["make", "-s", "-C", str(tmp_path)]
    assert subprocess.run(make, check=True, capture_output=True).returncode == 0
    os.utime(tmp_path / "out put", (1, 1))
    for name in names:
        done = subprocess.run([*make, "--question"], capture_output=True)
        assert done.returncode == 1, name  # out of date
        os.utime(tmp_path / "out put")
        done = subprocess.run([*make, "--question"], capture_output=True)
        assert done.returncode == 0, name
        os.utime(tmp_path / "out put", (1, 1))
    (tmp_path / names[-1]).unlink()
    assert (
        subprocess.run([*make, "--question"], capture_output=True).returncode == 1
    )  # phony: gone is changed, no error


def test_make_rules_are_read_back() -> None:
    names = [name for name in AWKWARD if ":" not in name]
    assert parse_depfile(depfile(["out"], names).decode()) == names


def test_a_closed_pipe_is_no_traceback(tmp_path: Path) -> None:
    command = f"{sys.executable} -m asyncc --help | true"
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(root)}
    )
    assert done.stderr == ""

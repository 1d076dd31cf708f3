"""Bodies of real C made async by machine: each is built as it is and as an async program, and both must do the same.

    bodies.py [name …] [--sources DIR] [--list]

The sources are Debian's (`apt-get source`, with package lists of its own, so nothing of the system is changed); they are
kept outside of the repository, by default in the user's cache. A body whose sources cannot be had is skipped and counted.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from convert import ConversionError, Options, convert  # noqa: E402
from real_c import BODIES, Body  # noqa: E402
from run import QUIET, TOP, asyncc_command, run  # noqa: E402

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "asyncc-tests" / "bodies"
RELEASE = "bookworm"
WITH_DRIVER = Options(header='#define ASYNCC_NO_KEYWORDS\n#include "pend.h"', suspend="pend()", entry="program")
WITH_RUNTIME = Options()


def fetch(package: str, sources: Path) -> Path | None:
    """The unpacked sources of a Debian package; None where they cannot be had."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-source")):
        return None
    apt = sources / "apt"
    place = sources / package
    if place.is_dir():
        return place
    for folder in ("lists/partial", "cache/archives/partial"):
        (apt / folder).mkdir(parents=True, exist_ok=True)
    (apt / "sources.list").write_text(f"deb-src http://deb.debian.org/debian {RELEASE} main\n")
    options = [f"Dir::Etc::sourcelist={apt}/sources.list", "Dir::Etc::sourceparts=-"]
    options += [f"Dir::State::lists={apt}/lists", f"Dir::Cache={apt}/cache", "APT::Sandbox::User=root"]
    command = ["apt-get", "-qq", *(word for option in options for word in ("-o", option))]
    if not any((apt / "lists").glob("*Sources*")):
        run([*command, "update"], 120)
    with tempfile.TemporaryDirectory(dir=sources) as name:
        subprocess.run([*command, "source", package], cwd=name, capture_output=True, timeout=300, check=False)
        unpacked = [p for p in Path(name).iterdir() if p.is_dir()]
        if not unpacked:
            return None
        unpacked[0].rename(place)
    return place


class Failure(Exception):
    """The body could not be built, or behaves differently."""


def must(command: list[str], seconds: float, what: str) -> None:
    done = run(command, seconds)
    if done.returncode != 0:
        raise Failure(f"{what}:\n{done.stderr[-3000:] or done.stdout[-3000:]}")


class Trial:
    """One body, built twice in a folder of its own."""

    def __init__(self, body: Body, source: Path, work: Path) -> None:
        self.body = body
        self.tree = work / "tree"
        self.work = work
        shutil.copytree(source, self.tree, symlinks=True)
        if body.main:
            shutil.copy(HERE / "bodies" / body.main, self.tree / body.main)
        if body.prepare:
            subprocess.run(body.prepare, shell=True, cwd=self.tree, check=False, timeout=300)

    def files(self) -> list[Path]:
        patterns = [*self.body.files, *([self.body.main] if self.body.main else [])]
        found = dict.fromkeys(path for pattern in patterns for path in sorted(self.tree.glob(pattern)))
        return [path for path in found if str(path.relative_to(self.tree)) not in self.body.without]

    def flags(self) -> list[str]:
        """Include folders are meant from the top of the sources."""
        return [f"-I{self.tree / flag[2:]}" if flag.startswith("-I") else flag for flag in self.body.flags]

    def libraries(self) -> list[str]:
        """Archives are meant from the top of the sources, too."""
        return [name if name.startswith("-") else str(self.tree / name) for name in self.body.libraries]

    def build_plain(self) -> Path:
        program = self.work / "plain"
        must(
            [
                "gcc",
                *QUIET,
                "-O1",
                *self.flags(),
                *map(str, self.files()),
                *self.libraries(),
                "-lm",
                "-o",
                str(program),
            ],
            300,
            "plain C",
        )
        return program

    def convert(self, options: Options) -> tuple[list[Path], int, int]:
        """The tree with its files converted in place, and a report of how much became async."""
        converted = self.work / "converted"
        result = convert(self.files(), self.tree, ["-std=gnu11", "-w", *self.flags()], options)
        if "main" in result.stays_plain:
            raise Failure(f"main stays plain: it {result.stays_plain['main']}")
        shutil.copytree(self.tree, converted, symlinks=True)
        files = []
        for path in self.files():
            place = converted / path.relative_to(self.tree)
            if str(path) in result.files:
                place = place.with_suffix(".ac")
            files.append(place)
        for name, text in result.files.items():
            place = converted / Path(name).relative_to(self.tree)
            place.write_text(text, errors="surrogateescape")  # a .c file too: another one may include it
            if place.suffix == ".c":
                place.with_suffix(".ac").write_text(text, errors="surrogateescape")
        return files, len(result.is_async), result.suspensions

    def build_async(self, compiler: str, flags: list[str], options: Options) -> tuple[Path, str]:
        files, functions, suspensions = self.convert(options)
        program = self.work / "async"
        includes = [f"-I{HERE}", f"-I{TOP / 'include'}"]
        own = [flag.replace(str(self.tree), str(self.work / "converted")) for flag in self.flags()]
        started = time.monotonic()
        c_files = []
        for path in files:
            c_files.append(path)
            if path.suffix == ".ac":
                c_files[-1] = path.with_suffix(".async.c")
                command = [*asyncc_command(), str(path), "-o", str(c_files[-1]), "-std=gnu11", "-w", *includes, *own]
                must(command, 600, f"asyncc {path.name}")
        seconds = time.monotonic() - started
        folders = [f"-iquote{folder}" for folder in dict.fromkeys(p.parent for p in c_files)]
        runs = [str(HERE / "drive.c")]
        if not options.entry:  # main stays the program's: the runtime is its driver
            runs = [str(runtime_library(self.work.parent)), "-lpthread"]
        given = [*folders, *includes, *own, *map(str, c_files), *runs, *self.libraries(), "-lm"]
        must([compiler, *QUIET, *flags, *given, "-o", str(program)], 900, f"{compiler} of the output")
        return program, f"{functions} functions, {suspensions} suspensions, asyncc took {seconds:.1f} s"

    def behaviour(self, program: Path, name: str, **environment: str) -> list[str]:
        """What the commands print, with their statuses and the files they leave."""
        place = self.work / name
        place.mkdir()
        (place / "src").symlink_to(self.tree)
        for file, text in self.body.inputs.items():
            (place / file).write_text(text)
            os.utime(place / file, (0, 0))
        shutil.copy(program, place / "P")
        seen = []
        for command in self.body.commands:
            done = subprocess.run(
                command,
                shell=True,
                cwd=place,
                capture_output=True,
                timeout=300,
                stdin=subprocess.DEVNULL,
                check=False,
                env={**os.environ, **environment},
            )
            seen.append(f"{command}\n{done.returncode}\n{done.stdout!r}\n{done.stderr!r}")
        for path in sorted(place.iterdir()):
            if path.is_file() and path.name != "P":
                seen.append(f"{path.name} {path.read_bytes()!r}")
        return seen


@lru_cache
def runtime_library(folder: Path) -> Path:
    """The runtime, built by CMake below a folder."""
    place = folder / "runtime"
    must(["cmake", "-S", str(TOP), "-B", str(place), "-DASYNCC_TESTS=OFF", "-DCMAKE_BUILD_TYPE=Release"], 120, "cmake")
    must(["cmake", "--build", str(place), "--parallel", "2"], 600, "the runtime")
    [library] = place.rglob("libasyncc.a")
    return library


def try_body(body: Body, source: Path, work: Path, arguments: argparse.Namespace) -> str:
    """Builds and compares; gives a line about it, or raises Failure."""
    trial = Trial(body, source, work)
    expected = trial.behaviour(trial.build_plain(), "run-plain")
    options = WITH_RUNTIME if arguments.runtime else WITH_DRIVER
    options = replace(options, statements=body.statements, seed=arguments.seed)
    try:
        program, report = trial.build_async(body.compiler or arguments.compiler, shlex.split(arguments.flags), options)
    except ConversionError as error:
        raise Failure(f"conversion: {error}") from error
    compare(expected, trial.behaviour(program, "run-async"))
    compare(expected, trial.behaviour(program, "run-from-leaf", DRIVE_FROM_LEAF="1", ASYNCC_FLAVOR="current_thread"))
    return report


def compare(expected: list[str], seen: list[str]) -> None:
    for plain, now in zip(expected, seen, strict=False):
        if plain != now:
            raise Failure(f"differs\nplain: {plain[:1500]}\nasync: {now[:1500]}")
    if len(expected) != len(seen):
        raise Failure("leaves other files")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="which bodies; none: all")
    parser.add_argument("--sources", type=Path, default=CACHE)
    parser.add_argument("--runtime", action="store_true", help="run with the runtime, not with drive.c")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--compiler", default="gcc")
    parser.add_argument("--flags", default="-O1", help="of the C compiler")
    parser.add_argument("--keep", type=Path, default=TOP / "build" / "bodies", help="where the built trees are left")
    arguments = parser.parse_args()
    bodies = [b for b in BODIES if not arguments.names or b.name in arguments.names]
    if arguments.list:
        print(*(b.name for b in bodies), sep="\n")
        return 0
    arguments.sources.mkdir(parents=True, exist_ok=True)
    same = failed = skipped = 0
    for body in bodies:
        source = fetch(body.package, arguments.sources)
        if source is None:
            skipped += 1
            print(f"{body.name}: skipped, no sources of {body.package}")
            continue
        work = (arguments.keep / body.name).resolve()
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        try:
            report = try_body(body, source, work, arguments)
            print(f"{body.name}: same ({report})", flush=True)
            same += 1
        except Failure as failure:
            failed += 1
            print(f"{body.name}: FAILED: {failure}", flush=True)
    print(f"bodies: {same} same, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

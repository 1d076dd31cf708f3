"""Builds and runs the programs of the tests: translated once, compiled in each configuration that is asked for."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
PLAIN = HERE / "plain"
SANITIZE = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")
# The user's own text decides about these; the programs use what they are about.
TOLERATED = ("-Wno-missing-braces",)
RUN_SECONDS = 30


@dataclass(frozen=True)
class Configuration:
    """A C compiler and its flags, and the runtime's flavor."""

    compiler: str
    flags: tuple[str, ...]
    flavor: str = "multi_thread"

    def __str__(self) -> str:
        sanitized = "-sanitized" if SANITIZE[0] in self.flags else ""
        flavor = "" if self.flavor == "multi_thread" else "-current"
        return f"{self.compiler}{self.flags[0]}{sanitized}{flavor}"


CONFIGURATIONS = (
    Configuration("gcc", ("-O0",)),
    Configuration("clang", ("-O2",)),
    Configuration("gcc", ("-O2",), "current_thread"),
    Configuration("clang", ("-O0",), "current_thread"),
    Configuration("gcc", ("-O1", *SANITIZE), "current_thread"),
    Configuration("clang", ("-O1", *SANITIZE)),
    Configuration("gcc", ("-O0", *SANITIZE)),
    Configuration("clang", ("-O0", *SANITIZE), "current_thread"),
)


@dataclass(frozen=True)
class Program:
    """A program of the tests: a .ac file, or the files of a folder with a main.ac. What it prints stands in the comment at
    the end of it that begins with "prints"."""

    main: Path

    @property
    def name(self) -> str:
        path = self.main.parent if self.main.name == "main.ac" else self.main.with_suffix("")
        return str(path.relative_to(HERE))

    @property
    def sources(self) -> list[Path]:
        if self.main.name != "main.ac":
            return [self.main]
        return sorted(p for p in self.main.parent.iterdir() if p.suffix in (".ac", ".c"))

    @cached_property
    def expected(self) -> str:
        text = self.main.read_text()
        return text.rpartition("/* prints\n")[2].removesuffix("*/\n")

    @cached_property
    def is_sequential(self) -> bool:
        """Whether it means the same with the words taken out: that is, uses none but these."""
        from words import uses_only_await

        text = self.main.read_text()
        return "Plain C may do otherwise" not in text and all(uses_only_await(p.read_text()) for p in self.sources)


def programs() -> list[Program]:
    """All programs of the tests, by name."""
    found = [path for path in sorted(HERE.glob("*/**/*.ac")) if "/* prints\n" in path.read_text()]
    return [Program(path) for path in found]


def asyncc_command() -> list[str]:
    """The compiler under test: $ASYNCC, or the one in this checkout."""
    return shlex.split(os.environ.get("ASYNCC", f"{shlex.quote(sys.executable)} -m asyncc"))


def environment(**more: str) -> dict[str, str]:
    path = f"{TOP}{os.pathsep}{os.environ.get('PYTHONPATH', '')}".rstrip(os.pathsep)
    return {**os.environ, "PYTHONPATH": path, "LC_ALL": "C", **more}


def execute(command: list[str], seconds: float = 120, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, errors="replace", timeout=seconds, env=environment(**more), check=False
    )


class Workshop:
    """Keeps what was translated and compiled in one folder, for the length of a test session."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.translated: dict[Path, Path] = {}

    def translate(self, source: Path, *flags: str) -> Path:
        """The C that asyncc makes of a file. It must say nothing about a correct program."""
        if source not in self.translated:
            output = self.folder / f"{source.parent.name}-{source.stem}-{len(self.translated)}.c"
            done = execute([*asyncc_command(), str(source), "-o", str(output), "-std=gnu11", *flags])
            assert done.returncode == 0, f"asyncc gave {done.returncode} for {source.name}\n{done.stderr}"
            assert done.stderr == "", f"asyncc says of {source.name}\n{done.stderr}"
            self.translated[source] = output
        return self.translated[source]

    def translate_eagerly(self, source: Path) -> Path:
        """The same with every variable in a C local that may be kept in one, whether or not that saves anything."""
        output = self.folder / f"{source.parent.name}-{source.stem}-eager.c"
        eager = [sys.executable, str(TOP / "tests" / "fuzz" / "eager.py")]
        done = execute([*eager, str(source), "-o", str(output), "-std=gnu11", "--no-line"])
        assert (done.returncode, done.stderr) == (0, "")
        return output

    def build(self, sources: list[Path], configuration: Configuration, *flags: str) -> Path:
        """The program of these files. The C of asyncc and of the tests compiles without a warning."""
        c_files = [str(self.translate(p)) if p.suffix == ".ac" else str(p) for p in sources]
        program = self.folder / f"{sources[0].parent.name}-{sources[0].stem}-{configuration}"
        includes = [f"-I{TOP / 'include'}", *(f"-iquote{p}" for p in {s.parent for s in sources})]
        command = [
            configuration.compiler,
            "-std=gnu11",
            "-Wall",
            "-Wextra",
            *TOLERATED,
            "-g",
            *configuration.flags,
            *flags,
        ]
        command += [*includes, *c_files, str(runtime(configuration)), "-pthread", "-lm", "-o", str(program)]
        done = execute(command)
        assert done.returncode == 0, f"{configuration.compiler} refuses the output\n{done.stderr}"
        assert done.stderr == "", f"{configuration.compiler} warns about the output\n{done.stderr}"
        return program

    def build_plain(self, program: Program) -> Path:
        """The same program with the words taken out."""
        output = self.folder / f"plain-{program.main.parent.name}-{program.main.stem}"
        sources = [argument for p in program.sources for argument in ("-xc", str(p))]
        done = execute(["gcc", "-std=gnu11", "-w", "-D__ASYNCC__", f"-I{PLAIN}", *sources, "-lm", "-o", str(output)])
        assert done.returncode == 0, done.stderr
        return output


def runtime(configuration: Configuration) -> Path:
    """The runtime library for a configuration: compiled once, kept in asyncc's cache."""
    sys.path.insert(0, str(TOP))
    from asyncc.compiler import Compiler
    from asyncc.runtime_cache import library

    return library(Compiler((configuration.compiler,)), list(configuration.flags))


def run(
    program: Path, configuration: Configuration, *arguments: str, workers: int = 2
) -> subprocess.CompletedProcess[str]:
    return execute(
        [str(program), *arguments],
        RUN_SECONDS,
        ASYNCC_FLAVOR=configuration.flavor,
        ASYNCC_WORKER_THREADS=str(workers),
        ASAN_OPTIONS="detect_leaks=1:detect_stack_use_after_return=1",
        UBSAN_OPTIONS="print_stacktrace=1",
    )

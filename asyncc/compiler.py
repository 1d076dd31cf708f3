"""The C compiler: which one it is, and running it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass

from .errors import Failure, Reported, reason

_DEFAULTS = ("cc", "gcc", "clang")


def chosen(option: str = "") -> str:
    """--cc or $CC as it is written (words quoted as for a shell: CC may be "ccache gcc"; --cc may also be just a path), or the
    first compiler there is of cc, gcc, clang; cc where there is none, for the message."""
    if option and shutil.which(option):
        return shlex.quote(option)
    named = option or os.environ.get("CC", "").strip()
    return named or next((name for name in _DEFAULTS if shutil.which(name)), "cc")


@dataclass(frozen=True)
class Compiler:
    command: tuple[str, ...]  # with what CC holds beside the program: ("ccache", "gcc")
    verbose: bool = False

    @staticmethod
    def find(option: str = "", verbose: bool = False) -> Compiler:
        try:
            words = shlex.split(chosen(option))
        except ValueError as error:
            raise Failure(f"CC='{chosen(option)}': {error}") from None
        if not shutil.which(words[0]):
            raise Failure(
                f"the C compiler '{words[0]}' was not found",
                "install gcc or clang (Debian: apt install gcc), or name one with CC",
            )
        return Compiler(tuple(words), verbose)

    def identity(self) -> str:
        """What changes when the compiler is another: its words, its file and that file's age. Its version would take a
        call to ask for, in every run."""
        marks = []
        for word in self.command:
            path = shutil.which(word)
            if path:
                real = os.path.realpath(path)
                status = os.stat(real)  # noqa: PTH116
                marks.append(f"{real}:{status.st_size}:{status.st_mtime_ns}")
        return " ".join((*self.command, *marks))

    def archiver(self) -> list[str]:
        """The ar that goes with this compiler: $AR, or what it names itself (a cross compiler has its own)."""
        if os.environ.get("AR"):
            return shlex.split(os.environ["AR"])
        named = self.ask(["-print-prog-name=ar"])
        return [named if named and shutil.which(named) else "ar"]

    def ask(self, arguments: list[str]) -> str:
        try:
            done = subprocess.run(
                [*self.command, *arguments], capture_output=True, text=True, errors="replace", check=False
            )
        except OSError as error:
            raise Failure(f"cannot run '{self.command[0]}': {reason(error)}") from None
        return done.stdout.strip() if done.returncode == 0 else ""

    def run(self, arguments: list[str], quiet: bool = False) -> subprocess.CompletedProcess[bytes]:
        """Runs it; what it prints goes to standard error, all at once, so that parallel calls do not mix their lines."""
        return execute([*self.command, *arguments], self.verbose, quiet)


def execute(command: list[str], verbose: bool = False, quiet: bool = False) -> subprocess.CompletedProcess[bytes]:
    if verbose:
        print(shlex.join(command), file=sys.stderr, flush=True)
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except OSError as error:
        raise Failure(f"cannot run '{command[0]}': {reason(error)}") from None
    said = done.stdout + done.stderr
    if said and not quiet:
        sys.stderr.buffer.write(said)
        sys.stderr.flush()
    if done.returncode < 0:
        raise Failure(f"'{command[0]}' was ended by signal {-done.returncode}")
    return done


def must(done: subprocess.CompletedProcess[bytes]) -> None:
    """For a step without which there is no result; the compiler has said why."""
    if done.returncode:
        raise Reported(1)

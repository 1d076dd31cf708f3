"""asyncc run: a program from source in one step, compiled only when something in it has changed.

What a build read is written beside its result with a hash of each file. The next run of the same command line looks
whether all of them are still the same, and then becomes the program at once (exec: its exit status, signals and
terminal are its own). Each build has a folder of its own, and the record that names it is replaced when it is complete, so
parallel runs do no harm.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import NoReturn

from . import __version__, paths
from .build import Builder
from .compiler import Compiler
from .errors import Failure, Usage, reason
from .options import Options
from .output import write_whole
from .report import Report

KEPT_SECONDS = 14 * 24 * 3600
_ENVIRONMENT = ("CPATH", "C_INCLUDE_PATH", "LIBRARY_PATH", "AR", "SOURCE_DATE_EPOCH", "SDKROOT")


def run(options: Options) -> int:
    """Does not come back when the program starts."""
    if not options.inputs:
        raise Usage("no input files", "see asyncc --help")
    if options.output or options.only_compile or options.function or options.format:
        raise Usage("asyncc run writes no file for you", "asyncc build does")
    for name in options.inputs:
        if not os.path.exists(name):  # noqa: PTH110
            raise Failure(f"no such file: '{name}'")
    compiler = Compiler.find(options.cc, options.verbose)
    folder = paths.cache_dir() / "run"
    folder.mkdir(exist_ok=True)
    record = folder / f"{_key(options, compiler)}.json"
    program = _current(record)
    if program is None:
        with Report(options) as report:
            program = _make(options, compiler, report, record)
    _become(program, options.arguments)


def _key(options: Options, compiler: Compiler) -> str:
    """The command line and what else decides a build beside the contents of files."""
    environment = [os.environ.get(name, "") for name in _ENVIRONMENT]
    parts = (
        __version__,
        _own_age(),
        compiler.identity(),
        str(Path.cwd()),
        options.inputs,
        options.parse,
        options.compile,
    )
    more = (options.link, options.warnings, options.line_directives, environment)
    return hashlib.sha256(repr((parts, more)).encode(errors="surrogateescape")).hexdigest()[:32]


def _own_age() -> int:
    """Changes with asyncc itself, for those who work on it: its newest file."""
    files = [*paths.PACKAGE.rglob("*.py"), *paths.runtime_dir().rglob("*.[ch]"), *paths.include_dir().rglob("*.h")]
    return max(path.stat().st_mtime_ns for path in files)


def _current(record: Path) -> Path | None:
    """The program of a record, if every file it was made from is still the same."""
    try:
        known = json.loads(record.read_text())
        program = Path(known["program"])
        if not program.exists() or any(_hash(name) != digest for name, digest in known["read"].items()):
            return None
        os.utime(record)
        os.utime(program.parent)
        return program
    except (OSError, ValueError, KeyError):
        return None


def _hash(name: str) -> str:
    try:
        return hashlib.sha256(Path(name).read_bytes()).hexdigest()
    except OSError:
        return ""


def _make(options: Options, compiler: Compiler, report: Report, record: Path) -> Path:
    name = Path(options.inputs[0]).stem
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=record.parent))
    try:
        with tempfile.TemporaryDirectory(prefix="asyncc-") as objects:
            builder = Builder(options, compiler, report, Path(objects))
            builder.program(str(folder / name))
        read = {path: _hash(path) for path in sorted(builder.read)}
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    _prune(record)
    write_whole(str(record), json.dumps({"program": str(folder / name), "read": read}, indent=1).encode())
    return folder / name


def _prune(record: Path) -> None:
    """Forgets the program that this build replaces, and all that has not been run for two weeks. A program that is younger
    than a minute stays: a parallel run may be about to start it."""
    now = time.time()
    replaced = None
    with contextlib.suppress(OSError, ValueError, KeyError):
        replaced = Path(json.loads(record.read_text())["program"]).parent
    for entry in record.parent.iterdir():
        with contextlib.suppress(OSError):
            age = now - entry.stat().st_mtime
            if age > KEPT_SECONDS or (entry == replaced and age > 60):
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def _become(program: Path, arguments: list[str]) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    # Python ignores these two; the program is to start as from a shell.
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored, signal.SIG_DFL)
    try:
        os.execv(program, [str(program), *arguments])
    except OSError as error:
        raise Failure(
            f"cannot run '{program}': {reason(error)}",
            "if programs may not run from there, set ASYNCC_CACHE_DIR to another folder",
        ) from None

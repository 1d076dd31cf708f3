"""The runtime library for `asyncc build` and `asyncc run`: compiled once for each compiler and set of flags.

A program can only be linked with a runtime that was compiled for the same machine and sanitizers. So the archive is kept
in the user's cache under a hash of all that goes into it: the compiler, those flags, the sources. It is made in a
folder of its own and moved to its place when complete; a lock keeps parallel builds from all doing the same work, and
one that is killed leaves nothing that is taken for a library.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from . import __version__, paths
from .compiler import Compiler
from .console import Progress
from .errors import Failure, reason

# The runtime is always optimised: it is the library's code, not the user's. Sections let the linker drop what is not used.
FLAGS = [
    "-std=gnu11",
    "-O2",
    "-g",
    "-fPIC",
    "-fvisibility=hidden",
    "-ffunction-sections",
    "-fdata-sections",
    "-pthread",
]

# Flags of the user's that change what the runtime has to be.
_SHAPING = (
    "-m",
    "--target=",
    "--sysroot",
    "-isysroot",
    "-target",
    "-fsanitize",
    "-fno-sanitize",
    "-fno-omit-frame-pointer",
)
_WITH_VALUE = ("-target", "-isysroot")


def shaping_flags(flags: list[str]) -> list[str]:
    """Of the flags for a program those that its runtime must be compiled with as well."""
    kept: list[str] = []
    for index, flag in enumerate(flags):
        if flag.startswith(_SHAPING) or (index and flags[index - 1] in _WITH_VALUE):
            kept.append(flag)
    return kept


def library(compiler: Compiler, flags: list[str]) -> Path:
    """The archive for this compiler and these flags, made now if there is none."""
    flags = [*FLAGS, *shaping_flags(flags)]
    try:
        folder = paths.cache_dir() / "runtime"
        folder.mkdir(exist_ok=True)
        entry = folder / _key(compiler, flags)
        archive = entry / "libasyncc.a"
        if not archive.exists():
            with _locked(entry.with_suffix(".lock")):
                if not archive.exists():
                    _make(compiler, flags, entry)
        return archive
    except OSError as error:
        where = f" '{error.filename}'" if error.filename else ""
        hint = "set ASYNCC_CACHE_DIR to a folder that can be written"
        raise Failure(f"cannot keep the runtime library{where}: {reason(error)}", hint) from None


def sources() -> list[Path]:
    return sorted(paths.runtime_dir().glob("*/*.c"))


def _key(compiler: Compiler, flags: list[str]) -> str:
    digest = hashlib.sha256(repr((__version__, compiler.identity(), flags)).encode())
    for root in (paths.runtime_dir(), paths.include_dir()):
        for path in sorted((*root.rglob("*.[ch]"), *root.rglob("*.S"))):
            digest.update(f"\0{path.relative_to(root)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:32]


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if sys.stderr.isatty():
                print("asyncc: waiting for another asyncc that builds the runtime", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(compiler: Compiler, flags: list[str], entry: Path) -> None:
    work = Path(tempfile.mkdtemp(prefix="new-", dir=entry.parent))
    try:
        objects = _compile(compiler, flags, work)
        archive = work / "libasyncc.a"
        done = _archive(compiler, archive, objects)
        if done:
            raise Failure("the runtime cannot be archived", done)
        for path in objects:
            path.unlink()
        os.replace(work, entry)  # noqa: PTH105
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _compile(compiler: Compiler, flags: list[str], work: Path) -> list[Path]:
    files = sources()
    progress = Progress("building the runtime, once", len(files))
    include = [f"-I{paths.include_dir()}", f"-I{paths.runtime_dir()}"]
    # The same library for the same sources, wherever they are installed; a debugger is told of them by `set substitute-path`.
    prefix = [
        f"-ffile-prefix-map={paths.runtime_dir()}=asyncc/runtime",
        f"-ffile-prefix-map={paths.include_dir()}=asyncc/include",
    ]

    def compile_one(source: Path) -> Path:
        target = work / f"{source.parent.name}-{source.stem}.o"
        done = compiler.run([*flags, *prefix, *include, "-c", str(source), "-o", str(target)], quiet=True)
        if done.returncode:
            said = (done.stdout + done.stderr).decode(errors="replace").strip()
            raise Failure(f"the runtime cannot be compiled with '{' '.join(compiler.command)}'", said)
        return target

    try:
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            jobs = [pool.submit(compile_one, source) for source in files]
            try:
                for job in as_completed(jobs):
                    job.result()
                    progress.step()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
            return [job.result() for job in jobs]
    finally:
        progress.close()


def _archive(compiler: Compiler, archive: Path, objects: list[Path]) -> str:
    """Gives what went wrong, or nothing."""
    from .compiler import execute

    done = execute([*compiler.archiver(), "rcs", str(archive), *map(str, objects)], compiler.verbose, quiet=True)
    return (done.stdout + done.stderr).decode(errors="replace").strip() if done.returncode else ""

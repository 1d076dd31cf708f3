"""Files that are written whole or not at all.

The text goes to a new file in the same folder, which takes the place of the old one by `rename` once it is complete and
on the disk's books: a reader, a parallel build or a full disk never meets half a file. A folder that may not be written
while the file in it may be (a bind mount, a shared file) is an error rather than an occasion for writing in place.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from .errors import Failure, reason


def write_whole(path: str, data: bytes) -> None:
    """Makes `path` hold `data`. "-" is standard output; a device or a pipe (`/dev/stdout`) is written to as it is."""
    if path == "-":
        _write_stream(data)
        return
    try:
        mode = _mode_of(path)
        if mode is not None and not stat.S_ISREG(mode):
            _write_special(path, mode, data)
        else:
            # Through a symbolic link: the file it names is replaced, the link stays.
            _replace(os.path.realpath(path), mode, data)
    except OSError as error:
        raise Failure(f"cannot write '{path}': {reason(error)}") from None


def _mode_of(path: str) -> int | None:
    try:
        return os.stat(path).st_mode  # noqa: PTH116 (keeps pathlib out of the fast path)
    except FileNotFoundError:
        return None


def _write_special(path: str, mode: int, data: bytes) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    with open(path, "wb", buffering=0) as out:  # noqa: PTH123
        _write_all(out.fileno(), data)


def _replace(path: str, old_mode: int | None, data: bytes) -> None:
    _refuse_read_only(path, old_mode)
    folder, name = os.path.split(path)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{name}.", dir=folder or ".")
    try:
        try:
            os.fchmod(descriptor, 0o666 & ~_umask() if old_mode is None else stat.S_IMODE(old_mode))
            _write_all(descriptor, data)
        finally:
            os.close(descriptor)  # a network file system says here that it is full
        os.replace(temporary, path)  # noqa: PTH105
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108
        raise


def _refuse_read_only(path: str, mode: int | None) -> None:
    """Renaming over a read-only file would work, and root may write it anyway; but whoever made it read-only meant it."""
    if mode is not None and not (mode & 0o222 and os.access(path, os.W_OK)):
        raise PermissionError(errno.EACCES, "the file is read-only", path)


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _write_stream(data: bytes) -> None:
    try:
        sys.stdout.flush()
        _write_all(sys.stdout.fileno(), data)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Failure(f"cannot write to standard output: {reason(error)}") from None


def _umask() -> int:
    """The mask can only be read by setting it; Linux also shows it without."""
    with contextlib.suppress(OSError, ValueError), Path("/proc/self/status").open() as status:
        for line in status:
            if line.startswith("Umask:"):
                return int(line.split()[1], 8)
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def depfile(targets: list[str], dependencies: list[str], phony: bool = False) -> bytes:
    """A make rule, as `cc -MD` writes it. With `phony` each header gets an empty rule, so that a deleted one is no error."""
    names = [escape_make(name) for name in dependencies]
    rule = " ".join(escape_make(target) for target in targets) + ":"
    text = " \\\n  ".join([rule, *names]) + "\n"
    if phony:
        text += "".join(f"{name}:\n" for name in names[1:])
    return os.fsencode(text)


def escape_make(name: str) -> str:
    """A file name as make, Ninja and CMake read it: only these characters can be escaped in all three."""
    return name.replace("$", "$$").replace("#", "\\#").replace(" ", "\\ ")


def make_whole(path: str, make: Callable[[str], None]) -> None:
    """The same for a file that another program writes: `make` is given a name in a folder of its own beside `path`."""
    try:
        mode = _mode_of(path)
        if mode is not None and stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if mode is not None and not stat.S_ISREG(mode):
            make(path)
            return
        _refuse_read_only(path, mode)
        target = os.path.realpath(path)
        folder, name = os.path.split(target)
        with tempfile.TemporaryDirectory(prefix=f".{name}.", dir=folder) as work:
            made = f"{work}/{name}"
            make(made)
            os.replace(made, target)  # noqa: PTH105
    except OSError as error:
        raise Failure(f"cannot write '{path}': {reason(error)}") from None

"""Where asyncc's own parts are.

An installed package carries the headers, the runtime's sources and the CMake files in `asyncc/share`; in a checkout the
same folders stand beside the package. Nothing else in asyncc may know the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def _shared(name: str) -> Path:
    installed = PACKAGE / "share" / name
    return installed if installed.is_dir() else PACKAGE.parent / name


def include_dir() -> Path:
    """The folder for `-I`: it holds `asyncc/asyncc.h`."""
    return _shared("include")


def runtime_dir() -> Path:
    """The runtime's sources, one folder an area."""
    return _shared("runtime")


def cmake_dir() -> Path:
    """The folder of asynccConfig.cmake."""
    installed = PACKAGE.parents[2] / "cmake" / "asyncc"  # cmake --install: lib/cmake/asyncc beside lib/asyncc/python
    return installed if (installed / "asynccConfig.cmake").is_file() else _shared("cmake")


def cache_dir() -> Path:
    """The user's cache: ASYNCC_CACHE_DIR, XDG_CACHE_HOME/asyncc, ~/.cache/asyncc, or, where none of these can be written
    (a build account without a home), a folder of this user's own under the system's temporary one."""
    chosen = os.environ.get("ASYNCC_CACHE_DIR")
    if chosen:
        return _made(Path(chosen))
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 (Path.home raises)
    try:
        return _made(Path(home) / "asyncc")
    except OSError:
        return _private_temporary()


def _made(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    if not os.access(path, os.W_OK | os.X_OK):
        raise PermissionError(13, "Permission denied", str(path))
    return path


def _private_temporary() -> Path:
    """/tmp/asyncc-UID, but only when nobody else could have put a program there for us to run."""
    import tempfile

    path = Path(tempfile.gettempdir()) / f"asyncc-{os.getuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    status = path.lstat()
    if status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise PermissionError(13, "The cache folder belongs to somebody else; set ASYNCC_CACHE_DIR", str(path))
    return path

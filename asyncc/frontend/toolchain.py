"""Where the C library's and the compiler's own headers are.

libclang from PyPI brings no `stddef.h`. Clang's resource directory has one that fits any clang; where there is no clang,
the C compiler's own headers serve. Asking a compiler costs 20 ms and more, so the answer is kept in the user's cache
until the compiler's file changes.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os
import shlex
import shutil
import zlib
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ..errors import Failure
from ..paths import cache_dir

_VERSION = 5  # of what the cache holds


@dataclass(slots=True)
class Toolchain:
    """`flags` go before the user's: they give clang the directories a compile by `cc` would search."""

    flags: list[str]
    # Builtin headers in use that are another compiler's than libclang's, or another version's: those of them that are written
    # for the compiler itself (vector intrinsics, OpenMP) may be no C to libclang.
    foreign: list[str] = field(default_factory=list)
    is_clang: bool = False


def find(cc: str, target_flags: list[str], version: int) -> Toolchain:
    """The directories for this compiler and these flags (-m32, --target=…, --sysroot=…), to be read by libclang of this
    version."""
    command = shlex.split(cc) or ["cc"]
    path = shutil.which(command[0])
    if path is None:
        raise Failure(
            f"the C compiler '{command[0]}' was not found",
            "asyncc needs gcc or clang for its headers: install one, or name it with CC or --cc",
        )
    command[0] = path
    entry = _cache_entry(command, target_flags, version)
    if entry is not None:
        with contextlib.suppress(OSError, ValueError):
            stored = json.loads(entry.read_text())
            if all(os.path.isdir(d) for d in stored["dirs"]):  # noqa: PTH112
                return Toolchain(list(stored["flags"]), list(stored["foreign"]), stored["is_clang"])
    dirs = _ask(command, target_flags)
    found = _chosen(dirs, version)
    if entry is not None:
        _store(entry, asdict(found) | {"dirs": dirs})
    return found


def _cache_entry(command: list[str], flags: list[str], version: int) -> Path | None:
    try:
        status = os.stat(command[0])  # noqa: PTH116
        environment = [os.environ.get(v, "") for v in ("CPATH", "C_INCLUDE_PATH", "SDKROOT", "GCC_EXEC_PREFIX")]
        resource = [(p, os.stat(p).st_mtime_ns) for p in _resource_dirs()]  # noqa: PTH116
        key = repr((_VERSION, version, command, status.st_mtime_ns, status.st_size, flags, environment, resource))
        data = key.encode("utf-8", "surrogateescape")
        # Two cheap sums rather than a digest: loading hashlib would cost more than all of the rest here.
        return cache_dir() / f"toolchain-{zlib.crc32(data):08x}{zlib.adler32(data):08x}.json"
    except OSError:
        return None


def _store(entry: Path, value: dict[str, object]) -> None:
    temporary = entry.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):
        temporary.write_text(json.dumps(value))
        temporary.replace(entry)


def _ask(command: list[str], flags: list[str]) -> list[str]:
    """The search path as the compiler prints it with -v."""
    import subprocess  # slow to load, and needed once a compiler

    try:
        done = subprocess.run(
            [*command, *flags, "-E", "-v", "-xc", os.devnull],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            env={**os.environ, "LC_ALL": "C"},
            check=False,
            timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failure(f"the C compiler '{command[0]}' cannot be run: {error}") from None
    dirs: list[str] = []
    inside = False
    for line in done.stderr.splitlines():
        if line.startswith("#include <...>"):
            inside = True
        elif line.startswith("End of search list"):
            inside = False
        elif inside:
            dirs.append(os.path.normpath(line.strip().removesuffix(" (framework directory)")))
    if not dirs:
        raise Failure(
            f"the C compiler '{' '.join(command)}' does not say where its headers are",
            f"'{' '.join([command[0], *flags])} -E -v -xc /dev/null' printed: {done.stderr.strip()[-300:]}",
        )
    return dirs


def _resource_dirs() -> list[str]:
    """Folders with clang's own stddef.h, newest first. ASYNCC_CLANG_HEADERS names one; empty, none is looked for."""
    chosen = os.environ.get("ASYNCC_CLANG_HEADERS")
    if chosen is not None:
        return [chosen] if chosen else []
    patterns = ["/usr/lib/llvm-*/lib/clang/*/include", "/usr/lib/clang/*/include", "/usr/lib64/clang/*/include"]
    patterns += ["/usr/local/lib/clang/*/include", "/opt/homebrew/opt/llvm/lib/clang/*/include"]
    found = {os.path.realpath(p) for pattern in patterns for p in glob.glob(pattern)}  # noqa: PTH207
    usable = [p for p in found if os.path.isfile(p + "/stddef.h")]  # noqa: PTH113
    return sorted(usable, key=_version_of, reverse=True)


def _version_of(path: str) -> list[int]:
    return [int(part) for part in Path(path).parent.name.split(".") if part.isdigit()]


def _is_builtin(path: str) -> bool:
    """The compiler's own headers, as against the C library's: only there does stddef.h stand beside stdarg.h."""
    return os.path.isfile(path + "/stddef.h") and os.path.isfile(path + "/stdarg.h")  # noqa: PTH113


def _chosen(dirs: list[str], version: int) -> Toolchain:
    """-nostdinc, then asyncc's own replacements (include/ beside this file says why), the builtin headers, then the rest in
    the compiler's order. Those of the clang that libclang belongs to are best, then any clang's, then gcc's. gcc's own
    builtin directories come last where clang's are used: they may hold more than clang's (libgomp's omp.h)."""
    builtin = [d for d in dirs if _is_builtin(d)]
    rest = [d for d in dirs if d not in builtin]
    fitting = sorted(_resource_dirs(), key=lambda d: _version_of(d)[:1] != [version])  # stable: else the newest
    own = ["-nostdinc", *_isystem([str(Path(__file__).resolve().parent / "include")])]
    is_clang = any("/clang/" in d for d in builtin)
    if not fitting or (is_clang and _version_of(fitting[0])[:1] != [version]):
        foreign = [d for d in builtin if not is_clang or _version_of(d)[:1] != [version]]
        return Toolchain([*own, *_isystem(dirs)], foreign, is_clang)
    foreign = [] if _version_of(fitting[0])[:1] == [version] else fitting[:1]
    ordered = [*[d for d in rest if "/local/" in d], fitting[0], *[d for d in rest if "/local/" not in d]]
    return Toolchain([*own, *_isystem(ordered), *_after([] if is_clang else builtin)], [*foreign, *builtin], is_clang)


def _isystem(dirs: list[str]) -> list[str]:
    return [flag for d in dirs for flag in ("-isystem", d)]


def _after(dirs: list[str]) -> list[str]:
    return [flag for d in dirs for flag in ("-idirafter", d)]

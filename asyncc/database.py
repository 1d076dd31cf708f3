"""asyncc compile-commands: entries for .ac files in a compile_commands.json, for clangd and clang-tidy.

With `-xc -D__ASYNCC__` and the headers, clang parses a .ac file as it is. The entries are merged into the file given with
-o, whoever wrote the rest of it; several targets of one build do that at once, and CMake writes the file anew whenever it
generates.
"""

from __future__ import annotations

import fcntl
import json
import os
from typing import Any

from . import compiler, paths
from .errors import Failure, Usage, reason
from .options import Options
from .output import write_whole


def update(options: Options) -> int:
    """Adds or replaces the entries of the given files; without -o prints them."""
    sources = options.sources()
    if not sources:
        raise Usage("no .ac files", "asyncc compile-commands [-o compile_commands.json] [cc flags] file.ac …")
    new = [_entry(source, options) for source in sources]
    if options.output in ("", "-"):
        write_whole("-", _text(new))
        return 0
    folder = os.path.dirname(os.path.abspath(options.output))  # noqa: PTH100, PTH120
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise Failure(f"cannot write '{options.output}': {reason(error)}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        old = _read(options.output)
        merged = [entry for entry in old if entry.get("file") not in {one["file"] for one in new}] + new
        if merged != old:
            write_whole(options.output, _text(merged))
    finally:
        os.close(lock)
    return 0


def _entry(source: str, options: Options) -> dict[str, Any]:
    words = compiler.Compiler.find(options.cc).command
    include = ["-isystem", str(paths.include_dir())]
    arguments = [*words, "-xc", "-D__ASYNCC__", *options.compile, *include, "-c", source]
    return {"directory": os.getcwd(), "file": source, "arguments": arguments}  # noqa: PTH109


def _text(entries: list[dict[str, Any]]) -> bytes:
    return (json.dumps(entries, indent=2) + "\n").encode()


def _read(path: str) -> list[dict[str, Any]]:
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123
            entries = json.load(file)
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise Failure(f"cannot read '{path}': {error}") from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Failure(f"'{path}' is not a compilation database")
    return entries

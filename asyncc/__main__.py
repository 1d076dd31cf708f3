"""The `asyncc` command. Also runs as `python3 path/to/asyncc`, a folder: that is how CMake starts it from a checkout."""

from __future__ import annotations

import sys


def main() -> int:
    """Runs the command and gives its exit status. Whatever goes wrong, the user gets a sentence, not a traceback."""
    if not __package__:
        from pathlib import Path

        sys.path[0] = str(Path(__file__).resolve().parent.parent)
    from asyncc.cli import guarded

    return guarded(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())

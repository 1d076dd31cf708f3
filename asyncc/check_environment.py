"""For CMake: can this Python run asyncc? Prints the interpreter's own path (not that of a shim, which costs time in each
run) and the libclang that was loaded, as a CMake list, or says on standard error what is missing. Runs in old Pythons too,
and so has no syntax that they do not know."""

import os
import sys


def main():  # type: ignore[no-untyped-def]
    if sys.version_info < (3, 10):
        return "is Python %d.%d; asyncc needs Python 3.10" % sys.version_info[:2]
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    from asyncc.errors import Failure
    from asyncc.frontend.libclang import load

    try:
        library = load().path
    except Failure as failure:
        return failure.message
    print(f"{sys.executable};{library}")
    return 0


if __name__ == "__main__":
    sys.exit(main())  # type: ignore[no-untyped-call]

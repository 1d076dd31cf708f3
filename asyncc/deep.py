"""Room for programs that nest deeply.

The parser and the passes call themselves once a level of the user's nesting, several calls a level. Python's own limit of a
thousand calls is met by a list of a few hundred `else if`s, which machine-written C does have. So the work is done in a
thread with a large stack (memory that is not used is never given by the system) and a limit to go with it. What nests more
deeply still is refused with one message.
"""

from __future__ import annotations

import _thread
import sys
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_STACK = 512 << 20
# Where a level is a call through C (a key function, a visitor) it takes some 5 KiB of the stack.
_CALLS = 100_000


def deeply(work: Callable[[], T]) -> T:
    """work(), with room for some ten thousand levels. An interrupt is heard while it runs."""
    results: list[T] = []
    problems: list[BaseException] = []
    done = _thread.allocate_lock()
    done.acquire()

    def body() -> None:
        try:
            results.append(work())
        except BaseException as problem:  # raised again in the caller's thread
            problems.append(problem)
        finally:
            done.release()

    if not _start(body):
        return work()
    done.acquire()
    if problems:
        raise problems[0]
    return results[0]


def _start(body: Callable[[], None]) -> bool:
    """False where no such stack can be had (a limit on the address space)."""
    previous = sys.getrecursionlimit()
    sys.setrecursionlimit(max(previous, _CALLS))
    size = 0
    try:
        size = _thread.stack_size(_STACK)
        _thread.start_new_thread(body, ())
    except (RuntimeError, ValueError, MemoryError):
        sys.setrecursionlimit(previous)
        return False
    finally:
        _thread.stack_size(size)
    return True

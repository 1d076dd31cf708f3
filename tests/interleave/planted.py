#!/usr/bin/env python3
"""Plants bugs in a copy of the runtime, one at a time, and asks whether the interleaving checker finds each.

A checker that finds nothing proves little unless it is known to find something. Each bug here is the kind of slip that
the code under test avoids: a hand-over forgotten on a cancelled wait, a check made before the lock instead of under it,
a lock not waited for before memory goes. Every primitive has at least one.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
LINKED = {"locks": "sync/*.c", "once": "sync/*.c", "channels": "chan/*.c", "delay": "time/delay_queue.c"}


@dataclass(frozen=True)
class Bug:
    program: str  # of the checker
    scenarios: str  # only those with this in their names
    file: str  # below runtime/
    before: str
    after: str
    what: str


BUGS = [
    Bug(
        "guard",
        "held",
        "sched/park.h",
        "after = word == AC__PARK_ASLEEP ? AC__PARK_UP : AC__PARK_POKED;",
        "after = word == AC__PARK_ASLEEP ? AC__PARK_UP : word;",
        "a poke that comes just before the sleep is lost",
    ),
    Bug(
        "guard",
        "held",
        "sched/guard.c",
        "if (ac__atomic_load(&guard->leavings, seq_cst) == seen) woken",
        "woken",
        "the guard sleeps without a last look",
    ),
    Bug(
        "close",
        "foreign code is given",
        "io/slot.c",
        "if (!(use->flags & AC__FD_LEAVING)) return -EBADF;",
        "return -EBADF;",
        "whoever is given a number before its close has returned hears that it is closed",
    ),
    Bug(
        "close",
        "the library is given",
        "io/slot.c",
        "if (leaving(slot, generation)) {",
        "{",
        "the end of a close takes the number from the library, which was given it meanwhile",
    ),
    Bug(
        "close",
        "an operation comes",
        "io/slot.c",
        "bool waits = leaving(slot, use->generation - 1);",
        "bool waits = true;",
        "a task waits for the end of a close that is over",
    ),
    Bug(
        "close",
        "an operation comes",
        "io/slot.c",
        "word | AC__FD_LEAVING, acq_rel",
        "(word >> 32 << 32) + (UINT64_C(1) << 32), acq_rel",
        "the number is nobody's while it is being closed",
    ),
    Bug(
        "locks",
        "mutex",
        "sync/mutex.c",
        "if (!waiting) ac_mutex_unlock(mutex);",
        "",
        "an aborted waiter keeps the lock it was handed",
    ),
    Bug(
        "locks",
        "mutex",
        "sync/queue.h",
        "if (state > AC__WAITING) ac__waker_left(lock);",
        "",
        "the mutex is freed under whoever handed it over",
    ),
    Bug(
        "locks",
        "semaphore",
        "sync/semaphore.c",
        "if (state == AC__GRANTED) ac_semaphore_release(semaphore, self->waiter.count);",
        "",
        "an aborted wait keeps its permits",
    ),
    Bug(
        "locks",
        "semaphore",
        "sync/semaphore.c",
        "if (!waited_for) ac_semaphore_release(semaphore, n);",
        "",
        "permits released while the queue goes are lost",
    ),
    Bug(
        "locks",
        "rwlock",
        "sync/rwlock.c",
        "if (lock->ac__first) let_in(lock, &wakes); /*",
        "if (lock->ac__first) {} /*",
        "readers behind an aborted writer are not let in",
    ),
    Bug(
        "locks",
        "rwlock",
        "sync/rwlock.c",
        "if (queued(lock)) let_in(lock, &wakes);\n    ac__unlock_and_push",
        "ac__unlock_and_push",
        "a downgrade lets nobody in, and the last reader finds nobody to wake",
    ),
    Bug(
        "locks",
        "notify",
        "sync/notify.c",
        "if (state == AC__GRANTED && self->waiter.count != WITH_ALL) notify_alone(notify, self->waiter.count);",
        "",
        "an aborted wait keeps its notification",
    ),
    Bug(
        "locks",
        "notify: one for one",
        "sync/notify.c",
        "        taken = take(self);\n        if (taken ||",
        "        taken = false;\n        if (taken ||",
        "a notification stored just before the wait is not seen",
    ),
    Bug(
        "locks",
        "barrier: one",
        "sync/barrier.c",
        "if (self->waiter.count == barrier->ac__round) barrier->ac__arrived--;",
        "",
        "one that was aborted counts as arrived",
    ),
    Bug(
        "locks",
        "barrier: three",
        "sync/barrier.c",
        "bool leads = barrier->ac__arrived + 1 >= barrier->ac__parties;",
        "ac__lock_release(AC__LOCK_OF(barrier));\n"
        "    bool leads = barrier->ac__arrived + 1 >= barrier->ac__parties;\n"
        "    ac__lock_acquire(AC__LOCK_OF(barrier));",
        "arrivals are counted outside the guard",
    ),
    Bug(
        "once",
        "once",
        "sync/once.c",
        "if (state == AC__GRANTED) ac_once_end(once, false);",
        "",
        "an aborted wait keeps the turn it was given",
    ),
    Bug(
        "once",
        "once",
        "sync/once.c",
        "    ac__frame_drop(self->frame);\n    ac_once_end(self->begin.once, false);",
        "    ac__frame_drop(self->frame);",
        "an aborted maker keeps its turn",
    ),
    Bug(
        "once",
        "once",
        "sync/once.c",
        "        ac__waiter_hand(&once->ac__first, once->ac__first, AC__GRANTED, &wakes);",
        "        ac__atomic_store(&once->ac__state, 0, relaxed);\n"
        "        ac__waiter_hand(&once->ac__first, once->ac__first, AC__GRANTED, &wakes);",
        "another comes in while the turn is handed on",
    ),
    Bug(
        "once",
        "once",
        "sync/once.c",
        "    ac__lock_acquire(AC__LOCK_OF(once));\n"
        "    uint32_t state = ac__atomic_load(&once->ac__state, acquire);\n    if",
        "    uint32_t state = ac__atomic_load(&once->ac__state, acquire);\n"
        "    ac__lock_acquire(AC__LOCK_OF(once));\n    if",
        "the state is looked at before the guard is taken",
    ),
    Bug(
        "channels",
        "mpsc: the sender",
        "chan/mpsc_send.c",
        "if (state == AC__GRANTED) ac__mpsc_permits_return(channel, waiter->count);",
        "",
        "an aborted send keeps its room",
    ),
    Bug(
        "channels",
        "mpsc: a permit",
        "chan/mpsc_send.c",
        "        ac__mpsc_wake_receiver(channel);\n}\n\nstatic void drop_waiter",
        "        (void)0;\n}\n\nstatic void drop_waiter",
        "the last permit's end wakes no receiver of a closed channel",
    ),
    Bug(
        "channels",
        "mpsc: unbounded",
        "chan/mpsc_send.c",
        "if (ac__unlikely(word & AC__MPSC_SLEEPING)) ac__mpsc_wake_receiver(channel);",
        "",
        "a value wakes nobody",
    ),
    Bug(
        "channels",
        "oneshot",
        "chan/oneshot.c",
        "if (word & done) return false;\n    ac__task_retain(task);\n    *slot = task;\n    while (!(word & done))",
        "if (word & done) return false;\n    ac__task_retain(task);\n    *slot = task;\n    while (true)",
        "a value sent while the receiver goes to sleep is not seen",
    ),
    Bug(
        "channels",
        "broadcast",
        "chan/broadcast.c",
        "bool waits = receiver->next == channel->tail && !channel->closed;",
        "bool waits = true;",
        "a value sent before the wait is slept through",
    ),
    Bug(
        "channels",
        "broadcast",
        "chan/broadcast.c",
        "if (number != next) return fall_behind(receiver, number + 1);",
        "",
        "a place that was overwritten is read as if it were not",
    ),
    Bug(
        "channels",
        "watch",
        "chan/watch.c",
        "bool waits = channel->version == receiver->seen;",
        "bool waits = true;",
        "a change before the wait is slept through",
    ),
    Bug(
        "channels",
        "watch: a mod",
        "chan/watch.c",
        "current = !modified || channel->version == version;",
        "current = true;",
        "of two modifications one is lost",
    ),
    Bug(
        "delay",
        "delay",
        "time/delay_queue.c",
        "first = queue->heap[0] == number;",
        "first = false;",
        "an earlier value wakes nobody",
    ),
    Bug(
        "delay",
        "delay",
        "time/delay_queue.c",
        "    ac__timer_cancel(&self->timer);\n    if (ac__waiter_outcome(&self->waiter, &queue->lock) == AC__WAITING)",
        "    if (ac__waiter_outcome(&self->waiter, &queue->lock) == AC__WAITING)",
        "an aborted wait leaves its timer in the wheel",
    ),
    Bug(
        "delay",
        "delay",
        "time/delay_queue.c",
        "leave(queue, queue->closed && queue->len == 0);\n    return found ? 0 : -ENOENT;\n}\n\nint ac__delay_queue_pop",
        "leave(queue, false);\n    return found ? 0 : -ENOENT;\n}\n\nint ac__delay_queue_pop",
        "removing the last value of a closed queue wakes nobody",
    ),
    Bug(
        "sets",
        "token",
        "sets/token.c",
        "if (!retain_unless_gone(child)) continue;",
        "ac_token_retain(child);",
        "a child that is just being released is cancelled",
    ),
    Bug(
        "sets",
        "token",
        "sets/token.c",
        "bool waits = !token->cancelled;",
        "bool waits = true;",
        "a token cancelled before the wait is not seen",
    ),
    Bug(
        "sets",
        "tracker",
        "sets/tracker.c",
        "        if (word < 2 * one) {\n            leave_as_last(tracker);\n            return;\n        }\n",
        "",
        "the last to leave wakes nobody",
    ),
    Bug(
        "sets",
        "tracker: of one",
        "sets/tracker.c",
        "if (queued) ac__waiter_outcome(&self->waiter, lock_of(self->tracker));",
        "",
        "the tracker is freed under the last to leave",
    ),
    Bug(
        "sets",
        "set",
        "sets/task_set.c",
        "if (set->waiters) ac__waiter_hand(&set->waiters, set->waiters, AC__GRANTED, woken);",
        "",
        "a member's end wakes nobody",
    ),
    Bug(
        "timer",
        "timer",
        "time/timer.c",
        "if (state == AC__TIMER_WAITING || state == AC__TIMER_FIRING) ac__wheel_cancel(timer);",
        "if (state == AC__TIMER_WAITING) ac__wheel_cancel(timer);",
        "a timer goes while it is being fired",
    ),
    Bug(
        "state",
        "state",
        "task/state.c",
        "return (before & AC__TASK_NOTIFIED) != 0;",
        "return false;",
        "a wake during the poll is lost",
    ),
    Bug(
        "join",
        "join",
        "task/join.c",
        "if (!(before & AC__TASK_COMPLETE)) ac__task_release(joiner);",
        "ac__task_release(joiner);",
        "a joiner that gives up releases what the end has released",
    ),
]


def plant(bug: Bug, tree: Path) -> str | None:
    """Changes the file; the text that was there, or None: the code has changed, and the bug must be written anew."""
    file = tree / "runtime" / bug.file
    text = file.read_text()
    if text.count(bug.before) != 1:
        return None
    file.write_text(text.replace(bug.before, bug.after))
    return text


def build(bug: Bug, tree: Path, cc: str) -> subprocess.CompletedProcess[str]:
    """Compiles what the bug may be in; objects of the sources that are linked and not it are kept for the next bug."""
    here, changed = tree / "tests/interleave", tree / "runtime" / bug.file
    flags = ["-std=gnu11", "-O1", "-w", "-U_FORTIFY_SOURCE", f"-I{tree}/include", f"-I{tree}/runtime", f"-I{here}"]
    linked = sorted((tree / "runtime").glob(LINKED[bug.program])) if bug.program in LINKED else []
    linked = [file for file in linked if file.name != "blocking.c"]
    objects = []
    for unit in [here / f"{bug.program}.c", here / "explore.c", *linked]:
        sound = changed.suffix == ".c" and unit != changed and (unit in linked or unit.name == "explore.c")
        made = tree / f"{unit.parent.name}-{unit.stem}{'' if sound else '-bug'}.o"
        objects.append(made)
        if sound and made.exists():
            continue
        points = ["-include", str(here / "points.h")] if unit in linked else []
        done = subprocess.run([cc, *flags, *points, "-c", unit, "-o", made], capture_output=True, text=True)
        if done.returncode:
            return done
    return subprocess.run([cc, *objects, "-o", tree / bug.program], capture_output=True, text=True)


def found(bug: Bug, tree: Path, cc: str) -> str | None:
    """None: the checker finds it. Else what went wrong."""
    text = plant(bug, tree)
    if text is None:
        return f"runtime/{bug.file} has changed: the bug is to be planted anew"
    try:
        built = build(bug, tree, cc)
        if built.returncode:
            return f"does not compile:\n{built.stderr}"
        environment = {**os.environ, "INTERLEAVE": bug.scenarios}
        run = subprocess.run([tree / bug.program], env=environment, capture_output=True, text=True, timeout=60)
    finally:
        (tree / "runtime" / bug.file).write_text(text)
    # A crash is found, too: it is the planted bug's doing.
    return None if "FAILED" in run.stdout or run.returncode < 0 else f"is not found:\n{run.stdout}{run.stderr}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("words", nargs="*", help="only the bugs that have one of these in their program or description")
    parser.add_argument("--cc", default="cc")
    arguments = parser.parse_args()
    missed = tried = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        for part in ("include", "runtime", "tests/interleave"):
            shutil.copytree(TOP / part, tree / part)
        for bug in BUGS:
            if arguments.words and not any(word in f"{bug.program}: {bug.what}" for word in arguments.words):
                continue
            problem = found(bug, tree, arguments.cc)
            print(f"{bug.program + ':':10}{bug.what}: {problem or 'found'}", flush=True)
            missed += problem is not None
            tried += 1
    print(f"{tried - missed} of {tried} planted bugs were found")
    return 1 if missed or not tried else 0


if __name__ == "__main__":
    sys.exit(main())

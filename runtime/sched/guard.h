/* The guard: sees to it that the driver is not left alone by a worker that is stuck.
 *
 * A worker that comes back from the driver with a task to run wakes nobody: it will look into the driver again soon,
 * and waking another each time would cost more than most polls. But if that poll lasts, because the program blocks or
 * computes in it, all timers and descriptors wait while other workers sleep (Tokio's issue 4730).
 *
 * So one of those that sleep on their futex, the first that went there, which is the last to be woken for work, is the
 * guard. It wakes every 20 ms to look: finds it that nobody has been in the driver for all that time, it wakes a
 * worker, which, having nothing else to do, goes there. In a program that does nothing this would be a wake every 20 ms
 * for nothing. So when nobody has left the driver between two looks the guard sleeps without end, and the next that
 * leaves the driver pokes it, which costs one wake after a rest, not one a turn.
 *
 * The guard says that it wants to be poked and then looks at the count of leavings; a leaver counts and then looks
 * whether somebody wants to be poked (both seq_cst): one of the two sees the other. */
#ifndef ASYNCC_SCHED_GUARD_H
#define ASYNCC_SCHED_GUARD_H
#include "base/atomic.h"

struct ac__worker;

struct ac__guard {
    uint64_t leavings;          /* how often a worker has come back from its bed in the driver */
    struct ac__worker *wishing; /* the guard, asleep without end; NULL: it is not */
};

/* By the worker that is the guard: sleeps, and guards, until it is woken for work. */
void ac__guard_sleep(struct ac__worker *worker);
/* By a worker that comes back from its bed in the driver. */
void ac__guard_note_leaving(struct ac__guard *guard);

#endif

/* A worker in the driver: looking at what has happened, or sleeping until something does.
 *
 * Whoever sleeps there sleeps for all: until an event, an interrupt, or the earliest deadline of any wheel. See
 * time/timers.c for how a timer that is armed meanwhile is not slept over. */
#include "sched/rt.h"
#include "time/clock.h"

static void wait_and_fire(struct ac__worker *worker, int64_t timeout, unsigned (*fire)(struct ac__timers *))
{
    ac_runtime *rt = worker->runtime;
    worker->in_driver = true;
    ac__driver_wait(rt->driver, timeout);
    if (ac__timers_next(rt->timers) <= 0) fire(rt->timers);
    worker->in_driver = false;
}

void ac__driver_look(struct ac__worker *worker) { wait_and_fire(worker, 0, ac__timers_fire); }

void ac__driver_sleep(struct ac__worker *worker, int64_t timeout)
{
    ac_runtime *rt = worker->runtime;
    /* Whoever arms a timer from here on interrupts; deadlines published before are seen below. */
    ac__atomic_store(&rt->sleeping_until, INT64_MAX, seq_cst);
    int64_t next = ac__timers_next(rt->timers);
    if (timeout < 0 || next < timeout) timeout = next == INT64_MAX ? -1 : next < 0 ? 0 : next;
    if (timeout >= 0) ac__atomic_store(&rt->sleeping_until, ac__instant_after(ac__clock_system(), timeout), seq_cst);
    /* Woken late, with nothing else to run, this thread lets what was due first run first: two sleeps a millisecond
     * apart end in their order, also in one task, however late the machine is. The rest is due at the next look, at
     * once. */
    wait_and_fire(worker, timeout, ac__timers_fire_first);
    ac__atomic_store(&rt->sleeping_until, INT64_MIN, relaxed);
}

void ac__runtime_deadline(ac_runtime *rt, int64_t deadline)
{
    if (deadline < ac__atomic_load(&rt->sleeping_until, seq_cst)) ac__driver_interrupt(rt->driver);
}

void ac__runtime_interrupt(ac_runtime *rt) { ac__driver_interrupt(rt->driver); }

/* The runtime as the other folders see it: which one is here, and its parts. */
#ifndef ASYNCC_SCHED_RUNTIME_H
#define ASYNCC_SCHED_RUNTIME_H
#include "asyncc/future.h"

struct ac__timers;
struct ac__driver;

/* The runtime that runs this thread's code: of the worker, the ac_block_on or the blocking thread it is. NULL
 * elsewhere. */
ac_runtime *ac__runtime_here(void);
/* The same for a poll: cheaper, never NULL. */
ac_runtime *ac__runtime_of(const ac_context *cx);
struct ac__timers *ac__runtime_timers(ac_runtime *rt);
struct ac__driver *ac__runtime_driver(ac_runtime *rt);
/* Which wheel of the runtime's timers this poll arms its timers on: below ac__runtime_wheels(rt). */
unsigned ac__runtime_wheel_of(const ac_context *cx);
unsigned ac__runtime_wheels(const ac_runtime *rt);
bool ac__runtime_is_current_thread(const ac_runtime *rt);
/* A timer was armed for `deadline` (ns on the clock the driver sleeps by): wakes the thread that sleeps in the
 * driver when that is earlier than what it sleeps to. Called after the wheel's published deadline was stored
 * (seq_cst) and without its lock. */
void ac__runtime_deadline(ac_runtime *rt, int64_t deadline);
/* The clock or something else that a sleeping driver thread has looked at changed: it looks again. */
void ac__runtime_interrupt(ac_runtime *rt);

#endif

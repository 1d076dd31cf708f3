/* Timers as the scheduler sees them: one set a runtime, of one wheel a worker and one for the rest.
 *
 * The scheduler's half of the bargain is in sched/runtime.h: which wheel a poll arms in (ac__runtime_wheel_of), and
 * ac__runtime_deadline, called for a timer that is the earliest of its wheel. While time is paused nothing ever becomes
 * due by waiting: ac__timers_next gives INT64_MAX then, and it is ac__timers_advance_idle that makes time pass.
 * docs/timers.md. */
#ifndef ASYNCC_TIME_TIMER_H
#define ASYNCC_TIME_TIMER_H
#include "asyncc/future.h"
#include "asyncc/time.h"

struct ac__timers;

/* `paused`: the clock of this runtime starts paused. NULL when memory is out. */
struct ac__timers *ac__timers_open(ac_runtime *rt, unsigned wheels, bool paused);
/* After all tasks are gone. */
void ac__timers_close(struct ac__timers *timers);
/* What the clock of this runtime shows. */
int64_t ac__timers_now(struct ac__timers *timers);
/* The nanoseconds from now to the earliest deadline of all wheels: 0 or below when due, INT64_MAX when there is none.
 * May be early (the deadline of a timer that was cancelled), never late. Takes no lock: reads the deadlines that the
 * wheels publish (seq_cst, see ac__runtime_deadline). */
int64_t ac__timers_next(struct ac__timers *timers);
/* Fires what is due on all wheels and wakes the tasks; the number fired. By the thread that holds the driver; safe from
 * any. Costs a reading of the clock and a look at each wheel when nothing is. */
unsigned ac__timers_fire(struct ac__timers *timers);
/* The same for those alone that are due first, within a millisecond of each other. */
unsigned ac__timers_fire_first(struct ac__timers *timers);
/* Does its clock stand still? */
bool ac__timers_paused(struct ac__timers *timers);
/* Every task waits, the driver was asked and has nothing, and no blocking call runs: if the clock is paused, moves it
 * to the earliest deadline, fires, and says so. False: not paused, or no timer is armed. */
bool ac__timers_advance_idle(struct ac__timers *timers);

/* --- For awaitables ----------------------------------------------------------------------------------------------- */

/* What the clock of cx's runtime shows. */
int64_t ac__now(const ac_context *cx);
/* Arms, for cx's task, a timer that is not linked. False: the deadline is not ahead; the timer was not linked. */
bool ac__timer_arm(struct ac__timer *timer, ac_context *cx, int64_t deadline);
bool ac__timer_arm_after(struct ac__timer *timer, ac_context *cx, int64_t duration);
/* Unlinks it if it is linked. After this no other thread touches the timer, which is NEW or FIRED. */
void ac__timer_cancel(struct ac__timer *timer);
/* "timer, 34 ms left" */
int ac__timer_describe(const struct ac__timer *timer, char *text, size_t room);

static inline int64_t ac__instant_after(int64_t start, int64_t duration)
{
    int64_t sum;
    if (!__builtin_add_overflow(start, duration, &sum)) return sum;
    return duration > 0 ? INT64_MAX : INT64_MIN;
}

#endif

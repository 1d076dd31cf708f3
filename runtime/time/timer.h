/* Timers as the scheduler sees them: one set a runtime, of one wheel a worker and one for the rest. */
#ifndef ASYNCC_TIME_TIMER_H
#define ASYNCC_TIME_TIMER_H
#include "asyncc/future.h"

struct ac__timers;

/* `paused`: the clock of this runtime starts paused. NULL when memory is out. */
struct ac__timers *ac__timers_open(ac_runtime *rt, unsigned wheels, bool paused);
/* After all tasks are gone. */
void ac__timers_close(struct ac__timers *timers);
/* The nanoseconds from now to the earliest deadline of all wheels: 0 or below when due, INT64_MAX when there is none. Takes no lock: reads
 * the deadlines that the wheels publish (seq_cst, see ac__runtime_deadline). */
int64_t ac__timers_next(struct ac__timers *timers);
/* Fires what is due on all wheels and wakes the tasks; the number fired. By the thread that holds the driver. */
unsigned ac__timers_fire(struct ac__timers *timers);
/* Every task waits and no blocking call runs: if the clock is paused, moves it to the earliest deadline and says so. */
bool ac__timers_advance_idle(struct ac__timers *timers);

#endif

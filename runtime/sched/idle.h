/* Who sleeps, who searches, who is in the driver: one word, so that each change of it is one step.
 *
 * Its parts: *searching*, how many workers have nothing to run and look for something to steal; *top*, the stack of
 * workers asleep on their futex, linked by worker index through next_sleeper; *driver*, which worker sleeps in the
 * driver; *polling*, set while a worker that is awake looks into the driver; *tag*, counted up with each pop, so
 * that a stale top is noticed.
 *
 * The rule that work never lies waiting while somebody sleeps: whoever makes a task available stores it and then
 * looks at this word (both seq_cst); if nobody searches and somebody sleeps, it wakes one, which begins as a
 * searcher. While anybody searches nobody else is woken: the searcher will find the task, and when it stops
 * searching because it found something and was the last, it wakes the next. A worker that goes to sleep changes this
 * word and then, if nobody is left searching, looks at all queues once more (seq_cst). So either the pusher sees the
 * sleeper or the sleeper sees the task.
 *
 * At most half of the workers search: more would only disturb each other (Tokio's rule). */
#ifndef ASYNCC_SCHED_IDLE_H
#define ASYNCC_SCHED_IDLE_H
#include "base/atomic.h"
#include "sched/worker.h"

struct ac__idle {
    uint64_t word;
    unsigned n_workers;
    struct ac__worker **workers;
};

/* AC__BED_GUARD: the futex, as the first of those who sleep there (guard.h). */
enum ac__bed { AC__BED_FUTEX, AC__BED_GUARD, AC__BED_DRIVER };

/* Something was pushed: the worker to be woken for it (ac__park_wake), now counted as searching; NULL: none need be.
 * *bed: where it sleeps. */
struct ac__worker *ac__idle_claim(struct ac__idle *idle, enum ac__bed *bed);
/* False: enough workers search. */
bool ac__idle_search(struct ac__idle *idle);
/* The searcher found something. True: it was the last, and should wake another. */
bool ac__idle_found(struct ac__idle *idle);
/* Goes to sleep; `searching`: it was. Where to sleep; *last: nobody searches now, so that the queues are to be
 * looked at once more. */
enum ac__bed ac__idle_sleep(struct ac__idle *idle, struct ac__worker *worker, bool searching, bool *last);
/* Back from the driver. True: it was claimed, and is counted as searching; false: it woke by itself. */
bool ac__idle_wake_in_driver(struct ac__idle *idle, struct ac__worker *worker);
/* A worker that is awake may look into the driver: nobody else is in it. To be followed by ac__idle_driver_leave. */
bool ac__idle_driver_enter(struct ac__idle *idle);
void ac__idle_driver_leave(struct ac__idle *idle);
/* Is there a worker in the driver, asleep or not? */
bool ac__idle_driver_attended(struct ac__idle *idle);
bool ac__idle_driver_asleep(struct ac__idle *idle);

#endif

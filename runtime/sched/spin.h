/* Looking a little longer before going to sleep.
 *
 * Falling asleep and being woken costs two system calls and, where the CPU has meanwhile gone idle itself, the time
 * that takes to come back: 3 microseconds on one machine, 50 on another, which a hypervisor has to wake. A task that
 * comes soon, as the answer to one that was just sent away does, is cheaper to wait for awake. To look on for about as
 * long as a sleep would cost is never much worse than the better of the two (the ski rental argument; Karlin, Li,
 * Manasse, Owicki, "Empirical studies of competitive spinning", 1991). So that cost is measured: whoever wakes a
 * thread leaves the time, the thread sees how late it is (park.h).
 *
 * Mostly one can do better, because waits are alike. A look that found something is as long the next time; one in
 * vain makes the next half as long, down to none, so that a thread whose tasks come seldom soon does not look at all,
 * but for a full try now and then: every 32nd time, and after each in vain twice as seldom.
 *
 * Whoever looks long, looks in the time of others: of all threads of the process one fewer than there are CPUs may do
 * it at once, and with one CPU, where there is nobody to wait for, none. It does not offer its CPU to others meanwhile
 * (sched_yield): on a machine that is busy it would be without it for a whole time slice of theirs, milliseconds, in
 * which everybody relies on its looking; a sleeper that is woken gets it back at once. (Measured: a full channel beside
 * two busy loops, 10,400 ns a message with the offer, 90 without.) */
#ifndef ASYNCC_SCHED_SPIN_H
#define ASYNCC_SCHED_SPIN_H
#include "base/atomic.h"

struct ac__spin {
    uint32_t limit;    /* ns: of the runtime's option; 0: never, also where there is one CPU */
    uint32_t most;     /* ns: no look is longer */
    uint32_t length;   /* ns, of the next one; 0: only a try now and then */
    uint16_t skipped;  /* times in a row that there was none */
    uint16_t interval; /* … until there is a try */
};

/* ns. The limits of `most`, and what it is until a sleep was measured; a look shorter than the least is none. */
enum { AC__SPIN_MOST = 100000, AC__SPIN_FIRST = 20000, AC__SPIN_LEAST = 1000 };

/* Looks on until ready(argument, turn) says true, which is returned, or the time is up. */
bool ac__spin_until(struct ac__spin *spin, bool (*ready)(void *argument, unsigned turn), void *argument);
/* The thread slept, and woke this long after somebody had called it. */
void ac__spin_learn(struct ac__spin *spin, int64_t latency);
/* `limit`: ns, as ac_runtime_options.spin_limit. */
struct ac__spin ac__spin_new(unsigned cpus, int64_t limit);

#endif

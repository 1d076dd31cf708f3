/* Looking a little longer before going to sleep.
 *
 * Falling asleep and being woken costs two system calls and some microseconds; a task that comes a microsecond after
 * the queue ran empty, as the answer to one that was just sent away does, is cheaper to wait for awake. How long is
 * learned: a spin that found something makes the next one longer, one in vain makes it half as long, so that a
 * thread whose tasks come seldom soon does not spin at all, but for a try now and then. With one CPU there is nobody
 * to wait for. */
#ifndef ASYNCC_SCHED_SPIN_H
#define ASYNCC_SCHED_SPIN_H
#include "base/atomic.h"

struct ac__spin {
    uint16_t turns;   /* of the next one */
    uint16_t skipped; /* times in a row that it was 0 */
    bool never;       /* one CPU */
};

/* A turn is a pause of the CPU and a look, 10 to 50 ns: at most some 5 microseconds in all. */
enum { AC__SPIN_MOST = 128, AC__SPIN_LEAST = 4, AC__SPIN_RETRY = 32 };

static inline bool ac__spin_until(struct ac__spin *spin, bool (*ready)(void *argument, unsigned turn), void *argument)
{
    if (spin->never) return false;
    if (spin->turns == 0) {
        if (++spin->skipped < AC__SPIN_RETRY) return false;
        spin->skipped = 0;
        spin->turns = AC__SPIN_MOST / 4;
    }
    for (unsigned turn = 0; turn < spin->turns; turn++) {
        if (ready(argument, turn)) {
            spin->turns = spin->turns < AC__SPIN_MOST / 2 ? (uint16_t)(spin->turns * 2) : AC__SPIN_MOST;
            return true;
        }
        ac__cpu_relax();
    }
    spin->turns = spin->turns / 2 < AC__SPIN_LEAST ? 0 : spin->turns / 2;
    return false;
}

#endif

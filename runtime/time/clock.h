/* The clock of a runtime: the system's, until it is paused. */
#ifndef ASYNCC_TIME_CLOCK_H
#define ASYNCC_TIME_CLOCK_H
#include "base/atomic.h"
#include <time.h>

struct ac__clock {
    int64_t frozen; /* atomic: what it shows while paused; 0: it runs */
    int64_t offset; /* atomic: ahead of CLOCK_MONOTONIC by this much; 0 only if it was never paused */
};

/* How many clocks are not the system's: while none is, ac_now need not ask where it is called. Atomic. */
extern uint32_t ac__clocks_of_their_own;

enum { AC__NS_PER_MS = 1000000 };

static inline int64_t ac__clock_system(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline bool ac__clock_paused(struct ac__clock *clock) { return ac__atomic_load(&clock->frozen, acquire) != 0; }
static inline int64_t ac__clock_now(struct ac__clock *clock)
{
    int64_t frozen = ac__atomic_load(&clock->frozen, acquire);
    return frozen ? frozen : ac__clock_system() + ac__atomic_load(&clock->offset, relaxed);
}

/* Shows a fixed instant, paused: for reproducible runs. */
void ac__clock_start_paused(struct ac__clock *clock);
/* Only by the thread that runs the runtime; the clock is not paused, or is, as the name demands. */
void ac__clock_pause(struct ac__clock *clock);
void ac__clock_resume(struct ac__clock *clock);
/* Never backwards. */
void ac__clock_move_to(struct ac__clock *clock, int64_t now);
void ac__clock_close(struct ac__clock *clock);

#endif

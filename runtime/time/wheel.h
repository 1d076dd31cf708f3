/* One timer wheel, and the wheels of a runtime together: private to this folder. */
#ifndef ASYNCC_TIME_WHEEL_H
#define ASYNCC_TIME_WHEEL_H
#include "base/lock.h"
#include "time/clock.h"
#include "time/timer.h"

enum { AC__WHEEL_LEVELS = 8, AC__WHEEL_SLOTS = 64 };

struct ac__wheel {
    int64_t next; /* atomic: nothing in the wheel is due before; INT64_MAX: empty. Written under the lock */
    ac__lock lock;
    struct ac__timers *timers;
    uint64_t tick; /* the millisecond up to and including which all timers have been fired */
    uint64_t occupied[AC__WHEEL_LEVELS];
    struct ac__timer *slots[AC__WHEEL_LEVELS][AC__WHEEL_SLOTS];
} __attribute__((aligned(AC__CACHE_LINE)));

struct ac__timers {
    ac_runtime *runtime;
    struct ac__clock clock;
    unsigned n_wheels;
    struct ac__wheel wheels[];
};

void ac__wheel_init(struct ac__wheel *wheel, struct ac__timers *timers, int64_t now);
/* Links a timer that is not linked, whose deadline and task are set. False: it is due already, and was not linked.
 * `now` is a reading of the clock, if a slightly old one. */
bool ac__wheel_arm(struct ac__wheel *wheel, struct ac__timer *timer, int64_t now);
/* Unlinks a timer that was armed, if it is linked still; waits for whoever is firing it. */
void ac__wheel_cancel(struct ac__timer *timer);
/* Fires what is due at `now`; gives how many. */
unsigned ac__wheel_fire(struct ac__wheel *wheel, int64_t now);
/* A timer that is the earliest of its wheel was armed, and published. */
void ac__timers_announce(struct ac__timers *timers, int64_t due);
/* The exact earliest deadline in the wheel, rounded up to its tick; INT64_MAX: empty. Walks a slot. */
int64_t ac__wheel_earliest(struct ac__wheel *wheel);

#endif

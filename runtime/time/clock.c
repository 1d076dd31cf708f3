/* A clock that tests can stop.
 *
 * Almost every clock in almost every process is CLOCK_MONOTONIC as it is, and reading it must cost no more than that.
 * So a process-wide count says whether any runtime has a clock of its own; only while one has does ac_now look for the
 * runtime it is called in.
 *
 * A paused clock stands on a whole millisecond, which is the grid of the wheels, so that under paused time a sleep of
 * 10 ms takes 10 ms exactly; below a millisecond it moves only by ac_time_advance. One that starts paused starts at a
 * fixed instant, so that a program that prints instants prints the same in every run. */
#include "time/clock.h"
#include "sched/runtime.h"
#include "time/timer.h"

uint32_t ac__clocks_of_their_own;

/* Not 0, and far enough from it that `ac_now() - ac_secs(…)` stays positive. */
enum { START_OF_TIME_SECS = 86400 };

static void leave_the_system(struct ac__clock *clock, int64_t shows)
{
    bool first = ac__atomic_load(&clock->offset, relaxed) == 0;
    if (first) ac__atomic_add(&ac__clocks_of_their_own, 1, relaxed);
    /* From now on it counts as one of its own, also when it goes on: an offset of 0 would hide that. */
    if (first) ac__atomic_store(&clock->offset, 1, relaxed);
    ac__atomic_store(&clock->frozen, shows, release);
}

void ac__clock_start_paused(struct ac__clock *clock)
{
    leave_the_system(clock, START_OF_TIME_SECS * INT64_C(1000000000));
}

void ac__clock_pause(struct ac__clock *clock)
{
    int64_t now = ac__clock_now(clock);
    leave_the_system(clock, (now + AC__NS_PER_MS - 1) / AC__NS_PER_MS * AC__NS_PER_MS);
}

void ac__clock_resume(struct ac__clock *clock)
{
    int64_t offset = ac__atomic_load(&clock->frozen, relaxed) - ac__clock_system();
    ac__atomic_store(&clock->offset, offset ? offset : 1, relaxed);
    ac__atomic_store(&clock->frozen, 0, release);
}

void ac__clock_move_to(struct ac__clock *clock, int64_t now)
{
    if (now > ac__atomic_load(&clock->frozen, relaxed)) ac__atomic_store(&clock->frozen, now, release);
}

void ac__clock_close(struct ac__clock *clock)
{
    if (ac__atomic_load(&clock->offset, relaxed)) ac__atomic_sub(&ac__clocks_of_their_own, 1, relaxed);
    *clock = (struct ac__clock){ 0 };
}

ac_instant ac_now(void)
{
    if (ac__likely(ac__atomic_load(&ac__clocks_of_their_own, relaxed) == 0)) return ac__clock_system();
    ac_runtime *here = ac__runtime_here();
    return here ? ac__timers_now(ac__runtime_timers(here)) : ac__clock_system();
}

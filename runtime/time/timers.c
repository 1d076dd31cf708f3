/* The wheels of a runtime together, and the thread that sleeps for all of them.
 *
 * At most one thread of a runtime sleeps in the driver, and it does so for everybody: to the earliest `next` of all
 * wheels. What it must not do is sleep beyond a timer that is being armed. Before it sleeps the scheduler announces to
 * when it means to, and then looks at all wheels again (ac__timers_next); who arms a timer that is the earliest of its
 * wheel publishes that in `next`, and then looks at the announcement (ac__runtime_deadline). All four are sequentially
 * consistent, so at least one of the two sees the other: the sleep is made shorter, or is interrupted. Most timers that
 * are armed are not the earliest of their wheel, and cost nothing of this. */
#include "mem/alloc.h"
#include "sched/runtime.h"
#include "time/wheel.h"

struct ac__timers *ac__timers_open(ac_runtime *rt, unsigned wheels, bool paused)
{
    size_t size = sizeof(struct ac__timers) + wheels * sizeof(struct ac__wheel);
    struct ac__timers *timers = ac__malloc_aligned(size, AC__CACHE_LINE);
    if (!timers) return NULL;
    *timers = (struct ac__timers){ .runtime = rt, .n_wheels = wheels };
    if (paused) ac__clock_start_paused(&timers->clock);
    int64_t now = ac__timers_now(timers);
    for (unsigned i = 0; i < wheels; i++) ac__wheel_init(&timers->wheels[i], timers, now);
    return timers;
}

void ac__timers_close(struct ac__timers *timers)
{
    ac__clock_close(&timers->clock);
    ac__free_aligned(timers);
}

int64_t ac__timers_now(struct ac__timers *timers) { return ac__clock_now(&timers->clock); }

int64_t ac__timers_next(struct ac__timers *timers)
{
    if (ac__clock_paused(&timers->clock)) return INT64_MAX;
    int64_t earliest = INT64_MAX;
    for (unsigned i = 0; i < timers->n_wheels; i++) {
        int64_t next = ac__atomic_load(&timers->wheels[i].next, seq_cst);
        if (next < earliest) earliest = next;
    }
    return earliest == INT64_MAX ? earliest : earliest - ac__timers_now(timers);
}

bool ac__timers_paused(struct ac__timers *timers) { return ac__clock_paused(&timers->clock); }

/* The driver sleeps by the system's clock, from which this runtime's may differ. */
void ac__timers_announce(struct ac__timers *timers, int64_t due)
{
    if (ac__clock_paused(&timers->clock)) return;
    ac__runtime_deadline(timers->runtime, due - ac__atomic_load(&timers->clock.offset, relaxed));
}

static unsigned fire_all(struct ac__timers *timers, int64_t now)
{
    unsigned count = 0;
    for (unsigned i = 0; i < timers->n_wheels; i++) {
        struct ac__wheel *wheel = &timers->wheels[i];
        if (ac__atomic_load(&wheel->next, relaxed) <= now) count += ac__wheel_fire(wheel, now);
    }
    return count;
}

unsigned ac__timers_fire(struct ac__timers *timers) { return fire_all(timers, ac__timers_now(timers)); }

/* What is published may be early: then nothing fires there, and the next is taken. */
unsigned ac__timers_fire_first(struct ac__timers *timers)
{
    int64_t now = ac__timers_now(timers);
    unsigned count = 0;
    while (count == 0) {
        int64_t earliest = INT64_MAX;
        for (unsigned i = 0; i < timers->n_wheels; i++) {
            int64_t next = ac__atomic_load(&timers->wheels[i].next, relaxed);
            if (next < earliest) earliest = next;
        }
        if (earliest > now) break;
        count = fire_all(timers, earliest);
    }
    return count;
}

/* The deadlines that are published may be early, which would let a paused clock stop where there is nothing, so that a
 * timer that was cancelled could be noticed: so the wheels themselves are asked. Nothing fired: the last timer was
 * cancelled meanwhile, from another thread. */
bool ac__timers_advance_idle(struct ac__timers *timers)
{
    if (!ac__clock_paused(&timers->clock)) return false;
    for (;;) {
        int64_t earliest = INT64_MAX;
        for (unsigned i = 0; i < timers->n_wheels; i++) {
            int64_t next = ac__wheel_earliest(&timers->wheels[i]);
            if (next < earliest) earliest = next;
        }
        if (earliest == INT64_MAX) return false;
        ac__clock_move_to(&timers->clock, earliest);
        if (ac__timers_fire(timers)) return true;
    }
}

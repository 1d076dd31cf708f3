/* The turns of the guard; the essay stands in guard.h. */
#include "sched/guard.h"
#include "sched/rt.h"

enum { PERIOD_MS = 20 };

/* Sleeps until it is poked or woken, not at all if somebody has left the driver since `seen`. True: woken. */
static bool sleep_long(struct ac__worker *worker, uint64_t seen)
{
    struct ac__guard *guard = &worker->runtime->guard;
    bool woken = false;
    ac__atomic_store(&guard->wishing, worker, seq_cst);
    if (ac__atomic_load(&guard->leavings, seq_cst) == seen) woken = ac__park_sleep_for(&worker->park, -1);
    ac__atomic_store(&guard->wishing, NULL, relaxed);
    return woken;
}

void ac__guard_sleep(struct ac__worker *worker)
{
    ac_runtime *rt = worker->runtime;
    uint64_t seen = ac__atomic_load(&rt->guard.leavings, seq_cst);
    for (bool alone = false;;) {
        if (ac__park_sleep_for(&worker->park, (int64_t)PERIOD_MS * AC__NS_PER_MS)) return;
        uint64_t now = ac__atomic_load(&rt->guard.leavings, seq_cst);
        bool attended = ac__idle_driver_attended(&rt->idle);
        if (now == seen && attended && sleep_long(worker, seen)) return;
        if (now == seen && !attended && alone) ac__announce(rt);
        alone = !attended;
        seen = now;
    }
}

void ac__guard_note_leaving(struct ac__guard *guard)
{
    ac__atomic_add(&guard->leavings, 1, seq_cst);
    if (ac__likely(!ac__atomic_load(&guard->wishing, seq_cst))) return;
    struct ac__worker *worker = ac__atomic_exchange(&guard->wishing, NULL, acq_rel);
    if (worker) ac__park_poke(&worker->park);
}

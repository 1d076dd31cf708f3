/* Stopping the workers of a runtime between polls, for a look at its tasks.
 *
 * A worker says `quiet` while it polls nothing: asleep, waiting here, or used by no thread. Before it polls again it
 * takes that back and looks whether a pause was asked for (both seq_cst, as the asking is), so that one of the two
 * always sees the other. */
#include "base/futex.h"
#include "sched/rt.h"
#include "time/clock.h"
#include <limits.h>
#include <unistd.h>

void ac__pause_here(struct ac__worker *worker)
{
    uint32_t *word = &worker->runtime->stopping, asked;
    do {
        ac__atomic_store(&worker->quiet, 1, seq_cst);
        while ((asked = ac__atomic_load(word, seq_cst)) & AC__PAUSE) ac__futex_wait(word, asked);
        ac__atomic_store(&worker->quiet, 0, seq_cst);
    } while (ac__atomic_load(word, seq_cst) & AC__PAUSE);
}

static bool all_quiet(ac_runtime *rt, struct ac__worker *self)
{
    ac__list_each (node, &rt->all_workers) {
        struct ac__worker *worker = ac__list_entry(node, struct ac__worker, all);
        if (worker != self && !ac__atomic_load(&worker->quiet, seq_cst)) return false;
    }
    return true;
}

enum { PATIENCE_NS = 100 * 1000 * 1000, GLANCE_US = 100 };

void ac__pause_begin(ac_runtime *rt, struct ac__worker *self)
{
    ac__atomic_or(&rt->stopping, AC__PAUSE, seq_cst);
    int64_t until = ac__clock_system() + PATIENCE_NS;
    ac__lock_acquire(&rt->workers_lock);
    while (!all_quiet(rt, self) && ac__clock_system() < until) {
        ac__lock_release(&rt->workers_lock);
        usleep(GLANCE_US);
        ac__lock_acquire(&rt->workers_lock);
    }
    ac__lock_release(&rt->workers_lock);
}

void ac__pause_end(ac_runtime *rt)
{
    ac__atomic_and(&rt->stopping, ~(uint32_t)AC__PAUSE, seq_cst);
    ac__futex_wake(&rt->stopping, INT_MAX);
}

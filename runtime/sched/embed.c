/* A current-thread runtime inside the event loop of another library. */
#include "base/fatal.h"
#include "sched/rt.h"

static struct ac__worker *core_of(ac_runtime *rt, const char *call)
{
    if (!rt->core) ac__fatal("%s: only a current-thread runtime can be driven by another loop", call);
    return rt->core;
}

int ac_runtime_fd(ac_runtime *rt)
{
    core_of(rt, "ac_runtime_fd");
    return ac__driver_fd(rt->driver);
}

unsigned ac_runtime_turn(ac_runtime *rt, ac_duration timeout)
{
    struct ac__worker *core = core_of(rt, "ac_runtime_turn");
    if (ac__thread.worker) ac__fatal("ac_runtime_turn: called inside a task or ac_block_on");
    if (!ac__core_take(rt)) ac__fatal("ac_runtime_turn: another thread drives this runtime");
    ac__worker_enter(core);
    unsigned polls = ac__current_turn(core, timeout);
    ac__worker_leave(core);
    ac__core_give(rt);
    return polls;
}

ac_instant ac_runtime_next_deadline(ac_runtime *rt)
{
    struct ac__worker *core = core_of(rt, "ac_runtime_next_deadline");
    if (core->local.first || core->deferred.first || ac__inbox_filled(&core->inbox)) return 0;
    int64_t next = ac__timers_next(rt->timers);
    if (next == INT64_MAX) return next;
    return next <= 0 ? 0 : ac__instant_after(ac__timers_now(rt->timers), next);
}

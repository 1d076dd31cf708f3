/* Dropping tasks that will not be polled again: at the end of a runtime, and the local ones at the end of an
 * ac_block_on.
 *
 * A walk over the slabs finds every task, so none has to be kept in a list. A sleeping one is seized (state.c) and
 * dropped. One that is NOTIFIED is in a queue or, notified by a thread outside that has not come to push it, about
 * to be; it must not be touched before it is in a queue, since that thread still will. So the queues are emptied and
 * the walk repeated until none is left. Defers that run meanwhile may wake and spawn; what they spawn turns up in a
 * queue too. Blocking tasks are the blocking pool's. */
#include "mem/slab.h"
#include "sched/rt.h"
#include <sched.h>

struct sweep {
    struct ac__worker *worker; /* this thread's: drops need one */
    bool local;                /* only the local tasks of this worker; else all of its runtime */
    size_t awaited;            /* tasks that are NOTIFIED, met in this walk */
};

/* By the address of the home alone: that of a task of another runtime may be gone. */
static bool ours(const struct sweep *sweep, struct ac__task *task, uint64_t state)
{
    if (state & (AC__TASK_BLOCKING | AC__TASK_COMPLETE)) return false;
    const struct ac__home *home = task->home;
    if (home == &sweep->worker->home) return !sweep->local || (state & AC__TASK_BOUND);
    ac_runtime *rt = sweep->worker->runtime;
    return !sweep->local && (home == &rt->home || (rt->core && home == &rt->core->home));
}

static bool pick(struct ac__task *task, void *argument)
{
    struct sweep *sweep = argument;
    uint64_t state = ac__atomic_load(&task->state, acquire);
    if (!ours(sweep, task, state)) return false;
    if (ac__task_seize(task)) return true;
    if (!(ac__atomic_load(&task->state, acquire) & AC__TASK_COMPLETE)) sweep->awaited++;
    return false;
}

static void act(struct ac__task *task, void *argument)
{
    struct sweep *sweep = argument;
    ac__task_drop_running(task, sweep->worker);
}

static void drop_queued(struct sweep *sweep, struct ac__queue *queue, struct ac__queue *rest)
{
    struct ac__task *task;
    while ((task = ac__queue_pop(queue))) {
        if (!ours(sweep, task, ac__atomic_load(&task->state, acquire))) {
            ac__queue_push(rest, task);
            continue;
        }
        ac__task_take(task);
        ac__task_drop_running(task, sweep->worker);
    }
}

/* What is left over belongs to others and stays queued. */
static void empty_queues_of(struct sweep *sweep, struct ac__worker *worker)
{
    struct ac__queue rest = { 0 };
    ac__inbox_take(&worker->inbox, &worker->local);
    drop_queued(sweep, &worker->local, &rest);
    drop_queued(sweep, &worker->deferred, &rest);
    if (worker->kind == AC__WORKER_POOL) {
        struct ac__queue found = { 0 };
        struct ac__task *task;
        while ((task = ac__ring_pop(&worker->ring))) ac__queue_push(&found, task);
        if ((task = ac__atomic_exchange(&worker->lifo, NULL, acq_rel))) ac__queue_push(&found, task);
        drop_queued(sweep, &found, &rest);
    }
    ac__queue_append(&worker->local, &rest);
}

void ac__sweep_local(struct ac__worker *worker)
{
    struct sweep sweep = { .worker = worker, .local = true };
    const struct ac__task_walk walk = { pick, act, &sweep };
    do {
        sweep.awaited = 0;
        empty_queues_of(&sweep, worker);
        ac__cache_walk(worker->cells, &walk);
        ac__shared_walk(&walk);
        if (sweep.awaited) sched_yield();
    } while (sweep.awaited);
}

void ac__sweep_runtime(ac_runtime *rt, struct ac__worker *worker)
{
    struct sweep sweep = { .worker = worker };
    const struct ac__task_walk walk = { pick, act, &sweep };
    do {
        sweep.awaited = 0;
        ac__list_each (node, &rt->all_workers) empty_queues_of(&sweep, ac__list_entry(node, struct ac__worker, all));
        struct ac__queue injected = ac__inject_take_all(rt), rest = { 0 };
        drop_queued(&sweep, &injected, &rest);
        ac__list_each (node, &rt->all_workers)
            ac__cache_walk(ac__list_entry(node, struct ac__worker, all)->cells, &walk);
        ac__shared_walk(&walk);
        if (sweep.awaited) sched_yield();
    } while (sweep.awaited);
}

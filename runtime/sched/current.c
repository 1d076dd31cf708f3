/* The current-thread scheduler: one worker, first in first out.
 *
 * A round takes tasks from the worker's own queue, which no other thread touches: no locked instruction but those of
 * the tasks' state words. What other threads push waits in the inbox until the queue is empty, or for INBOX_INTERVAL
 * polls; the driver is looked at when the queue is empty and tasks have yielded, or every event_interval polls. */
#include "mem/slab.h"
#include "sched/by_seed.h"
#include "sched/hooks.h"
#include "sched/rt.h"

enum { INBOX_INTERVAL = 31 };

static void look_around(struct ac__worker *worker)
{
    ac__driver_look(worker);
    ac__inbox_take(&worker->inbox, &worker->local);
    ac__queue_append(&worker->local, &worker->deferred);
}

static struct ac__task *pop(struct ac__worker *worker)
{
    if (ac__unlikely(worker->runtime->by_seed)) return ac__by_seed_pop(worker);
    return ac__queue_pop(&worker->local);
}

static struct ac__task *next_task(struct ac__worker *worker)
{
    worker->tick++;
    if (ac__unlikely(worker->tick % worker->runtime->options.event_interval == 0)) look_around(worker);
    else if (ac__unlikely(worker->tick % INBOX_INTERVAL == 0)) ac__inbox_take(&worker->inbox, &worker->local);
    struct ac__task *task = pop(worker);
    if (ac__likely(task != NULL)) return task;
    ac__inbox_take(&worker->inbox, &worker->local);
    if (!worker->local.first && worker->deferred.first) look_around(worker);
    return pop(worker);
}

void ac__worker_run_own(struct ac__worker *worker, struct ac__task *task)
{
    ac__count_add(&worker->counts.polls, 1);
    switch (ac__task_run(task, worker)) {
    case AC__RAN_OFF: break;
    case AC__RAN_AGAIN: ac__queue_push(&worker->local, task); break;
    case AC__RAN_YIELD:
        ac__count_add(&worker->counts.yields, 1);
        ac__queue_push(&worker->deferred, task);
        break;
    }
}

/* Nothing to run. A clock that is paused moves on instead of the thread sleeping, unless a blocking call may yet
 * have something to say. */
static void sleep_current(struct ac__worker *worker, int64_t timeout)
{
    ac_runtime *rt = worker->runtime;
    if (rt->by_seed && ac__blocking_run_here(rt)) return;
    if (ac__timers_paused(rt->timers) && !ac__blocking_busy(rt)) {
        ac__driver_look(worker);
        ac__inbox_take(&worker->inbox, &worker->local);
        if (worker->local.first || ac__timers_advance_idle(rt->timers)) return;
    }
    if (timeout == 0) return;
    ac__worker_tidy(worker);
    ac__before_sleep(worker);
    ac__atomic_store(&worker->asleep, 1, seq_cst);
    if (!ac__inbox_filled(&worker->inbox)) ac__driver_sleep(worker, timeout);
    ac__atomic_store(&worker->asleep, 0, seq_cst);
    ac__after_sleep(worker);
}

void ac__current_drive(struct ac__worker *worker, struct ac__task *root)
{
    while (!(ac__atomic_load(&root->state, acquire) & AC__TASK_COMPLETE)) {
        ac__pause_if_asked(worker);
        struct ac__task *task = next_task(worker);
        if (task) ac__worker_run_own(worker, task);
        else sleep_current(worker, -1);
    }
}

unsigned ac__current_turn(struct ac__worker *worker, int64_t timeout)
{
    unsigned polls = 0;
    look_around(worker);
    if (!worker->local.first) {
        sleep_current(worker, timeout);
        ac__inbox_take(&worker->inbox, &worker->local);
    }
    /* One round: a task that is always ready gives the loop outside its turn. */
    for (size_t n = worker->local.length; n > 0; n--, polls++) {
        ac__pause_if_asked(worker);
        struct ac__task *task = next_task(worker);
        if (!task) break;
        ac__worker_run_own(worker, task);
    }
    return polls;
}

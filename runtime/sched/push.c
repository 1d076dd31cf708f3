/* From "this task is to be polled" to a queue: every way a task gets into one. */
#include "base/futex.h"
#include "sched/rt.h"
#include <assert.h>

/* --- Waking a worker --------------------------------------------------------------------------------------------------*/

static void wake_in_bed(ac_runtime *rt, struct ac__worker *worker, enum ac__bed bed)
{
    if (bed == AC__BED_DRIVER) {
        ac__driver_interrupt(rt->driver);
        return;
    }
    ac__atomic_store(&worker->park, 1, release);
    ac__futex_wake(&worker->park, 1);
}

void ac__announce(ac_runtime *rt)
{
    enum ac__bed bed;
    struct ac__worker *worker = ac__idle_claim(&rt->idle, &bed);
    if (ac__unlikely(worker != NULL)) wake_in_bed(rt, worker, bed);
}

/* --- The global queue -------------------------------------------------------------------------------------------------*/

/* Whoever is not one of the runtime's workers may be overtaken by its shutdown the moment the task is in the queue. So whom to
 * wake is decided under the lock, which the shutdown takes too, and the wake, which needs the runtime's memory, is counted. */
void ac__inject_push(ac_runtime *rt, struct ac__task *task)
{
    struct ac__inject *inject = &rt->inject;
    enum ac__bed bed = AC__BED_FUTEX;
    ac__lock_acquire(&inject->lock);
    ac__queue_push(&inject->queue, task);
    ac__atomic_store(&inject->length, inject->queue.length, seq_cst);
    ac__count_add(&rt->remote_schedules, 1);
    struct ac__worker *worker = ac__idle_claim(&rt->idle, &bed);
    if (worker) ac__atomic_add(&rt->wakes_in_flight, 1, relaxed);
    ac__lock_release(&inject->lock);
    if (!worker) return;
    wake_in_bed(rt, worker, bed);
    ac__atomic_sub(&rt->wakes_in_flight, 1, release);
}

struct ac__queue ac__inject_take(ac_runtime *rt, size_t most)
{
    struct ac__queue taken = { 0 };
    struct ac__inject *inject = &rt->inject;
    if (ac__atomic_load(&inject->length, relaxed) == 0) return taken;
    ac__lock_acquire(&inject->lock);
    for (size_t i = 0; i < most; i++) {
        struct ac__task *task = ac__queue_pop(&inject->queue);
        if (!task) break;
        ac__queue_push(&taken, task);
    }
    ac__atomic_store(&inject->length, inject->queue.length, release);
    ac__lock_release(&inject->lock);
    return taken;
}

/* --- The inbox of a worker with a queue of its own --------------------------------------------------------------------*/

static void inbox_push(struct ac__worker *worker, struct ac__task *task)
{
    ac_runtime *rt = worker->runtime;
    ac__lock_acquire(&worker->inbox_lock);
    ac__queue_push(&worker->inbox, task);
    ac__atomic_store(&worker->inbox_length, worker->inbox.length, seq_cst);
    if (worker == rt->core) ac__count_add(&rt->remote_schedules, 1);
    uint32_t asleep = ac__atomic_load(&worker->asleep, seq_cst);
    if (asleep) asleep = ac__atomic_exchange(&worker->asleep, 0, seq_cst);
    if (asleep) ac__atomic_add(&rt->wakes_in_flight, 1, relaxed);
    ac__lock_release(&worker->inbox_lock);
    if (!asleep) return;
    wake_in_bed(rt, worker, worker->kind == AC__WORKER_CURRENT || asleep == 2 ? AC__BED_DRIVER : AC__BED_FUTEX);
    ac__atomic_sub(&rt->wakes_in_flight, 1, release);
}

void ac__inbox_take(struct ac__worker *worker)
{
    if (ac__atomic_load(&worker->inbox_length, seq_cst) == 0) return;
    ac__lock_acquire(&worker->inbox_lock);
    ac__queue_append(&worker->local, &worker->inbox);
    ac__atomic_store(&worker->inbox_length, 0, relaxed);
    ac__lock_release(&worker->inbox_lock);
}

/* --- The ring and the last-in slot ------------------------------------------------------------------------------------*/

/* The ring is full: half of it and the task go to the global queue, where the others find them. */
static ac__cold void overflow(struct ac__worker *worker, struct ac__task *task)
{
    ac_runtime *rt = worker->runtime;
    struct ac__task *taken[AC__RING_SIZE / 2];
    uint32_t n = ac__ring_take_half(&worker->ring, taken);
    struct ac__inject *inject = &rt->inject;
    ac__lock_acquire(&inject->lock);
    for (uint32_t i = 0; i < n; i++) ac__queue_push(&inject->queue, taken[i]);
    ac__queue_push(&inject->queue, task);
    ac__atomic_store(&inject->length, inject->queue.length, seq_cst);
    ac__lock_release(&inject->lock);
    ac__count_add(&worker->counts.overflows, 1);
}

void ac__ring_push_back(struct ac__worker *worker, struct ac__task *task)
{
    if (ac__unlikely(!ac__ring_push(&worker->ring, task))) overflow(worker, task);
    if (ac__unlikely(worker->in_driver)) worker->pushed = true;
    else ac__announce(worker->runtime);
}

/* What was woken last runs next: what it was sent is in the cache. What it displaces goes behind the others. Filling the empty slot
 * wakes nobody: this worker is about to run it, and waking another would cost more than most polls; but whoever searches can take it. */
static void push_last_in(struct ac__worker *worker, struct ac__task *task)
{
    struct ac__task *displaced = ac__atomic_exchange(&worker->lifo, task, acq_rel);
    if (displaced) ac__ring_push_back(worker, displaced);
}

/* --- Every way in -----------------------------------------------------------------------------------------------------*/

void ac__worker_push_new(struct ac__worker *worker, struct ac__task *task)
{
    struct ac__home *home = task->home;
    if (home->local == worker) ac__queue_push(&worker->local, task);
    else if (!home->local && worker->kind == AC__WORKER_POOL && worker->runtime == home->runtime) ac__ring_push_back(worker, task);
    else ac__task_push(task);
}

void ac__task_push(struct ac__task *task)
{
    struct ac__home *home = task->home;
    struct ac__worker *here = ac__thread.worker;
    if (home->local) {
        if (here == home->local) ac__queue_push(&here->local, task);
        else inbox_push(home->local, task);
    } else if (here && here->kind == AC__WORKER_POOL && here->runtime == home->runtime) {
        if (here->in_driver) ac__ring_push_back(here, task);
        else push_last_in(here, task);
    } else {
        ac__inject_push(home->runtime, task);
    }
}

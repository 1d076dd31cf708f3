/* From "this task is to be polled" to a queue: every way a task gets into one. */
#include "sched/rt.h"
#include <assert.h>

/* --- Waking a worker -----------------------------------------------------------------------------------------------*/

static void wake_in_bed(ac_runtime *rt, struct ac__worker *worker, enum ac__bed bed)
{
    if (bed == AC__BED_DRIVER) {
        if (worker->kind == AC__WORKER_POOL) ac__park_note_call(&worker->park);
        ac__driver_interrupt(rt->driver);
        return;
    }
    ac__park_wake(&worker->park);
}

void ac__announce(ac_runtime *rt)
{
    enum ac__bed bed;
    struct ac__worker *worker = ac__idle_claim(&rt->idle, &bed);
    if (ac__unlikely(worker != NULL)) wake_in_bed(rt, worker, bed);
}

/* --- From outside --------------------------------------------------------------------------------------------------*/

/* Whoever is not one of the runtime's workers may be overtaken by its shutdown the moment the task is pushed, while
 * it still has to look whom to wake, and to do it. So outsiders are counted, and the shutdown waits for them at its
 * very end. */
static inline bool outsider_comes(ac_runtime *rt, struct ac__worker *here)
{
    if (here && here->runtime == rt) return false;
    ac__atomic_add(&rt->outsiders, 1 + AC__OUTSIDER_COUNT, relaxed);
    return true;
}

/* release: all that was done is before the memory goes. */
static inline void outsider_leaves(ac_runtime *rt, bool came)
{
    if (came) ac__atomic_sub(&rt->outsiders, 1, release);
}

static void inject(ac_runtime *rt, struct ac__task *task, struct ac__worker *here)
{
    bool outsider = outsider_comes(rt, here);
    ac__inbox_push(&rt->inject.incoming, task);
    ac__announce(rt);
    outsider_leaves(rt, outsider);
}

/* Asleep, the owner is woken by the first who finds it so. */
static void hand_over(struct ac__worker *worker, struct ac__task *task, struct ac__worker *here)
{
    ac_runtime *rt = worker->runtime;
    bool outsider = outsider_comes(rt, here);
    ac__inbox_push(&worker->inbox, task);
    uint32_t asleep = ac__atomic_load(&worker->asleep, seq_cst);
    if (asleep) asleep = ac__atomic_exchange(&worker->asleep, 0, seq_cst);
    if (asleep)
        wake_in_bed(rt, worker, worker->kind == AC__WORKER_CURRENT || asleep == 2 ? AC__BED_DRIVER : AC__BED_FUTEX);
    outsider_leaves(rt, outsider);
}

/* --- The global queue ----------------------------------------------------------------------------------------------*/

static struct ac__queue take_locked(struct ac__inject *inject, size_t most)
{
    struct ac__queue taken = { 0 };
    while (taken.length < most) {
        struct ac__task *task = ac__queue_pop(&inject->queue);
        if (!task) break;
        ac__queue_push(&taken, task);
    }
    ac__atomic_store(&inject->length, inject->queue.length, release);
    return taken;
}

struct ac__queue ac__inject_take_share(ac_runtime *rt, size_t most)
{
    struct ac__inject *inject = &rt->inject;
    if (!ac__atomic_load(&inject->incoming.top, relaxed) && ac__atomic_load(&inject->length, relaxed) == 0)
        return (struct ac__queue){ 0 };
    ac__lock_acquire(&inject->lock);
    ac__inbox_take(&inject->incoming, &inject->queue);
    size_t share = inject->queue.length / rt->n_workers + 1;
    struct ac__queue taken = take_locked(inject, share < most ? share : most);
    ac__lock_release(&inject->lock);
    return taken;
}

struct ac__queue ac__inject_take_all(ac_runtime *rt)
{
    ac__lock_acquire(&rt->inject.lock);
    ac__inbox_take(&rt->inject.incoming, &rt->inject.queue);
    struct ac__queue taken = take_locked(&rt->inject, SIZE_MAX);
    ac__lock_release(&rt->inject.lock);
    return taken;
}

/* --- The ring and the last-in slot ---------------------------------------------------------------------------------*/

/* The ring is full: half of it and the task go to the global queue, where the others find them. */
static ac__cold void overflow(struct ac__worker *worker, struct ac__task *task)
{
    ac_runtime *rt = worker->runtime;
    struct ac__task *taken[AC__RING_SIZE / 2];
    uint32_t n = ac__ring_take_half(&worker->ring, taken);
    struct ac__inject *inject = &rt->inject;
    ac__lock_acquire(&inject->lock);
    ac__inbox_take(&inject->incoming, &inject->queue);
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

/* What was woken last runs next: what it was sent is in the cache. What it displaces goes behind the others. Filling
 * the empty slot wakes nobody: this worker is about to run it, and waking another would cost more than most polls;
 * but whoever searches can take it. */
static void push_last_in(struct ac__worker *worker, struct ac__task *task)
{
    struct ac__task *displaced = ac__atomic_exchange(&worker->lifo, task, acq_rel);
    if (displaced) ac__ring_push_back(worker, displaced);
}

/* --- Every way in --------------------------------------------------------------------------------------------------*/

void ac__worker_push_new(struct ac__worker *worker, struct ac__task *task)
{
    struct ac__home *home = task->home;
    if (home->local == worker) ac__queue_push(&worker->local, task);
    else if (!home->local && worker->kind == AC__WORKER_POOL && worker->runtime == home->runtime)
        ac__ring_push_back(worker, task);
    else ac__task_push(task);
}

void ac__task_push(struct ac__task *task)
{
    struct ac__home *home = task->home;
    struct ac__worker *here = ac__thread.worker;
    if (home->local) {
        if (here == home->local) ac__queue_push(&here->local, task);
        else hand_over(home->local, task, here);
    } else if (here && here->kind == AC__WORKER_POOL && here->runtime == home->runtime) {
        if (here->in_driver) ac__ring_push_back(here, task);
        else push_last_in(here, task);
    } else {
        inject(home->runtime, task, here);
    }
}

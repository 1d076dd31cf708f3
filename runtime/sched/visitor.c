/* ac_block_on on a thread of its own beside the workers: runs the future it was given and the local tasks of that,
 * sleeps on a futex between. Everything else those spawn goes to the workers.
 *
 * On a current-thread runtime there is one worker, which another thread drives; when that thread leaves, a visitor
 * takes the worker over, and drives it beside its own tasks until it leaves itself. */
#include "mem/slab.h"
#include "sched/hooks.h"
#include "sched/rt.h"

/* --- Visitors come and go; those of a runtime are kept for the next ------------------------------------------------*/

struct ac__worker *ac__visitor_take(ac_runtime *rt)
{
    ac__lock_acquire(&rt->workers_lock);
    struct ac__worker *worker = rt->idle_visitors;
    if (worker) rt->idle_visitors = worker->next_idle;
    ac__lock_release(&rt->workers_lock);
    return worker ? worker : ac__worker_new(rt, AC__WORKER_VISITOR, rt->n_workers, rt->n_workers);
}

void ac__visitor_give(ac_runtime *rt, struct ac__worker *worker)
{
    worker->stands_in = false;
    ac__atomic_store(&worker->quiet, 1, seq_cst);
    ac__lock_acquire(&rt->workers_lock); /* a dump walks its tasks under this lock */
    ac__cache_trim(worker->cells);
    worker->rested = false;
    worker->next_idle = rt->idle_visitors;
    rt->idle_visitors = worker;
    ac__lock_release(&rt->workers_lock);
}

/* The tasks that a visitor spawned may outlive its visit; what they leave comes home to nobody. One that was not used
 * since the last time keeps nothing. */
void ac__visitors_tidy(ac_runtime *rt)
{
    if (!ac__lock_try(&rt->workers_lock)) return;
    for (struct ac__worker *worker = rt->idle_visitors; worker; worker = worker->next_idle) {
        if (worker->rested) ac__cache_leave(worker->cells);
        worker->rested = true;
    }
    ac__lock_release(&rt->workers_lock);
}

/* --- The core of a current-thread runtime --------------------------------------------------------------------------*/

bool ac__core_take(ac_runtime *rt)
{
    if (!rt->core || ac__atomic_exchange(&rt->core_taken, 1, seq_cst)) return false;
    ac__atomic_store(&rt->core->asleep, 0, seq_cst);
    return true;
}

/* Left like one asleep, so that a push makes the driver's descriptor readable (ac_runtime_fd). Visitors that sleep
 * have a look at it. */
void ac__core_give(ac_runtime *rt)
{
    ac__atomic_store(&rt->core->asleep, 1, seq_cst);
    ac__atomic_store(&rt->core_taken, 0, seq_cst);
    ac__lock_acquire(&rt->workers_lock);
    ac__list_each (node, &rt->all_workers) {
        struct ac__worker *worker = ac__list_entry(node, struct ac__worker, all);
        if (worker->kind != AC__WORKER_VISITOR || !ac__atomic_load(&worker->asleep, seq_cst)) continue;
        ac__park_wake(&worker->park);
    }
    ac__lock_release(&rt->workers_lock);
}

/* --- Running -------------------------------------------------------------------------------------------------------*/

static struct ac__task *next_task(struct ac__worker *worker)
{
    /* Now and then first what others hand over, lest two tasks that wake each other keep it waiting. */
    if (ac__unlikely(++worker->tick % 31 == 0)) {
        ac__inbox_take(&worker->inbox, &worker->local);
        ac__queue_append(&worker->local, &worker->deferred);
    }
    struct ac__task *task = ac__queue_pop(&worker->local);
    if (task) return task;
    ac__inbox_take(&worker->inbox, &worker->local);
    if (!worker->local.first) ac__queue_append(&worker->local, &worker->deferred);
    return ac__queue_pop(&worker->local);
}

static bool inbox_filled(void *worker, unsigned turn)
{
    (void)turn;
    return ac__inbox_filled(&((struct ac__worker *)worker)->inbox);
}

static void sleep_visitor(struct ac__worker *worker)
{
    if (ac__spin_until(&worker->spin, inbox_filled, worker)) return; /* see spin.h */
    ac__worker_tidy(worker);
    ac__before_sleep(worker);
    ac__park_prepare(&worker->park);
    ac__atomic_store(&worker->asleep, 1, seq_cst);
    ac_runtime *rt = worker->runtime;
    bool core_is_free = rt->core && !ac__atomic_load(&rt->core_taken, seq_cst);
    if (!core_is_free && !ac__inbox_filled(&worker->inbox)) ac__park_sleep(&worker->park);
    ac__atomic_store(&worker->asleep, 0, seq_cst);
    ac__after_sleep(worker);
}

static bool complete(struct ac__task *root) { return ac__atomic_load(&root->state, acquire) & AC__TASK_COMPLETE; }

/* Turns of the visitor's own tasks and of the core, both on this thread; asleep they share the driver's bed. */
static void drive_core_too(struct ac__worker *worker, struct ac__task *root)
{
    struct ac__worker *core = worker->runtime->core;
    while (!complete(root)) {
        struct ac__task *task;
        while (!complete(root) && (task = next_task(worker))) {
            ac__worker_run_own(worker, task);
            ac__pause_if_asked(worker);
        }
        if (complete(root)) break;
        ac__atomic_store(&worker->asleep, 2, seq_cst);
        ac__worker_leave(worker);
        ac__worker_enter(core);
        ac__current_turn(core, ac__inbox_filled(&worker->inbox) ? 0 : -1);
        ac__worker_leave(core);
        ac__worker_enter(worker);
        ac__atomic_store(&worker->asleep, 0, seq_cst);
    }
}

void ac__visitor_drive(struct ac__worker *worker, struct ac__task *root)
{
    while (!complete(root)) {
        ac__pause_if_asked(worker);
        struct ac__task *task = next_task(worker);
        if (task) {
            ac__worker_run_own(worker, task);
        } else if (ac__core_take(worker->runtime)) {
            drive_core_too(worker, root);
            ac__core_give(worker->runtime);
        } else {
            sleep_visitor(worker);
        }
    }
}

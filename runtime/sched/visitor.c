/* ac_block_on on a thread of its own beside the workers: runs the future it was given and the local tasks of that, sleeps on a
 * futex between. Everything else those spawn goes to the workers. */
#include "base/futex.h"
#include "sched/hooks.h"
#include "sched/rt.h"

static struct ac__task *next_task(struct ac__worker *worker)
{
    /* Now and then first what others hand over, lest two tasks that wake each other keep it waiting. */
    if (ac__unlikely(++worker->tick % 31 == 0)) {
        ac__inbox_take(worker);
        ac__queue_append(&worker->local, &worker->deferred);
    }
    struct ac__task *task = ac__queue_pop(&worker->local);
    if (task) return task;
    ac__inbox_take(worker);
    if (!worker->local.first) ac__queue_append(&worker->local, &worker->deferred);
    return ac__queue_pop(&worker->local);
}

static void run(struct ac__worker *worker, struct ac__task *task)
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

static void sleep_visitor(struct ac__worker *worker)
{
    ac__before_sleep(worker);
    ac__atomic_store(&worker->park, 0, relaxed);
    ac__atomic_store(&worker->asleep, 1, seq_cst);
    while (ac__atomic_load(&worker->inbox_length, seq_cst) == 0 && ac__atomic_load(&worker->park, acquire) == 0)
        ac__futex_wait(&worker->park, 0);
    ac__atomic_store(&worker->asleep, 0, seq_cst);
    ac__after_sleep(worker);
}

void ac__visitor_drive(struct ac__worker *worker, struct ac__task *root)
{
    while (!(ac__atomic_load(&root->state, acquire) & AC__TASK_COMPLETE)) {
        struct ac__task *task = next_task(worker);
        if (task) run(worker, task);
        else sleep_visitor(worker);
    }
}

/* Running a task: one poll of it, from where it stopped, and its end.
 *
 * A task that waits deep in a chain of pool frames (recursion, calls through pointers) is resumed at the innermost
 * one, task->leaf: the frames above it are polled only when it is done, each finding its child done at once. So a
 * resume costs one level and not the depth of the chain, and so does, per frame, the drop: it goes from the leaf
 * outwards, marking each frame as dropped for the one above it, and never recurses. */
#include "mem/slab.h"
#include "sched/thread.h"
#include "sched/rt.h"
#include "task/local.h"
#include "task/task.h"

/* Polls the chain from the leaf up, then the task's own frame. */
static int poll_from_leaf(struct ac__task *task, ac_context *cx)
{
    struct ac__frame *frame = task->leaf;
    while (ac__unlikely(frame != NULL)) {
        struct ac__frame *parent = frame->parent;
        cx->current = parent;
        cx->leaf = NULL;
        if (ac__frame_poll(frame, cx) == AC_PENDING) {
            task->leaf = cx->leaf;
            return AC_PENDING;
        }
        frame = parent;
    }
    cx->current = NULL;
    cx->leaf = NULL;
    int polled = task->type->poll(ac__task_future(task), cx);
    task->leaf = cx->leaf;
    return polled;
}

static void drop_frame(struct ac__task *task)
{
    for (struct ac__frame *frame = task->leaf; frame; frame = frame->parent) {
        if (!frame->done) frame->type->drop(ac__frame_future(frame));
        frame->done = 2;
    }
    task->leaf = NULL;
    task->type->drop(ac__task_future(task));
}

void ac__task_drop_running(struct ac__task *task, struct ac__worker *worker)
{
    ac_context cx = { .task = task, .worker = worker, .budget = 0 };
    ac_context *outer = worker->polling;
    worker->polling = &cx;
    drop_frame(task);
    ac__task_locals_free(task);
    worker->polling = outer;
    ac__task_complete(task, AC__TASK_DROPPED);
}

enum ac__ran ac__task_run(struct ac__task *task, struct ac__worker *worker)
{
    uint64_t state = ac__task_take(task);
    if (ac__unlikely(state & AC__TASK_CANCELLED)) {
        ac__task_drop_running(task, worker);
        return AC__RAN_OFF;
    }
    ac_context cx = { .task = task,
                      .worker = worker,
                      .budget = state & AC__TASK_UNCONSTRAINED ? UINT32_MAX : AC__BUDGET };
    worker->polling = &cx;
    worker->yielded = false;
    ac__atomic_store(&worker->runs, task->type, relaxed);
    int polled = poll_from_leaf(task, &cx);
    worker = cx.worker; /* another one if ac_block_in_place gave ours away */
    worker->polling = NULL;
    ac__atomic_store(&worker->runs, NULL, relaxed);
    if (ac__unlikely(ac__atomic_load(&worker->held, relaxed)))
        ac__watchdog_report(worker, polled == AC_PENDING ? task : NULL);
    if (polled == AC_PENDING) {
        bool yielded = worker->yielded;
        if (ac__likely(!ac__task_sleep(task, yielded))) return AC__RAN_OFF;
        return yielded ? AC__RAN_YIELD : AC__RAN_AGAIN;
    }
    if (ac__unlikely(task->locals != NULL)) ac__task_locals_free(task);
    ac__task_complete(task, 0);
    return AC__RAN_OFF;
}

void ac__task_free(struct ac__task *task)
{
    uint64_t state = task->state;
    ac__atomic_store(&task->state, 0, release);
    ac__task_cell_free(task, (state & AC__TASK_OUTSIZED) != 0);
}

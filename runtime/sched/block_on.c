/* ac_block_on: running one future to its end on this thread.
 *
 * The future becomes a task like any other, the *root*, whose cell holds only a pointer to the caller's storage,
 * since wakers may still hold the task when the call has returned. On a current-thread runtime the calling thread
 * drives the one worker; if another thread does that already, or the runtime has worker threads, it is a visitor. */
#include "base/fatal.h"
#include "sched/rt.h"

static int root_poll(void *self, ac_context *cx)
{
    struct ac__root_future *root = self;
    return root->type->poll(root->future, cx);
}

static void root_drop(void *self)
{
    struct ac__root_future *root = self;
    root->type->drop(root->future);
}

const ac_descriptor ac__root_descriptor = { .name = "ac_block_on",
                                            .file = __FILE__,
                                            .size = sizeof(struct ac__root_future),
                                            .align = _Alignof(struct ac__root_future),
                                            .poll = root_poll,
                                            .drop = root_drop };

static struct ac__task *spawn_root(struct ac__worker *worker, const ac_descriptor *type, void *future)
{
    ac_context cx = { .worker = worker };
    struct ac__root_future *root = ac__spawn_begin(&cx, worker->runtime, &ac__root_descriptor, AC__SPAWN_LOCAL);
    if (!root) ac__fatal("ac_block_on: out of memory");
    *root = (struct ac__root_future){ type, future };
    struct ac__task *task = ac__task_of_future(root);
    (void)ac__spawn_end(&cx, root);
    return task;
}

void ac__block_on(ac_runtime *rt, const ac_descriptor *type, void *future)
{
    if (ac__task_here()) ac__fatal("ac_block_on: called inside a task, which it would block; await it or spawn it");
    if (ac__thread.worker) ac__fatal("ac_block_on: called on a worker's thread");
    bool core = ac__core_take(rt);
    struct ac__worker *worker = core ? rt->core : ac__visitor_take(rt);
    if (!worker) ac__fatal("ac_block_on: out of memory");
    ac__worker_enter(worker);
    struct ac__task *root = spawn_root(worker, type, future);
    worker->has_local = false;
    if (core) ac__current_drive(worker, root);
    else ac__visitor_drive(worker, root);
    if (worker->has_local) ac__sweep_local(worker);
    ac__task_release(root);
    ac__worker_leave(worker);
    if (core) ac__core_give(rt);
    else ac__visitor_give(rt, worker);
}

/* Starting tasks. */
#include "asyncc/task.h"
#include "base/fatal.h"
#include "blocking/task.h"
#include "mem/slab.h"
#include "sched/rt.h"
#include "task/task.h"

static struct ac__home *home_for(struct ac__worker *worker, ac_runtime *rt, const ac_descriptor *type, unsigned flags)
{
    if (!(flags & AC__SPAWN_LOCAL)) return &rt->home;
    if (!worker || worker->kind == AC__WORKER_POOL || worker->stands_in || worker->runtime != rt)
        ac__fatal("spawn_local of %s: only under ac_block_on (or in `async main`), in a local task, or on a "
                  "current-thread runtime",
                  type->name);
    worker->has_local = true;
    return &worker->home;
}

/* Until ac__spawn_end the state word is zero, so that no walk meets the task; its flags wait in `link`. */
void *ac__spawn_begin(ac_context *cx, ac_runtime *rt, const ac_descriptor *type, unsigned flags)
{
    struct ac__worker *worker = cx && cx->worker ? cx->worker : ac__thread.worker;
    if (!rt) rt = worker ? worker->runtime : ac__thread.runtime;
    if (ac__unlikely(!rt)) ac__fatal("spawn of %s: no runtime runs on this thread; spawn_on names one", type->name);
    struct ac__home *home = home_for(worker, rt, type, flags);
    struct ac__cache *cache = worker && worker->runtime == rt ? worker->cells : NULL;
    size_t size = flags & AC__SPAWN_BLOCKING ? ac__blocking_task_size(type) : type->size;
    bool outsized;
    struct ac__task *task = ac__task_cell_alloc(cache, size, type->align, &outsized);
    if (ac__unlikely(!task)) return NULL;
    task->type = type;
    task->home = home;
    task->joiner = NULL;
    task->leaf = NULL;
    task->locals = NULL;
    task->link = (struct ac__task *)(uintptr_t)(flags | (outsized ? AC__TASK_OUTSIZED : 0));
    return ac__task_future(task);
}

_Static_assert((AC__TASK_OUTSIZED & (AC__SPAWN_LOCAL | AC__SPAWN_BLOCKING | AC__SPAWN_DETACHED)) == 0,
               "they share a word above");

static uint64_t first_state(uint64_t flags)
{
    uint64_t state = AC__TASK_FRESH | AC__TASK_NOTIFIED | (flags & AC__TASK_OUTSIZED);
    state += flags & AC__SPAWN_DETACHED ? AC__TASK_REFERENCE : 2 * AC__TASK_REFERENCE;
    if (flags & AC__SPAWN_LOCAL) state |= AC__TASK_BOUND;
    if (flags & AC__SPAWN_BLOCKING) state |= AC__TASK_BLOCKING;
    return state;
}

void *ac__spawn_end(ac_context *cx, void *future)
{
    if (ac__unlikely(!future)) return NULL;
    struct ac__worker *worker = cx && cx->worker ? cx->worker : ac__thread.worker;
    struct ac__task *task = ac__task_of_future(future);
    uint64_t flags = (uintptr_t)task->link;
    task->id = worker ? ac__worker_task_id(worker) : ac__worker_new_ids(NULL);
    void *handle = flags & AC__SPAWN_DETACHED ? NULL : ac__handle_of(task);
    /* release: a walk that sees the state sees the task. */
    ac__atomic_store(&task->state, first_state(flags), release);
    if (ac__unlikely(flags & AC__SPAWN_BLOCKING)) return ac__blocking_task_submit(task) == 0 ? handle : NULL;
    if (ac__likely(worker != NULL)) {
        ac__count_add(&worker->counts.spawned, 1);
        ac__worker_push_new(worker, task);
    } else {
        ac__atomic_add(&task->home->runtime->spawned_outside, 1, relaxed);
        ac__task_push(task);
    }
    return handle;
}

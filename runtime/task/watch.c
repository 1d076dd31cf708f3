/* The protocol is the joiner's (join.c): the pointer is stored before JOINER is set, and belongs to whoever changes the
 * word from a state with JOINER and without COMPLETE. */
#include "task/watch.h"

static const uint64_t registered = AC__TASK_JOINER | AC__TASK_WATCHED;

bool ac__task_watch(struct ac__task *task, struct ac__watcher *watcher)
{
    task->joiner = (struct ac__task *)watcher;
    if (!(ac__atomic_or(&task->state, registered, acq_rel) & AC__TASK_COMPLETE)) return true;
    ac__atomic_and(&task->state, ~registered, relaxed);
    return false;
}

bool ac__task_unwatch(struct ac__task *task)
{
    return !(ac__atomic_and(&task->state, ~registered, acq_rel) & AC__TASK_COMPLETE);
}

void ac__task_tell_watcher(struct ac__task *task)
{
    struct ac__watcher *watcher = (struct ac__watcher *)task->joiner;
    watcher->ended(watcher);
}

/* What may be done with a handle, from any thread. */
#include "asyncc/task.h"
#include "base/fatal.h"
#include "sched/worker.h"
#include "task/task.h"

void ac__handle_stale(const char *call)
{
    ac__fatal("%s: the handle is stale: it was joined or detached before", call);
}

/* The frame is not touched here: whoever takes the task next drops it, on the thread where it belongs. A task that
 * runs right now is taken once more afterwards, by NOTIFIED. */
void ac_abort(void *handle)
{
    struct ac__task *task = ac__task_of_handle(handle, "ac_abort");
    if (!task) return;
    uint64_t before = ac__atomic_or(&task->state, AC__TASK_CANCELLED | AC__TASK_NOTIFIED, acq_rel);
    if (!(before & (AC__TASK_RUNNING | AC__TASK_NOTIFIED | AC__TASK_COMPLETE))) ac__task_push(task);
}

void ac_detach(void *handle)
{
    struct ac__task *task = ac__task_of_handle(handle, "ac_detach");
    if (task) ac__task_release(task);
}

bool ac_is_finished(const void *handle)
{
    const struct ac__task *task = ac__task_of_handle(handle, "ac_is_finished");
    return task && (ac__atomic_load(&task->state, acquire) & AC__TASK_COMPLETE);
}

uint64_t ac_task_id(const void *handle)
{
    const struct ac__task *task = ac__task_of_handle(handle, "ac_task_id");
    return task ? task->id : 0;
}

uint64_t ac_task_current_id(void)
{
    struct ac__task *task = ac__task_here();
    return task ? task->id : 0;
}

const char *ac_task_name(const void *handle)
{
    const struct ac__task *task = ac__task_of_handle(handle, "ac_task_name");
    return task ? task->type->name : "";
}

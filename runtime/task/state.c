/* The moves of a task's state word that are not inline in task.h, where the essay about it stands. */
#include "task/task.h"
#include "task/watch.h"

/* release: what the waker did before must be seen by the poll, which takes the task with an acquire that reads this
 * exchange or a later one. It is never a plain "already NOTIFIED, nothing to do": the poll that clears NOTIFIED
 * might then have read the waker's data before it was written. */
bool ac__task_notify(struct ac__task *task)
{
    uint64_t before = ac__atomic_or(&task->state, AC__TASK_NOTIFIED, acq_rel);
    return !(before & (AC__TASK_RUNNING | AC__TASK_NOTIFIED | AC__TASK_COMPLETE));
}

bool ac__task_notify_release(struct ac__task *task)
{
    uint64_t before = ac__atomic_load(&task->state, relaxed), after;
    do after = (before | AC__TASK_NOTIFIED) - AC__TASK_REFERENCE;
    while (!ac__atomic_cas_weak(&task->state, &before, after, acq_rel, relaxed));
    if (ac__task_references(after) == 0) { /* it had completed, and this was the last pointer to it */
        ac__task_free(task);
        return false;
    }
    return !(before & (AC__TASK_RUNNING | AC__TASK_NOTIFIED | AC__TASK_COMPLETE));
}

/* relaxed: whoever takes a reference has one, or the task pinned, already. */
void ac__task_retain(struct ac__task *task) { ac__atomic_add(&task->state, AC__TASK_REFERENCE, relaxed); }

/* acq_rel: whoever lets go last must have seen all that the others did to the task. */
void ac__task_release(struct ac__task *task)
{
    uint64_t before = ac__atomic_sub(&task->state, AC__TASK_REFERENCE, acq_rel);
    if (ac__task_references(before) == 1) ac__task_free(task);
}

bool ac__task_sleep(struct ac__task *task, bool again)
{
    if (!again) {
        /* release: the frame as this poll left it is for the thread that takes the task next. */
        uint64_t before = ac__atomic_and(&task->state, ~AC__TASK_RUNNING, acq_rel);
        return (before & AC__TASK_NOTIFIED) != 0;
    }
    uint64_t state = ac__atomic_load(&task->state, relaxed);
    while (!ac__atomic_cas_weak(&task->state, &state, (state & ~AC__TASK_RUNNING) | AC__TASK_NOTIFIED, acq_rel,
                                relaxed)) {}
    return true;
}

bool ac__task_seize(struct ac__task *task)
{
    uint64_t state = ac__atomic_load(&task->state, relaxed);
    do {
        if (state == 0 || (state & (AC__TASK_RUNNING | AC__TASK_NOTIFIED | AC__TASK_COMPLETE))) return false;
    } while (
        !ac__atomic_cas_weak(&task->state, &state, state | AC__TASK_RUNNING | AC__TASK_CANCELLED, acq_rel, relaxed));
    return true;
}

/* The joiner is woken between the two steps of the slow way: COMPLETE is set first, so that it finds what it was
 * woken for, and the reference goes last, since `joiner` lies in the task. Whoever unregisters a joiner (join.c)
 * learns from COMPLETE in the word it changed that the pointer is no longer its own to release. */
void ac__task_complete(struct ac__task *task, uint64_t dropped)
{
    uint64_t state = ac__atomic_load(&task->state, acquire);
    if (ac__task_references(state) == 1) { /* nobody else can reach it: no need to say that it is complete */
        ac__task_free(task);
        return;
    }
    const uint64_t ended = AC__TASK_COMPLETE | dropped;
    for (;;) {
        uint64_t reference = state & AC__TASK_JOINER ? 0 : AC__TASK_REFERENCE;
        uint64_t after = ((state & ~AC__TASK_RUNNING) | ended) - reference;
        if (ac__atomic_cas_weak(&task->state, &state, after, acq_rel, acquire)) break;
    }
    if (state & AC__TASK_WATCHED) {
        ac__task_tell_watcher(task);
        ac__task_release(task);
    } else if (state & AC__TASK_JOINER) {
        struct ac__task *joiner = task->joiner;
        if (ac__task_notify_release(joiner)) ac__task_push(joiner);
        ac__task_release(task);
    } else if (ac__task_references(state) == 1) {
        ac__task_free(task); /* the handle was let go of while we were at it */
    }
}

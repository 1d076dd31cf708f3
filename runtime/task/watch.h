/* Being told of a task's end without being a task: for those who wait for many, as a task set does.
 *
 * A watcher takes the place of a joiner, so a task has one or the other. It is told once, by the thread that completes
 * the task, when the task is COMPLETE and its result is there, under no lock. */
#ifndef ASYNCC_TASK_WATCH_H
#define ASYNCC_TASK_WATCH_H
#include "task/task.h"

struct ac__watcher {
    void (*ended)(struct ac__watcher *watcher); /* may free the watcher, and let go of the handle */
};

/* By the owner of the handle. False: the task is complete already, and the watcher will not be told. */
bool ac__task_watch(struct ac__task *task, struct ac__watcher *watcher);
/* False: too late, the watcher was told or is being told. */
bool ac__task_unwatch(struct ac__task *task);
/* For ac__task_complete. */
void ac__task_tell_watcher(struct ac__task *task);

#endif

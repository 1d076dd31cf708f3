/* spawn_blocking: tasks that the blocking pool runs. */
#ifndef ASYNCC_BLOCKING_TASK_H
#define ASYNCC_BLOCKING_TASK_H
#include "task/task.h"

/* How much room its future needs, with the pool's part behind it. */
size_t ac__blocking_task_size(const ac_descriptor *type);
/* Hands over a task that is ready to run. 0, or a negative errno: then it has been dropped and is gone. */
int ac__blocking_task_submit(struct ac__task *task);

#endif

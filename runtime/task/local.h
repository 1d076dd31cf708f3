/* Values that belong to a task. Few tasks have any, and those have few: a list does. */
#ifndef ASYNCC_TASK_LOCAL_H
#define ASYNCC_TASK_LOCAL_H
#include "task/task.h"

/* At the end of the task, after its frame is gone. */
void ac__task_locals_free(struct ac__task *task);

#endif

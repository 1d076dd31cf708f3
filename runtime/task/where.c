#include "task/where.h"
#include "sched/worker.h"
#include "task/trace.h"
#include <stdio.h>

/* The function that runs has not stored where it is; what is known is the line at which the innermost function with
 * a frame of its own in the pool, or the task's own, last waited. */
size_t ac__where(char *text, size_t room)
{
    struct ac__worker *worker = ac__thread.worker;
    if (!worker || !worker->polling || room == 0) return 0;
    struct ac__spawned spawned = ac__task_spawned(worker->polling->task);
    const char *name = spawned.type->name;
    struct ac__frame *frame = worker->polling->current;
    if (frame) spawned = (struct ac__spawned){ frame->type, ac__frame_future(frame) };
    if (!spawned.type->file) return 0;
    uint32_t line = ac__last_line(spawned.type, spawned.future);
    int n = snprintf(text, room, line ? " (in task %s, which last waited at %s:%u)" : " (in task %s, begun at %s:%u)",
                     name, spawned.type->file, line ? line : spawned.type->line);
    return n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

/* Reading a suspended future by the tables its descriptor has: the chain of awaits, down to what it waits for. */
#ifndef ASYNCC_TASK_TRACE_H
#define ASYNCC_TASK_TRACE_H
#include "asyncc/future.h"
#include "task/task.h"

/* Text that grows; without memory it stops growing. */
struct ac__text {
    char *bytes;
    size_t length, room;
};
void ac__text_add(struct ac__text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void ac__text_free(struct ac__text *text);

/* The future that was spawned, or given to ac_block_on. */
struct ac__spawned {
    const ac_descriptor *type;
    const void *future;
};
struct ac__spawned ac__task_spawned(const struct ac__task *task);

/* One line an await, from the task's own function inwards; a select and a gather branch out. The task must be
 * suspended, and stay so meanwhile. */
void ac__task_trace(struct ac__text *text, const struct ac__task *task);
/* The line at which a future last suspended; 0: it never did. */
uint32_t ac__last_line(const ac_descriptor *type, const void *future);

#endif

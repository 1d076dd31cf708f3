/* A first-in first-out queue of tasks, linked through them. One thread at a time. */
#ifndef ASYNCC_SCHED_QUEUE_H
#define ASYNCC_SCHED_QUEUE_H
#include "task/task.h"

struct ac__queue {
    struct ac__task *first, *last;
    size_t length;
};

static inline void ac__queue_push(struct ac__queue *queue, struct ac__task *task)
{
    task->link = NULL;
    if (queue->first) queue->last->link = task;
    else queue->first = task;
    queue->last = task;
    queue->length++;
}

static inline struct ac__task *ac__queue_pop(struct ac__queue *queue)
{
    struct ac__task *task = queue->first;
    if (!task) return NULL;
    queue->first = task->link;
    queue->length--;
    return task;
}

/* Moves all of `from` to the end of `to`. */
static inline void ac__queue_append(struct ac__queue *to, struct ac__queue *from)
{
    if (!from->first) return;
    if (to->first) to->last->link = from->first;
    else to->first = from->first;
    to->last = from->last;
    to->length += from->length;
    from->first = NULL;
    from->length = 0;
}

#endif

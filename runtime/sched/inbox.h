/* Where threads leave tasks for a worker they are not: a stack anybody pushes onto, which the owner takes as a whole.
 *
 * A push is one compare and swap and never waits: with a lock here, owner and pushers would meet at it just when
 * both are busiest, and put each other to sleep. Since the owner takes everything (Treiber's stack without its pop),
 * no node can leave and come back between a pusher's look and its swap, so there is no ABA. The order is turned
 * round on taking, which makes it first in first out.
 *
 * A push is seq_cst for the sake of the check for sleepers that follows it, as a sleeper's look at the stack is; its
 * release pairs with the acquire of the taking. */
#ifndef ASYNCC_SCHED_INBOX_H
#define ASYNCC_SCHED_INBOX_H
#include "sched/queue.h"

struct ac__inbox {
    struct ac__task *top;
};

static inline void ac__inbox_push(struct ac__inbox *inbox, struct ac__task *task)
{
    struct ac__task *top = ac__atomic_load(&inbox->top, relaxed);
    do task->link = top;
    while (!ac__atomic_cas_weak(&inbox->top, &top, task, seq_cst, relaxed));
}

static inline bool ac__inbox_filled(struct ac__inbox *inbox) { return ac__atomic_load(&inbox->top, seq_cst) != NULL; }

/* Moves all to the end of the queue. By the owner, or under its lock. */
static inline void ac__inbox_take(struct ac__inbox *inbox, struct ac__queue *queue)
{
    if (!ac__atomic_load(&inbox->top, relaxed)) return;
    struct ac__task *task = ac__atomic_exchange(&inbox->top, NULL, acquire);
    struct ac__queue turned = { .last = task };
    while (task) {
        struct ac__task *below = task->link;
        task->link = turned.first;
        turned.first = task;
        turned.length++;
        task = below;
    }
    ac__queue_append(queue, &turned);
}

#endif

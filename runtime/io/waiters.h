/* A list of waiters, under whatever lock guards the thing they wait for; first come, first woken.
 *
 * The head is one pointer, to the first node of a ring. Firing follows wake.h: unlink, say "firing", notify, then say
 * what came, which is the last touch of the node. */
#ifndef ASYNCC_IO_WAITERS_H
#define ASYNCC_IO_WAITERS_H
#include "asyncc/leaf.h"
#include "base/atomic.h"
#include "task/wake.h"

static inline void ac__waiters_link(struct ac__io_wait **head, struct ac__io_wait *wait, struct ac__task *task)
{
    wait->task = task;
    if (!*head) {
        *head = wait->next = wait->prev = wait;
    } else {
        wait->next = *head;
        wait->prev = (*head)->prev;
        wait->prev->next = wait;
        wait->next->prev = wait;
    }
    ac__atomic_store(&wait->state, AC__WAIT_LINKED, relaxed); /* read by its own task only, until it is fired */
}

static inline void ac__waiters_unlink(struct ac__io_wait **head, struct ac__io_wait *wait)
{
    if (wait->next == wait) {
        *head = NULL;
    } else {
        wait->next->prev = wait->prev;
        wait->prev->next = wait->next;
        if (*head == wait) *head = wait->next;
    }
    wait->next = wait->prev = NULL;
}

static inline unsigned ac__waiters_count(const struct ac__io_wait *head)
{
    unsigned n = 0;
    if (head) {
        const struct ac__io_wait *wait = head;
        do n++;
        while ((wait = wait->next) != head);
    }
    return n;
}

/* Takes the first waiter out and notifies its task; the list must have room. */
static inline void ac__waiters_fire_first(struct ac__io_wait **head, uint32_t state, struct ac__wake_list *list)
{
    struct ac__io_wait *wait = *head;
    ac__waiters_unlink(head, wait);
    ac__atomic_store(&wait->state, AC__WAIT_FIRING, relaxed);
    ac__wake_list_notify(list, wait->task);
    ac__atomic_store(&wait->state, state, release);
}

#endif

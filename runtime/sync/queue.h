/* The queue of those who wait for a primitive, first come first served.
 *
 * The nodes are `struct ac__waiter`, in the frames of suspended futures or on the stacks of threads that sleep. They
 * form a ring that one pointer in the primitive leads into, at the first. A pointer and not a node, so that an idle
 * primitive holds no address of itself: it may be copied into place, and zeroed memory is a valid one.
 *
 * All of this happens under the primitive's lock, as task/wake.h asks. A waiter is told the outcome in one word, which
 * its poll reads without the lock, and then notified. So before the poll acts on the outcome it sees to it that the
 * waker has let go of the lock (ac__waker_left); then the task was notified, and the waker touches neither node nor
 * primitive any more. */
#ifndef ASYNCC_SYNC_QUEUE_H
#define ASYNCC_SYNC_QUEUE_H
#include "asyncc/wait.h"
#include "base/atomic.h"
#include "base/futex.h"
#include "base/lock.h"
#include "task/wake.h"

static inline void ac__queue_push(struct ac__waiter **first, struct ac__waiter *waiter)
{
    struct ac__waiter *head = *first;
    if (!head) {
        *first = waiter->next = waiter->previous = waiter;
        return;
    }
    waiter->next = head;
    waiter->previous = head->previous;
    waiter->previous->next = waiter;
    head->previous = waiter;
}

static inline void ac__queue_remove(struct ac__waiter **first, struct ac__waiter *waiter)
{
    if (waiter->next == waiter) {
        *first = NULL;
        return;
    }
    waiter->next->previous = waiter->previous;
    waiter->previous->next = waiter->next;
    if (*first == waiter) *first = waiter->next;
}

/* Puts a waiter at the end of the queue; `task` NULL: for the thread that runs here. */
static inline void ac__waiter_join(struct ac__waiter **first, struct ac__waiter *waiter, struct ac__task *task)
{
    waiter->task = task;
    /* relaxed: only the poll of the same task looks at it before somebody has taken the lock. */
    ac__atomic_store(&waiter->state, AC__WAITING, relaxed);
    ac__queue_push(first, waiter);
}

/* Takes a waiter off the queue and tells it the outcome, AC__GRANTED or AC__REFUSED. `wakes` must have room. */
static inline void ac__waiter_hand(struct ac__waiter **first, struct ac__waiter *waiter, uint32_t outcome,
                                   struct ac__wake_list *wakes)
{
    ac__queue_remove(first, waiter);
    struct ac__task *task = waiter->task;
    if (!task) {
        ac__atomic_store(&waiter->state, outcome, release);
        ac__futex_wake(&waiter->state, 1); /* the thread may be gone already: then nobody sleeps at that address */
        return;
    }
    ac__atomic_store(&waiter->state, outcome, release);
    ac__wake_list_notify(wakes, task);
}

/* Waits until whoever handed something to a waiter has left the primitive: it may have to notify the task still, and it
 * holds the lock a moment longer than that. When this returns it is done with both, so that the waiter may free them: a
 * semaphore on a task's stack may go as soon as the task was granted what it waited for. The waker had the lock before
 * it wrote the state we read, so finding the lock free means that it has been released since; only otherwise is it
 * worth taking. */
static inline void ac__waker_left(ac__lock *lock)
{
    if (ac__likely(ac__atomic_load(&lock->word, acquire) == 0)) return;
    ac__lock_acquire(lock);
    ac__lock_release(lock);
}

/* What has become of a waiter: AC__UNQUEUED, AC__WAITING, AC__GRANTED or AC__REFUSED. `lock` is the primitive's. */
static inline uint32_t ac__waiter_outcome(const struct ac__waiter *waiter, ac__lock *lock)
{
    uint32_t state = ac__atomic_load(&waiter->state, acquire);
    if (state > AC__WAITING) ac__waker_left(lock);
    return state;
}

/* The end of a wait that has nothing to hand on: the waiter is in the queue no more. */
static inline void ac__waiter_leave(struct ac__waiter **first, struct ac__waiter *waiter, ac__lock *lock)
{
    ac__lock_acquire(lock);
    if (waiter->state == AC__WAITING) ac__queue_remove(first, waiter);
    ac__lock_release(lock);
}

/* A thread's counterpart of polling: sleeps until something was handed to the waiter. */
static inline uint32_t ac__waiter_sleep(struct ac__waiter *waiter, ac__lock *lock)
{
    while (ac__atomic_load(&waiter->state, acquire) == AC__WAITING) ac__futex_wait(&waiter->state, AC__WAITING);
    return ac__waiter_outcome(waiter, lock);
}

/* When the list of tasks to be pushed is full, the lock is let go to push them. The caller then looks at everything
 * anew. */
static inline void ac__wakes_make_room(struct ac__wake_list *wakes, ac__lock *lock)
{
    if (ac__likely(!ac__wake_list_full(wakes))) return;
    ac__lock_release(lock);
    ac__wake_list_push(wakes);
    ac__lock_acquire(lock);
}

static inline void ac__unlock_and_push(ac__lock *lock, struct ac__wake_list *wakes)
{
    ac__lock_release(lock);
    ac__wake_list_push(wakes);
}

/* Under the lock: tells all the same. For primitives that nobody joins any more, since the lock is let go meanwhile. */
static inline void ac__waiters_hand_all(struct ac__waiter **first, uint32_t outcome, struct ac__wake_list *wakes,
                                        ac__lock *lock)
{
    while (*first) {
        ac__waiter_hand(first, *first, outcome, wakes);
        ac__wakes_make_room(wakes, lock);
    }
}

/* The lock within a public struct, which holds just its word. */
#define AC__LOCK_OF(primitive) ((ac__lock *)(void *)&(primitive)->ac__lock)

/* How many are in the queue, and at which place `waiter` is (0: not in it); for dumps. */
static inline unsigned ac__queue_place(struct ac__waiter *first, const struct ac__waiter *waiter, unsigned *length)
{
    unsigned place = 0, n = 0;
    if (first) {
        struct ac__waiter *at = first;
        do {
            n++;
            if (at == waiter) place = n;
            at = at->next;
        } while (at != first);
    }
    *length = n;
    return place;
}

#endif

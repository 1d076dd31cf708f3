/* The mutex.
 *
 * One word tells all that matters to a lock nobody waits for: AC__MUTEX_HELD. Taking and freeing it is then one
 * compare-and-swap, inline in the caller. AC__MUTEX_QUEUE says that the queue is not empty; it is set and cleared only
 * under the lock that guards the queue, and only beside HELD:
 *
 *     0 -> HELD                 try, lock
 *     HELD -> 0                 unlock
 *     HELD -> HELD|QUEUE        the first that has to wait
 *     HELD|QUEUE -> HELD        the last that waits was handed the lock, or was cancelled
 *
 * While QUEUE is set neither fast path can succeed, so under the guard the word stands still. Unlocking then does not
 * free the lock but hands it to the first in the queue, which so cannot be overtaken: the lock is fair, and a task
 * never loops. The price is a task switch for each turn of a contended lock. */
#include "asyncc/mutex.h"
#include "base/fatal.h"
#include "sync/blocking.h"
#include "sync/leaf.h"
#include "sync/queue.h"

/* Takes the lock (true) or queues the waiter. */
static bool lock_or_wait(ac_mutex *mutex, struct ac__waiter *waiter, struct ac__task *task)
{
    ac__lock_acquire(AC__LOCK_OF(mutex));
    uint32_t state = ac__atomic_load(&mutex->ac__state, relaxed);
    bool taken;
    for (;;) {
        taken = !(state & AC__MUTEX_HELD);
        if (state & AC__MUTEX_QUEUE) break;
        uint32_t next = taken ? AC__MUTEX_HELD : AC__MUTEX_HELD | AC__MUTEX_QUEUE;
        if (ac__atomic_cas_weak(&mutex->ac__state, &state, next, acquire, relaxed)) break;
    }
    if (!taken) ac__waiter_join(&mutex->ac__first, waiter, task);
    ac__lock_release(AC__LOCK_OF(mutex));
    return taken;
}

int ac_mutex_lock_poll_slow(struct ac_mutex_lock_future *self, ac_context *cx)
{
    uint32_t outcome = ac__waiter_outcome(&self->waiter, AC__LOCK_OF(self->mutex));
    if (outcome == AC__WAITING || !ac__budget(cx)) return AC_PENDING;
    if (outcome == AC__GRANTED || lock_or_wait(self->mutex, &self->waiter, cx->task)) return AC_READY;
    ac__budget_return(cx);
    return AC_PENDING;
}

/* Whatever lets another task go on is the last thing that touches the mutex (or, for a waiter, happens under the guard,
 * which it waits for): the other may free it. So when the queue turns out to be empty, the guard is released first. */
void ac__mutex_unlock_slow(ac_mutex *mutex)
{
    for (;;) {
        struct ac__wake_list wakes = { .count = 0 };
        ac__lock_acquire(AC__LOCK_OF(mutex));
        struct ac__waiter *next = mutex->ac__first;
        if (next) {
            /* It sees what was done under the lock by the release and acquire of its state. */
            ac__waiter_hand(&mutex->ac__first, next, AC__GRANTED, &wakes);
            if (!mutex->ac__first) ac__atomic_store(&mutex->ac__state, AC__MUTEX_HELD, relaxed);
        }
        ac__unlock_and_push(AC__LOCK_OF(mutex), &wakes);
        if (next) return;
        uint32_t held = AC__MUTEX_HELD;
        if (ac__atomic_cas(&mutex->ac__state, &held, 0, release, relaxed)) return;
        if (held == 0) ac__fatal("ac_mutex_unlock: the mutex %p is not locked", (void *)mutex);
    }
}

void ac_mutex_lock_drop_slow(struct ac_mutex_lock_future *self)
{
    ac_mutex *mutex = self->mutex;
    ac__lock_acquire(AC__LOCK_OF(mutex));
    bool waiting = self->waiter.state == AC__WAITING;
    if (waiting) {
        ac__queue_remove(&mutex->ac__first, &self->waiter);
        if (!mutex->ac__first) ac__atomic_store(&mutex->ac__state, AC__MUTEX_HELD, relaxed);
    }
    ac__lock_release(AC__LOCK_OF(mutex));
    if (!waiting) ac_mutex_unlock(mutex); /* it was handed over already: hand it on */
}

void ac_mutex_blocking_lock(ac_mutex *mutex)
{
    struct ac__waiter waiter;
    if (ac_mutex_try_lock(mutex)) return;
    ac__refuse_in_task("ac_mutex_blocking_lock");
    if (!lock_or_wait(mutex, &waiter, NULL)) ac__waiter_sleep(&waiter, AC__LOCK_OF(mutex));
}

static int describe(const void *future, char *text, size_t room)
{
    const struct ac_mutex_lock_future *self = future;
    ac_mutex *mutex = self->mutex;
    unsigned place = 0, length = 0;
    if (ac__lock_try(AC__LOCK_OF(mutex))) {
        place = ac__queue_place(mutex->ac__first, &self->waiter, &length);
        ac__lock_release(AC__LOCK_OF(mutex));
    }
    const char *held = ac_mutex_is_locked(mutex) ? "held" : "free";
    if (place == 0) return snprintf(text, room, "mutex %p %s", (void *)mutex, held);
    return snprintf(text, room, "mutex %p %s, place %u of %u in the queue", (void *)mutex, held, place, length);
}

AC__LEAF(ac_mutex_lock, describe);
void ac_mutex_lock(ac_mutex *mutex) { AC__ENTER(ac_mutex_lock, mutex); }

/* The readers-writer lock.
 *
 * The word counts the readers, or says that a writer holds it; AC__RWLOCK_QUEUE says that the queue is not empty. As in
 * the mutex (mutex.c), QUEUE is set and cleared only under the guard of the queue, and while it is set no fast path
 * succeeds: neither taking nor releasing. So under the guard the word stands still, and whoever changes it there lets
 * in as many from the head of the queue as may now go: a run of readers, or one writer. A waiting writer holds back all
 * that come after it because there is one queue for both kinds. Writers so cannot starve; nor can readers.
 *
 * A waiter's `count` says its kind. */
#include "asyncc/rwlock.h"
#include "base/fatal.h"
#include "sync/blocking.h"
#include "sync/leaf.h"
#include "sync/queue.h"

enum kind { READ, WRITE };
#define MOST_READERS ((UINT32_MAX / AC__RWLOCK_READER - 1) * AC__RWLOCK_READER)

static bool may_enter(uint32_t state, enum kind kind)
{
    if (kind == WRITE) return (state & ~(uint32_t)AC__RWLOCK_QUEUE) == 0;
    return !(state & AC__RWLOCK_WRITER) && state < MOST_READERS;
}

static uint32_t with(uint32_t state, enum kind kind)
{
    return state + (kind == WRITE ? AC__RWLOCK_WRITER : AC__RWLOCK_READER);
}

/* Under the guard, with QUEUE set: lets in from the head of the queue all that may. */
static void let_in(ac_rwlock *lock, struct ac__wake_list *wakes)
{
    for (;;) {
        ac__wakes_make_room(wakes, AC__LOCK_OF(lock));
        struct ac__waiter *first = lock->ac__first;
        if (!first) return;
        uint32_t state = ac__atomic_load(&lock->ac__state, relaxed);
        if (!may_enter(state, first->count)) return;
        ac__waiter_hand(&lock->ac__first, first, AC__GRANTED, wakes);
        /* QUEUE goes last, and with the new holder counted: from then on the fast paths go by the word alone. */
        state = with(state, first->count);
        ac__atomic_store(&lock->ac__state, lock->ac__first ? state : state & ~(uint32_t)AC__RWLOCK_QUEUE, release);
    }
}

/* Enters (true) or queues the waiter. */
static bool enter_or_wait(ac_rwlock *lock, enum kind kind, struct ac__waiter *waiter, struct ac__task *task)
{
    ac__lock_acquire(AC__LOCK_OF(lock));
    uint32_t state = ac__atomic_load(&lock->ac__state, relaxed);
    bool entered;
    do {
        entered = !(state & AC__RWLOCK_QUEUE) && may_enter(state, kind);
    } while (!ac__atomic_cas_weak(&lock->ac__state, &state, entered ? with(state, kind) : state | AC__RWLOCK_QUEUE,
                                  acquire, relaxed));
    if (!entered) {
        waiter->count = kind;
        ac__waiter_join(&lock->ac__first, waiter, task);
    }
    ac__lock_release(AC__LOCK_OF(lock));
    return entered;
}

static int poll(ac_rwlock *lock, enum kind kind, struct ac__waiter *waiter, ac_context *cx)
{
    uint32_t outcome = ac__waiter_outcome(waiter, AC__LOCK_OF(lock));
    if (outcome == AC__WAITING || !ac__budget(cx)) return AC_PENDING;
    if (outcome == AC__GRANTED) return AC_READY;
    if (kind == READ ? ac_rwlock_try_rdlock(lock) : ac_rwlock_try_wrlock(lock)) return AC_READY;
    if (enter_or_wait(lock, kind, waiter, cx->task)) return AC_READY;
    ac__budget_return(cx);
    return AC_PENDING;
}

int ac_rwlock_rdlock_poll_slow(struct ac_rwlock_rdlock_future *self, ac_context *cx)
{
    return poll(self->lock, READ, &self->waiter, cx);
}

int ac_rwlock_wrlock_poll_slow(struct ac_rwlock_wrlock_future *self, ac_context *cx)
{
    return poll(self->lock, WRITE, &self->waiter, cx);
}

static bool queued(ac_rwlock *lock) { return ac__atomic_load(&lock->ac__state, relaxed) & AC__RWLOCK_QUEUE; }

/* The fast path has seen a queue or a lock that nobody holds. As in the mutex, what lets others go on is the last
 * touch. */
void ac__rwlock_unlock_slow(ac_rwlock *lock)
{
    struct ac__wake_list wakes = { .count = 0 };
    if (ac__atomic_load(&lock->ac__state, relaxed) < AC__RWLOCK_READER &&
        !(ac__atomic_load(&lock->ac__state, relaxed) & AC__RWLOCK_WRITER))
        ac__fatal("ac_rwlock_unlock: the lock %p is not locked", (void *)lock);
    ac__lock_acquire(AC__LOCK_OF(lock));
    bool waited_for = queued(lock);
    if (waited_for) {
        uint32_t state = ac__atomic_load(&lock->ac__state, relaxed);
        state -= state & AC__RWLOCK_WRITER ? AC__RWLOCK_WRITER : AC__RWLOCK_READER;
        ac__atomic_store(&lock->ac__state, state, release);
        let_in(lock, &wakes);
    }
    ac__unlock_and_push(AC__LOCK_OF(lock), &wakes);
    if (!waited_for) ac_rwlock_unlock(lock); /* the queue has gone meanwhile */
}

void ac_rwlock_downgrade(ac_rwlock *lock)
{
    struct ac__wake_list wakes = { .count = 0 };
    if (!(ac__atomic_load(&lock->ac__state, relaxed) & AC__RWLOCK_WRITER))
        ac__fatal("ac_rwlock_downgrade: no writer holds the lock %p", (void *)lock);
    ac__lock_acquire(AC__LOCK_OF(lock));
    ac__atomic_add(&lock->ac__state, AC__RWLOCK_READER - AC__RWLOCK_WRITER, release);
    if (queued(lock)) let_in(lock, &wakes);
    ac__unlock_and_push(AC__LOCK_OF(lock), &wakes);
}

static void drop(ac_rwlock *lock, struct ac__waiter *waiter)
{
    struct ac__wake_list wakes = { .count = 0 };
    ac__lock_acquire(AC__LOCK_OF(lock));
    bool waiting = waiter->state == AC__WAITING;
    if (waiting) {
        ac__queue_remove(&lock->ac__first, waiter);
        if (lock->ac__first) let_in(lock, &wakes); /* a writer that goes lets the readers behind it pass */
        else ac__atomic_and(&lock->ac__state, ~(uint32_t)AC__RWLOCK_QUEUE, relaxed);
    }
    ac__unlock_and_push(AC__LOCK_OF(lock), &wakes);
    if (!waiting) ac_rwlock_unlock(lock); /* it was let in already */
}

void ac_rwlock_rdlock_drop_slow(struct ac_rwlock_rdlock_future *self) { drop(self->lock, &self->waiter); }
void ac_rwlock_wrlock_drop_slow(struct ac_rwlock_wrlock_future *self) { drop(self->lock, &self->waiter); }

static void blocking(ac_rwlock *lock, enum kind kind, const char *call)
{
    struct ac__waiter waiter;
    ac__refuse_in_task(call);
    if (!enter_or_wait(lock, kind, &waiter, NULL)) ac__waiter_sleep(&waiter, AC__LOCK_OF(lock));
}

void ac_rwlock_blocking_rdlock(ac_rwlock *lock)
{
    if (!ac_rwlock_try_rdlock(lock)) blocking(lock, READ, "ac_rwlock_blocking_rdlock");
}

void ac_rwlock_blocking_wrlock(ac_rwlock *lock)
{
    if (!ac_rwlock_try_wrlock(lock)) blocking(lock, WRITE, "ac_rwlock_blocking_wrlock");
}

static int describe(ac_rwlock *lock, const struct ac__waiter *waiter, const char *what, char *text, size_t room)
{
    unsigned place = 0, length = 0;
    if (ac__lock_try(AC__LOCK_OF(lock))) {
        place = ac__queue_place(lock->ac__first, waiter, &length);
        ac__lock_release(AC__LOCK_OF(lock));
    }
    uint32_t state = ac__atomic_load(&lock->ac__state, relaxed);
    char held[32] = "held by a writer";
    if (!(state & AC__RWLOCK_WRITER)) (void)snprintf(held, sizeof held, "readers %u", state / AC__RWLOCK_READER);
    return snprintf(text, room, "rwlock %p to %s, %s, place %u of %u in the queue", (void *)lock, what, held, place,
                    length);
}

static int describe_read(const void *future, char *text, size_t room)
{
    const struct ac_rwlock_rdlock_future *self = future;
    return describe(self->lock, &self->waiter, "read", text, room);
}

static int describe_write(const void *future, char *text, size_t room)
{
    const struct ac_rwlock_wrlock_future *self = future;
    return describe(self->lock, &self->waiter, "write", text, room);
}

AC__LEAF(ac_rwlock_rdlock, describe_read);
AC__LEAF(ac_rwlock_wrlock, describe_write);
void ac_rwlock_rdlock(ac_rwlock *lock) { AC__ENTER(ac_rwlock_rdlock, lock); }
void ac_rwlock_wrlock(ac_rwlock *lock) { AC__ENTER(ac_rwlock_wrlock, lock); }

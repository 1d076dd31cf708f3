/* A lock held by many readers or by one writer; its waiters suspend their task instead of their thread.
 *
 *     await ac_rwlock_rdlock(&lock);      or      await ac_rwlock_wrlock(&lock);
 *     defer ac_rwlock_unlock(&lock);
 *
 * First come, first served: a writer that waits holds back the readers that come after it, and lets them go when it is
 * cancelled. So a task that holds it for reading must not wait for it again: a writer may stand between. It belongs to
 * no runtime; all-zero memory is an unlocked lock; nobody may hold it or wait for it when its memory goes. */
#ifndef ASYNCC_RWLOCK_H
#define ASYNCC_RWLOCK_H
#include "wait.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ac_rwlock {
    uint32_t ac__state; /* AC__RWLOCK_WRITER | AC__RWLOCK_QUEUE | readers * AC__RWLOCK_READER */
    uint32_t ac__lock;  /* guards the queue */
    struct ac__waiter *ac__first;
    void *ac__reserved;
} ac_rwlock;
#define AC_RWLOCK_INIT                                                                                                 \
    {                                                                                                                  \
        0, 0, NULL, NULL                                                                                               \
    }

enum { AC__RWLOCK_WRITER = 1, AC__RWLOCK_QUEUE = 2, AC__RWLOCK_READER = 4 };

/* Wait until this task may read, or write. Cancelled while waiting they lose the place in the queue and nothing
 * else. */
ac_async void ac_rwlock_rdlock(ac_rwlock *lock);
ac_async void ac_rwlock_wrlock(ac_rwlock *lock);
/* Take it if that is possible now, without passing those that wait. From anywhere. */
static inline bool ac_rwlock_try_rdlock(ac_rwlock *lock);
static inline bool ac_rwlock_try_wrlock(ac_rwlock *lock);
/* The same for threads that are not workers: the thread sleeps. Inside a task these stop the program. */
void ac_rwlock_blocking_rdlock(ac_rwlock *lock);
void ac_rwlock_blocking_wrlock(ac_rwlock *lock);
/* Gives up what is held, for reading or for writing. From anywhere. Unlocking what is not locked stops the program. */
static inline void ac_rwlock_unlock(ac_rwlock *lock);
/* Turns holding for writing into holding for reading; no other writer gets in between. Readers at the head of the
 * queue are let in. Stops the program if no writer holds it. From anywhere. */
void ac_rwlock_downgrade(ac_rwlock *lock);

/* --- inline parts ------------------------------------------------------------------------------------------------- */

struct ac_rwlock_rdlock_future {
    ac_rwlock *lock;
    struct ac__waiter waiter;
    void *reserved;
};
struct ac_rwlock_wrlock_future {
    ac_rwlock *lock;
    struct ac__waiter waiter;
    void *reserved;
};
AC__AWAITABLE(ac_rwlock_rdlock);
AC__AWAITABLE(ac_rwlock_wrlock);
void ac__rwlock_unlock_slow(ac_rwlock *lock);

static inline bool ac_rwlock_try_rdlock(ac_rwlock *lock)
{
    uint32_t state = __atomic_load_n(&lock->ac__state, __ATOMIC_RELAXED);
    while (!(state & (AC__RWLOCK_WRITER | AC__RWLOCK_QUEUE)) && state < UINT32_MAX - AC__RWLOCK_READER)
        if (__atomic_compare_exchange_n(&lock->ac__state, &state, state + AC__RWLOCK_READER, true, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return true;
    return false;
}

static inline bool ac_rwlock_try_wrlock(ac_rwlock *lock)
{
    uint32_t free = 0;
    return __atomic_compare_exchange_n(&lock->ac__state, &free, AC__RWLOCK_WRITER, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

static inline void ac_rwlock_unlock(ac_rwlock *lock)
{
    uint32_t state = __atomic_load_n(&lock->ac__state, __ATOMIC_RELAXED);
    while (state != 0 && !(state & AC__RWLOCK_QUEUE)) {
        uint32_t left = state & AC__RWLOCK_WRITER ? 0 : state - AC__RWLOCK_READER;
        if (__atomic_compare_exchange_n(&lock->ac__state, &state, left, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
            return;
    }
    ac__rwlock_unlock_slow(lock);
}

static inline void ac_rwlock_rdlock_init(struct ac_rwlock_rdlock_future *self, ac_rwlock *lock)
{
    self->lock = lock;
    self->waiter.state = AC__UNQUEUED;
}

static inline int ac_rwlock_rdlock_poll(struct ac_rwlock_rdlock_future *self, ac_context *cx)
{
    if (ac__still_waiting(&self->waiter)) return AC_PENDING;
    return ac_rwlock_rdlock_poll_slow(self, cx);
}

static inline void ac_rwlock_rdlock_drop(struct ac_rwlock_rdlock_future *self)
{
    if (ac__ever_queued(&self->waiter)) ac_rwlock_rdlock_drop_slow(self);
}

static inline void ac_rwlock_wrlock_init(struct ac_rwlock_wrlock_future *self, ac_rwlock *lock)
{
    self->lock = lock;
    self->waiter.state = AC__UNQUEUED;
}

static inline int ac_rwlock_wrlock_poll(struct ac_rwlock_wrlock_future *self, ac_context *cx)
{
    if (ac__still_waiting(&self->waiter)) return AC_PENDING;
    return ac_rwlock_wrlock_poll_slow(self, cx);
}

static inline void ac_rwlock_wrlock_drop(struct ac_rwlock_wrlock_future *self)
{
    if (ac__ever_queued(&self->waiter)) ac_rwlock_wrlock_drop_slow(self);
}

#ifdef __cplusplus
}
#endif
#endif

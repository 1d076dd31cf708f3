/* A mutual exclusion lock whose waiters suspend their task instead of their thread.
 *
 *     static ac_mutex lock = AC_MUTEX_INIT;
 *     await ac_mutex_lock(&lock);
 *     defer ac_mutex_unlock(&lock);
 *
 * It may be held across awaits. It is fair: first come, first served. It belongs to no runtime: tasks of several
 * runtimes and plain threads (with the try and blocking calls) may use one together, from before the first runtime
 * exists. All-zero memory is an unlocked mutex; there is nothing to destroy, but nobody may hold it or wait for it
 * when its memory goes. It knows no owner: another task than the one that locked it may unlock it. It is not
 * recursive. */
#ifndef ASYNCC_MUTEX_H
#define ASYNCC_MUTEX_H
#include "wait.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ac_mutex {
    uint32_t ac__state; /* AC__MUTEX_HELD | AC__MUTEX_QUEUE */
    uint32_t ac__lock;  /* guards the queue */
    struct ac__waiter *ac__first;
    void *ac__reserved;
} ac_mutex;
#define AC_MUTEX_INIT                                                                                                  \
    {                                                                                                                  \
        0, 0, NULL, NULL                                                                                               \
    }

enum { AC__MUTEX_HELD = 1, AC__MUTEX_QUEUE = 2 };

/* Waits until the lock is this task's. Cancelled while it waits it loses its place in the queue; cancelled when the
 * lock has just been handed to it, it hands it on. */
ac_async void ac_mutex_lock(ac_mutex *mutex);
/* Takes the lock if it is free now. From anywhere. */
static inline bool ac_mutex_try_lock(ac_mutex *mutex);
/* Takes the lock, putting this thread to sleep until it is free: for threads that are not workers. Inside a task this
 * stops the program. */
void ac_mutex_blocking_lock(ac_mutex *mutex);
/* Gives the lock to the first in the queue, or frees it. From anywhere. Unlocking what is not locked stops the
 * program. */
static inline void ac_mutex_unlock(ac_mutex *mutex);
/* Whether somebody holds it at this moment. From anywhere. */
static inline bool ac_mutex_is_locked(const ac_mutex *mutex);

/* --- inline parts ------------------------------------------------------------------------------------------------- */

struct ac_mutex_lock_future {
    ac_mutex *mutex;
    struct ac__waiter waiter;
    void *reserved;
};
AC__AWAITABLE(ac_mutex_lock);
void ac__mutex_unlock_slow(ac_mutex *mutex);

static inline bool ac_mutex_try_lock(ac_mutex *mutex)
{
    uint32_t free = 0;
    return __atomic_compare_exchange_n(&mutex->ac__state, &free, AC__MUTEX_HELD, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

static inline void ac_mutex_unlock(ac_mutex *mutex)
{
    uint32_t held = AC__MUTEX_HELD;
    if (!__atomic_compare_exchange_n(&mutex->ac__state, &held, 0, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ac__mutex_unlock_slow(mutex);
}

static inline bool ac_mutex_is_locked(const ac_mutex *mutex)
{
    return __atomic_load_n(&mutex->ac__state, __ATOMIC_RELAXED) & AC__MUTEX_HELD;
}

static inline void ac_mutex_lock_init(struct ac_mutex_lock_future *self, ac_mutex *mutex)
{
    self->mutex = mutex;
    self->waiter.state = AC__UNQUEUED;
}

static inline int ac_mutex_lock_poll(struct ac_mutex_lock_future *self, ac_context *cx)
{
    if (ac__still_waiting(&self->waiter)) return AC_PENDING;
    if (!ac__ever_queued(&self->waiter) && !ac_mutex_is_locked(self->mutex)) {
        if (!ac__budget(cx)) return AC_PENDING;
        if (ac_mutex_try_lock(self->mutex)) return AC_READY;
    }
    return ac_mutex_lock_poll_slow(self, cx);
}

static inline void ac_mutex_lock_drop(struct ac_mutex_lock_future *self)
{
    if (ac__ever_queued(&self->waiter)) ac_mutex_lock_drop_slow(self);
}

#ifdef __cplusplus
}
#endif
#endif

/* A counting semaphore: tasks take permits and wait, suspended, while there are too few.
 *
 *     static ac_semaphore three = AC_SEMAPHORE_INIT(3);
 *     await ac_semaphore_acquire(&three, 1);
 *     defer ac_semaphore_release(&three, 1);
 *
 * Fair, also to those that want many permits at once: nobody passes the first in the queue, and permits gather until
 * it can go. It belongs to no runtime. All-zero memory is a semaphore with no permits; nobody may wait when its memory
 * goes. Permits are plain numbers: any task or thread may release what another acquired, or permits that nobody had. */
#ifndef ASYNCC_SEMAPHORE_H
#define ASYNCC_SEMAPHORE_H
#include "wait.h"
#include <errno.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ac_semaphore {
    uint64_t ac__state; /* AC__SEMAPHORE_CLOSED | AC__SEMAPHORE_QUEUE | permits * AC__SEMAPHORE_PERMIT */
    uint32_t ac__lock;  /* guards the queue */
    uint32_t ac__reserved;
    struct ac__waiter *ac__first;
} ac_semaphore;
#define AC_SEMAPHORE_INIT(n)                                                                                           \
    {                                                                                                                  \
        (uint64_t)(n) * AC__SEMAPHORE_PERMIT, 0, 0, NULL                                                               \
    }

enum { AC__SEMAPHORE_CLOSED = 1, AC__SEMAPHORE_QUEUE = 2, AC__SEMAPHORE_PERMIT = 4 };
#define AC_SEMAPHORE_MAX (UINT64_MAX >> 3)

/* Waits for n permits. 0, or -EPIPE when the semaphore is closed. n = 0 is always had at once. Cancelled it loses its
 * place in the queue; permits it was given by then go to the next. */
ac_async int ac_semaphore_acquire(ac_semaphore *semaphore, unsigned n);
/* n permits if they can be had now without passing anybody: 0, -EAGAIN, or -EPIPE when closed. From anywhere. */
static inline int ac_semaphore_try_acquire(ac_semaphore *semaphore, unsigned n);
/* For threads that are not workers: the thread sleeps. 0 or -EPIPE. Inside a task this stops the program. */
int ac_semaphore_blocking_acquire(ac_semaphore *semaphore, unsigned n);
/* Adds n permits, those that were taken or new ones. More than AC_SEMAPHORE_MAX in all stops the program. From
 * anywhere. */
static inline void ac_semaphore_release(ac_semaphore *semaphore, unsigned n);
/* Takes away up to n permits that nobody has, for good; tells how many. (To forget permits one has, do not release
 * them.) */
unsigned ac_semaphore_forget(ac_semaphore *semaphore, unsigned n);
/* Every acquire that waits, and every later one, gives -EPIPE. Permits released later count, but it stays closed. */
void ac_semaphore_close(ac_semaphore *semaphore);
static inline bool ac_semaphore_is_closed(const ac_semaphore *semaphore);
/* How many permits could be had at this moment: none while somebody waits. */
static inline uint64_t ac_semaphore_available(const ac_semaphore *semaphore);

/* --- inline parts ------------------------------------------------------------------------------------------------- */

struct ac_semaphore_acquire_future {
    ac_semaphore *semaphore;
    int result;
    struct ac__waiter waiter;
    void *reserved;
};
AC__AWAITABLE(ac_semaphore_acquire);
void ac__semaphore_release_slow(ac_semaphore *semaphore, unsigned n);

static inline int ac_semaphore_try_acquire(ac_semaphore *semaphore, unsigned n)
{
    uint64_t state = __atomic_load_n(&semaphore->ac__state, __ATOMIC_RELAXED),
             wanted = (uint64_t)n * AC__SEMAPHORE_PERMIT;
    for (;;) {
        if (state & AC__SEMAPHORE_CLOSED) return -EPIPE;
        if (n == 0) return 0;
        if ((state & AC__SEMAPHORE_QUEUE) || state < wanted) return -EAGAIN;
        if (__atomic_compare_exchange_n(&semaphore->ac__state, &state, state - wanted, true, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return 0;
    }
}

static inline void ac_semaphore_release(ac_semaphore *semaphore, unsigned n)
{
    uint64_t state = __atomic_load_n(&semaphore->ac__state, __ATOMIC_RELAXED),
             added = (uint64_t)n * AC__SEMAPHORE_PERMIT;
    while (!(state & AC__SEMAPHORE_QUEUE) && state / AC__SEMAPHORE_PERMIT + n <= AC_SEMAPHORE_MAX)
        if (__atomic_compare_exchange_n(&semaphore->ac__state, &state, state + added, true, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED))
            return;
    ac__semaphore_release_slow(semaphore, n);
}

static inline bool ac_semaphore_is_closed(const ac_semaphore *semaphore)
{
    return __atomic_load_n(&semaphore->ac__state, __ATOMIC_ACQUIRE) & AC__SEMAPHORE_CLOSED;
}

static inline uint64_t ac_semaphore_available(const ac_semaphore *semaphore)
{
    uint64_t state = __atomic_load_n(&semaphore->ac__state, __ATOMIC_RELAXED);
    return state & AC__SEMAPHORE_QUEUE ? 0 : state / AC__SEMAPHORE_PERMIT;
}

static inline void ac_semaphore_acquire_init(struct ac_semaphore_acquire_future *self, ac_semaphore *semaphore,
                                             unsigned n)
{
    self->semaphore = semaphore;
    self->waiter.state = AC__UNQUEUED;
    self->waiter.count = n;
}

static inline int ac_semaphore_acquire_poll(struct ac_semaphore_acquire_future *self, ac_context *cx)
{
    if (ac__still_waiting(&self->waiter)) return AC_PENDING;
    return ac_semaphore_acquire_poll_slow(self, cx);
}

static inline void ac_semaphore_acquire_drop(struct ac_semaphore_acquire_future *self)
{
    if (ac__ever_queued(&self->waiter)) ac_semaphore_acquire_drop_slow(self);
}

#ifdef __cplusplus
}
#endif
#endif

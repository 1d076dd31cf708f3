/* A meeting point: tasks wait until n of them are there, then all go on, and the next round begins.
 *
 *     static ac_barrier start = AC_BARRIER_INIT(8);
 *     if (await ac_barrier_wait(&start)) …          exactly one of the eight gets true
 *
 * It belongs to no runtime. A barrier of 0 or 1, and so all-zero memory, never blocks. */
#ifndef ASYNCC_BARRIER_H
#define ASYNCC_BARRIER_H
#include "wait.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ac_barrier {
    uint32_t ac__parties;
    uint32_t ac__lock;    /* guards the rest */
    uint32_t ac__arrived; /* in this round */
    uint32_t ac__round;
    struct ac__waiter *ac__first;
    void *ac__reserved;
} ac_barrier;
#define AC_BARRIER_INIT(n)                                                                                             \
    {                                                                                                                  \
        (n), 0, 0, 0, NULL, NULL                                                                                       \
    }

/* Waits for the round to be complete. True for the leader, the one who came last. Cancelled before the round is
 * complete, it counts as not having come; after that, as having been there. */
ac_async bool ac_barrier_wait(ac_barrier *barrier);

/* --- inline parts ------------------------------------------------------------------------------------------------- */

struct ac_barrier_wait_future {
    ac_barrier *barrier;
    bool result;
    struct ac__waiter waiter; /* count: the round it came in */
    void *reserved;
};
AC__AWAITABLE(ac_barrier_wait);

static inline void ac_barrier_wait_init(struct ac_barrier_wait_future *self, ac_barrier *barrier)
{
    self->barrier = barrier;
    self->waiter.state = AC__UNQUEUED;
}

static inline int ac_barrier_wait_poll(struct ac_barrier_wait_future *self, ac_context *cx)
{
    if (ac__still_waiting(&self->waiter)) return AC_PENDING;
    return ac_barrier_wait_poll_slow(self, cx);
}

static inline void ac_barrier_wait_drop(struct ac_barrier_wait_future *self)
{
    if (ac__ever_queued(&self->waiter)) ac_barrier_wait_drop_slow(self);
}

#ifdef __cplusplus
}
#endif
#endif

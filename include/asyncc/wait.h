/* What the locks' and channels' awaitables have in common: the node by which a suspended future waits in a queue.
 *
 * Private to the library's own headers. The node lies in the future's frame, so waiting allocates nothing. Its
 * `state` is the one word a poll looks at while it waits; all else in it belongs to the lock of the primitive it is
 * queued in. */
#ifndef ASYNCC_WAIT_H
#define ASYNCC_WAIT_H
#include "future.h"
#include "handle.h"
#include "task.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    AC__UNQUEUED = 0, /* not queued yet; nothing to undo */
    AC__WAITING = 1,  /* queued */
    AC__GRANTED = 2,  /* taken off the queue and given what it waited for */
    AC__REFUSED = 3   /* taken off the queue because the primitive was closed */
};

struct ac__waiter {
    struct ac__waiter *next, *previous; /* a ring: the first one's `previous` is the last */
    struct ac__task *task;              /* whom to wake; NULL: a plain thread, asleep on `state` */
    uint32_t state;
    uint32_t count; /* how many permits it wants, or in which round it came: the primitive's business */
};

/* True while nothing has happened to a queued waiter: the poll can say so at once. */
static inline bool ac__still_waiting(const struct ac__waiter *waiter)
{
    return __atomic_load_n(&waiter->state, __ATOMIC_ACQUIRE) == AC__WAITING;
}

/* False: it never came to the queue, so a drop has nothing to do. Relaxed: once queued it stays so whatever is
 * handed to it. */
static inline bool ac__ever_queued(const struct ac__waiter *waiter)
{
    return __atomic_load_n(&waiter->state, __ATOMIC_RELAXED) != AC__UNQUEUED;
}

/* The parts of an awaitable NAME that are not inline. */
#define AC__AWAITABLE(NAME)                                                                                            \
    int NAME##_poll_slow(struct NAME##_future *self, ac_context *cx);                                                  \
    void NAME##_drop_slow(struct NAME##_future *self);                                                                 \
    extern const ac_descriptor NAME##_descriptor

#ifdef __cplusplus
}
#endif
#endif

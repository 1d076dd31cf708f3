/* Wakes tasks: the simplest signal between them, without a value.
 *
 *     static ac_notify ready = AC_NOTIFY_INIT;
 *     await ac_notified(&ready);            in one task
 *     ac_notify_one(&ready);                in another, a plain thread or a callback
 *
 * It belongs to no runtime; all-zero memory is valid; nobody may wait when its memory goes. */
#ifndef ASYNCC_NOTIFY_H
#define ASYNCC_NOTIFY_H
#include "wait.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ac_notify {
    uint32_t ac__state; /* AC__NOTIFY_PERMIT or AC__NOTIFY_QUEUE or neither */
    uint32_t ac__lock;  /* guards the queue */
    uint32_t ac__round; /* how often ac_notify_waiters was called */
    uint32_t ac__reserved;
    struct ac__waiter *ac__first;
} ac_notify;
#define AC_NOTIFY_INIT                                                                                                 \
    {                                                                                                                  \
        0, 0, 0, 0, NULL                                                                                               \
    }

enum { AC__NOTIFY_PERMIT = 1, AC__NOTIFY_QUEUE = 2 };

/* Waits for a notification, or takes the stored one. First come, first served. One that was notified and is cancelled
 * before it could go on passes the notification to the next, or stores it. */
ac_async void ac_notified(ac_notify *notify);
/* Wakes the one that has waited longest; if nobody waits, one notification (never more) is stored for the next. From
 * anywhere. */
void ac_notify_one(ac_notify *notify);
/* The same for the one that came last. */
void ac_notify_last(ac_notify *notify);
/* Wakes every ac_notified that was made before this call, also one that was not polled yet (an ac_lazy, an arm).
 * Stores nothing. */
void ac_notify_waiters(ac_notify *notify);

/* --- for futures written by hand ---------------------------------------------------------------------------------- */

struct ac_notified_future {
    ac_notify *notify;
    struct ac__waiter waiter; /* count: AC__NOTIFY_PERMIT if it was notified alone, and so must pass it on */
    uint32_t round;           /* when it was made */
    uint32_t reserved;
};
AC__AWAITABLE(ac_notified);
/* Puts it in the queue, as its first poll would, without a task to wake yet; true: it is notified already, the poll
 * will be ready. (In a .ac file: an arm with ac_resume in a select with `default:`.) */
bool ac_notified_enable(struct ac_notified_future *self);

static inline void ac_notified_init(struct ac_notified_future *self, ac_notify *notify)
{
    self->notify = notify;
    self->waiter.state = AC__UNQUEUED;
    self->waiter.task = NULL;
    self->waiter.count = 0;
    self->round = __atomic_load_n(&notify->ac__round, __ATOMIC_ACQUIRE);
}

static inline int ac_notified_poll(struct ac_notified_future *self, ac_context *cx)
{
    if (ac__still_waiting(&self->waiter) && self->waiter.task == cx->task) return AC_PENDING;
    return ac_notified_poll_slow(self, cx);
}

static inline void ac_notified_drop(struct ac_notified_future *self)
{
    if (ac__ever_queued(&self->waiter)) ac_notified_drop_slow(self);
}

#ifdef __cplusplus
}
#endif
#endif

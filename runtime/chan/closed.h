/* Waiting for the other side to go: what ac_mpsc_closed, ac_broadcast_closed and ac_watch_closed have in common.
 *
 * Each kind of channel has a queue of those who wait for that beside its lock, and says by a function whether it is so.
 * It may cease to be so: a broadcast or a watch can be subscribed to anew. */
#ifndef ASYNCC_CHAN_CLOSED_H
#define ASYNCC_CHAN_CLOSED_H
#include "asyncc/task.h"
#include "sync/queue.h"

/* Under the lock, after something that may have closed the channel. */
static inline void ac__closings_wake(struct ac__waiter **closings, ac__lock *lock, bool (*closed)(const void *channel),
                                     const void *channel, struct ac__wake_list *wakes)
{
    while (*closings && closed(channel)) {
        ac__waiter_hand(closings, *closings, AC__GRANTED, wakes);
        ac__wakes_make_room(wakes, lock);
    }
}

/* The poll of such a wait. `closed` is asked under the lock. */
static inline int ac__closings_poll(struct ac__waiter **closings, ac__lock *lock, bool (*closed)(const void *channel),
                                    const void *channel, struct ac__waiter *waiter, ac_context *cx)
{
    uint32_t outcome = ac__waiter_outcome(waiter, lock);
    if (outcome == AC__WAITING || !ac__budget(cx)) return AC_PENDING;
    if (outcome == AC__GRANTED) return AC_READY;
    ac__lock_acquire(lock);
    bool waits = !closed(channel);
    if (waits) ac__waiter_join(closings, waiter, cx->task);
    ac__lock_release(lock);
    if (!waits) return AC_READY;
    ac__budget_return(cx);
    return AC_PENDING;
}

#endif

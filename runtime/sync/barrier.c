/* The barrier.
 *
 * Rounds are numbered. Each waiter notes the round it came in; the one who completes a round starts the next before it
 * wakes the others, so that a fast task may come to the next round while slow ones are still being woken from the last.
 * Those still in the queue whose round is not the current one belong to a complete round: they are on their way out
 * whoever wakes them. */
#include "asyncc/barrier.h"
#include "sync/leaf.h"
#include "sync/queue.h"

/* Under the guard: completes the round and wakes who waits in it (and any left of an older one). */
static void complete_round(ac_barrier *barrier, struct ac__wake_list *wakes)
{
    barrier->ac__arrived = 0;
    barrier->ac__round++;
    while (barrier->ac__first && barrier->ac__first->count != barrier->ac__round) {
        ac__waiter_hand(&barrier->ac__first, barrier->ac__first, AC__GRANTED, wakes);
        ac__wakes_make_room(wakes, AC__LOCK_OF(barrier));
    }
}

/* True: this one is the leader. Else the waiter was queued. */
static bool lead_or_wait(ac_barrier *barrier, struct ac__waiter *waiter, struct ac__task *task)
{
    struct ac__wake_list wakes = { .count = 0 };
    ac__lock_acquire(AC__LOCK_OF(barrier));
    bool leads = barrier->ac__arrived + 1 >= barrier->ac__parties;
    if (leads) {
        complete_round(barrier, &wakes);
    } else {
        barrier->ac__arrived++;
        waiter->count = barrier->ac__round;
        ac__waiter_join(&barrier->ac__first, waiter, task);
    }
    ac__unlock_and_push(AC__LOCK_OF(barrier), &wakes);
    return leads;
}

int ac_barrier_wait_poll_slow(struct ac_barrier_wait_future *self, ac_context *cx)
{
    uint32_t outcome = ac__waiter_outcome(&self->waiter, AC__LOCK_OF(self->barrier));
    if (outcome == AC__WAITING || !ac__budget(cx)) return AC_PENDING;
    self->result = outcome == AC__UNQUEUED && lead_or_wait(self->barrier, &self->waiter, cx->task);
    if (outcome == AC__GRANTED || self->result) return AC_READY;
    ac__budget_return(cx);
    return AC_PENDING;
}

void ac_barrier_wait_drop_slow(struct ac_barrier_wait_future *self)
{
    ac_barrier *barrier = self->barrier;
    ac__lock_acquire(AC__LOCK_OF(barrier));
    if (self->waiter.state == AC__WAITING) {
        ac__queue_remove(&barrier->ac__first, &self->waiter);
        if (self->waiter.count == barrier->ac__round) barrier->ac__arrived--;
    }
    ac__lock_release(AC__LOCK_OF(barrier));
}

static int describe(const void *future, char *text, size_t room)
{
    const struct ac_barrier_wait_future *self = future;
    const ac_barrier *barrier = self->barrier;
    return snprintf(text, room, "barrier %p, %u of %u are there", (const void *)barrier,
                    ac__atomic_load(&barrier->ac__arrived, relaxed), barrier->ac__parties);
}

AC__LEAF_WITH_RESULT(ac_barrier_wait, describe);
bool ac_barrier_wait(ac_barrier *barrier)
{
    AC__ENTER(ac_barrier_wait, barrier);
    return false;
}

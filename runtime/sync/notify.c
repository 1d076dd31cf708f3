/* Notify.
 *
 * The word is 0, AC__NOTIFY_PERMIT (one notification is stored) or AC__NOTIFY_QUEUE (the queue is not empty; set and
 * cleared under its guard). Without waiters, notifying and taking the stored notification are each one
 * compare-and-swap.
 *
 * ac_notify_waiters raises `round`. A future remembers the round it was made in; if that is not the current one, it was
 * reached, polled or not. So what is in the queue with an old round is on its way out: every call that takes the guard
 * to notify wakes those first, since the guard is let go now and then while many are woken, and a notification for one
 * must not be spent on one of them.
 *
 * A waiter's `count` says, once it is granted, how: alone, by ac_notify_one or _last (it must pass it on if it is
 * dropped before its poll), or with all. Passing on goes by the same rule as the notification, so the order holds. */
#include "asyncc/notify.h"
#include "sync/leaf.h"
#include "sync/queue.h"

enum how { WITH_ALL = 0, ALONE_FIRST = 1, ALONE_LAST = 2 };

static struct ac_notified_future *future_of(struct ac__waiter *waiter)
{
    return ac__container_of(waiter, struct ac_notified_future, waiter);
}

/* Under the guard, after the queue has lost one. */
static void update_queue_bit(ac_notify *notify)
{
    if (!notify->ac__first) ac__atomic_store(&notify->ac__state, 0, relaxed);
}

/* Under the guard: wakes those whom ac_notify_waiters has reached. They came before all others, so they are at the
 * head. */
static void wake_reached(ac_notify *notify, struct ac__wake_list *wakes)
{
    while (notify->ac__first && future_of(notify->ac__first)->round != notify->ac__round) {
        notify->ac__first->count = WITH_ALL;
        ac__waiter_hand(&notify->ac__first, notify->ac__first, AC__GRANTED, wakes);
        update_queue_bit(notify);
        ac__wakes_make_room(wakes, AC__LOCK_OF(notify));
    }
}

/* Is one stored already? Then nothing needs to be written, and the word is not torn from the caches of those that want
 * to take it. Who takes it must see what this caller did before: this caller's fence stands between that and its look
 * at the word, the taker's (take) between its change of the word and what it does then; of two fences one is the first,
 * and since this look was before that change, it is this one. */
static bool stored_already(ac_notify *notify)
{
#ifdef AC__NO_FENCES
    (void)notify;
    return false;
#else
    ac__atomic_fence();
    return ac__atomic_load(&notify->ac__state, relaxed) == AC__NOTIFY_PERMIT;
#endif
}

/* True: stored, because nobody waits. */
static bool store(ac_notify *notify)
{
    uint32_t state = ac__atomic_load(&notify->ac__state, relaxed);
    if (state == AC__NOTIFY_PERMIT && stored_already(notify)) return true;
    while (!(state & AC__NOTIFY_QUEUE))
        if (ac__atomic_cas_weak(&notify->ac__state, &state, AC__NOTIFY_PERMIT, release, relaxed)) return true;
    return false;
}

/* As in the mutex, what lets another go on is the last touch: storing is done without the guard. */
static void notify_alone(ac_notify *notify, enum how how)
{
    bool done = false;
    while (!done && !store(notify)) {
        struct ac__wake_list wakes = { .count = 0 };
        ac__lock_acquire(AC__LOCK_OF(notify));
        wake_reached(notify, &wakes);
        struct ac__waiter *waiter = notify->ac__first;
        done = waiter != NULL;
        if (done) {
            if (how == ALONE_LAST) waiter = waiter->previous;
            waiter->count = how;
            ac__waiter_hand(&notify->ac__first, waiter, AC__GRANTED, &wakes);
            update_queue_bit(notify);
        }
        ac__unlock_and_push(AC__LOCK_OF(notify), &wakes);
    }
}

void ac_notify_one(ac_notify *notify) { notify_alone(notify, ALONE_FIRST); }
void ac_notify_last(ac_notify *notify) { notify_alone(notify, ALONE_LAST); }

void ac_notify_waiters(ac_notify *notify)
{
    struct ac__wake_list wakes = { .count = 0 };
    ac__lock_acquire(AC__LOCK_OF(notify));
    /* release: a future that finds the round changed goes on without taking the guard. */
    ac__atomic_store(&notify->ac__round, notify->ac__round + 1, release);
    wake_reached(notify, &wakes);
    ac__unlock_and_push(AC__LOCK_OF(notify), &wakes);
}

/* A stored notification, or one for all since the future was made? */
static bool take(struct ac_notified_future *self)
{
    uint32_t permit = AC__NOTIFY_PERMIT;
    if (ac__atomic_load(&self->notify->ac__round, acquire) != self->round) return true;
    if (!ac__atomic_cas(&self->notify->ac__state, &permit, 0, acquire, relaxed)) return false;
    ac__atomic_fence_after_change(); /* see stored_already */
    return true;
}

/* True: notified. Else it is in the queue. */
static bool take_or_wait(struct ac_notified_future *self, struct ac__task *task)
{
    ac_notify *notify = self->notify;
    if (take(self)) return true;
    ac__lock_acquire(AC__LOCK_OF(notify));
    bool taken;
    for (;;) {
        uint32_t state = 0;
        taken = take(self);
        if (taken || ac__atomic_cas_weak(&notify->ac__state, &state, AC__NOTIFY_QUEUE, acquire, relaxed)) break;
        if (state == AC__NOTIFY_QUEUE) break;
    }
    if (!taken) ac__waiter_join(&notify->ac__first, &self->waiter, task);
    ac__lock_release(AC__LOCK_OF(notify));
    return taken;
}

int ac_notified_poll_slow(struct ac_notified_future *self, ac_context *cx)
{
    ac_notify *notify = self->notify;
    uint32_t outcome = ac__waiter_outcome(&self->waiter, AC__LOCK_OF(notify));
    if (outcome == AC__WAITING) { /* it was queued by ac_notified_enable, which knows no task */
        ac__lock_acquire(AC__LOCK_OF(notify));
        outcome = self->waiter.state;
        self->waiter.task = cx->task;
        ac__lock_release(AC__LOCK_OF(notify));
        if (outcome == AC__WAITING) return AC_PENDING;
    }
    if (!ac__budget(cx)) return AC_PENDING;
    if (outcome == AC__GRANTED || take_or_wait(self, cx->task)) return AC_READY;
    ac__budget_return(cx);
    return AC_PENDING;
}

bool ac_notified_enable(struct ac_notified_future *self)
{
    uint32_t outcome = ac__waiter_outcome(&self->waiter, AC__LOCK_OF(self->notify));
    if (outcome != AC__UNQUEUED) return outcome == AC__GRANTED;
    if (!take_or_wait(self, NULL)) return false;
    self->waiter.count = ALONE_FIRST; /* it may have been the stored one: not to be lost if the future is dropped now */
    if (ac__atomic_load(&self->notify->ac__round, acquire) != self->round) self->waiter.count = WITH_ALL;
    self->waiter.state = AC__GRANTED;
    return true;
}

void ac_notified_drop_slow(struct ac_notified_future *self)
{
    ac_notify *notify = self->notify;
    ac__lock_acquire(AC__LOCK_OF(notify));
    uint32_t state = self->waiter.state;
    if (state == AC__WAITING) {
        ac__queue_remove(&notify->ac__first, &self->waiter);
        update_queue_bit(notify);
    }
    ac__lock_release(AC__LOCK_OF(notify));
    if (state == AC__GRANTED && self->waiter.count != WITH_ALL) notify_alone(notify, self->waiter.count);
}

static int describe(const void *future, char *text, size_t room)
{
    const struct ac_notified_future *self = future;
    ac_notify *notify = self->notify;
    unsigned place = 0, length = 0;
    if (ac__lock_try(AC__LOCK_OF(notify))) {
        place = ac__queue_place(notify->ac__first, &self->waiter, &length);
        ac__lock_release(AC__LOCK_OF(notify));
    }
    return snprintf(text, room, "notify %p, place %u of %u in the queue", (void *)notify, place, length);
}

AC__LEAF(ac_notified, describe);
void ac_notified(ac_notify *notify) { AC__ENTER(ac_notified, notify); }

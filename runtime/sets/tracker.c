/* The task tracker: a count and a flag in one word, and those who wait for "closed, and nothing under way" (the word is
 * 1).
 *
 * Entering and leaving are one atomic operation each, except for whoever may be the last to leave: it takes the lock
 * before it counts down. That is for the sake of memory: as soon as the word is 1 a waiter may go on and free the
 * tracker, so from then on nobody may touch it who does not hold the lock, which each wait passes through before it
 * ends. */
#include "asyncc/task_set.h"
#include "asyncc/task.h"
#include "base/fatal.h"
#include "sync/leaf.h"
#include "sync/queue.h"

static const uint64_t closed = 1, one = 2;

static ac__lock *lock_of(ac_task_tracker *tracker) { return (ac__lock *)&tracker->lock; }

void ac_task_tracker_enter(ac_task_tracker *tracker) { ac__atomic_add(&tracker->word, one, relaxed); }

/* Under the lock, the word having become `word`. They are pushed under the lock too, if they are many: the last of them
 * could end the tracker if it were opened between. */
static void let_go(ac_task_tracker *tracker, uint64_t word, struct ac__wake_list *woken)
{
    if (word != closed) return;
    while (tracker->waiters) {
        if (ac__wake_list_full(woken)) ac__wake_list_push(woken);
        ac__waiter_hand(&tracker->waiters, tracker->waiters, AC__GRANTED, woken);
    }
}

static void leave_as_last(ac_task_tracker *tracker)
{
    struct ac__wake_list woken;
    woken.count = 0;
    ac__lock_acquire(lock_of(tracker));
    let_go(tracker, ac__atomic_sub(&tracker->word, one, acq_rel) - one, &woken);
    ac__lock_release(lock_of(tracker));
    ac__wake_list_push(&woken);
}

void ac_task_tracker_leave(ac_task_tracker *tracker)
{
    uint64_t word = ac__atomic_load(&tracker->word, relaxed);
    do {
        if (word < one) ac__fatal("ac_task_tracker_leave: nothing has entered that has not left");
        if (word < 2 * one) {
            leave_as_last(tracker);
            return;
        }
    } while (!ac__atomic_cas_weak(&tracker->word, &word, word - one, acq_rel, relaxed));
}

bool ac_task_tracker_close(ac_task_tracker *tracker)
{
    struct ac__wake_list woken;
    woken.count = 0;
    ac__lock_acquire(lock_of(tracker));
    uint64_t before = ac__atomic_or(&tracker->word, closed, acq_rel);
    let_go(tracker, before | closed, &woken);
    ac__lock_release(lock_of(tracker));
    ac__wake_list_push(&woken);
    return !(before & closed);
}

bool ac_task_tracker_reopen(ac_task_tracker *tracker)
{
    return (ac__atomic_and(&tracker->word, ~closed, acq_rel) & closed) != 0;
}

bool ac_task_tracker_is_closed(const ac_task_tracker *tracker)
{
    return (ac__atomic_load(&tracker->word, acquire) & closed) != 0;
}

size_t ac_task_tracker_len(const ac_task_tracker *tracker) { return ac__atomic_load(&tracker->word, acquire) / one; }

static bool queue_for_tracker(struct ac_task_tracker_wait_future *self, struct ac__task *task)
{
    ac_task_tracker *tracker = self->tracker;
    ac__lock_acquire(lock_of(tracker));
    bool waits = ac__atomic_load(&tracker->word, acquire) != closed;
    if (waits) ac__waiter_join(&tracker->waiters, &self->waiter, task);
    ac__lock_release(lock_of(tracker));
    return waits;
}

int ac_task_tracker_wait_poll_slow(struct ac_task_tracker_wait_future *self, ac_context *cx)
{
    bool queued = ac__atomic_load(&self->waiter.state, relaxed) != AC__UNQUEUED;
    if (!queued && queue_for_tracker(self, cx->task)) return AC_PENDING;
    if (!ac__budget(cx)) return AC_PENDING;
    if (queued) ac__waiter_outcome(&self->waiter, lock_of(self->tracker));
    return AC_READY;
}

/* A wait that was let go is dropped unseen: nothing is to be handed on, since all were let go. */
void ac_task_tracker_wait_drop_slow(struct ac_task_tracker_wait_future *self)
{
    ac_task_tracker *tracker = self->tracker;
    if (ac__waiter_outcome(&self->waiter, lock_of(tracker)) == AC__WAITING)
        ac__waiter_leave(&tracker->waiters, &self->waiter, lock_of(tracker));
}

static int describe_tracker(const void *self, char *text, size_t room)
{
    const ac_task_tracker *tracker = ((const struct ac_task_tracker_wait_future *)self)->tracker;
    return snprintf(text, room, "task tracker, %zu under way, %s", ac_task_tracker_len(tracker),
                    ac_task_tracker_is_closed(tracker) ? "closed" : "not closed");
}

AC__LEAF(ac_task_tracker_wait, describe_tracker);
void ac_task_tracker_wait(ac_task_tracker *tracker) { AC__ENTER(ac_task_tracker_wait, tracker); }

/* The receiving side of an mpsc channel. The essay is in mpsc.h. */
#include "chan/mpsc.h"
#include "sync/blocking.h"
#include "sync/leaf.h"
#include <sched.h>

/* A number was taken and its value is not there: its sender is between the compare-and-swap and the store after the
 * copy. That is a few nanoseconds, unless the system has taken the processor from it; then ours is the one to give
 * up. */
#ifdef AC__INTERLEAVE
/* Under the checker a thread that spins would spin for ever: it waits until the four flags around this one change. */
static void wait_until_ready(const uint8_t *ready)
{
    uint32_t *word = (uint32_t *)((uintptr_t)ready & ~(uintptr_t)3), flags = *word;
    for (; !ac__atomic_load(ready, acquire); flags = *word) ac__futex_wait(word, flags);
}
#else
static void wait_until_ready(const uint8_t *ready)
{
    for (unsigned turns = 0; !ac__atomic_load(ready, acquire); turns++) {
        if (turns < 64) ac__cpu_relax();
        else sched_yield();
    }
}
#endif

/* The current segment; NULL: no number is taken that was not read. */
static struct ac__segment *current(struct ac__mpsc *channel)
{
    if (ac__likely(channel->current)) return channel->current;
    if (ac__mpsc_position(ac__atomic_load(&channel->word, acquire)) == channel->head) return NULL;
    ac__lock_acquire(&channel->lock);
    channel->current = channel->first;
    ac__lock_release(&channel->lock);
    return channel->current;
}

/* n values of the current segment were read. */
static void advance(struct ac__mpsc *channel, uint32_t n)
{
    uint32_t head = channel->head + n;
    if ((head & ((1u << channel->shift) - 1)) == 0) ac__mpsc_segment_done(channel);
    if (channel->unbounded) {
        ac__atomic_store(&channel->head, head, release);
        return;
    }
    /* seq_cst, both: see mpsc.h on Dekker. */
    ac__atomic_exchange(&channel->head, head, seq_cst);
    if (ac__likely(!(ac__atomic_load(&channel->word, seq_cst) & AC__MPSC_QUEUE))) return;
    struct ac__wake_list wakes = { .count = 0 };
    ac__lock_acquire(&channel->lock);
    ac__mpsc_grant(channel, &wakes);
    ac__unlock_and_push(&channel->lock, &wakes);
}

/* The segment and whether number `head` is in it, waiting for a sender that is about to write it. */
static struct ac__segment *next_ready(struct ac__mpsc *channel)
{
    struct ac__segment *segment = current(channel);
    if (!segment) return NULL;
    const uint8_t *ready = ac__mpsc_ready(channel, segment, channel->head);
    if (!ac__atomic_load(ready, acquire)) {
        if (ac__mpsc_position(ac__atomic_load(&channel->word, acquire)) == channel->head) return NULL;
        wait_until_ready(ready);
    }
    return segment;
}

bool ac__mpsc_take(struct ac__mpsc *channel, void *value)
{
    struct ac__segment *segment = next_ready(channel);
    if (!segment) return false;
    ac__copy_out(value, ac__mpsc_value(channel, segment, channel->head), channel->size);
    advance(channel, 1);
    return true;
}

/* Up to `limit` values; those of a segment are copied at once, as far as they are ready. */
static size_t take_many(struct ac__mpsc *channel, char *values, size_t limit)
{
    size_t taken = 0;
    struct ac__segment *segment;
    while (taken < limit && (segment = next_ready(channel))) {
        uint32_t start = channel->head & ((1u << channel->shift) - 1), n = 1;
        size_t most = (1u << channel->shift) - start;
        if (most > limit - taken) most = limit - taken;
        while (n < most && ac__atomic_load(&segment->ready[start + n], acquire)) n++;
        ac__copy_out(values ? values + taken * channel->size : NULL, ac__mpsc_value(channel, segment, channel->head),
                     n * channel->size);
        advance(channel, n);
        taken += n;
    }
    return taken;
}

/* --- Sleeping ----------------------------------------------------------------------------------------------------- */

/* False: something is there to receive, or never will be. `task` NULL: a thread. */
static bool sleep_if_empty(struct ac__mpsc *channel, struct ac__task *task)
{
    ac__lock_acquire(&channel->lock);
    uint64_t word = ac__atomic_load(&channel->word, acquire);
    bool sleeps;
    do sleeps = ac__mpsc_position(word) == channel->head && !ac__mpsc_finished(word, channel->head);
    while (sleeps && !ac__atomic_cas_weak(&channel->word, &word, word | AC__MPSC_SLEEPING, acq_rel, acquire));
    if (sleeps) {
        channel->receiver = task; /* who sees SLEEPING looks here under the lock */
        channel->receiver_is_thread = !task;
    }
    ac__lock_release(&channel->lock);
    return sleeps;
}

/* Several may have seen SLEEPING; the first wakes. A later one, whose number was taken earlier, may find that it was
 * done: the receiver, awake, waits for its value on the processor, so SLEEPING can only be gone, not be set anew. */
void ac__mpsc_wake_receiver(struct ac__mpsc *channel)
{
    if (!(ac__atomic_load(&channel->word, relaxed) & AC__MPSC_SLEEPING)) return;
    struct ac__wake_list wakes = { .count = 0 };
    ac__lock_acquire(&channel->lock);
    if (ac__atomic_and(&channel->word, ~AC__MPSC_SLEEPING, acq_rel) & AC__MPSC_SLEEPING) {
        if (channel->receiver_is_thread) {
            ac__atomic_store(&channel->signal, 1, release);
            ac__futex_wake(&channel->signal, 1);
        } else {
            ac__wake_list_notify(&wakes, channel->receiver);
        }
    }
    ac__unlock_and_push(&channel->lock, &wakes);
}

/* A poll that slept: true, it still does. The waker clears SLEEPING before it notifies, under the lock, and must be
 * waited out. */
static bool still_sleeps(struct ac__mpsc *channel)
{
    if (ac__atomic_load(&channel->word, acquire) & AC__MPSC_SLEEPING) return true;
    ac__waker_left(&channel->lock);
    return false;
}

static void stop_sleeping(struct ac__mpsc *channel)
{
    ac__lock_acquire(&channel->lock);
    ac__atomic_and(&channel->word, ~AC__MPSC_SLEEPING, relaxed);
    ac__lock_release(&channel->lock);
}

/* True: it is finished, and false is the answer. False: it sleeps, or should be looked at again. */
static bool finished_or_sleeps(struct ac__mpsc *channel, struct ac__task *task, bool *sleeps)
{
    *sleeps = false;
    if (ac__mpsc_finished(ac__atomic_load(&channel->word, acquire), channel->head)) return true;
    *sleeps = sleep_if_empty(channel, task);
    return false;
}

/* --- The operations ----------------------------------------------------------------------------------------------- */

int ac_op_mpsc_recv_poll_slow(struct ac_op_mpsc_recv_future *self, ac_context *cx)
{
    struct ac__mpsc *channel = self->rx;
    if (self->waiting && still_sleeps(channel)) return AC_PENDING;
    self->waiting = false;
    if (!ac__budget(cx)) return AC_PENDING;
    do {
        self->result = ac__mpsc_take(channel, self->value);
        if (self->result || finished_or_sleeps(channel, cx->task, &self->waiting)) return AC_READY;
    } while (!self->waiting);
    ac__budget_return(cx);
    return AC_PENDING;
}

void ac_op_mpsc_recv_drop_slow(struct ac_op_mpsc_recv_future *self) { stop_sleeping(self->rx); }

int ac_op_mpsc_recv_many_poll_slow(struct ac_op_mpsc_recv_many_future *self, ac_context *cx)
{
    struct ac__mpsc *channel = self->rx;
    if (self->waiting && still_sleeps(channel)) return AC_PENDING;
    self->waiting = false;
    if (!ac__budget(cx)) return AC_PENDING;
    do {
        self->result = take_many(channel, self->values, self->limit);
        if (self->result || self->limit == 0) return AC_READY;
        if (finished_or_sleeps(channel, cx->task, &self->waiting)) return AC_READY;
    } while (!self->waiting);
    ac__budget_return(cx);
    return AC_PENDING;
}

void ac_op_mpsc_recv_many_drop_slow(struct ac_op_mpsc_recv_many_future *self) { stop_sleeping(self->rx); }

int ac__mpsc_try_recv(void *rx, void *value)
{
    struct ac__mpsc *channel = rx;
    if (ac__mpsc_take(channel, value)) return 0;
    if (!ac__mpsc_finished(ac__atomic_load(&channel->word, acquire), channel->head)) return -EAGAIN;
    return -EPIPE;
}

size_t ac__mpsc_blocking_recv_many(void *rx, void *values, size_t limit)
{
    struct ac__mpsc *channel = rx;
    size_t taken = take_many(channel, values, limit);
    if (taken || limit == 0) return taken;
    ac__refuse_in_task("ac_mpsc_blocking_recv");
    do {
        bool sleeps;
        ac__atomic_store(&channel->signal, 0, relaxed); /* the lock in sleep_if_empty orders it before any waker's 1 */
        if (finished_or_sleeps(channel, NULL, &sleeps)) return 0;
        while (sleeps && !ac__atomic_load(&channel->signal, acquire)) ac__futex_wait(&channel->signal, 0);
        if (sleeps) ac__waker_left(&channel->lock);
        taken = take_many(channel, values, limit);
    } while (!taken);
    return taken;
}

bool ac__mpsc_blocking_recv(void *rx, void *value) { return ac__mpsc_blocking_recv_many(rx, value, 1) != 0; }

static int describe(struct ac__mpsc *channel, char *text, size_t room)
{
    uint64_t word = ac__atomic_load(&channel->word, relaxed);
    return snprintf(text, room, "mpsc %p with %zu values, %u senders, %u permits%s", (void *)channel,
                    ac__mpsc_len(channel), ac__atomic_load(&channel->senders, relaxed), ac__mpsc_permits(word),
                    word & AC__MPSC_CLOSED ? ", closed" : "");
}

static int describe_recv(const void *future, char *text, size_t room)
{
    return describe(((const struct ac_op_mpsc_recv_future *)future)->rx, text, room);
}

static int describe_recv_many(const void *future, char *text, size_t room)
{
    return describe(((const struct ac_op_mpsc_recv_many_future *)future)->rx, text, room);
}

AC__LEAF_WITH_RESULT(ac_op_mpsc_recv, describe_recv);
AC__LEAF_WITH_RESULT(ac_op_mpsc_recv_many, describe_recv_many);
bool ac_op_mpsc_recv(void *rx, void *value)
{
    AC__ENTER(ac_op_mpsc_recv, rx, value);
    return false;
}
size_t ac_op_mpsc_recv_many(void *rx, void *values, size_t limit)
{
    AC__ENTER(ac_op_mpsc_recv_many, rx, values, limit);
    return 0;
}

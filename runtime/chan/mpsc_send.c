/* The sending side of an mpsc channel: values, room, permits. The essay is in mpsc.h. */
#include "chan/mpsc.h"
#include "base/fatal.h"
#include "sync/blocking.h"
#include "sync/leaf.h"

/* The value goes to the number that was just taken; `word` is what it was taken from. */
static void put(struct ac__mpsc *channel, struct ac__segment *segment, uint64_t word, const void *value)
{
    uint32_t number = ac__mpsc_position(word);
    ac__copy(ac__mpsc_value(channel, segment, number), value, channel->size);
    ac__atomic_store(ac__mpsc_ready(channel, segment, number), 1, release);
    if (ac__unlikely(word & AC__MPSC_SLEEPING)) ac__mpsc_wake_receiver(channel);
}

/* Is there room for n? head and word are read one after the other, so the room seen may be too small; never too large,
 * as head only grows. Before saying no they are read until head is the same before and after: then it was true. */
static bool has_room(struct ac__mpsc *channel, uint64_t *word, uint32_t *head, uint32_t n)
{
    while (ac__mpsc_used(*word, *head) + n > channel->capacity) {
        uint32_t before = *head;
        *word = ac__atomic_load(&channel->word, acquire);
        *head = ac__atomic_load(&channel->head, acquire);
        if (*head == before && ac__mpsc_used(*word, *head) + n > channel->capacity) return false;
    }
    return true;
}

/* 0; -EAGAIN: there is no room, or others wait for it; -EPIPE; -ENOMEM. */
static int send_now(struct ac__mpsc *channel, const void *value)
{
    uint32_t head = ac__atomic_load(&channel->head, acquire); /* acquire: its slot's old value was read out */
    uint64_t word = ac__atomic_load(&channel->word, acquire);
    for (;;) {
        int error = 0;
        bool room = has_room(channel, &word, &head, 1); /* may read the word anew: the flags are looked at after it */
        if (word & AC__MPSC_CLOSED) return -EPIPE;
        if (word & AC__MPSC_QUEUE) return -EAGAIN;
        if (!room) return channel->unbounded ? -ENOMEM : -EAGAIN;
        struct ac__segment *segment = ac__mpsc_segment(channel, ac__mpsc_position(word), &error);
        if (!segment) {
            if (error) return error;
            word = ac__atomic_load(&channel->word, acquire);
        } else if (ac__atomic_cas_weak(&channel->word, &word, word + AC__MPSC_ONE_POSITION, acq_rel, acquire)) {
            put(channel, segment, word, value);
            return 0;
        }
    }
}

/* Turns a permit into a number: 0, or, and then it is still a permit, -ENOMEM or -EPIPE: the receiver was dropped. */
static int send_with_permit(struct ac__mpsc *channel, const void *value)
{
    uint64_t word = ac__atomic_load(&channel->word, acquire);
    for (;;) {
        int error = 0;
        if (word & AC__MPSC_GONE) return -EPIPE;
        struct ac__segment *segment = ac__mpsc_segment(channel, ac__mpsc_position(word), &error);
        uint64_t sent = word + AC__MPSC_ONE_POSITION - AC__MPSC_ONE_PERMIT;
        if (!segment) {
            if (error) return error;
            word = ac__atomic_load(&channel->word, acquire);
        } else if (ac__atomic_cas_weak(&channel->word, &word, sent, acq_rel, acquire)) {
            put(channel, segment, word, value);
            return 0;
        }
    }
}

/* n permits: 0, -EAGAIN, -EPIPE, or -EINVAL: there will never be as many. */
static int reserve_now(struct ac__mpsc *channel, size_t n)
{
    uint32_t head = ac__atomic_load(&channel->head, acquire);
    uint64_t word = ac__atomic_load(&channel->word, acquire);
    uint32_t most = channel->unbounded ? (uint32_t)AC__MPSC_MOST : channel->capacity;
    for (;;) {
        bool room = n <= most && has_room(channel, &word, &head, (uint32_t)n);
        if (word & AC__MPSC_CLOSED) return -EPIPE;
        if (n == 0) return 0;
        if (n > most || (channel->unbounded && ac__mpsc_permits(word) + n > most)) return -EINVAL;
        if (word & AC__MPSC_QUEUE) return -EAGAIN;
        if (!room) return channel->unbounded ? -ENOMEM : -EAGAIN;
        if (ac__atomic_cas_weak(&channel->word, &word, word + n * AC__MPSC_ONE_PERMIT, acq_rel, acquire)) return 0;
    }
}

/* --- Waiting for room --------------------------------------------------------------------------------------------- */

/* Under the lock, with somebody in the queue: gives the first as many permits as it wants, if there are. seq_cst: the
 * word with QUEUE in it was written before head is read (see mpsc.h on Dekker). */
static bool grant_first(struct ac__mpsc *channel, struct ac__wake_list *wakes)
{
    struct ac__waiter *first = channel->queue;
    uint64_t word = ac__atomic_load(&channel->word, seq_cst), granted;
    do {
        uint32_t head = ac__atomic_load(&channel->head, seq_cst);
        if (ac__mpsc_used(word, head) + first->count > channel->capacity) return false;
        granted = word + first->count * AC__MPSC_ONE_PERMIT;
        if (first->next == first) granted &= ~AC__MPSC_QUEUE;
    } while (!ac__atomic_cas_weak(&channel->word, &word, granted, seq_cst, seq_cst));
    ac__waiter_hand(&channel->queue, first, AC__GRANTED, wakes);
    return true;
}

void ac__mpsc_grant(struct ac__mpsc *channel, struct ac__wake_list *wakes)
{
    while (channel->queue && grant_first(channel, wakes)) ac__wakes_make_room(wakes, &channel->lock);
}

/* Takes n permits (0), or finds it closed (-EPIPE), or queues the waiter (-EAGAIN). */
static int reserve_or_wait(struct ac__mpsc *channel, uint32_t n, struct ac__waiter *waiter, struct ac__task *task)
{
    int result = -EAGAIN;
    ac__lock_acquire(&channel->lock);
    uint64_t word = ac__atomic_load(&channel->word, seq_cst);
    for (;;) {
        uint64_t next = word | AC__MPSC_QUEUE;
        uint32_t head = ac__atomic_load(&channel->head, seq_cst);
        if (word & AC__MPSC_CLOSED) {
            result = -EPIPE;
            break;
        }
        if (channel->queue) break; /* behind the others */
        bool room = ac__mpsc_used(word, head) + n <= channel->capacity;
        if (room) next = (word + n * AC__MPSC_ONE_PERMIT) & ~AC__MPSC_QUEUE;
        else if (word & AC__MPSC_QUEUE) break; /* set by the turn before: head was read after it */
        if (!ac__atomic_cas(&channel->word, &word, next, seq_cst, seq_cst)) continue;
        if (room) {
            result = 0;
            break;
        }
        word = next;
    }
    if (result == -EAGAIN) {
        waiter->count = n;
        ac__waiter_join(&channel->queue, waiter, task);
    }
    ac__lock_release(&channel->lock);
    return result;
}

/* What a poll that finds its waiter in `outcome` has: n permits (0), -EPIPE, or -EAGAIN: it must wait. */
static int permits_of(struct ac__mpsc *channel, uint32_t n, uint32_t outcome, struct ac__waiter *waiter, ac_context *cx)
{
    if (outcome == AC__UNQUEUED) return reserve_or_wait(channel, n, waiter, cx->task);
    return outcome == AC__GRANTED ? 0 : -EPIPE;
}

void ac__mpsc_permits_return(struct ac__mpsc *channel, uint32_t n)
{
    uint64_t word = ac__atomic_sub(&channel->word, n * AC__MPSC_ONE_PERMIT, seq_cst);
    if (word & AC__MPSC_QUEUE) {
        struct ac__wake_list wakes = { .count = 0 };
        ac__lock_acquire(&channel->lock);
        ac__mpsc_grant(channel, &wakes);
        ac__unlock_and_push(&channel->lock, &wakes);
    }
    /* The receiver of a closed channel waits for the last permit. */
    if ((word & AC__MPSC_CLOSED) && (word & AC__MPSC_SLEEPING) && ac__mpsc_permits(word) == n)
        ac__mpsc_wake_receiver(channel);
}

static void drop_waiter(struct ac__mpsc *channel, struct ac__waiter *waiter)
{
    struct ac__wake_list wakes = { .count = 0 };
    ac__lock_acquire(&channel->lock);
    uint32_t state = waiter->state;
    if (state == AC__WAITING) {
        ac__queue_remove(&channel->queue, waiter);
        if (channel->queue) ac__mpsc_grant(channel, &wakes); /* the next may want less */
        else ac__atomic_and(&channel->word, ~AC__MPSC_QUEUE, relaxed);
    }
    ac__unlock_and_push(&channel->lock, &wakes);
    if (state == AC__GRANTED) ac__mpsc_permits_return(channel, waiter->count);
}

/* --- The operations ----------------------------------------------------------------------------------------------- */

int ac_op_mpsc_send_poll_slow(struct ac_op_mpsc_send_future *self, ac_context *cx)
{
    struct ac__mpsc *channel = self->tx;
    uint32_t outcome = ac__waiter_outcome(&self->waiter, &channel->lock);
    if (outcome == AC__WAITING || !ac__budget(cx)) return AC_PENDING;
    if (outcome == AC__UNQUEUED) {
        self->result = send_now(channel, self->value);
        if (ac__likely(self->result != -EAGAIN)) return AC_READY;
    }
    self->result = permits_of(channel, 1, outcome, &self->waiter, cx);
    if (self->result == -EAGAIN) {
        ac__budget_return(cx);
        return AC_PENDING;
    }
    if (self->result == 0) {
        self->result = send_with_permit(channel, self->value);
        if (self->result) ac__mpsc_permits_return(channel, 1);
    }
    return AC_READY;
}

void ac_op_mpsc_send_drop_slow(struct ac_op_mpsc_send_future *self) { drop_waiter(self->tx, &self->waiter); }

int ac__mpsc_try_send(void *tx, const void *value) { return send_now(tx, value); }

int ac__mpsc_blocking_send(void *tx, const void *value)
{
    struct ac__mpsc *channel = tx;
    struct ac__waiter waiter;
    int result = send_now(channel, value);
    if (result != -EAGAIN) return result;
    ac__refuse_in_task("ac_mpsc_blocking_send");
    result = reserve_or_wait(channel, 1, &waiter, NULL);
    if (result == -EAGAIN) result = ac__waiter_sleep(&waiter, &channel->lock) == AC__GRANTED ? 0 : -EPIPE;
    if (result) return result;
    result = send_with_permit(channel, value);
    if (result) ac__mpsc_permits_return(channel, 1);
    return result;
}

/* A permit's handle is the channel, counted. */
static void write_permits(struct ac__mpsc *channel, size_t n, void *permits)
{
    ac__atomic_add(&channel->references, (uint32_t)n, relaxed);
    for (size_t i = 0; i < n; i++) ac__put_handle((void **)permits + i, channel);
}

int ac_op_mpsc_reserve_poll_slow(struct ac_op_mpsc_reserve_future *self, ac_context *cx)
{
    struct ac__mpsc *channel = self->tx;
    uint32_t outcome = ac__waiter_outcome(&self->waiter, &channel->lock);
    if (outcome == AC__WAITING || !ac__budget(cx)) return AC_PENDING;
    self->result = outcome == AC__UNQUEUED ? reserve_now(channel, self->n) : -EAGAIN;
    if (self->result == -EAGAIN) self->result = permits_of(channel, (uint32_t)self->n, outcome, &self->waiter, cx);
    if (self->result == -EAGAIN) {
        ac__budget_return(cx);
        return AC_PENDING;
    }
    if (self->result == 0) write_permits(channel, self->n, self->permits);
    return AC_READY;
}

void ac_op_mpsc_reserve_drop_slow(struct ac_op_mpsc_reserve_future *self) { drop_waiter(self->tx, &self->waiter); }

int ac__mpsc_try_reserve(void *tx, size_t n, void *permits)
{
    int result = reserve_now(tx, n);
    if (result == 0) write_permits(tx, n, permits);
    return result;
}

void ac__mpsc_permit_send(void *permit, const void *value)
{
    struct ac__mpsc *channel = permit;
    int error = send_with_permit(channel, value);
    if (error == -ENOMEM) ac__fatal("ac_mpsc_permit_send: no memory, and no way to say so");
    if (error) { /* nobody will receive it: what is done with queued values is done with this one */
        if (channel->drop) channel->drop((void *)value);
        ac__mpsc_permits_return(channel, 1);
    }
    ac__mpsc_release(channel, 1);
}

void ac__mpsc_permit_drop(void *permit)
{
    if (!permit) return;
    ac__mpsc_permits_return(permit, 1);
    ac__mpsc_release(permit, 1);
}

static int describe(struct ac__mpsc *channel, const struct ac__waiter *waiter, char *text, size_t room)
{
    unsigned place = 0, length = 0;
    if (ac__lock_try(&channel->lock)) {
        place = ac__queue_place(channel->queue, waiter, &length);
        ac__lock_release(&channel->lock);
    }
    return snprintf(text, room, "mpsc %p full with %zu of %u, place %u of %u senders that wait", (void *)channel,
                    ac__mpsc_len(channel), channel->capacity, place, length);
}

static int describe_send(const void *future, char *text, size_t room)
{
    const struct ac_op_mpsc_send_future *self = future;
    return describe(self->tx, &self->waiter, text, room);
}

static int describe_reserve(const void *future, char *text, size_t room)
{
    const struct ac_op_mpsc_reserve_future *self = future;
    return describe(self->tx, &self->waiter, text, room);
}

AC__LEAF_WITH_RESULT(ac_op_mpsc_send, describe_send);
AC__LEAF_WITH_RESULT(ac_op_mpsc_reserve, describe_reserve);
int ac_op_mpsc_send(void *tx, const void *value)
{
    AC__ENTER(ac_op_mpsc_send, tx, value);
    return 0;
}
int ac_op_mpsc_reserve(void *tx, size_t n, void *permits)
{
    AC__ENTER(ac_op_mpsc_reserve, tx, n, permits);
    return 0;
}

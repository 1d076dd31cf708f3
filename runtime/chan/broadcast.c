/* The broadcast channel.
 *
 * The values ever sent are numbered; `tail` is the number the next one gets, and value n lies in place n modulo the
 * capacity until it is overwritten. A receiver is just the number it reads next. So lag is exact and costs nothing: the
 * receiver whose number is more than the capacity behind the tail has missed the difference.
 *
 * Senders take the lock, one after the other. Receivers read without it: the tail, then their place, which readers
 * share (shared.h); the place says which number it holds, so that one overwritten meanwhile is noticed. The lock is
 * taken to wait, and a send wakes all who wait; a waiter notes the tail it waits at, so that those who come for the
 * next value while the others are being woken are left asleep. (Tokio's receivers take the tail's lock each time; its
 * issue 5465.)
 *
 * Places are made 32 at a time when a value is first put there. */
#include "asyncc/broadcast.h"
#include "base/list.h"
#include "chan/closed.h"
#include "chan/element.h"
#include "chan/shared.h"
#include "mem/slab.h"
#include "sync/blocking.h"
#include "sync/leaf.h"
#include "sync/queue.h"

enum { GROUP = 32 }; /* places made at once */

struct place {
    uint64_t number; /* of the value in it */
    uint32_t shared;
    /* the value follows at `offset` */
};

struct channel {
    uint64_t tail;
    size_t capacity, size, align;
    size_t offset, stride; /* in and of a place */
    void (*drop)(void *value);
    char **groups; /* of places; NULL: not made yet */
    ac__lock lock;
    uint32_t senders;
    uint32_t references; /* each receiver, and the senders together */
    bool closed;         /* no sender is left */
    size_t receivers;
    struct ac__list all;         /* receivers, to tell how far behind the last one is */
    struct ac__waiter *queue;    /* receivers that wait; count: at which tail */
    struct ac__waiter *closings; /* who waits in ac_broadcast_closed */
};

struct receiver {
    struct channel *channel;
    uint64_t next;
    struct ac__list link;
};

/* --- Places ------------------------------------------------------------------------------------------------------- */

static size_t group_of(const struct channel *channel, uint64_t number) { return number % channel->capacity / GROUP; }

static struct place *place_of(const struct channel *channel, uint64_t number)
{
    size_t i = number % channel->capacity;
    char *group = ac__atomic_load(&channel->groups[group_of(channel, number)], acquire);
    return (struct place *)(void *)(group + i % GROUP * channel->stride);
}

static void *value_in(const struct channel *channel, struct place *place) { return (char *)place + channel->offset; }

static size_t groups_of(const struct channel *channel) { return (channel->capacity + GROUP - 1) / GROUP; }

static char *new_group(const struct channel *channel, size_t i)
{
    size_t places = channel->capacity - i * GROUP;
    size_t bytes = (places < GROUP ? places : GROUP) * channel->stride;
    char *group = ac__elements_alloc(bytes, channel->align);
    if (group) memset(group, 0, bytes);
    return group;
}

/* --- Life --------------------------------------------------------------------------------------------------------- */

int ac__broadcast_new(size_t capacity, size_t size, size_t align, void *tx)
{
    if (capacity == 0) return -EINVAL;
    struct channel *channel = ac__cell_alloc(sizeof *channel);
    if (!channel) return -ENOMEM;
    if (align < _Alignof(struct place)) align = _Alignof(struct place);
    size_t offset = ac__round_up(sizeof(struct place), align);
    *channel = (struct channel){ .capacity = capacity,
                                 .size = size,
                                 .align = align,
                                 .offset = offset,
                                 .stride = ac__round_up(offset + size, align),
                                 .senders = 1,
                                 .references = 1 };
    channel->groups = ac__calloc(groups_of(channel), sizeof *channel->groups);
    if (!channel->groups) {
        ac__cell_free(channel);
        return -ENOMEM;
    }
    ac__put_handle(tx, channel);
    return 0;
}

static void release(struct channel *channel)
{
    if (ac__atomic_sub(&channel->references, 1, acq_rel) != 1) return;
    uint64_t first = channel->tail > channel->capacity ? channel->tail - channel->capacity : 0;
    if (channel->drop)
        for (uint64_t n = first; n < channel->tail; n++) channel->drop(value_in(channel, place_of(channel, n)));
    for (size_t i = 0; i < groups_of(channel); i++)
        if (channel->groups[i]) ac__elements_free(channel->groups[i], channel->align);
    ac__free(channel->groups);
    ac__cell_free(channel);
}

void ac__broadcast_set_drop(void *tx, void (*drop)(void *)) { ((struct channel *)tx)->drop = drop; }

void *ac__broadcast_clone(void *tx)
{
    struct channel *channel = tx;
    if (channel) ac__atomic_add(&channel->senders, 1, relaxed);
    return channel;
}

/* Under the lock: wakes the receivers that wait at another tail than the present one; at the end, all. */
static void wake_receivers(struct channel *channel, struct ac__wake_list *wakes)
{
    while (channel->queue && (channel->closed || channel->queue->count != (uint32_t)channel->tail)) {
        ac__waiter_hand(&channel->queue, channel->queue, AC__GRANTED, wakes);
        ac__wakes_make_room(wakes, &channel->lock);
    }
}

void ac__broadcast_drop_tx(void *tx)
{
    struct channel *channel = tx;
    struct ac__wake_list wakes = { .count = 0 };
    if (!channel || ac__atomic_sub(&channel->senders, 1, acq_rel) != 1) return;
    ac__lock_acquire(&channel->lock);
    /* release: who sees it sees the last tail too. */
    ac__atomic_store(&channel->closed, true, release);
    wake_receivers(channel, &wakes);
    ac__unlock_and_push(&channel->lock, &wakes);
    release(channel);
}

/* Under the lock. */
static bool has_no_receiver(const void *channel) { return ((const struct channel *)channel)->receivers == 0; }

static struct receiver *subscribe(struct channel *channel)
{
    struct receiver *receiver = ac__cell_alloc(sizeof *receiver);
    if (!receiver) return NULL;
    ac__atomic_add(&channel->references, 1, relaxed);
    receiver->channel = channel;
    ac__lock_acquire(&channel->lock);
    receiver->next = channel->tail;
    channel->receivers++;
    ac__list_push_back(&channel->all, &receiver->link);
    ac__lock_release(&channel->lock);
    return receiver;
}

void *ac__broadcast_subscribe(void *tx) { return subscribe(tx); }
void *ac__broadcast_resubscribe(void *rx) { return subscribe(((struct receiver *)rx)->channel); }

void ac__broadcast_drop_rx(void *rx)
{
    struct receiver *receiver = rx;
    struct ac__wake_list wakes = { .count = 0 };
    if (!receiver) return;
    struct channel *channel = receiver->channel;
    ac__lock_acquire(&channel->lock);
    ac__list_remove(&receiver->link);
    channel->receivers--;
    ac__closings_wake(&channel->closings, &channel->lock, has_no_receiver, channel, &wakes);
    ac__unlock_and_push(&channel->lock, &wakes);
    ac__cell_free(receiver);
    release(channel);
}

/* --- Sending ------------------------------------------------------------------------------------------------------ */

/* Under the lock. The value that was there goes to `old`, if somebody cares. True: there was one. */
static bool overwrite(struct channel *channel, const void *value, void *old)
{
    struct place *place = place_of(channel, channel->tail);
    bool occupied = channel->tail >= channel->capacity;
    ac__shared_write_begin(&place->shared);
    if (occupied && old) memcpy(old, value_in(channel, place), channel->size);
    ac__copy(value_in(channel, place), value, channel->size);
    place->number = channel->tail;
    ac__shared_write_end(&place->shared);
    return occupied;
}

/* Under the lock, which is let go while memory is asked for: the allocator is the user's. 0: there is a place for the
 * next value. */
static int make_place(struct channel *channel)
{
    while (channel->receivers > 0) {
        size_t i = group_of(channel, channel->tail);
        if (ac__atomic_load(&channel->groups[i], relaxed)) return 0;
        ac__lock_release(&channel->lock);
        char *group = new_group(channel, i), *none = NULL;
        bool used = group && ac__atomic_cas(&channel->groups[i], &none, group, release, relaxed);
        if (group && !used) ac__elements_free(group, channel->align); /* another sender was faster */
        ac__lock_acquire(&channel->lock);
        if (!group) return -ENOMEM;
    }
    return -EPIPE;
}

int ac__broadcast_send(void *tx, const void *value)
{
    struct channel *channel = tx;
    struct ac__wake_list wakes = { .count = 0 };
    void *old = channel->drop ? ac__elements_alloc(channel->size + 1, channel->align) : NULL;
    if (channel->drop && !old) return -ENOMEM;
    bool overwrote = false;

    ac__lock_acquire(&channel->lock);
    int result = make_place(channel);
    if (result == 0) {
        result = channel->receivers > INT_MAX ? INT_MAX : (int)channel->receivers;
        overwrote = overwrite(channel, value, old);
        ac__atomic_store(&channel->tail, channel->tail + 1, release); /* with the tail comes the value */
        wake_receivers(channel, &wakes);
    }
    ac__unlock_and_push(&channel->lock, &wakes);

    if (overwrote && old) channel->drop(old);
    if (old) ac__elements_free(old, channel->align);
    return result;
}

/* --- Receiving ---------------------------------------------------------------------------------------------------- */

/* The receiver's number is not kept any more; `tail` values have been sent. Gives how many were missed. */
static int64_t fall_behind(struct receiver *receiver, uint64_t tail)
{
    uint64_t oldest = tail - receiver->channel->capacity, missed = oldest - receiver->next;
    ac__atomic_store(&receiver->next, oldest, relaxed); /* atomic for ac_broadcast_len of the sender */
    return (int64_t)missed;
}

int64_t ac__broadcast_try_recv(void *rx, void *value)
{
    struct receiver *receiver = rx;
    struct channel *channel = receiver->channel;
    bool closed = ac__atomic_load(&channel->closed, acquire); /* before the tail: nothing is sent after it */
    uint64_t tail = ac__atomic_load(&channel->tail, acquire), next = receiver->next;
    if (next == tail) return closed ? -EPIPE : -EAGAIN;
    if (tail - next > channel->capacity) return fall_behind(receiver, tail);

    struct place *place = place_of(channel, next);
    ac__shared_read_begin(&place->shared);
    uint64_t number = place->number;
    if (number == next) ac__copy_out(value, value_in(channel, place), channel->size);
    ac__shared_read_end(&place->shared);
    /* Overwritten since the tail was read, by a sender that has not moved the tail yet, maybe: the place knows
     * better. */
    if (number != next) return fall_behind(receiver, number + 1);
    ac__atomic_store(&receiver->next, next + 1, relaxed);
    return 0;
}

/* False: there is something to receive, or never will be. */
static bool wait_for_more(struct receiver *receiver, struct ac__waiter *waiter, struct ac__task *task)
{
    struct channel *channel = receiver->channel;
    ac__lock_acquire(&channel->lock);
    bool waits = receiver->next == channel->tail && !channel->closed;
    if (waits) {
        waiter->count = (uint32_t)channel->tail;
        ac__waiter_join(&channel->queue, waiter, task);
    }
    ac__lock_release(&channel->lock);
    return waits;
}

int ac_op_broadcast_recv_poll_slow(struct ac_op_broadcast_recv_future *self, ac_context *cx)
{
    struct receiver *receiver = self->rx;
    if (ac__waiter_outcome(&self->waiter, &receiver->channel->lock) == AC__WAITING || !ac__budget(cx))
        return AC_PENDING;
    do {
        self->result = ac__broadcast_try_recv(receiver, self->value);
        if (self->result != -EAGAIN) return AC_READY;
    } while (!wait_for_more(receiver, &self->waiter, cx->task));
    ac__budget_return(cx);
    return AC_PENDING;
}

void ac_op_broadcast_recv_drop_slow(struct ac_op_broadcast_recv_future *self)
{
    struct channel *channel = ((struct receiver *)self->rx)->channel;
    ac__waiter_leave(&channel->queue, &self->waiter, &channel->lock);
}

int64_t ac__broadcast_blocking_recv(void *rx, void *value)
{
    struct receiver *receiver = rx;
    int64_t result;
    while ((result = ac__broadcast_try_recv(rx, value)) == -EAGAIN) {
        struct ac__waiter waiter;
        ac__refuse_in_task("ac_broadcast_blocking_recv");
        if (wait_for_more(receiver, &waiter, NULL)) ac__waiter_sleep(&waiter, &receiver->channel->lock);
    }
    return result;
}

size_t ac__broadcast_len(const void *handle, size_t kind)
{
    if (kind == AC__BROADCAST_RX) {
        const struct receiver *receiver = handle;
        return (size_t)(ac__atomic_load(&receiver->channel->tail, acquire) - receiver->next);
    }
    struct channel *channel = (struct channel *)handle;
    uint64_t behind = 0;
    ac__lock_acquire(&channel->lock);
    ac__list_each (node, &channel->all) {
        uint64_t next = ac__atomic_load(&ac__list_entry(node, struct receiver, link)->next, relaxed);
        if (channel->tail - next > behind) behind = channel->tail - next;
    }
    ac__lock_release(&channel->lock);
    return behind < channel->capacity ? (size_t)behind : channel->capacity;
}

size_t ac__broadcast_receivers(const void *tx)
{
    struct channel *channel = (struct channel *)tx;
    ac__lock_acquire(&channel->lock);
    size_t n = channel->receivers;
    ac__lock_release(&channel->lock);
    return n;
}

/* --- Waiting for the receivers to go ------------------------------------------------------------------------------ */

int ac_op_broadcast_closed_poll_slow(struct ac_op_broadcast_closed_future *self, ac_context *cx)
{
    struct channel *channel = self->tx;
    return ac__closings_poll(&channel->closings, &channel->lock, has_no_receiver, channel, &self->waiter, cx);
}

void ac_op_broadcast_closed_drop_slow(struct ac_op_broadcast_closed_future *self)
{
    struct channel *channel = self->tx;
    ac__waiter_leave(&channel->closings, &self->waiter, &channel->lock);
}

static int describe_recv(const void *future, char *text, size_t room)
{
    const struct receiver *receiver = ((const struct ac_op_broadcast_recv_future *)future)->rx;
    return snprintf(text, room, "broadcast %p to send value %llu", (void *)receiver->channel,
                    (unsigned long long)receiver->next);
}

static int describe_closed(const void *future, char *text, size_t room)
{
    struct channel *channel = ((const struct ac_op_broadcast_closed_future *)future)->tx;
    return snprintf(text, room, "broadcast %p to lose its receivers", (void *)channel);
}

AC__LEAF_WITH_RESULT(ac_op_broadcast_recv, describe_recv);
AC__LEAF(ac_op_broadcast_closed, describe_closed);
int64_t ac_op_broadcast_recv(void *rx, void *value)
{
    AC__ENTER(ac_op_broadcast_recv, rx, value);
    return 0;
}
void ac_op_broadcast_closed(void *tx) { AC__ENTER(ac_op_broadcast_closed, tx); }

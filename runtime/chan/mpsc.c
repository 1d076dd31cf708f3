/* The life of an mpsc channel: making, counting its handles, closing, ending. The essay is in mpsc.h. */
#include "chan/mpsc.h"
#include "chan/closed.h"
#include "mem/slab.h"
#include "sync/leaf.h"

int ac__mpsc_new(size_t capacity, bool unbounded, size_t size, size_t align, void *tx, void *rx)
{
    if (!unbounded && (capacity == 0 || capacity > AC__MPSC_MOST)) return -EINVAL;
    struct ac__mpsc *channel = ac__cell_alloc(sizeof *channel);
    if (!channel) return -ENOMEM;
    memset(channel, 0, sizeof *channel);
    channel->tail_index = AC__MPSC_NO_INDEX;
    channel->senders = 1;
    channel->capacity = unbounded ? (uint32_t)AC__MPSC_UNBOUNDED : (uint32_t)capacity;
    channel->unbounded = unbounded;
    channel->size = size;
    channel->align = align;
    channel->shift = 5; /* 1 << 5 == AC__MPSC_SEGMENT */
    while (channel->shift > 0 && (size << channel->shift) > AC__MPSC_SEGMENT_BYTES) channel->shift--;
    channel->offset = (uint32_t)ac__round_up(sizeof(struct ac__segment), align);
    channel->references = 2;
    ac__put_handle(tx, channel);
    ac__put_handle(rx, channel);
    return 0;
}

void ac__mpsc_release(struct ac__mpsc *channel, uint32_t references)
{
    /* acq_rel: the last one must have seen all that the others did to the channel. */
    if (ac__atomic_sub(&channel->references, references, acq_rel) != references) return;
    ac__mpsc_segments_free(channel);
    ac__cell_free(channel);
}

void ac__mpsc_set_drop(void *rx, void (*drop)(void *)) { ((struct ac__mpsc *)rx)->drop = drop; }

/* --- Closing ------------------------------------------------------------------------------------------------------ */

/* `flags`: CLOSED, maybe with GONE. Gives the word as it is from then on for those who have no permit. */
static uint64_t close_with(struct ac__mpsc *channel, uint64_t flags)
{
    struct ac__wake_list wakes = { .count = 0 };
    ac__lock_acquire(&channel->lock);
    uint64_t word = ac__atomic_or(&channel->word, flags, acq_rel) | flags;
    ac__waiters_hand_all(&channel->queue, AC__REFUSED, &wakes, &channel->lock);
    ac__waiters_hand_all(&channel->closings, AC__GRANTED, &wakes, &channel->lock);
    ac__atomic_and(&channel->word, ~AC__MPSC_QUEUE, relaxed);
    ac__unlock_and_push(&channel->lock, &wakes);
    /* One that sleeps has read all there is, so it only waits for permits, if there are any. */
    if ((word & AC__MPSC_SLEEPING) && ac__mpsc_permits(word) == 0) ac__mpsc_wake_receiver(channel);
    return word;
}

void ac__mpsc_close(void *rx) { close_with(rx, AC__MPSC_CLOSED); }

/* Once GONE is set only numbers that were taken before are to be read out; permits look at GONE in the word they
 * change. */
void ac__mpsc_drop_rx(void *rx)
{
    struct ac__mpsc *channel = rx;
    if (!channel) return;
    uint32_t end = ac__mpsc_position(close_with(channel, AC__MPSC_CLOSED | AC__MPSC_GONE));
    void *value = channel->drop ? ac__elements_alloc(channel->size ? channel->size : 1, channel->align) : NULL;
    while (channel->head != end && ac__mpsc_take(channel, value))
        if (value) channel->drop(value);
    if (value) ac__elements_free(value, channel->align);
    ac__mpsc_release(channel, 1);
}

/* --- Senders ------------------------------------------------------------------------------------------------------ */

void *ac__mpsc_clone(void *tx)
{
    struct ac__mpsc *channel = tx;
    if (channel)
        ac__atomic_add(&channel->senders, 1, relaxed); /* relaxed: the caller's own keeps it from reaching zero */
    return channel;
}

void ac__mpsc_drop_tx(void *tx)
{
    struct ac__mpsc *channel = tx;
    /* acq_rel: what each sender did comes before the closing that the last one does. */
    if (!channel || ac__atomic_sub(&channel->senders, 1, acq_rel) != 1) return;
    close_with(channel, AC__MPSC_CLOSED);
    ac__mpsc_release(channel, 1);
}

void *ac__mpsc_downgrade(void *tx_or_weak)
{
    struct ac__mpsc *channel = tx_or_weak;
    if (!channel) return NULL;
    ac__atomic_add(&channel->weak, 1, relaxed);
    ac__atomic_add(&channel->references, 1, relaxed);
    return channel;
}

void *ac__mpsc_upgrade(void *weak)
{
    struct ac__mpsc *channel = weak;
    uint32_t senders = ac__atomic_load(&channel->senders, relaxed);
    while (senders != 0) /* the last sender, once gone, does not come back */
        if (ac__atomic_cas_weak(&channel->senders, &senders, senders + 1, relaxed, relaxed)) return channel;
    return NULL;
}

void ac__mpsc_drop_weak(void *weak)
{
    struct ac__mpsc *channel = weak;
    if (!channel) return;
    ac__atomic_sub(&channel->weak, 1, relaxed);
    ac__mpsc_release(channel, 1);
}

/* --- Looking ------------------------------------------------------------------------------------------------------ */

size_t ac__mpsc_len(const void *handle)
{
    const struct ac__mpsc *channel = handle;
    uint32_t head = ac__atomic_load(&channel->head, acquire); /* first: it is never past the position read after it */
    uint32_t n = ac__mpsc_position(ac__atomic_load(&channel->word, acquire)) - head;
    return n < channel->capacity ? n : channel->capacity;
}

size_t ac__mpsc_capacity(const void *handle)
{
    const struct ac__mpsc *channel = handle;
    if (channel->unbounded) return SIZE_MAX;
    uint32_t head = ac__atomic_load(&channel->head, acquire);
    uint32_t used = ac__mpsc_used(ac__atomic_load(&channel->word, acquire), head);
    return used < channel->capacity ? channel->capacity - used : 0;
}

size_t ac__mpsc_max_capacity(const void *handle)
{
    const struct ac__mpsc *channel = handle;
    return channel->unbounded ? SIZE_MAX : channel->capacity;
}

bool ac__mpsc_is_closed(const void *handle)
{
    return ac__atomic_load(&((const struct ac__mpsc *)handle)->word, acquire) & AC__MPSC_CLOSED;
}

size_t ac__mpsc_strong_count(const void *handle)
{
    return ac__atomic_load(&((const struct ac__mpsc *)handle)->senders, relaxed);
}
size_t ac__mpsc_weak_count(const void *handle)
{
    return ac__atomic_load(&((const struct ac__mpsc *)handle)->weak, relaxed);
}

/* --- Waiting for the receiver to go ------------------------------------------------------------------------------- */

int ac_op_mpsc_closed_poll_slow(struct ac_op_mpsc_closed_future *self, ac_context *cx)
{
    struct ac__mpsc *channel = self->tx;
    return ac__closings_poll(&channel->closings, &channel->lock, ac__mpsc_is_closed, channel, &self->waiter, cx);
}

void ac_op_mpsc_closed_drop_slow(struct ac_op_mpsc_closed_future *self)
{
    struct ac__mpsc *channel = self->tx;
    ac__waiter_leave(&channel->closings, &self->waiter, &channel->lock);
}

static int describe_closed(const void *future, char *text, size_t room)
{
    return snprintf(text, room, "mpsc %p to be closed", ((const struct ac_op_mpsc_closed_future *)future)->tx);
}

AC__LEAF(ac_op_mpsc_closed, describe_closed);
void ac_op_mpsc_closed(void *tx) { AC__ENTER(ac_op_mpsc_closed, tx); }

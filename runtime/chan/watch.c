/* The watch channel.
 *
 * One value, shared by readers (shared.h), and its version: a number that every send raises, with a lowest bit that
 * says that all senders are gone. Both change together while the value is held for writing. A receiver is the version
 * it has seen, so "is there something new" is one load. That the end is in the same word lets a receiver see the last
 * value before the end, never after.
 *
 * Senders take the lock, one after the other; receivers take it to wait. A waiter notes the version it waits at, so
 * that a send, which lets go of the lock now and then while it wakes many, leaves those asleep that have seen its value
 * and wait for the next. No user code runs under either: predicates and modifications work on copies. */
#include "asyncc/watch.h"
#include "chan/closed.h"
#include "chan/element.h"
#include "chan/shared.h"
#include "mem/slab.h"
#include "sync/leaf.h"
#include "sync/queue.h"

#define CLOSED UINT64_C(1)
#define STEP UINT64_C(2)

struct channel {
    uint64_t version;
    uint32_t shared; /* guards the value */
    ac__lock lock;
    size_t size, align;
    void (*drop)(void *value);
    void *value;
    uint32_t senders;
    uint32_t references;         /* each receiver, and the senders together */
    size_t receivers;            /* written under the lock */
    struct ac__waiter *queue;    /* receivers that wait; count: at which version */
    struct ac__waiter *closings; /* who waits in ac_watch_closed */
};

struct receiver {
    struct channel *channel;
    uint64_t seen;
};

/* --- The value ---------------------------------------------------------------------------------------------------- */

/* Copies the value; gives its version. */
static uint64_t copy_value(struct channel *channel, void *to)
{
    ac__shared_read_begin(&channel->shared);
    ac__copy_out(to, channel->value, channel->size);
    uint64_t version = ac__atomic_load(&channel->version, relaxed);
    ac__shared_read_end(&channel->shared);
    return version;
}

/* Under the lock: wakes those who wait at another version than the present one. */
static void wake_receivers(struct channel *channel, struct ac__wake_list *wakes)
{
    while (channel->queue && channel->queue->count != (uint32_t)channel->version) {
        ac__waiter_hand(&channel->queue, channel->queue, AC__GRANTED, wakes);
        ac__wakes_make_room(wakes, &channel->lock);
    }
}

/* Under the lock. The value there was goes to `old`, unless that is NULL. */
static void set_value(struct channel *channel, const void *value, void *old, struct ac__wake_list *wakes)
{
    ac__shared_write_begin(&channel->shared);
    if (old) memcpy(old, channel->value, channel->size);
    ac__copy(channel->value, value, channel->size);
    ac__atomic_store(&channel->version, channel->version + STEP, release);
    ac__shared_write_end(&channel->shared);
    wake_receivers(channel, wakes);
}

/* --- Life --------------------------------------------------------------------------------------------------------- */

int ac__watch_new(size_t size, size_t align, const void *initial, void *tx)
{
    struct channel *channel = ac__cell_alloc(sizeof *channel);
    void *value = ac__elements_alloc(size ? size : 1, align);
    if (!channel || !value) {
        if (channel) ac__cell_free(channel);
        if (value) ac__elements_free(value, align);
        return -ENOMEM;
    }
    *channel = (struct channel){ .size = size, .align = align, .value = value, .senders = 1, .references = 1 };
    memcpy(value, initial, size);
    ac__put_handle(tx, channel);
    return 0;
}

static void release(struct channel *channel)
{
    if (ac__atomic_sub(&channel->references, 1, acq_rel) != 1) return;
    if (channel->drop) channel->drop(channel->value);
    ac__elements_free(channel->value, channel->align);
    ac__cell_free(channel);
}

void ac__watch_set_drop(void *tx, void (*drop)(void *)) { ((struct channel *)tx)->drop = drop; }

void *ac__watch_clone(void *tx)
{
    struct channel *channel = tx;
    if (channel) ac__atomic_add(&channel->senders, 1, relaxed);
    return channel;
}

void ac__watch_drop_tx(void *tx)
{
    struct channel *channel = tx;
    struct ac__wake_list wakes = { .count = 0 };
    if (!channel || ac__atomic_sub(&channel->senders, 1, acq_rel) != 1) return;
    ac__lock_acquire(&channel->lock);
    ac__atomic_or(&channel->version, CLOSED, release);
    wake_receivers(channel, &wakes);
    ac__unlock_and_push(&channel->lock, &wakes);
    release(channel);
}

static bool has_no_receiver(const void *channel) { return ac__watch_receivers(channel) == 0; }

/* `seen` NULL: what is there now counts as seen. */
static struct receiver *subscribe(struct channel *channel, const uint64_t *seen)
{
    struct receiver *receiver = ac__cell_alloc(sizeof *receiver);
    if (!receiver) return NULL;
    ac__atomic_add(&channel->references, 1, relaxed);
    receiver->channel = channel;
    ac__lock_acquire(&channel->lock);
    receiver->seen = seen ? *seen : channel->version & ~CLOSED;
    ac__atomic_store(&channel->receivers, channel->receivers + 1, relaxed);
    ac__lock_release(&channel->lock);
    return receiver;
}

void *ac__watch_subscribe(void *tx) { return subscribe(tx, NULL); }

void *ac__watch_clone_rx(void *rx)
{
    struct receiver *receiver = rx;
    return subscribe(receiver->channel, &receiver->seen);
}

void ac__watch_drop_rx(void *rx)
{
    struct receiver *receiver = rx;
    struct ac__wake_list wakes = { .count = 0 };
    if (!receiver) return;
    struct channel *channel = receiver->channel;
    ac__lock_acquire(&channel->lock);
    ac__atomic_store(&channel->receivers, channel->receivers - 1, relaxed);
    ac__closings_wake(&channel->closings, &channel->lock, has_no_receiver, channel, &wakes);
    ac__unlock_and_push(&channel->lock, &wakes);
    ac__cell_free(receiver);
    release(channel);
}

/* --- Sending ------------------------------------------------------------------------------------------------------ */

/* Room for a value that is taken out. */
static void *spare_value(const struct channel *channel)
{
    return ac__elements_alloc(channel->size ? channel->size : 1, channel->align);
}

int ac__watch_send(void *tx, const void *value)
{
    struct channel *channel = tx;
    struct ac__wake_list wakes = { .count = 0 };
    void *old = channel->drop ? spare_value(channel) : NULL;
    if (channel->drop && !old) return -ENOMEM;
    ac__lock_acquire(&channel->lock);
    bool wanted = channel->receivers > 0;
    if (wanted) set_value(channel, value, old, &wakes);
    ac__unlock_and_push(&channel->lock, &wakes);
    if (wanted && old) channel->drop(old);
    if (old) ac__elements_free(old, channel->align);
    return wanted ? 0 : -EPIPE;
}

int ac__watch_replace(void *tx, const void *value, void *old)
{
    struct channel *channel = tx;
    struct ac__wake_list wakes = { .count = 0 };
    void *dropped = channel->drop && !old ? spare_value(channel) : NULL;
    if (channel->drop && !old && !dropped) return -ENOMEM;
    ac__lock_acquire(&channel->lock);
    set_value(channel, value, old ? old : dropped, &wakes);
    ac__unlock_and_push(&channel->lock, &wakes);
    if (dropped) {
        channel->drop(dropped);
        ac__elements_free(dropped, channel->align);
    }
    return 0;
}

int ac__watch_send_if_modified(void *tx, bool (*modify)(void *, void *), void *argument)
{
    struct channel *channel = tx;
    void *copy = spare_value(channel);
    if (!copy) return -ENOMEM;
    bool modified, current;
    do {
        struct ac__wake_list wakes = { .count = 0 };
        uint64_t version = copy_value(channel, copy);
        modified = modify(copy, argument);
        ac__lock_acquire(&channel->lock);
        current = !modified || channel->version == version;
        if (modified && current) set_value(channel, copy, NULL, &wakes);
        ac__unlock_and_push(&channel->lock, &wakes);
    } while (!current);
    ac__elements_free(copy, channel->align);
    return modified;
}

size_t ac__watch_receivers(const void *tx)
{
    return ac__atomic_load(&((const struct channel *)tx)->receivers, relaxed);
}

bool ac__watch_is_closed(const void *handle, size_t kind)
{
    if (kind == AC__WATCH_TX) return ac__watch_receivers(handle) == 0;
    return ac__atomic_load(&((const struct receiver *)handle)->channel->version, acquire) & CLOSED;
}

/* --- Receiving ---------------------------------------------------------------------------------------------------- */

void ac__watch_get(const void *handle, size_t kind, void *value)
{
    copy_value(kind == AC__WATCH_TX ? (struct channel *)handle : ((const struct receiver *)handle)->channel, value);
}

bool ac__watch_get_update(void *rx, void *value)
{
    struct receiver *receiver = rx;
    uint64_t before = receiver->seen;
    receiver->seen = copy_value(receiver->channel, value) & ~CLOSED;
    return receiver->seen != before;
}

int ac__watch_has_changed(const void *rx)
{
    const struct receiver *receiver = rx;
    uint64_t version = ac__atomic_load(&receiver->channel->version, acquire);
    return version & CLOSED ? -EPIPE : version != receiver->seen;
}

void ac__watch_mark_changed(void *rx)
{
    struct receiver *receiver = rx;
    receiver->seen = (ac__atomic_load(&receiver->channel->version, relaxed) & ~CLOSED) - STEP;
}

void ac__watch_mark_unchanged(void *rx)
{
    struct receiver *receiver = rx;
    receiver->seen = ac__atomic_load(&receiver->channel->version, relaxed) & ~CLOSED;
}

/* Queues the waiter while the version is the one that was seen and nobody has closed. False: look again. */
static bool wait_for_more(struct receiver *receiver, struct ac__waiter *waiter, struct ac__task *task)
{
    struct channel *channel = receiver->channel;
    ac__lock_acquire(&channel->lock);
    bool waits = channel->version == receiver->seen;
    if (waits) {
        waiter->count = (uint32_t)channel->version;
        ac__waiter_join(&channel->queue, waiter, task);
    }
    ac__lock_release(&channel->lock);
    return waits;
}

static void drop_waiter(struct receiver *receiver, struct ac__waiter *waiter)
{
    ac__waiter_leave(&receiver->channel->queue, waiter, &receiver->channel->lock);
}

int ac_op_watch_changed_poll_slow(struct ac_op_watch_changed_future *self, ac_context *cx)
{
    struct receiver *receiver = self->rx;
    struct channel *channel = receiver->channel;
    if (ac__waiter_outcome(&self->waiter, &channel->lock) == AC__WAITING || !ac__budget(cx)) return AC_PENDING;
    do {
        uint64_t version = ac__atomic_load(&channel->version, acquire);
        self->result = (version & ~CLOSED) != receiver->seen;
        receiver->seen = version & ~CLOSED;
        if (self->result || (version & CLOSED)) return AC_READY;
    } while (!wait_for_more(receiver, &self->waiter, cx->task));
    ac__budget_return(cx);
    return AC_PENDING;
}

void ac_op_watch_changed_drop_slow(struct ac_op_watch_changed_future *self) { drop_waiter(self->rx, &self->waiter); }

int ac_op_watch_wait_for_poll_slow(struct ac_op_watch_wait_for_future *self, ac_context *cx)
{
    struct receiver *receiver = self->rx;
    struct channel *channel = receiver->channel;
    if (ac__waiter_outcome(&self->waiter, &channel->lock) == AC__WAITING || !ac__budget(cx)) return AC_PENDING;
    do {
        uint64_t version = copy_value(channel, self->value);
        receiver->seen = version & ~CLOSED;
        self->result = self->wanted(self->value, self->argument);
        if (self->result || (version & CLOSED)) return AC_READY;
    } while (!wait_for_more(receiver, &self->waiter, cx->task));
    ac__budget_return(cx);
    return AC_PENDING;
}

void ac_op_watch_wait_for_drop_slow(struct ac_op_watch_wait_for_future *self) { drop_waiter(self->rx, &self->waiter); }

/* --- Waiting for the receivers to go ------------------------------------------------------------------------------ */

int ac_op_watch_closed_poll_slow(struct ac_op_watch_closed_future *self, ac_context *cx)
{
    struct channel *channel = self->tx;
    return ac__closings_poll(&channel->closings, &channel->lock, has_no_receiver, channel, &self->waiter, cx);
}

void ac_op_watch_closed_drop_slow(struct ac_op_watch_closed_future *self)
{
    struct channel *channel = self->tx;
    ac__waiter_leave(&channel->closings, &self->waiter, &channel->lock);
}

static int describe(const struct receiver *receiver, const char *what, char *text, size_t room)
{
    return snprintf(text, room, "watch %p to %s after version %llu", (void *)receiver->channel, what,
                    (unsigned long long)(receiver->seen / STEP));
}

static int describe_changed(const void *future, char *text, size_t room)
{
    return describe(((const struct ac_op_watch_changed_future *)future)->rx, "change", text, room);
}

static int describe_wait_for(const void *future, char *text, size_t room)
{
    return describe(((const struct ac_op_watch_wait_for_future *)future)->rx, "have a value that is waited for", text,
                    room);
}

static int describe_closed(const void *future, char *text, size_t room)
{
    struct channel *channel = ((const struct ac_op_watch_closed_future *)future)->tx;
    return snprintf(text, room, "watch %p to lose its receivers", (void *)channel);
}

AC__LEAF_WITH_RESULT(ac_op_watch_changed, describe_changed);
AC__LEAF_WITH_RESULT(ac_op_watch_wait_for, describe_wait_for);
AC__LEAF(ac_op_watch_closed, describe_closed);
bool ac_op_watch_changed(void *rx)
{
    AC__ENTER(ac_op_watch_changed, rx);
    return false;
}
bool ac_op_watch_wait_for(void *rx, bool (*wanted)(const void *, void *), void *argument, void *value)
{
    AC__ENTER(ac_op_watch_wait_for, rx, wanted, argument, value);
    return false;
}
void ac_op_watch_closed(void *tx) { AC__ENTER(ac_op_watch_closed, tx); }

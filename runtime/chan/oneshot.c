/* The oneshot channel: one cell, from the slabs, shared by the two ends.
 *
 * A word of flags says all; each end changes it by compare-and-swap, and the last of the two frees the cell:
 *
 *   SENT       the value is there
 *   TX_GONE    the sender has sent or was dropped; it does not touch the cell any more
 *   RX_CLOSED  the receiver wants no value any more
 *   RX_GONE    the receiver was dropped; it does not touch the cell any more
 *   RX_WAITS   `receiver` is to be woken when the sender is done
 *   TX_WAITS   `sender` is to be woken when the receiver closes
 *   RX_SLEEPS  a thread sleeps on the word
 *
 * Sending is one compare-and-swap, which says SENT and TX_GONE at once; so a receiver that finds the value frees the
 * cell without another. A task in a slot is a counted pointer (task/wake.h), and the flag beside it says who owns the
 * count: the end that waits, until the other clears the flag in the same step in which it does what was waited for. It
 * must read the pointer before that step, since afterwards the cell may be gone; if the step succeeds the flag was set
 * all the time, and so the pointer was the right one. */
#include "asyncc/oneshot.h"
#include "base/atomic.h"
#include "base/fatal.h"
#include "base/futex.h"
#include "chan/element.h"
#include "mem/slab.h"
#include "sync/blocking.h"
#include "sync/leaf.h"
#include "task/task.h"

enum { SENT = 1, TX_GONE = 2, RX_CLOSED = 4, RX_GONE = 8, RX_WAITS = 16, TX_WAITS = 32, RX_SLEEPS = 64 };

struct cell {
    uint32_t word;
    uint32_t size;
    uint32_t offset; /* of the value */
    uint32_t align;
    struct ac__task *receiver, *sender;
    void (*drop)(void *value);
    /* the value follows */
};

static void *value_of(struct cell *cell) { return (char *)cell + cell->offset; }

int ac__oneshot_new(size_t size, size_t align, void *tx, void *rx)
{
    size_t offset = ac__round_up(sizeof(struct cell), align), bytes = offset + size;
    if (bytes > UINT32_MAX) return -ENOMEM;
    struct cell *cell = align <= 16 ? ac__cell_alloc(bytes) : ac__malloc_aligned(bytes, align);
    if (!cell) return -ENOMEM;
    *cell = (struct cell){ .size = (uint32_t)size, .offset = (uint32_t)offset, .align = (uint32_t)align };
    ac__put_handle(tx, cell);
    ac__put_handle(rx, cell);
    return 0;
}

static void free_cell(struct cell *cell)
{
    if (cell->align <= 16) ac__cell_free(cell);
    else ac__free_aligned(cell);
}

void ac__oneshot_set_drop(void *rx, void (*drop)(void *)) { ((struct cell *)rx)->drop = drop; }

/* --- Waiting: the same for both ends ------------------------------------------------------------------------------ */

/* Puts the task into a slot, unless one of `done` is set in the word already: false. */
static bool wait_in(struct cell *cell, struct ac__task **slot, uint32_t flag, uint32_t done, struct ac__task *task)
{
    uint32_t word = ac__atomic_load(&cell->word, acquire);
    if (word & done) return false;
    ac__task_retain(task);
    *slot = task;
    while (!(word & done)) /* release: with the flag comes the slot */
        if (ac__atomic_cas_weak(&cell->word, &word, word | flag, acq_rel, acquire)) return true;
    ac__task_release(task);
    return false;
}

/* Takes it out again, if the other end has not. */
static void wait_no_more(struct cell *cell, struct ac__task *task, uint32_t flag)
{
    if (ac__atomic_and(&cell->word, ~flag, acq_rel) & flag) ac__task_release(task);
}

/* Wakes the task that was taken out of a slot, and lets go of it. */
static void wake(struct ac__task *task)
{
    if (task && ac__task_notify_release(task)) ac__task_push(task);
}

/* --- The sender --------------------------------------------------------------------------------------------------- */

/* The sender is done: adds `flags` to the word, unless the receiver has closed and they hold SENT: false. Wakes the
 * receiver; frees the cell if the receiver is gone. */
static bool sender_ends(struct cell *cell, uint32_t flags)
{
    uint32_t word = ac__atomic_load(&cell->word, acquire);
    struct ac__task *receiver;
    do {
        if ((flags & SENT) && (word & RX_CLOSED)) return false;
        receiver = word & RX_WAITS ? cell->receiver : NULL;
    } while (
        !ac__atomic_cas_weak(&cell->word, &word, (word | flags) & ~(uint32_t)(RX_WAITS | RX_SLEEPS), acq_rel, acquire));
    if (word & RX_GONE) free_cell(cell);
    else if (word & RX_SLEEPS) ac__futex_wake(&cell->word, 1); /* just an address: the cell may be gone */
    wake(receiver);
    return true;
}

int ac__oneshot_send(void *tx, const void *value)
{
    struct cell *cell = tx;
    if (!cell) ac__fatal("ac_oneshot_send: the handle is NULL: it was used up by a send or a drop before");
    if (!(ac__atomic_load(&cell->word, acquire) & RX_CLOSED)) {
        ac__copy(value_of(cell), value, cell->size);
        if (sender_ends(cell, SENT | TX_GONE)) return 0;
    }
    sender_ends(cell, TX_GONE);
    return -EPIPE;
}

void ac__oneshot_drop_tx(void *tx)
{
    if (tx) sender_ends(tx, TX_GONE);
}

bool ac__oneshot_is_closed(const void *tx)
{
    return ac__atomic_load(&((const struct cell *)tx)->word, acquire) & RX_CLOSED;
}

int ac_op_oneshot_closed_poll_slow(struct ac_op_oneshot_closed_future *self, ac_context *cx)
{
    struct cell *cell = self->tx;
    if (self->waiting && !ac__oneshot_is_closed(cell)) return AC_PENDING;
    if (!ac__budget(cx)) return AC_PENDING;
    if (!self->waiting && wait_in(cell, &cell->sender, TX_WAITS, RX_CLOSED, cx->task)) {
        self->waiting = true;
        ac__budget_return(cx);
        return AC_PENDING;
    }
    return AC_READY; /* whoever closed has taken the task out of its slot in the same step */
}

void ac_op_oneshot_closed_drop_slow(struct ac_op_oneshot_closed_future *self)
{
    struct cell *cell = self->tx;
    wait_no_more(cell, cell->sender, TX_WAITS);
}

/* --- The receiver ------------------------------------------------------------------------------------------------- */

static void drop_value(struct cell *cell)
{
    if (cell->drop) cell->drop(value_of(cell));
}

/* Adds RX_CLOSED and, for a drop, RX_GONE; wakes the sender; frees the cell if the sender is gone. */
static void receiver_ends(struct cell *cell, uint32_t flags)
{
    uint32_t word = ac__atomic_load(&cell->word, acquire);
    struct ac__task *sender;
    do sender = word & TX_WAITS ? cell->sender : NULL;
    while (!ac__atomic_cas_weak(&cell->word, &word, (word | flags) & ~(uint32_t)TX_WAITS, acq_rel, acquire));
    if ((flags & RX_GONE) && (word & TX_GONE)) {
        if (word & SENT) drop_value(cell);
        free_cell(cell);
    }
    wake(sender);
}

void ac__oneshot_close(void *rx) { receiver_ends(rx, RX_CLOSED); }

void ac__oneshot_drop_rx(void *rx)
{
    if (rx) receiver_ends(rx, RX_CLOSED | RX_GONE);
}

/* SENT or TX_GONE says that the sender is done; RX_CLOSED, without SENT, that nothing can come. */
enum { DECIDED = SENT | TX_GONE | RX_CLOSED };

/* The end of a receive: the value if it is there, and the end of the receiver. */
static bool take_and_end(struct cell *cell, uint32_t word, void *variable, void *value)
{
    ac__take(variable);
    if (word & SENT) {
        ac__copy_out(value, value_of(cell), cell->size);
        if (!value) drop_value(cell);
        free_cell(cell); /* TX_GONE was set with SENT */
        return true;
    }
    receiver_ends(cell, RX_CLOSED | RX_GONE);
    return false;
}

static struct cell *cell_in(void *variable, const char *call)
{
    struct cell *cell = ac__handle_in(variable);
    if (!cell) ac__fatal("%s: the handle is NULL: it was used up by a receive or a drop before", call);
    return cell;
}

int ac_op_oneshot_recv_poll_slow(struct ac_op_oneshot_recv_future *self, ac_context *cx)
{
    struct cell *cell = cell_in(self->variable, "ac_oneshot_recv");
    uint32_t word = ac__atomic_load(&cell->word, acquire);
    if (self->waiting && !(word & DECIDED)) return AC_PENDING;
    if (!ac__budget(cx)) return AC_PENDING;
    if (!self->waiting && wait_in(cell, &cell->receiver, RX_WAITS, DECIDED, cx->task)) {
        self->waiting = true;
        ac__budget_return(cx);
        return AC_PENDING;
    }
    /* A close of the receiver's own, by another branch, leaves the task in the slot. */
    if (self->waiting) wait_no_more(cell, cx->task, RX_WAITS);
    self->result = take_and_end(cell, ac__atomic_load(&cell->word, acquire), self->variable, self->value);
    return AC_READY;
}

void ac_op_oneshot_recv_drop_slow(struct ac_op_oneshot_recv_future *self)
{
    struct cell *cell = ac__handle_in(self->variable);
    if (cell) wait_no_more(cell, cell->receiver, RX_WAITS);
}

int ac__oneshot_try_recv(void *rx, void *value)
{
    struct cell *cell = rx;
    uint32_t word = ac__atomic_load(&cell->word, acquire);
    if (!(word & DECIDED)) return -EAGAIN;
    if (!(word & SENT)) return -EPIPE;
    ac__copy_out(value, value_of(cell), cell->size);
    if (!value) drop_value(cell);
    ac__atomic_and(&cell->word, ~(uint32_t)SENT, relaxed); /* the sender is gone: nobody else looks */
    return 0;
}

bool ac__oneshot_blocking_recv(void *variable, void *value)
{
    struct cell *cell = cell_in(variable, "ac_oneshot_blocking_recv");
    uint32_t word = ac__atomic_load(&cell->word, acquire);
    if (!(word & DECIDED)) ac__refuse_in_task("ac_oneshot_blocking_recv");
    while (!(word & DECIDED)) {
        if (!ac__atomic_cas_weak(&cell->word, &word, word | RX_SLEEPS, acq_rel, acquire)) continue;
        ac__futex_wait(&cell->word, word | RX_SLEEPS);
        word = ac__atomic_load(&cell->word, acquire);
    }
    return take_and_end(cell, word, variable, value);
}

static int describe_recv(const void *future, char *text, size_t room)
{
    const struct ac_op_oneshot_recv_future *self = future;
    struct cell *cell = ac__handle_in(self->variable);
    return snprintf(text, room, "oneshot %p to receive", (void *)cell);
}

static int describe_closed(const void *future, char *text, size_t room)
{
    return snprintf(text, room, "oneshot %p to be closed", ((const struct ac_op_oneshot_closed_future *)future)->tx);
}

AC__LEAF_WITH_RESULT(ac_op_oneshot_recv, describe_recv);
AC__LEAF(ac_op_oneshot_closed, describe_closed);
bool ac_op_oneshot_recv(void *rx_variable, void *value)
{
    AC__ENTER(ac_op_oneshot_recv, rx_variable, value);
    return false;
}
void ac_op_oneshot_closed(void *tx) { AC__ENTER(ac_op_oneshot_closed, tx); }

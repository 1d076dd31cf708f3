/* A queue from many senders to one receiver, bounded or not.
 *
 *     ac_mpsc_tx(struct order) tx;
 *     ac_mpsc_rx(struct order) rx;
 *     ac_mpsc_new(16, &tx, &rx);
 *     await ac_mpsc_send(tx, order);                       waits while 16 are queued
 *     while (await ac_mpsc_recv(rx, &order)) …             until the last sender is dropped and all is received
 *
 * Values of one sender arrive in the order they were sent. Values are copied; whoever sends a pointer hands on what it
 * points to. The room for values is made 32 at a time when it is needed and used again: a capacity costs nothing until
 * it is used. A handle may be used from any thread and any runtime; a receiver by one task or thread at a time.
 *
 * In a .ac file the calls that take over a handle (…_drop…, ac_mpsc_permit_send) set the variable they are given to
 * NULL; for a drop NULL is nothing to do. Errors: -EPIPE the other side is closed, -EAGAIN not now, -ENOMEM. */
#ifndef ASYNCC_MPSC_H
#define ASYNCC_MPSC_H
#include "wait.h"
#include <errno.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ac_mpsc_tx(T) AC__HANDLE(T, AC__MPSC_TX)
#define ac_mpsc_rx(T) AC__HANDLE(T, AC__MPSC_RX)
#define ac_mpsc_weak(T) AC__HANDLE(T, AC__MPSC_WEAK)     /* a sender that does not keep the channel open */
#define ac_mpsc_permit(T) AC__HANDLE(T, AC__MPSC_PERMIT) /* the right to send one value without waiting */

/* --- Making and ending -------------------------------------------------------------------------------------------- */

/* int ac_mpsc_new(size_t capacity, ac_mpsc_tx(T) *tx, ac_mpsc_rx(T) *rx)
 * Makes a channel for at most `capacity` values not received yet. 0; -EINVAL for capacity 0; -ENOMEM. From anywhere. */
#define ac_mpsc_new(capacity, tx, rx)                                                                                  \
    ac__mpsc_new((capacity), false, sizeof(AC__T(*(tx))), __alignof__(AC__T(*(tx))), AC__NEW(tx, tx, AC__MPSC_TX),     \
                 AC__NEW(tx, rx, AC__MPSC_RX))
/* int ac_mpsc_new_unbounded(ac_mpsc_tx(T) *tx, ac_mpsc_rx(T) *rx)
 * A channel whose senders never wait; memory is the only bound. */
#define ac_mpsc_new_unbounded(tx, rx)                                                                                  \
    ac__mpsc_new(0, true, sizeof(AC__T(*(tx))), __alignof__(AC__T(*(tx))), AC__NEW(tx, tx, AC__MPSC_TX),               \
                 AC__NEW(tx, rx, AC__MPSC_RX))
/* int ac_mpsc_unbounded(ac_mpsc_tx(T) *tx, ac_mpsc_rx(T) *rx): the same. */
#define ac_mpsc_unbounded(tx, rx) ac_mpsc_new_unbounded(tx, rx)
/* void ac_mpsc_set_drop(ac_mpsc_rx(T) rx, void (*drop)(T *value))
 * Values that are still queued when the receiver is dropped are given to this function. Set before the first value is
 * sent. */
#define ac_mpsc_set_drop(rx, drop)                                                                                     \
    (AC__IS(rx, AC__MPSC_RX), ac__mpsc_set_drop((rx), AC__FN(drop, void (*)(AC__T(rx) *), void (*)(void *))))
/* ac_mpsc_tx(T) ac_mpsc_clone(ac_mpsc_tx(T) tx): one more sender of the same channel. From anywhere. */
#define ac_mpsc_clone(tx) (AC__IS(tx, AC__MPSC_TX), (__typeof__(tx))ac__mpsc_clone(tx))
/* void ac_mpsc_drop_tx(ac_mpsc_tx(T) tx): when it was the last one, the receiver gets what is queued and then false. */
#define ac_mpsc_drop_tx(tx) (AC__IS(tx, AC__MPSC_TX), ac__mpsc_drop_tx(tx))
/* void ac_mpsc_drop_rx(ac_mpsc_rx(T) rx): closes the channel and drops what is queued. */
#define ac_mpsc_drop_rx(rx) (AC__IS(rx, AC__MPSC_RX), ac__mpsc_drop_rx(rx))
/* void ac_mpsc_close(ac_mpsc_rx(T) rx): every later send and reserve gives -EPIPE. What is queued, and what holders of
 * permits still send, can be received; then recv is false. */
#define ac_mpsc_close(rx) (AC__IS(rx, AC__MPSC_RX), ac__mpsc_close(rx))

/* --- Sending ------------------------------------------------------------------------------------------------------ */

/* async int ac_mpsc_send(ac_mpsc_tx(T) tx, T value)
 * Waits for room and sends. 0, or -EPIPE (-ENOMEM): then the value was not sent and is still the caller's. First come,
 * first served. Cancelled, it has not sent; it loses its place in the queue. */
#define ac_mpsc_send(tx, value) ac_op_mpsc_send(AC__AS(tx, AC__MPSC_TX), AC__IN(tx, value))
/* int ac_mpsc_try_send(ac_mpsc_tx(T) tx, T value): 0, -EAGAIN (full), -EPIPE, -ENOMEM. From anywhere. */
#define ac_mpsc_try_send(tx, value) (AC__IS(tx, AC__MPSC_TX), ac__mpsc_try_send((tx), AC__IN(tx, value)))
/* int ac_mpsc_blocking_send(ac_mpsc_tx(T) tx, T value): send, for threads that are not workers; inside a task it stops
 * the program. */
#define ac_mpsc_blocking_send(tx, value) (AC__IS(tx, AC__MPSC_TX), ac__mpsc_blocking_send((tx), AC__IN(tx, value)))
/* async int ac_mpsc_reserve(ac_mpsc_tx(T) tx, ac_mpsc_permit(T) *permit)
 * Waits for room and keeps it: ac_mpsc_permit_send then neither waits nor fails, even if the channel was closed
 * meanwhile. 0 or -EPIPE. A permit lives by itself: the sender may be dropped before it. Cancelled, it loses its place
 * in the queue. */
#define ac_mpsc_reserve(tx, permit) ac_op_mpsc_reserve(AC__AS(tx, AC__MPSC_TX), 1, AC__PERMITS(tx, permit))
/* async int ac_mpsc_reserve_many(ac_mpsc_tx(T) tx, size_t n, ac_mpsc_permit(T) permits[n])
 * n permits at once. -EINVAL if the capacity is less. With n = 0: 0 at once, -EPIPE if closed. */
#define ac_mpsc_reserve_many(tx, n, permits) ac_op_mpsc_reserve(AC__AS(tx, AC__MPSC_TX), (n), AC__PERMITS(tx, permits))
/* int ac_mpsc_try_reserve(ac_mpsc_tx(T) tx, ac_mpsc_permit(T) *permit)
 * int ac_mpsc_try_reserve_many(ac_mpsc_tx(T) tx, size_t n, ac_mpsc_permit(T) permits[n])
 * 0, -EAGAIN, -EPIPE, -EINVAL. From anywhere. */
#define ac_mpsc_try_reserve(tx, permit)                                                                                \
    (AC__IS(tx, AC__MPSC_TX), ac__mpsc_try_reserve((tx), 1, AC__PERMITS(tx, permit)))
#define ac_mpsc_try_reserve_many(tx, n, permits)                                                                       \
    (AC__IS(tx, AC__MPSC_TX), ac__mpsc_try_reserve((tx), (n), AC__PERMITS(tx, permits)))
/* void ac_mpsc_permit_send(ac_mpsc_permit(T) permit, T value): sends, and takes over the permit. From anywhere. */
#define ac_mpsc_permit_send(permit, value)                                                                             \
    (AC__IS(permit, AC__MPSC_PERMIT), ac__mpsc_permit_send((permit), AC__IN(permit, value)))
/* void ac_mpsc_permit_drop(ac_mpsc_permit(T) permit): gives the room back. */
#define ac_mpsc_permit_drop(permit) (AC__IS(permit, AC__MPSC_PERMIT), ac__mpsc_permit_drop(permit))
/* async void ac_mpsc_closed(ac_mpsc_tx(T) tx): waits until the receiver is closed or dropped. */
#define ac_mpsc_closed(tx) ac_op_mpsc_closed(AC__AS(tx, AC__MPSC_TX))

/* --- Receiving ---------------------------------------------------------------------------------------------------- */

/* async bool ac_mpsc_recv(ac_mpsc_rx(T) rx, T *value)
 * Waits for the next value. False: all is received, and nobody is left who could send. Cancelled, it loses nothing. */
#define ac_mpsc_recv(rx, value) ac_op_mpsc_recv(AC__AS(rx, AC__MPSC_RX), AC__OUT(rx, value))
/* async size_t ac_mpsc_recv_many(ac_mpsc_rx(T) rx, T values[], size_t limit)
 * Waits until there is one value, then takes up to `limit` of those that are there. How many; 0 as recv's false, or
 * for limit 0. */
#define ac_mpsc_recv_many(rx, values, limit) ac_op_mpsc_recv_many(AC__AS(rx, AC__MPSC_RX), AC__OUT(rx, values), (limit))
/* int ac_mpsc_try_recv(ac_mpsc_rx(T) rx, T *value): 0, -EAGAIN (nothing yet), -EPIPE (never again). */
#define ac_mpsc_try_recv(rx, value) (AC__IS(rx, AC__MPSC_RX), ac__mpsc_try_recv((rx), AC__OUT(rx, value)))
/* bool ac_mpsc_blocking_recv(ac_mpsc_rx(T) rx, T *value)
 * size_t ac_mpsc_blocking_recv_many(ac_mpsc_rx(T) rx, T values[], size_t limit)
 * For threads that are not workers; inside a task they stop the program. */
#define ac_mpsc_blocking_recv(rx, value) (AC__IS(rx, AC__MPSC_RX), ac__mpsc_blocking_recv((rx), AC__OUT(rx, value)))
#define ac_mpsc_blocking_recv_many(rx, values, limit)                                                                  \
    (AC__IS(rx, AC__MPSC_RX), ac__mpsc_blocking_recv_many((rx), AC__OUT(rx, values), (limit)))

/* --- Looking, and weak senders; all from anywhere ----------------------------------------------------------------- */

/* size_t ac_mpsc_len(tx or rx): values that are queued. */
#define ac_mpsc_len(h) (AC__IS_ONE_OF(h, AC__MPSC_TX, AC__MPSC_RX), ac__mpsc_len(h))
/* bool ac_mpsc_is_empty(tx or rx): no value is queued. */
#define ac_mpsc_is_empty(h) (ac_mpsc_len(h) == 0)
/* size_t ac_mpsc_capacity(tx or rx)
 * size_t ac_mpsc_max_capacity(tx or rx)
 * How many values could be sent now, and how many if none were queued. SIZE_MAX stands for no bound. */
#define ac_mpsc_capacity(h) (AC__IS_ONE_OF(h, AC__MPSC_TX, AC__MPSC_RX), ac__mpsc_capacity(h))
#define ac_mpsc_max_capacity(h) (AC__IS_ONE_OF(h, AC__MPSC_TX, AC__MPSC_RX), ac__mpsc_max_capacity(h))
/* bool ac_mpsc_is_closed(tx or rx): no send will succeed any more, but by a permit. */
#define ac_mpsc_is_closed(h) (AC__IS_ONE_OF(h, AC__MPSC_TX, AC__MPSC_RX), ac__mpsc_is_closed(h))
/* bool ac_mpsc_same(ac_mpsc_tx(T) a, ac_mpsc_tx(T) b): whether two senders are of one channel. */
#define ac_mpsc_same(a, b) (AC__IS(a, AC__MPSC_TX), AC__IS(b, AC__MPSC_TX), (const void *)(a) == (const void *)(b))
/* ac_mpsc_weak(T) ac_mpsc_downgrade(ac_mpsc_tx(T) tx): a sender to keep that keeps nothing open. */
#define ac_mpsc_downgrade(tx) (AC__IS(tx, AC__MPSC_TX), (AC__HANDLE(AC__T(tx), AC__MPSC_WEAK))ac__mpsc_downgrade(tx))
/* ac_mpsc_tx(T) ac_mpsc_upgrade(ac_mpsc_weak(T) weak): a sender again, or NULL if the last one is gone. */
#define ac_mpsc_upgrade(weak)                                                                                          \
    (AC__IS(weak, AC__MPSC_WEAK), (AC__HANDLE(AC__T(weak), AC__MPSC_TX))ac__mpsc_upgrade(weak))
/* ac_mpsc_weak(T) ac_mpsc_clone_weak(ac_mpsc_weak(T) weak): one more of them. */
#define ac_mpsc_clone_weak(weak) (AC__IS(weak, AC__MPSC_WEAK), (__typeof__(weak))ac__mpsc_downgrade(weak))
/* void ac_mpsc_drop_weak(ac_mpsc_weak(T) weak) */
#define ac_mpsc_drop_weak(weak) (AC__IS(weak, AC__MPSC_WEAK), ac__mpsc_drop_weak(weak))
/* size_t ac_mpsc_strong_count(tx or rx)
 * size_t ac_mpsc_weak_count(tx or rx)
 * How many senders, and weak ones, there are. */
#define ac_mpsc_strong_count(h) (AC__IS_ONE_OF(h, AC__MPSC_TX, AC__MPSC_RX), ac__mpsc_strong_count(h))
#define ac_mpsc_weak_count(h) (AC__IS_ONE_OF(h, AC__MPSC_TX, AC__MPSC_RX), ac__mpsc_weak_count(h))

/* --- Behind the macros -------------------------------------------------------------------------------------------- */

#define AC__PERMITS(tx, permits)                                                                                       \
    AC__POINTER(permits, AC__HANDLE(AC__T(tx), AC__MPSC_PERMIT) *, "this is not a permit for the same type")

int ac__mpsc_new(size_t capacity, bool unbounded, size_t size, size_t align, void *tx, void *rx);
void ac__mpsc_set_drop(void *rx, void (*drop)(void *));
void *ac__mpsc_clone(void *tx);
AC__CONSUMES void ac__mpsc_drop_tx(void *tx);
AC__CONSUMES void ac__mpsc_drop_rx(void *rx);
void ac__mpsc_close(void *rx);
int ac__mpsc_try_send(void *tx, const void *value);
int ac__mpsc_blocking_send(void *tx, const void *value);
int ac__mpsc_try_reserve(void *tx, size_t n, void *permits);
AC__CONSUMES void ac__mpsc_permit_send(void *permit, const void *value);
AC__CONSUMES void ac__mpsc_permit_drop(void *permit);
int ac__mpsc_try_recv(void *rx, void *value);
bool ac__mpsc_blocking_recv(void *rx, void *value);
size_t ac__mpsc_blocking_recv_many(void *rx, void *values, size_t limit);
size_t ac__mpsc_len(const void *handle);
size_t ac__mpsc_capacity(const void *handle);
size_t ac__mpsc_max_capacity(const void *handle);
bool ac__mpsc_is_closed(const void *handle);
void *ac__mpsc_downgrade(void *tx_or_weak);
void *ac__mpsc_upgrade(void *weak);
AC__CONSUMES void ac__mpsc_drop_weak(void *weak);
size_t ac__mpsc_strong_count(const void *handle);
size_t ac__mpsc_weak_count(const void *handle);

ac_async int ac_op_mpsc_send(void *tx, const void *value);
ac_async int ac_op_mpsc_reserve(void *tx, size_t n, void *permits);
ac_async bool ac_op_mpsc_recv(void *rx, void *value);
ac_async size_t ac_op_mpsc_recv_many(void *rx, void *values, size_t limit);
ac_async void ac_op_mpsc_closed(void *tx);

/* The value, and the place for the received one, stay where they are until the operation ends: they lie in the
 * caller's frame. */
struct ac_op_mpsc_send_future {
    void *tx;
    const void *value;
    int result;
    struct ac__waiter waiter;
    void *reserved;
};
struct ac_op_mpsc_reserve_future {
    void *tx;
    void *permits;
    size_t n;
    int result;
    struct ac__waiter waiter;
    void *reserved;
};
struct ac_op_mpsc_recv_future {
    void *rx;
    void *value;
    bool result;
    bool waiting; /* the task is in the channel's slot for its receiver */
    void *reserved;
};
struct ac_op_mpsc_recv_many_future {
    void *rx;
    void *values;
    size_t limit;
    size_t result;
    bool waiting;
    void *reserved;
};
struct ac_op_mpsc_closed_future {
    void *tx;
    struct ac__waiter waiter;
    void *reserved;
};
AC__AWAITABLE(ac_op_mpsc_send);
AC__AWAITABLE(ac_op_mpsc_reserve);
AC__AWAITABLE(ac_op_mpsc_recv);
AC__AWAITABLE(ac_op_mpsc_recv_many);
AC__AWAITABLE(ac_op_mpsc_closed);

static inline void ac_op_mpsc_send_init(struct ac_op_mpsc_send_future *self, void *tx, const void *value)
{
    self->tx = tx;
    self->value = value;
    self->waiter.state = AC__UNQUEUED;
}

static inline int ac_op_mpsc_send_poll(struct ac_op_mpsc_send_future *self, ac_context *cx)
{
    if (ac__still_waiting(&self->waiter)) return AC_PENDING;
    return ac_op_mpsc_send_poll_slow(self, cx);
}

static inline void ac_op_mpsc_send_drop(struct ac_op_mpsc_send_future *self)
{
    if (ac__ever_queued(&self->waiter)) ac_op_mpsc_send_drop_slow(self);
}

static inline void ac_op_mpsc_reserve_init(struct ac_op_mpsc_reserve_future *self, void *tx, size_t n, void *permits)
{
    self->tx = tx;
    self->permits = permits;
    self->n = n;
    self->waiter.state = AC__UNQUEUED;
}

static inline int ac_op_mpsc_reserve_poll(struct ac_op_mpsc_reserve_future *self, ac_context *cx)
{
    if (ac__still_waiting(&self->waiter)) return AC_PENDING;
    return ac_op_mpsc_reserve_poll_slow(self, cx);
}

static inline void ac_op_mpsc_reserve_drop(struct ac_op_mpsc_reserve_future *self)
{
    if (ac__ever_queued(&self->waiter)) ac_op_mpsc_reserve_drop_slow(self);
}

static inline void ac_op_mpsc_recv_init(struct ac_op_mpsc_recv_future *self, void *rx, void *value)
{
    self->rx = rx;
    self->value = value;
    self->waiting = false;
}

static inline int ac_op_mpsc_recv_poll(struct ac_op_mpsc_recv_future *self, ac_context *cx)
{
    return ac_op_mpsc_recv_poll_slow(self, cx);
}

static inline void ac_op_mpsc_recv_drop(struct ac_op_mpsc_recv_future *self)
{
    if (self->waiting) ac_op_mpsc_recv_drop_slow(self);
}

static inline void ac_op_mpsc_recv_many_init(struct ac_op_mpsc_recv_many_future *self, void *rx, void *values,
                                             size_t limit)
{
    self->rx = rx;
    self->values = values;
    self->limit = limit;
    self->waiting = false;
}

static inline int ac_op_mpsc_recv_many_poll(struct ac_op_mpsc_recv_many_future *self, ac_context *cx)
{
    return ac_op_mpsc_recv_many_poll_slow(self, cx);
}

static inline void ac_op_mpsc_recv_many_drop(struct ac_op_mpsc_recv_many_future *self)
{
    if (self->waiting) ac_op_mpsc_recv_many_drop_slow(self);
}

static inline void ac_op_mpsc_closed_init(struct ac_op_mpsc_closed_future *self, void *tx)
{
    self->tx = tx;
    self->waiter.state = AC__UNQUEUED;
}

static inline int ac_op_mpsc_closed_poll(struct ac_op_mpsc_closed_future *self, ac_context *cx)
{
    if (ac__still_waiting(&self->waiter)) return AC_PENDING;
    return ac_op_mpsc_closed_poll_slow(self, cx);
}

static inline void ac_op_mpsc_closed_drop(struct ac_op_mpsc_closed_future *self)
{
    if (ac__ever_queued(&self->waiter)) ac_op_mpsc_closed_drop_slow(self);
}

#ifdef __cplusplus
}
#endif
#endif

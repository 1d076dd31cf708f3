/* Every value to every receiver, with a bounded memory: a receiver that falls behind is told how many it missed.
 *
 *     ac_broadcast_tx(int) news;
 *     ac_broadcast_new(64, &news);                         the last 64 values are kept
 *     ac_broadcast_rx(int) rx = ac_broadcast_subscribe(news);
 *     ac_broadcast_send(news, 1);                          never waits
 *     int64_t missed;
 *     int v;
 *     while ((missed = await ac_broadcast_recv(rx, &v)) >= 0)
 *         if (missed == 0) …                               got v; else that many were overwritten
 *
 * A receiver gets what is sent after it subscribed. Values are copied out. Senders and receivers may be used from
 * any thread and any runtime; one receiver by one task or thread at a time. In a .ac file a drop sets the variable
 * it is given to NULL. */
#ifndef ASYNCC_BROADCAST_H
#define ASYNCC_BROADCAST_H
#include "wait.h"
#include <errno.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ac_broadcast_tx(T) AC__HANDLE(T, AC__BROADCAST_TX)
#define ac_broadcast_rx(T) AC__HANDLE(T, AC__BROADCAST_RX)

/* int ac_broadcast_new(size_t capacity, ac_broadcast_tx(T) *tx)
 * 0; -EINVAL for capacity 0; -ENOMEM. From anywhere. Exactly `capacity` values are kept; their room is made 32 at a
 * time when used. */
#define ac_broadcast_new(capacity, tx)                                                                                 \
    ac__broadcast_new((capacity), sizeof(AC__T(*(tx))), __alignof__(AC__T(*(tx))), AC__NEW(tx, tx, AC__BROADCAST_TX))
/* void ac_broadcast_set_drop(ac_broadcast_tx(T) tx, void (*drop)(T *value))
 * Called for each value once nobody will receive it any more: it is overwritten, or the channel ends. Receivers get
 * copies of the bytes all the same. Set before the first send. */
#define ac_broadcast_set_drop(tx, drop)                                                                                \
    (AC__IS(tx, AC__BROADCAST_TX), ac__broadcast_set_drop((tx), AC__FN(drop, void (*)(AC__T(tx) *), void (*)(void *))))
/* ac_broadcast_tx(T) ac_broadcast_clone(ac_broadcast_tx(T) tx): one more sender. From anywhere. */
#define ac_broadcast_clone(tx) (AC__IS(tx, AC__BROADCAST_TX), (__typeof__(tx))ac__broadcast_clone(tx))
/* ac_broadcast_rx(T) ac_broadcast_subscribe(ac_broadcast_tx(T) tx)
 * ac_broadcast_rx(T) ac_broadcast_resubscribe(ac_broadcast_rx(T) rx)
 * One more receiver, that gets what is sent from now on; NULL when memory is out. From anywhere. */
#define ac_broadcast_subscribe(tx)                                                                                     \
    (AC__IS(tx, AC__BROADCAST_TX), (AC__HANDLE(AC__T(tx), AC__BROADCAST_RX))ac__broadcast_subscribe(tx))
#define ac_broadcast_resubscribe(rx) (AC__IS(rx, AC__BROADCAST_RX), (__typeof__(rx))ac__broadcast_resubscribe(rx))
/* void ac_broadcast_drop_tx(ac_broadcast_tx(T) tx)
 * void ac_broadcast_drop_rx(ac_broadcast_rx(T) rx)
 * When the last sender is dropped, receivers get what is kept and then -EPIPE. From anywhere. */
#define ac_broadcast_drop_tx(tx) (AC__IS(tx, AC__BROADCAST_TX), ac__broadcast_drop_tx(tx))
#define ac_broadcast_drop_rx(rx) (AC__IS(rx, AC__BROADCAST_RX), ac__broadcast_drop_rx(rx))

/* int ac_broadcast_send(ac_broadcast_tx(T) tx, T value)
 * How many receivers there are, all of whom can now receive it; or -EPIPE when there is none (it was not sent),
 * -ENOMEM. From anywhere. */
#define ac_broadcast_send(tx, value) (AC__IS(tx, AC__BROADCAST_TX), ac__broadcast_send((tx), AC__IN(tx, value)))
/* async int64_t ac_broadcast_recv(ac_broadcast_rx(T) rx, T *value)
 * 0: got the next value. n > 0: that many were overwritten before they were received; the next recv gives the oldest
 * kept. -EPIPE: no sender is left and all is received. Cancelled, it loses nothing. */
#define ac_broadcast_recv(rx, value) ac_op_broadcast_recv(AC__AS(rx, AC__BROADCAST_RX), AC__OUT(rx, value))
/* int64_t ac_broadcast_try_recv(ac_broadcast_rx(T) rx, T *value): the same at once: also -EAGAIN. From anywhere. */
#define ac_broadcast_try_recv(rx, value)                                                                               \
    (AC__IS(rx, AC__BROADCAST_RX), ac__broadcast_try_recv((rx), AC__OUT(rx, value)))
/* int64_t ac_broadcast_blocking_recv(ac_broadcast_rx(T) rx, T *value)
 * The same for threads that are not workers, which sleep; inside a task it stops the program. */
#define ac_broadcast_blocking_recv(rx, value)                                                                          \
    (AC__IS(rx, AC__BROADCAST_RX), ac__broadcast_blocking_recv((rx), AC__OUT(rx, value)))
/* async void ac_broadcast_closed(ac_broadcast_tx(T) tx): waits until there is no receiver. */
#define ac_broadcast_closed(tx) ac_op_broadcast_closed(AC__AS(tx, AC__BROADCAST_TX))
/* size_t ac_broadcast_len(ac_broadcast_rx(T) rx)
 * size_t ac_broadcast_len(ac_broadcast_tx(T) tx)
 * Values sent that this receiver has not received, including those it has missed; of a sender: that some receiver has
 * not received yet. */
#define ac_broadcast_len(h) (AC__IS_ONE_OF(h, AC__BROADCAST_TX, AC__BROADCAST_RX), ac__broadcast_len((h), AC__KIND(h)))
/* size_t ac_broadcast_receivers(ac_broadcast_tx(T) tx): how many there are at this moment. */
#define ac_broadcast_receivers(tx) (AC__IS(tx, AC__BROADCAST_TX), ac__broadcast_receivers(tx))

/* --- Behind the macros -------------------------------------------------------------------------------------------- */

int ac__broadcast_new(size_t capacity, size_t size, size_t align, void *tx);
void ac__broadcast_set_drop(void *tx, void (*drop)(void *));
void *ac__broadcast_clone(void *tx);
void *ac__broadcast_subscribe(void *tx);
void *ac__broadcast_resubscribe(void *rx);
AC__CONSUMES void ac__broadcast_drop_tx(void *tx);
AC__CONSUMES void ac__broadcast_drop_rx(void *rx);
int ac__broadcast_send(void *tx, const void *value);
int64_t ac__broadcast_try_recv(void *rx, void *value);
int64_t ac__broadcast_blocking_recv(void *rx, void *value);
size_t ac__broadcast_len(const void *handle, size_t kind);
size_t ac__broadcast_receivers(const void *tx);

ac_async int64_t ac_op_broadcast_recv(void *rx, void *value);
ac_async void ac_op_broadcast_closed(void *tx);

struct ac_op_broadcast_recv_future {
    void *rx;
    void *value;
    int64_t result;
    struct ac__waiter waiter;
    void *reserved;
};
struct ac_op_broadcast_closed_future {
    void *tx;
    struct ac__waiter waiter;
    void *reserved;
};
AC__AWAITABLE(ac_op_broadcast_recv);
AC__AWAITABLE(ac_op_broadcast_closed);

static inline void ac_op_broadcast_recv_init(struct ac_op_broadcast_recv_future *self, void *rx, void *value)
{
    self->rx = rx;
    self->value = value;
    self->waiter.state = AC__UNQUEUED;
}

static inline int ac_op_broadcast_recv_poll(struct ac_op_broadcast_recv_future *self, ac_context *cx)
{
    if (ac__still_waiting(&self->waiter)) return AC_PENDING;
    return ac_op_broadcast_recv_poll_slow(self, cx);
}

static inline void ac_op_broadcast_recv_drop(struct ac_op_broadcast_recv_future *self)
{
    if (ac__ever_queued(&self->waiter)) ac_op_broadcast_recv_drop_slow(self);
}

static inline void ac_op_broadcast_closed_init(struct ac_op_broadcast_closed_future *self, void *tx)
{
    self->tx = tx;
    self->waiter.state = AC__UNQUEUED;
}

static inline int ac_op_broadcast_closed_poll(struct ac_op_broadcast_closed_future *self, ac_context *cx)
{
    if (ac__still_waiting(&self->waiter)) return AC_PENDING;
    return ac_op_broadcast_closed_poll_slow(self, cx);
}

static inline void ac_op_broadcast_closed_drop(struct ac_op_broadcast_closed_future *self)
{
    if (ac__ever_queued(&self->waiter)) ac_op_broadcast_closed_drop_slow(self);
}

#ifdef __cplusplus
}
#endif
#endif

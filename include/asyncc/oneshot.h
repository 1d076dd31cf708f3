/* One value, from one task to another: the answer to a request.
 *
 *     ac_oneshot_tx(int) reply;
 *     ac_oneshot_rx(int) answer;
 *     ac_oneshot_new(&reply, &answer);
 *     ac_oneshot_send(reply, 42);                          never waits
 *     int n;
 *     if (await ac_oneshot_recv(answer, &n)) …             false: the sender was dropped
 *
 * The handles may be used from any thread and any runtime, each by one task or thread at a time. In a .ac file the
 * calls that take over a handle set the variable they are given to NULL: a send and the drops at once, recv when it is
 * done, not when it is cancelled. So `defer ac_oneshot_drop_rx(answer)` is right before a recv. */
#ifndef ASYNCC_ONESHOT_H
#define ASYNCC_ONESHOT_H
#include "wait.h"
#include <errno.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ac_oneshot_tx(T) AC__HANDLE(T, AC__ONESHOT_TX)
#define ac_oneshot_rx(T) AC__HANDLE(T, AC__ONESHOT_RX)

/* int ac_oneshot_new(ac_oneshot_tx(T) *tx, ac_oneshot_rx(T) *rx): 0 or -ENOMEM. From anywhere. */
#define ac_oneshot_new(tx, rx)                                                                                         \
    ac__oneshot_new(sizeof(AC__T(*(tx))), __alignof__(AC__T(*(tx))), AC__NEW(tx, tx, AC__ONESHOT_TX),                  \
                    AC__NEW(tx, rx, AC__ONESHOT_RX))
/* void ac_oneshot_set_drop(ac_oneshot_rx(T) rx, void (*drop)(T *value))
 * For a value that was sent and is never received. Set before the send. */
#define ac_oneshot_set_drop(rx, drop)                                                                                  \
    (AC__IS(rx, AC__ONESHOT_RX), ac__oneshot_set_drop((rx), AC__FN(drop, void (*)(AC__T(rx) *), void (*)(void *))))

/* int ac_oneshot_send(ac_oneshot_tx(T) tx, T value)
 * Sends and takes over tx. 0, or -EPIPE: the receiver is closed or gone, and the value still the caller's. From
 * anywhere. */
#define ac_oneshot_send(tx, value) (AC__IS(tx, AC__ONESHOT_TX), ac__oneshot_send((tx), AC__IN(tx, value)))
/* async void ac_oneshot_closed(ac_oneshot_tx(T) tx): waits until the receiver is closed or gone: nobody wants the
 * answer. */
#define ac_oneshot_closed(tx) ac_op_oneshot_closed(AC__AS(tx, AC__ONESHOT_TX))
/* bool ac_oneshot_is_closed(ac_oneshot_tx(T) tx): nobody wants the answer. From anywhere. */
#define ac_oneshot_is_closed(tx) (AC__IS(tx, AC__ONESHOT_TX), ac__oneshot_is_closed(tx))
/* void ac_oneshot_drop_tx(ac_oneshot_tx(T) tx): the receiver gets false. From anywhere. */
#define ac_oneshot_drop_tx(tx) (AC__IS(tx, AC__ONESHOT_TX), ac__oneshot_drop_tx(tx))

/* async bool ac_oneshot_recv(ac_oneshot_rx(T) rx, T *value)
 * Waits for the value. False: it will not come. rx must be a variable; it is taken over, and set to NULL, when the
 * call is done. Cancelled, it loses nothing: rx can be awaited again. */
#define ac_oneshot_recv(rx, value)                                                                                     \
    ac_op_oneshot_recv((1 ? &(rx) : (AC__HANDLE(AC__T(rx), AC__ONESHOT_RX) *)0), AC__OUT(rx, value))
/* bool ac_oneshot_blocking_recv(ac_oneshot_rx(T) rx, T *value)
 * The same for threads that are not workers, which sleep; takes over rx, a variable. Inside a task it stops the
 * program. */
#define ac_oneshot_blocking_recv(rx, value)                                                                            \
    (AC__IS(rx, AC__ONESHOT_RX), ac__oneshot_blocking_recv(&(rx), AC__OUT(rx, value)))
/* int ac_oneshot_try_recv(ac_oneshot_rx(T) rx, T *value): 0, -EAGAIN (nothing yet), -EPIPE (never). rx stays the
 * caller's. */
#define ac_oneshot_try_recv(rx, value) (AC__IS(rx, AC__ONESHOT_RX), ac__oneshot_try_recv((rx), AC__OUT(rx, value)))
/* void ac_oneshot_close(ac_oneshot_rx(T) rx): a later send fails; a value that was sent before can still be
 * received. */
#define ac_oneshot_close(rx) (AC__IS(rx, AC__ONESHOT_RX), ac__oneshot_close(rx))
/* void ac_oneshot_drop_rx(ac_oneshot_rx(T) rx): nobody wants the answer any more; one that was sent is dropped. */
#define ac_oneshot_drop_rx(rx) (AC__IS(rx, AC__ONESHOT_RX), ac__oneshot_drop_rx(rx))

/* --- Behind the macros -------------------------------------------------------------------------------------------- */

int ac__oneshot_new(size_t size, size_t align, void *tx, void *rx);
void ac__oneshot_set_drop(void *rx, void (*drop)(void *));
AC__CONSUMES int ac__oneshot_send(void *tx, const void *value);
bool ac__oneshot_is_closed(const void *tx);
AC__CONSUMES void ac__oneshot_drop_tx(void *tx);
bool ac__oneshot_blocking_recv(void *rx_variable, void *value);
int ac__oneshot_try_recv(void *rx, void *value);
void ac__oneshot_close(void *rx);
AC__CONSUMES void ac__oneshot_drop_rx(void *rx);

ac_async bool ac_op_oneshot_recv(void *rx_variable, void *value);
ac_async void ac_op_oneshot_closed(void *tx);

struct ac_op_oneshot_recv_future {
    void *variable; /* of the caller, that holds the handle */
    void *value;
    bool result;
    bool waiting; /* the task is in the cell's slot for its receiver */
    void *reserved;
};
struct ac_op_oneshot_closed_future {
    void *tx;
    bool waiting;
    void *reserved;
};
AC__AWAITABLE(ac_op_oneshot_recv);
AC__AWAITABLE(ac_op_oneshot_closed);

static inline void ac_op_oneshot_recv_init(struct ac_op_oneshot_recv_future *self, void *rx_variable, void *value)
{
    self->variable = rx_variable;
    self->value = value;
    self->waiting = false;
}

static inline int ac_op_oneshot_recv_poll(struct ac_op_oneshot_recv_future *self, ac_context *cx)
{
    return ac_op_oneshot_recv_poll_slow(self, cx);
}

static inline void ac_op_oneshot_recv_drop(struct ac_op_oneshot_recv_future *self)
{
    if (self->waiting) ac_op_oneshot_recv_drop_slow(self);
}

static inline void ac_op_oneshot_closed_init(struct ac_op_oneshot_closed_future *self, void *tx)
{
    self->tx = tx;
    self->waiting = false;
}

static inline int ac_op_oneshot_closed_poll(struct ac_op_oneshot_closed_future *self, ac_context *cx)
{
    return ac_op_oneshot_closed_poll_slow(self, cx);
}

static inline void ac_op_oneshot_closed_drop(struct ac_op_oneshot_closed_future *self)
{
    if (self->waiting) ac_op_oneshot_closed_drop_slow(self);
}

#ifdef __cplusplus
}
#endif
#endif

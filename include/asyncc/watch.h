/* One value that changes, and tasks that want to know the latest: a configuration, a level, a state.
 *
 *     ac_watch_tx(int) level;
 *     ac_watch_new(1, &level);
 *     ac_watch_rx(int) gauge = ac_watch_subscribe(level);
 *     ac_watch_send(level, 2);                             never waits
 *     while (await ac_watch_changed(gauge)) ac_watch_get(gauge, &now);
 *
 * A receiver counts the value that is there when it subscribes as seen. Only the latest is kept: who looks seldom
 * misses what was between, but never the last. Values are copied in and out. Senders and receivers may be used from
 * any thread and any runtime; one receiver by one task or thread at a time. In a .ac file a drop sets the variable it
 * is given to NULL. */
#ifndef ASYNCC_WATCH_H
#define ASYNCC_WATCH_H
#include "wait.h"
#include <errno.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ac_watch_tx(T) AC__HANDLE(T, AC__WATCH_TX)
#define ac_watch_rx(T) AC__HANDLE(T, AC__WATCH_RX)

/* int ac_watch_new(T initial, ac_watch_tx(T) *tx): 0 or -ENOMEM. From anywhere. */
#define ac_watch_new(initial, tx)                                                                                      \
    ac__watch_new(sizeof(AC__T(*(tx))), __alignof__(AC__T(*(tx))), AC__IN(*(tx), initial),                             \
                  AC__NEW(tx, tx, AC__WATCH_TX))
/* void ac_watch_set_drop(ac_watch_tx(T) tx, void (*drop)(T *value))
 * Called for a value when another has taken its place, and for the last at the end. */
#define ac_watch_set_drop(tx, drop)                                                                                    \
    (AC__IS(tx, AC__WATCH_TX), ac__watch_set_drop((tx), AC__FN(drop, void (*)(AC__T(tx) *), void (*)(void *))))
/* ac_watch_tx(T) ac_watch_clone(ac_watch_tx(T) tx): one more sender. */
#define ac_watch_clone(tx) (AC__IS(tx, AC__WATCH_TX), (__typeof__(tx))ac__watch_clone(tx))
/* ac_watch_rx(T) ac_watch_subscribe(ac_watch_tx(T) tx)
 * One more receiver (NULL: no memory). Subscribing reopens a channel whose receivers were all gone. */
#define ac_watch_subscribe(tx) (AC__IS(tx, AC__WATCH_TX), (AC__HANDLE(AC__T(tx), AC__WATCH_RX))ac__watch_subscribe(tx))
/* ac_watch_rx(T) ac_watch_clone_rx(ac_watch_rx(T) rx): a receiver that has seen what this one has. */
#define ac_watch_clone_rx(rx) (AC__IS(rx, AC__WATCH_RX), (__typeof__(rx))ac__watch_clone_rx(rx))
/* void ac_watch_drop_tx(ac_watch_tx(T) tx)
 * void ac_watch_drop_rx(ac_watch_rx(T) rx)
 * When the last sender is dropped, receivers get the last value if they have not seen it, and then false. */
#define ac_watch_drop_tx(tx) (AC__IS(tx, AC__WATCH_TX), ac__watch_drop_tx(tx))
#define ac_watch_drop_rx(rx) (AC__IS(rx, AC__WATCH_RX), ac__watch_drop_rx(rx))

/* int ac_watch_send(ac_watch_tx(T) tx, T value): 0, or -EPIPE when there is no receiver; then the value did not
 * change. */
#define ac_watch_send(tx, value) (AC__IS(tx, AC__WATCH_TX), ac__watch_send((tx), AC__IN(tx, value)))
/* int ac_watch_replace(ac_watch_tx(T) tx, T value, T *old): sets the value whether there are receivers or not; the
 * one before is copied to *old and is the caller's (NULL: dropped). */
#define ac_watch_replace(tx, value, old)                                                                               \
    (AC__IS(tx, AC__WATCH_TX), ac__watch_replace((tx), AC__IN(tx, value), AC__OUT(tx, old)))
/* int ac_watch_send_if_modified(ac_watch_tx(T) tx, bool (*modify)(T *value, void *argument), void *argument)
 * Lets a function change the value; receivers are told if it gives true. It works on a copy and no lock is held: when
 * another send was faster it is called again on the newer value. -ENOMEM as int when there is none for the copy, else
 * 1 or 0. */
#define ac_watch_send_if_modified(tx, modify, argument)                                                                \
    (AC__IS(tx, AC__WATCH_TX),                                                                                         \
     ac__watch_send_if_modified((tx), AC__FN(modify, bool (*)(AC__T(tx) *, void *), bool (*)(void *, void *)),         \
                                (argument)))
/* async void ac_watch_closed(ac_watch_tx(T) tx): waits until there is no receiver. */
#define ac_watch_closed(tx) ac_op_watch_closed(AC__AS(tx, AC__WATCH_TX))
/* size_t ac_watch_receivers(ac_watch_tx(T) tx): how many there are at this moment. */
#define ac_watch_receivers(tx) (AC__IS(tx, AC__WATCH_TX), ac__watch_receivers(tx))
/* bool ac_watch_is_closed(tx or rx): there is no receiver; of a receiver: no sender. */
#define ac_watch_is_closed(h) (AC__IS_ONE_OF(h, AC__WATCH_TX, AC__WATCH_RX), ac__watch_is_closed((h), AC__KIND(h)))

/* async bool ac_watch_changed(ac_watch_rx(T) rx)
 * Waits for a value this receiver has not seen, and counts it as seen. False: the last value is seen and all senders
 * are gone. Cancelled, it loses nothing. */
#define ac_watch_changed(rx) ac_op_watch_changed(AC__AS(rx, AC__WATCH_RX))
/* async bool ac_watch_wait_for(ac_watch_rx(T) rx, bool (*wanted)(const T *, void *), void *argument, T *value)
 * Waits until `wanted` is true of the value, the one that is there first; copies it to *value and counts it as
 * seen. False: all senders are gone and it is not. `value` is where the values are looked at: it must not be NULL. */
#define ac_watch_wait_for(rx, wanted, argument, value)                                                                 \
    ac_op_watch_wait_for(AC__AS(rx, AC__WATCH_RX),                                                                     \
                         AC__FN(wanted, bool (*)(const AC__T(rx) *, void *), bool (*)(const void *, void *)),          \
                         (argument), AC__OUT(rx, value))
/* void ac_watch_get(tx or rx, T *value): copies the latest value; does not count as seen. From anywhere. */
#define ac_watch_get(h, value)                                                                                         \
    (AC__IS_ONE_OF(h, AC__WATCH_TX, AC__WATCH_RX), ac__watch_get((h), AC__KIND(h), AC__OUT(h, value)))
/* bool ac_watch_get_update(ac_watch_rx(T) rx, T *value): copies the latest value and counts it as seen; true: it
 * was not before. */
#define ac_watch_get_update(rx, value) (AC__IS(rx, AC__WATCH_RX), ac__watch_get_update((rx), AC__OUT(rx, value)))
/* int ac_watch_has_changed(ac_watch_rx(T) rx): 1 there is one not seen, 0, -EPIPE all senders are gone. */
#define ac_watch_has_changed(rx) (AC__IS(rx, AC__WATCH_RX), ac__watch_has_changed(rx))
/* void ac_watch_mark_changed(ac_watch_rx(T) rx)
 * void ac_watch_mark_unchanged(ac_watch_rx(T) rx)
 * Count the value as not seen (so that the next changed is true at once), or as seen. */
#define ac_watch_mark_changed(rx) (AC__IS(rx, AC__WATCH_RX), ac__watch_mark_changed(rx))
#define ac_watch_mark_unchanged(rx) (AC__IS(rx, AC__WATCH_RX), ac__watch_mark_unchanged(rx))

/* --- Behind the macros -------------------------------------------------------------------------------------------- */

int ac__watch_new(size_t size, size_t align, const void *initial, void *tx);
void ac__watch_set_drop(void *tx, void (*drop)(void *));
void *ac__watch_clone(void *tx);
void *ac__watch_subscribe(void *tx);
void *ac__watch_clone_rx(void *rx);
AC__CONSUMES void ac__watch_drop_tx(void *tx);
AC__CONSUMES void ac__watch_drop_rx(void *rx);
int ac__watch_send(void *tx, const void *value);
int ac__watch_replace(void *tx, const void *value, void *old);
int ac__watch_send_if_modified(void *tx, bool (*modify)(void *, void *), void *argument);
size_t ac__watch_receivers(const void *tx);
bool ac__watch_is_closed(const void *handle, size_t kind);
void ac__watch_get(const void *handle, size_t kind, void *value);
bool ac__watch_get_update(void *rx, void *value);
int ac__watch_has_changed(const void *rx);
void ac__watch_mark_changed(void *rx);
void ac__watch_mark_unchanged(void *rx);

ac_async bool ac_op_watch_changed(void *rx);
ac_async bool ac_op_watch_wait_for(void *rx, bool (*wanted)(const void *, void *), void *argument, void *value);
ac_async void ac_op_watch_closed(void *tx);

struct ac_op_watch_changed_future {
    void *rx;
    bool result;
    struct ac__waiter waiter;
    void *reserved;
};
struct ac_op_watch_wait_for_future {
    void *rx;
    bool (*wanted)(const void *, void *);
    void *argument;
    void *value;
    bool result;
    struct ac__waiter waiter;
    void *reserved;
};
struct ac_op_watch_closed_future {
    void *tx;
    struct ac__waiter waiter;
    void *reserved;
};
AC__AWAITABLE(ac_op_watch_changed);
AC__AWAITABLE(ac_op_watch_wait_for);
AC__AWAITABLE(ac_op_watch_closed);

static inline void ac_op_watch_changed_init(struct ac_op_watch_changed_future *self, void *rx)
{
    self->rx = rx;
    self->waiter.state = AC__UNQUEUED;
}

static inline int ac_op_watch_changed_poll(struct ac_op_watch_changed_future *self, ac_context *cx)
{
    if (ac__still_waiting(&self->waiter)) return AC_PENDING;
    return ac_op_watch_changed_poll_slow(self, cx);
}

static inline void ac_op_watch_changed_drop(struct ac_op_watch_changed_future *self)
{
    if (ac__ever_queued(&self->waiter)) ac_op_watch_changed_drop_slow(self);
}

static inline void ac_op_watch_wait_for_init(struct ac_op_watch_wait_for_future *self, void *rx,
                                             bool (*wanted)(const void *, void *), void *argument, void *value)
{
    self->rx = rx;
    self->wanted = wanted;
    self->argument = argument;
    self->value = value;
    self->waiter.state = AC__UNQUEUED;
}

static inline int ac_op_watch_wait_for_poll(struct ac_op_watch_wait_for_future *self, ac_context *cx)
{
    if (ac__still_waiting(&self->waiter)) return AC_PENDING;
    return ac_op_watch_wait_for_poll_slow(self, cx);
}

static inline void ac_op_watch_wait_for_drop(struct ac_op_watch_wait_for_future *self)
{
    if (ac__ever_queued(&self->waiter)) ac_op_watch_wait_for_drop_slow(self);
}

static inline void ac_op_watch_closed_init(struct ac_op_watch_closed_future *self, void *tx)
{
    self->tx = tx;
    self->waiter.state = AC__UNQUEUED;
}

static inline int ac_op_watch_closed_poll(struct ac_op_watch_closed_future *self, ac_context *cx)
{
    if (ac__still_waiting(&self->waiter)) return AC_PENDING;
    return ac_op_watch_closed_poll_slow(self, cx);
}

static inline void ac_op_watch_closed_drop(struct ac_op_watch_closed_future *self)
{
    if (ac__ever_queued(&self->waiter)) ac_op_watch_closed_drop_slow(self);
}

#ifdef __cplusplus
}
#endif
#endif

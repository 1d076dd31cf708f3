/* The broadcast channel: what include/asyncc/broadcast.h says. */
#include "hand.h"
#include <pthread.h>

static int drops;
static void count_drop(int *value) { drops += *value > 0; }

START_TEST(each_receiver_gets_what_was_sent_after_it_subscribed)
{
    ac_broadcast_tx(int) tx;
    int v;
    ck_assert_int_eq(ac_broadcast_new(0, &tx), -EINVAL);
    ck_assert_int_eq(ac_broadcast_new(100, &tx), 0);
    ck_assert_int_eq(ac_broadcast_send(tx, 0), -EPIPE); /* nobody is there */
    ac_broadcast_rx(int) a = ac_broadcast_subscribe(tx);
    ck_assert_int_eq(ac_broadcast_send(tx, 1), 1);
    ac_broadcast_rx(int) b = ac_broadcast_subscribe(tx);
    ck_assert_int_eq(ac_broadcast_send(tx, 2), 2);
    ck_assert_uint_eq(ac_broadcast_len(a), 2);
    ck_assert_uint_eq(ac_broadcast_len(b), 1);
    ck_assert_uint_eq(ac_broadcast_len(tx), 2);
    ck_assert_uint_eq(ac_broadcast_receivers(tx), 2);
    ck_assert(ac_broadcast_try_recv(a, &v) == 0 && v == 1);
    ck_assert(ac_broadcast_try_recv(b, &v) == 0 && v == 2);
    ck_assert_int_eq(ac_broadcast_try_recv(b, &v), -EAGAIN);
    ac_broadcast_drop_tx(tx);
    ck_assert(ac_broadcast_try_recv(a, &v) == 0 && v == 2); /* what is kept comes before the end */
    ck_assert_int_eq(ac_broadcast_try_recv(a, &v), -EPIPE);
    ac_broadcast_drop_rx(a);
    ac_broadcast_drop_rx(b);
}
END_TEST

START_TEST(lag_is_exact_and_reading_goes_on_at_the_oldest_kept)
{
    for (size_t capacity = 1; capacity <= 70; capacity += 23) { /* none a power of two but 1 */
        ac_broadcast_tx(int) tx;
        int v;
        ck_assert_int_eq(ac_broadcast_new(capacity, &tx), 0);
        ac_broadcast_rx(int) rx = ac_broadcast_subscribe(tx), other = ac_broadcast_subscribe(tx);
        for (int i = 0; i < 500; i++) {
            ck_assert_int_eq(ac_broadcast_send(tx, i), 2);
            ck_assert(ac_broadcast_try_recv(other, &v) == 0 && v == i); /* lag is per receiver */
        }
        ck_assert_int_eq(ac_broadcast_try_recv(rx, &v), 500 - (int)capacity);
        for (int i = 500 - (int)capacity; i < 500; i++) ck_assert(ac_broadcast_try_recv(rx, &v) == 0 && v == i);
        ck_assert_int_eq(ac_broadcast_try_recv(rx, &v), -EAGAIN);
        ac_broadcast_drop_tx(tx);
        ac_broadcast_drop_rx(rx);
        ac_broadcast_drop_rx(other);
    }
}
END_TEST

START_TEST(closing_overwrites_nothing)
{
    ac_broadcast_tx(int) tx;
    int v;
    ck_assert_int_eq(ac_broadcast_new(2, &tx), 0);
    ac_broadcast_rx(int) rx = ac_broadcast_subscribe(tx);
    for (int i = 1; i <= 2; i++) ac_broadcast_send(tx, i);
    ac_broadcast_drop_tx(tx);
    ck_assert(ac_broadcast_try_recv(rx, &v) == 0 && v == 1);
    ck_assert(ac_broadcast_try_recv(rx, &v) == 0 && v == 2);
    ck_assert_int_eq(ac_broadcast_try_recv(rx, &v), -EPIPE);
    ac_broadcast_drop_rx(rx);
}
END_TEST

START_TEST(resubscribe_starts_at_the_tail)
{
    ac_broadcast_tx(int) tx;
    int v;
    ck_assert_int_eq(ac_broadcast_new(8, &tx), 0);
    ac_broadcast_rx(int) rx = ac_broadcast_subscribe(tx);
    ac_broadcast_send(tx, 1);
    ac_broadcast_rx(int) fresh = ac_broadcast_resubscribe(rx);
    ac_broadcast_send(tx, 2);
    ck_assert(ac_broadcast_try_recv(fresh, &v) == 0 && v == 2);
    ck_assert(ac_broadcast_try_recv(rx, &v) == 0 && v == 1);
    ac_broadcast_drop_rx(rx);
    ac_broadcast_drop_rx(fresh);
    ac_broadcast_drop_tx(tx);
}
END_TEST

START_TEST(values_are_dropped_when_overwritten_and_at_the_end)
{
    ac_broadcast_tx(int) tx;
    drops = 0;
    ck_assert_int_eq(ac_broadcast_new(3, &tx), 0);
    ac_broadcast_set_drop(tx, count_drop);
    ac_broadcast_rx(int) rx = ac_broadcast_subscribe(tx);
    for (int i = 1; i <= 10; i++) ac_broadcast_send(tx, i);
    ck_assert_int_eq(drops, 7);
    ac_broadcast_drop_rx(rx);
    ac_broadcast_drop_tx(tx);
    ck_assert_int_eq(drops, 10);
}
END_TEST

START_TEST(closed_wakes_when_the_last_receiver_goes)
{
    ac_broadcast_tx(int) tx;
    struct hand hand = HAND;
    struct ac_op_broadcast_closed_future closed;
    ck_assert_int_eq(ac_broadcast_new(3, &tx), 0);
    ac_broadcast_rx(int) a = ac_broadcast_subscribe(tx), b = ac_broadcast_subscribe(tx);
    ac_op_broadcast_closed_init(&closed, (void *)tx);
    ck_assert_int_eq(POLL_BY(&hand, ac_op_broadcast_closed, &closed), AC_PENDING);
    ac_broadcast_drop_rx(a);
    ck_assert(!woken(&hand));
    ac_broadcast_drop_rx(b);
    ck_assert(woken(&hand));
    ck_assert_int_eq(POLL_BY(&hand, ac_op_broadcast_closed, &closed), AC_READY);
    ac_broadcast_drop_tx(tx);
}
END_TEST

/* --- All orders: two receivers, capacity 2 ------------------------------------------------------------------------ */

enum { RECEIVERS = 2, CAPACITY = 2 };
enum { POLL_STEP = 0, DROP_STEP = RECEIVERS, TRY_STEP = 2 * RECEIVERS, SEND_STEP, END_STEP, SYMBOLS };

struct world {
    ac_broadcast_tx(int) tx;
    ac_broadcast_rx(int) rx[RECEIVERS];
    struct hand hand[RECEIVERS];
    struct ac_op_broadcast_recv_future f[RECEIVERS];
    int got[RECEIVERS];
    /* the model: value i is the number i */
    int tail, next[RECEIVERS];
    bool waits[RECEIVERS], expect_wake[RECEIVERS];
};

static int64_t model_recv(struct world *w, int i)
{
    if (w->next[i] == w->tail) return w->tx ? -EAGAIN : -EPIPE;
    int missed = w->tail - CAPACITY - w->next[i];
    if (missed > 0) return w->next[i] += missed, missed;
    w->next[i]++;
    return 0;
}

static void compare(struct world *w, int i, int64_t result, const unsigned char *steps, unsigned n)
{
    int number = w->next[i];
    EXPECT(result == model_recv(w, i));
    if (result == 0) EXPECT(w->got[i] == number);
}

static void model_wake(struct world *w)
{
    for (int i = 0; i < RECEIVERS; i++) {
        w->expect_wake[i] = w->waits[i];
        w->waits[i] = false;
    }
}

static void run(const unsigned char *steps, unsigned n)
{
    struct world w = { .tail = 0 };
    EXPECT(ac_broadcast_new(CAPACITY, &w.tx) == 0);
    for (int i = 0; i < RECEIVERS; i++) {
        w.hand[i] = (struct hand)HAND;
        w.rx[i] = ac_broadcast_subscribe(w.tx);
        ac_op_broadcast_recv_init(&w.f[i], (void *)w.rx[i], &w.got[i]);
    }
    for (unsigned s = 0; s < n; s++) {
        int step = steps[s], i = step % RECEIVERS;
        if (step == SEND_STEP && w.tx) {
            EXPECT(ac_broadcast_send(w.tx, w.tail) == RECEIVERS);
            w.tail++;
            model_wake(&w);
        } else if (step == END_STEP && w.tx) {
            ac_broadcast_drop_tx(w.tx);
            w.tx = NULL;
            model_wake(&w);
        } else if (step == TRY_STEP && !w.waits[0]) {
            compare(&w, 0, ac_broadcast_try_recv(w.rx[0], &w.got[0]), steps, n);
        } else if (step < DROP_STEP) {
            int polled = POLL_BY(&w.hand[i], ac_op_broadcast_recv, &w.f[i]);
            compare(&w, i, polled == AC_READY ? w.f[i].result : -EAGAIN, steps, n);
            w.waits[i] = polled == AC_PENDING;
            if (polled == AC_READY) ac_op_broadcast_recv_init(&w.f[i], (void *)w.rx[i], &w.got[i]);
        } else if (step < TRY_STEP) {
            ac_op_broadcast_recv_drop(&w.f[i]);
            ac_op_broadcast_recv_init(&w.f[i], (void *)w.rx[i], &w.got[i]);
            w.waits[i] = false;
        }
        for (int k = 0; k < RECEIVERS; k++) {
            EXPECT(woken(&w.hand[k]) == w.expect_wake[k]);
            w.expect_wake[k] = false;
        }
    }
    for (int i = 0; i < RECEIVERS; i++) {
        ac_op_broadcast_recv_drop(&w.f[i]);
        ac_broadcast_drop_rx(w.rx[i]);
    }
    ac_broadcast_drop_tx(w.tx);
}

START_TEST(every_order_of_sending_receiving_cancelling_and_ending) { explore(SYMBOLS, 7, run); }
END_TEST

/* --- Under real schedulers ---------------------------------------------------------------------------------------- */

struct message {
    int sender, number, check[6];
};
enum { SENDERS = 2, MESSAGES = 3000 };

/* What is received and what is reported missed add up to what was sent; no value is torn. */
SCRIPT(receiver, ac_broadcast_rx(struct message) rx; struct message m; int64_t total; int least[SENDERS];
       struct ac_op_broadcast_recv_future recv;)
{
    BEGIN;
    for (;;) {
        AWAIT(ac_op_broadcast_recv, recv, (void *)self->rx, &self->m);
        if (self->recv.result < 0) break;
        self->total += self->recv.result ? self->recv.result : 1;
        if (self->recv.result > 0) continue;
        for (int i = 0; i < 6; i++) REQUIRE(self->m.check[i] == self->m.number);
        REQUIRE(self->m.number >= self->least[self->m.sender]); /* none twice */
        self->least[self->m.sender] = self->m.number + 1;
    }
    ac_broadcast_drop_rx(self->rx);
    RETURN(self->total == SENDERS * MESSAGES);
    END;
}

SCRIPT(sender, ac_broadcast_tx(struct message) tx; int i, id; struct ac_yield_future yield;)
{
    BEGIN;
    for (self->i = 0; self->i < MESSAGES; self->i++) {
        struct message m = { self->id, self->i, { self->i, self->i, self->i, self->i, self->i, self->i } };
        REQUIRE(ac_broadcast_send(self->tx, m) > 0);
        if (self->i % 20 == 0) YIELD();
    }
    ac_broadcast_drop_tx(self->tx);
    END;
}

static void *receive_on_thread(void *argument)
{
    ac_broadcast_rx(struct message) rx = argument;
    struct message m;
    int64_t total = 0, missed;
    while ((missed = ac_broadcast_blocking_recv(rx, &m)) >= 0) total += missed ? missed : 1;
    REQUIRE(missed == -EPIPE && total == SENDERS * MESSAGES);
    ac_broadcast_drop_rx(rx);
    return NULL;
}

START_TEST(every_value_is_received_or_counted_as_missed)
{
    const unsigned workers[] = { 1, 2, 8 };
    const size_t capacities[] = { 1, 16, 1000 };
    for (int c = 0; c < 3; c++) {
        ac_runtime *rt = new_runtime((ac_runtime_options){ .worker_threads = workers[_i] });
        ac_broadcast_tx(struct message) tx;
        void *task[40];
        pthread_t thread;
        int value;
        ck_assert_int_eq(ac_broadcast_new(capacities[c], &tx), 0);
        for (int i = 0; i < 40; i++) task[i] = SPAWN(rt, receiver, .rx = ac_broadcast_subscribe(tx));
        pthread_create(&thread, NULL, receive_on_thread, (void *)ac_broadcast_subscribe(tx));
        for (int i = 0; i < SENDERS; i++) ac_detach(SPAWN(rt, sender, .tx = ac_broadcast_clone(tx), .id = i));
        ac_broadcast_drop_tx(tx);
        for (int i = 0; i < 40; i++) {
            ck_assert_int_eq(join_task(rt, task[i], &value), 0);
            ck_assert_int_eq(value, 1);
        }
        pthread_join(thread, NULL);
        end_runtime(rt);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("broadcast");
    TCase *tests = tcase_create("broadcast");
    tcase_add_test(tests, each_receiver_gets_what_was_sent_after_it_subscribed);
    tcase_add_test(tests, lag_is_exact_and_reading_goes_on_at_the_oldest_kept);
    tcase_add_test(tests, closing_overwrites_nothing);
    tcase_add_test(tests, resubscribe_starts_at_the_tail);
    tcase_add_test(tests, values_are_dropped_when_overwritten_and_at_the_end);
    tcase_add_test(tests, closed_wakes_when_the_last_receiver_goes);
    tcase_add_test(tests, every_order_of_sending_receiving_cancelling_and_ending);
    tcase_add_loop_test(tests, every_value_is_received_or_counted_as_missed, 0, 3);
    tcase_set_timeout(tests, 30);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

/* The mpsc channel: what include/asyncc/mpsc.h says. */
#include "hand.h"
#include <pthread.h>
#include <sched.h>

struct big { /* an odd size and a large alignment */
    _Alignas(64) char text[100];
    int n;
};

static int drops;
static void count_drop(int *value) { drops += *value > 0; }

/* --- One behaviour each ------------------------------------------------------------------------------------------- */

START_TEST(values_arrive_in_order_across_segments)
{
    ac_mpsc_tx(int) tx;
    ac_mpsc_rx(int) rx;
    int v;
    ck_assert_int_eq(ac_mpsc_new_unbounded(&tx, &rx), 0);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 1000; i++) {
            ck_assert_int_eq(ac_mpsc_try_send(tx, i), 0);
            ck_assert_uint_eq(ac_mpsc_len(rx), (size_t)i + 1);
        }
        for (int i = 0; i < 1000; i++) {
            ck_assert_int_eq(ac_mpsc_try_recv(rx, &v), 0);
            ck_assert_int_eq(v, i);
            ck_assert_uint_eq(ac_mpsc_len(tx), 999 - (size_t)i);
        }
        ck_assert_int_eq(ac_mpsc_try_recv(rx, &v), -EAGAIN);
    }
    ac_mpsc_drop_tx(tx);
    ck_assert_int_eq(ac_mpsc_try_recv(rx, &v), -EPIPE);
    ac_mpsc_drop_rx(rx);
}
END_TEST

START_TEST(structs_of_any_size_and_alignment_are_copied_whole)
{
    ac_mpsc_tx(struct big) tx;
    ac_mpsc_rx(struct big) rx;
    struct big v = { "hello", 0 }, got[3];
    ck_assert_int_eq(ac_mpsc_new(100, &tx, &rx), 0);
    for (v.n = 0; v.n < 100; v.n++) ck_assert_int_eq(ac_mpsc_try_send(tx, v), 0);
    ck_assert_int_eq(ac_mpsc_try_send(tx, v), -EAGAIN);
    for (int i = 0; i < 99; i += 3) {
        struct hand hand = HAND;
        struct ac_op_mpsc_recv_many_future many;
        ac_op_mpsc_recv_many_init(&many, (void *)rx, got, 3);
        ck_assert_int_eq(POLL_BY(&hand, ac_op_mpsc_recv_many, &many), AC_READY);
        ck_assert_uint_eq(many.result, 3);
        for (int k = 0; k < 3; k++) ck_assert(got[k].n == i + k && strcmp(got[k].text, "hello") == 0);
    }
    ac_mpsc_drop_tx(tx);
    ac_mpsc_drop_rx(rx);
}
END_TEST

START_TEST(large_values_take_a_segment_each)
{
    struct large {
        char bytes[40000];
    };
    static struct large v, got;
    ac_mpsc_tx(struct large) tx;
    ac_mpsc_rx(struct large) rx;
    ck_assert_int_eq(ac_mpsc_new(4, &tx, &rx), 0);
    for (int round = 0; round < 10; round++) {
        memset(v.bytes, round, sizeof v.bytes);
        for (int i = 0; i < 4; i++) ck_assert_int_eq(ac_mpsc_try_send(tx, v), 0);
        for (int i = 0; i < 4; i++) {
            ck_assert_int_eq(ac_mpsc_try_recv(rx, &got), 0);
            ck_assert(memcmp(&v, &got, sizeof v) == 0);
        }
    }
    ac_mpsc_drop_rx(rx);
    ac_mpsc_drop_tx(tx);
}
END_TEST

START_TEST(capacity_counts_values_and_permits)
{
    ac_mpsc_tx(int) tx;
    ac_mpsc_rx(int) rx;
    ac_mpsc_permit(int) permit;
    ck_assert_int_eq(ac_mpsc_new(0, &tx, &rx), -EINVAL);
    ck_assert_int_eq(ac_mpsc_new(2, &tx, &rx), 0);
    ck_assert_int_eq(ac_mpsc_try_send(tx, 1), 0);
    ck_assert_int_eq(ac_mpsc_try_reserve(tx, &permit), 0);
    ck_assert_uint_eq(ac_mpsc_capacity(tx), 0);
    ck_assert_uint_eq(ac_mpsc_max_capacity(tx), 2);
    ck_assert_int_eq(ac_mpsc_try_send(tx, 2), -EAGAIN);
    ac_mpsc_permit_drop(permit);
    ck_assert_int_eq(ac_mpsc_try_send(tx, 2), 0);
    ck_assert_uint_eq(ac_mpsc_len(tx), 2);
    ac_mpsc_drop_tx(tx);
    ac_mpsc_drop_rx(rx);
}
END_TEST

START_TEST(reserve_many_takes_all_or_none)
{
    ac_mpsc_tx(int) tx;
    ac_mpsc_rx(int) rx;
    ac_mpsc_permit(int) permit[4];
    int v;
    ck_assert_int_eq(ac_mpsc_new(3, &tx, &rx), 0);
    ck_assert_int_eq(ac_mpsc_try_reserve_many(tx, 4, permit), -EINVAL);
    ck_assert_int_eq(ac_mpsc_try_send(tx, 7), 0);
    ck_assert_int_eq(ac_mpsc_try_reserve_many(tx, 3, permit), -EAGAIN);
    ck_assert_int_eq(ac_mpsc_try_reserve_many(tx, 2, permit), 0);
    ck_assert_int_eq(ac_mpsc_try_reserve_many(tx, 0, permit + 2), 0); /* also when full */
    ac_mpsc_permit_send(permit[1], 8);
    ac_mpsc_permit_send(permit[0], 9);
    for (int i = 7; i < 10; i++) {
        ck_assert_int_eq(ac_mpsc_try_recv(rx, &v), 0);
        ck_assert_int_eq(v, i);
    }
    ac_mpsc_close(rx);
    ck_assert_int_eq(ac_mpsc_try_reserve_many(tx, 0, permit), -EPIPE);
    ac_mpsc_drop_tx(tx);
    ac_mpsc_drop_rx(rx);
}
END_TEST

START_TEST(permits_outlive_close_and_the_senders)
{
    ac_mpsc_tx(int) tx;
    ac_mpsc_rx(int) rx;
    ac_mpsc_permit(int) permit[2];
    struct hand hand = HAND;
    struct ac_op_mpsc_recv_future recv;
    int v = 0;
    ck_assert_int_eq(ac_mpsc_new(2, &tx, &rx), 0);
    ck_assert_int_eq(ac_mpsc_try_reserve_many(tx, 2, permit), 0);
    ac_mpsc_close(rx);
    ck_assert(ac_mpsc_is_closed(tx));
    ck_assert_int_eq(ac_mpsc_try_send(tx, 1), -EPIPE);
    ac_mpsc_drop_tx(tx);
    ck_assert_int_eq(ac_mpsc_try_recv(rx, &v), -EAGAIN); /* not -EPIPE: there are permits */
    ac_op_mpsc_recv_init(&recv, (void *)rx, &v);
    ck_assert_int_eq(POLL_BY(&hand, ac_op_mpsc_recv, &recv), AC_PENDING);
    ac_mpsc_permit_send(permit[0], 5);
    ck_assert(woken(&hand));
    ck_assert_int_eq(POLL_BY(&hand, ac_op_mpsc_recv, &recv), AC_READY);
    ck_assert(recv.result && v == 5);
    ac_op_mpsc_recv_init(&recv, (void *)rx, &v);
    ck_assert_int_eq(POLL_BY(&hand, ac_op_mpsc_recv, &recv), AC_PENDING);
    ac_mpsc_permit_drop(permit[1]);
    ck_assert(woken(&hand));
    ck_assert_int_eq(POLL_BY(&hand, ac_op_mpsc_recv, &recv), AC_READY);
    ck_assert(!recv.result);
    ac_mpsc_drop_rx(rx);
}
END_TEST

START_TEST(a_permit_may_be_the_last_to_go)
{
    ac_mpsc_tx(int) tx;
    ac_mpsc_rx(int) rx;
    ac_mpsc_permit(int) permit[2];
    drops = 0;
    ck_assert_int_eq(ac_mpsc_new(2, &tx, &rx), 0);
    ac_mpsc_set_drop(rx, count_drop);
    ck_assert_int_eq(ac_mpsc_try_reserve_many(tx, 2, permit), 0);
    ac_mpsc_drop_rx(rx);
    ac_mpsc_drop_tx(tx);
    ac_mpsc_permit_send(permit[0], 5); /* nobody will receive it: dropped as one that was queued */
    ck_assert_int_eq(drops, 1);
    ac_mpsc_permit_drop(permit[1]);
}
END_TEST

START_TEST(dropping_the_receiver_drops_what_is_queued)
{
    ac_mpsc_tx(int) tx;
    ac_mpsc_rx(int) rx;
    drops = 0;
    ck_assert_int_eq(ac_mpsc_new_unbounded(&tx, &rx), 0);
    ac_mpsc_set_drop(rx, count_drop);
    for (int i = 1; i <= 100; i++) ck_assert_int_eq(ac_mpsc_try_send(tx, i), 0);
    ac_mpsc_drop_rx(rx);
    ck_assert_int_eq(drops, 100);
    ck_assert_int_eq(ac_mpsc_try_send(tx, 1), -EPIPE);
    ac_mpsc_drop_tx(tx);
    ck_assert_int_eq(drops, 100);
}
END_TEST

START_TEST(weak_senders_keep_nothing_open)
{
    ac_mpsc_tx(int) tx, strong;
    ac_mpsc_rx(int) rx;
    int v;
    ck_assert_int_eq(ac_mpsc_new(2, &tx, &rx), 0);
    ac_mpsc_weak(int) weak = ac_mpsc_downgrade(tx), other = ac_mpsc_clone_weak(weak);
    ck_assert_uint_eq(ac_mpsc_weak_count(rx), 2);
    strong = ac_mpsc_upgrade(weak);
    ck_assert(strong && ac_mpsc_same(strong, tx));
    ck_assert_uint_eq(ac_mpsc_strong_count(rx), 2);
    ac_mpsc_drop_tx(tx);
    ck_assert_int_eq(ac_mpsc_try_recv(rx, &v), -EAGAIN);
    ac_mpsc_drop_tx(strong);
    ck_assert_int_eq(ac_mpsc_try_recv(rx, &v), -EPIPE);
    ck_assert(ac_mpsc_upgrade(weak) == NULL);
    ac_mpsc_drop_rx(rx);
    ac_mpsc_drop_weak(weak);
    ac_mpsc_drop_weak(other);
}
END_TEST

START_TEST(dropping_null_does_nothing)
{
    ac_mpsc_tx(int) tx = NULL;
    ac_mpsc_rx(int) rx = NULL;
    ac_mpsc_drop_tx(tx);
    ac_mpsc_drop_rx(rx);
    ac_mpsc_drop_weak((ac_mpsc_weak(int))NULL);
    ac_mpsc_permit_drop((ac_mpsc_permit(int))NULL);
}
END_TEST

START_TEST(recv_many_takes_what_is_there)
{
    ac_mpsc_tx(int) tx;
    ac_mpsc_rx(int) rx;
    struct hand hand = HAND;
    struct ac_op_mpsc_recv_many_future many;
    int v[200];
    ck_assert_int_eq(ac_mpsc_new_unbounded(&tx, &rx), 0);
    ac_op_mpsc_recv_many_init(&many, (void *)rx, v, 0);
    ck_assert_int_eq(POLL_BY(&hand, ac_op_mpsc_recv_many, &many), AC_READY);
    ck_assert_uint_eq(many.result, 0);
    ac_op_mpsc_recv_many_init(&many, (void *)rx, v, 200);
    ck_assert_int_eq(POLL_BY(&hand, ac_op_mpsc_recv_many, &many), AC_PENDING);
    for (int i = 0; i < 100; i++) ck_assert_int_eq(ac_mpsc_try_send(tx, i), 0);
    ck_assert(woken(&hand));
    ck_assert_int_eq(POLL_BY(&hand, ac_op_mpsc_recv_many, &many), AC_READY);
    ck_assert_uint_eq(many.result, 100);
    for (int i = 0; i < 100; i++) ck_assert_int_eq(v[i], i);
    ac_mpsc_drop_tx(tx);
    ac_op_mpsc_recv_many_init(&many, (void *)rx, v, 200);
    ck_assert_int_eq(POLL_BY(&hand, ac_op_mpsc_recv_many, &many), AC_READY);
    ck_assert_uint_eq(many.result, 0);
    ac_mpsc_drop_rx(rx);
}
END_TEST

START_TEST(closed_wakes_when_the_receiver_goes)
{
    ac_mpsc_tx(int) tx;
    ac_mpsc_rx(int) rx;
    struct hand hand[2] = { HAND, HAND };
    struct ac_op_mpsc_closed_future f[2];
    ck_assert_int_eq(ac_mpsc_new(1, &tx, &rx), 0);
    for (int i = 0; i < 2; i++) {
        ac_op_mpsc_closed_init(&f[i], (void *)tx);
        ck_assert_int_eq(POLL_BY(&hand[i], ac_op_mpsc_closed, &f[i]), AC_PENDING);
    }
    ac_op_mpsc_closed_drop(&f[0]);
    ac_mpsc_drop_rx(rx);
    ck_assert(!woken(&hand[0]) && woken(&hand[1]));
    ck_assert_int_eq(POLL_BY(&hand[1], ac_op_mpsc_closed, &f[1]), AC_READY);
    ac_mpsc_drop_tx(tx);
}
END_TEST

START_TEST(reserve_many_waits_for_all_and_is_not_passed)
{
    ac_mpsc_tx(int) tx;
    ac_mpsc_rx(int) rx;
    ac_mpsc_permit(int) permit[3];
    struct hand hand[2] = { HAND, HAND };
    struct ac_op_mpsc_reserve_future three;
    struct ac_op_mpsc_send_future one;
    int v, nine = 9;
    ck_assert_int_eq(ac_mpsc_new(3, &tx, &rx), 0);
    for (int i = 0; i < 2; i++) ck_assert_int_eq(ac_mpsc_try_send(tx, i), 0);
    ac_op_mpsc_reserve_init(&three, (void *)tx, 3, permit);
    ck_assert_int_eq(POLL_BY(&hand[0], ac_op_mpsc_reserve, &three), AC_PENDING);
    ac_op_mpsc_send_init(&one, (void *)tx, &nine);
    ck_assert_int_eq(POLL_BY(&hand[1], ac_op_mpsc_send, &one), AC_PENDING); /* there is room for it, but others wait */
    ck_assert_int_eq(ac_mpsc_try_send(tx, 5), -EAGAIN);
    ck_assert_int_eq(ac_mpsc_try_recv(rx, &v), 0);
    ck_assert(!woken(&hand[0]));
    ck_assert_int_eq(ac_mpsc_try_recv(rx, &v), 0);
    ck_assert(woken(&hand[0]) && !woken(&hand[1]));
    ac_op_mpsc_reserve_drop(&three); /* cancelled with three permits: one is the sender's */
    ck_assert(woken(&hand[1]));
    ck_assert_int_eq(POLL_BY(&hand[1], ac_op_mpsc_send, &one), AC_READY);
    ck_assert_int_eq(one.result, 0);
    ck_assert_uint_eq(ac_mpsc_capacity(tx), 2);
    ac_mpsc_drop_tx(tx);
    ac_mpsc_drop_rx(rx);
}
END_TEST

/* --- All orders --------------------------------------------------------------------------------------------------- */

/* Three that send, one that reserves and then sends or drops its permits, one that receives: one value or permit at
 * once, or up to two. */
enum state { NEW, WAITING, GRANTED, REFUSED, HOLDS };
enum { SENDERS = 3, RESERVER = SENDERS, RECEIVER, HANDS };
enum { POLL_STEP = 0, DROP_STEP = HANDS, CLOSE_STEP = 2 * HANDS, TRY_STEP, TRY_SEND_STEP, SYMBOLS };
static unsigned capacity, at_once = 1;

struct world {
    ac_mpsc_tx(int) tx;
    ac_mpsc_rx(int) rx;
    ac_mpsc_permit(int) permit[2];
    struct hand hand[HANDS];
    struct ac_op_mpsc_send_future send[SENDERS];
    struct ac_op_mpsc_reserve_future reserve;
    struct ac_op_mpsc_recv_future recv;
    struct ac_op_mpsc_recv_many_future recv_many;
    int value[SENDERS], next_value, got[2];
    /* the model */
    enum state state[RECEIVER];
    struct line queue; /* of those who wait for room */
    struct line values;
    unsigned permits;
    bool closed, sleeping, expect_wake[HANDS];
};

static void init(struct world *w, int i)
{
    if (i < SENDERS) {
        w->value[i] = ++w->next_value;
        ac_op_mpsc_send_init(&w->send[i], (void *)w->tx, &w->value[i]);
    } else if (i == RESERVER) {
        ac_op_mpsc_reserve_init(&w->reserve, (void *)w->tx, at_once, w->permit);
    } else {
        ac_op_mpsc_recv_init(&w->recv, (void *)w->rx, w->got);
        ac_op_mpsc_recv_many_init(&w->recv_many, (void *)w->rx, w->got, 2);
    }
}

static void model_wake_receiver(struct world *w)
{
    w->expect_wake[RECEIVER] |= w->sleeping;
    w->sleeping = false;
}

static unsigned wants(int i) { return i == RESERVER ? at_once : 1; }
static bool model_room(struct world *w, unsigned n) { return (unsigned)w->values.n + w->permits + n <= capacity; }

static void model_room_made(struct world *w)
{
    while (w->queue.n && model_room(w, wants(w->queue.who[0]))) {
        int i = line_pop(&w->queue);
        w->state[i] = GRANTED;
        w->permits += wants(i);
        w->expect_wake[i] = true;
    }
    if (w->closed && w->permits == 0 && w->values.n == 0) model_wake_receiver(w);
}

static void model_put(struct world *w, int value)
{
    line_push(&w->values, value);
    model_wake_receiver(w);
}

/* A permit (0), -EPIPE, or -EAGAIN for pending. */
static int model_reserve(struct world *w, int i)
{
    if (w->state[i] == REFUSED || (w->state[i] == NEW && w->closed)) return w->state[i] = NEW, -EPIPE;
    if (w->state[i] == NEW && !w->queue.n && model_room(w, wants(i))) w->state[i] = GRANTED, w->permits += wants(i);
    else if (w->state[i] == NEW) w->state[i] = WAITING, line_push(&w->queue, i);
    return w->state[i] == GRANTED ? 0 : -EAGAIN;
}

static void poll_sender(struct world *w, int i, const unsigned char *steps, unsigned n)
{
    int expected = model_reserve(w, i);
    int polled = POLL_BY(&w->hand[i], ac_op_mpsc_send, &w->send[i]);
    EXPECT(expected == (polled == AC_READY ? w->send[i].result : -EAGAIN));
    if (expected == 0) {
        w->permits--;
        w->state[i] = NEW;
        model_put(w, w->value[i]);
    }
    if (polled == AC_READY) init(w, i);
}

static void poll_reserver(struct world *w, const unsigned char *steps, unsigned n)
{
    if (w->state[RESERVER] == HOLDS) {
        for (unsigned k = 0; k < at_once; k++) {
            int value = ++w->next_value;
            ac_mpsc_permit_send(w->permit[k], value);
            w->permits--;
            model_put(w, value);
        }
        w->state[RESERVER] = NEW;
        return;
    }
    int expected = model_reserve(w, RESERVER);
    int polled = POLL_BY(&w->hand[RESERVER], ac_op_mpsc_reserve, &w->reserve);
    EXPECT(expected == (polled == AC_READY ? w->reserve.result : -EAGAIN));
    if (expected == 0) w->state[RESERVER] = HOLDS;
    if (polled == AC_READY) init(w, RESERVER);
}

static void poll_receiver(struct world *w, const unsigned char *steps, unsigned n)
{
    unsigned has = (unsigned)w->values.n < at_once ? (unsigned)w->values.n : at_once;
    bool finished = !has && w->closed && w->permits == 0;
    int polled = at_once == 1 ? POLL_BY(&w->hand[RECEIVER], ac_op_mpsc_recv, &w->recv)
                              : POLL_BY(&w->hand[RECEIVER], ac_op_mpsc_recv_many, &w->recv_many);
    EXPECT(polled == (has || finished ? AC_READY : AC_PENDING));
    w->sleeping = polled == AC_PENDING;
    if (polled == AC_PENDING) return;
    EXPECT((at_once == 1 ? w->recv.result : w->recv_many.result) == has);
    for (unsigned k = 0; k < has; k++) EXPECT(w->got[k] == line_pop(&w->values));
    if (has) model_room_made(w);
    init(w, RECEIVER);
}

static void try_receive(struct world *w, const unsigned char *steps, unsigned n)
{
    int v, result = ac_mpsc_try_recv(w->rx, &v);
    EXPECT(result == (w->values.n ? 0 : w->closed && w->permits == 0 ? -EPIPE : -EAGAIN));
    if (result) return;
    EXPECT(v == line_pop(&w->values));
    model_room_made(w);
}

static void try_send(struct world *w, const unsigned char *steps, unsigned n)
{
    int value = ++w->next_value, result = ac_mpsc_try_send(w->tx, value);
    EXPECT(result == (w->closed ? -EPIPE : w->queue.n || !model_room(w, 1) ? -EAGAIN : 0));
    if (result == 0) model_put(w, value);
}

static void drop(struct world *w, int i)
{
    if (i == RECEIVER) {
        if (at_once == 1) ac_op_mpsc_recv_drop(&w->recv);
        else ac_op_mpsc_recv_many_drop(&w->recv_many);
        w->sleeping = false;
    } else {
        enum state was = w->state[i];
        if (i < SENDERS) ac_op_mpsc_send_drop(&w->send[i]);
        else if (was != HOLDS) ac_op_mpsc_reserve_drop(&w->reserve);
        for (unsigned k = 0; was == HOLDS && k < at_once; k++) ac_mpsc_permit_drop(w->permit[k]);
        w->state[i] = NEW;
        line_remove(&w->queue, i);
        if (was == GRANTED || was == HOLDS) w->permits -= wants(i);
        model_room_made(w);
    }
    init(w, i);
}

static void close_it(struct world *w)
{
    ac_mpsc_close(w->rx);
    w->closed = true;
    while (w->queue.n) {
        int i = line_pop(&w->queue);
        w->state[i] = REFUSED;
        w->expect_wake[i] = true;
    }
    model_room_made(w);
}

static void run(const unsigned char *steps, unsigned n)
{
    struct world w = { .next_value = 0 };
    EXPECT(ac_mpsc_new(capacity, &w.tx, &w.rx) == 0);
    drops = 0;
    ac_mpsc_set_drop(w.rx, count_drop);
    for (int i = 0; i < HANDS; i++) {
        w.hand[i] = (struct hand)HAND;
        init(&w, i);
    }
    for (unsigned s = 0; s < n; s++) {
        int step = steps[s];
        if (step < SENDERS) poll_sender(&w, step, steps, n);
        else if (step == RESERVER) poll_reserver(&w, steps, n);
        else if (step == RECEIVER) poll_receiver(&w, steps, n);
        else if (step == CLOSE_STEP) close_it(&w);
        else if (step == TRY_STEP) try_receive(&w, steps, n);
        else if (step == TRY_SEND_STEP) try_send(&w, steps, n);
        else drop(&w, step - DROP_STEP);
        for (int k = 0; k < HANDS; k++) {
            EXPECT(woken(&w.hand[k]) == w.expect_wake[k]);
            w.expect_wake[k] = false;
        }
        EXPECT(ac_mpsc_len(w.rx) == (size_t)w.values.n);
        EXPECT(ac_mpsc_capacity(w.tx) == capacity - w.permits - (unsigned)w.values.n);
    }
    for (int i = 0; i < HANDS; i++) drop(&w, i);
    for (int i = 0; i < HANDS; i++) drop(&w, i); /* once more: for what was granted by the clean-up */
    EXPECT(ac_mpsc_capacity(w.tx) == capacity - (unsigned)w.values.n);
    ac_mpsc_drop_rx(w.rx);
    EXPECT(drops == w.values.n);
    ac_mpsc_drop_tx(w.tx);
}

START_TEST(every_order_of_sending_reserving_receiving_cancelling_and_closing)
{
    capacity = 1;
    explore(SYMBOLS, 5, run);
    for (capacity = 1; capacity <= 3; capacity++) explore_some(SYMBOLS, 16, 30000, run);
}
END_TEST

START_TEST(every_order_of_reserving_and_receiving_many)
{
    at_once = 2;
    capacity = 2;
    explore(SYMBOLS, 5, run);
    for (capacity = 2; capacity <= 4; capacity++) explore_some(SYMBOLS, 16, 30000, run);
    at_once = 1;
}
END_TEST

/* --- Under real schedulers ---------------------------------------------------------------------------------------- */

struct message {
    int sender, number;
};
enum { MESSAGES = 3000 };

SCRIPT(sender, ac_mpsc_tx(struct message) tx; int id, times; struct message m; struct ac_op_mpsc_send_future send;
       struct ac_op_mpsc_reserve_future reserve; ac_mpsc_permit(struct message) permit; struct ac_yield_future yield;)
{
    BEGIN;
    for (; self->m.number < self->times; self->m.number++) {
        self->m.sender = self->id;
        if (self->m.number % 3 == 0) {
            AWAIT(ac_op_mpsc_reserve, reserve, (void *)self->tx, 1, &self->permit);
            REQUIRE(self->reserve.result == 0);
            ac_mpsc_permit_send(self->permit, self->m);
        } else {
            AWAIT(ac_op_mpsc_send, send, (void *)self->tx, &self->m);
            REQUIRE(self->send.result == 0);
        }
        if (self->m.number % 50 == 0) YIELD();
    }
    ac_mpsc_drop_tx(self->tx);
    END;
}

static void *send_on_thread(void *argument)
{
    ac_mpsc_tx(struct message) tx = argument;
    for (int i = 0; i < MESSAGES; i++) REQUIRE(ac_mpsc_blocking_send(tx, ((struct message){ 4, i })) == 0);
    ac_mpsc_drop_tx(tx);
    return NULL;
}

SCRIPT(receiver, ac_mpsc_rx(struct message) rx; struct message m[10]; int next[5]; int many;
       struct ac_op_mpsc_recv_future recv; struct ac_op_mpsc_recv_many_future recv_many;)
{
    BEGIN;
    for (;;) {
        if (self->many) {
            AWAIT(ac_op_mpsc_recv_many, recv_many, (void *)self->rx, self->m, 10);
            if (self->recv_many.result == 0) break;
        } else {
            AWAIT(ac_op_mpsc_recv, recv, (void *)self->rx, self->m);
            self->recv_many.result = self->recv.result;
            if (!self->recv.result) break;
        }
        for (size_t i = 0; i < self->recv_many.result; i++)
            REQUIRE(self->m[i].number == self->next[self->m[i].sender]++);
    }
    for (int i = 0; i < 5; i++) REQUIRE(self->next[i] == MESSAGES);
    ac_mpsc_drop_rx(self->rx);
    RETURN(1);
    END;
}

START_TEST(all_arrive_in_order_of_each_sender)
{
    const unsigned workers[] = { 1, 2, 8 };
    ac_runtime *rt = new_runtime((ac_runtime_options){ .worker_threads = workers[_i % 3] });
    const size_t capacities[] = { 1, 7, 100, 0 };
    for (int c = 0; c < 4; c++) {
        ac_mpsc_tx(struct message) tx;
        ac_mpsc_rx(struct message) rx;
        pthread_t thread;
        int value;
        if (capacities[c]) ck_assert_int_eq(ac_mpsc_new(capacities[c], &tx, &rx), 0);
        else ck_assert_int_eq(ac_mpsc_new_unbounded(&tx, &rx), 0);
        pthread_create(&thread, NULL, send_on_thread, (void *)ac_mpsc_clone(tx));
        void *task = SPAWN(rt, receiver, .rx = rx, .many = _i >= 3);
        for (int i = 0; i < 4; i++) ac_detach(SPAWN(rt, sender, .tx = ac_mpsc_clone(tx), .id = i, .times = MESSAGES));
        ac_mpsc_drop_tx(tx);
        ck_assert_int_eq(join_task(rt, task, &value), 0);
        ck_assert_int_eq(value, 1);
        pthread_join(thread, NULL);
    }
    end_runtime(rt);
}
END_TEST

/* A sender that is aborted wherever it stands must not take room with it. It sends from a frame that does not own the
 * channel. */
SCRIPT(keeps_sending, ac_mpsc_tx(struct message) tx; struct message m; struct ac_op_mpsc_send_future send;)
{
    BEGIN;
    for (;;) AWAIT(ac_op_mpsc_send, send, (void *)self->tx, &self->m);
    END;
}

START_TEST(aborted_senders_leave_their_room_to_the_others)
{
    ac_runtime *rt = new_runtime(
        (ac_runtime_options){ .flavor = AC_MULTI_THREAD, /* this thread blocks meanwhile */ .worker_threads = 4 });
    ac_mpsc_tx(struct message) tx;
    ac_mpsc_rx(struct message) rx;
    struct message m;
    ck_assert_int_eq(ac_mpsc_new(3, &tx, &rx), 0);
    for (int round = 0; round < 100; round++) {
        void *task[6];
        for (int i = 0; i < 6; i++) task[i] = SPAWN(rt, keeps_sending, .tx = tx);
        for (int i = 0; i < 50; i++) ck_assert(ac_mpsc_blocking_recv(rx, &m));
        for (int i = 0; i < 6; i++) ac_abort(task[i]);
        for (int i = 0; i < 6; i++) join_task(rt, task[i], NULL);
        while (ac_mpsc_try_recv(rx, &m) == 0) {}
        ck_assert_uint_eq(ac_mpsc_capacity(tx), 3);
    }
    ac_mpsc_drop_tx(tx);
    ac_mpsc_drop_rx(rx);
    end_runtime(rt);
}
END_TEST

static void *close_soon(void *rx)
{
    sched_yield();
    ac_mpsc_drop_rx((ac_mpsc_rx(struct message))rx);
    return NULL;
}

SCRIPT(send_until_closed, ac_mpsc_tx(struct message) tx; struct message m; struct ac_op_mpsc_send_future send;)
{
    BEGIN;
    do AWAIT(ac_op_mpsc_send, send, (void *)self->tx, &self->m);
    while (self->send.result == 0);
    ac_mpsc_drop_tx(self->tx);
    RETURN(self->send.result);
    END;
}

START_TEST(senders_learn_that_the_receiver_went)
{
    ac_runtime *rt = new_runtime((ac_runtime_options){ .worker_threads = 2 });
    for (int round = 0; round < 200; round++) {
        ac_mpsc_tx(struct message) tx;
        ac_mpsc_rx(struct message) rx;
        void *task[3];
        pthread_t thread;
        int value;
        if (round % 2) ck_assert_int_eq(ac_mpsc_new(2, &tx, &rx), 0);
        else ck_assert_int_eq(ac_mpsc_new_unbounded(&tx, &rx), 0);
        for (int i = 0; i < 3; i++) task[i] = SPAWN(rt, send_until_closed, .tx = ac_mpsc_clone(tx));
        ac_mpsc_drop_tx(tx);
        pthread_create(&thread, NULL, close_soon, (void *)rx);
        for (int i = 0; i < 3; i++) {
            ck_assert_int_eq(join_task(rt, task[i], &value), 0);
            ck_assert_int_eq(value, -EPIPE);
        }
        pthread_join(thread, NULL);
    }
    end_runtime(rt);
}
END_TEST

SCRIPT(blocks, ac_mpsc_rx(struct message) rx; struct message m;)
{
    (void)cx;
    ac_mpsc_blocking_recv(self->rx, &self->m);
    return AC_READY;
}

START_TEST(blocking_in_a_task_is_fatal)
{
    ac_mpsc_tx(struct message) tx;
    ac_mpsc_rx(struct message) rx;
    ck_assert_int_eq(ac_mpsc_new(2, &tx, &rx), 0);
    RUN(new_runtime((ac_runtime_options){ 0 }), blocks, .rx = rx);
}
END_TEST

static size_t allocated;
static void *count_allocate(size_t size, size_t align, void *context)
{
    (void)context;
    __atomic_add_fetch(&allocated, 1, __ATOMIC_RELAXED);
    return aligned_alloc(align < 16 ? 16 : align, (size + 63) & ~(size_t)63);
}
static void *count_resize(void *block, size_t size, void *context)
{
    (void)context;
    return realloc(block, size);
}
static void count_release(void *block, void *context)
{
    (void)context;
    free(block);
}

START_TEST(a_warm_channel_does_not_allocate)
{
    ac_allocator counting = { count_allocate, count_resize, count_release, NULL };
    end_runtime(new_runtime((ac_runtime_options){ .allocator = &counting }));
    ac_mpsc_tx(int) tx;
    ac_mpsc_rx(int) rx;
    size_t warm = 0;
    int v;
    ck_assert_int_eq(ac_mpsc_new(1000000, &tx, &rx), 0);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 5000; i++) ck_assert_int_eq(ac_mpsc_try_send(tx, i), 0);
        for (int i = 0; i < 5000; i++) ck_assert_int_eq(ac_mpsc_try_recv(rx, &v), 0);
        if (round == 0) warm = allocated;
    }
    ck_assert_uint_ge(warm, 5000 / 32);
    ck_assert_uint_eq(allocated, warm);
    ac_mpsc_drop_tx(tx);
    ac_mpsc_drop_rx(rx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mpsc");
    TCase *tests = tcase_create("mpsc");
    tcase_add_test(tests, values_arrive_in_order_across_segments);
    tcase_add_test(tests, structs_of_any_size_and_alignment_are_copied_whole);
    tcase_add_test(tests, large_values_take_a_segment_each);
    tcase_add_test(tests, capacity_counts_values_and_permits);
    tcase_add_test(tests, reserve_many_takes_all_or_none);
    tcase_add_test(tests, permits_outlive_close_and_the_senders);
    tcase_add_test(tests, a_permit_may_be_the_last_to_go);
    tcase_add_test(tests, dropping_the_receiver_drops_what_is_queued);
    tcase_add_test(tests, weak_senders_keep_nothing_open);
    tcase_add_test(tests, dropping_null_does_nothing);
    tcase_add_test(tests, recv_many_takes_what_is_there);
    tcase_add_test(tests, closed_wakes_when_the_receiver_goes);
    tcase_add_test(tests, reserve_many_waits_for_all_and_is_not_passed);
    tcase_add_test(tests, every_order_of_sending_reserving_receiving_cancelling_and_closing);
    tcase_add_test(tests, every_order_of_reserving_and_receiving_many);
    tcase_add_loop_test(tests, all_arrive_in_order_of_each_sender, 0, 6);
    tcase_add_test(tests, aborted_senders_leave_their_room_to_the_others);
    tcase_add_test(tests, senders_learn_that_the_receiver_went);
    tcase_add_test_raise_signal(tests, blocking_in_a_task_is_fatal, SIGABRT);
    tcase_add_test(tests, a_warm_channel_does_not_allocate);
    tcase_set_timeout(tests, 30);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

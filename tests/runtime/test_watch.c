/* The watch channel: what include/asyncc/watch.h says. */
#include "hand.h"
#include <sched.h>

static int drops;
static void count_drop(int *value) { drops += *value > 0; }
static bool add(int *value, void *by) { return *value += *(int *)by, *(int *)by != 0; }
static bool at_least(const int *value, void *bound) { return *value >= *(int *)bound; }

START_TEST(the_first_value_counts_as_seen_and_only_the_latest_is_kept)
{
    ac_watch_tx(int) tx;
    int v = 0;
    ck_assert_int_eq(ac_watch_new(1, &tx), 0);
    ac_watch_rx(int) rx = ac_watch_subscribe(tx);
    ck_assert_int_eq(ac_watch_has_changed(rx), 0);
    ck_assert_int_eq(ac_watch_send(tx, 2), 0);
    ck_assert_int_eq(ac_watch_send(tx, 3), 0);
    ck_assert_int_eq(ac_watch_has_changed(rx), 1);
    ac_watch_get(rx, &v);
    ck_assert_int_eq(v, 3);
    ck_assert_int_eq(ac_watch_has_changed(rx), 1); /* get does not count as seen */
    ck_assert(ac_watch_get_update(rx, &v) && v == 3);
    ck_assert(!ac_watch_get_update(rx, &v));
    ac_watch_mark_changed(rx);
    ck_assert_int_eq(ac_watch_has_changed(rx), 1);
    ac_watch_mark_unchanged(rx);
    ck_assert_int_eq(ac_watch_has_changed(rx), 0);
    ac_watch_drop_tx(tx);
    ck_assert_int_eq(ac_watch_has_changed(rx), -EPIPE);
    ck_assert(ac_watch_is_closed(rx));
    ac_watch_drop_rx(rx);
}
END_TEST

START_TEST(the_last_value_is_seen_before_the_end)
{
    ac_watch_tx(int) tx;
    struct hand hand = HAND;
    struct ac_op_watch_changed_future changed;
    ck_assert_int_eq(ac_watch_new(1, &tx), 0);
    ac_watch_rx(int) rx = ac_watch_subscribe(tx);
    ac_watch_send(tx, 2);
    ac_watch_drop_tx(tx);
    for (int i = 0; i < 2; i++) {
        ac_op_watch_changed_init(&changed, (void *)rx);
        ck_assert_int_eq(POLL_BY(&hand, ac_op_watch_changed, &changed), AC_READY);
        ck_assert_int_eq(changed.result, i == 0);
    }
    ac_watch_drop_rx(rx);
}
END_TEST

START_TEST(without_receivers_a_send_fails_and_subscribing_reopens)
{
    ac_watch_tx(int) tx;
    int v, old;
    ck_assert_int_eq(ac_watch_new(1, &tx), 0);
    ck_assert(ac_watch_is_closed(tx));
    ck_assert_int_eq(ac_watch_send(tx, 2), -EPIPE);
    ac_watch_get(tx, &v);
    ck_assert_int_eq(v, 1);
    ck_assert_int_eq(ac_watch_replace(tx, 5, &old), 0); /* sets it all the same */
    ck_assert_int_eq(old, 1);
    ac_watch_rx(int) rx = ac_watch_subscribe(tx);
    ck_assert_int_eq(ac_watch_has_changed(rx), 0);
    ck_assert_int_eq(ac_watch_send(tx, 6), 0);
    ac_watch_rx(int) same = ac_watch_clone_rx(rx), fresh = ac_watch_subscribe(tx);
    ck_assert_int_eq(ac_watch_has_changed(same), 1); /* as far behind as the one it was cloned from */
    ck_assert_int_eq(ac_watch_has_changed(fresh), 0);
    ck_assert_uint_eq(ac_watch_receivers(tx), 3);
    ac_watch_drop_rx(rx);
    ac_watch_drop_rx(same);
    ac_watch_drop_rx(fresh);
    ck_assert_int_eq(ac_watch_send(tx, 7), -EPIPE);
    ac_watch_drop_tx(tx);
}
END_TEST

START_TEST(send_if_modified_tells_only_if_it_was)
{
    ac_watch_tx(int) tx;
    int by = 0, v;
    ck_assert_int_eq(ac_watch_new(1, &tx), 0);
    ac_watch_rx(int) rx = ac_watch_subscribe(tx);
    ck_assert_int_eq(ac_watch_send_if_modified(tx, add, &by), 0);
    ck_assert_int_eq(ac_watch_has_changed(rx), 0);
    by = 4;
    ck_assert_int_eq(ac_watch_send_if_modified(tx, add, &by), 1);
    ck_assert(ac_watch_get_update(rx, &v) && v == 5);
    ac_watch_drop_rx(rx);
    ac_watch_drop_tx(tx);
}
END_TEST

START_TEST(wait_for_looks_at_the_present_value_first)
{
    ac_watch_tx(int) tx;
    struct hand hand = HAND;
    struct ac_op_watch_wait_for_future f;
    int bound = 1, v = 0;
    bool (*wanted)(const void *, void *) =
        AC__FN(at_least, bool (*)(const int *, void *), bool (*)(const void *, void *));
    ck_assert_int_eq(ac_watch_new(1, &tx), 0);
    ac_watch_rx(int) rx = ac_watch_subscribe(tx);
    ac_op_watch_wait_for_init(&f, (void *)rx, wanted, &bound, &v);
    ck_assert_int_eq(POLL_BY(&hand, ac_op_watch_wait_for, &f), AC_READY);
    ck_assert(f.result && v == 1);
    bound = 5;
    ac_op_watch_wait_for_init(&f, (void *)rx, wanted, &bound, &v);
    for (int i = 2; i < 5; i++) {
        ck_assert_int_eq(POLL_BY(&hand, ac_op_watch_wait_for, &f), AC_PENDING);
        ac_watch_send(tx, i);
        ck_assert(woken(&hand));
    }
    ck_assert_int_eq(POLL_BY(&hand, ac_op_watch_wait_for, &f), AC_PENDING);
    ac_watch_send(tx, 9);
    ac_watch_drop_tx(tx);
    ck_assert_int_eq(POLL_BY(&hand, ac_op_watch_wait_for, &f), AC_READY); /* the last value before the end */
    ck_assert(f.result && v == 9);
    bound = 10;
    ac_op_watch_wait_for_init(&f, (void *)rx, wanted, &bound, &v);
    ck_assert_int_eq(POLL_BY(&hand, ac_op_watch_wait_for, &f), AC_READY);
    ck_assert(!f.result);
    ac_watch_drop_rx(rx);
}
END_TEST

START_TEST(values_are_dropped_when_replaced_and_at_the_end)
{
    ac_watch_tx(int) tx;
    int old;
    drops = 0;
    ck_assert_int_eq(ac_watch_new(1, &tx), 0);
    ac_watch_set_drop(tx, count_drop);
    ac_watch_rx(int) rx = ac_watch_subscribe(tx);
    ac_watch_send(tx, 2);
    ck_assert_int_eq(drops, 1);
    ac_watch_replace(tx, 3, NULL);
    ck_assert_int_eq(drops, 2);
    ac_watch_replace(tx, 4, &old); /* the old one is the caller's */
    ck_assert_int_eq(drops, 2);
    ac_watch_drop_rx(rx);
    ac_watch_drop_tx(tx);
    ck_assert_int_eq(drops, 3);
}
END_TEST

START_TEST(closed_wakes_when_the_last_receiver_goes)
{
    ac_watch_tx(int) tx;
    struct hand hand = HAND;
    struct ac_op_watch_closed_future closed;
    ck_assert_int_eq(ac_watch_new(1, &tx), 0);
    ac_watch_rx(int) rx = ac_watch_subscribe(tx);
    ac_op_watch_closed_init(&closed, (void *)tx);
    ck_assert_int_eq(POLL_BY(&hand, ac_op_watch_closed, &closed), AC_PENDING);
    ac_watch_drop_rx(rx);
    ck_assert(woken(&hand));
    ck_assert_int_eq(POLL_BY(&hand, ac_op_watch_closed, &closed), AC_READY);
    ac_watch_drop_tx(tx);
}
END_TEST

/* --- All orders: two receivers ------------------------------------------------------------------------------------ */

enum { RECEIVERS = 2 };
enum { POLL_STEP = 0, DROP_STEP = RECEIVERS, UPDATE_STEP = 2 * RECEIVERS, MARK_STEP, SEND_STEP, END_STEP, SYMBOLS };

struct world {
    ac_watch_tx(int) tx;
    ac_watch_rx(int) rx[RECEIVERS];
    struct hand hand[RECEIVERS];
    struct ac_op_watch_changed_future f[RECEIVERS];
    /* the model: the value is its version */
    int version;
    bool fresh[RECEIVERS], waits[RECEIVERS], expect_wake[RECEIVERS];
};

static void model_wake(struct world *w, bool fresh)
{
    for (int i = 0; i < RECEIVERS; i++) {
        w->expect_wake[i] = w->waits[i];
        w->waits[i] = false;
        w->fresh[i] |= fresh;
    }
}

static void poll_receiver(struct world *w, int i, const unsigned char *steps, unsigned n)
{
    int polled = POLL_BY(&w->hand[i], ac_op_watch_changed, &w->f[i]);
    /* One that waits already is not told of a mark: it is its own task that would have set it. */
    EXPECT(polled == (!w->waits[i] && (w->fresh[i] || !w->tx) ? AC_READY : AC_PENDING));
    w->waits[i] = polled == AC_PENDING;
    if (polled == AC_PENDING) return;
    EXPECT(w->f[i].result == w->fresh[i]);
    w->fresh[i] = false;
    ac_op_watch_changed_init(&w->f[i], (void *)w->rx[i]);
}

static void run(const unsigned char *steps, unsigned n)
{
    struct world w = { .version = 0 };
    EXPECT(ac_watch_new(0, &w.tx) == 0);
    for (int i = 0; i < RECEIVERS; i++) {
        w.hand[i] = (struct hand)HAND;
        w.rx[i] = ac_watch_subscribe(w.tx);
        ac_op_watch_changed_init(&w.f[i], (void *)w.rx[i]);
    }
    for (unsigned s = 0; s < n; s++) {
        int step = steps[s], i = step % RECEIVERS, v;
        if (step == SEND_STEP && w.tx) {
            EXPECT(ac_watch_send(w.tx, ++w.version) == 0);
            model_wake(&w, true);
        } else if (step == END_STEP && w.tx) {
            ac_watch_drop_tx(w.tx);
            w.tx = NULL;
            model_wake(&w, false);
        } else if (step == UPDATE_STEP && !w.waits[0]) {
            EXPECT(ac_watch_get_update(w.rx[0], &v) == w.fresh[0] && v == w.version);
            w.fresh[0] = false;
        } else if (step == MARK_STEP && !w.waits[0]) {
            ac_watch_mark_changed(w.rx[0]);
            w.fresh[0] = true;
        } else if (step < DROP_STEP) {
            poll_receiver(&w, i, steps, n);
        } else if (step < UPDATE_STEP) {
            ac_op_watch_changed_drop(&w.f[i]);
            ac_op_watch_changed_init(&w.f[i], (void *)w.rx[i]);
            w.waits[i] = false;
        }
        for (int k = 0; k < RECEIVERS; k++) {
            EXPECT(woken(&w.hand[k]) == w.expect_wake[k]);
            w.expect_wake[k] = false;
        }
    }
    for (int i = 0; i < RECEIVERS; i++) {
        ac_op_watch_changed_drop(&w.f[i]);
        ac_watch_drop_rx(w.rx[i]);
    }
    ac_watch_drop_tx(w.tx);
}

START_TEST(every_order_of_sending_receiving_cancelling_and_ending) { explore(SYMBOLS, 6, run); }
END_TEST

/* The same for ac_watch_wait_for, which waits for a value that is a multiple of three, or the end. */
struct waiting_world {
    ac_watch_tx(int) tx;
    ac_watch_rx(int) rx[RECEIVERS];
    struct hand hand[RECEIVERS];
    struct ac_op_watch_wait_for_future f[RECEIVERS];
    int got[RECEIVERS];
    /* the model: the value is its version */
    int version;
    bool waits[RECEIVERS], expect_wake[RECEIVERS];
};

static bool is_multiple_of_three(const void *value, void *unused)
{
    (void)unused;
    return *(const int *)value % 3 == 0;
}
static void begin_to_wait(struct waiting_world *w, int i)
{
    ac_op_watch_wait_for_init(&w->f[i], (void *)w->rx[i], is_multiple_of_three, NULL, &w->got[i]);
}

static void poll_waiting(struct waiting_world *w, int i, const unsigned char *steps, unsigned n)
{
    bool wanted = w->version % 3 == 0, ready = !w->waits[i] && (wanted || !w->tx);
    EXPECT(POLL_BY(&w->hand[i], ac_op_watch_wait_for, &w->f[i]) == (ready ? AC_READY : AC_PENDING));
    w->waits[i] = !ready;
    if (!ready) return;
    EXPECT(w->f[i].result == wanted && w->got[i] == w->version);
    begin_to_wait(w, i);
}

static void run_waiting(const unsigned char *steps, unsigned n)
{
    struct waiting_world w = { .version = 1 };
    EXPECT(ac_watch_new(1, &w.tx) == 0);
    for (int i = 0; i < RECEIVERS; i++) {
        w.hand[i] = (struct hand)HAND;
        w.rx[i] = ac_watch_subscribe(w.tx);
        begin_to_wait(&w, i);
    }
    for (unsigned s = 0; s < n; s++) {
        int step = steps[s], i = step % RECEIVERS;
        if (step >= SEND_STEP && w.tx) { /* SEND_STEP or END_STEP */
            if (step == SEND_STEP) EXPECT(ac_watch_send(w.tx, ++w.version) == 0);
            else ac_watch_drop_tx(w.tx), w.tx = NULL;
            memcpy(w.expect_wake, w.waits, sizeof w.waits);
            memset(w.waits, 0, sizeof w.waits);
        } else if (step < DROP_STEP) {
            poll_waiting(&w, i, steps, n);
        } else if (step < UPDATE_STEP) {
            ac_op_watch_wait_for_drop(&w.f[i]);
            begin_to_wait(&w, i);
            w.waits[i] = false;
        }
        for (int k = 0; k < RECEIVERS; k++) {
            EXPECT(woken(&w.hand[k]) == w.expect_wake[k]);
            w.expect_wake[k] = false;
        }
    }
    for (int i = 0; i < RECEIVERS; i++) {
        ac_op_watch_wait_for_drop(&w.f[i]);
        ac_watch_drop_rx(w.rx[i]);
    }
    ac_watch_drop_tx(w.tx);
}

START_TEST(every_order_of_waiting_for_a_value_cancelling_and_sending) { explore(SYMBOLS, 6, run_waiting); }
END_TEST

/* --- Under real schedulers ---------------------------------------------------------------------------------------- */

struct state {
    long a[8];
};
enum { SENDS = 3000 };

/* Values only go up, none is torn, and the last is seen. */
SCRIPT(receiver, ac_watch_rx(struct state) rx; struct state last; struct ac_op_watch_changed_future changed;)
{
    BEGIN;
    for (;;) {
        AWAIT(ac_op_watch_changed, changed, (void *)self->rx);
        if (!self->changed.result) break;
        struct state now;
        ac_watch_get(self->rx, &now);
        for (int i = 0; i < 8; i++) REQUIRE(now.a[i] == now.a[0]);
        REQUIRE(now.a[0] >= self->last.a[0]);
        self->last = now;
    }
    ac_watch_drop_rx(self->rx);
    RETURN(self->last.a[0] == 2 * SENDS);
    END;
}

static bool one_more(struct state *value, void *unused)
{
    (void)unused;
    for (int i = 0; i < 8; i++) value->a[i]++;
    if (value->a[0] % 64 == 0) sched_yield(); /* so that another is faster now and then */
    return true;
}

SCRIPT(sender, ac_watch_tx(struct state) tx; int i; struct ac_yield_future yield;)
{
    BEGIN;
    for (self->i = 0; self->i < SENDS; self->i++) {
        REQUIRE(ac_watch_send_if_modified(self->tx, one_more, NULL) == 1);
        if (self->i % 20 == 0) YIELD();
    }
    ac_watch_drop_tx(self->tx);
    END;
}

START_TEST(no_modification_is_lost_and_the_last_is_seen_by_all)
{
    const unsigned workers[] = { 1, 2, 8 };
    ac_runtime *rt = new_runtime((ac_runtime_options){ .worker_threads = workers[_i] });
    ac_watch_tx(struct state) tx;
    void *task[40];
    int value;
    ck_assert_int_eq(ac_watch_new(((struct state){ { 0 } }), &tx), 0);
    for (int i = 0; i < 40; i++) task[i] = SPAWN(rt, receiver, .rx = ac_watch_subscribe(tx));
    for (int i = 0; i < 2; i++) ac_detach(SPAWN(rt, sender, .tx = ac_watch_clone(tx)));
    ac_watch_drop_tx(tx);
    for (int i = 0; i < 40; i++) {
        ck_assert_int_eq(join_task(rt, task[i], &value), 0);
        ck_assert_int_eq(value, 1);
    }
    end_runtime(rt);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("watch");
    TCase *tests = tcase_create("watch");
    tcase_add_test(tests, the_first_value_counts_as_seen_and_only_the_latest_is_kept);
    tcase_add_test(tests, the_last_value_is_seen_before_the_end);
    tcase_add_test(tests, without_receivers_a_send_fails_and_subscribing_reopens);
    tcase_add_test(tests, send_if_modified_tells_only_if_it_was);
    tcase_add_test(tests, wait_for_looks_at_the_present_value_first);
    tcase_add_test(tests, values_are_dropped_when_replaced_and_at_the_end);
    tcase_add_test(tests, closed_wakes_when_the_last_receiver_goes);
    tcase_add_test(tests, every_order_of_sending_receiving_cancelling_and_ending);
    tcase_add_test(tests, every_order_of_waiting_for_a_value_cancelling_and_sending);
    tcase_add_loop_test(tests, no_modification_is_lost_and_the_last_is_seen_by_all, 0, 3);
    tcase_set_timeout(tests, 30);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

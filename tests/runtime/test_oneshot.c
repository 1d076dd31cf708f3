/* The oneshot channel: what include/asyncc/oneshot.h says. */
#include "hand.h"
#include <pthread.h>
#include <sched.h>

static int drops;
static void count_drop(int *value) { drops += *value > 0; }

START_TEST(a_value_sent_before_close_is_received)
{
    ac_oneshot_tx(int) tx;
    ac_oneshot_rx(int) rx;
    int v = 0;
    ck_assert_int_eq(ac_oneshot_new(&tx, &rx), 0);
    ck_assert_int_eq(ac_oneshot_try_recv(rx, &v), -EAGAIN);
    ck_assert_int_eq(ac_oneshot_send(tx, 42), 0);
    ac_oneshot_close(rx);
    ck_assert_int_eq(ac_oneshot_try_recv(rx, &v), 0);
    ck_assert_int_eq(v, 42);
    ck_assert_int_eq(ac_oneshot_try_recv(rx, &v), -EPIPE);
    ac_oneshot_drop_rx(rx);
}
END_TEST

START_TEST(a_send_after_close_fails)
{
    ac_oneshot_tx(int) tx;
    ac_oneshot_rx(int) rx;
    ck_assert_int_eq(ac_oneshot_new(&tx, &rx), 0);
    ac_oneshot_close(rx);
    ck_assert(ac_oneshot_is_closed(tx));
    ck_assert_int_eq(ac_oneshot_send(tx, 1), -EPIPE);
    ac_oneshot_drop_rx(rx);
}
END_TEST

START_TEST(recv_takes_over_the_variable)
{
    ac_oneshot_tx(int) tx;
    ac_oneshot_rx(int) rx;
    struct hand hand = HAND;
    struct ac_op_oneshot_recv_future recv;
    int v = 0;
    ck_assert_int_eq(ac_oneshot_new(&tx, &rx), 0);
    ac_op_oneshot_recv_init(&recv, &rx, &v);
    ck_assert_int_eq(POLL_BY(&hand, ac_op_oneshot_recv, &recv), AC_PENDING);
    ac_op_oneshot_recv_drop(&recv); /* cancelled: the handle stays */
    ck_assert(rx != NULL && hand_is_free(&hand));
    ac_op_oneshot_recv_init(&recv, &rx, &v);
    ck_assert_int_eq(ac_oneshot_send(tx, 7), 0);
    ck_assert_int_eq(POLL_BY(&hand, ac_op_oneshot_recv, &recv), AC_READY);
    ck_assert(recv.result && v == 7 && rx == NULL);
    ac_oneshot_drop_rx(rx); /* as a defer would: nothing to do */
}
END_TEST

START_TEST(a_value_never_received_is_dropped_once)
{
    ac_oneshot_tx(int) tx;
    ac_oneshot_rx(int) rx;
    drops = 0;
    ck_assert_int_eq(ac_oneshot_new(&tx, &rx), 0);
    ac_oneshot_set_drop(rx, count_drop);
    ck_assert_int_eq(ac_oneshot_send(tx, 1), 0);
    ac_oneshot_drop_rx(rx);
    ck_assert_int_eq(drops, 1);
}
END_TEST

START_TEST(large_aligned_values_are_copied_whole)
{
    struct big {
        _Alignas(64) char text[5000];
    } *value = aligned_alloc(64, sizeof *value), *got = aligned_alloc(64, sizeof *got);
    ac_oneshot_tx(struct big) tx;
    ac_oneshot_rx(struct big) rx;
    memset(value, 'x', sizeof *value);
    ck_assert_int_eq(ac_oneshot_new(&tx, &rx), 0);
    ck_assert_int_eq(ac_oneshot_send(tx, *value), 0);
    ck_assert(ac_oneshot_blocking_recv(rx, got));
    ck_assert(memcmp(value->text, got->text, sizeof got->text) == 0);
    free(value);
    free(got);
}
END_TEST

START_TEST(using_a_handle_twice_is_fatal)
{
    ac_oneshot_tx(int) tx = NULL;
    ac_oneshot_send(tx, 1);
}
END_TEST

/* --- All orders --------------------------------------------------------------------------------------------------- */

enum { SEND, DROP_TX, POLL_CLOSED, DROP_CLOSED, POLL_RECV, DROP_RECV, TRY_RECV, CLOSE, DROP_RX, SYMBOLS };

struct world {
    ac_oneshot_tx(int) tx;
    ac_oneshot_rx(int) rx;
    struct hand sender, receiver;
    struct ac_op_oneshot_closed_future closed;
    struct ac_op_oneshot_recv_future recv;
    int got;
    /* the model */
    bool value, tx_gone, rx_closed, tx_waits, rx_waits, expect_sender, expect_receiver;
    int sent, received;
};

/* The sender has sent or gone. */
static void model_sender_ends(struct world *w)
{
    w->tx = NULL;
    w->tx_gone = true;
    w->expect_receiver = w->rx_waits;
    w->rx_waits = false;
}

static void model_receiver_closes(struct world *w)
{
    if (!w->rx_closed) w->expect_sender = w->tx_waits;
    w->rx_closed = true;
    if (w->expect_sender) w->tx_waits = false;
}

static void send_value(struct world *w, const unsigned char *steps, unsigned n)
{
    int result = ac_oneshot_send(w->tx, 1);
    EXPECT(result == (w->rx_closed ? -EPIPE : 0));
    if (result == 0) w->value = true, w->sent++;
    model_sender_ends(w);
}

static void poll_recv(struct world *w, const unsigned char *steps, unsigned n)
{
    bool ready = w->value || w->tx_gone || w->rx_closed;
    EXPECT(POLL_BY(&w->receiver, ac_op_oneshot_recv, &w->recv) == (ready ? AC_READY : AC_PENDING));
    w->rx_waits = !ready;
    if (!ready) return;
    EXPECT(w->recv.result == w->value);
    EXPECT(w->rx == NULL);
    w->received += w->value;
    model_receiver_closes(w); /* it is gone */
}

static void try_recv(struct world *w, const unsigned char *steps, unsigned n)
{
    int result = ac_oneshot_try_recv(w->rx, &w->got);
    EXPECT(result == (w->value ? 0 : w->tx_gone || w->rx_closed ? -EPIPE : -EAGAIN));
    w->received += w->value;
    w->value = false;
}

/* Steps that need an end that is gone do nothing. An end is only sent or dropped while its own future does not wait, as
 * it would be in a program where one task has it; closed it may be, by another branch of that task. */
static void step_of(struct world *w, unsigned step, const unsigned char *steps, unsigned n)
{
    bool tx_idle = w->tx && !w->tx_waits, rx_idle = w->rx && !w->rx_waits;
    if (step == SEND && tx_idle) send_value(w, steps, n);
    if (step == DROP_TX && tx_idle) ac_oneshot_drop_tx(w->tx), model_sender_ends(w);
    if (step == POLL_CLOSED && w->tx) {
        EXPECT(POLL_BY(&w->sender, ac_op_oneshot_closed, &w->closed) == (w->rx_closed ? AC_READY : AC_PENDING));
        w->tx_waits = !w->rx_closed;
        if (w->rx_closed) ac_op_oneshot_closed_init(&w->closed, (void *)w->tx);
    }
    if (step == DROP_CLOSED && w->tx) {
        ac_op_oneshot_closed_drop(&w->closed);
        ac_op_oneshot_closed_init(&w->closed, (void *)w->tx);
        w->tx_waits = false;
    }
    if (step == POLL_RECV && w->rx) poll_recv(w, steps, n);
    if (step == DROP_RECV && w->rx) {
        ac_op_oneshot_recv_drop(&w->recv);
        ac_op_oneshot_recv_init(&w->recv, &w->rx, &w->got);
        w->rx_waits = false;
    }
    if (step == TRY_RECV && rx_idle) try_recv(w, steps, n);
    if (step == CLOSE && w->rx) ac_oneshot_close(w->rx), model_receiver_closes(w);
    if (step == DROP_RX && rx_idle) ac_oneshot_drop_rx(w->rx), model_receiver_closes(w), w->rx = NULL;
}

static void run(const unsigned char *steps, unsigned n)
{
    struct world w = { .sender = HAND, .receiver = HAND };
    drops = 0;
    EXPECT(ac_oneshot_new(&w.tx, &w.rx) == 0);
    ac_oneshot_set_drop(w.rx, count_drop);
    ac_op_oneshot_closed_init(&w.closed, (void *)w.tx);
    ac_op_oneshot_recv_init(&w.recv, &w.rx, &w.got);
    for (unsigned s = 0; s < n; s++) {
        step_of(&w, steps[s], steps, n);
        EXPECT(woken(&w.sender) == w.expect_sender);
        EXPECT(woken(&w.receiver) == w.expect_receiver);
        w.expect_sender = w.expect_receiver = false;
    }
    if (w.tx) ac_op_oneshot_closed_drop(&w.closed), ac_oneshot_drop_tx(w.tx);
    if (w.rx) ac_op_oneshot_recv_drop(&w.recv), ac_oneshot_drop_rx(w.rx);
    EXPECT(w.sent == w.received + drops);
    EXPECT(hand_is_free(&w.sender) && hand_is_free(&w.receiver));
}

START_TEST(every_order_of_sending_receiving_cancelling_and_closing) { explore(SYMBOLS, 6, run); }
END_TEST

/* --- Under real schedulers ---------------------------------------------------------------------------------------- */

SCRIPT(answer, ac_oneshot_tx(int) tx; int n; struct ac_yield_future yield; struct ac_op_oneshot_closed_future closed;)
{
    BEGIN;
    if (self->n % 3 == 1) YIELD();
    if (self->n % 3 == 2) {
        AWAIT(ac_op_oneshot_closed, closed, (void *)self->tx);
        REQUIRE(ac_oneshot_is_closed(self->tx));
    }
    ac_oneshot_send(self->tx, self->n);
    END;
}

SCRIPT(ask, ac_oneshot_rx(int) rx; int n, got; struct ac_op_oneshot_recv_future recv;)
{
    BEGIN;
    AWAIT(ac_op_oneshot_recv, recv, &self->rx, &self->got);
    RETURN(self->recv.result && self->got == self->n);
    END;
}

START_TEST(ends_in_different_tasks_and_threads)
{
    const unsigned workers[] = { 1, 2, 8 };
    ac_runtime *rt = new_runtime((ac_runtime_options){
        .flavor = AC_MULTI_THREAD, /* this thread blocks meanwhile */ .worker_threads = workers[_i] });
    for (int i = 0; i < 2000; i++) {
        ac_oneshot_tx(int) tx;
        ac_oneshot_rx(int) rx;
        int value;
        ck_assert_int_eq(ac_oneshot_new(&tx, &rx), 0);
        void *sender = SPAWN(rt, answer, .tx = tx, .n = i);
        if (i % 3 == 2) { /* one that nobody waits for any more */
            if (i % 2) sched_yield();
            ac_oneshot_drop_rx(rx);
        } else if (i % 5 == 0) {
            REQUIRE(ac_oneshot_blocking_recv(rx, &value) && value == i);
        } else {
            void *receiver = SPAWN(rt, ask, .rx = rx, .n = i);
            if (join_task(rt, receiver, &value) || value != 1) ck_abort_msg("lost");
        }
        join_task(rt, sender, NULL);
    }
    end_runtime(rt);
}
END_TEST

/* The receiver is aborted while the value arrives: it is received, or dropped, or the send fails; never two of these,
 * never none. */
START_TEST(a_value_meets_an_abort)
{
    ac_runtime *rt = new_runtime((ac_runtime_options){ .worker_threads = 2 });
    for (int i = 0; i < 2000; i++) {
        static ac_oneshot_rx(int) rx;
        ac_oneshot_tx(int) tx;
        int value = 0;
        drops = 0;
        ck_assert_int_eq(ac_oneshot_new(&tx, &rx), 0);
        ac_oneshot_set_drop(rx, count_drop);
        struct ask_future *future = ac__spawn_begin(NULL, rt, &ask_descriptor, 0);
        *future = (struct ask_future){ .rx = rx, .n = 5 };
        void *receiver = ac__spawn_end(NULL, future);
        if (i % 2) sched_yield();
        ac_abort(receiver);
        int failed = ac_oneshot_send(tx, 5);
        int aborted = join_task(rt, receiver, &value);
        /* An aborted script does not drop its handle; a translated function would by a defer. Its frame is gone, so
         * ours is used. */
        if (aborted) ac_oneshot_drop_rx(rx);
        if (failed || (aborted == 0) + drops != 1) ck_abort_msg("aborted %d, dropped %d", aborted, drops);
    }
    end_runtime(rt);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oneshot");
    TCase *tests = tcase_create("oneshot");
    tcase_add_test(tests, a_value_sent_before_close_is_received);
    tcase_add_test(tests, a_send_after_close_fails);
    tcase_add_test(tests, recv_takes_over_the_variable);
    tcase_add_test(tests, a_value_never_received_is_dropped_once);
    tcase_add_test(tests, large_aligned_values_are_copied_whole);
    tcase_add_test_raise_signal(tests, using_a_handle_twice_is_fatal, SIGABRT);
    tcase_add_test(tests, every_order_of_sending_receiving_cancelling_and_closing);
    tcase_add_loop_test(tests, ends_in_different_tasks_and_threads, 0, 3);
    tcase_add_test(tests, a_value_meets_an_abort);
    tcase_set_timeout(tests, 30);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

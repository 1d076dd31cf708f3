/* Notify: what include/asyncc/notify.h says. */
#include "hand.h"

START_TEST(one_notification_is_stored_never_more)
{
    ac_notify notify = AC_NOTIFY_INIT;
    struct hand hand = HAND;
    struct ac_notified_future f;
    ac_notify_one(&notify);
    ac_notify_one(&notify);
    ac_notified_init(&f, &notify);
    ck_assert_int_eq(POLL_BY(&hand, ac_notified, &f), AC_READY);
    ac_notified_init(&f, &notify);
    ck_assert_int_eq(POLL_BY(&hand, ac_notified, &f), AC_PENDING);
    ac_notified_drop(&f);
}
END_TEST

START_TEST(notify_waiters_reaches_futures_that_were_made_before)
{
    ac_notify notify = AC_NOTIFY_INIT;
    struct hand hand[3] = { HAND, HAND, HAND };
    struct ac_notified_future waiting, made, later;
    ac_notified_init(&waiting, &notify);
    ck_assert_int_eq(POLL_BY(&hand[0], ac_notified, &waiting), AC_PENDING);
    ac_notified_init(&made, &notify);
    ac_notify_waiters(&notify);
    ac_notified_init(&later, &notify);
    ck_assert(woken(&hand[0]));
    ck_assert_int_eq(POLL_BY(&hand[0], ac_notified, &waiting), AC_READY);
    ck_assert_int_eq(POLL_BY(&hand[1], ac_notified, &made), AC_READY);
    ck_assert_int_eq(POLL_BY(&hand[2], ac_notified, &later), AC_PENDING);
    ac_notified_drop(&later);
}
END_TEST

START_TEST(notify_last_takes_the_newest)
{
    ac_notify notify = AC_NOTIFY_INIT;
    struct hand hand[3] = { HAND, HAND, HAND };
    struct ac_notified_future f[3];
    for (int i = 0; i < 3; i++) {
        ac_notified_init(&f[i], &notify);
        ck_assert_int_eq(POLL_BY(&hand[i], ac_notified, &f[i]), AC_PENDING);
    }
    ac_notify_last(&notify);
    ck_assert(!woken(&hand[0]) && !woken(&hand[1]) && woken(&hand[2]));
    ac_notified_drop(&f[2]); /* passes it on by the same rule */
    ck_assert(!woken(&hand[0]) && woken(&hand[1]));
    ac_notified_drop(&f[1]);
    ac_notified_drop(&f[0]);
}
END_TEST

START_TEST(enable_queues_without_a_task)
{
    ac_notify notify = AC_NOTIFY_INIT;
    struct hand hand = HAND;
    struct ac_notified_future f;
    ac_notified_init(&f, &notify);
    ck_assert(!ac_notified_enable(&f));
    ac_notify_one(&notify);
    ck_assert(ac_notified_enable(&f));
    ck_assert_int_eq(POLL_BY(&hand, ac_notified, &f), AC_READY);

    ac_notified_init(&f, &notify);
    ck_assert(!ac_notified_enable(&f));
    ck_assert_int_eq(POLL_BY(&hand, ac_notified, &f), AC_PENDING);
    ac_notify_one(&notify);
    ck_assert(woken(&hand));
    ck_assert_int_eq(POLL_BY(&hand, ac_notified, &f), AC_READY);
}
END_TEST

START_TEST(enable_takes_the_stored_one_and_a_drop_gives_it_back)
{
    ac_notify notify = AC_NOTIFY_INIT;
    struct hand hand = HAND;
    struct ac_notified_future f, g;
    ac_notify_one(&notify);
    ac_notified_init(&f, &notify);
    ck_assert(ac_notified_enable(&f));
    ac_notified_init(&g, &notify);
    ck_assert_int_eq(POLL_BY(&hand, ac_notified, &g), AC_PENDING);
    ac_notified_drop(&f);
    ck_assert(woken(&hand));
    ck_assert_int_eq(POLL_BY(&hand, ac_notified, &g), AC_READY);
}
END_TEST

START_TEST(notify_waiters_wakes_more_than_a_batch)
{
    ac_notify notify = AC_NOTIFY_INIT;
    struct hand hand[100];
    struct ac_notified_future f[100];
    for (int i = 0; i < 100; i++) {
        hand[i] = (struct hand)HAND;
        ac_notified_init(&f[i], &notify);
        ck_assert_int_eq(POLL_BY(&hand[i], ac_notified, &f[i]), AC_PENDING);
    }
    ac_notify_waiters(&notify);
    for (int i = 0; i < 100; i++) {
        ck_assert(woken(&hand[i]));
        ck_assert_int_eq(POLL_BY(&hand[i], ac_notified, &f[i]), AC_READY);
    }
}
END_TEST

/* --- All orders --------------------------------------------------------------------------------------------------- */

enum state { NEW, WAITING, ALONE_FIRST, ALONE_LAST, WITH_ALL };
enum { ACTORS = 3, ENABLE = 2 * ACTORS, ONE = 3 * ACTORS, LAST, ALL, SYMBOLS };

struct world {
    ac_notify notify;
    struct hand hand[ACTORS];
    struct ac_notified_future f[ACTORS];
    enum state state[ACTORS];
    struct line queue;
    bool stored, expect_wake[ACTORS];
    bool has_task[ACTORS]; /* enabled, but not polled yet: there is nobody to wake */
};

static void model_alone(struct world *w, enum state how)
{
    if (!w->queue.n) {
        w->stored = true;
        return;
    }
    int i = w->queue.who[how == ALONE_LAST ? w->queue.n - 1 : 0];
    line_remove(&w->queue, i);
    w->state[i] = how;
    w->expect_wake[i] = w->has_task[i];
}

static void model_all(struct world *w)
{
    for (int i = 0; i < ACTORS; i++) {
        if (w->state[i] == WAITING) w->expect_wake[i] = w->has_task[i];
        if (w->state[i] == WAITING || w->state[i] == NEW) w->state[i] = WITH_ALL;
    }
    w->queue.n = 0;
}

static int model_poll(struct world *w, int i)
{
    w->has_task[i] = true;
    if (w->state[i] > WAITING) return w->state[i] = NEW, AC_READY;
    if (w->state[i] == NEW && w->stored) return w->stored = false, AC_READY;
    if (w->state[i] == NEW) line_push(&w->queue, i);
    w->state[i] = WAITING;
    return AC_PENDING;
}

/* True: it is notified. What it took, and does not use, it will pass on. */
static bool model_enable(struct world *w, int i)
{
    if (w->state[i] == NEW && w->stored) w->stored = false, w->state[i] = ALONE_FIRST;
    if (w->state[i] == NEW) line_push(&w->queue, i), w->state[i] = WAITING, w->has_task[i] = false;
    return w->state[i] > WAITING;
}

static void model_drop(struct world *w, int i)
{
    enum state was = w->state[i];
    line_remove(&w->queue, i);
    w->state[i] = NEW;
    if (was == ALONE_FIRST || was == ALONE_LAST) model_alone(w, was);
}

static void run(const unsigned char *steps, unsigned n)
{
    struct world w = { .stored = false };
    for (int i = 0; i < ACTORS; i++) {
        w.hand[i] = (struct hand)HAND;
        ac_notified_init(&w.f[i], &w.notify);
    }
    for (unsigned s = 0; s < n; s++) {
        int step = steps[s], i = step % ACTORS;
        switch (step) {
        case ONE: ac_notify_one(&w.notify), model_alone(&w, ALONE_FIRST); break;
        case LAST: ac_notify_last(&w.notify), model_alone(&w, ALONE_LAST); break;
        case ALL: ac_notify_waiters(&w.notify), model_all(&w); break;
        default:
            if (step < ACTORS) {
                int expected = model_poll(&w, i);
                EXPECT(POLL_BY(&w.hand[i], ac_notified, &w.f[i]) == expected);
                if (expected == AC_READY) ac_notified_init(&w.f[i], &w.notify);
            } else if (step >= ENABLE) {
                EXPECT(ac_notified_enable(&w.f[i]) == model_enable(&w, i));
            } else {
                model_drop(&w, i);
                ac_notified_drop(&w.f[i]);
                ac_notified_init(&w.f[i], &w.notify);
            }
        }
        for (int k = 0; k < ACTORS; k++) {
            EXPECT(woken(&w.hand[k]) == w.expect_wake[k]);
            w.expect_wake[k] = false;
        }
        EXPECT((w.notify.ac__state == AC__NOTIFY_PERMIT) == w.stored);
    }
    for (int i = 0; i < ACTORS; i++) ac_notified_drop(&w.f[i]);
    EXPECT(w.notify.ac__first == NULL);
}

START_TEST(every_order_of_waiting_enabling_cancelling_and_notifying)
{
    explore(SYMBOLS, 5, run);
    explore_some(SYMBOLS, 10, 500000, run);
}
END_TEST

/* --- Under real schedulers ---------------------------------------------------------------------------------------- */

static ac_notify shared = AC_NOTIFY_INIT, back = AC_NOTIFY_INIT;

SCRIPT(listen, int i, times; struct ac_notified_future f;)
{
    BEGIN;
    for (self->i = 0; self->i < self->times; self->i++) {
        AWAIT(ac_notified, f, &shared);
        ac_notify_one(&back);
    }
    END;
}

SCRIPT(shout, int i, times; struct ac_notified_future f;)
{
    BEGIN;
    for (self->i = 0; self->i < self->times; self->i++) {
        ac_notify_one(&shared);
        AWAIT(ac_notified, f, &back);
    }
    END;
}

/* Each notification is taken by exactly one, though half of the listeners are aborted on the way: none lost, none
 * doubled. */
START_TEST(no_notification_is_lost_by_aborts)
{
    const unsigned workers[] = { 1, 2, 8 };
    ac_runtime *rt = new_runtime((ac_runtime_options){ .worker_threads = workers[_i] });
    void *listener[8], *shouter = SPAWN(rt, shout, .times = 5000);
    for (int i = 0; i < 8; i++) listener[i] = SPAWN(rt, listen, .times = i < 4 ? 200 : 100000);
    for (int i = 0; i < 4; i++) {
        ac_abort(listener[i]);
        join_task(rt, listener[i], NULL);
    }
    ck_assert_int_eq(join_task(rt, shouter, NULL), 0);
    for (int i = 4; i < 8; i++) {
        ac_abort(listener[i]);
        join_task(rt, listener[i], NULL);
    }
    end_runtime(rt);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("notify");
    TCase *tests = tcase_create("notify");
    tcase_add_test(tests, one_notification_is_stored_never_more);
    tcase_add_test(tests, notify_waiters_reaches_futures_that_were_made_before);
    tcase_add_test(tests, notify_last_takes_the_newest);
    tcase_add_test(tests, enable_queues_without_a_task);
    tcase_add_test(tests, enable_takes_the_stored_one_and_a_drop_gives_it_back);
    tcase_add_test(tests, notify_waiters_wakes_more_than_a_batch);
    tcase_add_test(tests, every_order_of_waiting_enabling_cancelling_and_notifying);
    tcase_add_loop_test(tests, no_notification_is_lost_by_aborts, 0, 3);
    tcase_set_timeout(tests, 30);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

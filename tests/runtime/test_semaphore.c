/* The semaphore: what include/asyncc/semaphore.h says. */
#include "hand.h"
#include <pthread.h>

START_TEST(permits_are_counted)
{
    ac_semaphore s = AC_SEMAPHORE_INIT(3);
    ck_assert_int_eq(ac_semaphore_try_acquire(&s, 2), 0);
    ck_assert_int_eq(ac_semaphore_try_acquire(&s, 2), -EAGAIN);
    ck_assert_uint_eq(ac_semaphore_available(&s), 1);
    ac_semaphore_release(&s, 2);
    ck_assert_int_eq(ac_semaphore_try_acquire(&s, 3), 0);
    ck_assert_int_eq(ac_semaphore_try_acquire(&s, 0), 0);
}
END_TEST

START_TEST(zeroed_memory_has_no_permits)
{
    static ac_semaphore s;
    ck_assert_int_eq(ac_semaphore_try_acquire(&s, 1), -EAGAIN);
    ac_semaphore_release(&s, 1);
    ck_assert_int_eq(ac_semaphore_try_acquire(&s, 1), 0);
}
END_TEST

START_TEST(forget_takes_what_nobody_has)
{
    ac_semaphore s = AC_SEMAPHORE_INIT(3);
    ck_assert_uint_eq(ac_semaphore_forget(&s, 2), 2);
    ck_assert_uint_eq(ac_semaphore_forget(&s, 2), 1);
    ck_assert_uint_eq(ac_semaphore_available(&s), 0);
}
END_TEST

START_TEST(what_gathers_for_a_waiter_is_not_forgotten)
{
    ac_semaphore s = AC_SEMAPHORE_INIT(1);
    struct hand hand = HAND;
    struct ac_semaphore_acquire_future two;
    ac_semaphore_acquire_init(&two, &s, 2);
    ck_assert_int_eq(POLL_BY(&hand, ac_semaphore_acquire, &two), AC_PENDING);
    ck_assert_uint_eq(ac_semaphore_available(&s), 0);
    ck_assert_uint_eq(ac_semaphore_forget(&s, 1), 0);
    ac_semaphore_release(&s, 1);
    ck_assert(woken(&hand));
    ck_assert_int_eq(POLL_BY(&hand, ac_semaphore_acquire, &two), AC_READY);
    ck_assert_int_eq(two.result, 0);
}
END_TEST

START_TEST(few_do_not_pass_many)
{
    ac_semaphore s = AC_SEMAPHORE_INIT(1);
    struct hand hand[2] = { HAND, HAND };
    struct ac_semaphore_acquire_future three, one;
    ac_semaphore_acquire_init(&three, &s, 3);
    ac_semaphore_acquire_init(&one, &s, 1);
    ck_assert_int_eq(POLL_BY(&hand[0], ac_semaphore_acquire, &three), AC_PENDING);
    ck_assert_int_eq(POLL_BY(&hand[1], ac_semaphore_acquire, &one), AC_PENDING);
    ck_assert_int_eq(ac_semaphore_try_acquire(&s, 1), -EAGAIN);
    ac_semaphore_release(&s, 1);
    ck_assert(!woken(&hand[0]) && !woken(&hand[1]));
    ac_semaphore_release(&s, 1);
    ck_assert(woken(&hand[0]) && !woken(&hand[1]));
    ac_semaphore_acquire_drop(&three); /* it had been granted three: one of them is the next one's */
    ck_assert(woken(&hand[1]));
    ck_assert_int_eq(POLL_BY(&hand[1], ac_semaphore_acquire, &one), AC_READY);
    ck_assert_uint_eq(ac_semaphore_available(&s), 2);
}
END_TEST

START_TEST(close_refuses_all_now_and_later)
{
    ac_semaphore s = AC_SEMAPHORE_INIT(1);
    struct hand hand[40];
    struct ac_semaphore_acquire_future f[40];
    for (int i = 0; i < 40; i++) { /* more than one batch of wakes */
        hand[i] = (struct hand)HAND;
        ac_semaphore_acquire_init(&f[i], &s, 2);
        ck_assert_int_eq(POLL_BY(&hand[i], ac_semaphore_acquire, &f[i]), AC_PENDING);
    }
    ac_semaphore_close(&s);
    for (int i = 0; i < 40; i++) {
        ck_assert(woken(&hand[i]));
        ck_assert_int_eq(POLL_BY(&hand[i], ac_semaphore_acquire, &f[i]), AC_READY);
        ck_assert_int_eq(f[i].result, -EPIPE);
    }
    ac_semaphore_release(&s, 5);
    ck_assert_uint_eq(ac_semaphore_available(&s), 6);
    ck_assert_int_eq(ac_semaphore_try_acquire(&s, 1), -EPIPE);
    ck_assert(ac_semaphore_is_closed(&s));
}
END_TEST

START_TEST(too_many_permits_are_fatal)
{
    ac_semaphore s = AC_SEMAPHORE_INIT(AC_SEMAPHORE_MAX);
    ac_semaphore_release(&s, 1);
}
END_TEST

/* --- All orders --------------------------------------------------------------------------------------------------- */

enum state { NEW, WAITING, GRANTED, HOLDING, REFUSED };
enum { ACTORS = 3, RELEASE = 2 * ACTORS, CLOSE, FORGET, SYMBOLS };
static const unsigned wants[ACTORS] = { 1, 2, 1 };
enum { PERMITS = 2 };

struct world {
    ac_semaphore semaphore;
    struct hand hand[ACTORS];
    struct ac_semaphore_acquire_future f[ACTORS];
    enum state state[ACTORS];
    struct line queue, holders;
    unsigned permits, forgotten;
    bool closed, expect_wake[ACTORS];
};

static void model_grant(struct world *w)
{
    while (w->queue.n && w->permits >= wants[w->queue.who[0]]) {
        int i = line_pop(&w->queue);
        w->permits -= wants[i];
        w->state[i] = GRANTED;
        w->expect_wake[i] = true;
    }
}

/* What the poll gives: -EAGAIN for pending. */
static int model_poll(struct world *w, int i)
{
    if (w->state[i] == NEW) {
        if (w->closed) return -EPIPE;
        line_push(&w->queue, i);
        w->state[i] = WAITING;
        model_grant(w);
        w->expect_wake[i] = false;
    }
    if (w->state[i] == REFUSED) return w->state[i] = NEW, -EPIPE;
    if (w->state[i] != GRANTED) return -EAGAIN;
    w->state[i] = HOLDING;
    line_push(&w->holders, i);
    return 0;
}

static void model_drop(struct world *w, int i)
{
    if (w->state[i] == GRANTED) w->permits += wants[i];
    w->state[i] = NEW;
    line_remove(&w->queue, i);
    model_grant(w);
}

static void poll(struct world *w, int i, const unsigned char *steps, unsigned n)
{
    int polled = POLL_BY(&w->hand[i], ac_semaphore_acquire, &w->f[i]);
    int result = polled == AC_READY ? w->f[i].result : -EAGAIN;
    EXPECT(result == model_poll(w, i));
    if (polled == AC_READY) ac_semaphore_acquire_init(&w->f[i], &w->semaphore, wants[i]);
}

static void release_first_holder(struct world *w)
{
    if (!w->holders.n) return;
    int i = line_pop(&w->holders);
    ac_semaphore_release(&w->semaphore, wants[i]);
    w->state[i] = NEW;
    w->permits += wants[i];
    model_grant(w);
}

/* What gathers for those who wait is not there to be forgotten. */
static void forget_one(struct world *w, const unsigned char *steps, unsigned n)
{
    unsigned taken = !w->queue.n && w->permits;
    EXPECT(ac_semaphore_forget(&w->semaphore, 1) == taken);
    w->permits -= taken;
    w->forgotten += taken;
}

static void close_all(struct world *w)
{
    ac_semaphore_close(&w->semaphore);
    w->closed = true;
    while (w->queue.n) {
        int i = line_pop(&w->queue);
        w->state[i] = REFUSED;
        w->expect_wake[i] = true;
    }
}

static void run(const unsigned char *steps, unsigned n)
{
    struct world w = { .semaphore = AC_SEMAPHORE_INIT(PERMITS), .permits = PERMITS };
    for (int i = 0; i < ACTORS; i++) {
        w.hand[i] = (struct hand)HAND;
        ac_semaphore_acquire_init(&w.f[i], &w.semaphore, wants[i]);
    }
    for (unsigned s = 0; s < n; s++) {
        int step = steps[s], i = step % ACTORS;
        if (step == RELEASE) release_first_holder(&w);
        else if (step == CLOSE) close_all(&w);
        else if (step == FORGET) forget_one(&w, steps, n);
        else if (w.state[i] == HOLDING) continue;
        else if (step < ACTORS) poll(&w, i, steps, n);
        else {
            ac_semaphore_acquire_drop(&w.f[i]);
            model_drop(&w, i);
            ac_semaphore_acquire_init(&w.f[i], &w.semaphore, wants[i]);
        }
        for (int k = 0; k < ACTORS; k++) {
            EXPECT(woken(&w.hand[k]) == w.expect_wake[k]);
            w.expect_wake[k] = false;
        }
        EXPECT(ac_semaphore_available(&w.semaphore) == (w.queue.n ? 0 : w.permits));
    }
    for (int i = 0; i < ACTORS; i++)
        if (w.state[i] != HOLDING) ac_semaphore_acquire_drop(&w.f[i]), model_drop(&w, i);
    for (int i = 0; i < ACTORS; i++) /* those who were granted it by the clean-up */
        if (w.state[i] == GRANTED) ac_semaphore_acquire_drop(&w.f[i]), model_drop(&w, i);
    while (w.holders.n) release_first_holder(&w);
    EXPECT(ac_semaphore_available(&w.semaphore) + w.forgotten == PERMITS);
    EXPECT(w.semaphore.ac__first == NULL);
}

START_TEST(every_order_of_acquiring_cancelling_releasing_and_closing) { explore(SYMBOLS, 6, run); }
END_TEST

/* --- Under real schedulers ---------------------------------------------------------------------------------------- */

static ac_semaphore shared = AC_SEMAPHORE_INIT(4);
static int inside;

SCRIPT(use, int i, times; unsigned n; struct ac_semaphore_acquire_future f; struct ac_yield_future yield;)
{
    BEGIN;
    for (self->i = 0; self->i < self->times; self->i++) {
        AWAIT(ac_semaphore_acquire, f, &shared, self->n);
        REQUIRE(__atomic_add_fetch(&inside, (int)self->n, __ATOMIC_RELAXED) <= 4);
        __atomic_sub_fetch(&inside, (int)self->n, __ATOMIC_RELAXED);
        ac_semaphore_release(&shared, self->n);
        if (self->i % 5 == 0) YIELD();
    }
    END;
}

static void *use_on_thread(void *unused)
{
    for (int i = 0; i < 1000; i++) {
        REQUIRE(ac_semaphore_blocking_acquire(&shared, 3) == 0);
        ac_semaphore_release(&shared, 3);
    }
    return unused;
}

START_TEST(never_more_than_there_are_and_none_lost_by_aborts)
{
    const unsigned workers[] = { 1, 2, 8 };
    ac_runtime *rt = new_runtime((ac_runtime_options){ .worker_threads = workers[_i] });
    pthread_t thread;
    pthread_create(&thread, NULL, use_on_thread, NULL);
    for (int round = 0; round < 5; round++) {
        void *task[12];
        for (int i = 0; i < 12; i++) task[i] = SPAWN(rt, use, .times = 500, .n = 1 + (unsigned)i % 4);
        for (int i = 0; i < 12; i += 3) ac_abort(task[i]);
        for (int i = 0; i < 12; i++) join_task(rt, task[i], NULL);
    }
    pthread_join(thread, NULL);
    ck_assert_uint_eq(ac_semaphore_available(&shared), 4);
    end_runtime(rt);
}
END_TEST

/* A semaphore on a stack that ends with the wait for it. */
static void *release_one(void *semaphore)
{
    ac_semaphore_release(semaphore, 1);
    return NULL;
}

START_TEST(it_may_go_when_the_wait_is_over)
{
    for (int i = 0; i < 300; i++) {
        ac_semaphore *done = calloc(1, sizeof *done);
        pthread_t thread;
        pthread_create(&thread, NULL, release_one, done);
        ck_assert_int_eq(ac_semaphore_blocking_acquire(done, 1), 0);
        free(done);
        pthread_join(thread, NULL);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("semaphore");
    TCase *tests = tcase_create("semaphore");
    tcase_add_test(tests, permits_are_counted);
    tcase_add_test(tests, zeroed_memory_has_no_permits);
    tcase_add_test(tests, forget_takes_what_nobody_has);
    tcase_add_test(tests, what_gathers_for_a_waiter_is_not_forgotten);
    tcase_add_test(tests, few_do_not_pass_many);
    tcase_add_test(tests, close_refuses_all_now_and_later);
    tcase_add_test_raise_signal(tests, too_many_permits_are_fatal, SIGABRT);
    tcase_add_test(tests, every_order_of_acquiring_cancelling_releasing_and_closing);
    tcase_add_loop_test(tests, never_more_than_there_are_and_none_lost_by_aborts, 0, 3);
    tcase_add_test(tests, it_may_go_when_the_wait_is_over);
    tcase_set_timeout(tests, 30);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

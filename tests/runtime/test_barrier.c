/* The barrier: what include/asyncc/barrier.h says. */
#include "hand.h"

START_TEST(zero_and_one_never_block)
{
    for (uint32_t parties = 0; parties < 2; parties++) {
        ac_barrier barrier = AC_BARRIER_INIT(parties);
        struct hand hand = HAND;
        for (int i = 0; i < 3; i++) {
            struct ac_barrier_wait_future f;
            ac_barrier_wait_init(&f, &barrier);
            ck_assert_int_eq(POLL_BY(&hand, ac_barrier_wait, &f), AC_READY);
            ck_assert(f.result);
        }
    }
}
END_TEST

START_TEST(the_last_to_come_leads)
{
    ac_barrier barrier = AC_BARRIER_INIT(50); /* more than one batch of wakes */
    struct hand hand[50];
    struct ac_barrier_wait_future f[50];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 50; i++) {
            hand[i] = (struct hand)HAND;
            ac_barrier_wait_init(&f[i], &barrier);
            ck_assert_int_eq(POLL_BY(&hand[i], ac_barrier_wait, &f[i]), i == 49 ? AC_READY : AC_PENDING);
        }
        ck_assert(f[49].result);
        for (int i = 0; i < 49; i++) {
            ck_assert(woken(&hand[i]));
            ck_assert_int_eq(POLL_BY(&hand[i], ac_barrier_wait, &f[i]), AC_READY);
            ck_assert(!f[i].result);
        }
    }
}
END_TEST

/* --- All orders of four at a barrier of three --------------------------------------------------------------------- */

enum state { NEW, WAITING, PASSED };
enum { ACTORS = 4, PARTIES = 3, SYMBOLS = 2 * ACTORS };

struct world {
    ac_barrier barrier;
    struct hand hand[ACTORS];
    struct ac_barrier_wait_future f[ACTORS];
    enum state state[ACTORS];
    struct line queue;
    bool expect_wake[ACTORS];
};

/* AC_PENDING, or AC_READY with who leads. */
static int model_poll(struct world *w, int i, bool *leads)
{
    *leads = false;
    if (w->state[i] == PASSED) return w->state[i] = NEW, AC_READY;
    if (w->state[i] == WAITING) return AC_PENDING;
    *leads = w->queue.n == PARTIES - 1;
    if (!*leads) {
        w->state[i] = WAITING;
        line_push(&w->queue, i);
        return AC_PENDING;
    }
    while (w->queue.n) {
        int other = line_pop(&w->queue);
        w->state[other] = PASSED;
        w->expect_wake[other] = true;
    }
    return AC_READY;
}

static void run(const unsigned char *steps, unsigned n)
{
    struct world w = { .barrier = AC_BARRIER_INIT(PARTIES) };
    for (int i = 0; i < ACTORS; i++) {
        w.hand[i] = (struct hand)HAND;
        ac_barrier_wait_init(&w.f[i], &w.barrier);
    }
    for (unsigned s = 0; s < n; s++) {
        int i = steps[s] % ACTORS;
        if (steps[s] < ACTORS) {
            bool leads;
            int expected = model_poll(&w, i, &leads);
            EXPECT(POLL_BY(&w.hand[i], ac_barrier_wait, &w.f[i]) == expected);
            if (expected == AC_READY) {
                EXPECT(w.f[i].result == leads);
                ac_barrier_wait_init(&w.f[i], &w.barrier);
            }
        } else {
            ac_barrier_wait_drop(&w.f[i]);
            ac_barrier_wait_init(&w.f[i], &w.barrier);
            line_remove(&w.queue, i);
            w.state[i] = NEW;
        }
        for (int k = 0; k < ACTORS; k++) {
            EXPECT(woken(&w.hand[k]) == w.expect_wake[k]);
            w.expect_wake[k] = false;
        }
    }
    for (int i = 0; i < ACTORS; i++) ac_barrier_wait_drop(&w.f[i]);
    EXPECT(w.barrier.ac__arrived == 0 && w.barrier.ac__first == NULL);
}

START_TEST(every_order_of_coming_and_cancelling) { explore(SYMBOLS, 6, run); }
END_TEST

/* --- Under real schedulers ---------------------------------------------------------------------------------------- */

enum { CROWD = 40, ROUNDS = 100 };
static ac_barrier shared = AC_BARRIER_INIT(CROWD);
static int leaders[ROUNDS], there[ROUNDS];

SCRIPT(meet, int i; struct ac_barrier_wait_future f;)
{
    BEGIN;
    for (self->i = 0; self->i < ROUNDS; self->i++) {
        __atomic_add_fetch(&there[self->i], 1, __ATOMIC_RELAXED);
        AWAIT(ac_barrier_wait, f, &shared);
        REQUIRE(__atomic_load_n(&there[self->i], __ATOMIC_RELAXED) == CROWD);
        if (self->f.result) __atomic_add_fetch(&leaders[self->i], 1, __ATOMIC_RELAXED);
    }
    END;
}

START_TEST(one_leader_a_round_and_nobody_goes_on_early)
{
    const unsigned workers[] = { 1, 2, 8 };
    ac_runtime *rt = new_runtime((ac_runtime_options){ .worker_threads = workers[_i] });
    void *task[CROWD];
    for (int i = 0; i < CROWD; i++) task[i] = SPAWN(rt, meet, 0);
    for (int i = 0; i < CROWD; i++) ck_assert_int_eq(join_task(rt, task[i], NULL), 0);
    for (int i = 0; i < ROUNDS; i++) ck_assert_int_eq(leaders[i], 1);
    end_runtime(rt);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("barrier");
    TCase *tests = tcase_create("barrier");
    tcase_add_test(tests, zero_and_one_never_block);
    tcase_add_test(tests, the_last_to_come_leads);
    tcase_add_test(tests, every_order_of_coming_and_cancelling);
    tcase_add_loop_test(tests, one_leader_a_round_and_nobody_goes_on_early, 0, 3);
    tcase_set_timeout(tests, 30);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

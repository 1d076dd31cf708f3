/* Delay queues: order and keys on paused time, races on both flavors. */
#include "hand.h"
#include "sched/runtime.h"
#include "time/wheel.h"
#include <errno.h>
#include <signal.h>

struct item {
    int number;
    char pad[9]; /* an odd size */
};

static ac_runtime *rt, *paused;
static ac_delay_queue(struct item) queue;
static void setup(void)
{
    rt = new_runtime((ac_runtime_options){ 0 });
    paused = new_runtime((ac_runtime_options){ .flavor = AC_CURRENT_THREAD, .start_paused = true });
    ck_assert_int_eq(ac_delay_queue_new(&queue), 0);
}
static void teardown(void)
{
    end_runtime(paused);
    end_runtime(rt);
    ac_delay_queue_free(queue);
}
static struct item item(int number) { return (struct item){ .number = number, .pad = "abcdefgh" }; }

/* Takes values until the queue is closed and empty; what it got, and when, in ms. */
static int got[1000], at[1000], n_got;
SCRIPT(takes, ac_instant start; struct item item; struct ac_op_delay_queue_next_future next;)
{
    BEGIN;
    self->start = ac_now();
    n_got = 0;
    for (;;) {
        AWAIT(ac_op_delay_queue_next, next, queue, &self->item);
        if (!self->next.result) break;
        ck_assert_str_eq(self->item.pad, "abcdefgh");
        got[n_got] = self->item.number;
        at[n_got++] = (int)((ac_now() - self->start) / ac_ms(1));
    }
    END;
}

SCRIPT(in_order, ac_delay_key key[6]; struct takes_future takes;)
{
    BEGIN;
    self->key[0] = ac_delay_queue_insert(queue, item(0), ac_ms(30));
    self->key[1] = ac_delay_queue_insert(queue, item(1), ac_ms(10));
    self->key[2] = ac_delay_queue_insert_at(queue, item(2), ac_now() + ac_ms(20));
    self->key[3] = ac_delay_queue_insert(queue, item(3), ac_ms(10));
    self->key[4] = ac_delay_queue_insert(queue, item(4), -1);
    self->key[5] = ac_delay_queue_insert(queue, item(5), ac_secs(100000));
    ck_assert_uint_eq(ac_delay_queue_len(queue), 6);
    ck_assert_int_eq(ac_delay_queue_reset(queue, self->key[5], ac_ms(15)), 0);
    ac_delay_queue_close(queue);
    ck_assert_uint_eq(ac_delay_queue_insert(queue, item(9), 0), 0); /* closed */
    self->takes = (struct takes_future){ 0 };
    POLL(takes, takes);
    END;
}
START_TEST(values_come_out_in_the_order_of_their_deadlines)
{
    RUN(paused, in_order);
    int number[] = { 4, 1, 3, 5, 2, 0 }, when[] = { 0, 10, 10, 15, 20, 30 };
    ck_assert_int_eq(n_got, 6);
    for (int i = 0; i < 6; i++) {
        ck_assert_int_eq(got[i], number[i]);
        ck_assert_int_eq(at[i], when[i]);
    }
}
END_TEST

START_TEST(keys_remove_and_are_not_used_again)
{
    struct item out;
    ac_delay_key a = ac_delay_queue_insert(queue, item(1), ac_secs(1)),
                 b = ac_delay_queue_insert(queue, item(2), ac_secs(1));
    ck_assert_int_eq(ac_delay_queue_remove(queue, a, &out), 0);
    ck_assert_int_eq(out.number, 1);
    ck_assert_int_eq(ac_delay_queue_remove(queue, a, &out), -ENOENT);
    ck_assert_int_eq(ac_delay_queue_reset(queue, a, 0), -ENOENT);
    ac_delay_key c = ac_delay_queue_insert(queue, item(3), ac_secs(1));
    ck_assert_uint_ne(a, c);
    ck_assert_int_eq(ac_delay_queue_remove(queue, a, &out), -ENOENT);
    ck_assert_int_eq(ac_delay_queue_remove(queue, 0, &out), -ENOENT);
    ck_assert_int_eq(ac_delay_queue_remove(queue, UINT64_MAX, &out), -ENOENT);
    ck_assert_int_eq(ac_delay_queue_pop(queue, &out), 0);
    ck_assert_int_eq(out.number, 2);
    ck_assert_int_eq(ac_delay_queue_remove(queue, b, NULL), -ENOENT);
    ck_assert_int_eq(ac_delay_queue_remove(queue, c, NULL), 0);
    ck_assert_int_eq(ac_delay_queue_pop(queue, NULL), -ENOENT);
}
END_TEST

/* While a task waits, the first value changes: an earlier one, the first removed, the first put off. */
SCRIPT(changes_under_a_waiter, void *taker; ac_delay_key key; ac_instant start; struct ac_sleep_future sleep;
       struct ac_op_join_result_future join;)
{
    BEGIN;
    self->taker = SPAWN_IN(takes);
    AWAIT(ac_sleep, sleep, ac_ms(5)); /* it waits for an empty queue */
    ac_delay_queue_insert(queue, item(1), ac_ms(50));
    AWAIT(ac_sleep, sleep, ac_ms(5));
    self->key = ac_delay_queue_insert(queue, item(2), ac_ms(20)); /* due at 30: before 55 */
    AWAIT(ac_sleep, sleep, ac_ms(5));
    ac_delay_queue_reset(queue, self->key, ac_ms(85)); /* at 100 */
    AWAIT(ac_sleep, sleep, ac_ms(60));                 /* 75; number 1 came at 55 */
    self->key = ac_delay_queue_insert(queue, item(3), ac_ms(5));
    AWAIT(ac_sleep, sleep, ac_ms(1));
    ck_assert_int_eq(ac_delay_queue_remove(queue, self->key, NULL), 0);
    AWAIT(ac_sleep, sleep, ac_ms(24)); /* 100 */
    AWAIT(ac_sleep, sleep, ac_ms(10));
    ac_delay_queue_close(queue); /* empty: the waiter is let go */
    AWAIT(ac_op_join_result, join, &self->taker, NULL, 0);
    END;
}
START_TEST(a_waiter_follows_changes_of_the_first_value)
{
    RUN(paused, changes_under_a_waiter);
    ck_assert_int_eq(n_got, 2);
    ck_assert_int_eq(got[0], 1);
    ck_assert_int_eq(at[0], 55);
    ck_assert_int_eq(got[1], 2);
    ck_assert_int_eq(at[1], 100);
}
END_TEST

/* Against a plain array, with random insertions, removals, resets. */
START_TEST(agrees_with_a_plain_array)
{
    enum { N = 300 };
    static struct {
        ac_delay_key key;
        ac_instant deadline;
        int order;
    } model[N];
    int order = 0;
    struct item out;
    memset(model, 0, sizeof model);
    srand48(7);
    for (int step = 0; step < 30000; step++) {
        int i = (int)(lrand48() % N);
        ac_instant deadline = ac_secs(1) * (lrand48() % 50);
        if (!model[i].key) {
            model[i].key = ac_delay_queue_insert_at(queue, item(i), deadline);
            REQUIRE(model[i].key);
        } else if (lrand48() % 3 == 0) {
            REQUIRE(ac_delay_queue_remove(queue, model[i].key, &out) == 0 && out.number == i);
            model[i].key = 0;
            continue;
        } else {
            REQUIRE(ac_delay_queue_reset_at(queue, model[i].key, deadline) == 0);
        }
        model[i].deadline = deadline;
        model[i].order = order++;
    }
    while (ac_delay_queue_pop(queue, &out) == 0) {
        int first = -1;
        for (int i = 0; i < N; i++)
            if (model[i].key && (first < 0 || model[i].deadline < model[first].deadline ||
                                 (model[i].deadline == model[first].deadline && model[i].order < model[first].order)))
                first = i;
        REQUIRE(out.number == first);
        model[first].key = 0;
    }
    for (int i = 0; i < N; i++) REQUIRE(!model[i].key);
}
END_TEST

/* --- All orders of a wait, its cancellation, and what happens to the values ---------------------------------------- */

enum { POLL_STEP, DROP_STEP, EARLY_STEP, LATE_STEP, PUT_OFF_STEP, REMOVE_STEP, CLOSE_STEP, TICK_STEP, SYMBOLS };
enum { MOST = 16 };

struct world {
    ac_delay_queue(int) queue;
    struct hand hand;
    struct ac_op_delay_queue_next_future f;
    int out;
    /* the model: value i has key[i] while it is in the queue */
    int n;
    ac_delay_key key[MOST];
    ac_instant deadline[MOST];
    int order[MOST], orders;
    bool closed, waits, is_woken;
};
static struct ac__timers *timers; /* of the paused runtime, on which the clock is moved by hand */
static ac_context *in_paused;

static int first_of(const struct world *w)
{
    int first = -1;
    for (int i = 0; i < w->n; i++)
        if (w->key[i] && (first < 0 || w->deadline[i] < w->deadline[first] ||
                          (w->deadline[i] == w->deadline[first] && w->order[i] < w->order[first])))
            first = i;
    return first;
}

static bool is_ready(const struct world *w, int first)
{
    return first < 0 ? w->closed : w->deadline[first] <= ac__timers_now(timers);
}

static void poll_next(struct world *w, const unsigned char *steps, unsigned n)
{
    int first = first_of(w);
    bool ready = is_ready(w, first);
    w->hand.cx = (ac_context){ .task = &w->hand.task, .worker = in_paused->worker, .budget = 128 };
    EXPECT(ac_op_delay_queue_next_poll(&w->f, &w->hand.cx) == (ready ? AC_READY : AC_PENDING));
    w->waits = !ready;
    w->is_woken = false;
    if (!ready) return;
    EXPECT(w->f.result == (first >= 0));
    if (first >= 0) EXPECT(w->out == first);
    if (first >= 0) w->key[first] = 0;
    ac_op_delay_queue_next_init(&w->f, (void *)w->queue, &w->out);
}

static void insert(struct world *w, ac_duration duration, const unsigned char *steps, unsigned n)
{
    int i = w->n++;
    w->deadline[i] = ac__timers_now(timers) + duration;
    w->order[i] = w->orders++;
    w->key[i] = ac_delay_queue_insert_at(w->queue, i, w->deadline[i]);
    EXPECT((w->key[i] != 0) == !w->closed);
}

static void put_off(struct world *w, int i, const unsigned char *steps, unsigned n)
{
    w->deadline[i] = ac__timers_now(timers) + ac_ms(2);
    w->order[i] = w->orders++;
    EXPECT(ac_delay_queue_reset_at(w->queue, w->key[i], w->deadline[i]) == 0);
}

static void step_of(struct world *w, int step, const unsigned char *steps, unsigned n)
{
    int first = first_of(w);
    if (step == POLL_STEP) {
        poll_next(w, steps, n);
    } else if (step == DROP_STEP) {
        ac_op_delay_queue_next_drop(&w->f);
        ac_op_delay_queue_next_init(&w->f, (void *)w->queue, &w->out);
        w->waits = false;
    } else if (step == EARLY_STEP || step == LATE_STEP) {
        insert(w, step == EARLY_STEP ? ac_ms(1) : ac_ms(3), steps, n);
    } else if (step == PUT_OFF_STEP && first >= 0) {
        put_off(w, first, steps, n);
    } else if (step == REMOVE_STEP && first >= 0) {
        EXPECT(ac_delay_queue_remove(w->queue, w->key[first], NULL) == 0);
        w->key[first] = 0;
    } else if (step == CLOSE_STEP) {
        ac_delay_queue_close(w->queue);
        w->closed = true;
    } else if (step == TICK_STEP) {
        ac__clock_move_to(&timers->clock, ac__timers_now(timers) + ac_ms(1));
        ac__timers_fire(timers);
    }
}

static void run(const unsigned char *steps, unsigned n)
{
    struct world w = { .hand = HAND };
    EXPECT(ac_delay_queue_new(&w.queue) == 0);
    ac_op_delay_queue_next_init(&w.f, (void *)w.queue, &w.out);
    for (unsigned s = 0; s < n; s++) {
        step_of(&w, steps[s], steps, n);
        w.is_woken |= woken(&w.hand);
        /* It may be woken for nothing, but must be for something. */
        if (w.waits && is_ready(&w, first_of(&w))) EXPECT(w.is_woken);
        size_t len = 0;
        for (int i = 0; i < w.n; i++) len += w.key[i] != 0;
        EXPECT(ac_delay_queue_len(w.queue) == len);
    }
    ac_op_delay_queue_next_drop(&w.f);
    ac_delay_queue_free(w.queue);
    EXPECT(ac__timers_next(timers) == INT64_MAX || ac__timers_fire(timers) == 0); /* no timer is left behind */
}

/* One poll on the paused runtime is all the time that passes. */
SCRIPT(explores, unsigned unused;)
{
    (void)self;
    in_paused = cx;
    timers = ac__runtime_timers(paused);
    explore(SYMBOLS, 5, run);
    explore_some(SYMBOLS, 12, 30000, run);
    return AC_READY;
}
START_TEST(every_order_of_waiting_cancelling_inserting_removing_and_closing) { RUN(paused, explores); }
END_TEST

SCRIPT(inserts, int from, i; struct ac_sleep_future sleep;)
{
    BEGIN;
    for (; self->i < 100; self->i++) {
        REQUIRE(ac_delay_queue_insert(queue, item(self->from + self->i), ac_us(self->i * 37 % 3000)));
        if (self->i % 10 == 0) AWAIT(ac_sleep, sleep, ac_us(300));
    }
    END;
}
START_TEST(values_inserted_by_many_tasks_all_come_out)
{
    void *taker = SPAWN(rt, takes), *inserter[8];
    for (int i = 0; i < 8; i++) inserter[i] = SPAWN(rt, inserts, .from = i * 100);
    for (int i = 0; i < 8; i++) ck_assert_int_eq(join_task(rt, inserter[i], NULL), 0);
    ac_delay_queue_close(queue);
    ck_assert_int_eq(join_task(rt, taker, NULL), 0);
    ck_assert_int_eq(n_got, 800);
    bool seen[800] = { false };
    for (int i = 0; i < 800; i++) {
        REQUIRE(!seen[got[i]]);
        seen[got[i]] = true;
    }
}
END_TEST

START_TEST(a_wait_can_be_aborted_and_begun_again)
{
    ac_delay_queue_insert(queue, item(1), ac_secs(3600));
    for (int i = 0; i < 20; i++) {
        void *taker = SPAWN(rt, takes);
        struct ac_sleep_future sleep;
        ac_sleep_init(&sleep, ac_us(200 * (i % 4)));
        ac__block_on(rt, &ac_sleep_descriptor, &sleep);
        ac_abort(taker);
        ck_assert_int_eq(join_task(rt, taker, NULL), -ECANCELED);
    }
    ck_assert_uint_eq(ac_delay_queue_len(queue), 1);
}
END_TEST

START_TEST(two_waiters_stop_the_program)
{
    ac_detach(SPAWN(paused, takes));
    RUN(paused, takes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("delay queues");
    TCase *queues = tcase_create("queues");
    tcase_add_checked_fixture(queues, setup, teardown);
    tcase_add_test(queues, values_come_out_in_the_order_of_their_deadlines);
    tcase_add_test(queues, keys_remove_and_are_not_used_again);
    tcase_add_test(queues, a_waiter_follows_changes_of_the_first_value);
    tcase_add_test(queues, agrees_with_a_plain_array);
    tcase_add_test(queues, every_order_of_waiting_cancelling_inserting_removing_and_closing);
    tcase_add_test(queues, values_inserted_by_many_tasks_all_come_out);
    tcase_add_test(queues, a_wait_can_be_aborted_and_begun_again);
    suite_add_tcase(suite, queues);
    TCase *misuse = tcase_create("misuse");
    tcase_add_checked_fixture(misuse, setup, NULL);
    tcase_add_test_raise_signal(misuse, two_waiters_stop_the_program, SIGABRT);
    suite_add_tcase(suite, misuse);
    return run_suite(suite);
}

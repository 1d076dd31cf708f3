/* The budget of a poll, and what must get through beside tasks that are always ready: the driver, and the tasks they
 * yield to. Nobody is polled for nothing. */
#include "core.h"

static const unsigned worker_counts[] = { 1, 2, 8 };
static ac_runtime *with_workers(int i)
{
    return new_runtime((ac_runtime_options){ .worker_threads = worker_counts[i] });
}

/* --- The driver beside tasks that are always ready ---------------------------------------------------------------- */

SCRIPT(reads_then_flags, int fd; int *flag; char byte; struct ac_read_future read;)
{
    BEGIN;
    AWAIT(ac_read, read, self->fd, &self->byte, 1);
    ck_assert_int_eq(self->read.result, 1);
    add(self->flag, 1);
    END;
}

/* What the other end of the pipe is: a thread that writes when the tasks are at it. */
struct outside {
    int fd;
    int *turns;
};
static void *write_when_busy(void *argument)
{
    struct outside *outside = argument;
    ck_assert(reaches(outside->turns, 1000));
    ck_assert_int_eq(write(outside->fd, "x", 1), 1);
    return NULL;
}

/* Ends when the flag is set: by yields, by operations that are always ready until the budget is spent, or by tasks that
 * spawn the next. */
SCRIPT(yields_until, int *flag; int *turns; struct ac_yield_future yield;)
{
    BEGIN;
    while (!count_of(self->flag)) {
        add(self->turns, 1);
        YIELD();
    }
    END;
}
static ac_semaphore permits = AC_SEMAPHORE_INIT(100);
SCRIPT(takes_permits_until, int *flag; int *turns; struct ac_semaphore_acquire_future acquire;)
{
    BEGIN;
    while (!count_of(self->flag)) {
        add(self->turns, 1);
        AWAIT(ac_semaphore_acquire, acquire, &permits, 1);
        ac_semaphore_release(&permits, 1);
    }
    END;
}
SCRIPT(respawns_until, int *flag; int *turns;)
{
    add(self->turns, 1);
    if (!count_of(self->flag)) ac_detach(SPAWN_IN(respawns_until, .flag = self->flag, .turns = self->turns));
    return AC_READY;
}

/* `busy` are there, and the readiness of a pipe reaches a task beside them. */
#define READS_BESIDE(busy, how_many)                                                                                   \
    do {                                                                                                               \
        ac_runtime *rt = with_workers(_i);                                                                             \
        int fds[2], flag = 0, turns = 0;                                                                               \
        ck_assert_int_eq(pipe(fds), 0);                                                                                \
        struct outside outside = { fds[1], &turns };                                                                   \
        pthread_t thread;                                                                                              \
        pthread_create(&thread, NULL, write_when_busy, &outside);                                                      \
        void *reader = SPAWN(rt, reads_then_flags, .fd = fds[0], .flag = &flag), *tasks[how_many];                     \
        for (int i = 0; i < (how_many); i++) tasks[i] = SPAWN(rt, busy, .flag = &flag, .turns = &turns);               \
        ck_assert_int_eq(join_task(rt, reader, NULL), 0);                                                              \
        for (int i = 0; i < (how_many); i++) ck_assert_int_eq(join_task(rt, tasks[i], NULL), 0);                       \
        pthread_join(thread, NULL);                                                                                    \
        ck_assert(ac_runtime_shutdown(rt, ac_secs(10)));                                                               \
        close(fds[0]), close(fds[1]);                                                                                  \
    } while (0)

START_TEST(a_yield_reaches_the_driver_before_the_task_runs_again) { READS_BESIDE(yields_until, 1); }
END_TEST
START_TEST(a_yield_forced_by_the_budget_reaches_the_driver) { READS_BESIDE(takes_permits_until, 1); }
END_TEST
START_TEST(descriptors_are_polled_while_the_scheduler_is_saturated) { READS_BESIDE(respawns_until, 20); }
END_TEST

/* --- Who obeys the budget ----------------------------------------------------------------------------------------- */

/* 1,000 operations that are ready: how many polls it takes. The body runs anew in each poll. */
SCRIPT(hears_much, ac_broadcast_rx(int) rx; int polls, i, got; struct ac_op_broadcast_recv_future recv;)
{
    self->polls++;
    BEGIN;
    for (; self->i < 1000; self->i++) {
        AWAIT(ac_op_broadcast_recv, recv, (void *)self->rx, &self->got);
        ck_assert(self->recv.result == 0 && self->got == self->i);
    }
    RETURN(self->polls);
    END;
}
START_TEST(a_broadcast_obeys_the_budget)
{
    ac_runtime *rt = with_workers(_i);
    ac_broadcast_tx(int) tx;
    ck_assert_int_eq(ac_broadcast_new(1000, &tx), 0);
    ac_broadcast_rx(int) rx = ac_broadcast_subscribe(tx);
    for (int i = 0; i < 1000; i++) ck_assert_int_eq(ac_broadcast_send(tx, i), 1);
    ck_assert_int_eq(RUN(rt, hears_much, .rx = rx), 1000 / 128 + 1);
    ac_broadcast_drop_rx(rx);
    ac_broadcast_drop_tx(tx);
    end_runtime(rt);
}
END_TEST

SCRIPT(watches_much, ac_watch_tx(int) tx; ac_watch_rx(int) rx; int polls, i; struct ac_op_watch_changed_future changed;)
{
    self->polls++;
    BEGIN;
    for (; self->i < 1000; self->i++) {
        ck_assert_int_eq(ac_watch_send(self->tx, self->i), 0);
        AWAIT(ac_op_watch_changed, changed, (void *)self->rx);
        ck_assert(self->changed.result);
    }
    RETURN(self->polls);
    END;
}
START_TEST(a_watch_obeys_the_budget)
{
    ac_runtime *rt = with_workers(_i);
    ac_watch_tx(int) tx;
    ck_assert_int_eq(ac_watch_new(0, &tx), 0);
    ac_watch_rx(int) rx = ac_watch_subscribe(tx);
    ck_assert_int_eq(RUN(rt, watches_much, .tx = tx, .rx = rx), 1000 / 128 + 1);
    ac_watch_drop_rx(rx);
    ac_watch_drop_tx(tx);
    end_runtime(rt);
}
END_TEST

/* --- Polls -------------------------------------------------------------------------------------------------------- */

SCRIPT(counts_its_polls, struct gate *gate; int polls; int *started; struct gate_future wait;)
{
    self->polls++;
    BEGIN;
    add(self->started, 1);
    AWAIT(gate, wait, self->gate);
    RETURN(self->polls);
    END;
}
SCRIPT(yields, int left; struct ac_yield_future yield;)
{
    BEGIN;
    for (; self->left > 0; self->left--) YIELD();
    END;
}
SCRIPT(naps, struct ac_sleep_future sleep;)
{
    BEGIN;
    AWAIT(ac_sleep, sleep, ac_ms(2));
    END;
}

START_TEST(nobody_is_polled_for_nothing)
{
    ac_runtime *rt = with_workers(_i);
    struct gate gate = { 0 };
    int started = 0, polls;
    void *tasks[10];
    for (int i = 0; i < 10; i++) tasks[i] = SPAWN(rt, counts_its_polls, .gate = &gate, .started = &started);
    while (count_of(&started) < 10) RUN(rt, yields, .left = 1);
    for (int i = 0; i < 10; i++) {
        void *busy = SPAWN(rt, yields, .left = 200), *sleeper = SPAWN(rt, naps);
        RUN(rt, naps);
        ck_assert_int_eq(join_task(rt, busy, NULL), 0);
        ck_assert_int_eq(join_task(rt, sleeper, NULL), 0);
    }
    gate_open(&gate);
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(join_task(rt, tasks[i], &polls), 0);
        ck_assert_int_eq(polls, 2);
    }
    end_runtime(rt);
}
END_TEST

/* --- Yields and blocking in place --------------------------------------------------------------------------------- */

SCRIPT(yields_once, int *yielded; int *count; struct ac_yield_future yield;)
{
    BEGIN;
    add(self->yielded, 1);
    YIELD();
    add(self->count, 1);
    END;
}
static void wait_for_one(void *count) { ck_assert(reaches(count, 1)); }
/* Runs behind the other, on the only worker, which has put off what yielded. */
SCRIPT(blocks_for_it, int *yielded; int *count;)
{
    (void)cx;
    self->result = count_of(self->yielded) && !count_of(self->count);
    ac_block_in_place(wait_for_one, self->count);
    return AC_READY;
}

START_TEST(what_yielded_before_a_block_in_place_runs_during_it)
{
    ac_runtime *rt = new_runtime((ac_runtime_options){ .flavor = AC_MULTI_THREAD, .worker_threads = 1 });
    int met = 0;
    for (int round = 0; round < 50; round++) {
        int yielded = 0, count = 0, as_meant;
        void *first = SPAWN(rt, yields_once, .yielded = &yielded, .count = &count);
        void *second = SPAWN(rt, blocks_for_it, .yielded = &yielded, .count = &count);
        ck_assert_int_eq(join_task(rt, second, &as_meant), 0);
        ck_assert_int_eq(join_task(rt, first, NULL), 0);
        met += as_meant;
    }
    ck_assert_int_gt(met, 0);
    end_runtime(rt);
}
END_TEST

int main(void)
{
    const int counts = sizeof worker_counts / sizeof *worker_counts;
    Suite *suite = suite_create("budget");
    TCase *tests = tcase_create("budget");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_yield_reaches_the_driver_before_the_task_runs_again, 0, counts);
    tcase_add_loop_test(tests, a_yield_forced_by_the_budget_reaches_the_driver, 0, counts);
    tcase_add_loop_test(tests, descriptors_are_polled_while_the_scheduler_is_saturated, 0, counts);
    tcase_add_loop_test(tests, a_broadcast_obeys_the_budget, 0, counts);
    tcase_add_loop_test(tests, a_watch_obeys_the_budget, 0, counts);
    tcase_add_loop_test(tests, nobody_is_polled_for_nothing, 0, counts);
    tcase_add_test(tests, what_yielded_before_a_block_in_place_runs_during_it);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

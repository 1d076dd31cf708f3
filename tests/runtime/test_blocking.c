/* The blocking pool. */
#include "blocking/pool.h"
#include "core.h"
#include <sched.h>

static ac_runtime *rt;
static void setup(void)
{
    rt = new_runtime((ac_runtime_options){ .max_blocking_threads = 16, .blocking_keep_alive = ac_ms(50) });
}
static void teardown(void) { end_runtime(rt); }

#define SPAWN_BLOCKING(NAME, ...) SPAWN_AS(NULL, rt, AC__SPAWN_BLOCKING, NAME, __VA_ARGS__)

SCRIPT(call, int is; int *count; int ms;)
{
    if (self->ms) usleep((useconds_t)self->ms * 1000);
    if (self->count) add(self->count, 1);
    self->result = self->is;
    return AC_READY;
}

START_TEST(a_call_gives_its_result)
{
    int got = 0;
    ck_assert_int_eq(join_task(rt, SPAWN_BLOCKING(call, .is = 5), &got), 0);
    ck_assert_int_eq(got, 5);
}
END_TEST

SCRIPT(meets, int *arrived; int n;)
{
    add(self->arrived, 1);
    while (count_of(self->arrived) < self->n) usleep(100);
    return AC_READY;
}

/* Each waits for all the others: every one must get a thread of its own. */
START_TEST(calls_run_side_by_side_up_to_the_limit)
{
    enum { N = 16 };
    for (int round = 0; round < 5; round++) {
        int arrived = 0;
        void *tasks[N];
        for (int i = 0; i < N; i++) tasks[i] = SPAWN_BLOCKING(meets, .arrived = &arrived, .n = N);
        for (int i = 0; i < N; i++) ck_assert_int_eq(join_task(rt, tasks[i], NULL), 0);
    }
}
END_TEST

SCRIPT(counts_running, int *running; int *most; int *done;)
{
    int now = __atomic_add_fetch(self->running, 1, __ATOMIC_SEQ_CST);
    int seen = count_of(self->most);
    while (now > seen &&
           !__atomic_compare_exchange_n(self->most, &seen, now, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {}
    usleep(500);
    add(self->running, -1);
    add(self->done, 1);
    return AC_READY;
}

START_TEST(never_more_threads_than_the_limit)
{
    int running = 0, most = 0, done = 0;
    for (int i = 0; i < 100; i++)
        ac_detach(SPAWN_BLOCKING(counts_running, .running = &running, .most = &most, .done = &done));
    ck_assert(reaches(&done, 100));
    ck_assert_int_le(most, 16);
    ac_runtime_metrics metrics;
    ac_runtime_metrics_get(rt, &metrics);
    ck_assert_uint_le(metrics.blocking_threads, 16);
}
END_TEST

START_TEST(idle_threads_end_after_a_while)
{
    int count = 0;
    for (int i = 0; i < 8; i++) ac_detach(SPAWN_BLOCKING(call, .count = &count, .ms = 1));
    ck_assert(reaches(&count, 8));
    ac_runtime_metrics metrics;
    for (int i = 0; i < 5000; i++) {
        ac_runtime_metrics_get(rt, &metrics);
        if (metrics.blocking_threads == 0) break;
        usleep(1000);
    }
    ck_assert_uint_eq(metrics.blocking_threads, 0);
    ck_assert_int_eq(join_task(rt, SPAWN_BLOCKING(call, .is = 1), &count), 0); /* and new ones come */
}
END_TEST

START_TEST(an_abort_does_not_stop_a_queued_call)
{
    int count = 0;
    void *tasks[40];
    for (int i = 0; i < 40; i++) {
        tasks[i] = SPAWN_BLOCKING(call, .is = i, .count = &count, .ms = 1);
        ac_abort(tasks[i]);
    }
    for (int i = 0; i < 40; i++) {
        int got = -1;
        ck_assert_int_eq(join_task(rt, tasks[i], &got), 0);
        ck_assert_int_eq(got, i);
    }
    ck_assert_int_eq(count, 40);
}
END_TEST

START_TEST(queued_calls_run_during_the_shutdown)
{
    ac_runtime *here = new_runtime((ac_runtime_options){ .max_blocking_threads = 2 });
    int count = 0;
    for (int i = 0; i < 50; i++) ac_detach(SPAWN_AS(NULL, here, AC__SPAWN_BLOCKING, call, .count = &count, .ms = 1));
    end_runtime(here);
    ck_assert_int_eq(count, 50);
}
END_TEST

START_TEST(shutdown_leaves_a_call_that_does_not_end)
{
    static int never;
    ac_runtime *here = new_runtime((ac_runtime_options){ 0 });
    ac_detach(SPAWN_AS(NULL, here, AC__SPAWN_BLOCKING, meets, .arrived = &never, .n = 1000));
    ck_assert(reaches(&never, 1));
    ck_assert(!ac_runtime_shutdown(here, ac_ms(50)));
}
END_TEST

SCRIPT(sleeps_paused, struct ac_sleep_future sleep; void *task; struct ac_op_join_result_future join; ac_instant start;)
{
    BEGIN;
    self->start = ac_now();
    self->task = SPAWN_AS(cx, NULL, AC__SPAWN_BLOCKING, call, .ms = 30);
    AWAIT(ac_op_join_result, join, &self->task, NULL, 0);
    ck_assert_int_eq(ac_now() - self->start, 0); /* time has not run ahead meanwhile */
    AWAIT(ac_sleep, sleep, ac_secs(100));
    RETURN((int)((ac_now() - self->start) / ac_secs(1)));
    END;
}

START_TEST(paused_time_waits_for_blocking_calls)
{
    ac_runtime *paused = new_runtime((ac_runtime_options){ .flavor = AC_CURRENT_THREAD, .start_paused = true });
    ck_assert_int_eq(RUN(paused, sleeps_paused), 100);
    end_runtime(paused);
}
END_TEST

/* --- Jobs without a task -------------------------------------------------------------------------------------------*/

static int jobs_run;
static void run_job(struct ac__blocking_job *job)
{
    add(&jobs_run, 1);
    free(job);
}

START_TEST(jobs_free_themselves)
{
    for (int i = 0; i < 200; i++) {
        struct ac__blocking_job *job = malloc(sizeof *job);
        job->run = run_job;
        ck_assert_int_eq(ac__blocking_run(rt, job), 0);
    }
    ck_assert(reaches(&jobs_run, 200));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("blocking");
    TCase *tests = tcase_create("blocking");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, a_call_gives_its_result);
    tcase_add_test(tests, calls_run_side_by_side_up_to_the_limit);
    tcase_add_test(tests, never_more_threads_than_the_limit);
    tcase_add_test(tests, idle_threads_end_after_a_while);
    tcase_add_test(tests, an_abort_does_not_stop_a_queued_call);
    tcase_add_test(tests, queued_calls_run_during_the_shutdown);
    tcase_add_test(tests, shutdown_leaves_a_call_that_does_not_end);
    tcase_add_test(tests, paused_time_waits_for_blocking_calls);
    tcase_add_test(tests, jobs_free_themselves);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

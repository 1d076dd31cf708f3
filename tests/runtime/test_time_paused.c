/* Paused time: exact, deterministic, and running ahead by itself. Always on a current-thread runtime. */
#include "script.h"
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static ac_runtime *rt;
static void setup(void)
{
    rt = new_runtime((ac_runtime_options){ .flavor = AC_CURRENT_THREAD, .start_paused = true, .seed = 1 });
}
static void teardown(void) { end_runtime(rt); }

SCRIPT(nap, ac_duration length; ac_instant woke; struct ac_sleep_future sleep;)
{
    BEGIN;
    AWAIT(ac_sleep, sleep, self->length);
    self->woke = ac_now();
    RETURN((int)(self->woke / ac_ms(1) % 1000000));
    END;
}

/* --- Running ahead ------------------------------------------------------------------------------------------------ */

SCRIPT(hours, ac_instant start; int i; struct ac_sleep_future sleep;)
{
    BEGIN;
    self->start = ac_now();
    for (self->i = 0; self->i < 1000; self->i++) AWAIT(ac_sleep, sleep, ac_secs(3600));
    ck_assert_int_eq(ac_now() - self->start, ac_secs(3600) * 1000);
    END;
}
START_TEST(hours_take_no_time)
{
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    RUN(rt, hours);
    clock_gettime(CLOCK_MONOTONIC, &after);
    ck_assert_int_lt(after.tv_sec - before.tv_sec, 10);
}
END_TEST

START_TEST(a_sleep_of_whole_milliseconds_is_exact)
{
    for (int ms = 1; ms < 200; ms += 7) {
        struct nap_future nap = { .length = ac_ms(ms) };
        static ac_instant start;
        start = start ? start : ac_secs(86400);
        ac__block_on(rt, &nap_descriptor, &nap);
        ck_assert_int_eq(nap.woke - start, ac_ms(ms));
        start = nap.woke;
    }
}
END_TEST

/* 10,000 sleeps of random lengths: the order and the instants in which they end, as one number. */
static uint64_t digest;
SCRIPT(one_of_many, unsigned number; int rounds; struct ac_sleep_future sleep; struct drand48_data random; long pick;)
{
    BEGIN;
    srand48_r(self->number, &self->random);
    for (; self->rounds < 5; self->rounds++) {
        lrand48_r(&self->random, &self->pick);
        AWAIT(ac_sleep, sleep, ac_us(self->pick % 3000000));
        digest = (digest ^ self->number ^ (uint64_t)ac_now()) * UINT64_C(0x100000001b3);
    }
    END;
}
SCRIPT(crowd, int i; void *task[2000]; struct ac_op_join_result_future join;)
{
    BEGIN;
    for (self->i = 0; self->i < 2000; self->i++)
        self->task[self->i] = SPAWN_IN(one_of_many, .number = (unsigned)self->i);
    for (self->i = 0; self->i < 2000; self->i++) AWAIT(ac_op_join_result, join, &self->task[self->i], NULL, 0);
    END;
}
static uint64_t run_crowd(void)
{
    ac_runtime *fresh =
        new_runtime((ac_runtime_options){ .flavor = AC_CURRENT_THREAD, .start_paused = true, .seed = 5 });
    digest = 1;
    static struct crowd_future crowd;
    memset(&crowd, 0, sizeof crowd);
    ac__block_on(fresh, &crowd_descriptor, &crowd);
    end_runtime(fresh);
    return digest;
}
START_TEST(ten_thousand_sleeps_are_deterministic)
{
    uint64_t first = run_crowd();
    for (int i = 0; i < 2; i++) ck_assert_uint_eq(run_crowd(), first);
}
END_TEST

/* --- A blocking call holds time ----------------------------------------------------------------------------------- */

static int block_ms(int ms)
{
    usleep((useconds_t)ms * 1000);
    return ms;
}
SCRIPT(blocks, int ms;) { RETURN(block_ms(self->ms)); }
SCRIPT(beside_blocking, ac_instant start; void *task; struct ac_op_join_result_future join;
       struct ac_sleep_future sleep;)
{
    BEGIN;
    self->start = ac_now();
    self->task = SPAWN_AS(cx, NULL, AC__SPAWN_BLOCKING, blocks, .ms = 30);
    AWAIT(ac_op_join_result, join, &self->task, NULL, 0);
    ck_assert_int_eq(ac_now(), self->start); /* no timer was armed, and none ran ahead */
    self->task = SPAWN_AS(cx, NULL, AC__SPAWN_BLOCKING, blocks, .ms = 30);
    AWAIT(ac_sleep, sleep, ac_secs(5));
    ck_assert(ac_is_finished(self->task)); /* time stood still until the call had ended */
    ck_assert_int_eq(ac_now(), self->start + ac_secs(5));
    AWAIT(ac_op_join_result, join, &self->task, NULL, 0);
    END;
}
START_TEST(time_does_not_run_ahead_of_a_blocking_call)
{
    ac_runtime *fresh = new_runtime((ac_runtime_options){ .flavor = AC_CURRENT_THREAD, .start_paused = true });
    RUN(fresh, beside_blocking);
    end_runtime(fresh);
}
END_TEST

/* --- Advancing ---------------------------------------------------------------------------------------------------- */

SCRIPT(advances, ac_instant start; struct ac_time_advance_future advance;)
{
    BEGIN;
    self->start = ac_now();
    AWAIT(ac_time_advance, advance, ac_us(250));
    ck_assert_int_eq(ac_now() - self->start, ac_us(250));
    AWAIT(ac_time_advance, advance, 1);
    ck_assert_int_eq(ac_now() - self->start, ac_us(250) + 1);
    AWAIT(ac_time_advance, advance, 0);
    ck_assert_int_eq(ac_now() - self->start, ac_us(250) + 1);
    AWAIT(ac_time_advance, advance, ac_secs(86400 * 365));
    ck_assert_int_eq(ac_now() - self->start, ac_us(250) + 1 + ac_secs(86400 * 365));
    END;
}
START_TEST(advancing_is_exact_below_a_millisecond) { RUN(rt, advances); }
END_TEST

SCRIPT(advances_over_a_sleep, void *task; struct ac_time_advance_future advance; struct ac_yield_future yield;)
{
    BEGIN;
    self->task = SPAWN_IN(nap, .length = ac_ms(1));
    YIELD();
    AWAIT(ac_time_advance, advance, ac_us(250));
    ck_assert(!ac_is_finished(self->task));
    AWAIT(ac_time_advance, advance, ac_us(749));
    ck_assert(!ac_is_finished(self->task));
    AWAIT(ac_time_advance, advance, ac_us(1));
    ck_assert(ac_is_finished(self->task)); /* what came due ran before this goes on */
    ac_detach(self->task);
    END;
}
START_TEST(what_comes_due_by_advancing_runs_at_once) { RUN(rt, advances_over_a_sleep); }
END_TEST

/* --- Pausing and going on ----------------------------------------------------------------------------------------- */

SCRIPT(pauses_and_resumes, ac_instant before, paused; struct ac_sleep_future sleep;
       struct ac_time_advance_future advance;)
{
    BEGIN;
    self->before = ac_now();
    AWAIT(ac_sleep, sleep, ac_ms(2)); /* in real time */
    ac_time_pause();
    self->paused = ac_now();
    ck_assert_int_ge(self->paused, self->before + ac_ms(2));
    ck_assert_int_eq(self->paused % ac_ms(1), 0);
    block_ms(3);
    ck_assert_int_eq(ac_now(), self->paused);
    AWAIT(ac_time_advance, advance, ac_secs(1000));
    ac_time_resume();
    ck_assert_int_ge(ac_now(), self->paused + ac_secs(1000));
    ck_assert_int_lt(ac_now(), self->paused + ac_secs(1010));
    self->paused = ac_now();
    AWAIT(ac_sleep, sleep, ac_ms(4)); /* in real time again, on a clock that is ahead */
    ck_assert_int_ge(ac_now(), self->paused + ac_ms(4));
    ck_assert_int_lt(ac_now(), self->paused + ac_secs(10));
    ac_time_pause();
    ac_time_resume();
    END;
}
START_TEST(time_can_be_paused_and_resumed)
{
    ac_runtime *fresh = new_runtime((ac_runtime_options){ .flavor = AC_CURRENT_THREAD });
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    RUN(fresh, pauses_and_resumes);
    clock_gettime(CLOCK_MONOTONIC, &after);
    ck_assert_int_lt(after.tv_sec - before.tv_sec, 10);
    end_runtime(fresh);
}
END_TEST

SCRIPT(pauses_twice, int unused;)
{
    ac_time_pause();
    RETURN(0);
}
START_TEST(pausing_twice_stops_the_program) { RUN(rt, pauses_twice); }
END_TEST
SCRIPT(resumes, int unused;)
{
    ac_time_resume();
    RETURN(0);
}
START_TEST(resuming_what_runs_stops_the_program)
{
    RUN(new_runtime((ac_runtime_options){ .flavor = AC_CURRENT_THREAD }), resumes);
}
END_TEST
SCRIPT(goes_back, struct ac_time_advance_future advance;)
{
    BEGIN;
    AWAIT(ac_time_advance, advance, -1);
    END;
}
START_TEST(going_back_stops_the_program) { RUN(rt, goes_back); }
END_TEST

/* --- Intervals whose ticks are taken late ------------------------------------------------------------------------- */

/* As Tokio's tests have it: period 300, the tick of 600 taken at 950. What each tick is due at, in ms from the start.
 * */
SCRIPT(late, enum ac_missed_ticks missed; int expected[8]; int i; ac_instant start; ac_interval interval;
       struct ac_interval_tick_future tick; struct ac_time_advance_future advance; struct ac_interval_tick_future peek;)
{
    BEGIN;
    self->start = ac_now();
    self->interval = ac_interval_at(self->start, ac_ms(300));
    self->interval.missed = self->missed;
    AWAIT(ac_interval_tick, tick, &self->interval);
    ck_assert_int_eq(self->tick.result, self->start);
    AWAIT(ac_interval_tick, tick, &self->interval);
    ck_assert_int_eq(self->tick.result, self->start + ac_ms(300));
    AWAIT(ac_time_advance, advance, ac_ms(650));
    for (self->i = 0; self->expected[self->i]; self->i++) {
        AWAIT(ac_interval_tick, tick, &self->interval);
        ck_assert_int_eq(self->tick.result, self->start + ac_ms(self->expected[self->i]));
        ck_assert_int_ge(ac_now(), self->tick.result);
    }
    END;
}
START_TEST(late_ticks_in_a_burst) { RUN(rt, late, .missed = AC_MISSED_BURST, .expected = { 600, 900, 1200, 1500 }); }
END_TEST
START_TEST(late_ticks_with_a_delay) { RUN(rt, late, .missed = AC_MISSED_DELAY, .expected = { 600, 1250, 1550, 1850 }); }
END_TEST
START_TEST(late_ticks_left_out) { RUN(rt, late, .missed = AC_MISSED_SKIP, .expected = { 600, 1200, 1500 }); }
END_TEST

SCRIPT(cancels_ticks, ac_instant start; ac_interval interval; struct ac_interval_tick_future tick;
       struct ac_time_advance_future advance;)
{
    BEGIN;
    self->start = ac_now();
    self->interval = ac_interval_at(self->start + ac_ms(100), ac_ms(100));
    ac_interval_tick_init(&self->tick, &self->interval);
    ck_assert_int_eq(ac_interval_tick_poll(&self->tick, cx), AC_PENDING);
    ac_interval_tick_drop(&self->tick);
    AWAIT(ac_time_advance, advance, ac_ms(100));
    AWAIT(ac_interval_tick, tick, &self->interval);
    ck_assert_int_eq(self->tick.result, self->start + ac_ms(100));
    ac_interval_reset(&self->interval);
    AWAIT(ac_time_advance, advance, ac_ms(30));
    AWAIT(ac_interval_tick, tick, &self->interval);
    ck_assert_int_eq(self->tick.result, self->start + ac_ms(200));
    END;
}
START_TEST(a_tick_that_is_cancelled_is_not_lost) { RUN(rt, cancels_ticks); }
END_TEST

int main(void)
{
    Suite *suite = suite_create("time, paused");
    TCase *paused = tcase_create("paused");
    tcase_add_checked_fixture(paused, setup, teardown);
    tcase_add_test(paused, hours_take_no_time);
    tcase_add_test(paused, a_sleep_of_whole_milliseconds_is_exact);
    tcase_add_test(paused, ten_thousand_sleeps_are_deterministic);
    tcase_add_test(paused, time_does_not_run_ahead_of_a_blocking_call);
    tcase_add_test(paused, advancing_is_exact_below_a_millisecond);
    tcase_add_test(paused, what_comes_due_by_advancing_runs_at_once);
    tcase_add_test(paused, time_can_be_paused_and_resumed);
    tcase_add_test(paused, late_ticks_in_a_burst);
    tcase_add_test(paused, late_ticks_with_a_delay);
    tcase_add_test(paused, late_ticks_left_out);
    tcase_add_test(paused, a_tick_that_is_cancelled_is_not_lost);
    suite_add_tcase(suite, paused);
    TCase *misuse = tcase_create("misuse");
    tcase_add_checked_fixture(misuse, setup, NULL);
    tcase_add_test_raise_signal(misuse, pausing_twice_stops_the_program, SIGABRT);
    tcase_add_test_raise_signal(misuse, resuming_what_runs_stops_the_program, SIGABRT);
    tcase_add_test_raise_signal(misuse, going_back_stops_the_program, SIGABRT);
    suite_add_tcase(suite, misuse);
    return run_suite(suite);
}

/* Sleeping, timeouts and intervals on the real clock, on both flavors. What needs exact times is in test_time_paused.c.
 * */
#include "script.h"
#include <signal.h>

static ac_runtime *rt;
static void setup(void) { rt = new_runtime((ac_runtime_options){ 0 }); }
static void teardown(void) { end_runtime(rt); }

/* --- Sleep -------------------------------------------------------------------------------------------------------- */

SCRIPT(nap, ac_duration length; ac_instant start; struct ac_sleep_future sleep;)
{
    BEGIN;
    self->start = ac_now();
    AWAIT(ac_sleep, sleep, self->length);
    RETURN((int)((ac_now() - self->start) / ac_us(1)));
    END;
}

START_TEST(a_sleep_is_never_early)
{
    for (int us = 100; us < 5000; us += 373) ck_assert_int_ge(RUN(rt, nap, .length = ac_us(us)), us);
}
END_TEST

START_TEST(a_sleep_of_nothing_is_over_at_once)
{
    struct ac_sleep_future sleep;
    ac_sleep_init(&sleep, 0);
    ac__block_on(rt, &ac_sleep_descriptor, &sleep);
    ac_sleep_init(&sleep, -ac_secs(5));
    ac__block_on(rt, &ac_sleep_descriptor, &sleep);
    ck_assert_int_lt(RUN(rt, nap, .length = INT64_MIN), 1000000);
}
END_TEST

SCRIPT(until_past, struct ac_sleep_until_future sleep;)
{
    BEGIN;
    AWAIT(ac_sleep_until, sleep, ac_now() - ac_secs(1));
    AWAIT(ac_sleep_until, sleep, INT64_MIN);
    self->result = 1;
    END;
}
START_TEST(a_deadline_in_the_past_is_over_at_once) { ck_assert_int_eq(RUN(rt, until_past), 1); }
END_TEST

SCRIPT(reset_twice, ac_instant start; struct ac_sleep_until_future sleep;)
{
    BEGIN;
    self->start = ac_now();
    ac_sleep_until_init(&self->sleep, self->start + ac_secs(3600));
    ac_sleep_until_reset(&self->sleep, self->start + ac_secs(1800)); /* before it was polled */
    ck_assert_int_eq(ac_sleep_until_poll(&self->sleep, cx), AC_PENDING);
    ac_sleep_until_reset(&self->sleep, self->start + ac_ms(3)); /* while it waits */
    POLL(ac_sleep_until, sleep);
    ck_assert_int_ge(ac_now() - self->start, ac_ms(3));
    ac_sleep_until_reset(&self->sleep, self->start + ac_ms(7)); /* after it was over */
    POLL(ac_sleep_until, sleep);
    RETURN((int)((ac_now() - self->start) / ac_us(1)));
    END;
}
START_TEST(a_sleep_can_be_reset_before_while_and_after_it_waits)
{
    int took = RUN(rt, reset_twice);
    ck_assert_int_ge(took, 7000);
    ck_assert_int_lt(took, 10000000);
}
END_TEST

START_TEST(years_ahead_and_forever_can_be_slept_and_aborted)
{
    ac_duration lengths[] = { ac_secs(86400 * 365), ac_secs(86400 * 365) * 100, AC_NEVER, AC_NEVER - 1 };
    void *tasks[4];
    for (int i = 0; i < 4; i++) tasks[i] = SPAWN(rt, nap, .length = lengths[i]);
    ck_assert_int_ge(RUN(rt, nap, .length = ac_ms(5)), 5000);
    for (int i = 0; i < 4; i++) ck_assert(!ac_is_finished(tasks[i]));
    for (int i = 0; i < 4; i++) {
        ac_abort(tasks[i]);
        ck_assert_int_eq(join_task(rt, tasks[i], NULL), -ECANCELED);
    }
}
END_TEST

/* Armed by many tasks on all workers; half of them are aborted, most of those by another thread than the one they are
 * armed on. */
START_TEST(many_sleep_and_many_are_aborted)
{
    enum { N = 3000 };
    static void *tasks[N];
    for (int i = 0; i < N; i++) tasks[i] = SPAWN(rt, nap, .length = i % 2 ? ac_secs(1000) : ac_us(100 * (i % 97)));
    for (int i = 1; i < N; i += 2) ac_abort(tasks[i]);
    for (int i = 0; i < N; i++) {
        int took = 0;
        REQUIRE(join_task(rt, tasks[i], &took) == (i % 2 ? -ECANCELED : 0));
        REQUIRE(i % 2 || took >= 100 * (i % 97));
    }
}
END_TEST

/* An earlier timer that is armed while the runtime sleeps to a later one. */
SCRIPT(arms_behind, void *far; struct ac_sleep_future sleep;)
{
    BEGIN;
    self->far = SPAWN_IN(nap, .length = ac_secs(100));
    AWAIT(ac_sleep, sleep, ac_ms(2));
    AWAIT(ac_sleep, sleep, ac_ms(1));
    ac_abort(self->far);
    ac_detach(self->far);
    self->result = 1;
    END;
}
START_TEST(a_shorter_sleep_cuts_a_longer_one_short)
{
    ac_instant start = ac_now();
    for (int i = 0; i < 5; i++) ck_assert_int_eq(RUN(rt, arms_behind), 1);
    ck_assert_int_lt(ac_now() - start, ac_secs(20));
}
END_TEST

/* --- Within ------------------------------------------------------------------------------------------------------- */

static void compute(ac_duration length)
{
    for (ac_instant start = ac_now(); ac_now() - start < length;) {}
}

SCRIPT(timed, ac_duration limit, length, before; struct ac_within_future within; struct ac_sleep_future sleep;)
{
    /* What generated code does: the statement first, and the clock only when that is pending. */
    if (self->script.line == 0) {
        compute(self->before);
        ac_within_init(&self->within, cx, self->limit);
        ac_sleep_init(&self->sleep, self->length);
        self->script.line = 1;
    }
    if (ac_sleep_poll(&self->sleep, cx) == AC_READY) {
        ac_within_drop(&self->within);
        RETURN(1);
    }
    if (ac_within_poll(&self->within, cx) == AC_READY) {
        ac_sleep_drop(&self->sleep);
        RETURN(0);
    }
    return AC_PENDING;
}

START_TEST(what_finishes_in_time_is_not_cut_off)
{
    ck_assert_int_eq(RUN(rt, timed, .limit = ac_secs(60), .length = ac_ms(2)), 1);
}
END_TEST
START_TEST(what_takes_too_long_is_cut_off)
{
    ac_instant start = ac_now();
    ck_assert_int_eq(RUN(rt, timed, .limit = ac_ms(3), .length = ac_secs(60)), 0);
    ck_assert_int_ge(ac_now() - start, ac_ms(3));
}
END_TEST
START_TEST(ready_beats_expired)
{
    ck_assert_int_eq(RUN(rt, timed, .limit = 0, .length = 0), 1);
    ck_assert_int_eq(RUN(rt, timed, .limit = -1, .length = 0), 1);
    ck_assert_int_eq(RUN(rt, timed, .limit = 0, .length = ac_ms(1)), 0);
}
END_TEST

/* Computing before a `within` in the same poll must not count against it. */
SCRIPT(busy_then_timed, struct timed_future timed;)
{
    BEGIN;
    self->timed = (struct timed_future){ .limit = ac_secs(10), .length = ac_us(100) };
    POLL(timed, timed);
    compute(ac_ms(20));
    self->timed = (struct timed_future){ .before = ac_ms(20), .limit = ac_ms(15), .length = ac_ms(2) };
    POLL(timed, timed);
    RETURN(self->timed.result);
    END;
}
START_TEST(computing_before_a_within_does_not_count)
{
    /* The machine may be slow, so that 2 ms take 15; but not thrice. */
    int in_time = 0;
    for (int i = 0; i < 3 && !in_time; i++) in_time = RUN(rt, busy_then_timed);
    ck_assert_int_eq(in_time, 1);
}
END_TEST

/* Never waits: every operation is ready at once, until the budget says no. */
SCRIPT(spins, struct ac_within_future within; struct ac_sleep_future sleep;)
{
    if (self->script.line == 0) {
        ac_within_init(&self->within, cx, ac_ms(5));
        self->script.line = 1;
    }
    for (;;) {
        ac_sleep_init(&self->sleep, 0);
        if (ac_sleep_poll(&self->sleep, cx) == AC_PENDING) break;
    }
    ac_sleep_drop(&self->sleep);
    return ac_within_poll(&self->within, cx);
}
START_TEST(a_body_that_spends_its_budget_still_times_out) { RUN(rt, spins); }
END_TEST

SCRIPT(never_suspends, struct ac_within_future within;)
{
    ac_within_init(&self->within, cx, ac_ms(1));
    bool armed = ac__timer_state(&self->within.timer) != AC__TIMER_NEW;
    ac_within_drop(&self->within);
    RETURN(armed);
}
START_TEST(a_within_that_never_suspends_arms_nothing) { ck_assert_int_eq(RUN(rt, never_suspends), 0); }
END_TEST

START_TEST(frames_are_small)
{
    ck_assert_uint_le(sizeof(struct ac_sleep_future), 56);
    ck_assert_uint_le(sizeof(struct ac_within_future), 56);
}
END_TEST

/* --- Intervals ---------------------------------------------------------------------------------------------------- */

SCRIPT(ticks, ac_interval interval; ac_instant start; int i; struct ac_interval_tick_future tick;)
{
    BEGIN;
    self->start = ac_now();
    self->interval = ac_interval_new(ac_ms(2));
    for (self->i = 0; self->i < 5; self->i++) {
        AWAIT(ac_interval_tick, tick, &self->interval);
        ck_assert_int_ge(self->tick.result, self->start + ac_ms(2) * self->i);
        ck_assert_int_ge(ac_now(), self->tick.result);
    }
    self->result = (int)((ac_now() - self->start) / ac_us(1));
    END;
}
START_TEST(an_interval_ticks_at_once_and_then_every_period) { ck_assert_int_ge(RUN(rt, ticks), 8000); }
END_TEST
START_TEST(a_period_of_zero_stops_the_program) { ac_interval_new(0); }
END_TEST
START_TEST(a_negative_period_stops_the_program) { ac_interval_at(ac_now(), -ac_ms(1)); }
END_TEST

/* --- Paused time where it may not be ------------------------------------------------------------------------------ */

START_TEST(time_cannot_be_paused_outside_a_runtime) { ac_time_pause(); }
END_TEST
SCRIPT(pauses, struct ac_sleep_future sleep;)
{
    ac_time_pause();
    self->result = 1;
    return AC_READY;
}
START_TEST(time_cannot_be_paused_on_many_threads)
{
    ac_runtime *many = new_runtime((ac_runtime_options){ .flavor = AC_MULTI_THREAD });
    RUN(many, pauses);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("time");
    TCase *time = tcase_create("time");
    tcase_add_checked_fixture(time, setup, teardown);
    tcase_add_test(time, a_sleep_is_never_early);
    tcase_add_test(time, a_sleep_of_nothing_is_over_at_once);
    tcase_add_test(time, a_deadline_in_the_past_is_over_at_once);
    tcase_add_test(time, a_sleep_can_be_reset_before_while_and_after_it_waits);
    tcase_add_test(time, years_ahead_and_forever_can_be_slept_and_aborted);
    tcase_add_test(time, many_sleep_and_many_are_aborted);
    tcase_add_test(time, a_shorter_sleep_cuts_a_longer_one_short);
    tcase_add_test(time, what_finishes_in_time_is_not_cut_off);
    tcase_add_test(time, what_takes_too_long_is_cut_off);
    tcase_add_test(time, ready_beats_expired);
    tcase_add_test(time, computing_before_a_within_does_not_count);
    tcase_add_test(time, a_body_that_spends_its_budget_still_times_out);
    tcase_add_test(time, a_within_that_never_suspends_arms_nothing);
    tcase_add_test(time, frames_are_small);
    tcase_add_test(time, an_interval_ticks_at_once_and_then_every_period);
    suite_add_tcase(suite, time);
    TCase *misuse = tcase_create("misuse");
    tcase_add_test_raise_signal(misuse, a_period_of_zero_stops_the_program, SIGABRT);
    tcase_add_test_raise_signal(misuse, a_negative_period_stops_the_program, SIGABRT);
    tcase_add_test_raise_signal(misuse, time_cannot_be_paused_outside_a_runtime, SIGABRT);
    tcase_add_test_raise_signal(misuse, time_cannot_be_paused_on_many_threads, SIGABRT);
    suite_add_tcase(suite, misuse);
    return run_suite(suite);
}

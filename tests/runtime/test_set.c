/* Task sets, on both flavors. */
#include "script.h"
#include <errno.h>
#include <signal.h>

static ac_runtime *rt;
static void *set;
static void setup(void)
{
    rt = new_runtime((ac_runtime_options){ 0 });
    ac__task_set_new(&set);
}
static void teardown(void)
{
    ac__task_set_free(set);
    end_runtime(rt);
}

static uint32_t ended; /* atomic: members whose frame is gone, by return or drop */

SCRIPT(gives, int value, us; struct ac_sleep_future sleep;)
{
    BEGIN;
    if (self->us) AWAIT(ac_sleep, sleep, ac_us(self->us));
    RETURN(self->value);
    END;
}

/* A future whose drop is seen. */
struct forever_future {
    struct ac_sleep_future sleep;
    int result;
};
static int forever_poll(void *self, ac_context *cx)
{
    struct forever_future *forever = self;
    if (ac__timer_state(&forever->sleep.timer) == AC__TIMER_NEW) ac_sleep_init(&forever->sleep, AC_NEVER);
    return ac_sleep_poll(&forever->sleep, cx);
}
static void forever_drop(void *self)
{
    ac_sleep_drop(&((struct forever_future *)self)->sleep);
    __atomic_fetch_add(&ended, 1, __ATOMIC_RELEASE);
}
static const ac_descriptor forever_descriptor = { .name = "forever",
                                                  .file = __FILE__,
                                                  .size = sizeof(struct forever_future),
                                                  .align = _Alignof(struct forever_future),
                                                  .result_offset = offsetof(struct forever_future, result),
                                                  .result_size = sizeof(int),
                                                  .poll = forever_poll,
                                                  .drop = forever_drop };

SCRIPT(pause_ms, int ms; struct ac_sleep_future sleep;)
{
    BEGIN;
    AWAIT(ac_sleep, sleep, ac_ms(self->ms));
    END;
}
static void wait_until_ended(uint32_t n)
{
    for (int i = 0; i < 2000 && __atomic_load_n(&ended, __ATOMIC_ACQUIRE) < n; i++) RUN(rt, pause_ms, .ms = 1);
    ck_assert_uint_eq(__atomic_load_n(&ended, __ATOMIC_ACQUIRE), n);
}

/* Joins one; the result as the set gives it, the value in `joined`. */
static int joined;
SCRIPT(joins, struct ac_op_task_set_join_future join;)
{
    BEGIN;
    AWAIT(ac_op_task_set_join, join, set, &joined);
    RETURN(self->join.result);
    END;
}

START_TEST(an_empty_set_says_so)
{
    ck_assert_int_eq(RUN(rt, joins), 0);
    ck_assert_int_eq(ac__task_set_try_join(set, NULL), 0);
    ck_assert_uint_eq(ac__task_set_len(set), 0);
}
END_TEST

START_TEST(members_come_in_the_order_in_which_they_finish)
{
    ac_runtime *paused = new_runtime((ac_runtime_options){ .flavor = AC_CURRENT_THREAD, .start_paused = true });
    for (int i = 0; i < 50; i++) ac__task_set_add(SPAWN(paused, gives, .value = i, .us = 1000 * (1 + i * 7 % 50)), set);
    ck_assert_uint_eq(ac__task_set_len(set), 50);
    for (int i = 0; i < 50; i++) {
        ck_assert_int_eq(RUN(paused, joins), 1);
        ck_assert_int_eq(joined * 7 % 50, i);
    }
    ck_assert_int_eq(RUN(paused, joins), 0);
    end_runtime(paused);
}
END_TEST

START_TEST(every_value_comes_once)
{
    enum { N = 5000 };
    static bool seen[N];
    for (int i = 0; i < N; i++)
        REQUIRE(ac__task_set_add(SPAWN(rt, gives, .value = i, .us = i % 3 ? 0 : i % 2000), set) == 0);
    for (int i = 0; i < N; i++) {
        REQUIRE(RUN(rt, joins) == 1);
        REQUIRE(!seen[joined]);
        seen[joined] = true;
    }
    ck_assert_int_eq(RUN(rt, joins), 0);
}
END_TEST

START_TEST(a_task_that_has_finished_can_be_added)
{
    void *task = SPAWN(rt, gives, .value = 7);
    RUN(rt, pause_ms, .ms = 5);
    ck_assert(ac_is_finished(task));
    ck_assert_int_eq(ac__task_set_add(task, set), 0);
    ck_assert_int_eq(ac__task_set_try_join(set, &joined), 1);
    ck_assert_int_eq(joined, 7);
    ck_assert_int_eq(ac__task_set_add(NULL, set), -ENOMEM);
}
END_TEST

START_TEST(trying_does_not_wait)
{
    ac__task_set_add(SPAWN(rt, gives, .value = 1, .us = 5000), set);
    ck_assert_int_eq(ac__task_set_try_join(set, NULL), -EAGAIN);
    ck_assert_int_eq(RUN(rt, joins), 1);
}
END_TEST

static void add_forever(int n)
{
    for (int i = 0; i < n; i++) {
        struct forever_future *forever = ac__spawn_begin(NULL, rt, &forever_descriptor, 0);
        forever->sleep.timer.state = AC__TIMER_NEW;
        ac__task_set_add(ac__spawn_end(NULL, forever), set);
    }
}

START_TEST(aborted_members_say_so_and_finished_ones_keep_their_value)
{
    ended = 0;
    ac__task_set_add(SPAWN(rt, gives, .value = 5), set);
    add_forever(3);
    RUN(rt, pause_ms, .ms = 10);
    ac__task_set_abort_all(set);
    int values = 0, aborted = 0, got;
    while ((got = RUN(rt, joins)) != 0) {
        if (got == 1) values += joined;
        else aborted += got == -ECANCELED;
    }
    ck_assert_int_eq(values, 5);
    ck_assert_int_eq(aborted, 3);
    ck_assert_uint_eq(ended, 3);
}
END_TEST

START_TEST(freeing_aborts_all)
{
    ended = 0;
    add_forever(100);
    for (int i = 0; i < 100; i++) ac__task_set_add(SPAWN(rt, gives, .value = i, .us = i * 20), set);
    RUN(rt, pause_ms, .ms = 2);
    ac__task_set_free(set);
    ac__task_set_free(NULL);
    ac__task_set_new(&set);
    wait_until_ended(100);
}
END_TEST

SCRIPT(counts, int us; struct ac_sleep_future sleep;)
{
    BEGIN;
    AWAIT(ac_sleep, sleep, ac_us(self->us));
    __atomic_fetch_add(&ended, 1, __ATOMIC_RELEASE);
    END;
}
START_TEST(detached_members_run_on)
{
    ended = 0;
    for (int i = 0; i < 40; i++) ac__task_set_add(SPAWN(rt, counts, .us = 1000 * (i % 4)), set);
    ac__task_set_detach_all(set);
    ck_assert_uint_eq(ac__task_set_len(set), 0);
    ck_assert_int_eq(RUN(rt, joins), 0);
    wait_until_ended(40);
}
END_TEST

/* Several wait: each member goes to one, and the end to all. */
SCRIPT(joins_until_empty, int count; int value; struct ac_op_task_set_join_future join;)
{
    BEGIN;
    do {
        AWAIT(ac_op_task_set_join, join, set, &self->value);
        self->count += self->join.result == 1;
    } while (self->join.result != 0);
    RETURN(self->count);
    END;
}
START_TEST(several_may_wait)
{
    enum { N = 300, WAITERS = 40 };
    void *waiter[WAITERS];
    for (int i = 0; i < N; i++) ac__task_set_add(SPAWN(rt, gives, .value = i, .us = 500 + i * 10), set);
    for (int i = 0; i < WAITERS; i++) waiter[i] = SPAWN(rt, joins_until_empty);
    int total = 0;
    for (int i = 0; i < WAITERS; i++) {
        int count = 0;
        ck_assert_int_eq(join_task(rt, waiter[i], &count), 0);
        total += count;
    }
    ck_assert_int_eq(total, N);
}
END_TEST

/* A waiter that is woken for a member and aborted before it looks hands that on. */
START_TEST(a_cancelled_join_loses_nothing)
{
    for (int round = 0; round < 60; round++) {
        void *a = SPAWN(rt, joins_until_empty), *b;
        ac__task_set_add(SPAWN(rt, gives, .value = 1, .us = 300 + round * 7), set);
        ac__task_set_add(SPAWN(rt, gives, .value = 2, .us = 310 + round * 7), set);
        b = SPAWN(rt, joins_until_empty);
        RUN(rt, pause_ms, .ms = round % 2);
        ac_abort(a);
        int from_a = 0, from_b = 0;
        int how = join_task(rt, a, &from_a);
        ck_assert_int_eq(join_task(rt, b, &from_b), 0);
        ck_assert_int_eq(ac__task_set_len(set), 0);
        ck_assert(how == -ECANCELED || from_a + from_b <= 2);
    }
}
END_TEST

/* Freed and detached while members are finishing. */
START_TEST(letting_go_races_with_finishing)
{
    for (int round = 0; round < 150; round++) {
        for (int i = 0; i < 12; i++)
            ac__task_set_add(SPAWN(rt, gives, .value = i, .us = i % 2 ? 0 : 50 * (round % 5)), set);
        if (round % 3 == 0) RUN(rt, pause_ms, .ms = 1);
        if (round % 2) {
            ac__task_set_free(set);
            ac__task_set_new(&set);
        } else {
            ac__task_set_detach_all(set);
        }
    }
}
END_TEST

/* The budget holds for joins. */
SCRIPT(joins_many, int most_at_once; unsigned polls; int i; struct ac_op_task_set_join_future join;)
{
    BEGIN;
    for (self->i = 0; self->i < 1000; self->i++) {
        ac_op_task_set_join_init(&self->join, set, NULL);
        self->script.awaits = &ac_op_task_set_join_descriptor;
        self->script.child = &self->join;
        self->script.line = 1;
        __attribute__((fallthrough));
    case 1:
        if (ac_op_task_set_join_poll(&self->join, cx) == AC_PENDING) {
            self->polls++;
            return AC_PENDING;
        }
    }
    self->script.child = NULL;
    RETURN((int)self->polls);
    END;
}
START_TEST(joining_obeys_the_budget)
{
    for (int i = 0; i < 1000; i++) ac__task_set_add(SPAWN(rt, gives, .value = i), set);
    for (int i = 0; i < 1000 && ac__task_set_len(set) && i < 50; i++) RUN(rt, pause_ms, .ms = 1);
    ck_assert_int_ge(RUN(rt, joins_many), 1000 / 128);
}
END_TEST

SCRIPT(frees_what_it_awaits, struct ac_op_task_set_join_future join;)
{
    ac_op_task_set_join_init(&self->join, set, NULL);
    ck_assert_int_eq(ac_op_task_set_join_poll(&self->join, cx), AC_PENDING);
    ac__task_set_free(set);
    return AC_READY;
}
START_TEST(freeing_a_set_that_is_awaited_stops_the_program)
{
    add_forever(1);
    RUN(rt, frees_what_it_awaits);
}
END_TEST

/* --- With the types of the surface -------------------------------------------------------------------------------- */

START_TEST(the_macros_type_check)
{
    ac_task_set(int) typed;
    ck_assert_int_eq(ac_task_set_new(&typed), 0);
    ac_task(int) task = SPAWN(rt, gives, .value = 3);
    ck_assert_int_eq(ac_task_set_add(typed, task), 0);
    int value = 0;
    for (int i = 0; i < 1000 && ac_task_set_try_join(typed, &value) == -EAGAIN; i++) RUN(rt, pause_ms, .ms = 1);
    ck_assert_int_eq(value, 3);
    ck_assert_uint_eq(ac_task_set_len(typed), 0);
    ac_task_set_abort_all(typed);
    ac_task_set_detach_all(typed);
    ac_task_set_free(typed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("task sets");
    TCase *sets = tcase_create("sets");
    tcase_add_checked_fixture(sets, setup, teardown);
    tcase_add_test(sets, an_empty_set_says_so);
    tcase_add_test(sets, members_come_in_the_order_in_which_they_finish);
    tcase_add_test(sets, every_value_comes_once);
    tcase_add_test(sets, a_task_that_has_finished_can_be_added);
    tcase_add_test(sets, trying_does_not_wait);
    tcase_add_test(sets, aborted_members_say_so_and_finished_ones_keep_their_value);
    tcase_add_test(sets, freeing_aborts_all);
    tcase_add_test(sets, detached_members_run_on);
    tcase_add_test(sets, several_may_wait);
    tcase_add_test(sets, a_cancelled_join_loses_nothing);
    tcase_add_test(sets, letting_go_races_with_finishing);
    tcase_add_test(sets, joining_obeys_the_budget);
    tcase_add_test(sets, the_macros_type_check);
    suite_add_tcase(suite, sets);
    TCase *misuse = tcase_create("misuse");
    tcase_add_checked_fixture(misuse, setup, NULL);
    tcase_add_test_raise_signal(misuse, freeing_a_set_that_is_awaited_stops_the_program, SIGABRT);
    suite_add_tcase(suite, misuse);
    return run_suite(suite);
}

/* Local tasks: they stay on their thread, and go with the ac_block_on that they live under, whoever wakes them. */
#include "core.h"

static ac_runtime *rt;
static void setup(void) { rt = new_runtime((ac_runtime_options){ .worker_threads = 4 }); }
static void teardown(void) { end_runtime(rt); }

SCRIPT(stays, pthread_t home; int turns; struct ac_yield_future yield; struct ac_sleep_future sleep;)
{
    BEGIN;
    for (; self->turns > 0; self->turns--) {
        REQUIRE(pthread_equal(self->home, pthread_self()));
        if (self->turns % 16) YIELD();
        else AWAIT(ac_sleep, sleep, ac_us(100));
    }
    RETURN(1);
    END;
}
SCRIPT(spawns_those_that_stay, void *tasks[20]; int i; struct ac_op_join_future join;)
{
    BEGIN;
    for (int i = 0; i < 20; i++)
        self->tasks[i] = SPAWN_AS(cx, NULL, AC__SPAWN_LOCAL, stays, .home = pthread_self(), .turns = 200);
    for (; self->i < 20; self->i++) {
        AWAIT(ac_op_join, join, &self->tasks[self->i]);
        self->result += *(const int *)ac_op_join_value(&self->join);
        ac_op_join_drop(&self->join);
    }
    return AC_READY;
    END;
}
START_TEST(local_tasks_stay_on_their_thread) { ck_assert_int_eq(RUN(rt, spawns_those_that_stay), 20); }
END_TEST

/* --- Those that another thread wakes while their ac_block_on ends -------------------------------------------------- */

/* A gate that tells how the wait has ended, and where. */
struct ending {
    int passed, dropped;
    pthread_t home;
};
struct told_gate_future {
    struct gate_future gate;
    struct ending *ending;
};
static void told_gate_init(struct told_gate_future *self, struct gate *gate, struct ending *ending)
{
    gate_init(&self->gate, gate);
    self->ending = ending;
}
static int told_gate_poll(void *future, ac_context *cx)
{
    struct told_gate_future *self = future;
    if (gate_poll(&self->gate, cx) == AC_PENDING) return AC_PENDING;
    self->ending->passed++;
    REQUIRE(pthread_equal(self->ending->home, pthread_self()));
    return AC_READY;
}
static void told_gate_drop(void *future)
{
    struct told_gate_future *self = future;
    gate_drop(&self->gate);
    self->ending->dropped++;
    REQUIRE(pthread_equal(self->ending->home, pthread_self()));
}
static const ac_descriptor told_gate_descriptor = { .name = "told_gate",
                                                    .file = __FILE__,
                                                    .size = sizeof(struct told_gate_future),
                                                    .align = _Alignof(struct told_gate_future),
                                                    .poll = told_gate_poll,
                                                    .drop = told_gate_drop };

SCRIPT(passes, struct gate *gate; struct ending * ending; struct told_gate_future wait;)
{
    BEGIN;
    AWAIT(told_gate, wait, self->gate, self->ending);
    END;
}
enum { WAITERS = 30 };
SCRIPT(leaves_waiters, struct gate *gate; struct ending * ending; int *ready; int yields; struct ac_yield_future yield;)
{
    BEGIN;
    for (int i = 0; i < WAITERS; i++)
        SPAWN_AS(cx, NULL, AC__SPAWN_LOCAL | AC__SPAWN_DETACHED, passes, .gate = self->gate, .ending = self->ending);
    YIELD();
    add(self->ready, 1);
    for (; self->yields > 0; self->yields--) YIELD();
    END;
}
struct opener {
    struct gate gate;
    int ready;
};
static void *open_one_by_one(void *argument)
{
    struct opener *opener = argument;
    while (!count_of(&opener->ready)) {}
    while (gate_wake(&opener->gate, 1, false)) {}
    gate_open(&opener->gate);
    return NULL;
}

START_TEST(those_woken_by_another_thread_as_it_ends_are_dropped)
{
    int dropped = 0;
    for (int round = 0; round < 300; round++) {
        struct opener opener = { .ready = 0 };
        struct ending ending = { .home = pthread_self() };
        pthread_t thread;
        pthread_create(&thread, NULL, open_one_by_one, &opener);
        RUN(rt, leaves_waiters, .gate = &opener.gate, .ending = &ending, .ready = &opener.ready, .yields = round % 20);
        ck_assert_int_eq(ending.passed + ending.dropped, WAITERS); /* now, and not later */
        dropped += ending.dropped;
        pthread_join(thread, NULL);
        ck_assert_int_eq(ending.passed + ending.dropped, WAITERS);
    }
    ck_assert_int_gt(dropped, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("local tasks");
    TCase *tests = tcase_create("local tasks");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, local_tasks_stay_on_their_thread);
    tcase_add_test(tests, those_woken_by_another_thread_as_it_ends_are_dropped);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

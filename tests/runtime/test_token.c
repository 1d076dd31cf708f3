/* Cancellation tokens and task trackers, on both flavors. */
#include "script.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>

static ac_runtime *rt;
static void setup(void) { rt = new_runtime((ac_runtime_options){ 0 }); }
static void teardown(void) { end_runtime(rt); }

static uint32_t woken; /* atomic */

SCRIPT(waits, ac_token *token; struct ac_cancelled_future cancelled;)
{
    BEGIN;
    AWAIT(ac_cancelled, cancelled, self->token);
    __atomic_fetch_add(&woken, 1, __ATOMIC_RELAXED);
    RETURN(ac_token_is_cancelled(self->token) ? 1 : -1);
    END;
}
/* Leaves it to the wait to hold the token. */
SCRIPT(waits_only, ac_token *token; struct ac_cancelled_future cancelled;)
{
    BEGIN;
    AWAIT(ac_cancelled, cancelled, self->token);
    RETURN(1);
    END;
}
/* Takes over a reference. */
SCRIPT(waits_and_releases, ac_token *token; struct ac_cancelled_future cancelled;)
{
    BEGIN;
    AWAIT(ac_cancelled, cancelled, self->token);
    ac_token_release(self->token);
    END;
}
SCRIPT(pause_ms, int ms; struct ac_sleep_future sleep;)
{
    BEGIN;
    AWAIT(ac_sleep, sleep, ac_ms(self->ms));
    END;
}

/* --- The tree ----------------------------------------------------------------------------------------------------- */

START_TEST(cancelling_reaches_descendants_and_nobody_else)
{
    ac_token *root = ac_token_new(), *child = ac_token_child(root), *other = ac_token_child(root);
    ac_token *grandchild = ac_token_child(child);
    ac_token_cancel(child);
    ck_assert(ac_token_is_cancelled(child) && ac_token_is_cancelled(grandchild));
    ck_assert(!ac_token_is_cancelled(root) && !ac_token_is_cancelled(other));
    ac_token_cancel(root);
    ac_token_cancel(root);
    ck_assert(ac_token_is_cancelled(root) && ac_token_is_cancelled(other));
    ac_token_release(root);
    ac_token_release(child);
    ac_token_release(other);
    ac_token_release(grandchild);
    ac_token_release(NULL);
}
END_TEST

START_TEST(cancelling_reaches_grandchildren_when_the_middle_is_gone)
{
    ac_token *root = ac_token_new(), *middle = ac_token_child(root), *leaf = ac_token_child(middle);
    ac_token_release(middle);
    ck_assert(!ac_token_is_cancelled(leaf));
    ac_token_cancel(root);
    ck_assert(ac_token_is_cancelled(leaf));
    ac_token_release(root);
    ac_token_release(leaf);
}
END_TEST

START_TEST(a_child_of_a_cancelled_token_is_cancelled)
{
    ac_token *root = ac_token_new();
    ac_token_cancel(root);
    ac_token *child = ac_token_child(root), *grandchild = ac_token_child(child);
    ck_assert(ac_token_is_cancelled(child) && ac_token_is_cancelled(grandchild));
    ac_token_release(root);
    ac_token_release(grandchild);
    ac_token_release(child);
}
END_TEST

START_TEST(a_parent_may_be_released_before_its_children)
{
    ac_token *root = ac_token_new(), *child = ac_token_child(root);
    ac_token_release(root);
    ac_token *grandchild = ac_token_child(child);
    ac_token_release(child);
    ac_token_cancel(grandchild);
    ck_assert(ac_token_is_cancelled(grandchild));
    ac_token_release(grandchild);
}
END_TEST

/* Neither cancelling nor releasing recurses. */
START_TEST(a_long_chain_is_cancelled_and_released)
{
    ac_token *root = ac_token_new(), *last = ac_token_retain(root);
    for (int i = 0; i < 200000; i++) {
        ac_token *next = ac_token_child(last);
        ac_token_release(last);
        last = next;
    }
    ac_token_cancel(root);
    ck_assert(ac_token_is_cancelled(last));
    ac_token_release(root);
    ac_token_release(last);
}
END_TEST

START_TEST(a_wide_tree_is_cancelled)
{
    enum { N = 10000 };
    static ac_token *child[N];
    ac_token *root = ac_token_new();
    for (int i = 0; i < N; i++) child[i] = ac_token_child(root);
    for (int i = 0; i < N; i += 3) ac_token_release(child[i]);
    ac_token_cancel(root);
    for (int i = 0; i < N; i++) {
        if (i % 3 == 0) continue;
        REQUIRE(ac_token_is_cancelled(child[i]));
        ac_token_release(child[i]);
    }
    ac_token_release(root);
}
END_TEST

/* --- Waiting ------------------------------------------------------------------------------------------------------ */

START_TEST(waiting_for_a_cancelled_token_is_over_at_once)
{
    ac_token *token = ac_token_new();
    ac_token_cancel(token);
    ck_assert_int_eq(RUN(rt, waits, .token = token), 1);
    ac_token_release(token);
}
END_TEST

START_TEST(all_who_wait_anywhere_in_the_tree_are_woken)
{
    enum { N = 500 };
    static void *task[N];
    ac_token *root = ac_token_new(), *middle = ac_token_child(root), *leaf = ac_token_child(middle);
    ac_token *at[3] = { root, middle, leaf };
    for (int i = 0; i < N; i++) task[i] = SPAWN(rt, waits, .token = at[i % 3]);
    RUN(rt, pause_ms, .ms = 5);
    ac_token_release(middle);
    ac_token_cancel(root);
    for (int i = 0; i < N; i++) {
        int value;
        REQUIRE(join_task(rt, task[i], &value) == 0 && value == 1);
    }
    ac_token_release(root);
    ac_token_release(leaf);
}
END_TEST

/* What waits holds the token: the user's last reference may go, and a parent still reaches it. */
START_TEST(a_token_lives_while_it_is_awaited)
{
    ac_token *root = ac_token_new(), *child = ac_token_child(root);
    void *task = SPAWN(rt, waits_only, .token = child);
    RUN(rt, pause_ms, .ms = 5);
    ac_token_release(child);
    RUN(rt, pause_ms, .ms = 1);
    ck_assert(!ac_is_finished(task));
    ac_token_cancel(root);
    ac_token_release(root);
    int value;
    ck_assert_int_eq(join_task(rt, task, &value), 0);
    ck_assert_int_eq(value, 1);
}
END_TEST

START_TEST(who_waits_can_be_aborted)
{
    enum { N = 60 };
    void *task[N];
    ac_token *token = ac_token_new();
    for (int i = 0; i < N; i++) task[i] = SPAWN(rt, waits, .token = token);
    RUN(rt, pause_ms, .ms = 3);
    for (int i = 0; i < N; i += 2) ac_abort(task[i]);
    for (int i = 0; i < N; i += 2) ck_assert_int_eq(join_task(rt, task[i], NULL), -ECANCELED);
    ac_token_cancel(token);
    for (int i = 1; i < N; i += 2) ck_assert_int_eq(join_task(rt, task[i], NULL), 0);
    ac_token_release(token);
}
END_TEST

/* Polled again for another reason, and dropped in every state. */
SCRIPT(polls_by_hand, ac_token *token; struct ac_cancelled_future cancelled;)
{
    struct ac_cancelled_future *future = &self->cancelled;
    ac_cancelled_init(future, self->token);
    ac_cancelled_drop(future); /* never polled */
    ac_cancelled_init(future, self->token);
    ck_assert_int_eq(ac_cancelled_poll(future, cx), AC_PENDING);
    ck_assert_int_eq(ac_cancelled_poll(future, cx), AC_PENDING);
    ac_cancelled_drop(future); /* waiting */
    ac_cancelled_init(future, self->token);
    ck_assert_int_eq(ac_cancelled_poll(future, cx), AC_PENDING);
    ac_token_cancel(self->token);
    ac_cancelled_drop(future); /* woken, and not polled since */
    char text[64];
    ac_cancelled_init(future, self->token);
    ck_assert_int_gt(ac_cancelled_descriptor.describe(future, text, sizeof text), 0);
    ck_assert_ptr_nonnull(strstr(text, "cancelled"));
    ck_assert_int_eq(ac_cancelled_poll(future, cx), AC_READY);
    return AC_READY;
}
START_TEST(a_wait_can_be_dropped_in_every_state)
{
    ac_token *token = ac_token_new();
    RUN(rt, polls_by_hand, .token = token);
    ac_token_release(token);
}
END_TEST

/* Threads that make and release children and threads that cancel, while tasks come and go in the tree. */
struct storm {
    ac_token *root;
    uint32_t go;
};
static void *make_children(void *argument)
{
    struct storm *storm = argument;
    ac_token *kept = ac_token_child(storm->root);
    for (int i = 0; i < 3000; i++) {
        ac_token *child = ac_token_child(kept), *grandchild = ac_token_child(child);
        if (i % 5 == 0) ac_token_cancel(child);
        ac_token_release(child);
        if (i % 7 == 0) ac_detach(SPAWN(rt, waits_and_releases, .token = ac_token_retain(grandchild)));
        if (i % 50 == 0) {
            ac_token_release(kept);
            kept = ac_token_child(storm->root);
        }
        ac_token_release(grandchild);
    }
    ac_token_release(kept);
    return NULL;
}
static void *cancel_soon(void *argument)
{
    struct storm *storm = argument;
    for (int i = 0; i < 200; i++) sched_yield();
    ac_token_cancel(storm->root);
    return NULL;
}
START_TEST(a_tree_is_cancelled_while_it_grows_and_shrinks)
{
    for (int round = 0; round < 5; round++) {
        struct storm storm = { .root = ac_token_new() };
        pthread_t thread[3];
        pthread_create(&thread[0], NULL, make_children, &storm);
        pthread_create(&thread[1], NULL, make_children, &storm);
        pthread_create(&thread[2], NULL, cancel_soon, &storm);
        for (int i = 0; i < 3; i++) pthread_join(thread[i], NULL);
        ac_token *late = ac_token_child(storm.root);
        ck_assert(ac_token_is_cancelled(late));
        ac_token_release(late);
        ac_token_release(storm.root);
        RUN(rt, pause_ms, .ms = 2);
    }
}
END_TEST

/* --- Trackers ----------------------------------------------------------------------------------------------------- */

SCRIPT(waits_for_tracker, ac_task_tracker *tracker; struct ac_task_tracker_wait_future wait;)
{
    BEGIN;
    AWAIT(ac_task_tracker_wait, wait, self->tracker);
    RETURN(1);
    END;
}
SCRIPT(tracked, ac_task_tracker *tracker; int ms; struct ac_sleep_future sleep;)
{
    BEGIN;
    AWAIT(ac_sleep, sleep, ac_us(100) * self->ms);
    ac_task_tracker_leave(self->tracker);
    END;
}

START_TEST(a_wait_ends_only_when_closed_and_empty)
{
    static ac_task_tracker tracker; /* all zero is valid */
    void *wait = SPAWN(rt, waits_for_tracker, .tracker = &tracker);
    RUN(rt, pause_ms, .ms = 2);
    ck_assert(!ac_is_finished(wait)); /* empty, not closed */
    ac_task_tracker_enter(&tracker);
    ck_assert(ac_task_tracker_close(&tracker));
    ck_assert(!ac_task_tracker_close(&tracker));
    RUN(rt, pause_ms, .ms = 2);
    ck_assert(!ac_is_finished(wait)); /* closed, not empty */
    ac_task_tracker_enter(&tracker);  /* closed ones can be entered */
    ck_assert_uint_eq(ac_task_tracker_len(&tracker), 2);
    ac_task_tracker_leave(&tracker);
    ck_assert(ac_task_tracker_reopen(&tracker));
    ck_assert(!ac_task_tracker_reopen(&tracker));
    ac_task_tracker_leave(&tracker);
    RUN(rt, pause_ms, .ms = 2);
    ck_assert(!ac_is_finished(wait));
    ck_assert(!ac_task_tracker_is_closed(&tracker));
    ac_task_tracker_close(&tracker);
    ck_assert_int_eq(join_task(rt, wait, NULL), 0);
    ck_assert_int_eq(RUN(rt, waits_for_tracker, .tracker = &tracker), 1); /* over at once */
}
END_TEST

/* The tracker's memory goes as soon as the wait for it is over. */
START_TEST(the_last_to_leave_does_not_touch_a_tracker_that_is_gone)
{
    for (int round = 0; round < 100; round++) {
        ac_task_tracker *tracker = calloc(1, sizeof *tracker);
        for (int i = 0; i < 8; i++) {
            ac_task_tracker_enter(tracker);
            ac_detach(SPAWN(rt, tracked, .tracker = tracker, .ms = (i * round) % 3));
        }
        ac_task_tracker_close(tracker);
        RUN(rt, waits_for_tracker, .tracker = tracker);
        memset(tracker, 0xee, sizeof *tracker);
        free(tracker);
    }
}
END_TEST

START_TEST(many_may_wait_and_some_may_give_up)
{
    enum { N = 100 };
    void *task[N];
    ac_task_tracker tracker = AC_TASK_TRACKER_INIT;
    ac_task_tracker_enter(&tracker);
    ac_task_tracker_close(&tracker);
    for (int i = 0; i < N; i++) task[i] = SPAWN(rt, waits_for_tracker, .tracker = &tracker);
    RUN(rt, pause_ms, .ms = 3);
    for (int i = 0; i < N; i += 3) ac_abort(task[i]);
    for (int i = 0; i < N; i += 3) ck_assert_int_eq(join_task(rt, task[i], NULL), -ECANCELED);
    ac_task_tracker_leave(&tracker);
    for (int i = 0; i < N; i++)
        if (i % 3) ck_assert_int_eq(join_task(rt, task[i], NULL), 0);
}
END_TEST

START_TEST(leaving_what_was_not_entered_stops_the_program)
{
    ac_task_tracker tracker = AC_TASK_TRACKER_INIT;
    ac_task_tracker_leave(&tracker);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tokens and trackers");
    TCase *token = tcase_create("token");
    tcase_add_checked_fixture(token, setup, teardown);
    tcase_add_test(token, cancelling_reaches_descendants_and_nobody_else);
    tcase_add_test(token, cancelling_reaches_grandchildren_when_the_middle_is_gone);
    tcase_add_test(token, a_child_of_a_cancelled_token_is_cancelled);
    tcase_add_test(token, a_parent_may_be_released_before_its_children);
    tcase_add_test(token, a_long_chain_is_cancelled_and_released);
    tcase_add_test(token, a_wide_tree_is_cancelled);
    tcase_add_test(token, waiting_for_a_cancelled_token_is_over_at_once);
    tcase_add_test(token, all_who_wait_anywhere_in_the_tree_are_woken);
    tcase_add_test(token, a_token_lives_while_it_is_awaited);
    tcase_add_test(token, who_waits_can_be_aborted);
    tcase_add_test(token, a_wait_can_be_dropped_in_every_state);
    tcase_add_test(token, a_tree_is_cancelled_while_it_grows_and_shrinks);
    suite_add_tcase(suite, token);
    TCase *tracker = tcase_create("tracker");
    tcase_add_checked_fixture(tracker, setup, teardown);
    tcase_add_test(tracker, a_wait_ends_only_when_closed_and_empty);
    tcase_add_test(tracker, the_last_to_leave_does_not_touch_a_tracker_that_is_gone);
    tcase_add_test(tracker, many_may_wait_and_some_may_give_up);
    tcase_add_test_raise_signal(tracker, leaving_what_was_not_entered_stops_the_program, SIGABRT);
    suite_add_tcase(suite, tracker);
    return run_suite(suite);
}

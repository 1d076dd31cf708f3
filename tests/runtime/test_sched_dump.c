/* The task dump and the watchdog: what they say of tasks whose tables are written by hand, as the compiler would. */
#define _GNU_SOURCE
#include "core.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>

/* --- A future that stands where it is told to --------------------------------------------------------------------- */

struct stands_future {
    uint8_t state, branches[2], mask;
    struct dropped *dropped;
    struct hold_future first, second;
    struct ac__frame *frame;
};
static int describe_hold(const void *self, char *text, size_t room)
{
    (void)self;
    return snprintf(text, room, "the end of time");
}
static const ac_descriptor told_descriptor = { .name = "hold",
                                               .file = __FILE__,
                                               .size = sizeof(struct hold_future),
                                               .align = 8,
                                               .poll = hold_poll,
                                               .drop = hold_drop,
                                               .describe = describe_hold };
static int stands_poll(void *self, ac_context *cx);
static void stands_drop(void *self)
{
    struct stands_future *stands = self;
    if (stands->frame) ac__frame_drop(stands->frame);
    stands->frame = NULL;
}

#define AT(member) offsetof(struct stands_future, member)
enum { AWAITS = 1, SELECTS, GATHERS, BRANCH_1, BRANCH_2, CALLS };
static const ac_child_info children[] = {
    { "hold", &told_descriptor, AT(first), 10 }, /* AWAITS */
    { "hold", &told_descriptor, AT(first), 21 }, /* SELECTS: two arms */
    { "other", &told_descriptor, AT(second), 22 },
    { NULL, NULL, AT(mask), 1 }, /* … and their mask */
    { "hold", &told_descriptor, AT(first), 31 },
    { "other", &told_descriptor, AT(second), 32 }, /* the branches */
    { "stands", NULL, AT(frame), 40 },             /* CALLS: a pool frame */
};
static const ac_strand_info strands[] = { { AT(state), 1, 5 }, { AT(branches[0]), 1, 31 }, { AT(branches[1]), 1, 32 } };
static const ac_state_info states[] = {
    { 10, AC_STATE_AWAIT, 1, 0, 0, 0 }, { 20, AC_STATE_SELECT, 2, 1, 0, 0 }, { 30, AC_STATE_GATHER, 2, 1, 0, 0 },
    { 31, AC_STATE_AWAIT, 1, 4, 0, 0 }, { 32, AC_STATE_AWAIT, 1, 5, 0, 0 },  { 40, AC_STATE_AWAIT, 1, 6, 0, 0 },
};
static const ac_descriptor stands_descriptor = { .name = "stands",
                                                 .file = "stands.ac",
                                                 .line = 5,
                                                 .size = sizeof(struct stands_future),
                                                 .align = 8,
                                                 .poll = stands_poll,
                                                 .drop = stands_drop,
                                                 .states = states,
                                                 .children = children,
                                                 .strands = strands,
                                                 .n_states = 6,
                                                 .n_strands = 3 };
static int stands_poll(void *self, ac_context *cx)
{
    struct stands_future *stands = self;
    if (stands->state == CALLS && !stands->frame) {
        stands->frame = ac__frame_new(cx, &stands_descriptor);
        *(struct stands_future *)ac__frame_future(stands->frame) = (struct stands_future){ .state = AWAITS };
    }
    return stands->frame ? ac__frame_poll(stands->frame, cx) : AC_PENDING;
}

static void *stand(ac_runtime *rt, struct stands_future future)
{
    struct stands_future *stands = ac__spawn_begin(NULL, rt, &stands_descriptor, 0);
    *stands = future;
    return ac__spawn_end(NULL, stands);
}

SCRIPT(later, int yields; struct ac_yield_future yield;)
{
    BEGIN;
    for (; self->yields > 0; self->yields--) YIELD();
    END;
}

/* --- The dump ----------------------------------------------------------------------------------------------------- */

static char text[20000];

static void read_dump(void)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ac_dump(ends[1]);
    close(ends[1]);
    size_t length = 0;
    for (ssize_t n; (n = read(ends[0], text + length, sizeof text - 1 - length)) > 0;) length += (size_t)n;
    text[length] = '\0';
    close(ends[0]);
}
#define SAYS(what) ck_assert_msg(strstr(text, (what)) != NULL, "no \"%s\" in:\n%s", (what), text)
#define SAYS_NOT(what) ck_assert_msg(strstr(text, (what)) == NULL, "\"%s\" in:\n%s", (what), text)

static ac_runtime *rt;
static void setup(void) { rt = new_runtime((ac_runtime_options){ .thread_name = "dumped" }); }
static void teardown(void) { end_runtime(rt); }

static void dump_one(struct stands_future future)
{
    void *task = stand(rt, future);
    RUN(rt, later, .yields = 20);
    usleep(20000); /* the workers fall asleep */
    read_dump();
    ac_abort(task);
    ck_assert_int_eq(join_task(rt, task, NULL), -ECANCELED);
}

START_TEST(an_await)
{
    dump_one((struct stands_future){ .state = AWAITS });
    SAYS("runtime dumped, ");
    SAYS("stands: waiting\n"
         "    stands, stands.ac:10: awaits hold\n"
         "      hold: the end of time\n");
}
END_TEST

START_TEST(the_arms_that_run)
{
    dump_one((struct stands_future){ .state = SELECTS, .mask = 2 });
    SAYS("    stands, stands.ac:20: select\n"
         "      when other, stands.ac:22\n"
         "        hold: the end of time\n");
    SAYS_NOT("stands.ac:21");
}
END_TEST

START_TEST(the_branches_that_have_not_ended)
{
    dump_one((struct stands_future){ .state = GATHERS, .branches = { BRANCH_1, BRANCH_2 } });
    SAYS("    stands, stands.ac:30: gather\n"
         "      stands, stands.ac:31: awaits hold\n"
         "        hold: the end of time\n"
         "      stands, stands.ac:32: awaits other\n");
    dump_one((struct stands_future){ .state = GATHERS, .branches = { 255, BRANCH_2 } });
    SAYS_NOT("stands.ac:31");
    SAYS("stands.ac:32");
}
END_TEST

START_TEST(a_frame_of_the_pool)
{
    dump_one((struct stands_future){ .state = CALLS });
    SAYS("    stands, stands.ac:40: awaits stands\n"
         "      stands, stands.ac:10: awaits hold\n"
         "        hold: the end of time\n");
}
END_TEST

SCRIPT(dumps_itself, int unused;)
{
    (void)self, (void)cx;
    read_dump();
    return AC_READY;
}

START_TEST(from_within_a_task)
{
    void *waits = stand(rt, (struct stands_future){ .state = AWAITS });
    RUN(rt, later, .yields = 20);
    usleep(20000);
    RUN(rt, dumps_itself);
    SAYS("dumps_itself: running");
    SAYS("stands: waiting");
    ac_abort(waits);
    ac_detach(waits);
}
END_TEST

START_TEST(finished_and_joined_no_more)
{
    void *task = SPAWN(rt, later, .yields = 0);
    RUN(rt, later, .yields = 20);
    for (int i = 0; i < 10000 && !ac_is_finished(task); i++) usleep(100);
    read_dump();
    SAYS("later: finished, not joined");
    ck_assert_int_eq(join_task(rt, task, NULL), 0);
    read_dump();
    SAYS_NOT("later:");
}
END_TEST

static int stop;
SCRIPT(hogs, int *started;)
{
    add(self->started, 1);
    while (!count_of(&stop)) sched_yield();
    return AC_READY;
}

START_TEST(a_worker_that_does_not_stop)
{
    ac_runtime *busy = new_runtime((ac_runtime_options){ .flavor = AC_MULTI_THREAD, .worker_threads = 2 });
    int started = 0;
    stop = 0;
    void *task = SPAWN(busy, hogs, .started = &started);
    ck_assert(reaches(&started, 1));
    read_dump();
    SAYS("is running hogs");
    add(&stop, 1);
    ck_assert_int_eq(join_task(busy, task, NULL), 0);
    end_runtime(busy);
}
END_TEST

/* Dumps while tasks come and go: nothing is to be read that is gone. */
static void *spawn_and_join(void *argument)
{
    for (int i = 0; i < 300; i++)
        ck_assert_int_eq(join_task(argument, SPAWN(argument, later, .yields = i % 4), NULL), 0);
    add(&stop, 1);
    return NULL;
}

START_TEST(while_tasks_come_and_go)
{
    pthread_t thread;
    stop = 0;
    pthread_create(&thread, NULL, spawn_and_join, rt);
    while (!count_of(&stop)) read_dump();
    pthread_join(thread, NULL);
}
END_TEST

/* --- The watchdog ------------------------------------------------------------------------------------------------- */

SCRIPT(holds_long, struct dropped *dropped; struct hold_future hold;)
{
    BEGIN;
    usleep(60000);
    AWAIT(hold, hold, self->dropped);
    END;
}

START_TEST(a_long_poll_is_reported)
{
    int ends[2], before = dup(STDERR_FILENO);
    ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
    dup2(ends[1], STDERR_FILENO);
    ac_runtime *watched = new_runtime((ac_runtime_options){ .report_held_after = ac_ms(10) });
    struct dropped dropped = { 0 };
    void *task = SPAWN(watched, holds_long, .dropped = &dropped);
    RUN(watched, later, .yields = 5);
    usleep(90000);
    ac_abort(task);
    ck_assert_int_eq(join_task(watched, task, NULL), -ECANCELED);
    end_runtime(watched);
    dup2(before, STDERR_FILENO);
    ssize_t n = read(ends[0], text, sizeof text - 1);
    text[n > 0 ? n : 0] = '\0';
    SAYS("a poll of a task of holds_long");
    SAYS("has held its worker for");
    SAYS("it waits now at");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dump");
    TCase *tests = tcase_create("dump");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, an_await);
    tcase_add_test(tests, the_arms_that_run);
    tcase_add_test(tests, the_branches_that_have_not_ended);
    tcase_add_test(tests, a_frame_of_the_pool);
    tcase_add_test(tests, from_within_a_task);
    tcase_add_test(tests, finished_and_joined_no_more);
    tcase_add_test(tests, a_worker_that_does_not_stop);
    tcase_add_test(tests, while_tasks_come_and_go);
    tcase_add_test(tests, a_long_poll_is_reported);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

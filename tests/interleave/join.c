/* Joining: a joiner that registers, is woken, gives up or joins again, against the task it waits for coming to its
 * end. */
#define AC__INTERLEAVE
#include "task_stub.h"
#include "../../runtime/task/join.c"
#include <stdarg.h>

void ac__fatal(const char *format, ...) { explore_fail(format, __FILE__, __LINE__); }
bool ac__budget_spent(ac_context *cx)
{
    (void)cx;
    return true;
}

/* task[0] is waited for, task[1] waits. */
static const ac_descriptor type = { .name = "waited for", .result_offset = 0 };
static struct ac__task *handle;
static bool joined, joiner_done;
static struct ac_op_join_future join;
static ac_context cx;

static void setup(void)
{
    reset_tasks();
    for (int i = 0; i < TASKS; i++) task[i].type = &type;
    task[0].state = AC__TASK_RUNNING + 2 * AC__TASK_REFERENCE; /* being polled; one handle */
    task[1].state = AC__TASK_RUNNING + 1 * AC__TASK_REFERENCE;
    handle = &task[0];
    cx = (ac_context){ .task = &task[1], .budget = 100 };
    joined = joiner_done = false;
}

static void completes(void) { ac__task_complete(&task[0], 0); }

/* The worker of the joiner: polls it while it is notified; ends it when it has joined. */
static void poll_joiner_until_joined(void)
{
    for (;;) {
        if (ac_op_join_poll(&join, &cx) == AC_READY) break;
        if (ac__task_sleep(&task[1], false)) ac__task_push(&task[1]);
        explore_wait(&queued[1], 0);
        queued[1] = 0;
        ac__task_take(&task[1]);
    }
    joined = true;
    ac_op_join_drop(&join);
}
static void end_joiner(void)
{
    joiner_done = true;
    ac__task_complete(&task[1], 0);
}
static void joins(void)
{
    ac_op_join_init(&join, &handle);
    poll_joiner_until_joined();
    end_joiner();
}
static void gives_up(void)
{
    ac_op_join_init(&join, &handle);
    bool ready = ac_op_join_poll(&join, &cx) == AC_READY;
    ac_op_join_drop(&join);
    if (ready) joined = true;
    else ac__task_release(handle); /* detaches */
    end_joiner();
}
static void gives_up_and_joins_again(void)
{
    ac_op_join_init(&join, &handle);
    bool ready = ac_op_join_poll(&join, &cx) == AC_READY;
    ac_op_join_drop(&join);
    if (ready) {
        joined = true;
    } else {
        ac_op_join_init(&join, &handle);
        poll_joiner_until_joined();
    }
    end_joiner();
}

/* Both are freed, once, and the joiner was not left in a queue that nobody empties but by a wake that came too late. */
static void check_gone(void)
{
    EXPECT(joiner_done);
    EXPECT(freed_times[0] == 1);
    EXPECT(freed_times[1] == 1);
}
static void check(void)
{
    check_gone();
    EXPECT(joined);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        { "join: waits for the end", setup, { joins, completes }, check, 6, 400000 },
        { "join: gives up and detaches", setup, { gives_up, completes }, check_gone, 6, 400000 },
        { "join: gives up and joins again", setup, { gives_up_and_joins_again, completes }, check, 6, 400000 },
    };
    return explore_all(scenarios, sizeof scenarios / sizeof *scenarios);
}

/* What the task's state machine is surrounded by, for the checker: a run queue that expects each task in it at most
 * once, and a free that expects no touch after it. Include after AC__INTERLEAVE is defined. */
#ifndef TESTS_INTERLEAVE_TASK_STUB_H
#define TESTS_INTERLEAVE_TASK_STUB_H
#include "../../runtime/base/lock.c"
#include "../../runtime/task/state.c"
#include "explore.h"
#include <string.h>

enum { TASKS = 3 };
static struct ac__task task[TASKS];
static uint32_t queued[TASKS]; /* is it in the run queue? also what a runner waits on */
static int freed_times[TASKS], pushes[TASKS];

static int index_of(struct ac__task *t) { return (int)(t - task); }

void ac__task_push(struct ac__task *t)
{
    int i = index_of(t);
    EXPECT(!freed_times[i]);
    EXPECT(queued[i] == 0);
    pushes[i]++;
    queued[i] = 1;
}

void ac__task_free(struct ac__task *t)
{
    int i = index_of(t);
    EXPECT(!freed_times[i]++);
    EXPECT(!queued[i]);
    explore_freed(t, sizeof *t);
}

void ac__handle_stale(const char *call) { explore_fail(call, __FILE__, __LINE__); }

#ifndef STUB_WITH_WATCHERS /* else task/watch.c is there */
void ac__task_tell_watcher(struct ac__task *t)
{
    (void)t;
    EXPECT(!"no watcher here");
}
#endif

/* As ac_abort does, with the handle that it takes. */
__attribute__((unused)) static void abort_task(int i)
{
    uint64_t before = ac__atomic_or(&task[i].state, AC__TASK_CANCELLED | AC__TASK_NOTIFIED, acq_rel);
    if (!(before & (AC__TASK_RUNNING | AC__TASK_NOTIFIED | AC__TASK_COMPLETE))) ac__task_push(&task[i]);
    ac__task_release(&task[i]);
}
static void reset_tasks(void)
{
    memset(task, 0, sizeof task);
    memset(queued, 0, sizeof queued);
    memset(freed_times, 0, sizeof freed_times);
    memset(pushes, 0, sizeof pushes);
}

#endif

/* Giving way: by asking to, or because the budget is spent. */
#include "asyncc/task.h"
#include "base/fatal.h"
#include "sched/worker.h"
#include <stdio.h>

/* The poll under way ends with AC_PENDING; the scheduler then puts the task among those that yielded. */
void ac__yield(ac_context *cx) { cx->worker->yielded = true; }

bool ac__budget_spent(ac_context *cx)
{
    if (ac__atomic_load(&cx->task->state, relaxed) & AC__TASK_UNCONSTRAINED) {
        cx->budget = UINT32_MAX;
        return true;
    }
    if (!cx->worker->yielded) ac__count_add(&cx->worker->counts.budget_spent, 1);
    cx->worker->yielded = true;
    return false;
}

void ac_unconstrained(bool on)
{
    struct ac__task *task = ac__task_here();
    if (!task) ac__fatal("ac_unconstrained: called outside a task");
    if (on) ac__atomic_or(&task->state, AC__TASK_UNCONSTRAINED, relaxed);
    else ac__atomic_and(&task->state, ~AC__TASK_UNCONSTRAINED, relaxed);
    ac__thread.worker->polling->budget = on ? UINT32_MAX : AC__BUDGET;
}

static int poll(void *self, ac_context *cx) { return ac_yield_poll(self, cx); }
static void drop(void *self) { (void)self; }
static int describe(const void *self, char *text, size_t room)
{
    (void)self;
    return snprintf(text, room, "its next turn");
}

const ac_descriptor ac_yield_descriptor = { .name = "ac_yield",
                                            .file = __FILE__,
                                            .size = sizeof(struct ac_yield_future),
                                            .align = _Alignof(struct ac_yield_future),
                                            .poll = poll,
                                            .drop = drop,
                                            .describe = describe };

/* For pointers to it: the call slot of future.h. */
void ac_yield(void) { ac_yield_init(ac__enter(&ac_yield_descriptor)); }

/* spawn_blocking: the call is a task, so that it can be joined, whose one poll happens on a thread of the pool. */
#include "blocking/task.h"
#include "blocking/pool.h"
#include "sched/rt.h"

#define ROUND(size) (((size_t)(size) + 15) / 16 * 16)

struct part {
    struct ac__blocking_job job;
    struct ac__task *task;
};

size_t ac__blocking_task_size(const ac_descriptor *type) { return ROUND(type->size) + sizeof(struct part); }

static struct part *part_of(struct ac__task *task)
{
    return (struct part *)((char *)ac__task_future(task) + ROUND(task->type->size));
}

/* An abort has no say: a queued call always runs. */
static void run(struct ac__blocking_job *job)
{
    struct ac__task *task = ac__container_of(job, struct part, job)->task;
    ac_context cx = { .task = task, .budget = UINT32_MAX };
    ac__task_take(task);
    task->type->poll(ac__task_future(task), &cx);
    ac__task_complete(task, 0);
}

int ac__blocking_task_submit(struct ac__task *task)
{
    struct part *part = part_of(task);
    part->job.run = run;
    part->task = task;
    int error = ac__blocking_run(task->home->runtime, &part->job);
    if (!error) return 0;
    ac__task_take(task);
    task->type->drop(ac__task_future(task));
    ac__atomic_store(&task->state, (ac__atomic_load(&task->state, relaxed) & AC__TASK_OUTSIZED) | AC__TASK_REFERENCE,
                     relaxed);
    ac__task_release(task);
    return error;
}

/* Calls that the kernel has no readiness for, made on a thread of the blocking pool.
 *
 * The job is a block of its own and not part of the frame: the frame may go at any time, while the thread is inside the
 * call. So it has its own buffer, too: a read into memory that was freed would be the worst of errors. One exchange of
 * the state decides who frees it: the thread finds that nobody wants it, or the task finds that it is done. */
#include "io/offload.h"

#include <errno.h>
#include <string.h>

#include "mem/alloc.h"
#include "sched/runtime.h"
#include "task/wake.h"

enum { RUNNING = 0, DONE = 1, ORPHANED = 2 };

struct ac__offload_job *ac__offload_new(ssize_t (*work)(struct ac__offload_job *), size_t room)
{
    struct ac__offload_job *job = ac__malloc(sizeof *job + room);
    if (!job) return NULL;
    memset(job, 0, sizeof *job);
    job->work = work;
    job->fd = -1;
    return job;
}

struct ac__offload_job *ac__offload_new_text(ssize_t (*work)(struct ac__offload_job *), size_t room, const char *first,
                                             const char *second)
{
    size_t a = strlen(first) + 1, b = second ? strlen(second) + 1 : 0;
    struct ac__offload_job *job = ac__offload_new(work, room + a + b);
    if (!job) return NULL;
    job->text[0] = memcpy(job->data + room, first, a);
    if (second) job->text[1] = memcpy(job->data + room + a, second, b);
    return job;
}

static void job_free(struct ac__offload_job *job, bool discard)
{
    if (discard && job->discard) job->discard(job);
    ac__free(job);
}

int ac__offload_use(struct ac__use *use, int fd)
{
    int error = ac__use_begin(use, fd);
    return error == AC__USE_LATER ? 0 : error;
}

static void use_end(struct ac__use *use)
{
    if (ac__offload_begun(use)) ac__use_end(use);
}

/* What could not begin yet begins here: 0, or the negative errno that is the job's result. */
static int begin_late(struct ac__offload_job *job)
{
    int error = job->holds && !ac__offload_begun(&job->use) ? ac__use_begin_asleep(&job->use) : 0;
    if (error) job->holds = false;
    return error;
}

/* On a thread of the pool. */
static void job_run(struct ac__blocking_job *blocking)
{
    struct ac__offload_job *job = ac__container_of(blocking, struct ac__offload_job, blocking);
    struct ac__task *task = job->task;
    bool wanted = ac__atomic_load(&job->state, acquire) == RUNNING;
    if (wanted && !(job->result = begin_late(job))) job->result = job->work(job);
    if (job->holds) use_end(&job->use);
    /* Release: the result and the buffer are the task's from here on. Acquire: a frame that was dropped is done
     * with. */
    if (ac__atomic_exchange(&job->state, DONE, acq_rel) == ORPHANED) job_free(job, wanted);
    else ac__task_wake(task);
    ac__task_release(task);
}

int ac__offload_start(struct ac__offload *self, ac_context *cx, struct ac__offload_job *job, struct ac__use *use)
{
    int error = -ENOMEM;
    if (job) {
        job->blocking.run = job_run;
        job->task = cx->task;
        if (use) job->use = *use, job->holds = true;
        ac__task_retain(job->task);
        self->job = job;
        error = ac__blocking_run(ac__runtime_of(cx), &job->blocking);
        if (!error) return 0;
        self->job = NULL;
        ac__task_release(job->task);
        ac__free(job);
    }
    if (use) use_end(use);
    return error;
}

void ac__offload_end(struct ac__offload *self)
{
    job_free(self->job, false);
    self->job = NULL;
}

void ac__offload_forget(struct ac__offload *self)
{
    if (ac__atomic_exchange(&self->job->state, ORPHANED, acq_rel) == DONE) job_free(self->job, true);
    self->job = NULL;
}

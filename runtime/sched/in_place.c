/* ac_block_in_place: a call that blocks, on the thread of the task, without holding up its worker.
 *
 * The worker with its queue is offered to a thread of the blocking pool, and this thread goes on as a visitor. If
 * the call is back before that thread has come, the offer is withdrawn, and nothing has happened. Otherwise the
 * other thread is the worker now; this one ends its poll as a visitor, pushes the task to the others if it must, and
 * ends. */
#include "asyncc/task.h"
#include "mem/alloc.h"
#include "sched/rt.h"

enum { OFFERED, TAKEN, WITHDRAWN };

struct offer {
    struct ac__blocking_job job;
    struct ac__worker *worker;
    uint32_t state;
};

static void take(struct ac__blocking_job *job)
{
    struct offer *offer = ac__container_of(job, struct offer, job);
    uint32_t expected = OFFERED;
    struct ac__worker *worker = offer->worker;
    bool mine = ac__atomic_cas(&offer->state, &expected, TAKEN, acq_rel, acquire);
    /* Whoever comes second frees the offer: the other side may still be looking at it. */
    if (!mine) ac__free(offer);
    else ac__multi_work(worker);
}

static struct offer *make_offer(struct ac__worker *worker)
{
    struct offer *offer = ac__malloc(sizeof *offer);
    if (!offer) return NULL;
    *offer = (struct offer){ .job.run = take, .worker = worker };
    if (ac__blocking_run(worker->runtime, &offer->job) == 0) return offer;
    ac__free(offer);
    return NULL;
}

void ac_block_in_place(void (*call)(void *argument), void *argument)
{
    struct ac__worker *worker = ac__thread.worker;
    struct ac__worker *spare = NULL;
    struct offer *offer = NULL;
    if (worker && worker->kind == AC__WORKER_POOL && worker->polling && (spare = ac__visitor_take(worker->runtime))) {
        ac_context *cx = worker->polling;
        spare->polling = cx;
        spare->stands_in = true;
        spare->yielded = worker->yielded;
        worker->polling = NULL;
        ac__atomic_store(&worker->runs, NULL, relaxed);
        cx->worker = spare;
        ac__atomic_add(&worker->runtime->workers_alive, 1, relaxed); /* the shutdown waits for a stand-in too */
        ac__worker_enter(spare);
        offer = make_offer(worker);
    }
    call(argument);
    if (!spare) return;
    uint32_t expected = OFFERED;
    if (offer && !ac__atomic_cas(&offer->state, &expected, WITHDRAWN, acq_rel, acquire)) {
        ac__free(offer);
        return;
    }
    ac_context *cx = spare->polling;
    spare->polling = NULL;
    cx->worker = worker;
    worker->polling = cx;
    ac__worker_enter(worker);
    ac__visitor_give(worker->runtime, spare);
    ac__atomic_sub(&worker->runtime->workers_alive, 1, relaxed); /* this thread is counted for the worker */
}

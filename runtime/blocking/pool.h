/* The blocking pool: threads for calls that block. See pool.c. */
#ifndef ASYNCC_BLOCKING_POOL_H
#define ASYNCC_BLOCKING_POOL_H
#include "asyncc/future.h"

/* A call to be made on a pool thread. Lies in the caller's memory until `run` is called; the pool does not touch it
 * once `run` has been entered, so `run` may free it. A queued job always runs, also during shutdown: what it holds
 * is let go of by itself. `run` must not block on the runtime itself. */
struct ac__blocking_job {
    struct ac__blocking_job *next; /* the pool's */
    void (*run)(struct ac__blocking_job *job);
};

/* Queues a job; a thread is started if none is idle and fewer than max_blocking_threads run. From any thread. 0, or
 * -EAGAIN when no thread runs and none could be started, or -ESHUTDOWN when the runtime is past taking jobs: then
 * `run` is never called. */
int ac__blocking_run(ac_runtime *rt, struct ac__blocking_job *job);

/* --- For the runtime -----------------------------------------------------------------------------------------------*/

struct ac__blocking_pool;
struct ac__blocking_pool *ac__blocking_open(ac_runtime *rt);
/* Runs what is queued and ends the threads; false: some had not ended by `deadline`, and the pool's memory is left
 * to them. */
bool ac__blocking_close(struct ac__blocking_pool *pool, int64_t deadline);
/* Is a call queued or running? */
bool ac__blocking_busy(ac_runtime *rt);
/* Of a runtime that runs by its seed (sched/by_seed.c): makes the call that was queued first, on this thread. False:
 * there is none. */
bool ac__blocking_run_here(ac_runtime *rt);
struct ac__blocking_counts {
    unsigned threads, idle;
    size_t queued;
};
struct ac__blocking_counts ac__blocking_counts(ac_runtime *rt);

#endif

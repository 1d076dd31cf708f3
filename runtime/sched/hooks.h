/* What is done around a worker's sleep: the program's hooks, and being quiet (pause.c). */
#ifndef ASYNCC_SCHED_HOOKS_H
#define ASYNCC_SCHED_HOOKS_H
#include "sched/rt.h"

static inline void ac__before_sleep(struct ac__worker *worker)
{
    ac__count_add(&worker->counts.parks, 1);
    const ac_runtime_options *options = &worker->runtime->options;
    if (ac__unlikely(options->on_thread_park != NULL)) options->on_thread_park(options->hook_context);
    ac__atomic_store(&worker->quiet, 1, seq_cst);
}

static inline void ac__after_sleep(struct ac__worker *worker)
{
    int64_t latency = ac__park_latency(&worker->park);
    if (latency >= 0) ac__spin_learn(&worker->spin, latency);
    ac__worker_no_longer_quiet(worker);
    const ac_runtime_options *options = &worker->runtime->options;
    if (ac__unlikely(options->on_thread_unpark != NULL)) options->on_thread_unpark(options->hook_context);
}

#endif

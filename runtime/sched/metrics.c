/* Adding up what the workers count. */
#include "sched/rt.h"
#include <string.h>

static void add_worker(ac_runtime_metrics *sum, struct ac__worker *worker)
{
    const struct ac__worker_counts *counts = &worker->counts;
    sum->tasks_spawned += ac__count_get(&counts->spawned);
    sum->polls += ac__count_get(&counts->polls);
    sum->overflows += ac__count_get(&counts->overflows);
    sum->steals += ac__count_get(&counts->steals);
    sum->parks += ac__count_get(&counts->parks);
    sum->yields += ac__count_get(&counts->yields);
    sum->budget_spent += ac__count_get(&counts->budget_spent);
    if (worker->kind == AC__WORKER_POOL) sum->local_queued += ac__ring_length(&worker->ring);
    else sum->local_queued += ac__count_get(&worker->local.length);
}

void ac__runtime_metrics_get(ac_runtime *rt, ac_runtime_metrics *metrics, size_t size)
{
    struct ac__blocking_counts blocking = ac__blocking_counts(rt);
    ac_runtime_metrics sum = { .workers = rt->core ? 1 : rt->n_workers,
                               .blocking_threads = blocking.threads,
                               .idle_blocking_threads = blocking.idle,
                               .blocking_queued = blocking.queued,
                               .tasks_spawned = ac__count_get(&rt->spawned_outside),
                               .global_queued = ac__count_get(&rt->inject.length),
                               .remote_schedules = ac__count_get(&rt->outsiders) / AC__OUTSIDER_COUNT };
    ac__lock_acquire(&rt->workers_lock);
    ac__list_each (node, &rt->all_workers) add_worker(&sum, ac__list_entry(node, struct ac__worker, all));
    ac__lock_release(&rt->workers_lock);
    memset(metrics, 0, size);
    memcpy(metrics, &sum, size < sizeof sum ? size : sizeof sum);
}

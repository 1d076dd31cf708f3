/* Reproducible runs.
 *
 * A current-thread runtime whose time starts paused and which was given a seed (by its options or by ASYNCC_SEED) takes
 * the same steps whenever it is given the same seed, and others with another: so a test can try a program in thousands
 * of orders and name the one that failed. Three things decide about the order, and each is made to depend on the seed
 * alone:
 *
 *   - which arm of a select is polled first: always random, by the worker's generator;
 *   - which of the tasks that are ready runs next: one of the first REACH in the queue, not the first. Far enough for
 *     two tasks to overtake each other, and no task waits for long;
 *   - when a blocking call happens: not on a thread of the pool, whose time is its own, but on this one, before a poll
 *     chosen by chance, or when nothing else can run. Time stands still until then.
 *
 * What is not under control: other threads of the program, and descriptors, whose readiness is the kernel's. A blocking
 * call that waits for a task cannot be answered, since it holds the thread. */
#include "sched/by_seed.h"
#include <stdlib.h>
#include <string.h>

enum { REACH = 16, BLOCKING_ONE_IN = 4 };

bool ac__runs_by_seed(const ac_runtime_options *resolved, const ac_runtime_options *given, size_t size)
{
    uint64_t seed = 0;
    if (given && size >= offsetof(ac_runtime_options, seed) + sizeof seed)
        memcpy(&seed, (const char *)given + offsetof(ac_runtime_options, seed), sizeof seed);
    const char *environment = getenv("ASYNCC_SEED");
    return resolved->start_paused && (seed || (environment && *environment));
}

/* The one at place n, which is below the length. */
static struct ac__task *take_nth(struct ac__queue *queue, uint32_t n)
{
    struct ac__task *before = NULL, *task = queue->first;
    for (; n > 0; n--) {
        before = task;
        task = task->link;
    }
    if (!before) return ac__queue_pop(queue);
    before->link = task->link;
    if (queue->last == task) queue->last = before;
    queue->length--;
    return task;
}

struct ac__task *ac__by_seed_pop(struct ac__worker *worker)
{
    struct ac__queue *queue = &worker->local;
    if (ac__blocking_busy(worker->runtime) && ac__random_below(&worker->random, BLOCKING_ONE_IN) == 0)
        ac__blocking_run_here(worker->runtime);
    if (!queue->first) return NULL;
    uint32_t reach = queue->length < REACH ? (uint32_t)queue->length : REACH;
    return take_nth(queue, ac__random_below(&worker->random, reach));
}

/* Runtimes: made, found, and ended. */
#include "sched/runtime.h"
#include "base/fatal.h"
#include "mem/alloc.h"
#include "sched/by_seed.h"
#include "sched/options.h"
#include "sched/rt.h"
#include "time/clock.h"
#include <errno.h>
#include <sched.h>
#include <string.h>

const char ac__abi_1 = 1;

ac__lock ac__runtimes_lock;
struct ac__list ac__runtimes;

static void list_runtime(ac_runtime *rt)
{
    ac__lock_acquire(&ac__runtimes_lock);
    ac__list_push_back(&ac__runtimes, &rt->all);
    ac__lock_release(&ac__runtimes_lock);
}
static void unlist_runtime(ac_runtime *rt)
{
    ac__lock_acquire(&ac__runtimes_lock);
    ac__list_remove(&rt->all);
    ac__lock_release(&ac__runtimes_lock);
}

/* --- Its parts -----------------------------------------------------------------------------------------------------*/

ac_runtime *ac_runtime_current(void) { return ac__thread.runtime; }
struct ac__timers *ac__runtime_timers(ac_runtime *rt) { return rt->timers; }
struct ac__driver *ac__runtime_driver(ac_runtime *rt) { return rt->driver; }
/* One a POOL worker and one for visitors, or for the core. */
unsigned ac__runtime_wheels(const ac_runtime *rt) { return rt->n_workers + 1; }
bool ac__runtime_is_current_thread(const ac_runtime *rt) { return rt->core != NULL; }

/* --- Beginning -----------------------------------------------------------------------------------------------------*/

static int open_workers(ac_runtime *rt)
{
    if (rt->options.flavor == AC_CURRENT_THREAD) {
        rt->core = rt->home.local = ac__worker_new(rt, AC__WORKER_CURRENT, 0, 0);
        if (!rt->core) return -ENOMEM;
        rt->core->asleep = 1;
        return 0;
    }
    unsigned n = rt->options.worker_threads;
    rt->workers = ac__calloc(n, sizeof *rt->workers);
    rt->threads = ac__calloc(n, sizeof *rt->threads);
    rt->thread_ended = ac__calloc(n, sizeof *rt->thread_ended);
    if (!rt->workers || !rt->threads || !rt->thread_ended) return -ENOMEM;
    for (; rt->n_workers < n; rt->n_workers++) {
        struct ac__worker *worker = ac__worker_new(rt, AC__WORKER_POOL, rt->n_workers, rt->n_workers);
        if (!worker) return -ENOMEM;
        rt->workers[rt->n_workers] = worker;
    }
    rt->idle.n_workers = n;
    rt->idle.workers = rt->workers;
    return 0;
}

static int open_parts(ac_runtime *rt)
{
    int error = open_workers(rt);
    if (error) return error;
    rt->timers = ac__timers_open(rt, ac__runtime_wheels(rt), rt->options.start_paused);
    rt->blocking = ac__blocking_open(rt);
    if (!rt->timers || !rt->blocking) return -ENOMEM;
    error = ac__driver_open(rt, &rt->driver);
    if (!error) error = ac__pool_start(rt);
    return error || rt->options.report_held_after <= 0 ? error : ac__watchdog_start(rt);
}

/* The threads have ended, or never were. */
static void release(ac_runtime *rt)
{
    if (rt->driver) ac__driver_close(rt->driver);
    if (rt->timers) ac__timers_close(rt->timers);
    for (struct ac__list *node; (node = ac__list_first(&rt->all_workers));)
        ac__worker_free(ac__list_entry(node, struct ac__worker, all));
    ac__free(rt->workers);
    ac__free(rt->threads);
    ac__free(rt->thread_ended);
    ac__free_aligned(rt);
}

ac_runtime *ac__runtime_new(const ac_runtime_options *options, size_t size)
{
    ac_runtime_options resolved = ac__options_resolve(options, size);
    if (resolved.fatal) ac__fatal_set_hook(resolved.fatal);
    if (resolved.allocator) ac__allocator_set(resolved.allocator);
    ac_runtime *rt = ac__malloc_aligned(sizeof *rt, AC__CACHE_LINE);
    int error = -ENOMEM;
    if (rt) {
        memset(rt, 0, sizeof *rt);
        rt->options = resolved;
        rt->by_seed = ac__runs_by_seed(&resolved, options, size);
        rt->home.runtime = rt;
        rt->cpus = ac__cpus();
        rt->sleeping_until = INT64_MIN;
        error = open_parts(rt);
        if (!error) {
            list_runtime(rt);
            if (resolved.dump_on_signal) ac__dump_on_signal();
            return rt;
        }
        ac__watchdog_stop(rt);
        if (rt->n_threads) ac__pool_stop(rt, INT64_MAX);
        if (rt->blocking) ac__blocking_close(rt->blocking, INT64_MAX);
        release(rt);
    }
    errno = -error;
    return NULL;
}

/* --- End -----------------------------------------------------------------------------------------------------------*/

/* Drops need a worker to happen on; that of a visitor will do, and there is memory for it even now if a block_on has
 * ever been. */
static void sweep(ac_runtime *rt)
{
    struct ac__worker *visitor = !rt->core && rt->idle_visitors ? ac__visitor_take(rt) : NULL;
    struct ac__worker *worker = rt->core ? rt->core : visitor ? visitor : rt->workers[0];
    ac__worker_enter(worker);
    ac__sweep_runtime(rt, worker);
    ac__worker_leave(worker);
    if (visitor) ac__visitor_give(rt, visitor);
}

/* The order: no more polls; then the tasks are dropped; calls that were queued on the blocking pool run; what these
 * spawned is dropped; then no task is left that could be woken, and once threads outside are through with waking
 * there is nobody to touch the memory. */
bool ac_runtime_shutdown(ac_runtime *rt, ac_duration timeout)
{
    if (!rt) return true;
    if (ac__task_here()) ac__fatal("ac_runtime_shutdown: called inside a task");
    if (timeout >= 0 && timeout < ac_ms(20)) timeout = ac_ms(20); /* what threads that are not stuck need to end */
    int64_t deadline = timeout < 0 ? INT64_MAX : ac__instant_after(ac__clock_system(), timeout);
    unlist_runtime(rt);
    ac__watchdog_stop(rt);
    if (!ac__pool_stop(rt, deadline)) return false;
    if (rt->core && !ac__core_take(rt))
        ac__fatal("ac_runtime_shutdown: another thread is in ac_block_on of this runtime");
    sweep(rt);
    if (!ac__blocking_close(rt->blocking, deadline)) return false;
    sweep(rt);
    while (ac__atomic_load(&rt->outsiders, acquire) % AC__OUTSIDER_COUNT > 0) sched_yield();
    release(rt);
    return true;
}

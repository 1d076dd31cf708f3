/* The blocking pool: threads for calls that block, so that no worker has to.
 *
 * One queue under one lock. A thread that finds it empty sleeps on its futex as long as the option keep-alive says,
 * then ends. A job calls a thread: the one that slept last, whose caches are warm; if there is none, one is started,
 * up to the limit; beyond that the job waits. A sleeper is taken off the stack by whoever calls it, so that two
 * never count on the same one.
 *
 * At most one thread is on its way at a time. Coming, it takes a job and, if there are more, calls the next before
 * it runs its own. So a burst of jobs costs who queues them one system call and not one each; short ones are all
 * done by the few threads that are awake; and long ones still get a thread each. */
#include "blocking/pool.h"
#include "base/fatal.h"
#include "base/futex.h"
#include "base/lock.h"
#include "mem/alloc.h"
#include "sched/rt.h"
#include "time/clock.h"
#include <errno.h>
#include <limits.h>

struct sleeper {
    struct ac__list all;
    uint32_t woken; /* futex */
};

struct ac__blocking_pool {
    ac_runtime *runtime;
    ac__lock lock;
    struct ac__blocking_job *first, *last;
    size_t queued;
    struct ac__list sleepers;
    unsigned idle; /* in `sleepers` */
    bool called;   /* a thread was woken or started, and has not come yet */
    bool closing;
    unsigned serving; /* threads that will look at the queue again; one that is about to end is not among them */
    uint32_t threads; /* futex for the shutdown */
    uint32_t busy;    /* jobs queued or running */
};

static struct ac__blocking_job *pop(struct ac__blocking_pool *pool)
{
    struct ac__blocking_job *job = pool->first;
    if (job) {
        pool->first = job->next;
        pool->queued--;
    }
    return job;
}

static void push(struct ac__blocking_pool *pool, struct ac__blocking_job *job)
{
    job->next = NULL;
    if (pool->first) pool->last->next = job;
    else pool->first = job;
    pool->last = job;
    pool->queued++;
}

/* With the lock held, now and on return; not between. False: the time was up and nobody had called. */
static bool sleep_for_job(struct ac__blocking_pool *pool)
{
    struct sleeper self = { .woken = 0 };
    ac__list_push_front(&pool->sleepers, &self.all);
    pool->idle++;
    int64_t until = ac__instant_after(ac__clock_system(), pool->runtime->options.blocking_keep_alive);
    ac__lock_release(&pool->lock);
    for (;;) {
        int64_t left = until - ac__clock_system();
        if (left > 0) ac__futex_wait_for(&self.woken, 0, left);
        ac__lock_acquire(&pool->lock);
        if (!ac__list_linked(&self.all)) return true;
        if (left <= 0) break;
        ac__lock_release(&pool->lock);
    }
    ac__list_remove(&self.all);
    pool->idle--;
    return false;
}

/* --- Calling a thread ----------------------------------------------------------------------------------------------*/

/* Takes a sleeper off the stack, to be woken by ac__futex_wake on the word when the lock has been released: it would
 * only wait for that. Its stack may be gone by then; a futex wake on any address is harmless, since every wait looks
 * at its word again. */
static uint32_t *take_sleeper(struct ac__blocking_pool *pool)
{
    struct ac__list *first = ac__list_pop_front(&pool->sleepers);
    if (!first) ac__fatal("the blocking pool lost count of its sleepers: %u", pool->idle);
    struct sleeper *sleeper = ac__list_entry(first, struct sleeper, all);
    pool->idle--;
    ac__atomic_store(&sleeper->woken, 1, relaxed);
    return &sleeper->woken;
}

static int start_thread(struct ac__blocking_pool *pool);

/* With the lock held, and a job queued: sees to it that a thread comes. *word: to be woken, or NULL. Failing to start
 * one matters only when none serves, and is -ENOMEM whatever the system was short of: -EAGAIN would mean that the call
 * is worth trying again. */
static int call_thread(struct ac__blocking_pool *pool, uint32_t **word)
{
    *word = NULL;
    if (pool->called) return 0;
    if (pool->idle > 0) {
        *word = take_sleeper(pool);
    } else {
        if (pool->serving >= pool->runtime->options.max_blocking_threads) return 0;
        if (start_thread(pool)) return pool->serving == 0 ? -ENOMEM : 0;
    }
    pool->called = true;
    return 0;
}

static void wake(uint32_t *word)
{
    if (word) ac__futex_wake(word, 1);
}

/* --- A thread of the pool ------------------------------------------------------------------------------------------*/

static void run_job(struct ac__blocking_pool *pool, struct ac__blocking_job *job)
{
    ac_runtime *rt = pool->runtime;
    job->run(job);
    /* A paused clock waits for blocking calls to end. */
    if (ac__atomic_sub(&pool->busy, 1, acq_rel) == 1 && ac__timers_paused(rt->timers)) ac__runtime_interrupt(rt);
}

static void serve(struct ac__blocking_pool *pool)
{
    ac__lock_acquire(&pool->lock);
    pool->called = false;
    for (;;) {
        struct ac__blocking_job *job = pop(pool);
        if (job) {
            uint32_t *next = NULL;
            if (pool->first) call_thread(pool, &next);
            ac__lock_release(&pool->lock);
            wake(next);
            run_job(pool, job);
            ac__lock_acquire(&pool->lock);
        } else if (pool->closing || !sleep_for_job(pool)) {
            break;
        } else {
            pool->called = false;
        }
    }
    pool->serving--;
    ac__lock_release(&pool->lock);
}

static void *thread_main(void *argument)
{
    struct ac__blocking_pool *pool = argument;
    ac_runtime *rt = pool->runtime;
    ac__thread.blocking = ac__thread.runtime = rt;
    ac__thread_begin(rt);
    serve(pool);
    ac__thread_end(rt);
    /* The last touch of anything that the shutdown, which waits for this, may free. */
    ac__atomic_sub(&pool->threads, 1, release);
    ac__futex_wake(&pool->threads, INT_MAX);
    return NULL;
}

/* Called with the lock held, since it counts the thread. */
static int start_thread(struct ac__blocking_pool *pool)
{
    pthread_t thread;
    ac__atomic_add(&pool->threads, 1, relaxed);
    int error = ac__thread_start(pool->runtime, &thread, thread_main, pool);
    if (error) {
        ac__atomic_sub(&pool->threads, 1, relaxed);
        return error;
    }
    pool->serving++;
    pthread_detach(thread);
    return 0;
}

/* Of a runtime that runs by its seed, whose jobs no thread takes. */
bool ac__blocking_run_here(ac_runtime *rt)
{
    struct ac__blocking_pool *pool = rt->blocking;
    ac__lock_acquire(&pool->lock);
    struct ac__blocking_job *job = pop(pool);
    ac__lock_release(&pool->lock);
    if (!job) return false;
    job->run(job);
    ac__atomic_sub(&pool->busy, 1, acq_rel);
    return true;
}

int ac__blocking_run(ac_runtime *rt, struct ac__blocking_job *job)
{
    struct ac__blocking_pool *pool = rt->blocking;
    ac__lock_acquire(&pool->lock);
    int error = -ESHUTDOWN;
    uint32_t *word = NULL;
    if (!pool->closing) {
        ac__atomic_add(&pool->busy, 1, relaxed);
        push(pool, job);
        error = rt->by_seed ? 0 : call_thread(pool, &word);
        if (error) { /* no thread serves, so this is the only job */
            pool->first = NULL;
            pool->queued = 0;
            ac__atomic_sub(&pool->busy, 1, relaxed);
        }
    }
    ac__lock_release(&pool->lock);
    wake(word);
    /* From outside: nobody comes for it by himself. */
    if (rt->by_seed && ac__thread.runtime != rt) ac__runtime_interrupt(rt);
    return error;
}

struct ac__blocking_pool *ac__blocking_open(ac_runtime *rt)
{
    struct ac__blocking_pool *pool = ac__calloc(1, sizeof *pool);
    if (pool) pool->runtime = rt;
    return pool;
}

bool ac__blocking_close(struct ac__blocking_pool *pool, int64_t deadline)
{
    while (pool->runtime->by_seed && ac__blocking_run_here(pool->runtime)) {}
    ac__lock_acquire(&pool->lock);
    pool->closing = true;
    while (pool->idle > 0) wake(take_sleeper(pool));
    ac__lock_release(&pool->lock);
    uint32_t threads;
    while ((threads = ac__atomic_load(&pool->threads, acquire)) > 0) {
        int64_t left = deadline == INT64_MAX ? -1 : deadline - ac__clock_system();
        if (deadline != INT64_MAX && left <= 0) return false;
        ac__futex_wait_for(&pool->threads, threads, left);
    }
    ac__free(pool);
    return true;
}

bool ac__blocking_busy(ac_runtime *rt) { return ac__atomic_load(&rt->blocking->busy, acquire) > 0; }

struct ac__blocking_counts ac__blocking_counts(ac_runtime *rt)
{
    struct ac__blocking_pool *pool = rt->blocking;
    ac__lock_acquire(&pool->lock);
    struct ac__blocking_counts counts = { ac__atomic_load(&pool->threads, relaxed), pool->idle, pool->queued };
    ac__lock_release(&pool->lock);
    return counts;
}

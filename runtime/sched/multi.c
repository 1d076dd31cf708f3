/* The multi-thread scheduler: what a POOL worker does.
 *
 * It takes the next task from, in this order: the last-in slot (at most three times in a row while the ring has
 * something), its ring, the global queue, the tasks that yielded (after a look into the driver), the rings of
 * others. Three things happen though there is always work: every global_interval polls a task comes from the global
 * queue first; every event_interval polls the driver is looked at and the yielded tasks are put back; and both are
 * timed, so that global_interval follows the length of the polls. With nothing to be found the worker sleeps: idle.h
 * has the rules for that. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/futex.h"
#include "mem/slab.h"
#include "sched/hooks.h"
#include "sched/rt.h"
#include "time/clock.h"
#include <errno.h>
#include <limits.h>
#include <unistd.h>
#include <signal.h>
#include <stdio.h>

/* Polls are to be short enough that the global queue is visited about this often (Tokio's figures). */
enum { GLOBAL_VISIT_NS = 200 * 1000, GLOBAL_INTERVAL_MIN = 2, GLOBAL_INTERVAL_MAX = 127, GLOBAL_BATCH = 128 };
/* Of a searcher that looks on (spin.h): some microseconds. */
enum { DRIVER_TURNS = 128 };

/* --- Now and then --------------------------------------------------------------------------------------------------*/

/* Follows the mean length of a poll, a tenth of the way each time. */
static void adapt_global_interval(struct ac__worker *worker)
{
    int64_t now = ac__clock_system();
    uint32_t polls = worker->tick - worker->batch_tick;
    if (worker->batch_started && polls > 0) {
        int64_t mean = (now - worker->batch_started) / polls;
        int64_t wanted = mean > 0 ? GLOBAL_VISIT_NS / mean : GLOBAL_INTERVAL_MAX;
        if (wanted < GLOBAL_INTERVAL_MIN) wanted = GLOBAL_INTERVAL_MIN;
        if (wanted > GLOBAL_INTERVAL_MAX) wanted = GLOBAL_INTERVAL_MAX;
        worker->global_interval = (uint32_t)(((int64_t)worker->global_interval * 9 + wanted + 5) / 10);
        if (worker->global_interval < GLOBAL_INTERVAL_MIN) worker->global_interval = GLOBAL_INTERVAL_MIN;
    }
    worker->batch_started = now;
    worker->batch_tick = worker->tick;
}

static void requeue_deferred(struct ac__worker *worker)
{
    struct ac__task *task;
    while ((task = ac__queue_pop(&worker->deferred))) ac__ring_push_back(worker, task);
}

/* A look into the driver, unless another worker is in it, who sees to it then. What it wakes is announced once. */
static void look_into_driver(struct ac__worker *worker)
{
    ac_runtime *rt = worker->runtime;
    if (!ac__idle_driver_enter(&rt->idle)) return;
    worker->pushed = false;
    ac__driver_look(worker);
    ac__idle_driver_leave(&rt->idle);
    if (worker->pushed && ac__ring_length(&worker->ring) > 1) ac__announce(rt); /* one it runs itself */
}

static ac__cold void maintain(struct ac__worker *worker)
{
    adapt_global_interval(worker);
    look_into_driver(worker);
    requeue_deferred(worker);
}

/* --- The next task -------------------------------------------------------------------------------------------------*/

/* A fair share of the global queue: the first to run, the rest into the ring. A share also when the ring has tasks
 * already: taking one at a visit, as Tokio does, serves the global queue a hundred times more slowly than it can
 * fill. */
static struct ac__task *take_global_share(struct ac__worker *worker)
{
    size_t most = ac__ring_room(&worker->ring) + 1;
    struct ac__queue taken = ac__inject_take_share(worker->runtime, most < GLOBAL_BATCH ? most : GLOBAL_BATCH);
    struct ac__task *first = ac__queue_pop(&taken), *task;
    uint32_t n = 0;
    while ((task = ac__queue_pop(&taken))) ac__ring_put(&worker->ring, n++, task);
    if (n > 0) ac__ring_publish(&worker->ring, n);
    return first;
}

static struct ac__task *take_last_in(struct ac__worker *worker)
{
    if (!ac__atomic_load(&worker->lifo, relaxed)) return NULL;
    return ac__atomic_exchange(&worker->lifo, NULL, acq_rel);
}

static struct ac__task *next_own(struct ac__worker *worker)
{
    struct ac__task *task;
    if (worker->lifo_turns < AC__LIFO_TURNS && (task = take_last_in(worker))) {
        worker->lifo_turns++;
        return task;
    }
    worker->lifo_turns = 0;
    if ((task = ac__ring_pop(&worker->ring))) return task;
    return take_last_in(worker);
}

static struct ac__task *next_task(struct ac__worker *worker)
{
    ac_runtime *rt = worker->runtime;
    struct ac__task *task;
    worker->tick++;
    if (ac__unlikely(worker->tick % rt->options.event_interval == 0)) maintain(worker);
    if (ac__unlikely(worker->tick % worker->global_interval == 0)) {
        if ((task = take_global_share(worker))) return task;
    }
    if ((task = next_own(worker))) return task;
    if ((task = take_global_share(worker))) return task;
    if (!worker->deferred.first) return NULL;
    look_into_driver(worker);
    requeue_deferred(worker);
    return next_own(worker);
}

static struct ac__task *steal(struct ac__worker *worker)
{
    ac_runtime *rt = worker->runtime;
    uint32_t n = rt->n_workers, start = ac__random_below(&worker->random, n);
    for (uint32_t i = 0; i < n; i++) {
        struct ac__worker *victim = rt->workers[(start + i) % n];
        if (victim == worker) continue;
        struct ac__task *task = ac__ring_steal(&victim->ring, &worker->ring);
        if (task) return task;
    }
    /* Only then the last-in slots: what lies there has most to lose by moving. */
    for (uint32_t i = 0; i < n; i++) {
        struct ac__worker *victim = rt->workers[(start + i) % n];
        if (victim == worker) continue;
        struct ac__task *task = take_last_in(victim);
        if (task) return task;
    }
    return NULL;
}

/* seq_cst: see the rule in idle.h. */
static bool work_waits(ac_runtime *rt)
{
    if (ac__inject_filled(&rt->inject)) return true;
    for (unsigned i = 0; i < rt->n_workers; i++) {
        struct ac__worker *worker = rt->workers[i];
        uint32_t tail = ac__atomic_load(&worker->ring.tail, seq_cst);
        if (tail != ac__ring_real_of(ac__atomic_load(&worker->ring.head, seq_cst))) return true;
    }
    return false;
}

static bool stopping(ac_runtime *rt) { return ac__atomic_load(&rt->stopping, seq_cst) & AC__STOP; }

static struct ac__task *look_around(struct ac__worker *worker)
{
    struct ac__task *task = steal(worker);
    if (!task) return take_global_share(worker);
    ac__count_add(&worker->counts.steals, 1);
    return task;
}

/* A look at the global queue and at the ring of one other worker; now and then into the driver, that events and timers
 * need not wait until it is over. */
static bool something_to_find(void *argument, unsigned turn)
{
    struct ac__worker *worker = argument;
    ac_runtime *rt = worker->runtime;
    if (turn % DRIVER_TURNS == DRIVER_TURNS - 1) {
        look_into_driver(worker);
        if (ac__ring_length(&worker->ring) > 0) return true;
    }
    if (ac__inject_filled(&rt->inject)) return true;
    return ac__ring_length(&rt->workers[(worker->index + turn) % rt->n_workers]->ring) > 0;
}

/* Finding nothing, a searcher looks on for a while (spin.h). What is pushed meanwhile costs nobody a system call,
 * since a searcher is about; two threads that answer each other run at the speed of their caches. At most half of
 * the workers do it at once. */
static struct ac__task *search(struct ac__worker *worker)
{
    ac_runtime *rt = worker->runtime;
    if (!worker->searching && !ac__idle_search(&rt->idle)) return NULL;
    worker->searching = true;
    struct ac__task *task = look_around(worker);
    if (task || !ac__spin_until(&worker->spin, something_to_find, worker)) return task;
    task = next_own(worker);
    return task ? task : look_around(worker);
}

/* --- Running -------------------------------------------------------------------------------------------------------*/

/* False: the worker is no longer this thread's. */
static bool run(struct ac__worker *worker, struct ac__task *task)
{
    if (ac__unlikely(worker->searching)) {
        worker->searching = false;
        if (ac__idle_found(&worker->runtime->idle)) ac__announce(worker->runtime);
    }
    ac__count_add(&worker->counts.polls, 1);
    enum ac__ran ran = ac__task_run(task, worker);
    if (ac__unlikely(ac__thread.worker != worker)) { /* ac_block_in_place gave the worker away; the task goes to the
                                                      * others */
        if (ran != AC__RAN_OFF) ac__task_push(task);
        return false;
    }
    switch (ran) {
    case AC__RAN_OFF: break;
    case AC__RAN_AGAIN: ac__ring_push_back(worker, task); break;
    case AC__RAN_YIELD:
        ac__count_add(&worker->counts.yields, 1);
        ac__queue_push(&worker->deferred, task);
        break;
    }
    return true;
}

/* --- Sleeping ------------------------------------------------------------------------------------------------------*/

static void sleep_on_futex(struct ac__worker *worker, bool guards)
{
    if (!stopping(worker->runtime)) {
        if (guards) ac__guard_sleep(worker);
        else ac__park_sleep(&worker->park);
    }
    worker->searching = !stopping(worker->runtime);
}

/* Coming back by itself, with more than this worker can run at once, it wakes another; having been claimed it is a
 * searcher, who does that when it starts to run. */
static void sleep_in_driver(struct ac__worker *worker)
{
    ac_runtime *rt = worker->runtime;
    worker->pushed = false;
    if (!stopping(rt)) ac__driver_sleep(worker, -1);
    ac__guard_note_leaving(&rt->guard);
    worker->searching = ac__idle_wake_in_driver(&rt->idle, worker);
    if (!worker->searching && ac__ring_length(&worker->ring) > 1) ac__announce(rt);
}

static void sleep_worker(struct ac__worker *worker)
{
    ac_runtime *rt = worker->runtime;
    bool last;
    ac__worker_tidy(worker);
    ac__before_sleep(worker);
    ac__park_prepare(&worker->park);
    enum ac__bed bed = ac__idle_sleep(&rt->idle, worker, worker->searching, &last);
    worker->searching = false;
    if (last && work_waits(rt)) ac__announce(rt);
    if (bed == AC__BED_DRIVER) sleep_in_driver(worker);
    else sleep_on_futex(worker, bed == AC__BED_GUARD);
    worker->batch_started = 0;
    ac__after_sleep(worker);
}

/* --- The thread ----------------------------------------------------------------------------------------------------*/

/* False: the worker was given away, and this thread has nothing more to do with it. */
static bool work(struct ac__worker *worker)
{
    ac_runtime *rt = worker->runtime;
    for (;;) {
        uint32_t asked = ac__atomic_load(&rt->stopping, relaxed);
        if (ac__unlikely(asked != 0)) {
            if (asked & AC__STOP) return true;
            ac__pause_here(worker);
        }
        struct ac__task *task = next_task(worker);
        if (!task) task = search(worker);
        if (!task) sleep_worker(worker);
        else if (!run(worker, task)) return false;
    }
}

void ac__multi_work(struct ac__worker *worker)
{
    ac_runtime *rt = worker->runtime;
    ac__worker_enter(worker);
    bool kept = work(worker);
    struct ac__worker *left = ac__thread.worker;
    ac__worker_leave(left);
    if (!kept) ac__visitor_give(rt, left);
    ac__atomic_sub(&rt->workers_alive, 1, seq_cst);
    ac__futex_wake(&rt->workers_alive, INT_MAX);
}

static void *worker_main(void *argument)
{
    struct ac__worker *worker = argument;
    ac_runtime *rt = worker->runtime;
    unsigned index = worker->index;
    ac__thread_begin(rt);
    ac__multi_work(worker);
    ac__thread_end(rt);
    ac__atomic_store(&rt->thread_ended[index], 1, seq_cst);
    return NULL;
}

int ac__pool_start(ac_runtime *rt)
{
    ac__atomic_store(&rt->workers_alive, rt->n_workers, relaxed);
    for (unsigned i = 0; i < rt->n_workers; i++) {
        int error = ac__thread_start(rt, &rt->threads[i], worker_main, rt->workers[i]);
        if (error) {
            ac__atomic_sub(&rt->workers_alive, rt->n_workers - i, relaxed);
            return error; /* ac__runtime_new stops those that have started */
        }
        rt->n_threads++;
    }
    return 0;
}

static bool ended(ac_runtime *rt)
{
    for (unsigned i = 0; i < rt->n_threads; i++)
        if (!ac__atomic_load(&rt->thread_ended[i], seq_cst)) return false;
    return ac__atomic_load(&rt->workers_alive, seq_cst) == 0;
}

bool ac__pool_stop(ac_runtime *rt, int64_t deadline)
{
    ac__atomic_or(&rt->stopping, AC__STOP, seq_cst);
    for (unsigned i = 0; i < rt->n_threads; i++) ac__park_wake(&rt->workers[i]->park);
    ac__driver_interrupt(rt->driver);
    uint32_t alive;
    while ((alive = ac__atomic_load(&rt->workers_alive, seq_cst)) > 0 && ac__clock_system() < deadline)
        ac__futex_wait_for(&rt->workers_alive, alive, deadline == INT64_MAX ? -1 : deadline - ac__clock_system());
    /* What remains between a thread's last wake and its end is a few instructions and the program's hook. */
    while (!ended(rt) && ac__clock_system() < deadline) usleep(100);
    bool all = true;
    for (unsigned i = 0; i < rt->n_threads; i++) {
        bool one = ac__atomic_load(&rt->thread_ended[i], seq_cst) != 0;
        if (one) pthread_join(rt->threads[i], NULL);
        else pthread_detach(rt->threads[i]);
        all = all && one;
    }
    return all && alive == 0;
}

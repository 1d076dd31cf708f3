/* The runtime's own struct: private to sched/, task/ and blocking/. */
#ifndef ASYNCC_SCHED_RT_H
#define ASYNCC_SCHED_RT_H
#include "asyncc/runtime.h"
#include "blocking/pool.h"
#include "io/driver.h"
#include "sched/guard.h"
#include "sched/idle.h"
#include "sched/runtime.h"
#include "sched/worker.h"
#include "sched/threads.h"
#include "time/timer.h"
#include <pthread.h>

/* The queue that all POOL workers share: tasks from outside, and what overflows. Whoever is outside only touches
 * `incoming`; workers take from `queue` under the lock, filling it from there. */
struct ac__inject {
    struct ac__inbox incoming __attribute__((aligned(AC__CACHE_LINE)));
    ac__lock lock __attribute__((aligned(AC__CACHE_LINE)));
    struct ac__queue queue;
    size_t length; /* of queue: written under the lock, read without */
};

/* ac_runtime.outsiders: how many threads outside are at it in the lower part, how often any was in the upper. */
#define AC__OUTSIDER_COUNT (UINT64_C(1) << 24)

struct ac_runtime {
    ac_runtime_options options; /* every field filled in */
    struct ac__home home;       /* of tasks that any worker may run (or the core, which is `home.local` then) */
    bool by_seed;               /* CURRENT: reproducible, see by_seed.c */
    unsigned cpus;              /* this process may run on */
    struct ac__timers *timers;
    struct ac__driver *driver;
    struct ac__blocking_pool *blocking;
    unsigned n_workers; /* POOL */
    struct ac__worker **workers;
    pthread_t *threads;
    uint8_t *thread_ended; /* by each thread as nearly its last act: it can be joined without waiting */
    unsigned n_threads;    /* that were started */
    struct ac__idle idle __attribute__((aligned(AC__CACHE_LINE)));
    struct ac__inject inject __attribute__((aligned(AC__CACHE_LINE)));
    struct ac__guard guard;
    uint64_t outsiders;       /* threads that are pushing and waking, and are no workers of ours: the memory must
                                 * outlive them */
    uint64_t spawned_outside; /* by threads that are no workers */
    int64_t sleeping_until __attribute__((aligned(AC__CACHE_LINE))); /* see ac__runtime_deadline; INT64_MIN: nobody
                                                                      * sleeps in the driver */
    uint32_t stopping; /* AC__STOP: workers poll no more; AC__PAUSE: not until it is gone. A futex for that */
    /* Current-thread: */
    struct ac__worker *core;
    uint32_t core_taken; /* a thread drives it */
    /* Workers of all kinds, and visitors that are not in use: */
    ac__lock workers_lock;
    struct ac__list all_workers;
    struct ac__worker *idle_visitors;
    uint32_t workers_alive; /* futex: POOL workers, and stand-ins, that some thread is at work for */
    struct ac__watchdog *watchdog;
    struct ac__list all; /* in the list of runtimes */
};

/* --- push.c --------------------------------------------------------------------------------------------------------*/
/* Wakes one worker if the idle word says so. By a thread that keeps the runtime alive. */
void ac__announce(ac_runtime *rt);
/* Takes a worker's share out of the global queue, in order: an even part of it, but no more than `most`. */
struct ac__queue ac__inject_take_share(ac_runtime *rt, size_t most);
struct ac__queue ac__inject_take_all(ac_runtime *rt);
/* seq_cst, for a worker that goes to sleep. */
static inline bool ac__inject_filled(struct ac__inject *inject)
{
    return ac__inbox_filled(&inject->incoming) || ac__atomic_load(&inject->length, seq_cst) > 0;
}
/* By a POOL worker: behind the others, for a task that gave way. */
void ac__ring_push_back(struct ac__worker *worker, struct ac__task *task);

/* --- multi.c, current.c, visitor.c ---------------------------------------------------------------------------------*/
int ac__pool_start(ac_runtime *rt);
/* All workers stop polling, and their threads end; false: some did not by `deadline`. */
bool ac__pool_stop(ac_runtime *rt, int64_t deadline);
void ac__current_drive(struct ac__worker *worker, struct ac__task *root);
unsigned ac__current_turn(struct ac__worker *worker, int64_t timeout);
/* Runs a task of a CURRENT or VISITOR worker's own queue, and puts it back where it belongs. */
void ac__worker_run_own(struct ac__worker *worker, struct ac__task *task);
/* The one worker of a current-thread runtime, for this thread to drive. False: there is none, or another thread
 * drives it. */
bool ac__core_take(ac_runtime *rt);
void ac__core_give(ac_runtime *rt);
void ac__visitor_drive(struct ac__worker *worker, struct ac__task *root);

/* On any thread: works for a POOL worker until the runtime stops, or until a task of it gives the worker away. */
void ac__multi_work(struct ac__worker *worker);
struct ac__worker *ac__visitor_take(ac_runtime *rt);
void ac__visitor_give(ac_runtime *rt, struct ac__worker *worker);
void ac__visitors_tidy(ac_runtime *rt);

/* --- block_on.c ----------------------------------------------------------------------------------------------------*/
/* The task that an ac_block_on is: only a pointer to the caller's future. */
struct ac__root_future {
    const ac_descriptor *type;
    void *future;
};
extern const ac_descriptor ac__root_descriptor;

/* --- pause.c -------------------------------------------------------------------------------------------------------*/
/* What `stopping` may say to the workers, which look at it between polls. */
enum { AC__STOP = 1, AC__PAUSE = 2 };
/* By a worker that saw AC__PAUSE: waits until it is taken back. */
void ac__pause_here(struct ac__worker *worker);
static inline void ac__pause_if_asked(struct ac__worker *worker)
{
    if (ac__unlikely(ac__atomic_load(&worker->runtime->stopping, relaxed) & AC__PAUSE)) ac__pause_here(worker);
}
/* seq_cst: either the pause sees that it is not quiet, or it sees the pause. */
static inline void ac__worker_no_longer_quiet(struct ac__worker *worker)
{
    ac__atomic_store(&worker->quiet, 0, seq_cst);
    if (ac__unlikely(ac__atomic_load(&worker->runtime->stopping, seq_cst) & AC__PAUSE)) ac__pause_here(worker);
}
/* Asks all workers of a runtime to stop between polls, but for `self`, and waits up to 100 ms for that; then lets
 * them go on. Between the two, a worker whose `quiet` is set polls nothing. */
void ac__pause_begin(ac_runtime *rt, struct ac__worker *self);
void ac__pause_end(ac_runtime *rt);

/* --- dump.c --------------------------------------------------------------------------------------------------------*/
/* SIGUSR2 makes a dump, from now on. */
void ac__dump_on_signal(void);

/* --- watchdog.c ----------------------------------------------------------------------------------------------------*/
/* Reports polls that hold their worker longer than the option says. 0 or a negative errno. */
int ac__watchdog_start(ac_runtime *rt);
void ac__watchdog_stop(ac_runtime *rt);
/* By the worker whose poll was found to be long, at its end. */
void ac__watchdog_report(struct ac__worker *worker, struct ac__task *task);

/* --- driving.c -----------------------------------------------------------------------------------------------------*/
/* Looks into the driver and at the timers without waiting; what that wakes lies in the worker's queue afterwards. */
void ac__driver_look(struct ac__worker *worker);
/* Sleeps in the driver until something happens or `timeout` (below 0: without end) is over. */
void ac__driver_sleep(struct ac__worker *worker, int64_t timeout);

/* --- sweep.c -------------------------------------------------------------------------------------------------------*/
/* Drops all tasks of the runtime, on this thread, which is in none of its workers; all of those have stopped. */
void ac__sweep_runtime(ac_runtime *rt, struct ac__worker *worker);
/* Drops the local tasks of a worker that leaves ac_block_on. */
void ac__sweep_local(struct ac__worker *worker);

/* All runtimes of the process, for the dump. */
extern ac__lock ac__runtimes_lock;
extern struct ac__list ac__runtimes;

#endif

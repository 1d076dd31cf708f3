/* Runtimes: what tasks run on. A program whose entry is `async int main` has one without asking; others make them. */
#ifndef ASYNCC_RUNTIME_H
#define ASYNCC_RUNTIME_H
#include "future.h"
#include "handle.h"
#include "time.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ac_flavor {
    AC_MULTI_THREAD = 1,  /* worker threads that share the tasks among them; the default */
    AC_CURRENT_THREAD = 2 /* all tasks on the thread that calls ac_block_on (or ac_runtime_turn), while it does */
} ac_flavor;

/* Where the runtime's memory comes from. For the whole process; to be given before the first runtime is made. */
typedef struct ac_allocator {
    void *(*allocate)(size_t size, size_t align, void *context); /* NULL: out of memory */
    void *(*resize)(void *block, size_t size, void *context);    /* as realloc, alignment that of malloc */
    void (*release)(void *block, void *context);
    void *context;
} ac_allocator;

/* Zero (or NULL) means the default everywhere.
 *
 * Reproducible runs: a runtime with `start_paused` and a seed (given here or by the environment ASYNCC_SEED) takes
 * the same steps whenever it is given the same seed, and with another seed others: tasks that are ready run in an
 * order that the seed decides, and blocking calls are made between them on the same thread. That holds for programs
 * without descriptors and threads of their own. */
typedef struct ac_runtime_options {
    ac_flavor flavor;                /* else environment ASYNCC_FLAVOR ("current_thread", "multi_thread"), else
                                     * AC_MULTI_THREAD */
    unsigned worker_threads;         /* 1 to 250; else ASYNCC_WORKER_THREADS, else one a CPU this process may use */
    unsigned max_blocking_threads;   /* 512 */
    ac_duration blocking_keep_alive; /* how long an idle blocking thread stays; 10 s */
    const char *thread_name;         /* "asyncc"; at most 15 bytes are shown */
    size_t thread_stack_size;        /* of workers and blocking threads; 2 MiB */
    unsigned event_interval;         /* polls between two looks at the driver when there is always work; 61 */
    uint64_t seed;                   /* of the runtime's random choices; 0: another one each time, or ASYNCC_SEED */
    bool start_paused;               /* time stands still; current-thread only (ac_time_pause) */
    void (*on_thread_start)(void *context); /* on each worker and blocking thread */
    void (*on_thread_stop)(void *context);
    void (*on_thread_park)(void *context);   /* before a worker sleeps */
    void (*on_thread_unpark)(void *context); /* after it */
    void *hook_context;
    ac_duration report_held_after; /* a poll that holds its worker longer is reported on stderr, with its awaits; 0:
                                     * never */
    const ac_allocator *allocator; /* malloc */
    void (*fatal)(const char *message); /* called with the message before the program is stopped */
    bool dump_on_signal;                /* SIGUSR2 prints a dump of all tasks to stderr */
    ac_duration
        spin_limit; /* a thread that runs out of work may look on for so long, where that has lately paid, before
                             * it sleeps; 0: 100 us, which is also the most; below 0: never, for batteries and quotas */
} ac_runtime_options;

/* ac_runtime *ac_runtime_new(const ac_runtime_options *options)
 * Makes a runtime and, for AC_MULTI_THREAD, starts its threads: ac_runtime_new(&(ac_runtime_options){
 * .worker_threads = 4 }), or of NULL. NULL, with errno set, when memory, threads or descriptors are out. Anywhere;
 * but ac_block_on and the shutdown may not stand in a task. */
#define ac_runtime_new(...) ac__runtime_new((__VA_ARGS__), sizeof(ac_runtime_options))
ac_runtime *ac__runtime_new(const ac_runtime_options *options, size_t size);

/* Ends a runtime: its tasks are dropped where they wait, their defers run; then its threads end. Queued
 * ac_spawn_blocking calls run first. Waits at most `timeout` (below 0: without end; some milliseconds in any case)
 * for threads that are still in a call; true when all had ended in time. Otherwise they are left behind with what
 * they use. Not inside a task. The handle is gone afterwards. */
bool ac_runtime_shutdown(ac_runtime *rt, ac_duration timeout);

/* The runtime whose task (or ac_spawn_blocking call) this is; NULL outside. */
ac_runtime *ac_runtime_current(void);

/* The options of `async int main`'s runtime, at file scope: AC_MAIN_OPTIONS(.flavor = AC_CURRENT_THREAD, .seed = 7); */
struct ac__main_options {
    size_t size;
    ac_runtime_options options;
};
extern const struct ac__main_options ac__main_options;
#define AC_MAIN_OPTIONS(...)                                                                                           \
    const struct ac__main_options ac__main_options = { sizeof(ac_runtime_options), { __VA_ARGS__ } }

/* --- Metrics -------------------------------------------------------------------------------------------------------*/

/* Counts since the runtime was made; read while it runs, each by itself. */
typedef struct ac_runtime_metrics {
    unsigned workers;
    unsigned blocking_threads, idle_blocking_threads;
    uint64_t blocking_queued; /* calls that wait for a thread, now */
    uint64_t tasks_spawned;
    uint64_t polls;
    uint64_t global_queued;    /* tasks in the global queue, now */
    uint64_t local_queued;     /* tasks in the workers' own queues, now */
    uint64_t remote_schedules; /* tasks pushed by threads that are no workers of this runtime */
    uint64_t overflows;        /* times a worker's queue was full */
    uint64_t steals;           /* successful ones */
    uint64_t parks;
    uint64_t yields; /* by ac_yield or because the budget was spent */
    uint64_t budget_spent;
} ac_runtime_metrics;
/* void ac_runtime_metrics_get(ac_runtime *rt, ac_runtime_metrics *metrics): from any thread. */
#define ac_runtime_metrics_get(rt, metrics) ac__runtime_metrics_get((rt), (metrics), sizeof(ac_runtime_metrics))
void ac__runtime_metrics_get(ac_runtime *rt, ac_runtime_metrics *metrics, size_t size);

/* --- Inside another event loop ---------------------------------------------------------------------------------------
 * A current-thread runtime can be driven by the loop of another library, on one thread: wait until ac_runtime_fd is
 * readable or ac_runtime_next_deadline has passed, then call ac_runtime_turn. */

/* A descriptor that becomes readable when the runtime has something to do; it is not to be read. */
int ac_runtime_fd(ac_runtime *rt);
/* Runs what is ready, waiting at most `timeout` for something to become so (0: not at all). The number of polls. */
unsigned ac_runtime_turn(ac_runtime *rt, ac_duration timeout);
/* When ac_runtime_turn has to be called at the latest, on the clock of ac_now; 0: now; INT64_MAX: no timer is armed. */
ac_instant ac_runtime_next_deadline(ac_runtime *rt);

/* --- Looking inside ------------------------------------------------------------------------------------------------*/

/* Writes every task of every runtime to fd: id, name, state, and its chain of awaits down to what it waits for. */
void ac_dump(int fd);

#ifdef __cplusplus
}
#endif
#endif

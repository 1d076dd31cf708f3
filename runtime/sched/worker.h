/* A worker: what a thread needs to run tasks. There are three kinds.
 *
 *   POOL      a thread of a multi-thread runtime; its queue is a ring others steal from
 *   CURRENT   the one worker of a current-thread runtime, driven by the thread in ac_block_on (or ac_runtime_turn)
 *   VISITOR   a thread in ac_block_on that runs the future it was given, and local tasks of it, and no others
 *
 * POOL tasks may run on any POOL worker of the runtime. CURRENT and VISITOR workers have a plain queue for tasks of
 * their own; others hand them tasks through the inbox. */
#ifndef ASYNCC_SCHED_WORKER_H
#define ASYNCC_SCHED_WORKER_H
#include "asyncc/runtime.h"
#include "base/list.h"
#include "base/lock.h"
#include "sched/inbox.h"
#include "sched/park.h"
#include "sched/queue.h"
#include "sched/random.h"
#include "sched/ring.h"
#include "sched/spin.h"
#include "sched/thread.h"
#include "task/task.h"

/* Operations a task may do in one poll that are ready at once. */
#define AC__BUDGET 128u
/* Turns the last-in slot may take in a row before the ring is served. */
#define AC__LIFO_TURNS 3u

enum ac__worker_kind { AC__WORKER_POOL, AC__WORKER_CURRENT, AC__WORKER_VISITOR };

/* What one thread counts and others may read: ac__count_add, ac__count_get. */
struct ac__worker_counts {
    uint64_t spawned, polls, overflows, steals, parks, yields, budget_spent;
};

struct ac__worker {
    /* Of the owner alone. */
    ac_runtime *runtime;
    struct ac__home home; /* of the tasks that are this worker's own */
    struct ac__cache *cells;
    ac_context *polling; /* the poll under way */
    enum ac__worker_kind kind;
    unsigned index;           /* of a POOL worker among its like */
    unsigned wheel;           /* where its timers go */
    bool yielded;             /* the task that is polled wants to go behind the others */
    bool searching;           /* counted as such in the idle word */
    bool in_driver;           /* wakes come from the driver: they are announced together, afterwards */
    bool pushed;              /* … and there were some */
    bool stands_in;           /* VISITOR: only until the end of a poll, see in_place.c */
    bool rested;              /* VISITOR: not in use at the last tidying, nor since */
    bool has_local;           /* spawned a local task since it entered ac_block_on */
    uint32_t tick;            /* polls, for what is to be done now and then */
    uint32_t global_interval; /* polls between two visits to the global queue */
    uint32_t quiet_moments;   /* times that it was about to sleep */
    uint32_t lifo_turns;      /* the last-in slot had this many in a row */
    uint64_t random;
    uint64_t next_id, last_id; /* of tasks: numbers set aside for this worker */
    int64_t batch_started;     /* when, and at which tick, the poll times were last looked at */
    uint32_t batch_tick;
    struct ac__spin spin;
    struct ac__queue local;    /* CURRENT, VISITOR: tasks to be run */
    struct ac__queue deferred; /* tasks that yielded */
    struct ac__worker_counts counts;
    struct ac__list all;          /* in the runtime's list of workers */
    struct ac__worker *next_idle; /* VISITOR: in the list of those not in use */

    /* Shared: */
    uint32_t quiet __attribute__((aligned(AC__CACHE_LINE))); /* it polls nothing, and looks at the runtime's
                                                              * `stopping` before it does */
    uint32_t held;                                           /* the watchdog found its poll to be long */
    const ac_descriptor *runs;                               /* what it polls, for the watchdog; NULL: nothing */
    struct ac__park park;
    uint8_t next_sleeper;   /* in the stack of sleeping workers, see idle.h */
    struct ac__inbox inbox; /* CURRENT, VISITOR: from other threads */
    uint32_t asleep;        /* CURRENT, VISITOR: whoever fills the inbox has to wake it; 2: a VISITOR, in the
                                * driver */
    struct ac__task *lifo __attribute__((aligned(AC__CACHE_LINE))); /* POOL: the task woken last; may be stolen */
    struct ac__ring ring;                                           /* POOL */
};

/* The task whose poll or drop is under way on this thread; NULL: none. */
static inline struct ac__task *ac__task_here(void)
{
    struct ac__worker *worker = ac__thread.worker;
    return worker && worker->polling ? worker->polling->task : NULL;
}

/* A number for a new task. */
uint64_t ac__worker_new_ids(struct ac__worker *worker);
static inline uint64_t ac__worker_task_id(struct ac__worker *worker)
{
    return ac__likely(worker->next_id != worker->last_id) ? worker->next_id++ : ac__worker_new_ids(worker);
}

/* Makes a worker, NULL when memory is out, and unmakes it. */
struct ac__worker *ac__worker_new(ac_runtime *rt, enum ac__worker_kind kind, unsigned index, unsigned wheel);
void ac__worker_free(struct ac__worker *worker);
/* Makes this thread the worker's, and ends that. */
void ac__worker_enter(struct ac__worker *worker);
void ac__worker_leave(struct ac__worker *worker);
/* Before it sleeps: gives memory back that is in use no more. */
void ac__worker_tidy(struct ac__worker *worker);

/* The worker of a poll pushes a task that was just spawned: behind the others. */
void ac__worker_push_new(struct ac__worker *worker, struct ac__task *task);

#endif

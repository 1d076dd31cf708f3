#include "sched/worker.h"
#include "base/fatal.h"
#include "mem/alloc.h"
#include "mem/slab.h"
#include "sched/rt.h"
#include <string.h>

struct ac__worker *ac__worker_new(ac_runtime *rt, enum ac__worker_kind kind, unsigned index, unsigned wheel)
{
    struct ac__worker *worker = ac__malloc_aligned(sizeof *worker, AC__CACHE_LINE);
    if (!worker) return NULL;
    /* Not the ring's slots: they are written before they are read. */
    memset(worker, 0, offsetof(struct ac__worker, ring.slot));
    worker->cells = ac__cache_open();
    if (!worker->cells) {
        ac__free_aligned(worker);
        return NULL;
    }
    worker->runtime = rt;
    worker->home = (struct ac__home){ rt, worker };
    worker->kind = kind;
    worker->index = index;
    worker->wheel = wheel;
    worker->global_interval = 61;
    worker->quiet = 1;
    worker->spin = ac__spin_new(rt->cpus, rt->options.spin_limit);
    worker->random = ac__random_seed(rt->options.seed + index + ((uint64_t)kind << 32));
    ac__lock_acquire(&rt->workers_lock);
    ac__list_push_back(&rt->all_workers, &worker->all);
    ac__lock_release(&rt->workers_lock);
    return worker;
}

void ac__worker_free(struct ac__worker *worker)
{
    ac_runtime *rt = worker->runtime;
    ac__lock_acquire(&rt->workers_lock);
    ac__list_remove(&worker->all);
    ac__lock_release(&rt->workers_lock);
    ac__cache_close(worker->cells);
    ac__free_aligned(worker);
}

void ac__worker_enter(struct ac__worker *worker)
{
    ac__thread.worker = worker;
    ac__thread.cells = worker->cells;
    ac__thread.runtime = worker->runtime;
    ac__worker_no_longer_quiet(worker);
}

void ac__worker_leave(struct ac__worker *worker)
{
    ac__atomic_store(&worker->quiet, 1, seq_cst);
    ac__thread.worker = NULL;
    ac__thread.cells = NULL;
    ac__thread.runtime = ac__thread.blocking;
}

/* What is nobody's to look after costs each worker a look now and then. */
void ac__worker_tidy(struct ac__worker *worker)
{
    enum { SELDOM = 64 };
    ac__cache_trim(worker->cells);
    if (++worker->quiet_moments % SELDOM) return;
    ac__visitors_tidy(worker->runtime);
    ac__caches_tidy();
}

/* Numbers are set aside by the thousand, so that a spawn touches nothing shared. */
uint64_t ac__worker_new_ids(struct ac__worker *worker)
{
    static uint64_t next = 1;
    enum { ASIDE = 1024 };
    if (!worker) return ac__atomic_add(&next, 1, relaxed);
    worker->next_id = ac__atomic_add(&next, ASIDE, relaxed);
    worker->last_id = worker->next_id + ASIDE;
    return worker->next_id++;
}

ac_runtime *ac__runtime_here(void) { return ac__thread.runtime; }
ac_runtime *ac__runtime_of(const ac_context *cx) { return cx->worker->runtime; }
unsigned ac__runtime_wheel_of(const ac_context *cx) { return cx->worker->wheel; }

uint32_t ac__random(ac_context *cx, uint32_t n) { return ac__random_below(&cx->worker->random, n); }

/* Small cells: memory for what comes and goes with tasks (pool frames, oneshot cells, channel ends). See slab.c. */
#ifndef ASYNCC_MEM_SLAB_H
#define ASYNCC_MEM_SLAB_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A cell of at least `size` bytes, aligned to 16, contents undefined; NULL when memory is out. Any thread may free
 * it. Cheap on a worker (its own free list, no lock); on other threads a lock is taken. */
void *ac__cell_alloc(size_t size);
void ac__cell_free(void *cell);

/* --- For the scheduler and the tasks -------------------------------------------------------------------------------
 * A cache is the set of slabs one thread at a time allocates from: each worker has one. */
struct ac__cache;
struct ac__task;

/* A cache that nobody uses, with what earlier owners left in it; NULL when memory is out. */
struct ac__cache *ac__cache_open(void);
void ac__cache_close(struct ac__cache *cache);
/* A quiet moment: gives back empty slabs that were not needed since the last one, but for a few. By the owner. */
void ac__cache_trim(struct ac__cache *cache);
/* It will not be used for a while: gives back all that are empty. By the owner, or where nobody can become that. */
void ac__cache_leave(struct ac__cache *cache);
/* Does that for the caches that nobody owns. Any thread, now and then. */
void ac__caches_tidy(void);

/* ac__cell_alloc where the cache is at hand. */
void *ac__cache_alloc(struct ac__cache *cache, size_t size);

/* Memory for a task whose future has this size and alignment; the state word is zero. `cache` NULL: that of the
 * threads which are no workers. *outsized: it is no cell of a slab, to be told again when it is freed. */
struct ac__task *ac__task_cell_alloc(struct ac__cache *cache, size_t size, size_t align, bool *outsized);
void ac__task_cell_free(struct ac__task *task, bool outsized);
/* Walks over the tasks in memory whose state word is not zero: those of one cache, whose owner must not be at work
 * meanwhile; or those of the threads that are no workers and the outsized ones. `pick` is called under the lock that
 * keeps the task from being freed and made anew; where it says true, `act` (which may free the task) is called
 * without it. */
struct ac__task_walk {
    bool (*pick)(struct ac__task *task, void *argument);
    void (*act)(struct ac__task *task, void *argument);
    void *argument;
};
void ac__cache_walk(struct ac__cache *cache, const struct ac__task_walk *walk);
void ac__shared_walk(const struct ac__task_walk *walk);

/* Bytes held in slabs by the whole process, for metrics and tests. */
size_t ac__slabs_bytes(void);

#endif

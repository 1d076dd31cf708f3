/* Slabs: where tasks, pool frames and the small parts of channels live.
 *
 * Each worker has a *cache*: for each class of sizes a list of slabs (chunk.c), each cut into cells of that size,
 * with a list of free cells in the slab itself. The owner allocates and frees without any locked instruction. A cell
 * that another thread frees goes home by the class's `returned` list, onto which anybody pushes and which the owner
 * takes as a whole when its own cells run out (the scheme of mimalloc: Leijen, Zorn, de Moura, 2019). Threads that
 * are no workers share one cache under a lock.
 *
 * Caches belong to the process, not to a runtime: a handle that outlives its runtime keeps a cell, not the runtime,
 * alive. A worker opens one when it starts and closes it at its end, for the next worker to open.
 *
 * Slabs that are empty are given back by whoever owns the cache, when it has a quiet moment. It keeps the one of each
 * class that it allocates from, and a few more for the burst to come; so what a program at rest holds is bounded by its
 * workers and the classes they use, not by what it has been through. A cache without an owner keeps none. What comes
 * home to such a one later, and to the shared one, is seen to by the workers, now and then (ac__caches_tidy).
 *
 * Tasks have slabs of their own, so that shutdown and the dump can find every task by walking them, and no list of
 * tasks has to be kept. For that a free cell keeps its first word, a task's state, zero; the link of the free list
 * is the second word. Cells are cut from a slab one by one, so that fresh memory is touched when it is first needed.
 *
 * Under AddressSanitizer and valgrind every cell is a malloc of its own, which those tools check best. */
#include "mem/slab.h"
#include "base/list.h"
#include "base/lock.h"
#include "mem/alloc.h"
#include "mem/chunk.h"
#include "sched/thread.h"
#include "task/task.h"
#include <string.h>
#if defined __has_include
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif

#if defined __SANITIZE_ADDRESS__
#define UNDER_ASAN 1
#elif defined __has_feature
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#endif

/* --- Classes of sizes ----------------------------------------------------------------------------------------------
 * Multiples of 16 up to 512, of 64 up to 1024, then four to each doubling up to 8192. */
enum { CLASSES = 32 + 8 + 12, LARGEST = 8192, KINDS = 2, CELLS = 0, TASKS = 1 };

static inline unsigned class_of(size_t size)
{
    if (size <= 512) return size ? (unsigned)(size - 1) / 16 : 0;
    if (size <= 1024) return 32 + (unsigned)(size - 513) / 64;
    unsigned doubling = 63u - (unsigned)__builtin_clzll(size - 1); /* 10, 11 or 12 */
    return 40 + (doubling - 10) * 4 + (unsigned)((size - 1) >> (doubling - 2) & 3);
}

static inline uint32_t size_of_class(unsigned class)
{
    if (class < 32) return (class + 1) * 16;
    if (class < 40) return 512 + (class - 31) * 64;
    unsigned doubling = (class - 40) / 4 + 10, quarter = (class - 40) % 4;
    return (1u << doubling) + (quarter + 1) * (1u << (doubling - 2));
}

/* --- The parts -----------------------------------------------------------------------------------------------------*/

struct cell {
    uint64_t state; /* zero in a free cell of a task slab */
    struct cell *next;
};

struct slab {
    struct ac__cache *cache; /* NULL: no slab but one large cell */
    struct cell *free;
    uint32_t used;          /* cells that are allocated, or freed and not home yet */
    uint32_t cut, capacity; /* cells cut so far; at most */
    uint32_t cell_size;
    struct class *class;
    struct slab *next_usable; /* in the class's list of slabs with free cells; see `usable` */
    struct ac__list all;      /* in the cache's list of slabs of this kind */
    bool usable;              /* in that list, or current */
};
#define SLAB_HEADER (((sizeof(struct slab) + 63) / 64) * 64)

struct class
{
    struct slab *current; /* allocated from */
    struct slab *usable;
    struct cell *returned; /* freed by others */
    uint32_t size;
    uint32_t kind;
};

struct ac__cache {
    struct class classes[KINDS][CLASSES];
    struct ac__list slabs[KINDS];
    unsigned count;         /* of its slabs */
    unsigned empty;         /* of those without a used cell, the current ones not counted */
    unsigned least;         /* … the fewest since the last quiet moment: so many were not needed */
    struct ac__cache *next; /* in the list of caches nobody uses */
};

static ac__lock caches_lock;
static struct ac__cache *unused_caches;

static ac__lock shared_lock;
static struct ac__cache *shared; /* of the threads that are no workers */
static unsigned shared_walks;    /* under way: none of its slabs may go */

static ac__lock outsized_lock;
static struct ac__list outsized_tasks;

/* Before an outsized task: it is in no slab, so it is in a list. */
struct outsized {
    struct ac__list all;
    void *block; /* what was allocated */
    uint64_t pad;
};

/* Every cell a malloc of its own? */
static inline bool plain(void)
{
#if defined UNDER_ASAN
    return true;
#elif defined RUNNING_ON_VALGRIND
    static int known; /* 1: no, 2: yes */
    int answer = ac__atomic_load(&known, relaxed);
    if (ac__unlikely(answer == 0)) {
        answer = RUNNING_ON_VALGRIND ? 2 : 1;
        ac__atomic_store(&known, answer, relaxed);
    }
    return answer == 2;
#else
    return false;
#endif
}

static inline struct slab *slab_of(void *cell) { return (struct slab *)((uintptr_t)cell & ~(AC__CHUNK_SIZE - 1)); }

/* --- Caches --------------------------------------------------------------------------------------------------------*/

static struct ac__cache *cache_new(void)
{
    struct ac__cache *cache = ac__calloc(1, sizeof *cache);
    if (!cache) return NULL;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        for (unsigned class = 0; class < CLASSES; class ++) {
            cache->classes[kind][class].size = size_of_class(class);
            cache->classes[kind][class].kind = kind;
        }
        ac__list_init(&cache->slabs[kind]);
    }
    return cache;
}

struct ac__cache *ac__cache_open(void)
{
    ac__lock_acquire(&caches_lock);
    struct ac__cache *cache = unused_caches;
    if (cache) unused_caches = cache->next;
    ac__lock_release(&caches_lock);
    return cache ? cache : cache_new();
}

void ac__cache_close(struct ac__cache *cache)
{
    ac__cache_leave(cache);
    ac__lock_acquire(&caches_lock);
    cache->next = unused_caches;
    unused_caches = cache;
    ac__lock_release(&caches_lock);
}

/* --- By the owner --------------------------------------------------------------------------------------------------*/

static void make_usable(struct slab *slab)
{
    if (slab->usable) return;
    slab->usable = true;
    slab->next_usable = slab->class->usable;
    slab->class->usable = slab;
}

static void free_at_home(struct slab *slab, struct cell *cell)
{
    cell->next = slab->free;
    slab->free = cell;
    if (--slab->used == 0 && slab != slab->class->current) slab->cache->empty++;
    if (ac__unlikely(!slab->usable)) make_usable(slab);
}

/* acquire: the cells as those who freed them left them. */
static void take_returned(struct class *class)
{
    if (!ac__atomic_load(&class->returned, relaxed)) return;
    struct cell *cell = ac__atomic_exchange(&class->returned, NULL, acquire);
    while (cell) {
        struct cell *next = cell->next;
        free_at_home(slab_of(cell), cell);
        cell = next;
    }
}

static struct slab *slab_new(struct ac__cache *cache, struct class *class)
{
    struct slab *slab = ac__chunk_alloc();
    if (!slab) return NULL;
    memset(slab, 0, sizeof *slab);
    slab->cache = cache;
    slab->class = class;
    slab->cell_size = class->size;
    slab->capacity = (uint32_t)((AC__CHUNK_SIZE - SLAB_HEADER) / class->size);
    slab->usable = true;
    ac__list_push_back(&cache->slabs[class->kind], &slab->all);
    cache->count++;
    return slab;
}

static struct cell *cut_one(struct slab *slab)
{
    struct cell *cell = (struct cell *)((char *)slab + SLAB_HEADER + (size_t)slab->cut * slab->cell_size);
    cell->state = 0;
    slab->cut++;
    return cell;
}

/* The current slab has no free cell. */
static ac__cold struct cell *alloc_slow(struct ac__cache *cache, struct class *class)
{
    struct slab *slab = class->current; /* NULL: none yet, or no memory for one the last time */
    if (!slab || !slab->free) take_returned(class);
    if (!slab || (!slab->free && slab->cut == slab->capacity)) {
        if (slab) slab->usable = false;
        slab = class->usable;
        if (slab) {
            class->usable = slab->next_usable;
            if (slab->used == 0 && --cache->empty < cache->least) cache->least = cache->empty;
        } else {
            slab = slab_new(cache, class);
        }
        class->current = slab;
        if (!slab) return NULL;
    }
    slab->used++;
    struct cell *cell = slab->free;
    if (!cell) return cut_one(slab);
    slab->free = cell->next;
    return cell;
}

static inline struct cell *class_alloc(struct ac__cache *cache, struct class *class)
{
    struct slab *slab = class->current;
    if (ac__likely(slab != NULL)) {
        struct cell *cell = slab->free;
        if (ac__likely(cell != NULL)) {
            slab->free = cell->next;
            slab->used++;
            return cell;
        }
        if (slab->cut < slab->capacity && !ac__atomic_load(&class->returned, relaxed)) {
            slab->used++;
            return cut_one(slab);
        }
    }
    return alloc_slow(cache, class);
}

/* --- By anybody ----------------------------------------------------------------------------------------------------*/

static void *shared_alloc(unsigned kind, unsigned class)
{
    ac__lock_acquire(&shared_lock);
    if (!shared) shared = cache_new();
    void *cell = shared ? class_alloc(shared, &shared->classes[kind][class]) : NULL;
    ac__lock_release(&shared_lock);
    return cell;
}

static void *any_alloc(struct ac__cache *cache, unsigned kind, size_t size)
{
    unsigned class = class_of(size);
    return ac__likely(cache != NULL) ? class_alloc(cache, &cache->classes[kind][class]) : shared_alloc(kind, class);
}

/* release: pairs with take_returned. */
static void send_home(struct slab *slab, struct cell *cell)
{
    struct class *class = slab->class;
    struct cell *first = ac__atomic_load(&class->returned, relaxed);
    do cell->next = first;
    while (!ac__atomic_cas_weak(&class->returned, &first, cell, release, relaxed));
}

static inline void any_free(void *memory)
{
    struct cell *cell = memory;
    struct slab *slab = slab_of(cell);
    if (ac__likely(slab->cache == ac__thread.cells)) free_at_home(slab, cell);
    else send_home(slab, cell);
}

/* --- Cells ---------------------------------------------------------------------------------------------------------*/

/* Beyond the classes: one allocation that starts with a slab's header, so that freeing finds out. */
static ac__cold void *large_alloc(size_t size)
{
    struct slab *slab = ac__malloc_aligned(SLAB_HEADER + size, AC__CHUNK_SIZE);
    if (!slab) return NULL;
    slab->cache = NULL;
    slab->class = NULL;
    return (char *)slab + SLAB_HEADER;
}

void *ac__cache_alloc(struct ac__cache *cache, size_t size)
{
    if (plain()) return ac__malloc(size);
    if (ac__unlikely(size > LARGEST)) return large_alloc(size);
    return any_alloc(cache, CELLS, size);
}

void *ac__cell_alloc(size_t size) { return ac__cache_alloc(ac__thread.cells, size); }

void ac__cell_free(void *cell)
{
    if (!cell) return;
    if (plain()) ac__free(cell);
    else if (ac__unlikely(!slab_of(cell)->class)) ac__free_aligned(slab_of(cell));
    else any_free(cell);
}

/* --- Tasks ---------------------------------------------------------------------------------------------------------*/

static ac__cold struct ac__task *outsized_alloc(size_t size, size_t align)
{
    if (align < 16) align = 16;
    size_t before = (sizeof(struct outsized) + sizeof(struct ac__task) + align - 1) / align * align;
    char *block = ac__malloc_aligned(before + size, align);
    if (!block) return NULL;
    struct ac__task *task = ac__task_of_future(block + before);
    struct outsized *entry = (struct outsized *)task - 1;
    entry->block = block;
    task->state = 0;
    ac__lock_acquire(&outsized_lock);
    ac__list_push_back(&outsized_tasks, &entry->all);
    ac__lock_release(&outsized_lock);
    return task;
}

static ac__cold void outsized_free(struct ac__task *task)
{
    struct outsized *entry = (struct outsized *)task - 1;
    ac__lock_acquire(&outsized_lock);
    ac__list_remove(&entry->all);
    ac__lock_release(&outsized_lock);
    ac__free_aligned(entry->block);
}

struct ac__task *ac__task_cell_alloc(struct ac__cache *cache, size_t size, size_t align, bool *outsized)
{
    *outsized = plain() || align > 16 || size > LARGEST - sizeof(struct ac__task);
    if (ac__unlikely(*outsized)) return outsized_alloc(size, align);
    return any_alloc(cache, TASKS, sizeof(struct ac__task) + size);
}

void ac__task_cell_free(struct ac__task *task, bool outsized)
{
    if (ac__unlikely(outsized)) outsized_free(task);
    else any_free(task);
}

/* --- Walking -------------------------------------------------------------------------------------------------------*/

/* Slabs may be added while the lock is not held, at the end; none is taken away: the owner is not at work, and of the
 * shared cache the walks are counted. */
static void walk_slabs(struct ac__cache *cache, const struct ac__task_walk *walk, ac__lock *lock)
{
    ac__list_each (node, &cache->slabs[TASKS]) {
        struct slab *slab = ac__list_entry(node, struct slab, all);
        for (uint32_t i = 0; i < slab->cut; i++) {
            struct ac__task *task = (void *)((char *)slab + SLAB_HEADER + (size_t)i * slab->cell_size);
            if (ac__atomic_load(&task->state, acquire) == 0 || !walk->pick(task, walk->argument)) continue;
            if (lock) ac__lock_release(lock);
            walk->act(task, walk->argument);
            if (lock) ac__lock_acquire(lock);
        }
    }
}

void ac__cache_walk(struct ac__cache *cache, const struct ac__task_walk *walk) { walk_slabs(cache, walk, NULL); }

/* A cursor in the list keeps the place while the lock is not held; other walks know it by its missing block. */
static void walk_outsized(const struct ac__task_walk *walk)
{
    struct outsized cursor = { .block = NULL };
    ac__lock_acquire(&outsized_lock);
    ac__list_push_front(&outsized_tasks, &cursor.all);
    while (cursor.all.next != &outsized_tasks) {
        struct outsized *entry = ac__list_entry(cursor.all.next, struct outsized, all);
        ac__list_remove(&cursor.all);
        ac__list_insert_after(&entry->all, &cursor.all);
        struct ac__task *task = (struct ac__task *)(entry + 1);
        if (!entry->block || ac__atomic_load(&task->state, acquire) == 0 || !walk->pick(task, walk->argument)) continue;
        ac__lock_release(&outsized_lock);
        walk->act(task, walk->argument);
        ac__lock_acquire(&outsized_lock);
    }
    ac__list_remove(&cursor.all);
    ac__lock_release(&outsized_lock);
}

void ac__shared_walk(const struct ac__task_walk *walk)
{
    ac__lock_acquire(&shared_lock);
    shared_walks++;
    if (shared) walk_slabs(shared, walk, &shared_lock);
    shared_walks--;
    ac__lock_release(&shared_lock);
    walk_outsized(walk);
}

/* --- Giving memory back --------------------------------------------------------------------------------------------*/

/* How many empty slabs a cache may keep for a burst to come. More than these go when they were not needed between one
 * quiet moment and the next; else a program that does the same again and again, with a pause in between, would have the
 * system make the same pages anew each time. */
enum { SPARE_SLABS = 8 };

static void slab_free(struct slab *slab)
{
    ac__list_remove(&slab->all);
    slab->cache->count--;
    ac__chunk_free(slab);
}

/* An empty slab has free cells, so it is in the list of usable ones, or current. */
static void release_empty(struct ac__cache *cache, struct class *class, unsigned keep)
{
    struct slab **link = &class->usable;
    while (*link && cache->empty > keep) {
        struct slab *slab = *link;
        if (slab->used > 0) {
            link = &slab->next_usable;
            continue;
        }
        *link = slab->next_usable;
        slab_free(slab);
        cache->empty--;
    }
}

static void take_all_returned(struct ac__cache *cache)
{
    for (unsigned kind = 0; kind < KINDS; kind++)
        for (unsigned class = 0; class < CLASSES; class ++) take_returned(&cache->classes[kind][class]);
}

void ac__cache_trim(struct ac__cache *cache)
{
    if (cache->count <= SPARE_SLABS) return; /* it may keep as many, full or not */
    take_all_returned(cache);
    unsigned needed = cache->empty - cache->least, keep = needed > SPARE_SLABS ? needed : SPARE_SLABS;
    for (unsigned kind = 0; kind < KINDS; kind++)
        for (unsigned class = 0; class < CLASSES && cache->empty > keep; class ++)
            release_empty(cache, &cache->classes[kind][class], keep);
    cache->least = cache->empty;
}

void ac__cache_leave(struct ac__cache *cache)
{
    if (!cache->count) return;
    take_all_returned(cache);
    for (unsigned kind = 0; kind < KINDS; kind++) {
        for (unsigned i = 0; i < CLASSES; i++) {
            struct class *class = &cache->classes[kind][i];
            release_empty(cache, class, 0);
            if (!class->current || class->current->used > 0) continue;
            slab_free(class->current);
            class->current = NULL;
        }
    }
    cache->least = cache->empty; /* 0 */
}

void ac__caches_tidy(void)
{
    if (ac__lock_try(&shared_lock)) {
        if (shared && !shared_walks) ac__cache_trim(shared);
        ac__lock_release(&shared_lock);
    }
    if (!ac__lock_try(&caches_lock)) return;
    for (struct ac__cache *cache = unused_caches; cache; cache = cache->next) ac__cache_leave(cache);
    ac__lock_release(&caches_lock);
}

size_t ac__slabs_bytes(void) { return ac__chunks_bytes(); }

/* The run queue of a worker: a ring of task pointers that its owner fills and empties and that others steal from.
 *
 * After Tokio's queue (tokio/src/runtime/scheduler/multi_thread/queue.rs), which is after Go's. Positions count up
 * without end; a slot is a position modulo the size. The owner alone writes `tail`, so that pushing is a plain store
 * of the slot and one of the tail. `head` packs two positions into a word: *real*, from which the next task is
 * taken, and *steal*, which lags behind it only while a thief copies out the tasks in between:
 *
 *        steal          real                 tail
 *     .....[ being copied )[ to be run        )......
 *
 * A thief claims tasks by moving real (one compare and swap, which fails if anybody else moved), copies them at
 * leisure, and sets steal to real. While the two differ nobody else steals, and the owner goes on popping from real
 * and treats the slots from steal on as full. A thief takes half, and only if it has room for it: its own ring is at
 * most half full, which it knows being its owner.
 *
 * Memory order: a push stores tail with seq_cst, for the sake of the sleeper check that follows it (idle.h); that it
 * is a release makes the slot visible to thieves, who read tail with acquire. Slots are read relaxed: a claimed slot
 * is not written before steal has passed it, and the owner reads head with acquire, which pairs with the thief's
 * last exchange. */
#ifndef ASYNCC_SCHED_RING_H
#define ASYNCC_SCHED_RING_H
#include "base/atomic.h"
#include <stddef.h>

struct ac__task;

/* A power of two. The interleaving checker takes 4, so that wrapping and overflow lie within few steps. */
#ifndef AC__RING_SIZE
#define AC__RING_SIZE 256u
#endif

struct ac__ring {
    uint64_t head __attribute__((aligned(AC__CACHE_LINE))); /* steal in the upper half, real in the lower */
    uint32_t tail __attribute__((aligned(AC__CACHE_LINE)));
    struct ac__task *slot[AC__RING_SIZE];
};

static inline uint64_t ac__ring_pack(uint32_t steal, uint32_t real) { return (uint64_t)steal << 32 | real; }
static inline uint32_t ac__ring_steal_of(uint64_t head) { return (uint32_t)(head >> 32); }
static inline uint32_t ac__ring_real_of(uint64_t head) { return (uint32_t)head; }

/* How many tasks are to be run; exact for the owner, a guess for others. */
static inline uint32_t ac__ring_length(struct ac__ring *ring)
{
    return ac__atomic_load(&ring->tail, acquire) - ac__ring_real_of(ac__atomic_load(&ring->head, acquire));
}

/* By the owner: room for how many more. */
static inline uint32_t ac__ring_room(struct ac__ring *ring)
{
    return AC__RING_SIZE - (ring->tail - ac__ring_steal_of(ac__atomic_load(&ring->head, acquire)));
}

/* By the owner. False: full. */
static inline bool ac__ring_push(struct ac__ring *ring, struct ac__task *task)
{
    uint32_t tail = ring->tail;
    if (ac__unlikely(tail - ac__ring_steal_of(ac__atomic_load(&ring->head, acquire)) >= AC__RING_SIZE)) return false;
    ac__atomic_store(&ring->slot[tail % AC__RING_SIZE], task, relaxed);
    ac__atomic_store(&ring->tail, tail + 1, seq_cst);
    return true;
}

/* By the owner, for tasks that need no sleeper check each: pushes without publishing; ac__ring_publish does it for
 * all. There must be room. */
static inline void ac__ring_put(struct ac__ring *ring, uint32_t nth, struct ac__task *task)
{
    ac__atomic_store(&ring->slot[(ring->tail + nth) % AC__RING_SIZE], task, relaxed);
}
static inline void ac__ring_publish(struct ac__ring *ring, uint32_t n)
{
    ac__atomic_store(&ring->tail, ring->tail + n, release);
}

/* By the owner. NULL: empty. */
static inline struct ac__task *ac__ring_pop(struct ac__ring *ring)
{
    uint64_t head = ac__atomic_load(&ring->head, acquire);
    for (;;) {
        uint32_t steal = ac__ring_steal_of(head), real = ac__ring_real_of(head);
        if (real == ring->tail) return NULL;
        uint64_t next = ac__ring_pack(steal == real ? real + 1 : steal, real + 1);
        if (ac__atomic_cas_weak(&ring->head, &head, next, acq_rel, acquire))
            return ac__atomic_load(&ring->slot[real % AC__RING_SIZE], relaxed);
    }
}

/* By the owner of a full ring: takes the older half out, to make room. The number taken; 0 when a thief is at it,
 * which makes room too. */
uint32_t ac__ring_take_half(struct ac__ring *ring, struct ac__task *taken[AC__RING_SIZE / 2]);
/* By the owner of `to`, from another's ring: moves half of it over and gives one of them to be run now; NULL when
 * there was nothing to be had. */
struct ac__task *ac__ring_steal(struct ac__ring *from, struct ac__ring *to);

#endif

/* The parts of the ring that are not on the path of every task; the essay stands in ring.h. */
#include "sched/ring.h"

uint32_t ac__ring_take_half(struct ac__ring *ring, struct ac__task *taken[AC__RING_SIZE / 2])
{
    const uint32_t half = AC__RING_SIZE / 2;
    uint64_t head = ac__atomic_load(&ring->head, acquire);
    uint32_t steal = ac__ring_steal_of(head), real = ac__ring_real_of(head);
    /* Thieves may have been since the push that found it full; then there is room now. */
    if (steal != real || ring->tail - real < AC__RING_SIZE) return 0;
    /* Owner and thieves race for these tasks here: whoever swaps first has them. */
    if (!ac__atomic_cas(&ring->head, &head, ac__ring_pack(real + half, real + half), acq_rel, relaxed)) return 0;
    for (uint32_t i = 0; i < half; i++) taken[i] = ac__atomic_load(&ring->slot[(real + i) % AC__RING_SIZE], relaxed);
    return half;
}

/* Claims half of the tasks: real moves over them, steal stays. The number; the first one's position in *first. */
static uint32_t claim(struct ac__ring *from, uint32_t *first)
{
    uint64_t head = ac__atomic_load(&from->head, acquire);
    for (;;) {
        uint32_t steal = ac__ring_steal_of(head), real = ac__ring_real_of(head);
        if (steal != real) return 0;
        uint32_t n = ac__atomic_load(&from->tail, acquire) - real;
        n -= n / 2;
        /* A tail read after the head may be ahead of it by more than the ring: the head is stale, and the swap would
         * fail. */
        if (n == 0 || n > AC__RING_SIZE / 2) {
            if (n == 0) return 0;
            head = ac__atomic_load(&from->head, acquire);
            continue;
        }
        if (ac__atomic_cas_weak(&from->head, &head, ac__ring_pack(steal, real + n), acq_rel, acquire)) {
            *first = real;
            return n;
        }
    }
}

/* Copying is over: the slots are the owner's again. The owner may have moved real on meanwhile; steal joins it where
 * it is. */
static void release_claim(struct ac__ring *from)
{
    uint64_t head = ac__atomic_load(&from->head, acquire);
    uint32_t real;
    do real = ac__ring_real_of(head);
    while (!ac__atomic_cas_weak(&from->head, &head, ac__ring_pack(real, real), acq_rel, acquire));
}

struct ac__task *ac__ring_steal(struct ac__ring *from, struct ac__ring *to)
{
    if (ac__ring_room(to) < AC__RING_SIZE / 2) return NULL;
    uint32_t first, n = claim(from, &first);
    if (n == 0) return NULL;
    for (uint32_t i = 0; i + 1 < n; i++)
        ac__ring_put(to, i, ac__atomic_load(&from->slot[(first + i) % AC__RING_SIZE], relaxed));
    struct ac__task *task = ac__atomic_load(&from->slot[(first + n - 1) % AC__RING_SIZE], relaxed);
    release_claim(from);
    if (n > 1) ac__ring_publish(to, n - 1);
    return task;
}

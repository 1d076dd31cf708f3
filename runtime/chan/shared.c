#include "chan/shared.h"

/* Sleeps while `busy` is in the word. SLEEPERS is set first, so that whoever ends that wakes. */
static void wait_while(uint32_t *word, uint32_t busy)
{
    uint32_t seen = ac__atomic_load(word, acquire);
    while (seen & busy) {
        if (!ac__atomic_cas_weak(word, &seen, seen | AC__SHARED_SLEEPERS, acquire, acquire)) continue;
        ac__futex_wait(word, seen | AC__SHARED_SLEEPERS);
        seen = ac__atomic_load(word, acquire);
    }
}

void ac__shared_read_wait(uint32_t *word)
{
    uint32_t seen;
    do {
        wait_while(word, AC__SHARED_WRITER);
        seen = ac__atomic_load(word, relaxed);
        while (!(seen & AC__SHARED_WRITER))
            if (ac__atomic_cas_weak(word, &seen, seen + AC__SHARED_READER, acquire, relaxed)) return;
    } while (true);
}

void ac__shared_write_wait(uint32_t *word) { wait_while(word, ~(uint32_t)(AC__SHARED_WRITER | AC__SHARED_SLEEPERS)); }

/* The last reader before a writer that waits: clears SLEEPERS, since all are woken; those who still have to wait set it
 * again. */
void ac__shared_wake(uint32_t *word)
{
    ac__atomic_and(word, ~(uint32_t)AC__SHARED_SLEEPERS, relaxed);
    ac__futex_wake(word, INT_MAX);
}

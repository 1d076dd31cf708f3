/* A value that many copy out and seldom somebody overwrites: the slots of a broadcast channel, the value of a watch.
 *
 * Only copying happens while it is held, a memcpy. Readers do not exclude one another: after a send all receivers read
 * the same slot at the same time, and a plain lock would make them queue there. Writers exclude one another by other
 * means. The word is the number of readers times READER, WRITER, and SLEEPERS: somebody waits for a change. A writer
 * that has set WRITER waits for the readers to leave while new ones wait for it, so it is not starved. */
#ifndef ASYNCC_CHAN_SHARED_H
#define ASYNCC_CHAN_SHARED_H
#include "base/atomic.h"
#include "base/futex.h"
#include <limits.h>

enum { AC__SHARED_WRITER = 1, AC__SHARED_SLEEPERS = 2, AC__SHARED_READER = 4 };

void ac__shared_read_wait(uint32_t *word);
void ac__shared_write_wait(uint32_t *word);
void ac__shared_wake(uint32_t *word);

static inline void ac__shared_read_begin(uint32_t *word)
{
    uint32_t seen = ac__atomic_load(word, relaxed);
    while (!(seen & AC__SHARED_WRITER))
        if (ac__atomic_cas_weak(word, &seen, seen + AC__SHARED_READER, acquire, relaxed)) return;
    ac__shared_read_wait(word);
}

static inline void ac__shared_read_end(uint32_t *word)
{
    uint32_t before = ac__atomic_sub(word, AC__SHARED_READER, release);
    if (before == (AC__SHARED_READER | AC__SHARED_WRITER | AC__SHARED_SLEEPERS)) ac__shared_wake(word);
}

static inline void ac__shared_write_begin(uint32_t *word)
{
    if (ac__atomic_or(word, AC__SHARED_WRITER, acquire) >= AC__SHARED_READER) ac__shared_write_wait(word);
}

static inline void ac__shared_write_end(uint32_t *word)
{
    if (ac__atomic_exchange(word, 0, release) & AC__SHARED_SLEEPERS) ac__futex_wake(word, INT_MAX);
}

#endif

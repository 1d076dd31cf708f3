/* A lock of four bytes: zero is free, so that static and zeroed memory holds valid locks.
 *
 * For critical sections of a few dozen instructions. The word is 0 free, 1 held, 2 held with sleepers (Drepper,
 * "Futexes are tricky", mutex 2). Who finds it held looks a bounded number of times before it sleeps (lock.c says
 * why). */
#ifndef ASYNCC_BASE_LOCK_H
#define ASYNCC_BASE_LOCK_H
#include "base/atomic.h"

typedef struct ac__lock {
    uint32_t word;
} ac__lock;
#define AC__LOCK_INIT                                                                                                  \
    {                                                                                                                  \
        0                                                                                                              \
    }

void ac__lock_wait(ac__lock *lock);
void ac__lock_wake(ac__lock *lock);

static inline bool ac__lock_try(ac__lock *lock)
{
    uint32_t was_free = 0;
    return ac__atomic_cas(&lock->word, &was_free, 1, acquire, relaxed);
}

static inline void ac__lock_acquire(ac__lock *lock)
{
    if (!ac__lock_try(lock)) ac__lock_wait(lock);
}

static inline void ac__lock_release(ac__lock *lock)
{
    if (ac__atomic_exchange(&lock->word, 0, release) == 2) ac__lock_wake(lock);
}

#endif

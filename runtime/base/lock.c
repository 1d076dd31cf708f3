#include "base/lock.h"
#include "base/futex.h"

#ifdef AC__INTERLEAVE
/* Under the checker a thread that cannot have the lock is one that cannot run: it waits until the word changes. */
void ac__lock_wait(ac__lock *lock)
{
    while (ac__atomic_exchange(&lock->word, 1, acquire) != 0) ac__futex_wait(&lock->word, 1);
}
void ac__lock_wake(ac__lock *lock) { (void)lock; }
#else

/* The sections that these locks guard are some dozens of instructions long, so a holder that runs is done long
 * before a thread that went to sleep could be woken. A short look, only while nobody sleeps for the lock already,
 * saves both their system calls; it is bounded, for the holder may be preempted. (Measured: spawning onto one worker
 * from another thread made ten futex calls a ten tasks without it.) The figures are those of Rust's std mutex. */
enum { LOOKS = 100 };

static bool look_for_it(ac__lock *lock)
{
    for (int i = 0; i < LOOKS; i++) {
        uint32_t word = ac__atomic_load(&lock->word, relaxed);
        if (word == 2) return false;
        if (word == 0 && ac__atomic_cas_weak(&lock->word, &word, 1, acquire, relaxed)) return true;
        ac__cpu_relax();
    }
    return false;
}

/* Once it has slept, a thread takes the lock as 2: it cannot know whether others sleep too. */
void ac__lock_wait(ac__lock *lock)
{
    if (look_for_it(lock)) return;
    while (ac__atomic_exchange(&lock->word, 2, acquire) != 0) ac__futex_wait(&lock->word, 2);
}

void ac__lock_wake(ac__lock *lock) { ac__futex_wake(&lock->word, 1); }
#endif

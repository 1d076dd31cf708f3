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

/* Once it has slept, a thread takes the lock as 2: it cannot know whether others sleep too. */
void ac__lock_wait(ac__lock *lock)
{
    while (ac__atomic_exchange(&lock->word, 2, acquire) != 0) ac__futex_wait(&lock->word, 2);
}

void ac__lock_wake(ac__lock *lock) { ac__futex_wake(&lock->word, 1); }
#endif

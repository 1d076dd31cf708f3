/* Where a thread sleeps when it has nothing to do, and how it is woken: a futex with four states.
 *
 *   UP       the thread is awake; said by itself, before it lets others know that it is going to sleep
 *   ASLEEP   it is in the kernel, or about to be: whoever wakes it has to make the system call
 *   POKED    it was UP, and its next sleep is to end at once, but nobody wants it for anything
 *   WOKEN    somebody wants it awake; if it was still UP that is all there is to do
 *
 * With two states every waker would make the call, for a thread that has just found out by itself, or has not fallen
 * asleep yet, too: where two threads answer each other that is every third one.
 *
 * The order is seq_cst: a thread says UP, then that it sleeps, then looks a last time whether it should; a waker
 * first makes the reason, then looks who sleeps, then says WOKEN. So the reason is seen, or WOKEN comes after UP. A
 * wake that comes late, when its reason was found long ago, ends the next sleep early: callers look again. */
#ifndef ASYNCC_SCHED_PARK_H
#define ASYNCC_SCHED_PARK_H
#include "base/atomic.h"
#include "base/futex.h"
#include "time/clock.h"

enum { AC__PARK_UP, AC__PARK_ASLEEP, AC__PARK_POKED, AC__PARK_WOKEN };

struct ac__park {
    uint32_t word;
    int64_t called; /* when somebody last found it asleep; 0: not since it went to sleep */
};

/* By the thread, before it says to anybody that it is going to sleep. */
static inline void ac__park_prepare(struct ac__park *park)
{
    ac__atomic_store(&park->called, 0, relaxed);
    ac__atomic_store(&park->word, AC__PARK_UP, seq_cst);
}

/* By whoever wakes it now: for ac__park_latency. */
static inline void ac__park_note_call(struct ac__park *park)
{
    ac__atomic_store(&park->called, ac__clock_system(), relaxed);
}

/* By the thread, awake again: how long that took, in ns; below 0: not known. */
static inline int64_t ac__park_latency(struct ac__park *park)
{
    int64_t called = ac__atomic_load(&park->called, relaxed);
    return called ? ac__clock_system() - called : -1;
}

/* By the thread: sleeps until it is woken (true; at once if it was since it prepared), poked, or the time is up; below 0:
 * without end. May end for no reason, and can then be called again. */
static inline bool ac__park_sleep_for(struct ac__park *park, int64_t timeout_ns)
{
    uint32_t word = AC__PARK_UP;
    if (!ac__atomic_cas(&park->word, &word, AC__PARK_ASLEEP, seq_cst, acquire))
        return word == AC__PARK_WOKEN || !ac__atomic_cas(&park->word, &word, AC__PARK_UP, acquire, acquire);
    ac__futex_wait_for(&park->word, AC__PARK_ASLEEP, timeout_ns);
    word = AC__PARK_ASLEEP;
    return !ac__atomic_cas(&park->word, &word, AC__PARK_UP, acquire, acquire) && word == AC__PARK_WOKEN;
}

/* By the thread: sleeps until it is woken. */
static inline void ac__park_sleep(struct ac__park *park)
{
    while (!ac__park_sleep_for(park, -1)) {}
}

/* By anybody. What was done before is seen by the thread when it has woken. */
static inline void ac__park_wake(struct ac__park *park)
{
    if (ac__atomic_exchange(&park->word, AC__PARK_WOKEN, seq_cst) != AC__PARK_ASLEEP) return;
    ac__park_note_call(park);
    ac__futex_wake(&park->word, 1);
}

/* By anybody: its sleep ends, or the next one if it does not sleep, but it is not woken for anything. */
static inline void ac__park_poke(struct ac__park *park)
{
    uint32_t word = ac__atomic_load(&park->word, relaxed), after;
    do {
        if (word == AC__PARK_WOKEN) return;
        after = word == AC__PARK_ASLEEP ? AC__PARK_UP : AC__PARK_POKED;
    } while (!ac__atomic_cas_weak(&park->word, &word, after, seq_cst, relaxed));
    if (word == AC__PARK_ASLEEP) ac__futex_wake(&park->word, 1);
}

#endif

/* Wakers: how a future written by hand has its task polled again, from any thread.
 *
 * A leaf that must wait stores a waker where the one who knows when it can go on finds it, and gives AC_PENDING. That
 * one calls ac_wake. A waker is a counted pointer to the task: it may be used at any time, also after the task has
 * ended, and each must be given back. A future that is dropped while it waits takes its waker back from where it put
 * it.
 *
 * Waking more often than needed is harmless: the task is polled and waits on. Every waiting future of a task shares
 * its task, so a poll may come that was meant for another: a leaf looks whether what it waits for has happened, never
 * whether it was woken. */
#ifndef ASYNCC_WAKER_H
#define ASYNCC_WAKER_H
#include "future.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ac_waker {
    struct ac__task *ac__task; /* NULL: wakes nobody */
} ac_waker;

/* A waker of the task that is being polled. In a poll only. */
ac_waker ac_waker_of(const ac_context *cx);
/* Has the task polled. Keeps the waker. From any thread; not from a signal handler. */
void ac_wake(ac_waker waker);
/* Another one of the same task. From any thread. */
ac_waker ac_waker_retain(ac_waker waker);
/* Gives one back. From any thread. */
void ac_waker_release(ac_waker waker);
/* Would it wake the task that is being polled? Then a stored one need not be replaced. */
static inline bool ac_waker_wakes(ac_waker waker, const ac_context *cx) { return waker.ac__task == cx->task; }
/* Has the task that is being polled polled once more, behind those that are ready now. In a poll only. */
void ac_wake_self(const ac_context *cx);

#ifdef __cplusplus
}
#endif
#endif

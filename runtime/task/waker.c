/* Wakers for futures written by hand: wake.h's counted pointers under a public name. */
#include "asyncc/waker.h"
#include "task/wake.h"

ac_waker ac_waker_of(const ac_context *cx)
{
    ac__task_retain(cx->task);
    return (ac_waker){ cx->task };
}

void ac_wake(ac_waker waker)
{
    if (waker.ac__task) ac__task_wake(waker.ac__task);
}

ac_waker ac_waker_retain(ac_waker waker)
{
    if (waker.ac__task) ac__task_retain(waker.ac__task);
    return waker;
}

void ac_waker_release(ac_waker waker)
{
    if (waker.ac__task) ac__task_release(waker.ac__task);
}

void ac_wake_self(const ac_context *cx) { ac__task_wake(cx->task); }

/* What a thread is to the runtime. The hot path does not read this: a poll carries its worker in the context. It is
 * for calls that get no context: waking, freeing, spawning from a plain function, the call slot. */
#ifndef ASYNCC_SCHED_THREAD_H
#define ASYNCC_SCHED_THREAD_H
#include "asyncc/future.h"

struct ac__cache;

struct ac__thread {
    struct ac__cache *cells;   /* the worker's; NULL on a thread that is none */
    struct ac__worker *worker; /* NULL on a thread that is none */
    ac_runtime *runtime;       /* also on a thread of the blocking pool */
    ac_runtime *blocking;      /* the runtime whose blocking thread this is */
    struct {                   /* the call slot, see task/slot.c */
        ac_context *cx;
        ac_runtime *runtime;
        void *given;
        unsigned flags;
        uint8_t armed;
    } slot;
};

/* initial-exec: one instruction instead of a call, also in the shared library. */
extern _Thread_local struct ac__thread ac__thread __attribute__((tls_model("initial-exec")));

#endif

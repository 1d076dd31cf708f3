/* Tasks written in C, without the compiler: so that the runtime's tests do not depend on it.
 *
 *     SCRIPT(nap, ac_duration length; struct ac_sleep_future sleep;)
 *     {
 *         BEGIN;
 *         AWAIT(ac_sleep, sleep, self->length);
 *         END;
 *     }
 *     …
 *     RUN(rt, nap, .length = ac_ms(5));
 *
 * defines a future `nap` whose fields hold what it keeps across its awaits (a switch on the line of the last one:
 * Duff's device, so no AWAIT inside a switch). A member `ac_…_future` is the place for the awaitable it is given to. */
#ifndef TESTS_SCRIPT_H
#define TESTS_SCRIPT_H
#include "asyncc/asyncc.h"
#include "suite.h"
#include <stdlib.h>
#include <string.h>

struct script {
    int line;
    const ac_descriptor *awaits; /* and what it waits for lies at: */
    void *child;
};

#define SCRIPT(NAME, ...)                                                                                              \
    struct NAME##_future {                                                                                             \
        struct script script;                                                                                          \
        int result;                                                                                                    \
        __VA_ARGS__                                                                                                    \
    };                                                                                                                 \
    static int NAME##_body(struct NAME##_future *self, ac_context *cx);                                                \
    static int NAME##_poll(void *self, ac_context *cx) { return NAME##_body(self, cx); }                               \
    static void NAME##_drop(void *self)                                                                                \
    {                                                                                                                  \
        struct script *script = self;                                                                                  \
        if (script->child) script->awaits->drop(script->child);                                                        \
    }                                                                                                                  \
    static const ac_descriptor NAME##_descriptor = {                                                                   \
        .name = #NAME,                                                                                                 \
        .file = __FILE__,                                                                                              \
        .size = sizeof(struct NAME##_future),                                                                          \
        .align = _Alignof(struct NAME##_future),                                                                       \
        .result_offset = offsetof(struct NAME##_future, result),                                                       \
        .result_size = sizeof(int),                                                                                    \
        .poll = NAME##_poll,                                                                                           \
        .drop = NAME##_drop,                                                                                           \
    };                                                                                                                 \
    static int NAME##_body(struct NAME##_future *self, __attribute__((unused)) ac_context *cx)

#define BEGIN                                                                                                          \
    switch (self->script.line) {                                                                                       \
    case 0:
#define END                                                                                                            \
    }                                                                                                                  \
    return AC_READY
#define RETURN(value)                                                                                                  \
    do {                                                                                                               \
        self->result = (value);                                                                                        \
        return AC_READY;                                                                                               \
    } while (0)
/* Waits for what was made in `self->member` already. */
#define POLL(NAME, member)                                                                                             \
    do {                                                                                                               \
        self->script.awaits = &NAME##_descriptor;                                                                      \
        self->script.child = &self->member;                                                                            \
        self->script.line = __LINE__;                                                                                  \
        __attribute__((fallthrough));                                                                                  \
    case __LINE__:                                                                                                     \
        if (NAME##_descriptor.poll(&self->member, cx) == AC_PENDING) return AC_PENDING;                                \
        self->script.child = NULL;                                                                                     \
    } while (0)
#define AWAIT(NAME, member, ...)                                                                                       \
    do {                                                                                                               \
        NAME##_init(&self->member, ##__VA_ARGS__);                                                                     \
        POLL(NAME, member);                                                                                            \
    } while (0)
#define YIELD() AWAIT(ac_yield, yield)

/* On a runtime from outside, to its end; the value is the script's result. */
#define RUN(rt, NAME, ...)                                                                                             \
    ({                                                                                                                 \
        struct NAME##_future run_ = { __VA_ARGS__ };                                                                   \
        ac__block_on((rt), &NAME##_descriptor, &run_);                                                                 \
        run_.result;                                                                                                   \
    })
/* As a task; the value is its handle. SPAWN_IN in a script (it has a cx), SPAWN anywhere. */
#define SPAWN_AS(cx, rt, flags, NAME, ...)                                                                             \
    ({                                                                                                                 \
        struct NAME##_future *spawned_ = ac__spawn_begin((cx), (rt), &NAME##_descriptor, (flags));                     \
        *spawned_ = (struct NAME##_future){ __VA_ARGS__ };                                                             \
        ac__spawn_end((cx), spawned_);                                                                                 \
    })
#define SPAWN(rt, NAME, ...) SPAWN_AS(NULL, rt, 0, NAME, __VA_ARGS__)
#define SPAWN_IN(NAME, ...) SPAWN_AS(cx, NULL, 0, NAME, __VA_ARGS__)

/* 0 or -ECANCELED; `value` is the script's result. From outside. */
static inline int join_task(ac_runtime *rt, void *task, int *value)
{
    struct ac_op_join_result_future join;
    ac_op_join_result_init(&join, &task, value, sizeof(int));
    ac__block_on(rt, &ac_op_join_result_descriptor, &join);
    return join.result;
}

/* The flavor is ASYNCC_FLAVOR's unless the test says; two workers unless ASYNCC_WORKER_THREADS says. */
static inline ac_runtime *new_runtime(ac_runtime_options options)
{
    if (!options.worker_threads && !getenv("ASYNCC_WORKER_THREADS")) options.worker_threads = 2;
    ac_runtime *rt = ac_runtime_new(&options);
    if (!rt) ck_abort_msg("no runtime");
    return rt;
}
static inline void end_runtime(ac_runtime *rt) { ck_assert(ac_runtime_shutdown(rt, ac_secs(10))); }

/* Check writes to a file at every ck_assert: too slow for what is asserted a million times. */
#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition)) ck_abort_msg("%s", #condition);                                                              \
    } while (0)

#endif

/* Something that is to be made once, by the first that needs it, while the others wait.
 *
 *     static ac_once loaded = AC_ONCE_INIT;
 *     await ac_once_run(&loaded, load_table, path);         async bool load_table(void *path);
 *
 * or, where the making needs more than one pointer:
 *
 *     if (await ac_once_begin(&loaded)) {                   true: it is not made yet and this task is to make it
 *         bool made = false;
 *         defer ac_once_end(&loaded, made);                 runs on cancellation too: then the next one tries
 *         table = await load(path, options);
 *         made = table != NULL;
 *     }
 *
 * It belongs to no runtime; all-zero memory is a thing not made yet; nobody may wait when its memory goes. */
#ifndef ASYNCC_ONCE_H
#define ASYNCC_ONCE_H
#include "wait.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ac_once {
    uint32_t ac__state; /* AC__ONCE_DONE, AC__ONCE_RUNNING or 0 */
    uint32_t ac__lock;  /* guards the queue */
    struct ac__waiter *ac__first;
    void *ac__reserved;
} ac_once;
#define AC_ONCE_INIT                                                                                                   \
    {                                                                                                                  \
        0, 0, NULL, NULL                                                                                               \
    }

enum { AC__ONCE_RUNNING = 1, AC__ONCE_DONE = 2 };

/* Waits until it is made (false), or until it is this task's turn to make it (true), which ac_once_end must end.
 * Cancelled, it loses its place; a turn that was just given to it goes to the next. */
ac_async bool ac_once_begin(ac_once *once);
/* Ends the turn: made, so that all who wait and all who come get false; or not, so that the next in the queue gets
 * the turn. What was written before is seen by all who get false. Stops the program if it is nobody's turn. From
 * anywhere. */
void ac_once_end(ac_once *once, bool made);
/* Whether it is made: then all that its maker wrote can be read. From anywhere. */
static inline bool ac_once_is_done(const ac_once *once);

/* Runs f(argument) if it is not made yet and nobody is about it, else waits. True: it is made; false: f gave false,
 * and whoever calls next tries again. If the call is cancelled f is too, and the next that waits runs its own. Takes a
 * frame from the worker's pool for f. */
typedef ac_async bool ac_once_fn(void *argument);
ac_async bool ac_once_run(ac_once *once, ac_once_fn *f, void *argument);

/* --- inline parts ------------------------------------------------------------------------------------------------- */

struct ac_once_begin_future {
    ac_once *once;
    bool result;
    struct ac__waiter waiter;
    void *reserved;
};
AC__AWAITABLE(ac_once_begin);

struct ac_once_run_future {
    struct ac_once_begin_future begin;
    bool result;
    ac_once_fn *f;
    void *argument;
    struct ac__frame *frame; /* f's, while it runs */
    uint32_t step;           /* 0: begin; 1: f */
    void *reserved;
};
AC__AWAITABLE(ac_once_run);

static inline bool ac_once_is_done(const ac_once *once)
{
    return __atomic_load_n(&once->ac__state, __ATOMIC_ACQUIRE) == AC__ONCE_DONE;
}

static inline void ac_once_begin_init(struct ac_once_begin_future *self, ac_once *once)
{
    self->once = once;
    self->result = false;
    self->waiter.state = AC__UNQUEUED;
}

static inline int ac_once_begin_poll(struct ac_once_begin_future *self, ac_context *cx)
{
    if (ac__still_waiting(&self->waiter)) return AC_PENDING;
    if (!ac__ever_queued(&self->waiter) && ac_once_is_done(self->once)) return ac__budget(cx) ? AC_READY : AC_PENDING;
    return ac_once_begin_poll_slow(self, cx);
}

static inline void ac_once_begin_drop(struct ac_once_begin_future *self)
{
    if (ac__ever_queued(&self->waiter)) ac_once_begin_drop_slow(self);
}

static inline void ac_once_run_init(struct ac_once_run_future *self, ac_once *once, ac_once_fn *f, void *argument)
{
    ac_once_begin_init(&self->begin, once);
    self->f = f;
    self->argument = argument;
    self->frame = NULL;
    self->step = 0;
}

static inline int ac_once_run_poll(struct ac_once_run_future *self, ac_context *cx)
{
    return ac_once_run_poll_slow(self, cx);
}
static inline void ac_once_run_drop(struct ac_once_run_future *self) { ac_once_run_drop_slow(self); }

#ifdef __cplusplus
}
#endif
#endif

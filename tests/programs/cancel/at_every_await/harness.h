/* Cancels a function at every await in turn, and counts what it holds.
 *
 * A function under test takes things with HOLD, which gives each back by a defer of its own. Things taken on one line of
 * control must be given back in reverse order, each exactly once, whether the function ends or is stopped: `release` stops the
 * program where that is not so. Each is an allocation, so that a sanitizer sees one that is left. */
#ifndef HARNESS_H
#define HARNESS_H
#include <asyncc/asyncc.h>

enum { LINES_OF_CONTROL = 8 };

/* Takes a thing on a line of control (0: the function itself; a branch of a gather or a task has one of its own). */
void *hold(int control, int line);
void release(int control, void *thing, int line);
/* How many are held now. */
int held(void);

#define HOLD_PASTE(a, b) a##b
#define HOLD_NAME(line) HOLD_PASTE(thing_, line)
#define HOLD(control) \
    void *HOLD_NAME(__LINE__) = hold((control), __LINE__); \
    defer release((control), HOLD_NAME(__LINE__), __LINE__)

/* Runs `function` for so many polls and then drops it. The value: did it end by itself? */
ac_async bool ended_within(ac_async void (*function)(void), long polls);

/* A future written by hand, which polls another one that it makes through the call slot. */
struct ended_within_future {
    void (*function)(void);
    struct ac__frame *frame;
    long polls;
    bool result;
};
static inline void ended_within_init(struct ended_within_future *self, ac_async void (*function)(void), long polls)
{
    *self = (struct ended_within_future){ .polls = polls };
    __builtin_memcpy(&self->function, &function, sizeof self->function);
}
int ended_within_poll(struct ended_within_future *self, ac_context *cx);
void ended_within_drop(struct ended_within_future *self);
#endif

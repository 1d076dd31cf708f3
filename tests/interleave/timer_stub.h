/* Timers for the checker: the runtime's own wheel and clock, one of each, and what they need of the rest. */
#ifndef TESTS_INTERLEAVE_TIMER_STUB_H
#define TESTS_INTERLEAVE_TIMER_STUB_H
#define AC__INTERLEAVE
#include "task_stub.h"
#include "../../runtime/sched/driving.c"
#include "../../runtime/time/clock.c"
#include "../../runtime/time/timer.c"
#include "../../runtime/time/timers.c"
#include "../../runtime/time/wheel.c"

static _Alignas(AC__CACHE_LINE) unsigned char memory[sizeof(struct ac__timers) + sizeof(struct ac__wheel)];
static struct ac__timers *const timers = (struct ac__timers *)memory;
static ac_runtime runtime;

ac_runtime *ac__runtime_here(void) { return &runtime; }
ac_runtime *ac__runtime_of(const ac_context *cx) { return (void)cx, &runtime; }
struct ac__timers *ac__runtime_timers(ac_runtime *rt) { return (void)rt, timers; }
unsigned ac__runtime_wheel_of(const ac_context *cx) { return (void)cx, 0; }
void *ac__malloc_aligned(size_t size, size_t align)
{
    EXPECT(size <= sizeof memory);
    return (void)align, memory;
}
void ac__free_aligned(void *block) { (void)block; }
void *ac__enter(const ac_descriptor *type) { return (void)type, NULL; }
bool ac__budget_spent(ac_context *cx) { return (void)cx, true; }

/* A clock, which stands still if `paused`, and a wheel with nothing in it. */
static void open_timers(bool paused)
{
    memset(&runtime, 0, sizeof runtime);
    runtime.sleeping_until = INT64_MIN;
    ac__clocks_of_their_own = 0;
    runtime.timers = ac__timers_open(&runtime, 1, paused);
}

#endif

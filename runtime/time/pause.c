/* Time under the program's control: ac_time_pause, ac_time_resume, ac_time_advance. */
#include "asyncc/task.h"
#include "base/fatal.h"
#include "sched/runtime.h"
#include "time/wheel.h"

static struct ac__timers *pausable(const char *call)
{
    ac_runtime *here = ac__runtime_here();
    if (!here) ac__fatal("%s: not called in a runtime", call);
    if (!ac__runtime_is_current_thread(here)) ac__fatal("%s: only on a current-thread runtime", call);
    return ac__runtime_timers(here);
}

static struct ac__timers *paused(const char *call)
{
    struct ac__timers *timers = pausable(call);
    if (!ac__clock_paused(&timers->clock)) ac__fatal("%s: time is not paused", call);
    return timers;
}

void ac_time_pause(void)
{
    struct ac__timers *timers = pausable("ac_time_pause");
    if (ac__clock_paused(&timers->clock)) ac__fatal("ac_time_pause: time is paused already");
    ac__clock_pause(&timers->clock);
}

void ac_time_resume(void) { ac__clock_resume(&paused("ac_time_resume")->clock); }

int ac_time_advance_poll(struct ac_time_advance_future *self, ac_context *cx)
{
    if (self->advanced) return AC_READY;
    struct ac__timers *timers = paused("ac_time_advance");
    if (self->duration < 0) ac__fatal("ac_time_advance: time does not go back by %lld ns", -(long long)self->duration);
    ac__clock_move_to(&timers->clock, ac__instant_after(ac__timers_now(timers), self->duration));
    ac__timers_fire(timers);
    self->advanced = 1;
    ac__yield(cx);
    return AC_PENDING;
}

static int poll(void *self, ac_context *cx) { return ac_time_advance_poll(self, cx); }
static void drop(void *self) { ac_time_advance_drop(self); }

const ac_descriptor ac_time_advance_descriptor = {
    .name = "ac_time_advance",
    .size = sizeof(struct ac_time_advance_future),
    .align = _Alignof(struct ac_time_advance_future),
    .poll = poll,
    .drop = drop,
};

void ac_time_advance(ac_duration duration) { ac_time_advance_init(ac__enter(&ac_time_advance_descriptor), duration); }

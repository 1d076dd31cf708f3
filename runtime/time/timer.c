/* A timer as the awaitables use it: armed for a task, looked at, taken out, described. */
#include "base/atomic.h"
#include "sched/runtime.h"
#include "time/wheel.h"
#include <inttypes.h>
#include <stdio.h>

int64_t ac__now(const ac_context *cx) { return ac__timers_now(ac__runtime_timers(ac__runtime_of(cx))); }

static bool arm_on(struct ac__timers *timers, struct ac__timer *timer, ac_context *cx, int64_t deadline, int64_t now)
{
    timer->deadline = deadline;
    if (deadline <= now) return false;
    timer->task = cx->task;
    return ac__wheel_arm(&timers->wheels[ac__runtime_wheel_of(cx)], timer, now);
}

bool ac__timer_arm(struct ac__timer *timer, ac_context *cx, int64_t deadline)
{
    struct ac__timers *timers = ac__runtime_timers(ac__runtime_of(cx));
    return arm_on(timers, timer, cx, deadline, ac__timers_now(timers));
}

/* One reading of the clock, which is a third of what a sleep costs. */
bool ac__timer_arm_after(struct ac__timer *timer, ac_context *cx, int64_t duration)
{
    struct ac__timers *timers = ac__runtime_timers(ac__runtime_of(cx));
    int64_t now = ac__timers_now(timers);
    return arm_on(timers, timer, cx, ac__instant_after(now, duration), now);
}

/* Passing through the lock also waits for a firing thread that has not let go of the timer. */
void ac__timer_cancel(struct ac__timer *timer)
{
    uint32_t state = ac__timer_state(timer);
    if (state == AC__TIMER_WAITING || state == AC__TIMER_FIRING) ac__wheel_cancel(timer);
}

void ac__timer_drop_slow(struct ac__timer *timer) { ac__wheel_cancel(timer); }

int ac__timer_describe(const struct ac__timer *timer, char *text, size_t room)
{
    if (ac__timer_state(timer) != AC__TIMER_WAITING) return snprintf(text, room, "timer, due");
    int64_t left = timer->deadline - ac__timers_now(timer->wheel->timers);
    if (timer->deadline == AC_NEVER) return snprintf(text, room, "timer, never");
    if (left <= 0) return snprintf(text, room, "timer, due");
    if (left < ac_ms(10000))
        return snprintf(text, room, "timer, %" PRId64 " ms left", (left + ac_ms(1) - 1) / ac_ms(1));
    return snprintf(text, room, "timer, %" PRId64 " s left", (left + ac_secs(1) - 1) / ac_secs(1));
}

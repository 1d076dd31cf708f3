/* Ticks that do not drift: each is due a period after the one before *was due*, not after it was taken. */
#include "asyncc/task.h"
#include "base/fatal.h"
#include "time/timer.h"

/* A tick that is taken this late has missed nothing yet: timers have a granularity, and the scheduler its own delays.
 * Tokio's number, so that its users find the same behaviour. */
static const ac_duration tolerance = ac_ms(5);

ac_interval ac_interval_at(ac_instant start, ac_duration period)
{
    if (period <= 0) ac__fatal("ac_interval: the period must be more than 0, not %lld ns", (long long)period);
    return (ac_interval){ .next = start, .period = period };
}

ac_interval ac_interval_new(ac_duration period) { return ac_interval_at(ac_now(), period); }

void ac_interval_reset(ac_interval *interval) { interval->next = ac__instant_after(ac_now(), interval->period); }

static ac_instant following(const ac_interval *interval, ac_instant now)
{
    ac_instant due = interval->next;
    if (now > ac__instant_after(due, tolerance)) {
        if (interval->missed == AC_MISSED_DELAY) return ac__instant_after(now, interval->period);
        if (interval->missed == AC_MISSED_SKIP)
            return ac__instant_after(now, interval->period - (now - due) % interval->period);
    }
    return ac__instant_after(due, interval->period);
}

int ac_interval_tick_poll_slow(struct ac_interval_tick_future *self, ac_context *cx)
{
    uint32_t state = ac__timer_state(&self->timer);
    if (state == AC__TIMER_NEW) {
        if (ac__timer_arm(&self->timer, cx, self->interval->next)) return AC_PENDING;
    } else if (state == AC__TIMER_FIRING) {
        ac__timer_cancel(&self->timer);
    }
    if (!ac__budget(cx)) return AC_PENDING;
    self->result = self->interval->next;
    self->interval->next = following(self->interval, ac__now(cx));
    return AC_READY;
}

static int poll(void *self, ac_context *cx) { return ac_interval_tick_poll(self, cx); }
static void drop(void *self) { ac_interval_tick_drop(self); }
static int describe(const void *self, char *text, size_t room)
{
    return ac__timer_describe(&((const struct ac_interval_tick_future *)self)->timer, text, room);
}

const ac_descriptor ac_interval_tick_descriptor = {
    .name = "ac_interval_tick",
    .size = sizeof(struct ac_interval_tick_future),
    .align = _Alignof(struct ac_interval_tick_future),
    .result_offset = offsetof(struct ac_interval_tick_future, result),
    .result_size = sizeof(ac_instant),
    .poll = poll,
    .drop = drop,
    .describe = describe,
};

/* The value is the frame's: what is returned here means nothing (future.h, the call slot). */
ac_instant ac_interval_tick(ac_interval *interval)
{
    ac_interval_tick_init(ac__enter(&ac_interval_tick_descriptor), interval);
    return 0;
}

/* The clock of a `within`.
 *
 * It counts from the entry, so the clock is read there: that is most of what a `within` costs whose statement does not
 * suspend, since the timer is armed only when it does. Two cheaper readings were tried and are wrong. One remembered
 * from earlier in the same poll is old when the task has computed since: after 50 ms of that, `within (ac_ms(10))`
 * would be over before it began. And CLOCK_MONOTONIC_COARSE, said to be at most a tick behind, is further behind on a
 * machine whose ticks come late (a busy virtual one), so a `within` came out too short there. */
#include "asyncc/time.h"
#include "time/timer.h"

void ac_within_init(struct ac_within_future *self, ac_context *cx, ac_duration duration)
{
    self->timer.state = AC__TIMER_NEW;
    self->timer.deadline = ac__instant_after(ac__now(cx), duration);
}

/* The budget is not asked: a statement that spends it all is to be stopped all the same. */
int ac_within_poll_slow(struct ac_within_future *self, ac_context *cx)
{
    uint32_t state = ac__timer_state(&self->timer);
    if (state == AC__TIMER_NEW) {
        if (ac__timer_arm(&self->timer, cx, self->timer.deadline)) return AC_PENDING;
    } else if (state == AC__TIMER_FIRING) {
        ac__timer_cancel(&self->timer);
    }
    return AC_READY;
}

static int poll(void *self, ac_context *cx) { return ac_within_poll(self, cx); }
static void drop(void *self) { ac_within_drop(self); }
static int describe(const void *self, char *text, size_t room)
{
    const struct ac_within_future *within = self;
    /* Not armed while its statement has not suspended. */
    return ac__timer_state(&within->timer) == AC__TIMER_NEW ? 0 : ac__timer_describe(&within->timer, text, room);
}

const ac_descriptor ac_within_descriptor = {
    .name = "within",
    .size = sizeof(struct ac_within_future),
    .align = _Alignof(struct ac_within_future),
    .poll = poll,
    .drop = drop,
    .describe = describe,
};

/* The clock of a `within`.
 *
 * Most statements under a `within` finish without suspending, or long before their time; so entering one must cost next to nothing,
 * and arms no timer. Yet it has to note when it was entered. Reading the clock exactly takes 25 ns; a reading remembered from earlier
 * in the same poll takes none, and would be wrong: after 50 ms of computing, `within (ac_ms(10))` would be over before it began.
 * So it takes the kernel's coarse clock (7 ns), which is behind by up to a timer tick of 4 ms. Only if the statement suspends is
 * the clock read exactly. Then two bounds for the moment of entry are known, the coarse reading plus its lateness and the
 * present, and the earlier one is taken: a `within` is never too short, and too long by less than a tick if its statement
 * computed before it first suspended, and not at all if it did not. */
#include "time/clock.h"
#include "time/timer.h"
#include "time/wheel.h"
#include "sched/runtime.h"

void ac_within_init(struct ac_within_future *self, ac_context *cx, ac_duration duration)
{
    int64_t late;
    int64_t entered = ac__clock_coarse(&ac__runtime_timers(ac__runtime_of(cx))->clock, &late);
    self->timer.state = AC__TIMER_NEW;
    self->timer.deadline = entered + late;
    self->duration = duration;
}

/* The budget is not asked: a statement that spends it all is to be stopped all the same. */
int ac_within_poll_slow(struct ac_within_future *self, ac_context *cx)
{
    uint32_t state = ac__timer_state(&self->timer);
    if (state == AC__TIMER_NEW) {
        int64_t entered = self->timer.deadline, now = ac__now(cx);
        if (entered > now) entered = now;
        if (ac__timer_arm(&self->timer, cx, ac__instant_after(entered, self->duration))) return AC_PENDING;
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

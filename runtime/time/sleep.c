/* ac_sleep and ac_sleep_until: a timer and nothing else.
 *
 * A duration is kept as it is until the first poll, which has a context, and so a clock, at hand; so a sleep that is
 * made and dropped without being polled costs two stores. The clock is read then, not remembered from earlier in the
 * poll: a task may have computed for a long time since, and a sleep may not be too short. */
#include "asyncc/task.h"
#include "time/timer.h"

/* Arms it for the first time; false: it is due. */
static bool begin(struct ac__timer *timer, ac_context *cx)
{
    int64_t given = timer->deadline;
    if (!timer->relative) return given != INT64_MIN && ac__timer_arm(timer, cx, given);
    timer->relative = 0;
    if (given > 0) return ac__timer_arm_after(timer, cx, given);
    timer->deadline = INT64_MIN; /* over, and no reason to ask the clock */
    return false;
}

/* States: NEW, until it was armed; WAITING does not come here. */
int ac__timer_poll_slow(struct ac__timer *timer, ac_context *cx)
{
    uint32_t state = ac__timer_state(timer);
    if (state == AC__TIMER_NEW) {
        if (begin(timer, cx)) return AC_PENDING;
    } else if (state == AC__TIMER_FIRING) {
        ac__timer_cancel(timer);
    }
    return ac__budget(cx) ? AC_READY : AC_PENDING;
}

static int poll_sleep(void *self, ac_context *cx) { return ac_sleep_poll(self, cx); }
static void drop_sleep(void *self) { ac_sleep_drop(self); }
static int poll_until(void *self, ac_context *cx) { return ac_sleep_until_poll(self, cx); }
static void drop_until(void *self) { ac_sleep_until_drop(self); }
static int describe(const void *self, char *text, size_t room) { return ac__timer_describe(self, text, room); }

const ac_descriptor ac_sleep_descriptor = {
    .name = "ac_sleep",
    .size = sizeof(struct ac_sleep_future),
    .align = _Alignof(struct ac_sleep_future),
    .poll = poll_sleep,
    .drop = drop_sleep,
    .describe = describe,
};
const ac_descriptor ac_sleep_until_descriptor = {
    .name = "ac_sleep_until",
    .size = sizeof(struct ac_sleep_until_future),
    .align = _Alignof(struct ac_sleep_until_future),
    .poll = poll_until,
    .drop = drop_until,
    .describe = describe,
};

void ac_sleep(ac_duration duration) { ac_sleep_init(ac__enter(&ac_sleep_descriptor), duration); }
void ac_sleep_until(ac_instant deadline) { ac_sleep_until_init(ac__enter(&ac_sleep_until_descriptor), deadline); }

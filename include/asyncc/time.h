/* Time: durations, instants, sleeping, intervals, timeouts, delay queues, and time that tests can stop.
 *
 * Durations and instants are signed 64-bit counts of nanoseconds. An instant is a reading of the clock of the runtime
 * in which the caller runs: CLOCK_MONOTONIC, unless that runtime's time was paused (ac_time_pause). Instants of a
 * paused runtime mean nothing elsewhere. Arithmetic is the compiler's own: `ac_now() + ac_ms(5)`, `(ac_now() - start) /
 * 1000000`.
 *
 * Timers have a granularity of a millisecond. A wait ends at the first whole millisecond that is not before its time:
 * up to a millisecond (and the time it takes to be scheduled) late, and never early. Times a century ahead are as good
 * as any; AC_NEVER never comes.
 *
 * Nothing here allocates, but for delay queues. Every wait is cancel-safe: dropping it anywhere takes its timer out. */
#ifndef ASYNCC_TIME_H
#define ASYNCC_TIME_H
#include "wait.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int64_t ac_duration; /* nanoseconds */
typedef int64_t ac_instant;  /* nanoseconds since an origin that is the same in all of a runtime */

#define ac_ns(n) ((ac_duration)(n))
#define ac_us(n) (1000 * (ac_duration)(n))
#define ac_ms(n) (1000000 * (ac_duration)(n))
#define ac_secs(n) (1000000000 * (ac_duration)(n))
#define AC_NEVER INT64_MAX

/* What the clock shows. Anywhere: on a thread of no runtime it is CLOCK_MONOTONIC. About 25 ns. */
ac_instant ac_now(void);

/* --- A timer: the node in a frame that the wheel links. Its essay is in runtime/time/wheel.c. --------------------- */

struct ac__task;
struct ac__wheel;
enum ac__timer_state { AC__TIMER_NEW, AC__TIMER_WAITING, AC__TIMER_FIRING, AC__TIMER_FIRED };

struct ac__timer {
    struct ac__timer *next, *previous; /* the others of its slot, in a ring */
    struct ac__task *task;             /* whom to wake: borrowed while linked */
    struct ac__wheel *wheel;           /* where it is linked, and so whose lock guards it */
    ac_instant deadline;
    uint32_t state;    /* enum ac__timer_state, atomic: written under the lock, read without */
    uint16_t slot;     /* of the wheel: level * 64 + index */
    uint16_t relative; /* `deadline` is a duration still: counted from the first poll */
};
static inline uint32_t ac__timer_state(const struct ac__timer *timer)
{
    return __atomic_load_n(&timer->state, __ATOMIC_ACQUIRE);
}
/* Takes a timer out wherever it is; after this its storage may be reused. One that waits nowhere costs a look. */
void ac__timer_drop_slow(struct ac__timer *timer);
static inline void ac__timer_drop(struct ac__timer *timer)
{
    uint32_t state = ac__timer_state(timer);
    if (state == AC__TIMER_WAITING || state == AC__TIMER_FIRING) ac__timer_drop_slow(timer);
}

/* --- Sleeping ----------------------------------------------------------------------------------------------------- */

/* Waits for a time to pass. It counts from when the wait begins (the first poll: at once, but for an ac_lazy, where it
 * is the first ac_resume). A duration of 0 or less is over at once, without letting anyone else run: that is ac_yield.
 * Cancelling it loses nothing. Only in a task. */
ac_async void ac_sleep(ac_duration duration);

/* Waits until the clock shows `deadline` or more; one that is past is over at once. Cancelling it loses nothing. */
ac_async void ac_sleep_until(ac_instant deadline);

struct ac_sleep_future {
    struct ac__timer timer;
};
struct ac_sleep_until_future {
    struct ac__timer timer;
};
extern const ac_descriptor ac_sleep_descriptor, ac_sleep_until_descriptor;

int ac__timer_poll_slow(struct ac__timer *timer, ac_context *cx);
static inline int ac__timer_poll(struct ac__timer *timer, ac_context *cx)
{
    if (ac__timer_state(timer) == AC__TIMER_WAITING) return AC_PENDING;
    return ac__timer_poll_slow(timer, cx);
}
static inline void ac_sleep_init(struct ac_sleep_future *self, ac_duration duration)
{
    self->timer.deadline = duration;
    self->timer.relative = 1;
    self->timer.state = AC__TIMER_NEW;
}
static inline int ac_sleep_poll(struct ac_sleep_future *self, ac_context *cx)
{
    return ac__timer_poll(&self->timer, cx);
}
static inline void ac_sleep_drop(struct ac_sleep_future *self) { ac__timer_drop(&self->timer); }

static inline void ac_sleep_until_init(struct ac_sleep_until_future *self, ac_instant deadline)
{
    self->timer.deadline = deadline;
    self->timer.relative = 0;
    self->timer.state = AC__TIMER_NEW;
}
static inline int ac_sleep_until_poll(struct ac_sleep_until_future *self, ac_context *cx)
{
    return ac__timer_poll(&self->timer, cx);
}
static inline void ac_sleep_until_drop(struct ac_sleep_until_future *self) { ac__timer_drop(&self->timer); }

/* For futures written by hand: gives a sleep another deadline, before it was polled, while it waits, or after it was
 * over. It must be polled again afterwards. */
static inline void ac_sleep_until_reset(struct ac_sleep_until_future *self, ac_instant deadline)
{
    ac__timer_drop(&self->timer);
    ac_sleep_until_init(self, deadline);
}

/* --- within ------------------------------------------------------------------------------------------------------- */

/* The clock of a `within (duration) statement`. Generated code makes it on entry, polls the statement, and asks the
 * clock only while the statement is pending: so a statement that finishes in the same poll beats the clock, and one
 * that never suspends arms no timer. AC_READY: the time is up. The duration counts from the init. */
struct ac_within_future {
    struct ac__timer timer;
};
extern const ac_descriptor ac_within_descriptor;

void ac_within_init(struct ac_within_future *self, ac_context *cx, ac_duration duration);
int ac_within_poll_slow(struct ac_within_future *self, ac_context *cx);
static inline int ac_within_poll(struct ac_within_future *self, ac_context *cx)
{
    if (ac__timer_state(&self->timer) == AC__TIMER_WAITING) return AC_PENDING;
    return ac_within_poll_slow(self, cx);
}
static inline void ac_within_drop(struct ac_within_future *self) { ac__timer_drop(&self->timer); }

/* --- Intervals ---------------------------------------------------------------------------------------------------- */

/* What an interval does when it was asked for a tick so late (by more than 5 ms) that it may have missed others.
 * With a period of 300, asked at 650 for the tick of 300: */
enum ac_missed_ticks {
    AC_MISSED_BURST, /* makes up for them without waiting: 300, 600, then 900, 1200 */
    AC_MISSED_DELAY, /* starts afresh from now:            300, then 950, 1250 */
    AC_MISSED_SKIP   /* leaves them out:                   300, then 900, 1200 */
};

/* A value of the user's, to be kept where it does not move while a tick is awaited. Holds nothing that must be
 * released. */
typedef struct ac_interval {
    ac_instant next;             /* when the next tick is due */
    ac_duration period;          /* more than 0 */
    enum ac_missed_ticks missed; /* may be set at any time between ticks */
    int reserved;
} ac_interval;

/* An interval whose first tick is due at once, or at `start`. A period of 0 or less stops the program. Anywhere. */
ac_interval ac_interval_new(ac_duration period);
ac_interval ac_interval_at(ac_instant start, ac_duration period);
/* The next tick is due a period from now. Not while a tick is awaited. */
void ac_interval_reset(ac_interval *interval);

/* Waits for the next tick and gives the instant at which it was due. Cancelling it loses no tick. */
ac_async ac_instant ac_interval_tick(ac_interval *interval);

struct ac_interval_tick_future {
    struct ac__timer timer;
    ac_interval *interval;
    ac_instant result;
};
extern const ac_descriptor ac_interval_tick_descriptor;
int ac_interval_tick_poll_slow(struct ac_interval_tick_future *self, ac_context *cx);
static inline void ac_interval_tick_init(struct ac_interval_tick_future *self, ac_interval *interval)
{
    self->timer.state = AC__TIMER_NEW;
    self->interval = interval;
}
static inline int ac_interval_tick_poll(struct ac_interval_tick_future *self, ac_context *cx)
{
    if (ac__timer_state(&self->timer) == AC__TIMER_WAITING) return AC_PENDING;
    return ac_interval_tick_poll_slow(self, cx);
}
static inline void ac_interval_tick_drop(struct ac_interval_tick_future *self) { ac__timer_drop(&self->timer); }

/* --- Time for tests ----------------------------------------------------------------------------------------------- */

/* Stops the clock of the current-thread runtime in which the caller runs, at the next whole millisecond. From then on
 * time passes in two ways: ac_time_advance, and by itself, straight to the earliest deadline, whenever every task waits
 * and no blocking call is under way. So a test that sleeps for hours takes no time, and takes the same steps every
 * time. On a multi-thread runtime, outside a runtime, or paused already: stops the program. Option `start_paused` of
 * ac_runtime_options does it from the start; the clock then begins at a fixed instant, so that all of a run is
 * reproducible. */
void ac_time_pause(void);
/* Lets the clock go on, from where it stands. Stops the program if it is not paused. */
void ac_time_resume(void);

/* Moves a paused clock forward by exactly `duration`, also below a millisecond, wakes what has come due, and yields
 * once, so that it can run. Stops the program if time is not paused or the duration is negative. If it is cancelled the
 * time has passed all the same. */
ac_async void ac_time_advance(ac_duration duration);
struct ac_time_advance_future {
    ac_duration duration;
    uint32_t advanced, reserved;
};
extern const ac_descriptor ac_time_advance_descriptor;
static inline void ac_time_advance_init(struct ac_time_advance_future *self, ac_duration duration)
{
    self->duration = duration;
    self->advanced = 0;
}
int ac_time_advance_poll(struct ac_time_advance_future *self, ac_context *cx);
static inline void ac_time_advance_drop(struct ac_time_advance_future *self) { (void)self; }

/* --- Delay queues ------------------------------------------------------------------------------------------------- */

/* Values that come out when their time has come, in the order of their deadlines (and of insertion, where these are
 * equal). A value can be removed, or given another deadline, by its key until then. One timer serves the whole queue.
 *
 * May be used from any thread; one task at a time may await the next value (a second one stops the program). */
#define ac_delay_queue(T) AC__HANDLE(T, AC__DELAY_QUEUE)
typedef uint64_t ac_delay_key; /* never 0, and not used again for another value of the queue */

/* int ac_delay_queue_new(ac_delay_queue(T) *queue)
 * Makes a queue: `ac_delay_queue(struct session *) q; ac_delay_queue_new(&q)`. 0 or -ENOMEM. Anywhere. */
#define ac_delay_queue_new(queue)                                                                                      \
    ac__delay_queue_new((1 ? (queue) : (AC__HANDLE(AC__T(*(queue)), AC__DELAY_QUEUE) *)0), sizeof(AC__T(*(queue))))
/* ac_delay_key ac_delay_queue_insert(ac_delay_queue(T) queue, T value, ac_duration duration)
 * ac_delay_key ac_delay_queue_insert_at(ac_delay_queue(T) queue, T value, ac_instant deadline)
 * Inserts a copy of `value`, to come out after `duration` or at `deadline`; those past come out at once. Gives its key,
 * or 0 when memory is out or the queue is closed; then the value stays with the caller. Anywhere. */
#define ac_delay_queue_insert(queue, value, duration) ac__delay_queue_insert((queue), AC__IN(queue, value), (duration))
#define ac_delay_queue_insert_at(queue, value, deadline)                                                               \
    ac__delay_queue_insert_at((queue), AC__IN(queue, value), (deadline))
/* int ac_delay_queue_remove(ac_delay_queue(T) queue, ac_delay_key key, T *out)
 * Takes a value out before its time, into *out (NULL: away). 0, or -ENOENT when it has come out or was removed. */
#define ac_delay_queue_remove(queue, key, out) ac__delay_queue_remove((queue), (key), AC__OUT(queue, out))
/* int ac_delay_queue_reset(ac_delay_queue(T) queue, ac_delay_key key, ac_duration duration)
 * int ac_delay_queue_reset_at(ac_delay_queue(T) queue, ac_delay_key key, ac_instant deadline)
 * Gives a value another time, counted from now, or a deadline. 0, or -ENOENT as above. */
#define ac_delay_queue_reset(queue, key, duration) ac__delay_queue_reset((queue), (key), (duration))
#define ac_delay_queue_reset_at(queue, key, deadline) ac__delay_queue_reset_at((queue), (key), (deadline))
/* size_t ac_delay_queue_len(ac_delay_queue(T) queue): how many values are in it. */
#define ac_delay_queue_len(queue) ac__delay_queue_len(queue)
/* void ac_delay_queue_close(ac_delay_queue(T) queue)
 * Nothing can be inserted any more; what is there still comes out when its time has come. */
#define ac_delay_queue_close(queue) ac__delay_queue_close(queue)
/* int ac_delay_queue_pop(ac_delay_queue(T) queue, T *out)
 * Takes the value whose turn is next out before its time. 0, or -ENOENT: the queue is empty. For emptying one that is
 * to be freed. */
#define ac_delay_queue_pop(queue, out) ac__delay_queue_pop((queue), AC__OUT(queue, out))
/* void ac_delay_queue_free(ac_delay_queue(T) queue)
 * Ends a queue; values in it are forgotten as they are. Freeing one that is awaited stops the program. NULL is a
 * no-op. */
#define ac_delay_queue_free(queue) ac__delay_queue_free(queue)

/* async bool ac_delay_queue_next(ac_delay_queue(T) queue, T *out)
 * Waits for the next value that comes out, also if none is in yet; false: the queue is closed and empty. Cancelling it
 * loses nothing: a value is taken out in the poll that gives it. */
#define ac_delay_queue_next(queue, out) ac_op_delay_queue_next((queue), AC__OUT(queue, out))

int ac__delay_queue_new(void *queue, size_t size);
ac_delay_key ac__delay_queue_insert(void *queue, const void *value, ac_duration duration);
ac_delay_key ac__delay_queue_insert_at(void *queue, const void *value, ac_instant deadline);
int ac__delay_queue_remove(void *queue, ac_delay_key key, void *out);
int ac__delay_queue_pop(void *queue, void *out);
int ac__delay_queue_reset(void *queue, ac_delay_key key, ac_duration duration);
int ac__delay_queue_reset_at(void *queue, ac_delay_key key, ac_instant deadline);
size_t ac__delay_queue_len(void *queue);
void ac__delay_queue_close(void *queue);
AC__CONSUMES void ac__delay_queue_free(void *queue);

ac_async bool ac_op_delay_queue_next(void *queue, void *out);
struct ac_op_delay_queue_next_future {
    struct ac__timer timer;   /* for the earliest deadline in the queue, as it was when this last looked */
    struct ac__waiter waiter; /* of the queue: told when there is an earlier one, or the queue is closed */
    void *queue, *out;
    bool result;
};
AC__AWAITABLE(ac_op_delay_queue_next);
static inline void ac_op_delay_queue_next_init(struct ac_op_delay_queue_next_future *self, void *queue, void *out)
{
    self->timer.state = AC__TIMER_NEW;
    self->waiter.state = AC__UNQUEUED;
    self->queue = queue;
    self->out = out;
}
static inline int ac_op_delay_queue_next_poll(struct ac_op_delay_queue_next_future *self, ac_context *cx)
{
    bool waits = ac__still_waiting(&self->waiter) && ac__timer_state(&self->timer) <= AC__TIMER_WAITING;
    return waits ? AC_PENDING : ac_op_delay_queue_next_poll_slow(self, cx);
}
static inline void ac_op_delay_queue_next_drop(struct ac_op_delay_queue_next_future *self)
{
    if (ac__ever_queued(&self->waiter)) ac_op_delay_queue_next_drop_slow(self);
}

#ifdef __cplusplus
}
#endif
#endif

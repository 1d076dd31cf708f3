/* The delay queue: a task awaits its values while other threads insert, remove, put off, close and fire. What is
 * checked: every value comes out once, none before its time, the queue's end after the last; and nobody waits for ever.
 *
 * The clock stands still but for the thread that fires, which moves it on until the task has ended: then a value that
 * does not come out is one whose timer was lost. */
#include "points.h"
#include "timer_stub.h"

/* --- What its sources need ---------------------------------------------------------------------------------------- */

static _Alignas(64) char arena[1 << 14];
static size_t arena_used;
static void *from_arena(size_t size)
{
    void *block = arena + arena_used;
    arena_used += (size + 63) / 64 * 64;
    EXPECT(arena_used <= sizeof arena);
    return block;
}
void *ac__calloc(size_t n, size_t size) { return memset(from_arena(n * size), 0, n * size); }
void *ac__realloc(void *block, size_t size)
{
    EXPECT(!block); /* room for all from the first value on */
    return from_arena(size);
}
void ac__free(void *block)
{
    if (block) explore_freed(block, 1);
}
void ac__fatal(const char *format, ...) { explore_fail(format, __FILE__, __LINE__); }
unsigned ac__driver_wait(struct ac__driver *driver, int64_t timeout) { return (void)driver, (void)timeout, 0; }
void ac__driver_interrupt(struct ac__driver *driver) { (void)driver; }

/* --- task[0] takes values out until the end, then frees the queue -------------------------------------------------- */

static void *queue;
static struct ac_op_delay_queue_next_future next;
static ac_context cx;
static int64_t start;                             /* what the clock shows before anybody moves it */
static int64_t got;                               /* a value is its deadline */
static uint32_t came_out, inserted, done, asleep; /* asleep: news for the thread that fires */
static ac_delay_key key;

static void setup_with(int values)
{
    reset_tasks();
    open_timers(true);
    start = ac__timers_now(timers);
    arena_used = 0;
    inserted = came_out = done = asleep = 0;
    cx = (ac_context){ .task = &task[0], .budget = 1000 };
    task[0].state = AC__TASK_NOTIFIED | 2 * AC__TASK_REFERENCE;
    queued[0] = 1;
    EXPECT(ac__delay_queue_new(&queue, sizeof(int64_t)) == 0);
    for (int i = 1; i <= values; i++) {
        int64_t deadline = start + ac_ms(2 * i);
        key = ac__delay_queue_insert_at(queue, &deadline, deadline);
        inserted++;
    }
    ac_op_delay_queue_next_init(&next, queue, &got);
}
static void setup_empty(void) { setup_with(0); }
static void setup_one(void) { setup_with(1); }
static void setup_one_and_closed(void)
{
    setup_with(1);
    ac__delay_queue_close(queue);
}

/* AC_READY at the queue's end. */
static int take_values(void)
{
    for (;;) {
        if (!ac_op_delay_queue_next_poll(&next, &cx)) return AC_PENDING;
        if (!next.result) return AC_READY;
        EXPECT(got <= ac__timers_now(timers));
        came_out++;
        ac_op_delay_queue_next_init(&next, queue, &got);
    }
}
static void run(void (*at_end)(void))
{
    while (!done) {
        explore_wait(&queued[0], 0);
        queued[0] = 0;
        bool cancelled = ac__task_take(&task[0]) & AC__TASK_CANCELLED;
        if (cancelled) ac_op_delay_queue_next_drop(&next);
        if (cancelled || take_values() == AC_READY) {
            explore_freed(&next, sizeof next);
            if (at_end && !cancelled) at_end();
            ac__task_complete(&task[0], cancelled ? AC__TASK_DROPPED : 0);
            done = asleep = 1;
        } else if (ac__task_sleep(&task[0], false)) {
            ac__task_push(&task[0]);
        } else {
            asleep = 1;
        }
    }
}
static void free_queue(void)
{
    EXPECT(ac__delay_queue_len(queue) == 0);
    ac__delay_queue_free(queue);
}
static void takes_and_frees(void) { run(free_queue); }
static void takes(void) { run(NULL); }

/* --- The other threads -------------------------------------------------------------------------------------------- */

static void insert(int64_t deadline)
{
    if (ac__delay_queue_insert_at(queue, &deadline, deadline)) inserted++;
}
static void inserts_early(void) { insert(start + ac_ms(1)); }
static void inserts_and_closes(void)
{
    insert(start + ac_ms(1));
    ac__delay_queue_close(queue);
}
static void closes(void) { ac__delay_queue_close(queue); }
static void removes_and_closes(void)
{
    inserted -= ac__delay_queue_remove(queue, key, NULL) == 0;
    ac__delay_queue_close(queue);
}
static void closes_and_removes(void)
{
    ac__delay_queue_close(queue);
    inserted -= ac__delay_queue_remove(queue, key, NULL) == 0;
}
static void puts_off(void) { ac__delay_queue_reset_at(queue, key, start + ac_ms(3)); }
/* Lets time pass, and then fires whatever may have been armed in between, as a scheduler does whose tasks all wait. */
static void fires(void)
{
    for (int i = 1; i <= 4; i++) {
        ac__clock_move_to(&timers->clock, start + ac_ms(i));
        ac__timers_fire(timers);
    }
    while (!done) {
        explore_wait(&asleep, 0);
        asleep = 0;
        ac__timers_fire(timers);
    }
}
static void aborts(void) { abort_task(0); }

static void check_all_out(void)
{
    EXPECT(done && came_out == inserted);
    EXPECT(ac__wheel_earliest(&timers->wheels[0]) == INT64_MAX);
}
/* What has not come out is still there. */
static void check_aborted(void)
{
    EXPECT(done && came_out + ac__delay_queue_len(queue) == inserted);
    EXPECT(ac__wheel_earliest(&timers->wheels[0]) == INT64_MAX);
    ac__delay_queue_free(queue); /* which nobody may await */
}

int main(void)
{
    static const struct scenario scenarios[] = {
        { "delay: due while it is awaited",
          setup_one_and_closed,
          { takes_and_frees, fires },
          check_all_out,
          3,
          300000 },
        { "delay: inserted while it is awaited",
          setup_empty,
          { takes, inserts_and_closes, fires },
          check_all_out,
          2,
          300000 },
        { "delay: an earlier one comes", setup_one, { takes, inserts_and_closes, fires }, check_all_out, 2, 300000 },
        { "delay: closed empty", setup_empty, { takes, closes }, check_all_out, 5, 300000 },
        { "delay: removed while it fires", setup_one, { takes, removes_and_closes, fires }, check_all_out, 2, 300000 },
        { "delay: the last is removed after the close",
          setup_one,
          { takes, closes_and_removes, fires },
          check_all_out,
          2,
          300000 },
        { "delay: closed, and the last is removed",
          setup_one,
          { takes, closes_and_removes },
          check_all_out,
          4,
          300000 },
        { "delay: put off while it fires", setup_one_and_closed, { takes, puts_off, fires }, check_all_out, 2, 300000 },
        { "delay: the wait is aborted", setup_one, { takes, inserts_early, aborts }, check_aborted, 3, 300000 },
        { "delay: the wait is aborted while it fires", setup_one, { takes, fires, aborts }, check_aborted, 2, 300000 },
    };
    return explore_all(scenarios, sizeof scenarios / sizeof *scenarios);
}

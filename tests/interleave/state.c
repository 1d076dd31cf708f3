/* The state word of a task: wakes, aborts and the dropping of handles against the thread that polls it. No wake may
 * be lost, no task be in a queue twice or polled by two threads, and the memory goes when the last one lets go of
 * it. */
#define AC__INTERLEAVE
#include "task_stub.h"

static uint32_t data[3]; /* what each waker writes before it wakes */
static int wanted;       /* how many of them the task waits for */
static bool polling, done, dropped;

static void setup_with(unsigned references, uint64_t state)
{
    reset_tasks();
    memset(data, 0, sizeof data);
    polling = done = dropped = false;
    task[0].state = state + references * AC__TASK_REFERENCE;
    queued[0] = (state & AC__TASK_NOTIFIED) != 0;
}
static void setup_asleep_counted(void)
{
    wanted = 2;
    setup_with(3, 0);
} /* two counted wakers */
static void setup_handle(void)
{
    wanted = 1;
    setup_with(2, AC__TASK_NOTIFIED | AC__TASK_FRESH);
}
static void setup_asleep_handle(void)
{
    wanted = 1;
    setup_with(2, 0);
}

/* A worker: polls the task whenever it is queued, until it is over. */
static void poll_once(void)
{
    queued[0] = 0;
    uint64_t state = ac__task_take(&task[0]);
    EXPECT(!polling);
    polling = true;
    if (state & AC__TASK_CANCELLED) {
        polling = false;
        dropped = done = true;
        ac__task_complete(&task[0], AC__TASK_DROPPED);
        return;
    }
    int seen = 0;
    for (int i = 0; i < 3; i++) seen += ac__atomic_load(&data[i], acquire) != 0;
    polling = false;
    if (seen < wanted) {
        if (ac__task_sleep(&task[0], false)) ac__task_push(&task[0]);
        return;
    }
    done = true;
    ac__task_complete(&task[0], 0);
}
/* A lost wakeup leaves it here for ever: a deadlock. */
static void worker(void)
{
    while (!done) {
        explore_wait(&queued[0], 0);
        poll_once();
    }
}
/* Counted wakers: the task may end while they are at it. (Borrowed ones are in wake.c.) */
static void wake_counted(int i)
{
    ac__atomic_store(&data[i], 1, release);
    if (ac__task_notify_release(&task[0])) ac__task_push(&task[0]);
}
static void waker_0(void) { wake_counted(0); }
static void waker_1(void) { wake_counted(1); }
static void aborter(void) { abort_task(0); }
static void releaser(void) { ac__task_release(&task[0]); }
static void yielding_worker(void)
{
    explore_wait(&queued[0], 0);
    queued[0] = 0;
    ac__task_take(&task[0]);
    if (ac__task_sleep(&task[0], true)) ac__task_push(&task[0]);
    worker();
}
static void setup_queued_counted(void)
{
    wanted = 2;
    setup_with(3, AC__TASK_NOTIFIED);
}
static void setup_handle_and_waker(void)
{
    wanted = 1;
    setup_with(3, 0);
}

static void check_freed(void) { EXPECT(done && freed_times[0] == 1 && !queued[0]); }
static void check_dropped(void) { EXPECT(dropped && freed_times[0] == 1 && !queued[0]); }

/* Seized by the shutdown while a waker is at it: either the waker's push turns up, or the seizer has the task. */
static bool seized;
static void seizer(void)
{
    seized = ac__task_seize(&task[0]);
    if (seized) {
        done = dropped = true;
        ac__task_complete(&task[0], AC__TASK_DROPPED);
    } else {
        worker();
    }
}
static void setup_seize(void)
{
    seized = false;
    wanted = 1;
    setup_with(2, 0);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        { "state: two wakes of a sleeping task",
          setup_asleep_counted,
          { worker, waker_0, waker_1 },
          check_freed,
          4,
          400000 },
        { "state: two wakes of a queued task",
          setup_queued_counted,
          { worker, waker_0, waker_1 },
          check_freed,
          4,
          400000 },
        { "state: two wakes of a yielding task",
          setup_queued_counted,
          { yielding_worker, waker_0, waker_1 },
          check_freed,
          4,
          400000 },
        { "state: abort of a queued task", setup_handle, { worker, aborter }, check_dropped, 5, 400000 },
        { "state: abort of a sleeping task", setup_asleep_handle, { worker, aborter }, check_dropped, 5, 400000 },
        { "state: abort against a wake", setup_handle_and_waker, { worker, aborter, waker_0 }, check_freed, 4, 400000 },
        { "state: dropping the handle against a wake",
          setup_handle_and_waker,
          { worker, releaser, waker_0 },
          check_freed,
          4,
          400000 },
        { "state: seized at shutdown against a wake", setup_seize, { seizer, waker_0 }, check_freed, 5, 400000 },
    };
    return explore_all(scenarios, sizeof scenarios / sizeof *scenarios);
}

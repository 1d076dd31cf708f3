/* Timers: firing against the poll that ends the wait without the lock, against dropping it, against another thread that
 * fires; and arming against the thread that goes to sleep in the driver. The wheel, the sleep and the driver's sleep
 * are the runtime's own. */
#include "timer_stub.h"
#include "../../runtime/time/sleep.c"

/* --- Firing ------------------------------------------------------------------------------------------------------- */

static struct ac__worker sleeper;
static struct ac_sleep_future wait;
static ac_context cx;
static bool done;
static int spurious;

/* task[0] sleeps in a wait for 5 ms, on a clock that stands at 0 ms and will be moved. */
static void setup(void)
{
    reset_tasks();
    open_timers(true);
    cx = (ac_context){ .task = &task[0], .budget = 1000 };
    done = false;
    spurious = 0;
    task[0].state = AC__TASK_REFERENCE;
    ac_sleep_init(&wait, ac_ms(5));
    EXPECT(ac_sleep_poll(&wait, &cx) == AC_PENDING);
}
static void setup_spurious(void)
{
    setup();
    spurious = 2;
}
static void setup_handle(void)
{
    setup();
    task[0].state += AC__TASK_REFERENCE;
}

static void end_task(uint64_t dropped)
{
    done = true;
    explore_freed(&wait, sizeof wait); /* the frame goes with the task */
    ac__task_complete(&task[0], dropped);
}

/* As the worker does it; polls for other reasons may come too. */
static void worker(void)
{
    while (!done) {
        if (spurious > 0 && --spurious >= 0 && !queued[0] && ac__task_notify(&task[0])) ac__task_push(&task[0]);
        explore_wait(&queued[0], 0);
        queued[0] = 0;
        bool cancelled = ac__task_take(&task[0]) & AC__TASK_CANCELLED;
        AC__POINT(&wait.timer.state); /* the inline part of a poll or drop looks at it without the checker's macros */
        if (cancelled) {
            ac_sleep_drop(&wait);
            end_task(AC__TASK_DROPPED);
        } else if (ac_sleep_poll(&wait, &cx) == AC_READY) {
            end_task(0);
        } else if (ac__task_sleep(&task[0], false)) {
            ac__task_push(&task[0]);
        }
    }
}
static void fires(void)
{
    ac__clock_move_to(&timers->clock, ac__timers_now(timers) + ac_ms(6));
    ac__timers_fire(timers);
}
static void aborts(void) { abort_task(0); }
static void check(void)
{
    EXPECT(done && freed_times[0] == 1);
    EXPECT(ac__wheel_earliest(&timers->wheels[0]) == INT64_MAX);
}

/* --- Arming while a thread goes to sleep -------------------------------------------------------------------------- */

static uint32_t interrupted;
static int64_t slept_for;

unsigned ac__driver_wait(struct ac__driver *driver, int64_t timeout)
{
    (void)driver;
    slept_for = timeout;
    if (timeout < 0 || timeout > ac_secs(60)) explore_wait(&interrupted, 0); /* a lost timer is a deadlock here */
    return 0;
}
void ac__driver_interrupt(struct ac__driver *driver)
{
    (void)driver;
    interrupted = 1;
}

static struct ac_sleep_future far;
static void setup_driver(void)
{
    reset_tasks();
    open_timers(false);
    sleeper.runtime = &runtime;
    cx = (ac_context){ .task = &task[0], .budget = 1000 };
    interrupted = 0;
}
static void setup_driver_with_a_later_timer(void)
{
    setup_driver();
    ac_sleep_init(&far, ac_secs(3600));
    EXPECT(ac_sleep_poll(&far, &cx) == AC_PENDING);
}
static void sleeps(void) { ac__driver_sleep(&sleeper, -1); }
static void arms(void)
{
    ac_sleep_init(&wait, ac_secs(30));
    EXPECT(ac_sleep_poll(&wait, &cx) == AC_PENDING);
}
static void check_slept(void) { EXPECT(interrupted || (slept_for > 0 && slept_for <= ac_secs(31))); }

int main(void)
{
    static const struct scenario scenarios[] = {
        { "timer: fires against the poll that ends the wait", setup_spurious, { worker, fires }, check, 5, 400000 },
        { "timer: fires against an abort", setup_handle, { worker, fires, aborts }, check, 3, 400000 },
        { "timer: two threads fire", setup, { worker, fires, fires }, check, 3, 400000 },
        { "timer: armed while a thread goes to sleep", setup_driver, { sleeps, arms }, check_slept, 6, 0 },
        { "timer: the same, with a later one armed",
          setup_driver_with_a_later_timer,
          { sleeps, arms },
          check_slept,
          6,
          0 },
    };
    return explore_all(scenarios, sizeof scenarios / sizeof *scenarios);
}

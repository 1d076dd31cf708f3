/* Once, two and three threads. What is checked: it is made once however many come; whoever is told that it is made sees
 * what was made; a maker that gives up, or is cancelled while it makes or while the turn is on its way to it, hands the
 * turn on; and nobody waits for ever. */
#include "primitive.h"

static ac_once once;
static uint32_t making, made, tries, refusals; /* how many are at it, have made it; how often it was begun; may fail */
static struct ac_once_begin_future begin[TASKS];

static void begin_making(void)
{
    EXPECT(ac__atomic_add(&making, 1, relaxed) == 0);
    EXPECT(made == 0);
    tries++;
}

/* The turn's end: not made as often as the scenario says, then made. */
static bool end_making(void)
{
    bool success = refusals == 0;
    refusals -= !success;
    made += success;
    ac__atomic_sub(&making, 1, relaxed);
    return success;
}

/* --- ac_once_begin and ac_once_end -------------------------------------------------------------------------------- */

static int begin_poll(int i, ac_context *cx)
{
    while (ac_once_begin_poll(&begin[i], cx)) {
        if (!begin[i].result) {
            EXPECT(made == 1 && ac_once_is_done(&once));
            return AC_READY;
        }
        begin_making();
        bool success = end_making();
        ac_once_end(&once, success);
        if (success) return AC_READY;
        ac_once_begin_init(&begin[i], &once); /* it failed: again, behind those who wait */
    }
    return AC_PENDING;
}
static int begin_0(ac_context *cx) { return begin_poll(0, cx); }
static int begin_1(ac_context *cx) { return begin_poll(1, cx); }
static int begin_2(ac_context *cx) { return begin_poll(2, cx); }
static void drop_begin_0(void) { ac_once_begin_drop(&begin[0]); }
static void drop_begin_1(void) { ac_once_begin_drop(&begin[1]); }
static void drop_begin_2(void) { ac_once_begin_drop(&begin[2]); }
static void setup(void)
{
    reset();
    once = (ac_once)AC_ONCE_INIT;
    making = made = tries = refusals = 0;
    for (int i = 0; i < 3; i++) ac_once_begin_init(&begin[i], &once);
    TASK(0, begin_0, drop_begin_0, begin[0]);
    TASK(1, begin_1, drop_begin_1, begin[1]);
    TASK(2, begin_2, drop_begin_2, begin[2]);
}
static void setup_one_failure(void)
{
    setup();
    refusals = 1;
}
static void check_made(void) { EXPECT(made == 1 && making == 0 && !once.ac__first && once.ac__state == AC__ONCE_DONE); }
/* Without an abort: those who failed and the one who made it, and nobody else, had the turn. */
static void check_made_first(void)
{
    check_made();
    EXPECT(tries == 1);
}
static void check_made_second(void)
{
    check_made();
    EXPECT(tries == 2);
}
static void look_without_waiting(void)
{
    ac__atomic_load(&once.ac__state, relaxed); /* the inline look is no point of its own outside the sources */
    if (ac_once_is_done(&once)) EXPECT(made == 1);
}

/* The turn belongs to nobody here: it was begun before, and a thread that is no task ends it. */
static void setup_begun(void)
{
    setup();
    ac_context cx = { .task = &task[2], .budget = 128 };
    EXPECT(ac_once_begin_poll(&begin[2], &cx) && begin[2].result);
    making = 1;
}
static void end_by_thread(void) { ac_once_end(&once, end_making()); }
static void give_up_by_thread(void)
{
    ac__atomic_sub(&making, 1, relaxed);
    ac_once_end(&once, false);
}

/* --- ac_once_run, with a maker that waits ------------------------------------------------------------------------- */

static struct ac_once_run_future run[TASKS];
static ac_notify permission; /* what the maker waits for */

struct make_future {
    bool result;
    struct ac_notified_future wait;
};
static int make_poll(void *future, ac_context *cx)
{
    struct make_future *self = future;
    if (!ac_notified_poll(&self->wait, cx)) return AC_PENDING;
    self->result = end_making();
    return AC_READY;
}
static void make_drop(void *future)
{
    struct make_future *self = future;
    ac__atomic_sub(&making, 1, relaxed);
    ac_notified_drop(&self->wait);
}
static const ac_descriptor make_descriptor = {
    .name = "make",
    .size = sizeof(struct make_future),
    .result_offset = offsetof(struct make_future, result),
    .result_size = sizeof(bool),
    .poll = make_poll,
    .drop = make_drop,
};
static bool make(void *argument)
{
    struct make_future *self = ac__enter(&make_descriptor);
    (void)argument;
    begin_making();
    ac_notified_init(&self->wait, &permission);
    return false;
}
static int run_poll(int i, ac_context *cx)
{
    if (!ac_once_run_poll(&run[i], cx)) return AC_PENDING;
    EXPECT(run[i].result && made == 1);
    return AC_READY;
}
static int run_poll_0(ac_context *cx) { return run_poll(0, cx); }
static int run_poll_1(ac_context *cx) { return run_poll(1, cx); }
static int run_poll_2(ac_context *cx) { return run_poll(2, cx); }
static void drop_run_0(void) { ac_once_run_drop(&run[0]); }
static void drop_run_1(void) { ac_once_run_drop(&run[1]); }
static void drop_run_2(void) { ac_once_run_drop(&run[2]); }
static void setup_run(void)
{
    setup();
    permission = (ac_notify)AC_NOTIFY_INIT;
    for (int i = 0; i < 3; i++) ac_once_run_init(&run[i], &once, make, NULL);
    TASK(0, run_poll_0, drop_run_0, run[0]);
    TASK(1, run_poll_1, drop_run_1, run[1]);
    TASK(2, run_poll_2, drop_run_2, run[2]);
}
/* One makes, is cancelled or not, and the permission that it had passes on with the turn. */
static void permit(void) { ac_notify_one(&permission); }

int main(void)
{
    static const struct scenario scenarios[] = {
        { "once: two come", setup, { run_0, run_1 }, check_made_first, 5, 300000 },
        { "once: three come", setup, { run_0, run_1, run_2 }, check_made_first, 2, 300000 },
        { "once: two come, a thread looks",
          setup,
          { run_0, run_1, look_without_waiting },
          check_made_first,
          3,
          300000 },
        { "once: the first fails, of two", setup_one_failure, { run_0, run_1 }, check_made_second, 4, 300000 },
        { "once: the first fails, of three", setup_one_failure, { run_0, run_1, run_2 }, check_made_second, 2, 300000 },
        { "once: a thread ends it, two wait", setup_begun, { run_0, run_1, end_by_thread }, check_made, 3, 300000 },
        { "once: a thread gives up, one waits",
          setup_begun,
          { run_0, give_up_by_thread },
          check_made_first,
          6,
          300000 },
        { "once: given up, the next is aborted",
          setup_begun,
          { run_0, run_1, give_up_by_thread, abort_0 },
          check_made,
          2,
          300000 },
        { "once: run by two", setup_run, { run_0, run_1, permit }, check_made_first, 3, 300000 },
        { "once: run, and the maker is aborted", setup_run, { run_0, run_1, abort_0, permit }, check_made, 2, 300000 },
        { "once: run by three, one aborted",
          setup_run,
          { run_0, run_1, run_2, abort_0, permit },
          check_made,
          1,
          300000 },
    };
    return explore_all(scenarios, sizeof scenarios / sizeof *scenarios);
}

/* The timer wheel by itself, against a model that is a plain array, with a clock and wakes that the test controls.
 *
 * The sources are included, with the names of the rest of the runtime replaced by the fakes below. */
#include "suite.h"
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#define ac__task_notify fake_notify
#define ac__task_push fake_push
#define ac__runtime_deadline fake_deadline
#define ac__runtime_here fake_here
#define ac__runtime_of fake_of
#define ac__runtime_timers fake_timers
#define ac__runtime_wheel_of fake_wheel_of
#include "../../runtime/time/clock.c"
#include "../../runtime/time/timer.c"
#include "../../runtime/time/timers.c"
#include "../../runtime/time/wheel.c"

/* Check writes to a file at every ck_assert, which is too slow for what is asserted a million times. */
#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition)) ck_abort_msg("%s", #condition);                                                              \
    } while (0)

/* A task is a counter of wakes here, and its address an index into `woken`. */
struct fake_task {
    unsigned notified, pushed;
    struct ac__timer timer;
};
static struct ac__timers *timers;
static struct fake_task *order[100000];
static unsigned n_order;

bool fake_notify(struct ac__task *task)
{
    struct fake_task *fake = (struct fake_task *)task;
    REQUIRE(ac__timer_state(&fake->timer) == AC__TIMER_FIRING);
    order[__atomic_fetch_add(&n_order, 1, __ATOMIC_RELAXED) % 100000] = fake;
    return __atomic_fetch_add(&fake->notified, 1, __ATOMIC_ACQ_REL) == 0;
}
void fake_push(struct ac__task *task) { __atomic_fetch_add(&((struct fake_task *)task)->pushed, 1, __ATOMIC_ACQ_REL); }
static int64_t announced;
void fake_deadline(ac_runtime *rt, int64_t deadline)
{
    (void)rt, __atomic_store_n(&announced, deadline, __ATOMIC_RELAXED);
}
ac_runtime *fake_here(void) { return NULL; }
ac_runtime *fake_of(const ac_context *cx) { return (void)cx, NULL; }
struct ac__timers *fake_timers(ac_runtime *rt) { return (void)rt, timers; }
unsigned fake_wheel_of(const ac_context *cx) { return (void)cx, 0; }

static void setup(void)
{
    timers = ac__timers_open(NULL, 1, true);
    n_order = 0;
    announced = 0;
}
static void teardown(void) { ac__timers_close(timers); }

static int64_t now(void) { return ac__timers_now(timers); }

static bool arm(struct fake_task *fake, int64_t deadline)
{
    ac_context cx = { .task = (struct ac__task *)fake };
    fake->timer.state = AC__TIMER_NEW;
    fake->notified = fake->pushed = 0;
    return ac__timer_arm(&fake->timer, &cx, deadline);
}
static unsigned advance(int64_t by)
{
    ac__clock_move_to(&timers->clock, now() + by);
    return ac__timers_fire(timers);
}

START_TEST(fires_at_the_first_millisecond_not_before_the_deadline)
{
    struct fake_task t = { 0 };
    int64_t start = now();
    ck_assert(arm(&t, start + ac_us(2300)));
    ck_assert_uint_eq(advance(ac_us(2300)), 0); /* its time has come, but no whole millisecond */
    ck_assert_uint_eq(advance(ac_us(699)), 0);
    ck_assert_uint_eq(advance(ac_us(1)), 1);
    ck_assert_uint_eq(t.notified, 1);
    ck_assert_uint_eq(t.pushed, 1);
    ck_assert_uint_eq(ac__timer_state(&t.timer), AC__TIMER_FIRED);
}
END_TEST

START_TEST(a_deadline_that_is_past_is_not_linked)
{
    struct fake_task t = { 0 };
    ck_assert(!arm(&t, now()));
    ck_assert(!arm(&t, now() - 1));
    ck_assert(!arm(&t, INT64_MIN));
    ck_assert_int_eq(ac__wheel_earliest(&timers->wheels[0]), INT64_MAX);
}
END_TEST

START_TEST(timers_of_one_tick_fire_in_the_order_of_arming)
{
    /* Some from afar, that come down through the levels; some armed shortly before. */
    struct fake_task t[300];
    int64_t due = now() + ac_ms(5000);
    for (int i = 0; i < 300; i++) {
        ck_assert(arm(&t[i], due - (i % 3)));
        if (i % 2) advance(ac_ms(33));
    }
    ck_assert_uint_eq(advance(due - now()), 300);
    for (int i = 0; i < 300; i++) ck_assert_ptr_eq(order[i], &t[i]);
}
END_TEST

START_TEST(reaches_a_century_ahead_and_never_never_comes)
{
    struct fake_task years[100], never = { 0 };
    const int64_t year = ac_secs(31556952);
    for (int i = 0; i < 100; i++) ck_assert(arm(&years[i], now() + (i + 1) * year));
    ck_assert(arm(&never, AC_NEVER));
    for (int i = 0; i < 100; i++) {
        ck_assert_uint_eq(advance(year - 1), 0);
        ck_assert_uint_eq(advance(1), 1);
        ck_assert_uint_eq(years[i].notified, 1);
    }
    ck_assert_uint_eq(never.notified, 0);
    ac__timer_cancel(&never.timer);
    ck_assert_int_eq(ac__wheel_earliest(&timers->wheels[0]), INT64_MAX);
}
END_TEST

START_TEST(cancelling_takes_out_and_may_be_repeated)
{
    struct fake_task a = { 0 }, b = { 0 };
    ck_assert(arm(&a, now() + ac_ms(3)) && arm(&b, now() + ac_ms(3)));
    ac__timer_cancel(&a.timer);
    ac__timer_cancel(&a.timer);
    ck_assert_uint_eq(advance(ac_ms(3)), 1);
    ck_assert_uint_eq(a.notified, 0);
    ck_assert_uint_eq(b.notified, 1);
    ac__timer_cancel(&b.timer); /* has fired: nothing to do */
    ck_assert(arm(&a, now() + ac_ms(1)));
    ck_assert_uint_eq(advance(ac_ms(1)), 1);
}
END_TEST

START_TEST(the_sleeper_hears_of_a_timer_only_if_it_is_the_earliest)
{
    struct fake_task t[3];
    ac__clock_resume(&timers->clock);
    int64_t base = now(), offset = timers->clock.offset;
    arm(&t[0], base + ac_secs(100));
    int64_t first = announced;
    ck_assert_int_ge(first, base - offset + ac_secs(100));
    ck_assert_int_lt(first, base - offset + ac_secs(100) + ac_ms(1));
    arm(&t[1], base + ac_secs(200));
    ck_assert_int_eq(announced, first);
    arm(&t[2], base + ac_secs(50));
    ck_assert_int_lt(announced, first);
    ck_assert_int_le(ac__timers_next(timers), ac_secs(50) + ac_ms(1));
    for (int i = 0; i < 3; i++) ac__timer_cancel(&t[i].timer);
}
END_TEST

START_TEST(more_than_fit_into_one_list_of_the_woken)
{
    enum { N = 1000 };
    static struct fake_task t[N];
    for (int i = 0; i < N; i++) ck_assert(arm(&t[i], now() + ac_ms(7)));
    ck_assert_uint_eq(advance(ac_ms(7)), N);
    for (int i = 0; i < N; i++) ck_assert_uint_eq(t[i].pushed, 1);
}
END_TEST

START_TEST(paused_time_goes_to_the_earliest_timer_and_no_further)
{
    struct fake_task cancelled = { 0 }, near = { 0 }, far = { 0 };
    int64_t start = now();
    ck_assert(!ac__timers_advance_idle(timers));
    arm(&cancelled, start + ac_ms(100));
    arm(&far, start + ac_secs(7200));
    arm(&near, start + ac_secs(3600));
    ac__timer_cancel(&cancelled.timer);
    ck_assert_int_eq(ac__timers_next(timers), INT64_MAX); /* the wall clock wakes nobody */
    ck_assert(ac__timers_advance_idle(timers));
    ck_assert_int_eq(now(), start + ac_secs(3600));
    ck_assert_uint_eq(near.notified, 1);
    ck_assert_uint_eq(far.notified, 0);
    ck_assert(ac__timers_advance_idle(timers));
    ck_assert_int_eq(now(), start + ac_secs(7200));
    ck_assert(!ac__timers_advance_idle(timers));
}
END_TEST

/* Every operation at random, with deadlines spread over all levels; after each, the wheel must say of every timer what
 * an array says. */
START_TEST(agrees_with_a_plain_array)
{
    enum { N = 400, STEPS = 20000 };
    static struct fake_task t[N];
    static int64_t due[N]; /* 0: not armed */
    srand48(_i);
    for (int i = 0; i < N; i++) due[i] = 0;
    for (int step = 0; step < STEPS; step++) {
        int i = (int)(lrand48() % N);
        switch (lrand48() % 4) {
        case 0:
        case 1:
            if (due[i]) break;
            due[i] = now() + 1 + lrand48() % (INT64_C(1) << (lrand48() % 50));
            REQUIRE(arm(&t[i], due[i]));
            break;
        case 2:
            if (!due[i]) break;
            ac__timer_cancel(&t[i].timer);
            due[i] = 0;
            break;
        default: {
            unsigned expected = 0, got = advance(lrand48() % (INT64_C(1) << (lrand48() % 45)));
            for (int k = 0; k < N; k++) {
                bool over = due[k] && (due[k] + ac_ms(1) - 1) / ac_ms(1) * ac_ms(1) <= now();
                REQUIRE(t[k].notified == over);
                REQUIRE(t[k].pushed == over);
                if (!over) continue;
                expected++;
                due[k] = 0;
                t[k].notified = t[k].pushed = 0;
            }
            REQUIRE(got == expected);
            n_order = 0;
            int64_t earliest = INT64_MAX;
            for (int k = 0; k < N; k++)
                if (due[k] && due[k] < earliest) earliest = due[k];
            if (earliest != INT64_MAX) earliest = (earliest + ac_ms(1) - 1) / ac_ms(1) * ac_ms(1);
            REQUIRE(ac__wheel_earliest(&timers->wheels[0]) == earliest);
            REQUIRE(timers->wheels[0].next <= earliest);
            REQUIRE(timers->wheels[0].next > now());
        }
        }
    }
    for (int i = 0; i < N; i++)
        if (due[i]) ac__timer_cancel(&t[i].timer);
}
END_TEST

START_TEST(describes_itself)
{
    struct fake_task t = { 0 };
    char text[64];
    arm(&t, now() + ac_us(33400));
    ac__timer_describe(&t.timer, text, sizeof text);
    ck_assert_str_eq(text, "timer, 34 ms left");
    ac__timer_cancel(&t.timer);
    arm(&t, now() + ac_secs(90));
    ac__timer_describe(&t.timer, text, sizeof text);
    ck_assert_str_eq(text, "timer, 90 s left");
    advance(ac_secs(90));
    ac__timer_describe(&t.timer, text, sizeof text);
    ck_assert_str_eq(text, "timer, due");
}
END_TEST

/* Threads that arm, look, and cancel or take what fired, while another fires: under ThreadSanitizer and
 * AddressSanitizer this is the test of the two steps of firing, since a timer's memory is freed at once when its wait
 * is over. */
enum { THREADS = 3, ROUNDS = 500 };
static int done_threads;

static void *sleeper(void *seed)
{
    unsigned short random[3] = { (unsigned short)(uintptr_t)seed, 7, 9 };
    for (int i = 0; i < ROUNDS; i++) {
        struct fake_task *fake = calloc(1, sizeof *fake);
        if (arm(fake, now() + ac_us(1 + nrand48(random) % 1500))) {
            int looks = (int)(nrand48(random) % 1000);
            while (looks-- && ac__timer_state(&fake->timer) == AC__TIMER_WAITING) ac__cpu_relax();
            if (ac__timer_state(&fake->timer) != AC__TIMER_FIRED) ac__timer_cancel(&fake->timer);
            uint32_t state = ac__timer_state(&fake->timer);
            REQUIRE(state == AC__TIMER_NEW || state == AC__TIMER_FIRED);
            /* NOTIFIED pins a task: it is there until it has been pushed. */
            while (__atomic_load_n(&fake->pushed, __ATOMIC_ACQUIRE) <
                   __atomic_load_n(&fake->notified, __ATOMIC_ACQUIRE))
                sched_yield();
            REQUIRE(fake->notified == (state == AC__TIMER_FIRED));
        }
        free(fake);
    }
    __atomic_fetch_add(&done_threads, 1, __ATOMIC_RELEASE);
    return NULL;
}

START_TEST(firing_races_with_the_end_of_a_wait)
{
    pthread_t thread[THREADS];
    ac__clock_resume(&timers->clock);
    done_threads = 0;
    for (uintptr_t i = 0; i < THREADS; i++) pthread_create(&thread[i], NULL, sleeper, (void *)i);
    while (__atomic_load_n(&done_threads, __ATOMIC_ACQUIRE) < THREADS) {
        if (!ac__timers_fire(timers)) sched_yield();
        __atomic_store_n(&n_order, 0, __ATOMIC_RELAXED);
    }
    for (int i = 0; i < THREADS; i++) pthread_join(thread[i], NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("time: the wheel");
    TCase *wheel = tcase_create("wheel");
    tcase_add_checked_fixture(wheel, setup, teardown);
    tcase_set_timeout(wheel, 60);
    tcase_add_test(wheel, fires_at_the_first_millisecond_not_before_the_deadline);
    tcase_add_test(wheel, a_deadline_that_is_past_is_not_linked);
    tcase_add_test(wheel, timers_of_one_tick_fire_in_the_order_of_arming);
    tcase_add_test(wheel, reaches_a_century_ahead_and_never_never_comes);
    tcase_add_test(wheel, cancelling_takes_out_and_may_be_repeated);
    tcase_add_test(wheel, the_sleeper_hears_of_a_timer_only_if_it_is_the_earliest);
    tcase_add_test(wheel, more_than_fit_into_one_list_of_the_woken);
    tcase_add_test(wheel, paused_time_goes_to_the_earliest_timer_and_no_further);
    tcase_add_loop_test(wheel, agrees_with_a_plain_array, 0, 8);
    tcase_add_test(wheel, describes_itself);
    tcase_add_test(wheel, firing_races_with_the_end_of_a_wait);
    suite_add_tcase(suite, wheel);
    return run_suite(suite);
}

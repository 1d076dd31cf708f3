/* How long a thread looks on before it sleeps (sched/spin.h), with a clock that moves on by one microsecond a look at it. */
#include "suite.h"
#include "time/clock.h"

static int64_t fake_now;
static int64_t fake_clock(void) { return fake_now += 1000; }
#define ac__clock_system fake_clock
#include "../../runtime/sched/spin.c"

static unsigned looks, ready_after;
static bool ready(void *argument, unsigned turn)
{
    (void)argument;
    ck_assert_uint_eq(turn, looks);
    return ++looks > ready_after;
}

static bool look_on(struct ac__spin *spin, unsigned until)
{
    looks = 0;
    ready_after = until;
    return ac__spin_until(spin, ready, NULL);
}
enum { NEVER = 1000000 };

START_TEST(a_look_that_finds_something_is_as_long_again)
{
    struct ac__spin spin = ac__spin_new(2, 0);
    for (int i = 0; i < 100; i++) {
        ck_assert(look_on(&spin, 50));
        ck_assert_uint_eq(looks, 51);
    }
    ck_assert_uint_eq(spin.length, spin.most);
}
END_TEST

START_TEST(looks_in_vain_become_shorter_and_then_none)
{
    struct ac__spin spin = ac__spin_new(2, 0);
    unsigned before = NEVER, n = 0;
    for (; spin.length; n++) {
        ck_assert(!look_on(&spin, NEVER));
        ck_assert_uint_lt(looks, before);
        before = looks;
    }
    ck_assert_uint_gt(n, 1);
    ck_assert(!look_on(&spin, 0)); /* not one */
    ck_assert_uint_eq(looks, 0);
}
END_TEST

START_TEST(tries_come_twice_as_seldom_each_time_and_one_that_pays_is_followed_by_more)
{
    struct ac__spin spin = ac__spin_new(2, 0);
    while (spin.length) look_on(&spin, NEVER);
    unsigned waited[4];
    for (int i = 0; i < 4; i++) {
        for (waited[i] = 1; look_on(&spin, NEVER), looks == 0; waited[i]++) {}
        if (i > 0) ck_assert_uint_eq(waited[i], 2 * waited[i - 1]);
        ck_assert_uint_eq(spin.length, 0);
    }
    while (!look_on(&spin, 100)) {}
    ck_assert_uint_eq(spin.length, spin.most);
    ck_assert(look_on(&spin, 100));
}
END_TEST

START_TEST(none_is_longer_than_twice_what_a_sleep_was_seen_to_cost)
{
    struct ac__spin spin = ac__spin_new(2, 0);
    for (int i = 0; i < 100; i++) ac__spin_learn(&spin, 4000);
    ck_assert_uint_le(spin.most, 8010);
    for (int i = 0; i < 100; i++) ac__spin_learn(&spin, 1000000000);
    ck_assert_uint_le(spin.most, AC__SPIN_MOST);
    for (int i = 0; i < 100; i++) ac__spin_learn(&spin, 0);
    ck_assert_uint_ge(spin.most, AC__SPIN_LEAST);
}
END_TEST

START_TEST(none_is_longer_than_the_option_says)
{
    struct ac__spin spin = ac__spin_new(2, 5000);
    for (int i = 0; i < 100; i++) ac__spin_learn(&spin, 1000000000);
    ck_assert_uint_le(spin.most, 5000);
    spin = ac__spin_new(2, -1);
    ck_assert(!look_on(&spin, 0));
    ck_assert_uint_eq(looks, 0);
}
END_TEST

START_TEST(with_one_cpu_there_is_none)
{
    struct ac__spin spin = ac__spin_new(1, 0);
    for (int i = 0; i < 100; i++) ck_assert(!look_on(&spin, 0));
    ck_assert_uint_eq(looks, 0);
}
END_TEST

static struct ac__spin of_another;
static bool while_another_looks(void *argument, unsigned turn)
{
    if (turn == 2 * ROUND) {
        unsigned so_far = looks;
        ck_assert(!look_on(&of_another, NEVER));
        ck_assert_uint_eq(looks, ROUND); /* the short one that is free */
        looks = so_far;
    }
    (void)argument;
    return turn == 3 * ROUND;
}

START_TEST(no_more_threads_than_cpus_but_one_look_on_at_once)
{
    struct ac__spin spin = ac__spin_new(2, 0);
    of_another = ac__spin_new(2, 0);
    ck_assert(ac__spin_until(&spin, while_another_looks, NULL));
    ck_assert_uint_eq(of_another.length, of_another.most); /* which was not held against it */
    ck_assert(!look_on(&of_another, NEVER));
    ck_assert_uint_gt(looks, ROUND);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sched: looking on");
    TCase *spin = tcase_create("spin");
    tcase_add_test(spin, a_look_that_finds_something_is_as_long_again);
    tcase_add_test(spin, looks_in_vain_become_shorter_and_then_none);
    tcase_add_test(spin, tries_come_twice_as_seldom_each_time_and_one_that_pays_is_followed_by_more);
    tcase_add_test(spin, none_is_longer_than_twice_what_a_sleep_was_seen_to_cost);
    tcase_add_test(spin, none_is_longer_than_the_option_says);
    tcase_add_test(spin, with_one_cpu_there_is_none);
    tcase_add_test(spin, no_more_threads_than_cpus_but_one_look_on_at_once);
    suite_add_tcase(suite, spin);
    return run_suite(suite);
}

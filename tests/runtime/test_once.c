/* Once: what include/asyncc/once.h says. */
#include "hand.h"
#include <sched.h>

START_TEST(the_first_makes_it_and_the_others_wait)
{
    ac_once once = AC_ONCE_INIT;
    struct hand hand[3] = { HAND, HAND, HAND };
    struct ac_once_begin_future f[3];
    for (int i = 0; i < 3; i++) {
        ac_once_begin_init(&f[i], &once);
        ck_assert_int_eq(POLL_BY(&hand[i], ac_once_begin, &f[i]), i ? AC_PENDING : AC_READY);
    }
    ck_assert(f[0].result && !ac_once_is_done(&once));
    ac_once_end(&once, true);
    ck_assert(ac_once_is_done(&once));
    for (int i = 1; i < 3; i++) {
        ck_assert(woken(&hand[i]));
        ck_assert_int_eq(POLL_BY(&hand[i], ac_once_begin, &f[i]), AC_READY);
        ck_assert(!f[i].result);
    }
}
END_TEST

START_TEST(ending_what_nobody_began_is_fatal)
{
    ac_once once = AC_ONCE_INIT;
    ac_once_end(&once, true);
}
END_TEST

/* --- All orders --------------------------------------------------------------------------------------------------- */

enum state { NEW, WAITING, TURN, MAKING, DONE };
enum { ACTORS = 3, MADE = 2 * ACTORS, GAVE_UP, SYMBOLS };

struct world {
    ac_once once;
    struct hand hand[ACTORS];
    struct ac_once_begin_future f[ACTORS];
    enum state state[ACTORS];
    struct line queue;
    bool made, expect_wake[ACTORS];
    int maker; /* whose turn it is, -1 */
};

static void model_give_up(struct world *w)
{
    w->maker = w->queue.n ? line_pop(&w->queue) : -1;
    if (w->maker < 0) return;
    w->state[w->maker] = TURN;
    w->expect_wake[w->maker] = true;
}

static void model_made(struct world *w)
{
    w->made = true;
    w->maker = -1;
    while (w->queue.n) {
        int i = line_pop(&w->queue);
        w->state[i] = DONE;
        w->expect_wake[i] = true;
    }
}

/* AC_PENDING, or AC_READY with whether it is its turn. */
static int model_poll(struct world *w, int i, bool *turn)
{
    if (w->state[i] == NEW && w->made) w->state[i] = DONE;
    else if (w->state[i] == NEW && w->maker < 0) w->maker = i, w->state[i] = TURN;
    else if (w->state[i] == NEW) w->state[i] = WAITING, line_push(&w->queue, i);
    *turn = w->state[i] == TURN;
    if (w->state[i] == WAITING) return AC_PENDING;
    w->state[i] = *turn ? MAKING : NEW;
    return AC_READY;
}

static void model_drop(struct world *w, int i)
{
    enum state was = w->state[i];
    line_remove(&w->queue, i);
    w->state[i] = NEW;
    if (was == TURN) model_give_up(w);
}

static void end_turn(struct world *w, bool made)
{
    if (w->maker < 0 || w->state[w->maker] != MAKING) return;
    w->state[w->maker] = NEW;
    ac_once_begin_init(&w->f[w->maker], &w->once);
    ac_once_end(&w->once, made);
    if (made) model_made(w);
    else model_give_up(w);
}

static void run(const unsigned char *steps, unsigned n)
{
    struct world w = { .maker = -1 };
    for (int i = 0; i < ACTORS; i++) {
        w.hand[i] = (struct hand)HAND;
        ac_once_begin_init(&w.f[i], &w.once);
    }
    for (unsigned s = 0; s < n; s++) {
        int step = steps[s], i = step % ACTORS;
        if (step == MADE || step == GAVE_UP) {
            end_turn(&w, step == MADE);
        } else if (w.state[i] == MAKING) {
            continue;
        } else if (step < ACTORS) {
            bool turn;
            int expected = model_poll(&w, i, &turn);
            EXPECT(POLL_BY(&w.hand[i], ac_once_begin, &w.f[i]) == expected);
            if (expected == AC_READY) {
                EXPECT(w.f[i].result == turn);
                ac_once_begin_init(&w.f[i], &w.once);
            }
        } else {
            ac_once_begin_drop(&w.f[i]);
            model_drop(&w, i);
            ac_once_begin_init(&w.f[i], &w.once);
        }
        for (int k = 0; k < ACTORS; k++) {
            EXPECT(woken(&w.hand[k]) == w.expect_wake[k]);
            w.expect_wake[k] = false;
        }
        EXPECT(ac_once_is_done(&w.once) == w.made);
    }
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < ACTORS; i++)
            if (w.state[i] != MAKING)
                ac_once_begin_drop(&w.f[i]), model_drop(&w, i), ac_once_begin_init(&w.f[i], &w.once);
    end_turn(&w, false);
    EXPECT(w.once.ac__first == NULL && w.once.ac__state != AC__ONCE_RUNNING);
}

START_TEST(every_order_of_beginning_cancelling_and_ending) { explore(SYMBOLS, 6, run); }
END_TEST

/* --- ac_once_run: all orders, with a maker that waits until it is told how to end --------------------------------- */

enum { MAY_MAKE = 2 * ACTORS, MUST_FAIL, RUN_SYMBOLS };
enum order { WAIT, MAKE, FAIL };

struct obeying_future {
    bool result;
    enum order *order;
};
static int makers; /* that were begun and not ended */
static int obeying_poll(void *future, ac_context *cx)
{
    struct obeying_future *self = future;
    (void)cx;
    if (*self->order == WAIT) return AC_PENDING;
    self->result = *self->order == MAKE;
    *self->order = WAIT;
    makers--;
    return AC_READY;
}
static void obeying_drop(void *future)
{
    (void)future;
    makers--;
}
static const ac_descriptor obeying_descriptor = {
    .name = "obeying",
    .size = sizeof(struct obeying_future),
    .align = 64, /* such a frame comes from the allocator: no worker is here */
    .result_offset = offsetof(struct obeying_future, result),
    .result_size = sizeof(bool),
    .poll = obeying_poll,
    .drop = obeying_drop,
};
static bool obeying(void *order)
{
    *(struct obeying_future *)ac__enter(&obeying_descriptor) = (struct obeying_future){ .order = order };
    makers++;
    return false;
}

/* The queue is that of the world above; the turn is with the maker until it ends. */
struct running_world {
    struct world w;
    struct ac_once_run_future f[ACTORS];
    enum order order;
};

static void poll_run(struct running_world *r, int i, const unsigned char *steps, unsigned n)
{
    struct world *w = &r->w;
    bool turn = w->state[i] == MAKING;
    int expected = turn ? AC_READY : model_poll(w, i, &turn);
    bool result = !turn || r->order == MAKE;
    if (turn && r->order == WAIT) expected = AC_PENDING;
    EXPECT(POLL_BY(&w->hand[i], ac_once_run, &r->f[i]) == expected);
    if (expected == AC_PENDING) return;
    EXPECT(r->f[i].result == result);
    ac_once_run_init(&r->f[i], &w->once, obeying, &r->order);
    w->state[i] = NEW;
    if (turn && result) model_made(w);
    else if (turn) model_give_up(w);
}

static void drop_run(struct running_world *r, int i)
{
    enum state was = r->w.state[i];
    ac_once_run_drop(&r->f[i]);
    ac_once_run_init(&r->f[i], &r->w.once, obeying, &r->order);
    model_drop(&r->w, i);
    if (was == MAKING) model_give_up(&r->w);
}

static void run_running(const unsigned char *steps, unsigned n)
{
    struct running_world r = { .w = { .maker = -1 } };
    struct world *w = &r.w;
    makers = 0;
    for (int i = 0; i < ACTORS; i++) {
        w->hand[i] = (struct hand)HAND;
        ac_once_run_init(&r.f[i], &w->once, obeying, &r.order);
    }
    for (unsigned s = 0; s < n; s++) {
        int step = steps[s];
        if (step == MAY_MAKE) r.order = MAKE;
        else if (step == MUST_FAIL) r.order = FAIL;
        else if (step < ACTORS) poll_run(&r, step, steps, n);
        else drop_run(&r, step % ACTORS);
        for (int k = 0; k < ACTORS; k++) {
            EXPECT(woken(&w->hand[k]) == w->expect_wake[k]);
            w->expect_wake[k] = false;
        }
        EXPECT(ac_once_is_done(&w->once) == w->made);
        EXPECT(makers == (w->maker >= 0 && w->state[w->maker] == MAKING));
    }
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < ACTORS; i++) drop_run(&r, i);
    EXPECT(makers == 0 && w->once.ac__first == NULL && w->once.ac__state != AC__ONCE_RUNNING);
}

START_TEST(every_order_of_running_cancelling_making_and_failing)
{
    explore(RUN_SYMBOLS, 5, run_running);
    explore_some(RUN_SYMBOLS, 12, 100000, run_running);
}
END_TEST

/* --- ac_once_run, under real schedulers --------------------------------------------------------------------------- */

static ac_once shared = AC_ONCE_INIT;
static int attempts, made, waiting;

/* What `async bool make(void *)` is in C: a future, and a function that makes it where the caller asked for it. */
SCRIPT(make, bool fails; int i; struct ac_yield_future yield;)
{
    BEGIN;
    __atomic_add_fetch(&attempts, 1, __ATOMIC_RELAXED);
    for (self->i = 0; self->i < 300; self->i++) YIELD();
    if (!self->fails) made++;
    memset(&self->result, !self->fails, 1); /* a script's result is an int, and a bool is asked for */
    END;
}
static bool fails_next;
static bool make(void *argument)
{
    struct make_future *self = ac__enter(&make_descriptor);
    *self = (struct make_future){ .fails = argument && __atomic_exchange_n((bool *)argument, false, __ATOMIC_RELAXED) };
    return false;
}

SCRIPT(need, struct ac_once_run_future once;)
{
    BEGIN;
    __atomic_add_fetch(&waiting, 1, __ATOMIC_RELAXED);
    AWAIT(ac_once_run, once, &shared, make, &fails_next);
    if (self->once.result) REQUIRE(made == 1);
    self->result = self->once.result;
    END;
}

START_TEST(it_is_made_once_though_makers_fail_and_are_aborted)
{
    const unsigned workers[] = { 1, 2, 8 };
    ac_runtime *rt = new_runtime((ac_runtime_options){
        .flavor = AC_MULTI_THREAD, /* this thread blocks meanwhile */ .worker_threads = workers[_i] });
    for (int round = 0; round < 30; round++) {
        void *task[6];
        int value, said_no = 0;
        shared = (ac_once)AC_ONCE_INIT;
        made = attempts = 0;
        fails_next = round % 2;
        for (int i = 0; i < 6; i++) task[i] = SPAWN(rt, need, 0);
        if (round % 3 == 0) { /* one is at it: probably not the one that is spared */
            while (__atomic_load_n(&attempts, __ATOMIC_RELAXED) == 0) sched_yield();
            for (int i = 0; i < 5; i++) ac_abort(task[i]);
        } else {
            ac_abort(task[round % 6]);
        }
        for (int i = 0; i < 6; i++)
            if (join_task(rt, task[i], &value) == 0) said_no += !value;
        ck_assert_int_eq(made, 1);
        ck_assert_int_le(said_no, round % 2);
        ck_assert(ac_once_is_done(&shared));
    }
    end_runtime(rt);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("once");
    TCase *tests = tcase_create("once");
    tcase_add_test(tests, the_first_makes_it_and_the_others_wait);
    tcase_add_test_raise_signal(tests, ending_what_nobody_began_is_fatal, SIGABRT);
    tcase_add_test(tests, every_order_of_beginning_cancelling_and_ending);
    tcase_add_test(tests, every_order_of_running_cancelling_making_and_failing);
    tcase_add_loop_test(tests, it_is_made_once_though_makers_fail_and_are_aborted, 0, 3);
    tcase_set_timeout(tests, 30);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

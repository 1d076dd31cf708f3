/* Schedulers: every flavor with several numbers of workers; fairness, stealing, sleeping, shutdown. */
#include "core.h"
#include <sched.h>
#include <time.h>

/* Each test runs once for each of these. ASYNCC_FLAVOR chooses; a current-thread runtime has one worker anyway. */
static const unsigned worker_counts[] = { 1, 2, 8 };
static ac_runtime *with_workers(int i)
{
    return new_runtime((ac_runtime_options){ .worker_threads = worker_counts[i] });
}
static ac_runtime *multi(unsigned workers)
{
    return new_runtime((ac_runtime_options){ .flavor = AC_MULTI_THREAD, .worker_threads = workers });
}
static ac_runtime *current(void) { return new_runtime((ac_runtime_options){ .flavor = AC_CURRENT_THREAD }); }

SCRIPT(later, int is; int yields; int *count; struct ac_yield_future yield;)
{
    BEGIN;
    for (; self->yields > 0; self->yields--) YIELD();
    if (self->count) add(self->count, 1);
    RETURN(self->is);
    END;
}

/* Spawns n tasks and joins them all. */
SCRIPT(fans_out, int n; int yields; int i; void **tasks; struct ac_op_join_future join;)
{
    BEGIN;
    self->tasks = calloc((size_t)self->n, sizeof *self->tasks);
    for (int i = 0; i < self->n; i++) self->tasks[i] = SPAWN_IN(later, .is = 1, .yields = self->yields);
    for (; self->i < self->n; self->i++) {
        AWAIT(ac_op_join, join, &self->tasks[self->i]);
        self->result += *(const int *)ac_op_join_value(&self->join);
        ac_op_join_drop(&self->join);
    }
    free(self->tasks);
    return AC_READY;
    END;
}

SCRIPT(passes, struct gate *gate; int *started; int *passed; struct gate_future wait;)
{
    BEGIN;
    if (self->started) add(self->started, 1);
    AWAIT(gate, wait, self->gate);
    if (self->passed) add(self->passed, 1);
    RETURN(1);
    END;
}

/* --- Spawning ------------------------------------------------------------------------------------------------------*/

START_TEST(many_tasks_from_outside)
{
    ac_runtime *rt = with_workers(_i);
    ck_assert_int_eq(RUN(rt, fans_out, .n = 3000, .yields = 1), 3000);
    end_runtime(rt);
}
END_TEST

START_TEST(many_tasks_from_a_task_overflow_the_ring)
{
    ac_runtime *rt = with_workers(_i);
    void *task = SPAWN(rt, fans_out, .n = 3000, .yields = 2);
    int sum = 0;
    ck_assert_int_eq(join_task(rt, task, &sum), 0);
    ck_assert_int_eq(sum, 3000);
    end_runtime(rt);
}
END_TEST

struct outside {
    ac_runtime *rt;
    int *count;
};
static void *spawn_500(void *argument)
{
    struct outside *outside = argument;
    for (int i = 0; i < 500; i++) ac_detach(SPAWN(outside->rt, later, .yields = i % 3, .count = outside->count));
    return NULL;
}

START_TEST(spawning_from_several_threads_at_once)
{
    ac_runtime *rt = with_workers(_i);
    int count = 0;
    struct outside outside = { rt, &count };
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, spawn_500, &outside);
    while (count_of(&count) < 2000) RUN(rt, later, .yields = 1);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    end_runtime(rt);
}
END_TEST

SCRIPT(chain, int left; int *done;)
{
    (void)cx;
    if (self->left == 0) add(self->done, 1);
    else ac_detach(SPAWN_IN(chain, .left = self->left - 1, .done = self->done));
    return AC_READY;
}

START_TEST(a_chain_of_spawns)
{
    ac_runtime *rt = with_workers(_i);
    int done = 0;
    ac_detach(SPAWN(rt, chain, .left = 2000, .done = &done));
    while (!count_of(&done)) RUN(rt, later, .yields = 1);
    end_runtime(rt);
}
END_TEST

/* --- Fairness ------------------------------------------------------------------------------------------------------*/

/* Two tasks that wake each other without end, by gates of one shot. */
struct pair {
    struct gate side[2];
    int *stop, *rounds;
};
SCRIPT(plays, struct pair *pair; int side; struct gate_future wait;)
{
    BEGIN;
    while (!count_of(self->pair->stop)) {
        gate_wake(&self->pair->side[!self->side], 1, false);
        if (count_of(self->pair->stop)) break;
        AWAIT(gate, wait, &self->pair->side[self->side]);
        add(self->pair->rounds, 1);
    }
    gate_open(&self->pair->side[!self->side]);
    END;
}

START_TEST(ping_pong_pairs_do_not_starve_a_yielding_task)
{
    enum { PAIRS = 100 };
    ac_runtime *rt = with_workers(_i);
    static struct pair pairs[PAIRS];
    int stop = 0, rounds = 0;
    void *tasks[PAIRS][2];
    for (int i = 0; i < PAIRS; i++) {
        pairs[i] = (struct pair){ .stop = &stop, .rounds = &rounds };
        for (int side = 0; side < 2; side++) tasks[i][side] = SPAWN(rt, plays, .pair = &pairs[i], .side = side);
    }
    void *yielder = SPAWN(rt, later, .yields = 100);
    ck_assert_int_eq(join_task(rt, yielder, NULL), 0);
    add(&stop, 1);
    for (int i = 0; i < PAIRS; i++) {
        for (int side = 0; side < 2; side++) gate_open(&pairs[i].side[side]);
        for (int side = 0; side < 2; side++) ck_assert_int_eq(join_task(rt, tasks[i][side], NULL), 0);
    }
    end_runtime(rt);
}
END_TEST

SCRIPT(respawns, int *stop;)
{
    if (!count_of(self->stop)) ac_detach(SPAWN_IN(respawns, .stop = self->stop));
    return AC_READY;
}

START_TEST(a_task_that_respawns_itself_does_not_starve_others)
{
    ac_runtime *rt = with_workers(_i);
    int stop = 0;
    ac_detach(SPAWN(rt, respawns, .stop = &stop));
    ck_assert_int_eq(join_task(rt, SPAWN(rt, later, .yields = 50), NULL), 0);
    add(&stop, 1);
    RUN(rt, later, .yields = 5);
    end_runtime(rt);
}
END_TEST

/* The readiness of a pipe and a timer must get through beside tasks that are always ready. */
SCRIPT(naps, struct ac_sleep_future sleep;)
{
    BEGIN;
    AWAIT(ac_sleep, sleep, ac_ms(2));
    RETURN(1);
    END;
}

START_TEST(timers_fire_while_the_scheduler_is_saturated)
{
    ac_runtime *rt = with_workers(_i);
    int stop = 0;
    for (int i = 0; i < 20; i++) ac_detach(SPAWN(rt, respawns, .stop = &stop));
    ck_assert_int_eq(join_task(rt, SPAWN(rt, naps), NULL), 0);
    add(&stop, 1);
    RUN(rt, later, .yields = 5);
    end_runtime(rt);
}
END_TEST

/* A yield reaches the driver: a task that only yields sees the timer of another fire. */
SCRIPT(yields_until, int *flag; struct ac_yield_future yield;)
{
    BEGIN;
    while (!count_of(self->flag)) YIELD();
    END;
}
SCRIPT(naps_then_flags, int *flag; struct ac_sleep_future sleep;)
{
    BEGIN;
    AWAIT(ac_sleep, sleep, ac_ms(2));
    add(self->flag, 1);
    END;
}

START_TEST(a_yield_reaches_the_driver)
{
    ac_runtime *rt = with_workers(_i);
    int flag = 0;
    void *yielder = SPAWN(rt, yields_until, .flag = &flag);
    ac_detach(SPAWN(rt, naps_then_flags, .flag = &flag));
    ck_assert_int_eq(join_task(rt, yielder, NULL), 0);
    end_runtime(rt);
}
END_TEST

/* --- Stealing ------------------------------------------------------------------------------------------------------*/

SCRIPT(spins_until, int *flag; int n;)
{
    while (count_of(self->flag) < self->n) sched_yield();
    return AC_READY;
}

/* Spawns tasks and then holds its worker until they have run: others must take them. */
SCRIPT(hogs, int n; int *count;)
{
    for (int i = 0; i < self->n; i++) ac_detach(SPAWN_IN(later, .count = self->count));
    while (count_of(self->count) < self->n) sched_yield();
    return AC_READY;
}

START_TEST(others_take_the_tasks_of_a_busy_worker)
{
    ac_runtime *rt = multi(2);
    for (int round = 0; round < 20; round++) {
        int count = 0;
        ck_assert_int_eq(join_task(rt, SPAWN(rt, hogs, .n = 100, .count = &count), NULL), 0);
    }
    end_runtime(rt);
}
END_TEST

SCRIPT(meets, int *arrived; int n;)
{
    add(self->arrived, 1);
    while (count_of(self->arrived) < self->n) sched_yield();
    return AC_READY;
}
SCRIPT(calls_a_meeting, int n; int i; int arrived; void *tasks[8]; struct ac_op_join_result_future join;)
{
    BEGIN;
    for (int i = 0; i < self->n; i++) self->tasks[i] = SPAWN_IN(meets, .arrived = &self->arrived, .n = self->n);
    for (; self->i < self->n; self->i++) AWAIT(ac_op_join_result, join, &self->tasks[self->i], NULL, 0);
    END;
}

START_TEST(as_many_tasks_run_at_once_as_there_are_workers)
{
    ac_runtime *rt = multi(8);
    for (int round = 0; round < 50; round++) {
        ck_assert_int_eq(join_task(rt, SPAWN(rt, calls_a_meeting, .n = 8), NULL), 0); /* spawned by a worker */
        RUN(rt, calls_a_meeting, .n = 8);                                             /* … and from outside */
    }
    end_runtime(rt);
}
END_TEST

/* --- Waking --------------------------------------------------------------------------------------------------------*/

static void *wake_from_outside(void *argument)
{
    struct pair *pair = argument;
    while (!count_of(pair->stop)) {
        gate_wake(&pair->side[0], 1, false);
        sched_yield();
    }
    return NULL;
}
SCRIPT(passes_often, struct pair *pair; int left; struct gate_future wait;)
{
    BEGIN;
    for (; self->left > 0; self->left--) AWAIT(gate, wait, &self->pair->side[0]);
    END;
}

START_TEST(wakes_from_a_thread_outside)
{
    ac_runtime *rt = with_workers(_i);
    int stop = 0;
    struct pair pair = { .stop = &stop };
    pthread_t thread;
    pthread_create(&thread, NULL, wake_from_outside, &pair);
    void *task = SPAWN(rt, passes_often, .pair = &pair, .left = 500);
    RUN(rt, passes_often, .pair = &pair, .left = 500);
    ck_assert_int_eq(join_task(rt, task, NULL), 0);
    add(&stop, 1);
    pthread_join(thread, NULL);
    end_runtime(rt);
}
END_TEST

START_TEST(one_wake_of_many_waiters)
{
    enum { N = 1000 };
    ac_runtime *rt = with_workers(_i);
    struct gate gate = { 0 };
    int started = 0, passed = 0;
    for (int i = 0; i < N; i++) ac_detach(SPAWN(rt, passes, .gate = &gate, .started = &started, .passed = &passed));
    while (count_of(&started) < N) RUN(rt, later, .yields = 1);
    gate_open(&gate);
    while (count_of(&passed) < N) RUN(rt, later, .yields = 1);
    end_runtime(rt);
}
END_TEST

/* --- Several runtimes, several threads -----------------------------------------------------------------------------*/

static void *block_on_it(void *argument)
{
    struct outside *outside = argument;
    for (int i = 0; i < 50; i++) ck_assert_int_eq(RUN(outside->rt, fans_out, .n = 10, .yields = 2), 10);
    add(outside->count, 1);
    return NULL;
}

START_TEST(several_threads_in_block_on_of_one_runtime)
{
    ac_runtime *rt = with_workers(_i);
    int count = 0;
    struct outside outside = { rt, &count };
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, block_on_it, &outside);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    ck_assert_int_eq(count, 3);
    end_runtime(rt);
}
END_TEST

SCRIPT(joins_foreign, void *task; struct ac_op_join_future join;)
{
    BEGIN;
    AWAIT(ac_op_join, join, &self->task);
    self->result = *(const int *)ac_op_join_value(&self->join);
    ac_op_join_drop(&self->join);
    return AC_READY;
    END;
}

START_TEST(a_task_joins_one_of_another_runtime)
{
    ac_runtime *a = with_workers(_i), *b = multi(2);
    for (int i = 0; i < 200; i++)
        ck_assert_int_eq(RUN(a, joins_foreign, .task = SPAWN(b, later, .is = i, .yields = i % 3)), i);
    end_runtime(b);
    end_runtime(a);
}
END_TEST

START_TEST(a_handle_outlives_its_runtime)
{
    ac_runtime *rt = with_workers(_i);
    void *finished = SPAWN(rt, later, .is = 4);
    RUN(rt, later, .yields = 5);
    for (int i = 0; i < 10000 && !ac_is_finished(finished); i++) usleep(100);
    struct gate gate = { 0 };
    void *waiting = SPAWN(rt, passes, .gate = &gate);
    end_runtime(rt);
    ck_assert(ac_is_finished(finished) && ac_is_finished(waiting));
    ac_runtime *other = with_workers(_i);
    int got = 0;
    ck_assert_int_eq(join_task(other, finished, &got), 0);
    ck_assert_int_eq(got, 4);
    ck_assert_int_eq(join_task(other, waiting, NULL), -ECANCELED);
    end_runtime(other);
}
END_TEST

/* --- Shutdown ------------------------------------------------------------------------------------------------------*/

SCRIPT(holds, struct dropped *dropped; int *started; struct hold_future hold;)
{
    BEGIN;
    add(self->started, 1);
    AWAIT(hold, hold, self->dropped);
    END;
}

START_TEST(shutdown_drops_the_tasks_that_wait)
{
    ac_runtime *rt = with_workers(_i);
    struct dropped dropped = { 0 };
    int started = 0;
    for (int i = 0; i < 100; i++) ac_detach(SPAWN(rt, holds, .dropped = &dropped, .started = &started));
    while (count_of(&started) < 100) RUN(rt, later, .yields = 1);
    end_runtime(rt);
    ck_assert_int_eq(dropped.times, 100);
}
END_TEST

static void *open_for_ever(void *argument)
{
    struct pair *pair = argument;
    while (!count_of(pair->stop)) gate_wake(&pair->side[0], ~0u, false);
    return NULL;
}

START_TEST(shutdown_while_tasks_are_being_woken)
{
    for (int round = 0; round < 30; round++) {
        ac_runtime *rt = with_workers(_i);
        int stop = 0;
        struct pair pair = { .stop = &stop };
        pthread_t thread;
        pthread_create(&thread, NULL, open_for_ever, &pair);
        for (int i = 0; i < 50; i++) ac_detach(SPAWN(rt, passes_often, .pair = &pair, .left = 1000000));
        RUN(rt, later, .yields = 20);
        end_runtime(rt);
        add(&stop, 1);
        pthread_join(thread, NULL);
    }
}
END_TEST

static int64_t seconds_since(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec - start->tv_sec;
}

START_TEST(shutdown_does_not_wait_longer_than_told)
{
    ac_runtime *rt = multi(2);
    static int never; /* the thread that waits for it is left behind */
    int count = 0;
    ac_detach(SPAWN(rt, spins_until, .flag = &never, .n = 1));
    ac_detach(SPAWN(rt, later, .count = &count));
    ck_assert(reaches(&count, 1));
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    ck_assert(!ac_runtime_shutdown(rt, 0));
    ck_assert_int_lt(seconds_since(&start), 5);
}
END_TEST

/* Sleeps, then holds its worker until the other has slept too; gives whether that came about. */
SCRIPT(holds_its_worker, int *other; struct ac_sleep_future sleep;)
{
    BEGIN;
    AWAIT(ac_sleep, sleep, ac_ms(20));
    RETURN(reaches(self->other, 1));
    END;
}
SCRIPT(sleeps_longer, int *done; struct ac_sleep_future sleep;)
{
    BEGIN;
    AWAIT(ac_sleep, sleep, ac_ms(60));
    add(self->done, 1);
    return AC_READY;
    END;
}

/* The worker that comes back from the driver for the first sleep is held by it; the other, asleep since the start, has to
 * see to the second. After a rest, in which nobody looks after the driver, once more. */
START_TEST(a_worker_that_is_held_does_not_hold_up_timers)
{
    ac_runtime *rt = multi(2);
    for (int round = 0; round < 3; round++) {
        int done = 0, saw = 0;
        usleep(60000);
        void *holder = SPAWN(rt, holds_its_worker, .other = &done);
        ac_detach(SPAWN(rt, sleeps_longer, .done = &done));
        ck_assert_int_eq(join_task(rt, holder, &saw), 0);
        ck_assert(saw);
    }
    end_runtime(rt);
}
END_TEST

/* --- Blocking in place ---------------------------------------------------------------------------------------------*/

static void wait_for_count(void *argument)
{
    int *count = argument;
    while (count_of(count) < 10) usleep(100);
}
SCRIPT(blocks_in_place, int *count; bool yields; struct ac_yield_future yield;)
{
    BEGIN;
    for (int i = 0; i < 10; i++) ac_detach(SPAWN_IN(later, .yields = i, .count = self->count));
    ac_block_in_place(wait_for_count, self->count);
    if (self->yields) YIELD();
    add(self->count, 1);
    RETURN(count_of(self->count));
    END;
}

START_TEST(block_in_place_hands_the_queue_over)
{
    ac_runtime *rt = multi(1);
    for (int round = 0; round < 20; round++) {
        int count = 0, got = 0;
        void *task = SPAWN(rt, blocks_in_place, .count = &count, .yields = round % 2);
        ck_assert_int_eq(join_task(rt, task, &got), 0);
        ck_assert_int_eq(got, 11);
    }
    end_runtime(rt);
}
END_TEST

static void nothing(void *argument) { (void)argument; }
SCRIPT(blocks_briefly, int left; struct ac_yield_future yield;)
{
    BEGIN;
    for (; self->left > 0; self->left--) {
        ac_block_in_place(nothing, NULL);
        YIELD();
    }
    END;
}

START_TEST(block_in_place_takes_the_worker_back)
{
    ac_runtime *rt = with_workers(_i);
    void *tasks[5];
    for (int i = 0; i < 5; i++) tasks[i] = SPAWN(rt, blocks_briefly, .left = 100);
    for (int i = 0; i < 5; i++) ck_assert_int_eq(join_task(rt, tasks[i], NULL), 0);
    end_runtime(rt);
    ac_block_in_place(nothing, NULL);
}
END_TEST

/* --- Determinism ---------------------------------------------------------------------------------------------------*/

/* Appends its name at each of its turns, which it takes at random. */
SCRIPT(writes, char name; char *text; int turns; struct ac_yield_future yield;)
{
    BEGIN;
    for (; self->turns > 0; self->turns--) {
        strncat(self->text, &self->name, 1);
        if (ac__random(cx, 2)) YIELD();
    }
    END;
}

static void write_with_seed(uint64_t seed, char text[200], ac_flavor flavor)
{
    ac_runtime *rt = new_runtime((ac_runtime_options){ .flavor = flavor, .worker_threads = 1, .seed = seed });
    text[0] = '\0';
    void *tasks[8];
    for (int i = 0; i < 8; i++) tasks[i] = SPAWN(rt, writes, .name = (char)('a' + i), .text = text, .turns = 20);
    for (int i = 0; i < 8; i++) ck_assert_int_eq(join_task(rt, tasks[i], NULL), 0);
    end_runtime(rt);
}

START_TEST(the_same_seed_gives_the_same_order)
{
    char first[200], second[200], other[200];
    write_with_seed(7, first, AC_CURRENT_THREAD);
    write_with_seed(7, second, AC_CURRENT_THREAD);
    write_with_seed(8, other, AC_CURRENT_THREAD);
    ck_assert_str_eq(first, second);
    ck_assert_str_ne(first, other);
}
END_TEST

/* --- Options, hooks, metrics ---------------------------------------------------------------------------------------*/

static void started(void *counts) { add(&((int *)counts)[0], 1); }
static void stopped(void *counts) { add(&((int *)counts)[1], 1); }
static void parked(void *counts) { add(&((int *)counts)[2], 1); }
static void unparked(void *counts) { add(&((int *)counts)[3], 1); }

START_TEST(hooks_are_called_on_each_thread)
{
    int counts[4] = { 0 };
    ac_runtime *rt = new_runtime((ac_runtime_options){ .flavor = AC_MULTI_THREAD,
                                                       .worker_threads = 3,
                                                       .on_thread_start = started,
                                                       .on_thread_stop = stopped,
                                                       .on_thread_park = parked,
                                                       .on_thread_unpark = unparked,
                                                       .hook_context = counts,
                                                       .thread_name = "three" });
    RUN(rt, fans_out, .n = 10, .yields = 1);
    ck_assert(reaches(&counts[2], 3));
    end_runtime(rt);
    ck_assert_int_eq(counts[0], 3);
    ck_assert_int_eq(counts[1], 3);
    ck_assert_int_eq(counts[2], counts[3]);
}
END_TEST

START_TEST(metrics_count)
{
    ac_runtime *rt = with_workers(_i);
    RUN(rt, fans_out, .n = 100, .yields = 3);
    ac_runtime_metrics metrics;
    ac_runtime_metrics_get(rt, &metrics);
    ck_assert_uint_ge(metrics.tasks_spawned, 101);
    ck_assert_uint_ge(metrics.polls, 401);
    ck_assert_uint_eq(metrics.yields, 300);
    ck_assert_uint_eq(metrics.global_queued, 0);
    end_runtime(rt);
}
END_TEST

START_TEST(another_loop_drives_the_runtime)
{
    ac_runtime *rt = current();
    void *task = SPAWN(rt, naps);
    ck_assert_int_eq(ac_runtime_next_deadline(rt), 0);
    int polls = 0;
    while (!ac_is_finished(task)) {
        polls += (int)ac_runtime_turn(rt, 0);
        ac_instant next = ac_runtime_next_deadline(rt);
        if (next > ac_now() && !ac_is_finished(task)) usleep((useconds_t)((next - ac_now()) / 1000));
    }
    ck_assert_int_eq(polls, 2);
    ck_assert_int_eq(ac_runtime_next_deadline(rt), INT64_MAX);
    ac_detach(task);
    /* What another thread spawns makes the descriptor readable. */
    int count = 0;
    ac_detach(SPAWN(rt, later, .count = &count));
    fd_set set;
    FD_ZERO(&set);
    FD_SET(ac_runtime_fd(rt), &set);
    ck_assert_int_eq((select)(ac_runtime_fd(rt) + 1, &set, NULL, NULL, &(struct timeval){ 5, 0 }), 1);
    ac_runtime_turn(rt, 0);
    ck_assert_int_eq(count, 1);
    end_runtime(rt);
}
END_TEST

/* --- Memory --------------------------------------------------------------------------------------------------------*/

#include "mem/slab.h"

START_TEST(slabs_are_given_back)
{
    ac_runtime *rt = with_workers(_i);
    RUN(rt, fans_out, .n = 10);
    size_t before = ac__slabs_bytes();
    RUN(rt, fans_out, .n = 50000, .yields = 1);
    end_runtime(rt);
    size_t after = ac__slabs_bytes();
    ck_assert_uint_le(after, before + (size_t)4 * 1024 * 1024);
}
END_TEST

int main(void)
{
    const int counts = sizeof worker_counts / sizeof *worker_counts;
    Suite *suite = suite_create("schedulers");
    TCase *each = tcase_create("each number of workers");
    tcase_set_timeout(each, 60);
    tcase_add_loop_test(each, many_tasks_from_outside, 0, counts);
    tcase_add_loop_test(each, many_tasks_from_a_task_overflow_the_ring, 0, counts);
    tcase_add_loop_test(each, spawning_from_several_threads_at_once, 0, counts);
    tcase_add_loop_test(each, a_chain_of_spawns, 0, counts);
    tcase_add_loop_test(each, ping_pong_pairs_do_not_starve_a_yielding_task, 0, counts);
    tcase_add_loop_test(each, a_task_that_respawns_itself_does_not_starve_others, 0, counts);
    tcase_add_loop_test(each, timers_fire_while_the_scheduler_is_saturated, 0, counts);
    tcase_add_loop_test(each, a_yield_reaches_the_driver, 0, counts);
    tcase_add_loop_test(each, wakes_from_a_thread_outside, 0, counts);
    tcase_add_loop_test(each, one_wake_of_many_waiters, 0, counts);
    tcase_add_loop_test(each, several_threads_in_block_on_of_one_runtime, 0, counts);
    tcase_add_loop_test(each, a_task_joins_one_of_another_runtime, 0, counts);
    tcase_add_loop_test(each, a_handle_outlives_its_runtime, 0, counts);
    tcase_add_loop_test(each, shutdown_drops_the_tasks_that_wait, 0, counts);
    tcase_add_loop_test(each, shutdown_while_tasks_are_being_woken, 0, counts);
    tcase_add_loop_test(each, block_in_place_takes_the_worker_back, 0, counts);
    tcase_add_loop_test(each, metrics_count, 0, counts);
    tcase_add_loop_test(each, slabs_are_given_back, 0, counts);
    suite_add_tcase(suite, each);

    TCase *one = tcase_create("one of each");
    tcase_set_timeout(one, 60);
    tcase_add_test(one, others_take_the_tasks_of_a_busy_worker);
    tcase_add_test(one, as_many_tasks_run_at_once_as_there_are_workers);
    tcase_add_test(one, shutdown_does_not_wait_longer_than_told);
    tcase_add_test(one, a_worker_that_is_held_does_not_hold_up_timers);
    tcase_add_test(one, block_in_place_hands_the_queue_over);
    tcase_add_test(one, the_same_seed_gives_the_same_order);
    tcase_add_test(one, hooks_are_called_on_each_thread);
    tcase_add_test(one, another_loop_drives_the_runtime);
    suite_add_tcase(suite, one);
    return run_suite(suite);
}

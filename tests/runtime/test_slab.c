/* Slabs: cells of any size from any thread, freed anywhere. */
#include "core.h"
#include "mem/slab.h"
#include "sched/thread.h"
#include "task/task.h"
#include <asyncc/asyncc.h>

START_TEST(cells_are_aligned_and_apart)
{
    enum { N = 400 };
    static char *cells[N];
    for (size_t size = 1; size <= 20000; size = size * 5 / 4 + 1) {
        for (int i = 0; i < N / 10; i++) {
            cells[i] = ac__cell_alloc(size);
            REQUIRE(cells[i] && (uintptr_t)cells[i] % 16 == 0);
            memset(cells[i], i, size);
        }
        for (int i = 0; i < N / 10; i++) {
            for (size_t k = 0; k < size; k++) REQUIRE(cells[i][k] == (char)i);
            ac__cell_free(cells[i]);
        }
    }
    ac__cell_free(NULL);
}
END_TEST

/* --- A cache by itself ---------------------------------------------------------------------------------------------*/

static struct ac__cache *cache;
static void own(void)
{
    cache = ac__cache_open();
    ac__thread.cells = cache;
}
static void disown(void)
{
    ac__thread.cells = NULL;
    ac__cache_close(cache);
}

START_TEST(a_freed_cell_is_the_next_one)
{
    void *first = ac__cell_alloc(100);
    ac__cell_free(first);
    void *second = ac__cell_alloc(100);
#if !defined __SANITIZE_ADDRESS__
    ck_assert_ptr_eq(first, second);
#endif
    ac__cell_free(second);
}
END_TEST

static void *free_all(void *cells)
{
    for (void **cell = cells; *cell; cell++) ac__cell_free(*cell);
    return NULL;
}

/* What other threads free comes home: the memory does not grow with the rounds. */
START_TEST(cells_freed_elsewhere_come_home)
{
    enum { N = 5000 };
    static void *cells[N + 1];
    size_t after_first = 0;
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < N; i++) REQUIRE((cells[i] = ac__cell_alloc(64 + (size_t)i % 3 * 64)) != NULL);
        pthread_t thread;
        pthread_create(&thread, NULL, free_all, cells);
        pthread_join(thread, NULL);
        if (round == 0) after_first = ac__slabs_bytes();
    }
    ck_assert_uint_le(ac__slabs_bytes(), after_first);
}
END_TEST

START_TEST(empty_slabs_are_given_back_at_a_quiet_point)
{
    enum { N = 20000 };
    static void *cells[N];
    size_t before = ac__slabs_bytes();
    for (int i = 0; i < N; i++) REQUIRE((cells[i] = ac__cell_alloc(256)) != NULL);
    size_t full = ac__slabs_bytes();
    for (int i = 0; i < N; i++) ac__cell_free(cells[i]);
    ac__cache_trim(cache); /* they were needed until now */
    ac__cache_trim(cache);
#if !defined __SANITIZE_ADDRESS__
    ck_assert_uint_ge(full, before + N * 256);
#endif
    ck_assert_uint_le(ac__slabs_bytes(), before + (size_t)10 * 64 * 1024); /* some are kept */
    (void)full;
}
END_TEST

/* A program that does the same again after each quiet moment gets its slabs again. */
START_TEST(slabs_that_are_needed_again_are_kept)
{
    enum { N = 20000 };
    static void *cells[N];
    size_t first = 0;
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < N; i++) REQUIRE((cells[i] = ac__cell_alloc(256)) != NULL);
        for (int i = 0; i < N; i++) ac__cell_free(cells[i]);
        ac__cache_trim(cache);
        if (round == 0) first = ac__slabs_bytes();
        ck_assert_uint_eq(ac__slabs_bytes(), first);
    }
    ac__cache_trim(cache);
#if !defined __SANITIZE_ADDRESS__
    ck_assert_uint_lt(ac__slabs_bytes(), first);
#endif
}
END_TEST

/* Of each size a hundred cells. */
enum { SIZES = 40, OF_EACH = 100 };
static void **cells_of_all_sizes(void)
{
    static void *cells[SIZES * OF_EACH + 1];
    for (int i = 0; i < SIZES * OF_EACH; i++) REQUIRE((cells[i] = ac__cell_alloc(16 + (size_t)i % SIZES * 96)) != NULL);
    return cells;
}

START_TEST(a_cache_that_is_left_keeps_nothing)
{
    size_t before = ac__slabs_bytes();
    for (int round = 0; round < 3; round++) {
        void **cells = cells_of_all_sizes();
        for (int i = 0; i < SIZES * OF_EACH; i++)
            if (i % 10) ac__cell_free(cells[i]);
        ac__cache_leave(cache);
        for (int i = 0; i < SIZES * OF_EACH; i += 10) ac__cell_free(cells[i]);
        ac__cache_leave(cache);
        ck_assert_uint_eq(ac__slabs_bytes(), before);
    }
}
END_TEST

START_TEST(what_comes_home_to_nobody_is_given_back)
{
    size_t before = ac__slabs_bytes();
    struct ac__cache *other = ac__cache_open();
    ac__thread.cells = other;
    void **cells = cells_of_all_sizes();
    ac__thread.cells = cache;
    ac__cache_close(other);
    free_all(cells);
    ac__caches_tidy();
    ck_assert_uint_eq(ac__slabs_bytes(), before);
}
END_TEST

START_TEST(the_shared_cache_gives_back_too)
{
    size_t before = ac__slabs_bytes();
    for (int round = 0; round < 3; round++) {
        free_all(cells_of_all_sizes());
        ac__caches_tidy();
        ac__caches_tidy();
        ck_assert_uint_le(ac__slabs_bytes(), before + (size_t)(SIZES + 8) * 64 * 1024);
    }
    enum { N = 20000 };
    static void *cells[N + 1];
    for (int i = 0; i < N; i++) REQUIRE((cells[i] = ac__cell_alloc(256)) != NULL);
    free_all(cells);
    ac__caches_tidy();
    ac__caches_tidy();
    ck_assert_uint_le(ac__slabs_bytes(), before + (size_t)(SIZES + 8 + 1) * 64 * 1024);
}
END_TEST

/* --- Tasks ---------------------------------------------------------------------------------------------------------*/

static bool pick(struct ac__task *task, void *argument)
{
    (void)task, (void)argument;
    return true;
}
static void count(struct ac__task *task, void *argument)
{
    (void)task;
    ++*(int *)argument;
}

START_TEST(a_walk_meets_each_task_once)
{
    enum { N = 3000 };
    static struct ac__task *tasks[N];
    static bool outsized[N];
    int before = 0, seen = 0, after = 0;
    const struct ac__task_walk walk = { pick, count, &before };
    ac__cache_walk(cache, &walk);
    ac__shared_walk(&walk);
    for (int i = 0; i < N; i++) {
        REQUIRE((tasks[i] = ac__task_cell_alloc(cache, (size_t)i % 2000 * 8, i % 7 ? 8 : 64, &outsized[i])) != NULL);
        if (i % 3) tasks[i]->state = 1; /* the others are not begun */
    }
    const struct ac__task_walk second = { pick, count, &seen };
    ac__cache_walk(cache, &second);
    ac__shared_walk(&second);
    ck_assert_int_eq(seen - before, N - N / 3);
    for (int i = 0; i < N; i++) {
        tasks[i]->state = 0;
        ac__task_cell_free(tasks[i], outsized[i]);
    }
    const struct ac__task_walk third = { pick, count, &after };
    ac__cache_walk(cache, &third);
    ac__shared_walk(&third);
    ck_assert_int_eq(after, before);
}
END_TEST

/* Frees the tasks it is shown: those of the list of outsized ones too. */
static void free_it(struct ac__task *task, void *outsized)
{
    task->state = 0;
    ac__task_cell_free(task, *(bool *)outsized);
}

START_TEST(a_walk_may_free_what_it_meets)
{
    bool outsized;
    for (int i = 0; i < 50; i++) {
        struct ac__task *task = ac__task_cell_alloc(cache, 100, 64, &outsized);
        ck_assert(outsized);
        task->state = 1;
    }
    const struct ac__task_walk walk = { pick, free_it, &outsized };
    ac__shared_walk(&walk);
    int left = 0;
    const struct ac__task_walk again = { pick, count, &left };
    ac__shared_walk(&again);
    ck_assert_int_eq(left, 0);
}
END_TEST

/* --- Of a runtime --------------------------------------------------------------------------------------------------*/

enum { BURST = 50000 };
static void spawn_burst(ac_context *cx, ac_runtime *rt)
{
    for (int i = 0; i < BURST; i++) {
        struct ac_sleep_future *sleep = ac__spawn_begin(cx, rt, &ac_sleep_descriptor, 0);
        REQUIRE(sleep);
        ac_sleep_init(sleep, ac_us(i % 1000));
        ac_detach(ac__spawn_end(cx, sleep));
    }
}

static int burst_poll(void *self, ac_context *cx)
{
    (void)self;
    spawn_burst(cx, NULL);
    return AC_READY;
}
static void burst_drop(void *self) { (void)self; }
static const ac_descriptor burst_descriptor = {
    .name = "burst", .file = __FILE__, .size = 8, .align = 8, .poll = burst_poll, .drop = burst_drop
};

/* Workers are at rest now and then, and see to what is nobody's. */
static void wait_until_given_back(ac_runtime *rt, size_t before)
{
    enum { MOST = (2 + 1 + 1) * (8 + 4) }; /* workers, a visitor, the shared cache; spare slabs and current ones */
    size_t most = before + (size_t)MOST * 64 * 1024;
    for (int i = 0; i < 2000 && ac__slabs_bytes() > most; i++) {
        struct ac_sleep_future sleep;
        ac_sleep_init(&sleep, ac_ms(1));
        ac__block_on(rt, &ac_sleep_descriptor, &sleep);
    }
    ck_assert_uint_le(ac__slabs_bytes(), most);
}

static ac_runtime *a_runtime(void)
{
    ac_runtime *rt = ac_runtime_new(&(ac_runtime_options){ .worker_threads = 2 });
    REQUIRE(rt);
    return rt;
}

START_TEST(a_burst_from_outside_is_given_back)
{
    ac_runtime *rt = a_runtime();
    size_t before = ac__slabs_bytes();
    spawn_burst(NULL, rt);
    wait_until_given_back(rt, before);
    ck_assert(ac_runtime_shutdown(rt, ac_secs(20)));
}
END_TEST

START_TEST(a_burst_in_block_on_is_given_back)
{
    ac_runtime *rt = a_runtime();
    size_t before = ac__slabs_bytes();
    char future[8];
    ac__block_on(rt, &burst_descriptor, future);
    wait_until_given_back(rt, before);
    ck_assert(ac_runtime_shutdown(rt, ac_secs(20)));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("slabs");
    TCase *any = tcase_create("any thread");
    tcase_add_test(any, cells_are_aligned_and_apart);
    tcase_add_test(any, the_shared_cache_gives_back_too);
    tcase_add_test(any, a_burst_from_outside_is_given_back);
    tcase_add_test(any, a_burst_in_block_on_is_given_back);
    suite_add_tcase(suite, any);
    TCase *owned = tcase_create("a cache");
    /* NOLINTNEXTLINE(readability-suspicious-call-argument): own is the set-up, though disown looks like it. */
    tcase_add_checked_fixture(owned, own, disown);
    tcase_add_test(owned, cells_are_aligned_and_apart);
    tcase_add_test(owned, a_freed_cell_is_the_next_one);
    tcase_add_test(owned, cells_freed_elsewhere_come_home);
    tcase_add_test(owned, empty_slabs_are_given_back_at_a_quiet_point);
    tcase_add_test(owned, slabs_that_are_needed_again_are_kept);
    tcase_add_test(owned, a_cache_that_is_left_keeps_nothing);
    tcase_add_test(owned, what_comes_home_to_nobody_is_given_back);
    tcase_add_test(owned, a_walk_meets_each_task_once);
    tcase_add_test(owned, a_walk_may_free_what_it_meets);
    suite_add_tcase(suite, owned);
    return run_suite(suite);
}

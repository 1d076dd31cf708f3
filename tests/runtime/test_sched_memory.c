/* Memory that runs out: every allocation of a run fails in turn. Each run must end well, or with a message; nothing
 * may leak (which AddressSanitizer tells at the end of each process). */
#include "core.h"
#include <errno.h>
#include <sys/wait.h>

static long left, made;
static void *allocate(size_t size, size_t align, void *context)
{
    (void)context;
    __atomic_fetch_add(&made, 1, __ATOMIC_RELAXED);
    if (__atomic_sub_fetch(&left, 1, __ATOMIC_RELAXED) == 0) return NULL;
    if (align <= 16) return malloc(size);
    void *block;
    return posix_memalign(&block, align, size) ? NULL : block;
}
static void *resize(void *block, size_t size, void *context)
{
    (void)context;
    return __atomic_sub_fetch(&left, 1, __ATOMIC_RELAXED) == 0 ? NULL : realloc(block, size);
}
static void release(void *block, void *context)
{
    (void)context;
    free(block);
}
static const ac_allocator failing = { allocate, resize, release, NULL };

SCRIPT(later, int is; int yields; struct ac_yield_future yield;)
{
    BEGIN;
    for (; self->yields > 0; self->yields--) YIELD();
    RETURN(self->is);
    END;
}

/* A spawn without memory gives NULL: the test goes on without that task. */
#define TRY_SPAWN(flags, NAME, ...)                                                                                    \
    ({                                                                                                                 \
        struct NAME##_future *spawned_ = ac__spawn_begin(cx, NULL, &NAME##_descriptor, (flags));                       \
        if (spawned_) *spawned_ = (struct NAME##_future){ __VA_ARGS__ };                                               \
        ac__spawn_end(cx, spawned_);                                                                                   \
    })

SCRIPT(fans_out, int i; void *tasks[20]; struct ac_op_join_result_future join;)
{
    BEGIN;
    for (int i = 0; i < 20; i++)
        self->tasks[i] =
            TRY_SPAWN(i % 5 == 4 ? AC__SPAWN_BLOCKING : 0, later, .is = 1, .yields = i % 5 == 4 ? 0 : i % 3);
    for (; self->i < 20; self->i++)
        if (self->tasks[self->i]) AWAIT(ac_op_join_result, join, &self->tasks[self->i], NULL, 0);
    RETURN(20);
    END;
}

/* 0: all went well; 1: no runtime, and ENOMEM said so. */
static int run_failing(long nth)
{
    left = nth;
    ac_runtime *rt = ac_runtime_new(&(ac_runtime_options){ .worker_threads = 2, .allocator = &failing });
    if (!rt) return errno == ENOMEM ? 1 : 2;
    if (RUN(rt, fans_out) != 20) return 3;
    return ac_runtime_shutdown(rt, ac_secs(10)) ? 0 : 4;
}

START_TEST(every_allocation_fails_in_turn)
{
    int without_runtime = 0, fatal = 0;
    for (long nth = 1; nth <= 40; nth++) {
        pid_t child = fork();
        if (child == 0) {
            if (!freopen("/dev/null", "w", stderr)) _exit(9);
            exit(run_failing(nth));
        }
        int status;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        if (WIFSIGNALED(status)) {
            ck_assert_int_eq(WTERMSIG(status), SIGABRT); /* stopped with a message */
            fatal++;
            continue;
        }
        ck_assert_msg(WEXITSTATUS(status) <= 1, "allocation %ld: exit status %d", nth, WEXITSTATUS(status));
        without_runtime += WEXITSTATUS(status);
    }
    ck_assert_int_gt(without_runtime, 5);
    ck_assert_int_lt(fatal, 10); /* ac_block_on cannot do without its own task */
}
END_TEST

START_TEST(the_allocator_is_used_for_all)
{
    made = 0;
    ck_assert_int_eq(run_failing(-1), 0);
    ck_assert_int_gt(made, 5);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("out of memory");
    TCase *tests = tcase_create("out of memory");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, every_allocation_fails_in_turn);
    tcase_add_test(tests, the_allocator_is_used_for_all);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

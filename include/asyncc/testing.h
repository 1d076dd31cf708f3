/* Tests of async code: blocks that may await, run by the Check framework.
 *
 *     #include <asyncc/asyncc.h>
 *     #include <asyncc/testing.h>
 *
 *     ac_test(doubles)
 *     {
 *         ac_task(int) t = spawn(twice(21));
 *         ck_assert_int_eq(await ac_join(t), 42);
 *     }
 *
 *     ac_test_with(gives_up_after_an_hour, .flavor = AC_CURRENT_THREAD, .start_paused = true)
 *     {
 *         ck_assert_int_eq(await fetch("nowhere"), -ETIMEDOUT);          // takes no time
 *     }
 *
 *     ac_test_with(loses_nothing_in_any_order, .seeds = 1000) { … }      // a thousand runs; names the seed that fails
 *
 *     AC_TEST_MAIN("fetching")
 *
 * Each block is an async function; it runs under ac_block_on in a runtime of its own, which is shut down after it.
 * Check's own assertions are used (also in tasks and helpers), and its environment: CK_RUN_CASE=doubles runs one block,
 * CK_FORK=no is for debuggers, CK_VERBOSITY=verbose lists all. A file without AC_TEST_MAIN only adds its blocks to the
 * program's.
 *
 *     asyncc build test.ac -o test $(pkg-config --cflags --libs check)
 *
 * Needs Check 0.13 or newer where AC_TEST_MAIN stands. */
#ifndef ASYNCC_TESTING_H
#define ASYNCC_TESTING_H
#ifndef AC__TESTING_WITHOUT_CHECK /* the library itself, which is built without it */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#endif

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero means the default everywhere. */
struct ac_test_options {
    ac_flavor flavor;  /* of the runtime; else as ac_runtime_options */
    unsigned workers;  /* 2 */
    bool start_paused; /* time stands still; current-thread only */
    uint64_t seed;     /* of the runtime's random choices; environment ASYNCC_SEED goes first */
    /* Run this often, with seed, seed + 1, …: on one thread and with paused time, unless `flavor` says otherwise, so
     * that a run takes the same steps whenever its seed is given. */
    unsigned seeds;
    double timeout; /* seconds until Check ends it; CK_DEFAULT_TIMEOUT, 4 */
    int signal;     /* the test passes if it ends by this signal (SIGABRT: misuse that stops the program) */
};

struct ac__test {
    const char *name, *file;
    int line;
    ac_async void (*body)(void);
    struct ac_test_options options;
    struct ac__test *next;
};

#define ac_test(NAME) ac_test_with(NAME, .seeds = 0)
#define ac_test_with(NAME, ...)                                                                                        \
    static ac_async void NAME(void);                                                                                   \
    static struct ac__test ac__case_##NAME = { #NAME, __FILE__, __LINE__, NAME, { __VA_ARGS__ }, 0 };                  \
    __attribute__((constructor)) static void ac__add_##NAME(void) { ac__test_add(&ac__case_##NAME); }                  \
    static ac_async void NAME(void)

/* In the order in which they are added. */
void ac__test_add(struct ac__test *test);
const struct ac__test *ac__test_nth(int n);
int ac__test_count(void);
/* Runs a test with all its seeds; *seed is always that of the run under way. False: threads were left in a call at the
 * end. */
bool ac__test_run(const struct ac__test *test, volatile uint64_t *seed);
/* Memory that a child process shares with its parent: where a child that dies has left its seed. */
volatile uint64_t *ac__test_seeds(void);
void ac__test_report_seed(const struct ac__test *test, uint64_t seed);

#define AC_TEST_MAIN(SUITE)                                                                                            \
    static void ac__test_case(int n)                                                                                   \
    {                                                                                                                  \
        const struct ac__test *test = ac__test_nth(n);                                                                 \
        tcase_fn_start(test->name, test->file, test->line);                                                            \
        ck_assert_msg(ac__test_run(test, &ac__test_seeds()[n]),                                                        \
                      "threads are still in a call when the test has ended");                                          \
    }                                                                                                                  \
    int main(void)                                                                                                     \
    {                                                                                                                  \
        int count = ac__test_count();                                                                                  \
        Suite *suite = suite_create(SUITE);                                                                            \
        TTest *tests = (TTest *)calloc((size_t)count + 1, sizeof *tests);                                              \
        volatile uint64_t *seeds = ac__test_seeds();                                                                   \
        for (int n = 0; n < count; n++) {                                                                              \
            const struct ac__test *test = ac__test_nth(n);                                                             \
            tests[n].name = test->name, tests[n].fn = ac__test_case;                                                   \
            tests[n].file = test->file, tests[n].line = test->line;                                                    \
            TCase *tcase = tcase_create(test->name);                                                                   \
            if (test->options.timeout > 0) tcase_set_timeout(tcase, test->options.timeout);                            \
            _tcase_add_test(tcase, &tests[n], test->options.signal, 0, n, n + 1);                                      \
            suite_add_tcase(suite, tcase);                                                                             \
        }                                                                                                              \
        SRunner *runner = srunner_create(suite);                                                                       \
        srunner_run_all(runner, CK_ENV);                                                                               \
        int failed = srunner_ntests_failed(runner);                                                                    \
        TestResult **failures = srunner_failures(runner);                                                              \
        for (int i = 0; i < failed; i++)                                                                               \
            for (int n = 0; n < count; n++)                                                                            \
                if (!strcmp(tr_tcname(failures[i]), ac__test_nth(n)->name))                                            \
                    ac__test_report_seed(ac__test_nth(n), seeds[n]);                                                   \
        free(failures);                                                                                                \
        srunner_free(runner);                                                                                          \
        free(tests);                                                                                                   \
        return failed != 0;                                                                                            \
    }

#ifdef __cplusplus
}
#endif
#endif

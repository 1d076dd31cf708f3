/* Driving the library's awaitables from C, without the language: AWAIT runs one to its end on this thread, START makes
 * a task of one, JOIN waits for it. Everything runs on `rt`, of the flavor that ASYNCC_FLAVOR says. */
#ifndef TESTS_IO_HELP_H
#define TESTS_IO_HELP_H
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "asyncc/asyncc.h"
#include "suite.h"

static ac_runtime *rt;

static inline void open_runtime(void)
{
    rt = ac_runtime_new(&(ac_runtime_options){ .worker_threads = getenv("ASYNCC_WORKER_THREADS") ? 0 : 2 });
    ck_assert_ptr_nonnull(rt);
}
static inline void close_runtime(void) { ck_assert(ac_runtime_shutdown(rt, ac_secs(5))); }

/* The value of an awaitable: AWAIT(ac_read, fd, buf, n). */
#define AWAIT_ON(runtime, NAME, ...)                                                                                   \
    ({                                                                                                                 \
        struct NAME##_future future_;                                                                                  \
        NAME##_init(&future_, __VA_ARGS__);                                                                            \
        ac__block_on((runtime), &NAME##_descriptor, &future_);                                                         \
        future_.result;                                                                                                \
    })
#define AWAIT(NAME, ...) AWAIT_ON(rt, NAME, __VA_ARGS__)

/* A task that runs an awaitable, and its value when it has ended. */
#define START_ON(runtime, NAME, ...)                                                                                   \
    ({                                                                                                                 \
        struct NAME##_future *future_ = ac__spawn_begin(NULL, (runtime), &NAME##_descriptor, 0);                       \
        NAME##_init(future_, __VA_ARGS__);                                                                             \
        ac__spawn_end(NULL, future_);                                                                                  \
    })
#define START(NAME, ...) START_ON(rt, NAME, __VA_ARGS__)

static inline int join_on(ac_runtime *runtime, void *task, void *out, size_t size)
{
    struct ac_op_join_result_future join;
    ac_op_join_result_init(&join, &task, out, size);
    ac__block_on(runtime, &ac_op_join_result_descriptor, &join);
    return join.result;
}
#define JOIN_AS(TYPE, task)                                                                                            \
    ({                                                                                                                 \
        TYPE value_;                                                                                                   \
        ck_assert_int_eq(join_on(rt, (task), &value_, sizeof value_), 0);                                              \
        value_;                                                                                                        \
    })
#define JOIN(task) JOIN_AS(ssize_t, task)
#define JOIN_INT(task) JOIN_AS(int, task)

static inline void close_ends(const int ends[2])
{
    ac_close(ends[0]);
    ac_close(ends[1]);
}

/* Lets the tasks run until they wait: some turns of a current-thread runtime, a few milliseconds of another. */
static inline void settle(void)
{
    struct ac_sleep_future pause;
    ac_sleep_init(&pause, ac_ms(3));
    ac__block_on(rt, &ac_sleep_descriptor, &pause);
}

/* For what a signal has to end: ThreadSanitizer runs a handler only once the interrupted thread makes a call it knows,
 * and the runtime's sleeps are not among them. The kernel gives signals to this thread if it can; else some tasks that
 * look at the clock make the workers call something. */
static inline void wait_where_signals_are_heard(void *task)
{
    while (!ac_is_finished(task)) {
        for (int i = 0; i < 8; i++) ac_detach(START(ac_sleep, ac_ms(1)));
        settle();
        usleep(1000);
    }
}

static inline void cancel(void *task)
{
    char out[16];
    ac_abort(task);
    ck_assert_int_eq(join_on(rt, task, out, 0), -ECANCELED);
}

static inline int listen_somewhere(char address[AC_ADDRESS_TEXT_SIZE])
{
    int fd = ac_tcp_listen("127.0.0.1:0", 128);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_gt(ac_local_address(fd, address, AC_ADDRESS_TEXT_SIZE), 0);
    return fd;
}

/* Both ends of a TCP connection over loopback. */
static inline void tcp_pair(int ends[2])
{
    char address[AC_ADDRESS_TEXT_SIZE];
    int listener = listen_somewhere(address);
    ends[0] = AWAIT(ac_tcp_connect, address);
    ck_assert_int_ge(ends[0], 0);
    ends[1] = AWAIT(ac_accept, listener, NULL);
    ck_assert_int_ge(ends[1], 0);
    ac_close(listener);
}

/* Runs the tests of a suite, each with a fresh runtime. */
static inline int run_tests_with(const char *name, const TTest *const *tests, size_t n, void (*setup)(void),
                                 void (*teardown)(void))
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 20);
    for (size_t i = 0; i < n; i++) tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
static inline int run_tests(const char *name, const TTest *const *tests, size_t n)
{
    return run_tests_with(name, tests, n, open_runtime, close_runtime);
}
#define RUN(NAME, ...)                                                                                                 \
    int main(void)                                                                                                     \
    {                                                                                                                  \
        const TTest *tests[] = { __VA_ARGS__ };                                                                        \
        return run_tests(NAME, tests, sizeof tests / sizeof *tests);                                                   \
    }

#endif

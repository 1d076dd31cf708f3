/* Threads and descriptors that run out: everything says so, leaves nothing behind and works again once there are
 * some. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>

/* The runtime's threads, in turn, as if the system had no more. */
static int until_failure = -1; /* how many can still be started; below 0: all */
static int create_or_fail(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument)
{
    int left = __atomic_load_n(&until_failure, __ATOMIC_SEQ_CST);
    if (left == 0) return 11; /* EAGAIN */
    if (left > 0) __atomic_store_n(&until_failure, left - 1, __ATOMIC_SEQ_CST);
    return pthread_create(thread, attributes, run, argument);
}
#define pthread_create create_or_fail
#include "sched/threads.c" /* in place of the library's own */
#undef pthread_create

#include "io_help.h"
#include "number.h"
#include <signal.h>
#include <sys/resource.h>

static void let_threads_start(int n) { __atomic_store_n(&until_failure, n, __ATOMIC_SEQ_CST); }

static int open_descriptors(void)
{
    int n = 0;
    for (int fd = 0; fd < 256; fd++) n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void *spawn_blocking_number(void)
{
    return ac__spawn_end(NULL, ac__spawn_begin(NULL, rt, &number_descriptor, AC__SPAWN_BLOCKING));
}

START_TEST(a_runtime_needs_its_threads)
{
    int before = open_descriptors();
    for (int n = 0; n < 5; n++) {
        let_threads_start(n);
        ac_runtime *one = ac_runtime_new(
            &(ac_runtime_options){ .flavor = AC_MULTI_THREAD, .worker_threads = 4, .report_held_after = ac_secs(10) });
        ck_assert_ptr_null(one);
        ck_assert_int_eq(errno, EAGAIN);
        ck_assert_int_eq(open_descriptors(), before);
    }
    let_threads_start(-1);
    open_runtime();
    ck_assert_int_eq(JOIN_INT(spawn_blocking_number()), 7);
    close_runtime();
}
END_TEST

START_TEST(blocking_calls_without_a_thread_fail_at_once)
{
    open_runtime();
    let_threads_start(0);
    ck_assert_ptr_null(spawn_blocking_number());
    ck_assert_int_eq(AWAIT(ac_open, "/dev/null", O_RDONLY, 0), -ENOMEM);
    let_threads_start(1);
    for (int i = 0; i < 20; i++) ck_assert_int_eq(JOIN_INT(spawn_blocking_number()), 7); /* one does for all */
    let_threads_start(-1);
    close_runtime();
}
END_TEST

/* A thread that is about to end counts neither as one that will come nor against the limit. */
static int leaving, may_leave;
static void leave_slowly(void *context)
{
    (void)context;
    __atomic_store_n(&leaving, 1, __ATOMIC_SEQ_CST);
    while (!__atomic_load_n(&may_leave, __ATOMIC_SEQ_CST)) usleep(1000);
}
static void open_with_leaver(void)
{
    leaving = may_leave = 0;
    rt = ac_runtime_new(&(ac_runtime_options){ .flavor = AC_CURRENT_THREAD,
                                               .max_blocking_threads = 1,
                                               .blocking_keep_alive = ac_ms(1),
                                               .on_thread_stop = leave_slowly });
    ck_assert_ptr_nonnull(rt);
    ck_assert_int_eq(JOIN_INT(spawn_blocking_number()), 7);
    while (!__atomic_load_n(&leaving, __ATOMIC_SEQ_CST)) usleep(1000);
}
START_TEST(a_thread_that_ends_takes_no_call)
{
    open_with_leaver();
    let_threads_start(0);
    ck_assert_ptr_null(spawn_blocking_number());
    let_threads_start(-1);
    __atomic_store_n(&may_leave, 1, __ATOMIC_SEQ_CST);
    close_runtime();
}
END_TEST
START_TEST(a_thread_that_ends_is_not_counted)
{
    open_with_leaver();
    ck_assert_int_eq(JOIN_INT(spawn_blocking_number()), 7);
    __atomic_store_n(&may_leave, 1, __ATOMIC_SEQ_CST);
    close_runtime();
}
END_TEST

static struct rlimit limit_before;
static void leave_descriptors(int n)
{
    getrlimit(RLIMIT_NOFILE, &limit_before);
    int lowest_free = dup(0); /* all below it are in use, and the limit is on numbers */
    close(lowest_free);
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){ (rlim_t)(lowest_free + n), limit_before.rlim_max });
}
static void leave_all_descriptors(void) { setrlimit(RLIMIT_NOFILE, &limit_before); }

START_TEST(a_runtime_needs_its_descriptors)
{
    int before = open_descriptors();
    for (int n = 0; n < 2; n++) {
        leave_descriptors(n);
        ac_runtime *one = ac_runtime_new(&(ac_runtime_options){ .worker_threads = 2 });
        int error = errno;
        leave_all_descriptors();
        ck_assert_ptr_null(one);
        ck_assert_int_eq(error, EMFILE);
        ck_assert_int_eq(open_descriptors(), before);
    }
}
END_TEST

START_TEST(calls_without_descriptors_say_so)
{
    char address[AC_ADDRESS_TEXT_SIZE];
    int ends[2];
    ac_process *child;
    ac_signal_listener listener;
    open_runtime();
    int listener_fd = listen_somewhere(address), before = open_descriptors();
    for (int n = 0; n < 2; n++) {
        leave_descriptors(n);
        int piped = ac_pipe(ends), paired = ac_unix_pair(ends);
        int started = ac_process_start(&child, (const char *const[]){ "true", NULL },
                                       &(ac_process_options){ .in = AC_STDIO_PIPE });
        int connected = n ? 0 : AWAIT(ac_tcp_connect, address),
            opened = n ? 0 : AWAIT(ac_open, "/dev/null", O_RDONLY, 0);
        int listens = n ? 0 : ac_signal_listen(&listener, SIGUSR1), bound = n ? 0 : ac_udp_bind("127.0.0.1:0");
        leave_all_descriptors();
        ck_assert_int_eq(piped, -EMFILE);
        ck_assert_int_eq(paired, -EMFILE);
        ck_assert_int_eq(started, -EMFILE);
        if (n == 0) {
            ck_assert_int_eq(connected, -EMFILE);
            ck_assert_int_eq(opened, -EMFILE);
            ck_assert_int_eq(listens, -EMFILE);
            ck_assert_int_eq(bound, -EMFILE);
        }
        ck_assert_int_eq(open_descriptors(), before);
    }
    ck_assert_int_eq(ac_signal_listen(&listener, SIGUSR1), 0);
    int there = AWAIT(ac_tcp_connect, address);
    ck_assert_int_ge(there, 0);
    ac_close(there);
    ac_close(listener_fd);
    close_runtime();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { a_runtime_needs_its_threads,      blocking_calls_without_a_thread_fail_at_once,
                                   a_thread_that_ends_takes_no_call, a_thread_that_ends_is_not_counted,
                                   a_runtime_needs_its_descriptors,  calls_without_descriptors_say_so };
    Suite *suite = suite_create("no threads");
    TCase *tcase = tcase_create("no threads");
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}

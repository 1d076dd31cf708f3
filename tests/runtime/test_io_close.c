/* The middle of a close: the kernel has, or has not yet, let go of the number, and close(2) has not returned. The
 * program is linked so that close(2) can be made to stop there, before or after. */
#include <pthread.h>
#include <sys/socket.h>

#include "io_help.h"

enum { BEFORE = 1, AFTER = 2 };
static int stops_at;         /* the descriptor whose close stops, or -1; atomic */
static int where;            /* before the system call, or after it */
static bool stopped, go_on_; /* atomic */

static void stop_here(void)
{
    __atomic_store_n(&stopped, true, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&go_on_, __ATOMIC_ACQUIRE)) usleep(100);
}

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
    int expected = fd;
    bool stops = __atomic_compare_exchange_n(&stops_at, &expected, -1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
    if (stops && where == BEFORE) stop_here();
    int result = __real_close(fd);
    if (stops && where == AFTER) stop_here();
    return result;
}

struct closer {
    pthread_t thread;
    int fd, result;
    bool done; /* atomic */
};

static void *close_it(void *argument)
{
    struct closer *closer = argument;
    closer->result = ac_close(closer->fd);
    __atomic_store_n(&closer->done, true, __ATOMIC_RELEASE);
    return NULL;
}

/* A thread that is in the middle of closing fd. */
static void stop_in_close(struct closer *closer, int fd, int place)
{
    *closer = (struct closer){ .fd = fd };
    where = place;
    __atomic_store_n(&go_on_, false, __ATOMIC_RELAXED);
    __atomic_store_n(&stopped, false, __ATOMIC_RELAXED);
    __atomic_store_n(&stops_at, fd, __ATOMIC_RELEASE);
    pthread_create(&closer->thread, NULL, close_it, closer);
    while (!__atomic_load_n(&stopped, __ATOMIC_ACQUIRE)) usleep(100);
}

static void go_on(struct closer *closer)
{
    __atomic_store_n(&go_on_, true, __ATOMIC_RELEASE);
    pthread_join(closer->thread, NULL);
    ck_assert_int_eq(closer->result, 0);
}

static void open_gate(void)
{
    stops_at = -1;
    open_runtime();
}

/* A pair of sockets, the first of which some operation has used already; with a byte in it to be read. */
static void used_pair(int ends[2])
{
    char byte;
    ck_assert_int_eq(ac_unix_pair(ends), 0);
    ck_assert_int_eq(write(ends[1], "12", 2), 2);
    ck_assert_int_eq(AWAIT(ac_read, ends[0], &byte, 1), 1);
}

START_TEST(nothing_is_read_that_begins_in_the_middle)
{
    int ends[2];
    char byte;
    struct closer closer;
    used_pair(ends);
    stop_in_close(&closer, ends[0], BEFORE);
    void *read = START(ac_read, ends[0], &byte, 1);
    void *readable = START(ac_readable, ends[0]);
    void *sync = START(ac_fsync, ends[0]);
    settle();
    go_on(&closer);
    ck_assert_int_eq(JOIN(read), -EBADF);
    ck_assert_int_eq(JOIN_INT(readable), -EBADF);
    ck_assert_int_eq(JOIN_INT(sync), -EBADF);
    ac_close(ends[1]);
}
END_TEST

START_TEST(a_wait_from_before_does_not_outlive_it)
{
    int ends[2];
    char byte;
    struct closer closer;
    used_pair(ends);
    ck_assert_int_eq(AWAIT(ac_read, ends[0], &byte, 1), 1);
    void *read = START(ac_read, ends[0], &byte, 1);
    settle();
    stop_in_close(&closer, ends[0], BEFORE);
    ck_assert_int_eq(JOIN(read), -EBADF);
    go_on(&closer);
    ac_close(ends[1]);
}
END_TEST

START_TEST(who_waits_for_its_end_may_be_cancelled)
{
    int ends[2];
    char byte;
    struct closer closer;
    used_pair(ends);
    stop_in_close(&closer, ends[0], BEFORE);
    void *first = START(ac_read, ends[0], &byte, 1), *second = START(ac_read, ends[0], &byte, 1);
    void *third = START(ac_read, ends[0], &byte, 1);
    settle();
    cancel(second);
    cancel(first);
    go_on(&closer);
    ck_assert_int_eq(JOIN(third), -EBADF);
    ac_close(ends[1]);
}
END_TEST

/* The number is the library's again before its close has returned. */
START_TEST(the_library_is_given_the_number)
{
    int ends[2], others[2];
    char bytes[2] = { 0 };
    struct closer closer;
    used_pair(ends);
    stop_in_close(&closer, ends[0], AFTER);
    void *latecomer = START(ac_read, ends[0], &bytes[0], 1);
    settle();
    ck_assert_int_eq(ac_pipe(others), 0);
    ck_assert_int_eq(others[0], ends[0]);
    ck_assert_int_eq(JOIN(latecomer), -EBADF);
    void *read = START(ac_read, others[0], &bytes[0], 1);
    settle();
    ck_assert_int_eq(write(others[1], "a", 1), 1);
    ck_assert_int_eq(JOIN(read), 1);
    read = START(ac_read, others[0], &bytes[1], 1);
    settle();
    go_on(&closer);
    ck_assert_int_eq(write(others[1], "b", 1), 1);
    ck_assert_int_eq(JOIN(read), 1);
    ck_assert_mem_eq(bytes, "ab", 2);
    close_ends(others);
    ac_close(ends[1]);
}
END_TEST

/* It is somebody else's, who comes to the library with it. */
START_TEST(foreign_code_is_given_the_number)
{
    int ends[2], pair[2];
    char bytes[3] = { 0 };
    struct closer closer;
    used_pair(ends);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    stop_in_close(&closer, ends[0], AFTER);
    ck_assert_int_eq(dup2(pair[0], ends[0]), ends[0]);
    void *readable = START(ac_readable, ends[0]), *read = START(ac_read, ends[0], bytes, 1);
    void *written = START(ac_write, ends[0], "z", 1);
    settle();
    ck_assert(!ac_is_finished(readable));
    go_on(&closer);
    ck_assert_int_eq(JOIN(written), 1);
    settle();
    ck_assert(!ac_is_finished(read));
    ck_assert_int_eq(write(pair[1], "abc", 3), 3);
    ck_assert_int_eq(JOIN_INT(readable), 0);
    ck_assert_int_eq(JOIN(read), 1);
    ck_assert_int_eq(ac_close(ends[0]), 0);
    ac_close(ends[1]);
    close_ends(pair);
}
END_TEST

START_TEST(foreign_code_opens_a_file_there)
{
    int ends[2];
    char bytes[4] = { 0 }, name[] = "/tmp/asyncc-close-XXXXXX";
    struct stat stat;
    struct closer closer;
    int file = mkstemp(name);
    ck_assert_int_eq(write(file, "abcd", 4), 4);
    used_pair(ends);
    stop_in_close(&closer, ends[0], AFTER);
    ck_assert_int_eq(dup2(file, ends[0]), ends[0]);
    void *read = START(ac_pread, ends[0], bytes, 4, 0), *asks = START(ac_fstat, ends[0], &stat);
    void *written = START(ac_pwrite, ends[0], "efgh", 4, 4), *given_up = START(ac_fsync, ends[0]);
    settle();
    cancel(given_up);
    go_on(&closer);
    ck_assert_int_eq(JOIN(read), 4);
    ck_assert_int_eq(JOIN(written), 4);
    ck_assert_int_eq(JOIN_INT(asks), 0);
    ck_assert_mem_eq(bytes, "abcd", 4);
    ck_assert_int_eq(ac_close(ends[0]), 0);
    ac_close(ends[1]);
    close(file);
    unlink(name);
}
END_TEST

START_TEST(foreign_code_adopts_the_number)
{
    int ends[2], pair[2];
    char byte;
    struct closer closer;
    used_pair(ends);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    stop_in_close(&closer, ends[0], AFTER);
    ck_assert_int_eq(dup2(pair[0], ends[0]), ends[0]);
    ck_assert_int_eq(ac_adopt(ends[0]), 0);
    void *read = START(ac_read, ends[0], &byte, 1);
    settle();
    go_on(&closer);
    ck_assert_int_eq(write(pair[1], "x", 1), 1);
    ck_assert_int_eq(JOIN(read), 1);
    ck_assert_int_eq(ac_close(ends[0]), 0);
    ac_close(ends[1]);
    close_ends(pair);
}
END_TEST

START_TEST(foreign_code_closes_it_again)
{
    int ends[2], pair[2];
    struct closer closer, second;
    used_pair(ends);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    stop_in_close(&closer, ends[0], AFTER);
    ck_assert_int_eq(dup2(pair[0], ends[0]), ends[0]);
    second = (struct closer){ .fd = ends[0] };
    pthread_create(&second.thread, NULL, close_it, &second);
    settle();
    ck_assert(!__atomic_load_n(&second.done, __ATOMIC_ACQUIRE));
    go_on(&closer);
    go_on(&second);
    ck_assert_int_eq(fcntl(ends[0], F_GETFD), -1);
    ac_close(ends[1]);
    close_ends(pair);
}
END_TEST

START_TEST(a_second_close_in_the_middle)
{
    int ends[2];
    struct closer closer, second;
    used_pair(ends);
    stop_in_close(&closer, ends[0], BEFORE);
    second = (struct closer){ .fd = ends[0] };
    pthread_create(&second.thread, NULL, close_it, &second);
    settle();
    go_on(&closer);
    pthread_join(second.thread, NULL);
    ck_assert_int_eq(second.result, -EBADF);
    ac_close(ends[1]);
}
END_TEST

/* One that the library has never seen has the same. */
START_TEST(of_a_descriptor_that_no_operation_has_used)
{
    int pair[2];
    char byte;
    struct closer closer;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    int far = fcntl(pair[0], F_DUPFD, 700);
    ck_assert_int_ge(far, 700);
    ck_assert_int_eq(write(pair[1], "x", 1), 1);
    stop_in_close(&closer, far, BEFORE);
    void *read = START(ac_read, far, &byte, 1);
    settle();
    go_on(&closer);
    ck_assert_int_eq(JOIN(read), -EBADF);
    close_ends(pair);
}
END_TEST

int main(void)
{
    const TTest *tests[] = { nothing_is_read_that_begins_in_the_middle,
                             a_wait_from_before_does_not_outlive_it,
                             who_waits_for_its_end_may_be_cancelled,
                             the_library_is_given_the_number,
                             foreign_code_is_given_the_number,
                             foreign_code_opens_a_file_there,
                             foreign_code_adopts_the_number,
                             foreign_code_closes_it_again,
                             a_second_close_in_the_middle,
                             of_a_descriptor_that_no_operation_has_used };
    return run_tests_with("close", tests, sizeof tests / sizeof *tests, open_gate, close_runtime);
}

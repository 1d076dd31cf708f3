/* Descriptors that the library did not make: of every kind the kernel has, with their flags left alone. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include "io_help.h"

/* A task waits to read `n` bytes of `fd`; `make_ready` happens; it gets them. */
#define WAITS_AND_READS(fd, n, make_ready)                                                                             \
    do {                                                                                                               \
        char buf_[512];                                                                                                \
        int flags_ = fcntl((fd), F_GETFL);                                                                             \
        for (int turn_ = 0; turn_ < 3; turn_++) {                                                                      \
            void *read_ = START(ac_read, (fd), buf_, sizeof buf_);                                                     \
            settle();                                                                                                  \
            ck_assert(!ac_is_finished(read_));                                                                         \
            make_ready;                                                                                                \
            ck_assert_int_ge(JOIN(read_), (ssize_t)(n));                                                               \
        }                                                                                                              \
        ck_assert_int_eq(fcntl((fd), F_GETFL), flags_);                                                                \
    } while (0)

START_TEST(an_eventfd)
{
    uint64_t one = 1;
    int fd = eventfd(0, 0);
    WAITS_AND_READS(fd, 8, ck_assert_int_eq(write(fd, &one, sizeof one), 8));
    close(fd);
}
END_TEST

START_TEST(an_eventfd_that_is_full_is_waited_for)
{
    uint64_t most = UINT64_MAX - 1, one = 1, got;
    int fd = eventfd(0, 0); /* it would block */
    ck_assert_int_eq(AWAIT(ac_write, fd, &most, sizeof most), 8);
    void *write = START(ac_write, fd, &one, sizeof one);
    settle();
    ck_assert(!ac_is_finished(write));
    ck_assert_int_eq(read(fd, &got, sizeof got), 8);
    ck_assert_int_eq(JOIN(write), 8);
    close(fd);
}
END_TEST

START_TEST(a_timerfd)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec soon = { .it_value.tv_nsec = 1000000 };
    WAITS_AND_READS(fd, 8, ck_assert_int_eq(timerfd_settime(fd, 0, &soon, NULL), 0));
    close(fd);
}
END_TEST

START_TEST(a_signalfd)
{
    sigset_t usr1;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    /* Blocked in all threads: the runtime's exist already, so only one that begins after it. */
    ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, &usr1, NULL), 0);
    close_runtime();
    open_runtime();
    int fd = signalfd(-1, &usr1, 0);
    WAITS_AND_READS(fd, sizeof(struct signalfd_siginfo), kill(getpid(), SIGUSR1));
    close(fd);
}
END_TEST

START_TEST(an_inotify)
{
    char path[] = "/tmp/asyncc-foreign-XXXXXX";
    int file = mkstemp(path), fd = inotify_init();
    ck_assert_int_ge(inotify_add_watch(fd, path, IN_MODIFY), 0);
    WAITS_AND_READS(fd, sizeof(struct inotify_event), ck_assert_int_eq(write(file, "x", 1), 1));
    unlink(path);
    close(file);
    close(fd);
}
END_TEST

START_TEST(a_datagram_socket_of_unix)
{
    int ends[2];
    char buf[8];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
    WAITS_AND_READS(ends[0], 3, ck_assert_int_eq(write(ends[1], "abc", 3), 3));
    int sent = 0;
    while (send(ends[1], "x", 1, MSG_DONTWAIT) == 1) sent++; /* until there is no room */
    void *more = START(ac_send, ends[1], "x", 1, 0);
    settle();
    ck_assert(!ac_is_finished(more));
    while (sent--) ck_assert_int_eq(AWAIT(ac_recv, ends[0], buf, sizeof buf, 0), 1);
    ck_assert_int_eq(JOIN(more), 1);
    ck_assert_int_eq(AWAIT(ac_recv, ends[0], buf, sizeof buf, 0), 1);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(a_pipe_without_a_reader_is_epipe_and_no_signal)
{
    int ends[2];
    signal(SIGPIPE, SIG_DFL);
    ck_assert_int_eq(pipe(ends), 0);
    close(ends[0]);
    ck_assert_int_eq(JOIN(START(ac_write, ends[1], "x", 1)), -EPIPE);
    ck_assert_int_eq(AWAIT(ac_write, ends[1], "x", 1), -EPIPE); /* on the program's own thread, too */
    close(ends[1]);
}
END_TEST

START_TEST(a_duplicate_outlives_what_it_was_made_of)
{
    int ends[2];
    char buf[8];
    ck_assert_int_eq(ac_unix_pair(ends), 0); /* the library's own; its duplicate is not */
    int copy = dup(ends[0]);
    void *own = START(ac_read, ends[0], buf, 4), *foreign = START(ac_read, copy, buf + 4, 4);
    settle();
    ac_close(ends[0]);
    ck_assert_int_eq(JOIN(own), -EBADF);
    ck_assert(!ac_is_finished(foreign));
    ck_assert_int_eq(AWAIT(ac_write, ends[1], "abcd", 4), 4);
    ck_assert_int_eq(JOIN(foreign), 4);
    ck_assert_mem_eq(buf + 4, "abcd", 4);
    close(copy);
    ac_close(ends[1]);
}
END_TEST

START_TEST(what_cannot_be_waited_for_is_done_at_once_or_refused)
{
    char buf[64];
    int zero = open("/dev/zero", O_RDONLY), folder = open("/", O_RDONLY | O_DIRECTORY), path = open("/", O_PATH);
    ck_assert_int_eq(AWAIT(ac_read, zero, buf, sizeof buf), (ssize_t)sizeof buf);
    ck_assert_int_eq(AWAIT(ac_readable, zero), 0);
    ck_assert_int_eq(AWAIT(ac_read, folder, buf, sizeof buf), -EISDIR);
    ck_assert_int_eq(AWAIT(ac_read, path, buf, sizeof buf), -EBADF);
    ck_assert_int_eq(AWAIT(ac_write, zero, "x", 1), -EBADF); /* not opened for it */
    ck_assert_int_eq(AWAIT(ac_recv, zero, buf, 1, 0), -ENOTSOCK);
    ck_assert_int_eq(AWAIT(ac_accept, zero, NULL), -ENOTSOCK);
    int all[] = { zero, folder, path };
    for (int i = 0; i < 3; i++) close(all[i]);
}
END_TEST

RUN("foreign", an_eventfd, an_eventfd_that_is_full_is_waited_for, a_timerfd, a_signalfd, an_inotify,
    a_datagram_socket_of_unix, a_pipe_without_a_reader_is_epipe_and_no_signal, a_duplicate_outlives_what_it_was_made_of,
    what_cannot_be_waited_for_is_done_at_once_or_refused)

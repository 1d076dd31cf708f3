/* Several waiters on a descriptor, closing and reusing its number, cancelling, several runtimes. */
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "io_help.h"

START_TEST(all_who_wait_are_woken_and_one_gets_each_byte)
{
    enum { READERS = 40 }; /* more than are woken at once */
    int ends[2];
    char buf[READERS];
    void *reads[READERS];
    tcp_pair(ends);
    for (int i = 0; i < READERS; i++) reads[i] = START(ac_read, ends[1], &buf[i], 1);
    settle();
    for (int sent = 0; sent < READERS; sent += 10) {
        ck_assert_int_eq(AWAIT(ac_write, ends[0], "0123456789", 10), 10);
        settle();
    }
    for (int i = 0; i < READERS; i++) ck_assert_int_eq(JOIN(reads[i]), 1);
    int sum = 0;
    for (int i = 0; i < READERS; i++) sum += buf[i] - '0';
    ck_assert_int_eq(sum, 4 * 45);
    close_ends(ends);
}
END_TEST

START_TEST(the_end_of_the_file_reaches_all_readers)
{
    int ends[2];
    char buf[3];
    void *reads[3];
    tcp_pair(ends);
    for (int i = 0; i < 3; i++) reads[i] = START(ac_read, ends[1], &buf[i], 1);
    settle();
    ac_close(ends[0]);
    for (int i = 0; i < 3; i++) ck_assert_int_eq(JOIN(reads[i]), 0);
    ac_close(ends[1]);
}
END_TEST

START_TEST(a_reader_and_a_writer_wait_independently)
{
    int ends[2];
    char byte, sink[65536];
    static char much[8 << 20];
    tcp_pair(ends);
    void *write = START(ac_write_all, ends[0], much, sizeof much);
    void *read = START(ac_read, ends[0], &byte, 1);
    settle();
    ck_assert_int_eq(AWAIT(ac_write, ends[1], "x", 1), 1);
    ck_assert_int_eq(JOIN(read), 1);
    ck_assert(!ac_is_finished(write));
    for (size_t n = 0; n < sizeof much;) n += (size_t)AWAIT(ac_read, ends[1], sink, sizeof sink);
    ck_assert_int_eq(JOIN_INT(write), 0);
    close_ends(ends);
}
END_TEST

/* --- Closing ------------------------------------------------------------------------------------------------------ */

START_TEST(closing_wakes_the_waiters_with_ebadf)
{
    int ends[2];
    char buf[2];
    tcp_pair(ends);
    void *a = START(ac_read, ends[0], &buf[0], 1), *b = START(ac_read, ends[0], &buf[1], 1);
    settle();
    ck_assert_int_eq(ac_close(ends[0]), 0);
    ck_assert_int_eq(JOIN(a), -EBADF);
    ck_assert_int_eq(JOIN(b), -EBADF);
    ck_assert_int_eq(ac_close(ends[0]), -EBADF);
    ck_assert_int_eq(AWAIT(ac_read, ends[0], buf, 1), -EBADF);
    ac_close(ends[1]);
}
END_TEST

START_TEST(a_number_that_is_reused_is_not_mistaken_for_the_old_file)
{
    int old[2], new[2];
    char buf[8];
    ck_assert_int_eq(ac_pipe(old), 0);
    void *read = START(ac_read, old[0], buf, sizeof buf);
    settle();
    ac_close(old[0]);
    ac_close(old[1]);
    ck_assert_int_eq(ac_pipe(new), 0);
    ck_assert_int_eq(new[0], old[0]);
    ck_assert_int_eq(AWAIT(ac_write, new[1], "new", 3), 3);
    ck_assert_int_eq(JOIN(read), -EBADF);
    ck_assert_int_eq(AWAIT(ac_read, new[0], buf, sizeof buf), 3);
    void *again = START(ac_read, new[0], buf, sizeof buf);
    settle();
    ck_assert_int_eq(AWAIT(ac_write, new[1], "x", 1), 1);
    ck_assert_int_eq(JOIN(again), 1);
    ac_close(new[0]);
    ac_close(new[1]);
}
END_TEST

START_TEST(closing_with_close_and_reusing_does_not_hang_the_old_waiters)
{
    int old[2], new[2];
    char buf[8];
    ck_assert_int_eq(ac_pipe(old), 0);
    void *read = START(ac_read, old[0], buf, sizeof buf);
    settle();
    /* Against the rules, which ThreadSanitizer would say too if it saw the call. */
    syscall(SYS_close, old[0]);
    syscall(SYS_close, old[1]);
    ck_assert_int_eq(ac_pipe(new), 0);
    ck_assert_int_eq(JOIN(read), -EBADF);
    ac_close(new[0]);
    ac_close(new[1]);
}
END_TEST

/* --- Cancelling --------------------------------------------------------------------------------------------------- */

START_TEST(a_cancelled_read_loses_nothing)
{
    int ends[2];
    char buf[8], other[8];
    tcp_pair(ends);
    void *read = START(ac_read, ends[1], other, sizeof other);
    settle();
    cancel(read);
    ck_assert_int_eq(AWAIT(ac_write, ends[0], "abc", 3), 3);
    ck_assert_int_eq(AWAIT(ac_read, ends[1], buf, sizeof buf), 3);
    read = START(ac_read, ends[1], other, sizeof other);
    settle();
    ck_assert_int_eq(AWAIT(ac_write, ends[0], "de", 2), 2);
    ac_abort(read); /* woken already, or not */
    ssize_t n = 0;
    if (join_on(rt, read, &n, sizeof n) == -ECANCELED) n = AWAIT(ac_read, ends[1], buf, sizeof buf);
    ck_assert_int_eq(n, 2);
    close_ends(ends);
}
END_TEST

START_TEST(one_of_several_waiters_may_be_cancelled)
{
    int ends[2];
    char buf[3];
    void *reads[3];
    tcp_pair(ends);
    for (int i = 0; i < 3; i++) reads[i] = START(ac_read, ends[1], &buf[i], 1);
    settle();
    cancel(reads[0]);
    ck_assert_int_eq(AWAIT(ac_write, ends[0], "ab", 2), 2);
    ck_assert_int_eq(JOIN(reads[1]), 1);
    ck_assert_int_eq(JOIN(reads[2]), 1);
    close_ends(ends);
}
END_TEST

START_TEST(a_future_that_was_never_polled_is_dropped)
{
    char buf[1];
    struct ac_read_future read;
    ac_read_init(&read, 0, buf, 1);
    ac_read_drop(&read);
    struct ac_accept_future accept;
    ac_accept_init(&accept, 0, NULL);
    ac_accept_drop(&accept);
    struct ac_tcp_connect_future connect;
    ac_tcp_connect_init(&connect, "127.0.0.1:1");
    ac_tcp_connect_drop(&connect);
    struct ac_pread_future pread;
    ac_pread_init(&pread, 0, buf, 1, 0);
    ac_pread_drop(&pread);
    struct ac_signal_future signal;
    ac_signal_init(&signal, SIGHUP);
    ac_signal_drop(&signal);
}
END_TEST

/* --- Foreign descriptors ------------------------------------------------------------------------------------------ */

START_TEST(a_foreign_pipe_is_waited_for_and_its_flags_are_left_alone)
{
    int ends[2];
    char buf[8];
    ck_assert_int_eq(pipe(ends), 0);
    void *read = START(ac_read, ends[0], buf, sizeof buf);
    settle();
    ck_assert(!ac_is_finished(read));
    ck_assert_int_eq(AWAIT(ac_write, ends[1], "abc", 3), 3);
    ck_assert_int_eq(JOIN(read), 3);
    ck_assert_int_eq(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0);
    read = START(ac_read, ends[0], buf, sizeof buf);
    settle();
    close(ends[1]);
    ck_assert_int_eq(JOIN(read), 0);
    close(ends[0]);
}
END_TEST

START_TEST(a_full_foreign_pipe_does_not_block_a_worker)
{
    enum { SIZE = 300000 };
    int ends[2];
    static char out[SIZE], in[SIZE];
    memset(out, 7, sizeof out);
    ck_assert_int_eq(pipe(ends), 0);
    void *write = START(ac_write_all, ends[1], out, SIZE);
    settle();
    ck_assert(!ac_is_finished(write));
    ck_assert_int_eq(AWAIT(ac_read_exact, ends[0], in, SIZE), SIZE);
    ck_assert_int_eq(JOIN_INT(write), 0);
    ck_assert_mem_eq(in, out, SIZE);
    close(ends[0]);
    ck_assert_int_eq(AWAIT(ac_write, ends[1], out, 1), -EPIPE);
    close(ends[1]);
}
END_TEST

START_TEST(a_foreign_socket_that_blocks_is_waited_for)
{
    int ends[2];
    char buf[8];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    void *read = START(ac_read, ends[0], buf, sizeof buf), *recv = START(ac_recv, ends[1], buf + 4, 4, 0);
    settle();
    ck_assert_int_eq(AWAIT(ac_write, ends[1], "abc", 3), 3);
    ck_assert_int_eq(JOIN(read), 3);
    ck_assert_int_eq(AWAIT(ac_send, ends[0], "de", 2, 0), 2);
    ck_assert_int_eq(JOIN(recv), 2);
    close(ends[0]);
    ck_assert_int_eq(AWAIT(ac_write, ends[1], "x", 1), -EPIPE);
    close(ends[1]);
}
END_TEST

START_TEST(both_directions_of_a_foreign_descriptor_are_armed_anew)
{
    int ends[2];
    char buf[65536] = { 0 };
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    while (write(ends[0], buf, sizeof buf) > 0) {}
    void *readable = START(ac_readable, ends[0]), *writable = START(ac_writable, ends[0]);
    settle();
    ck_assert(!ac_is_finished(readable));
    ck_assert(!ac_is_finished(writable));
    while (read(ends[1], buf, sizeof buf) > 0) {}
    ck_assert_int_eq(JOIN_INT(writable), 0);
    ck_assert(!ac_is_finished(readable));
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    ck_assert_int_eq(JOIN_INT(readable), 0);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(a_descriptor_may_be_in_an_epoll_of_somebody_else)
{
    int event = eventfd(0, EFD_NONBLOCK), epoll = epoll_create1(0);
    struct epoll_event want = { .events = EPOLLIN }, got;
    ck_assert_int_eq(epoll_ctl(epoll, EPOLL_CTL_ADD, event, &want), 0);
    for (int i = 0; i < 3; i++) {
        void *readable = START(ac_readable, event), *outer = START(ac_readable, epoll);
        settle();
        ck_assert(!ac_is_finished(readable));
        ck_assert_int_eq(eventfd_write(event, 1), 0);
        ck_assert_int_eq(JOIN_INT(readable), 0);
        ck_assert_int_eq(JOIN_INT(outer), 0);
        ck_assert_int_eq(epoll_wait(epoll, &got, 1, 0), 1);
        eventfd_t value;
        ck_assert_int_eq(eventfd_read(event, &value), 0);
    }
    close(epoll);
    close(event);
}
END_TEST

START_TEST(a_foreign_number_that_was_closed_and_opened_again_is_armed)
{
    int event = eventfd(0, EFD_NONBLOCK);
    for (int i = 0; i < 2; i++) {
        void *readable = START(ac_readable, event);
        settle();
        ck_assert_int_eq(eventfd_write(event, 1), 0);
        ck_assert_int_eq(JOIN_INT(readable), 0);
        close(event);
        int again = eventfd(0, EFD_NONBLOCK);
        ck_assert_int_eq(again, event);
    }
    void *readable = START(ac_readable, event);
    settle();
    ck_assert_int_eq(ac_close(event), 0);
    ck_assert_int_eq(JOIN_INT(readable), -EBADF);
}
END_TEST

START_TEST(a_terminal_that_blocks_is_waited_for)
{
    char buf[16];
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) || unlockpt(master)) return; /* no terminals here */
    int terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
    ck_assert_int_ge(terminal, 0);
    void *read = START(ac_read, terminal, buf, sizeof buf);
    settle();
    ck_assert(!ac_is_finished(read));
    ck_assert_int_eq(AWAIT(ac_write, master, "line\n", 5), 5);
    ck_assert_int_eq(JOIN(read), 5);
    ck_assert_mem_eq(buf, "line\n", 5);
    ck_assert_int_eq(AWAIT(ac_write_all, terminal, "out", 3), 0);
    ck_assert_int_eq(fcntl(terminal, F_GETFL) & O_NONBLOCK, 0);
    close(terminal);
    close(master);
}
END_TEST

START_TEST(a_plain_file_is_always_ready)
{
    FILE *file = tmpfile();
    char buf[8];
    ck_assert_int_eq(AWAIT(ac_readable, fileno(file)), 0);
    ck_assert_int_eq(AWAIT(ac_writable, fileno(file)), 0);
    ck_assert_int_eq(AWAIT(ac_write_all, fileno(file), "abcdef", 6), 0);
    lseek(fileno(file), 2, SEEK_SET);
    ck_assert_int_eq(AWAIT(ac_read, fileno(file), buf, sizeof buf), 4);
    ck_assert_int_eq(AWAIT(ac_read, fileno(file), buf, sizeof buf), 0);
    fclose(file);
}
END_TEST

START_TEST(what_is_no_descriptor_is_ebadf)
{
    char buf[1];
    ck_assert_int_eq(AWAIT(ac_read, -1, buf, 1), -EBADF);
    ck_assert_int_eq(AWAIT(ac_read, 999, buf, 1), -EBADF);
    ck_assert_int_eq(AWAIT(ac_write, 1 << 30, buf, 1), -EBADF);
    ck_assert_int_eq(AWAIT(ac_readable, 999), -EBADF);
    ck_assert_int_eq(AWAIT(ac_accept, 999, NULL), -EBADF);
    ck_assert_int_eq(ac_close(999), -EBADF);
    ck_assert_int_eq(ac_close(-1), -EBADF);
}
END_TEST

/* --- Several runtimes --------------------------------------------------------------------------------------------- */

START_TEST(a_descriptor_is_waited_for_on_two_runtimes)
{
    int ends[2];
    char buf[2];
    ac_runtime *second = ac_runtime_new(&(ac_runtime_options){ .worker_threads = 1 });
    tcp_pair(ends);
    void *first_read = START(ac_read, ends[1], &buf[0], 1);
    settle();
    ck_assert(!ac_is_finished(first_read));
    /* The second waits while the first, if it has no threads of its own, does not run at all. */
    struct ac_read_future read;
    ac_read_init(&read, ends[1], &buf[1], 1);
    ck_assert_int_eq(write(ends[0], "ab", 2), 2);
    ac__block_on(second, &ac_read_descriptor, &read);
    ck_assert_int_eq(read.result, 1);
    ck_assert_int_eq(JOIN(first_read), 1);
    ck_assert(ac_runtime_shutdown(second, ac_secs(5)));
    close_ends(ends);
}
END_TEST

START_TEST(a_descriptor_outlives_the_runtime_that_registered_it)
{
    int ends[2];
    char buf[4];
    ac_runtime *second = ac_runtime_new(&(ac_runtime_options){ .worker_threads = 1 });
    ck_assert_int_eq(ac_unix_pair(ends), 0);
    void *orphan = START_ON(second, ac_read, ends[0], buf, sizeof buf);
    struct ac_sleep_future pause;
    ac_sleep_init(&pause, ac_ms(3));
    ac__block_on(second, &ac_sleep_descriptor, &pause);
    ac_detach(orphan);
    ck_assert(ac_runtime_shutdown(second, ac_secs(5)));
    void *read = START(ac_read, ends[0], buf, sizeof buf);
    settle();
    ck_assert_int_eq(AWAIT(ac_write, ends[1], "abc", 3), 3);
    ck_assert_int_eq(JOIN(read), 3);
    close_ends(ends);
}
END_TEST

START_TEST(shutdown_ends_tasks_that_wait)
{
    int ends[2];
    static char buf[4];
    ac_runtime *second = ac_runtime_new(&(ac_runtime_options){ .worker_threads = 1 });
    ck_assert_int_eq(ac_unix_pair(ends), 0);
    void *tasks[] = { START_ON(second, ac_read, ends[0], buf, 1), START_ON(second, ac_readable, ends[1]),
                      START_ON(second, ac_signal, SIGHUP) };
    struct ac_sleep_future pause;
    ac_sleep_init(&pause, ac_ms(3));
    ac__block_on(second, &ac_sleep_descriptor, &pause);
    for (int i = 0; i < 3; i++) ac_detach(tasks[i]);
    ck_assert(ac_runtime_shutdown(second, ac_secs(5)));
    close_ends(ends);
}
END_TEST

START_TEST(a_wait_says_what_it_waits_for)
{
    char text[64];
    struct ac_read_future read;
    ac_read_init(&read, 7, text, 1);
    ac_read_descriptor.describe(&read, text, sizeof text);
    ck_assert_str_eq(text, "descriptor 7, readable");
    struct ac_signal_future signal;
    ac_signal_init(&signal, SIGINT);
    ac_signal_descriptor.describe(&signal, text, sizeof text);
    ck_assert_str_eq(text, "SIGINT");
}
END_TEST

RUN("waiters", all_who_wait_are_woken_and_one_gets_each_byte, the_end_of_the_file_reaches_all_readers,
    a_reader_and_a_writer_wait_independently, closing_wakes_the_waiters_with_ebadf,
    a_number_that_is_reused_is_not_mistaken_for_the_old_file,
    closing_with_close_and_reusing_does_not_hang_the_old_waiters, a_cancelled_read_loses_nothing,
    one_of_several_waiters_may_be_cancelled, a_future_that_was_never_polled_is_dropped,
    a_foreign_pipe_is_waited_for_and_its_flags_are_left_alone, a_full_foreign_pipe_does_not_block_a_worker,
    a_foreign_socket_that_blocks_is_waited_for, both_directions_of_a_foreign_descriptor_are_armed_anew,
    a_descriptor_may_be_in_an_epoll_of_somebody_else, a_foreign_number_that_was_closed_and_opened_again_is_armed,
    a_terminal_that_blocks_is_waited_for, a_plain_file_is_always_ready, what_is_no_descriptor_is_ebadf,
    a_descriptor_is_waited_for_on_two_runtimes, a_descriptor_outlives_the_runtime_that_registered_it,
    shutdown_ends_tasks_that_wait, a_wait_says_what_it_waits_for)

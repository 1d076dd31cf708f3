/* Standard input of every kind: pipes, files, terminals, what does not block, what is shared, what is closed. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>

#include "io_help.h"

static void be_stdin(int fd)
{
    ck_assert_int_eq(dup2(fd, 0), 0);
    close(fd);
}

/* --- Where it comes from ------------------------------------------------------------------------------------------ */

START_TEST(a_file)
{
    FILE *file = tmpfile();
    char buf[16];
    fputs("a line\n", file);
    fflush(file);
    lseek(fileno(file), 0, SEEK_SET);
    ck_assert_int_eq(dup2(fileno(file), 0), 0);
    ck_assert_int_eq(AWAIT(ac_stdin, buf, 0), 0);
    ck_assert_int_eq(AWAIT(ac_stdin, buf, sizeof buf), 7);
    ck_assert_mem_eq(buf, "a line\n", 7);
    for (int i = 0; i < 2; i++) ck_assert_int_eq(AWAIT(ac_stdin, buf, sizeof buf), 0);
    fclose(file);
}
END_TEST

START_TEST(a_terminal_and_its_end_of_file)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0) return; /* there are none here */
    ck_assert_int_eq(grantpt(master) | unlockpt(master), 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    ck_assert_int_ge(slave, 0);
    be_stdin(slave);
    char buf[16];
    void *read = START(ac_stdin, buf, sizeof buf);
    settle();
    ck_assert_int_eq(write(master, "ab", 2), 2); /* no line yet */
    settle();
    ck_assert(!ac_is_finished(read));
    ck_assert_int_eq(write(master, "c\n", 2), 2);
    ck_assert_int_eq(JOIN(read), 4);
    ck_assert_mem_eq(buf, "abc\n", 4);
    ck_assert_int_eq(write(master, "\4", 1), 1); /* Ctrl-D: an end, after which there may be more */
    ck_assert_int_eq(AWAIT(ac_stdin, buf, sizeof buf), 0);
    ck_assert_int_eq(write(master, "d\n", 2), 2);
    ck_assert_int_eq(AWAIT(ac_stdin, buf, sizeof buf), 2);
    ck_assert_int_eq(fcntl(0, F_GETFL) & O_NONBLOCK, 0);
    close(master);
}
END_TEST

START_TEST(what_is_no_input_says_so)
{
    char buf[4];
    be_stdin(open("/", O_RDONLY | O_DIRECTORY));
    ck_assert_int_eq(AWAIT(ac_stdin, buf, sizeof buf), -EISDIR);
    be_stdin(open("/dev/null", O_WRONLY));
    ck_assert_int_eq(AWAIT(ac_stdin, buf, sizeof buf), -EBADF);
    close(0);
    ck_assert_int_eq(AWAIT(ac_stdin, buf, sizeof buf), -EBADF);
}
END_TEST

START_TEST(a_socket_that_was_reset_is_an_error_once)
{
    int ends[2];
    char buf[4];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    be_stdin(ends[0]);
    ck_assert_int_eq(write(0, "unread", 6), 6);
    close(ends[1]);
    ck_assert_int_eq(AWAIT(ac_stdin, buf, sizeof buf), -ECONNRESET);
    ck_assert_int_eq(AWAIT(ac_stdin, buf, sizeof buf), 0);
}
END_TEST

/* --- Shared with others ------------------------------------------------------------------------------------------- */

/* Another process has made it not to block, and reads it too: who finds nothing after all waits on. */
START_TEST(an_input_that_does_not_block_and_is_read_by_another_too)
{
    enum { BYTES = 2000 };
    int ends[2], counted[2];
    char byte;
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(pipe(counted), 0);
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    be_stdin(ends[0]);
    pid_t other = fork();
    if (other == 0) { /* takes what it can until the end, and tells how much that was */
        int n = 0;
        char taken;
        close(ends[1]);
        for (ssize_t got = 1; got;) {
            struct pollfd in = { .fd = 0, .events = POLLIN };
            poll(&in, 1, -1);
            got = read(0, &taken, 1);
            n += got > 0;
        }
        _exit(write(counted[1], &n, sizeof n) != sizeof n);
    }
    int mine = 0, others = 0, status;
    pid_t writer = fork();
    if (writer == 0) {
        for (int i = 0; i < BYTES; i++)
            if (write(ends[1], "x", 1) != 1 || (i % 8 == 0 && usleep(50) < 0)) _exit(1);
        _exit(0);
    }
    close(ends[1]);
    while (AWAIT(ac_stdin, &byte, 1) == 1) mine++;
    ck_assert_int_eq(waitpid(writer, &status, 0), writer);
    ck_assert_int_eq(waitpid(other, &status, 0), other);
    ck_assert_int_eq(read(counted[0], &others, sizeof others), (ssize_t)sizeof others);
    ck_assert_int_eq(mine + others, BYTES);
}
END_TEST

START_TEST(several_tasks_and_several_runtimes_read_it)
{
    int ends[2];
    char buf[40];
    void *reads[40];
    ac_runtime *second = ac_runtime_new(&(ac_runtime_options){ .worker_threads = 1 });
    ck_assert_int_eq(pipe(ends), 0);
    be_stdin(ends[0]);
    memset(buf, 0, sizeof buf);
    for (int i = 0; i < 40; i++) reads[i] = START_ON(i % 2 && i < 20 ? second : rt, ac_stdin, &buf[i], 1);
    settle();
    for (int i = 20; i < 40; i += 3) cancel(reads[i]);
    ck_assert_int_eq(write(ends[1], "0123456789012345678901234567890123456789", 40), 40);
    int n = 0, sum = 0;
    for (int i = 0; i < 40; i++) {
        if (i >= 20 && (i - 20) % 3 == 0) continue;
        ssize_t got;
        ck_assert_int_eq(join_on(i % 2 && i < 20 ? second : rt, reads[i], &got, sizeof got), 0);
        ck_assert_int_eq(got, 1);
        n++;
        sum += buf[i] - '0';
    }
    char rest[40];
    ck_assert_int_eq(AWAIT(ac_stdin, rest, sizeof rest), 40 - n);
    for (int i = 0; i < 40 - n; i++) sum += rest[i] - '0';
    ck_assert_int_eq(sum, 4 * 45);
    close(ends[1]);
    ck_assert(ac_runtime_shutdown(second, ac_secs(5)));
}
END_TEST

/* --- Ends of runtimes --------------------------------------------------------------------------------------------- */

START_TEST(a_shutdown_calls_the_reading_thread_back)
{
    int ends[2];
    char buf[8];
    ck_assert_int_eq(pipe(ends), 0);
    be_stdin(ends[0]);
    for (int i = 0; i < 5; i++) {
        ac_runtime *one = ac_runtime_new(&(ac_runtime_options){ .worker_threads = 1 });
        ac_detach(START_ON(one, ac_stdin, buf, sizeof buf));
        if (i % 2) settle();
        ck_assert(ac_runtime_shutdown(one, ac_secs(5)));
    }
    ck_assert_int_eq(write(ends[1], "kept", 4), 4);
    ck_assert_int_eq(AWAIT(ac_stdin, buf, sizeof buf), 4);
    close(ends[1]);
}
END_TEST

RUN("stdin", a_file, a_terminal_and_its_end_of_file, what_is_no_input_says_so, a_socket_that_was_reset_is_an_error_once,
    an_input_that_does_not_block_and_is_read_by_another_too, several_tasks_and_several_runtimes_read_it,
    a_shutdown_calls_the_reading_thread_back)

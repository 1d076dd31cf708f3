/* TCP: connections, half-close, resets, too many descriptors. */
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include "io_help.h"

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

START_TEST(bytes_go_both_ways)
{
    int ends[2];
    char buf[16];
    tcp_pair(ends);
    void *read = START(ac_read, ends[1], buf, sizeof buf);
    settle();
    ck_assert_int_eq(AWAIT(ac_write, ends[0], "hello", 5), 5);
    ck_assert_int_eq(JOIN(read), 5);
    ck_assert_mem_eq(buf, "hello", 5);
    ck_assert_int_eq(AWAIT(ac_write_all, ends[1], "back", 4), 0);
    ck_assert_int_eq(AWAIT(ac_read, ends[0], buf, sizeof buf), 4);
    ac_close(ends[0]);
    ck_assert_int_eq(AWAIT(ac_read, ends[1], buf, sizeof buf), 0);
    ac_close(ends[1]);
}
END_TEST

START_TEST(an_accept_waits_for_its_connection)
{
    char address[AC_ADDRESS_TEXT_SIZE], peer_text[AC_ADDRESS_TEXT_SIZE], local[AC_ADDRESS_TEXT_SIZE];
    struct sockaddr_storage peer;
    int listener = listen_somewhere(address);
    void *accept = START(ac_accept, listener, &peer);
    settle();
    ck_assert(!ac_is_finished(accept));
    int client = AWAIT(ac_tcp_connect, address);
    int server = JOIN_INT(accept);
    ck_assert_int_ge(server, 0);
    ck_assert_int_gt(ac_address_format(&peer, peer_text, sizeof peer_text), 0);
    ck_assert_int_gt(ac_local_address(client, local, sizeof local), 0);
    ck_assert_str_eq(peer_text, local);
    ck_assert_int_gt(ac_peer_address(client, local, sizeof local), 0);
    ck_assert_str_eq(local, address);
    ac_close(client);
    ac_close(server);
    ac_close(listener);
}
END_TEST

START_TEST(a_half_closed_connection_goes_on_the_other_way)
{
    int ends[2];
    char buf[16];
    tcp_pair(ends);
    void *read = START(ac_read, ends[1], buf, sizeof buf);
    settle();
    ck_assert_int_eq(ac_shutdown_write(ends[0]), 0);
    ck_assert_int_eq(JOIN(read), 0);
    ck_assert_int_eq(AWAIT(ac_write_all, ends[1], "still here", 10), 0);
    ck_assert_int_eq(AWAIT(ac_read_exact, ends[0], buf, 10), 10);
    close_ends(ends);
}
END_TEST

START_TEST(data_before_the_end_is_not_lost_to_a_short_read)
{
    int ends[2];
    char buf[4];
    tcp_pair(ends);
    void *read = START(ac_read, ends[1], buf, 1); /* registers it */
    settle();
    ck_assert_int_eq(AWAIT(ac_write, ends[0], "abc", 3), 3);
    ac_close(ends[0]);
    ck_assert_int_eq(JOIN(read), 1);
    settle();
    ck_assert_int_eq(AWAIT(ac_read, ends[1], buf, sizeof buf), 2); /* short, with the end behind it */
    ck_assert_int_eq(AWAIT(ac_read, ends[1], buf, sizeof buf), 0);
    ck_assert_int_eq(AWAIT(ac_read, ends[1], buf, sizeof buf), 0);
    ac_close(ends[1]);
}
END_TEST

static void reset(int fd)
{
    ck_assert_int_eq(ac_set_linger(fd, 0), 0);
    ac_close(fd);
}

START_TEST(a_reset_is_an_error_and_a_write_after_it_epipe_without_a_signal)
{
    int ends[2];
    char buf[16];
    tcp_pair(ends);
    void *read = START(ac_read, ends[1], buf, sizeof buf);
    settle();
    reset(ends[0]);
    ck_assert_int_eq(JOIN(read), -ECONNRESET);
    ck_assert_int_eq(AWAIT(ac_write, ends[1], "x", 1), -EPIPE);
    ck_assert_int_eq(AWAIT(ac_send, ends[1], "x", 1, 0), -EPIPE);
    ac_close(ends[1]);
}
END_TEST

START_TEST(a_connection_reset_in_the_queue_is_not_the_listeners_error)
{
    char address[AC_ADDRESS_TEXT_SIZE];
    int listener = listen_somewhere(address);
    reset(AWAIT(ac_tcp_connect, address));
    int client = AWAIT(ac_tcp_connect, address);
    for (int i = 0; i < 2; i++) { /* Linux gives the one that was reset too; its first read tells */
        int fd = AWAIT(ac_accept, listener, NULL);
        ck_assert_int_ge(fd, 0);
        ac_close(fd);
    }
    ac_close(client);
    ac_close(listener);
}
END_TEST

START_TEST(a_refused_connection_says_so)
{
    char address[AC_ADDRESS_TEXT_SIZE];
    ac_close(listen_somewhere(address));
    ck_assert_int_eq(AWAIT(ac_tcp_connect, address), -ECONNREFUSED);
    ck_assert_int_eq(AWAIT(ac_tcp_connect, "nonsense"), -EINVAL);
}
END_TEST

START_TEST(a_name_is_resolved_to_connect)
{
    char address[AC_ADDRESS_TEXT_SIZE], name[64];
    int listener = listen_somewhere(address);
    snprintf(name, sizeof name, "localhost%s", strrchr(address, ':'));
    int client = AWAIT(ac_tcp_connect, name);
    ck_assert_int_ge(client, 0);
    ac_close(client);
    ac_close(listener);
}
END_TEST

START_TEST(much_data_through_a_slow_reader_arrives_whole)
{
    enum { SIZE = 3 << 20 };
    int ends[2];
    char *out = malloc(SIZE), *in = malloc(SIZE);
    for (int i = 0; i < SIZE; i++) out[i] = (char)(i * 7 + i / 251);
    tcp_pair(ends);
    ac_set_send_buffer(ends[0], 65536);
    ac_set_receive_buffer(ends[1], 65536);
    void *write = START(ac_write_all, ends[0], out, SIZE);
    settle();
    ck_assert(!ac_is_finished(write));
    for (size_t at = 0; at < SIZE;) {
        ssize_t n = AWAIT(ac_read, ends[1], in + at, at % 3 ? 70000 : 1000);
        ck_assert_int_gt(n, 0);
        at += (size_t)n;
    }
    ck_assert_int_eq(JOIN_INT(write), 0);
    ck_assert_mem_eq(in, out, SIZE);
    free(in);
    free(out);
    close_ends(ends);
}
END_TEST

START_TEST(urgent_data_does_not_hide_what_follows)
{
    int ends[2];
    char buf[64];
    size_t n = 1;
    tcp_pair(ends);
    void *read = START(ac_read, ends[1], buf, 1); /* registers it */
    settle();
    ck_assert_int_eq(send(ends[0], "abc", 3, 0), 3);
    ck_assert_int_eq(send(ends[0], "!", 1, MSG_OOB), 1);
    ck_assert_int_eq(send(ends[0], "def", 3, 0), 3);
    settle();
    ck_assert_int_eq(JOIN(read), 1);
    settle();
    while (n < 6) { /* a read stops short at the mark, with more behind it */
        ssize_t part = AWAIT(ac_read, ends[1], buf + n, sizeof buf - n);
        ck_assert_int_gt(part, 0);
        n += (size_t)part;
    }
    ck_assert_mem_eq(buf, "abcdef", 6);
    close_ends(ends);
}
END_TEST

START_TEST(an_inherited_listener_is_taken_over)
{
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    char address[AC_ADDRESS_TEXT_SIZE], buf[4];
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&any, sizeof any), 0);
    ck_assert_int_eq(listen(listener, 5), 0);
    ac_local_address(listener, address, sizeof address);
    for (int adopted = 0; adopted < 2; adopted++) { /* foreign it works too */
        if (adopted) ck_assert_int_eq(ac_adopt(listener), 0);
        void *accept = START(ac_accept, listener, NULL);
        settle();
        ck_assert(!ac_is_finished(accept));
        int client = AWAIT(ac_tcp_connect, address), server = JOIN_INT(accept);
        ck_assert_int_ge(server, 0);
        void *read = START(ac_read, server, buf, sizeof buf);
        settle();
        ck_assert_int_eq(AWAIT(ac_write, client, "abc", 3), 3);
        ck_assert_int_eq(JOIN(read), 3);
        ac_close(client);
        ac_close(server);
    }
    ck_assert(fcntl(listener, F_GETFL) & O_NONBLOCK);
    ac_close(listener);
    ck_assert_int_eq(ac_adopt(listener), -EBADF);
}
END_TEST

START_TEST(vectors_are_read_and_written)
{
    int ends[2];
    char a[3], b[5];
    tcp_pair(ends);
    struct iovec out[2] = { { "abc", 3 }, { "defgh", 5 } }, in[2] = { { a, 3 }, { b, 5 } };
    ck_assert_int_eq(AWAIT(ac_writev, ends[0], out, 2), 8);
    ck_assert_int_eq(AWAIT(ac_readv, ends[1], in, 2), 8);
    ck_assert_mem_eq(a, "abc", 3);
    ck_assert_mem_eq(b, "defgh", 5);
    close_ends(ends);
}
END_TEST

/* --- Too many descriptors ----------------------------------------------------------------------------------------- */

static void fill_descriptors(int *fds, int *n, rlim_t limit)
{
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){ limit, limit });
    *n = 0;
    while ((fds[*n] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0) ++*n;
}

START_TEST(too_many_descriptors_neither_end_nor_spin_an_accept)
{
    char address[AC_ADDRESS_TEXT_SIZE];
    int fds[256], n;
    int listener = listen_somewhere(address);
    int client = AWAIT(ac_tcp_connect, address);
    fill_descriptors(fds, &n, 128);
    void *accept = START(ac_accept, listener, NULL);
    struct timespec before, after;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    for (int i = 0; i < 30; i++) settle();
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    ck_assert(!ac_is_finished(accept));
    int64_t used = (after.tv_sec - before.tv_sec) * 1000000 + (after.tv_nsec - before.tv_nsec) / 1000;
    ck_assert_int_lt(used, 45000); /* of 90 ms and more */
    ac_close(fds[--n]);
    int64_t began = now_ms();
    int server = JOIN_INT(accept);
    ck_assert_int_ge(server, 0);
    ck_assert_int_lt(now_ms() - began, 1000);
    while (n) close(fds[--n]);
    ac_close(server);
    ac_close(client);
    ac_close(listener);
}
END_TEST

START_TEST(an_accept_among_too_many_sees_its_listener_closed)
{
    char address[AC_ADDRESS_TEXT_SIZE];
    int fds[256], n;
    int listener = listen_somewhere(address);
    int client = AWAIT(ac_tcp_connect, address);
    fill_descriptors(fds, &n, 128);
    void *accept = START(ac_accept, listener, NULL);
    settle();
    ac_close(listener);
    ck_assert_int_eq(JOIN_INT(accept), -EBADF);
    while (n) close(fds[--n]);
    ac_close(client);
}
END_TEST

START_TEST(a_cancelled_accept_takes_nothing)
{
    char address[AC_ADDRESS_TEXT_SIZE];
    int listener = listen_somewhere(address);
    void *accept = START(ac_accept, listener, NULL);
    settle();
    cancel(accept);
    int client = AWAIT(ac_tcp_connect, address);
    int server = AWAIT(ac_accept, listener, NULL);
    ck_assert_int_ge(server, 0);
    ac_close(server);
    ac_close(client);
    ac_close(listener);
}
END_TEST

START_TEST(a_cancelled_connect_closes_its_descriptor)
{
    char address[AC_ADDRESS_TEXT_SIZE];
    int listener = ac_tcp_listen("127.0.0.1:0", 1);
    ac_local_address(listener, address, sizeof address);
    void *connects[8]; /* more than the queue holds: some stay pending */
    int lowest = dup(0);
    close(lowest);
    for (int i = 0; i < 8; i++) connects[i] = START(ac_tcp_connect, address);
    settle();
    for (int i = 0; i < 8; i++) {
        ac_abort(connects[i]);
        int fd = -1;
        if (join_on(rt, connects[i], &fd, sizeof fd) == 0 && fd >= 0) ac_close(fd);
    }
    int again = dup(0);
    ck_assert_int_eq(again, lowest);
    close(again);
    ac_close(listener);
}
END_TEST

START_TEST(everything_made_is_closed_on_exec)
{
    int ends[2], pipe[2], pair[2];
    char address[AC_ADDRESS_TEXT_SIZE];
    tcp_pair(ends);
    ck_assert_int_eq(ac_pipe(pipe), 0);
    ck_assert_int_eq(ac_unix_pair(pair), 0);
    int all[] = { ends[0],
                  ends[1],
                  pipe[0],
                  pipe[1],
                  pair[0],
                  pair[1],
                  listen_somewhere(address),
                  ac_udp_bind("127.0.0.1:0"),
                  AWAIT(ac_open, "/dev/null", O_RDWR, 0) };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        ck_assert_int_eq(fcntl(all[i], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        ac_close(all[i]);
    }
}
END_TEST

START_TEST(options_are_set)
{
    int ends[2], value;
    socklen_t length = sizeof value;
    tcp_pair(ends);
    ck_assert_int_eq(ac_set_nodelay(ends[0], true), 0);
    ck_assert_int_eq(ac_set_keepalive(ends[0], ac_ms(1500), ac_secs(2), 3), 0);
    ck_assert_int_eq(ac_set_user_timeout(ends[0], ac_secs(7)), 0);
    ck_assert_int_eq(getsockopt(ends[0], IPPROTO_TCP, 4 /* TCP_KEEPIDLE */, &value, &length), 0);
    ck_assert_int_eq(value, 2);
    ck_assert_int_eq(ac_set_nodelay(-1, true), -EBADF);
    close_ends(ends);
}
END_TEST

START_TEST(any_address_takes_ipv4_too)
{
    char address[AC_ADDRESS_TEXT_SIZE], client_address[64];
    int listener = ac_tcp_listen(":0", 0);
    ck_assert_int_ge(listener, 0);
    ck_assert_int_gt(ac_local_address(listener, address, sizeof address), 0);
    snprintf(client_address, sizeof client_address, "127.0.0.1%s", strrchr(address, ':'));
    int client = AWAIT(ac_tcp_connect, client_address);
    ck_assert_int_ge(client, 0);
    ac_close(client);
    ac_close(listener);
}
END_TEST

RUN("tcp", bytes_go_both_ways, an_accept_waits_for_its_connection, a_half_closed_connection_goes_on_the_other_way,
    data_before_the_end_is_not_lost_to_a_short_read, a_reset_is_an_error_and_a_write_after_it_epipe_without_a_signal,
    a_connection_reset_in_the_queue_is_not_the_listeners_error, a_refused_connection_says_so,
    a_name_is_resolved_to_connect, much_data_through_a_slow_reader_arrives_whole, vectors_are_read_and_written,
    urgent_data_does_not_hide_what_follows, an_inherited_listener_is_taken_over,
    too_many_descriptors_neither_end_nor_spin_an_accept, an_accept_among_too_many_sees_its_listener_closed,
    a_cancelled_accept_takes_nothing, a_cancelled_connect_closes_its_descriptor, everything_made_is_closed_on_exec,
    options_are_set, any_address_takes_ipv4_too)

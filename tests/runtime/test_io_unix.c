/* Unix sockets. */
#include <sys/socket.h>
#include <sys/stat.h>

#include "io_help.h"

static char path[64];
static const char *somewhere(void)
{
    snprintf(path, sizeof path, "/tmp/asyncc-unix-%d", (int)getpid());
    unlink(path);
    return path;
}

START_TEST(a_connection_over_a_path)
{
    char buf[8], text[AC_ADDRESS_TEXT_SIZE], expected[AC_ADDRESS_TEXT_SIZE];
    int listener = ac_unix_listen(somewhere(), 0);
    ck_assert_int_ge(listener, 0);
    int client = AWAIT(ac_unix_connect, path);
    ck_assert_int_ge(client, 0);
    int server = AWAIT(ac_accept, listener, NULL);
    ck_assert_int_ge(server, 0);
    ck_assert_int_gt(ac_peer_address(client, text, sizeof text), 0);
    snprintf(expected, sizeof expected, "unix:%s", path);
    ck_assert_str_eq(text, expected);
    ck_assert_int_eq(AWAIT(ac_write, client, "abc", 3), 3);
    ck_assert_int_eq(AWAIT(ac_read, server, buf, sizeof buf), 3);
    ac_close(client);
    ck_assert_int_eq(AWAIT(ac_read, server, buf, sizeof buf), 0);
    ck_assert_int_eq(AWAIT(ac_write, server, "x", 1), -EPIPE);
    ac_close(server);
    ac_close(listener);
    unlink(path);
}
END_TEST

START_TEST(a_file_left_over_is_replaced_and_a_live_one_is_not)
{
    int listener = ac_unix_listen(somewhere(), 0);
    ck_assert_int_ge(listener, 0);
    ck_assert_int_eq(ac_unix_listen(path, 0), -EADDRINUSE);
    ac_close(listener);
    int again = ac_unix_listen(path, 0);
    ck_assert_int_ge(again, 0);
    ac_close(again);
    unlink(path);
    int file = open(path, O_CREAT | O_WRONLY, 0600); /* no socket at all */
    ck_assert_int_eq(ac_unix_listen(path, 0), -EADDRINUSE);
    close(file);
    ck_assert_int_eq(access(path, F_OK), 0);
    unlink(path);
}
END_TEST

START_TEST(an_abstract_name)
{
    char name[64], text[AC_ADDRESS_TEXT_SIZE], expected[80];
    snprintf(name, sizeof name, "@asyncc-test-%d", (int)getpid());
    int listener = ac_unix_listen(name, 0);
    ck_assert_int_ge(listener, 0);
    ck_assert_int_gt(ac_local_address(listener, text, sizeof text), 0);
    snprintf(expected, sizeof expected, "unix:%s", name);
    ck_assert_str_eq(text, expected);
    int client = AWAIT(ac_unix_connect, name);
    ck_assert_int_ge(client, 0);
    ac_close(client);
    ac_close(listener);
}
END_TEST

START_TEST(a_connect_waits_for_room_in_the_queue)
{
    int listener = ac_unix_listen(somewhere(), 1);
    void *connects[5];
    for (int i = 0; i < 5; i++) connects[i] = START(ac_unix_connect, path);
    for (int i = 0; i < 5; i++) {
        int server = AWAIT(ac_accept, listener, NULL);
        ck_assert_int_ge(server, 0);
        ac_close(server);
    }
    for (int i = 0; i < 5; i++) {
        int fd = JOIN_INT(connects[i]);
        ck_assert_int_ge(fd, 0);
        ac_close(fd);
    }
    ac_close(listener);
    unlink(path);
}
END_TEST

START_TEST(bad_paths_are_refused)
{
    char name[300];
    memset(name, 'a', sizeof name);
    name[299] = 0;
    ck_assert_int_eq(ac_unix_listen("", 0), -EINVAL);
    ck_assert_int_eq(ac_unix_listen(name, 0), -ENAMETOOLONG);
    ck_assert_int_eq(AWAIT(ac_unix_connect, name), -ENAMETOOLONG);
    ck_assert_int_eq(AWAIT(ac_unix_connect, "/nonexistent/socket"), -ENOENT);
}
END_TEST

START_TEST(a_descriptor_is_passed_with_cloexec)
{
    int ends[2], pipe[2];
    char byte = 'x', got = 0;
    ck_assert_int_eq(ac_unix_pair(ends), 0);
    ck_assert_int_eq(ac_pipe(pipe), 0);
    union {
        char room[CMSG_SPACE(sizeof(int))];
        struct cmsghdr header;
    } out = { { 0 } }, in = { { 0 } };
    struct iovec out_iov = { &byte, 1 }, in_iov = { &got, 1 };
    struct msghdr send = { .msg_iov = &out_iov, .msg_iovlen = 1, .msg_control = &out, .msg_controllen = sizeof out },
                  receive = { .msg_iov = &in_iov, .msg_iovlen = 1, .msg_control = &in, .msg_controllen = sizeof in };
    out.header =
        (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
    memcpy(CMSG_DATA(&out.header), &pipe[1], sizeof(int));
    void *receiving = START(ac_recvmsg, ends[1], &receive, 0);
    settle();
    ck_assert_int_eq(AWAIT(ac_sendmsg, ends[0], &send, 0), 1);
    ck_assert_int_eq(JOIN(receiving), 1);
    ck_assert_ptr_nonnull(CMSG_FIRSTHDR(&receive));
    int passed;
    memcpy(&passed, CMSG_DATA(CMSG_FIRSTHDR(&receive)), sizeof passed);
    ck_assert_int_eq(fcntl(passed, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    ck_assert_int_eq(AWAIT(ac_write, passed, "y", 1), 1);
    ck_assert_int_eq(AWAIT(ac_read, pipe[0], &got, 1), 1);
    ck_assert_int_eq(got, 'y');
    int all[] = { passed, pipe[0], pipe[1], ends[0], ends[1] };
    for (int i = 0; i < 5; i++) ac_close(all[i]);
}
END_TEST

START_TEST(a_peer_that_goes_with_unread_data_resets)
{
    int ends[2];
    char buf[8];
    ck_assert_int_eq(ac_unix_pair(ends), 0);
    ck_assert_int_eq(AWAIT(ac_write, ends[0], "unread", 6), 6);
    void *read = START(ac_read, ends[0], buf, sizeof buf);
    settle();
    ac_close(ends[1]);
    ck_assert_int_eq(JOIN(read), -ECONNRESET);
    ck_assert_int_eq(AWAIT(ac_read, ends[0], buf, sizeof buf), 0);
    ck_assert_int_eq(AWAIT(ac_write, ends[0], "x", 1), -EPIPE);
    ac_close(ends[0]);
}
END_TEST

START_TEST(a_half_closed_one_goes_on_the_other_way)
{
    int ends[2];
    char buf[8];
    ck_assert_int_eq(ac_unix_pair(ends), 0);
    void *read = START(ac_read, ends[1], buf, sizeof buf);
    settle();
    ck_assert_int_eq(ac_shutdown_write(ends[0]), 0);
    ck_assert_int_eq(JOIN(read), 0);
    ck_assert_int_eq(AWAIT(ac_write, ends[0], "x", 1), -EPIPE);
    ck_assert_int_eq(AWAIT(ac_write, ends[1], "still", 5), 5);
    ck_assert_int_eq(AWAIT(ac_read, ends[0], buf, sizeof buf), 5);
    close_ends(ends);
}
END_TEST

START_TEST(a_socket_nobody_listens_at_refuses)
{
    ac_close(ac_unix_listen(somewhere(), 0));
    ck_assert_int_eq(AWAIT(ac_unix_connect, path), -ECONNREFUSED);
    unlink(path);
    ck_assert_int_eq(AWAIT(ac_unix_connect, path), -ENOENT);
}
END_TEST

/* A connect that waits for room in the queue, and the listener goes. */
START_TEST(a_connect_that_waits_ends_with_its_listener)
{
    int listener = ac_unix_listen(somewhere(), 1), fds[5];
    void *connects[5];
    for (int i = 0; i < 5; i++) connects[i] = START(ac_unix_connect, path);
    settle();
    ac_close(listener);
    for (int i = 0; i < 5; i++) {
        fds[i] = JOIN_INT(connects[i]);
        ck_assert(fds[i] >= 0 || fds[i] == -ECONNREFUSED || fds[i] == -ECONNRESET);
        if (fds[i] >= 0) ac_close(fds[i]);
    }
    unlink(path);
}
END_TEST

RUN("unix", a_connection_over_a_path, a_file_left_over_is_replaced_and_a_live_one_is_not, an_abstract_name,
    a_connect_waits_for_room_in_the_queue, bad_paths_are_refused, a_descriptor_is_passed_with_cloexec,
    a_peer_that_goes_with_unread_data_resets, a_half_closed_one_goes_on_the_other_way,
    a_socket_nobody_listens_at_refuses, a_connect_that_waits_ends_with_its_listener)

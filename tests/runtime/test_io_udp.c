/* UDP, and the budget of a loop that is always ready. */
#include <sys/socket.h>

#include "io_help.h"

static int bound(char address[AC_ADDRESS_TEXT_SIZE])
{
    int fd = ac_udp_bind("127.0.0.1:0");
    ck_assert_int_ge(fd, 0);
    ck_assert_int_gt(ac_local_address(fd, address, AC_ADDRESS_TEXT_SIZE), 0);
    return fd;
}

START_TEST(a_datagram_arrives_with_its_sender)
{
    char a_address[AC_ADDRESS_TEXT_SIZE], b_address[AC_ADDRESS_TEXT_SIZE], text[AC_ADDRESS_TEXT_SIZE], buf[16];
    int a = bound(a_address), b = bound(b_address);
    struct sockaddr_storage to, from;
    ck_assert_int_eq(ac_address_parse(b_address, &to), 0);
    void *receive = START(ac_recvfrom, b, buf, sizeof buf, &from);
    settle();
    ck_assert(!ac_is_finished(receive));
    ck_assert_int_eq(AWAIT(ac_sendto, a, "hello", 5, &to), 5);
    ck_assert_int_eq(JOIN(receive), 5);
    ck_assert_int_gt(ac_address_format(&from, text, sizeof text), 0);
    ck_assert_str_eq(text, a_address);
    ac_close(a);
    ac_close(b);
}
END_TEST

START_TEST(messages_are_kept_apart)
{
    char address[AC_ADDRESS_TEXT_SIZE], buf[16];
    int a = bound(address), b = bound(address);
    ck_assert_int_eq(ac_udp_connect(a, address), 0);
    void *receive = START(ac_recv, b, buf, sizeof buf, 0);
    settle();
    for (int i = 1; i <= 3; i++) ck_assert_int_eq(AWAIT(ac_send, a, "abc", (size_t)i, 0), i);
    ck_assert_int_eq(JOIN(receive), 1);
    ck_assert_int_eq(AWAIT(ac_recv, b, buf, sizeof buf, 0), 2); /* a short one does not mean that it was the last */
    ck_assert_int_eq(AWAIT(ac_recv, b, buf, 2, 0), 2);          /* cut */
    ac_close(a);
    ac_close(b);
}
END_TEST

START_TEST(an_empty_datagram_is_no_end)
{
    char address[AC_ADDRESS_TEXT_SIZE], buf[16];
    int a = bound(address), b = bound(address);
    ck_assert_int_eq(ac_udp_connect(a, address), 0);
    ck_assert_int_eq(AWAIT(ac_send, a, "", 0, 0), 0);
    ck_assert_int_eq(AWAIT(ac_recv, b, buf, sizeof buf, 0), 0);
    ck_assert_int_eq(AWAIT(ac_send, a, "x", 1, 0), 1);
    ck_assert_int_eq(AWAIT(ac_recv, b, buf, sizeof buf, 0), 1);
    ac_close(a);
    ac_close(b);
}
END_TEST

START_TEST(a_port_that_nobody_has_is_an_error_once)
{
    char address[AC_ADDRESS_TEXT_SIZE], own[AC_ADDRESS_TEXT_SIZE], buf[16];
    int b = bound(address), a = bound(own);
    ac_close(b);
    ck_assert_int_eq(ac_udp_connect(a, address), 0);
    void *receive = START(ac_recv, a, buf, sizeof buf, 0);
    settle();
    ck_assert_int_eq(AWAIT(ac_send, a, "x", 1, 0), 1);
    ck_assert_int_eq(JOIN(receive), -ECONNREFUSED);
    void *again = START(ac_recv, a, buf, sizeof buf, 0);
    settle();
    ck_assert(!ac_is_finished(again));
    cancel(again);
    ac_close(a);
}
END_TEST

START_TEST(what_is_too_long_is_refused_and_the_socket_goes_on)
{
    static char large[70000];
    char address[AC_ADDRESS_TEXT_SIZE], buf[8];
    int a = bound(address), b = bound(address);
    struct sockaddr_storage to;
    ck_assert_int_eq(ac_address_parse(address, &to), 0);
    ck_assert_int_eq(AWAIT(ac_sendto, a, large, sizeof large, &to), -EMSGSIZE);
    ck_assert_int_eq(AWAIT(ac_sendto, a, "abc", 3, &to), 3);
    ck_assert_int_eq(AWAIT(ac_recvfrom, b, buf, sizeof buf, NULL), 3);
    ac_close(a);
    ac_close(b);
}
END_TEST

START_TEST(a_look_leaves_it_there_and_the_length_can_be_asked_for)
{
    char address[AC_ADDRESS_TEXT_SIZE], buf[16];
    int a = bound(address), b = bound(address);
    ck_assert_int_eq(ac_udp_connect(a, address), 0);
    void *look = START(ac_recv, b, buf, sizeof buf, MSG_PEEK);
    settle();
    ck_assert_int_eq(AWAIT(ac_send, a, "abcdef", 6, 0), 6);
    ck_assert_int_eq(JOIN(look), 6);
    ck_assert_int_eq(AWAIT(ac_recv, b, buf, 2, MSG_PEEK | MSG_TRUNC), 6);
    ck_assert_int_eq(AWAIT(ac_recv, b, buf, sizeof buf, 0), 6);
    void *next = START(ac_recv, b, buf, sizeof buf, 0);
    settle();
    ck_assert(!ac_is_finished(next));
    cancel(next);
    ac_close(a);
    ac_close(b);
}
END_TEST

START_TEST(each_packet_goes_to_one_of_those_who_wait)
{
    enum { WAITERS = 8 };
    char address[AC_ADDRESS_TEXT_SIZE], buf[WAITERS][4];
    int a = bound(address), b = bound(address), sum = 0;
    void *receives[WAITERS];
    ck_assert_int_eq(ac_udp_connect(a, address), 0);
    for (int i = 0; i < WAITERS; i++) receives[i] = START(ac_recv, b, buf[i], sizeof buf[i], 0);
    settle();
    for (int i = 0; i < WAITERS; i++) ck_assert_int_eq(AWAIT(ac_send, a, &(char){ (char)(1 << i) }, 1, 0), 1);
    for (int i = 0; i < WAITERS; i++) {
        ck_assert_int_eq(JOIN(receives[i]), 1);
        sum += (unsigned char)buf[i][0];
    }
    ck_assert_int_eq(sum, 255);
    ac_close(a);
    ac_close(b);
}
END_TEST

START_TEST(over_ipv6)
{
    char address[AC_ADDRESS_TEXT_SIZE], buf[8];
    int b = ac_udp_bind("[::1]:0"), a = ac_udp_bind("[::1]:0");
    if (b == -EADDRNOTAVAIL || b == -EAFNOSUPPORT) return; /* not on this machine */
    struct sockaddr_storage to, from;
    ck_assert_int_gt(ac_local_address(b, address, sizeof address), 0);
    ck_assert_int_eq(ac_address_parse(address, &to), 0);
    ck_assert_int_eq(AWAIT(ac_sendto, a, "abc", 3, &to), 3);
    ck_assert_int_eq(AWAIT(ac_recvfrom, b, buf, sizeof buf, &from), 3);
    ck_assert_int_eq(from.ss_family, AF_INET6);
    ac_close(a);
    ac_close(b);
}
END_TEST

/* A future by hand: sends itself packets and takes them, for ever ready. */
struct packets_future {
    int result;
    int fd, left, polls;
    char buf[4];
};
static int packets_poll(void *future, ac_context *cx)
{
    struct packets_future *self = future;
    self->polls++;
    while (self->left) {
        union {
            struct ac_send_future send;
            struct ac_recv_future recv;
        } one;
        if (self->left % 2 == 0) {
            ac_send_init(&one.send, self->fd, "x", 1, 0);
            if (ac_send_poll(&one.send, cx) == AC_PENDING) return ac_send_drop(&one.send), AC_PENDING;
        } else {
            ac_recv_init(&one.recv, self->fd, self->buf, sizeof self->buf, 0);
            if (ac_recv_poll(&one.recv, cx) == AC_PENDING) return ac_recv_drop(&one.recv), AC_PENDING;
        }
        self->left--;
    }
    return AC_READY;
}
static const ac_descriptor packets_descriptor = { .name = "packets",
                                                  .file = "test",
                                                  .size = sizeof(struct packets_future),
                                                  .align = _Alignof(struct packets_future),
                                                  .poll = packets_poll };

START_TEST(a_loop_of_packets_yields_once_in_64)
{
    char address[AC_ADDRESS_TEXT_SIZE];
    struct packets_future packets = { .fd = bound(address), .left = 2 * 64 * 4 };
    ck_assert_int_eq(ac_udp_connect(packets.fd, address), 0);
    ac__block_on(rt, &packets_descriptor, &packets);
    ck_assert_int_eq(packets.polls, 4);
    ac_close(packets.fd);
}
END_TEST

RUN("udp", a_datagram_arrives_with_its_sender, messages_are_kept_apart, an_empty_datagram_is_no_end,
    a_port_that_nobody_has_is_an_error_once, what_is_too_long_is_refused_and_the_socket_goes_on,
    a_look_leaves_it_there_and_the_length_can_be_asked_for, each_packet_goes_to_one_of_those_who_wait, over_ipv6,
    a_loop_of_packets_yields_once_in_64)

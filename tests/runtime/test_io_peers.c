/* Peers that go, stop, or were never there: resets, half-closes and silence while tasks wait on both directions. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include "io_help.h"

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void reset(int fd)
{
    ck_assert_int_eq(ac_set_linger(fd, 0), 0);
    ac_close(fd);
}

enum { MUCH = 8 << 20 };
static char much[MUCH];

/* --- Resets ------------------------------------------------------------------------------------------------------- */

START_TEST(a_reset_wakes_who_reads_and_who_writes)
{
    int ends[2];
    char buf[8];
    tcp_pair(ends);
    void *write = START(ac_write_all, ends[1], much, MUCH), *read = START(ac_read, ends[1], buf, sizeof buf);
    settle();
    ck_assert(!ac_is_finished(write) && !ac_is_finished(read));
    reset(ends[0]);
    ssize_t wrote = JOIN_INT(write), got = JOIN(read);
    /* The kernel tells of the reset once; whoever comes second finds the connection ended. */
    ck_assert(wrote == -ECONNRESET || wrote == -EPIPE);
    ck_assert(got == -ECONNRESET || got == 0);
    ck_assert(wrote == -ECONNRESET || got == -ECONNRESET);
    ck_assert_int_eq(AWAIT(ac_write, ends[1], "x", 1), -EPIPE);
    ck_assert_int_eq(AWAIT(ac_read, ends[1], buf, sizeof buf), 0);
    ac_close(ends[1]);
}
END_TEST

START_TEST(a_close_with_unread_data_resets_a_peer_that_waits)
{
    int ends[2];
    char buf[8];
    tcp_pair(ends);
    void *read = START(ac_read, ends[1], buf, sizeof buf);
    ck_assert_int_eq(AWAIT(ac_write, ends[1], "unread", 6), 6);
    settle();
    ac_close(ends[0]);
    ck_assert_int_eq(JOIN(read), -ECONNRESET);
    ac_close(ends[1]);
}
END_TEST

START_TEST(what_arrived_before_the_reset_may_be_lost_but_nobody_hangs)
{
    for (int round = 0; round < 50; round++) {
        int ends[2];
        char buf[64];
        ssize_t n;
        tcp_pair(ends);
        void *read = START(ac_read_exact, ends[1], buf, sizeof buf);
        if (round % 2) settle();
        ck_assert_int_eq(AWAIT(ac_write, ends[0], "abc", 3), 3);
        reset(ends[0]);
        n = JOIN(read);
        ck_assert_msg(n == -ECONNRESET, "%zd", n);
        ac_close(ends[1]);
    }
}
END_TEST

/* --- Half-closes -------------------------------------------------------------------------------------------------- */

START_TEST(a_peer_that_has_said_all_still_reads)
{
    int ends[2];
    char buf[8];
    static char in[MUCH];
    tcp_pair(ends);
    ck_assert_int_eq(ac_shutdown_write(ends[0]), 0);
    for (int i = 0; i < 3; i++) ck_assert_int_eq(AWAIT(ac_read, ends[1], buf, sizeof buf), 0);
    for (int i = 0; i < MUCH; i++) much[i] = (char)(i / 1000);
    void *write = START(ac_write_all, ends[1], much, MUCH); /* must wait for room though the other way has ended */
    settle();
    ck_assert(!ac_is_finished(write));
    ck_assert_int_eq(AWAIT(ac_read_exact, ends[0], in, MUCH), MUCH);
    ck_assert_int_eq(JOIN_INT(write), 0);
    ck_assert_mem_eq(in, much, MUCH);
    ck_assert_int_eq(ac_shutdown_write(ends[1]), 0);
    ck_assert_int_eq(AWAIT(ac_read, ends[0], buf, sizeof buf), 0);
    ck_assert_int_eq(AWAIT(ac_write, ends[1], "x", 1), -EPIPE);
    close_ends(ends);
}
END_TEST

/* A wait for room on a connection whose other way has ended must sleep: the end stays readable for ever. */
START_TEST(an_ended_way_does_not_make_the_other_spin)
{
    int ends[2];
    struct timespec before, after;
    tcp_pair(ends);
    void *write = START(ac_write_all, ends[1], much, MUCH);
    settle();
    ck_assert_int_eq(ac_shutdown_write(ends[0]), 0);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    for (int i = 0; i < 30; i++) settle();
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    ck_assert(!ac_is_finished(write));
    int64_t used = (after.tv_sec - before.tv_sec) * 1000000 + (after.tv_nsec - before.tv_nsec) / 1000;
    ck_assert_int_lt(used, 45000); /* of 90 ms and more */
    ac_close(ends[0]);
    ck_assert_int_lt(JOIN_INT(write), 0);
    ac_close(ends[1]);
}
END_TEST

/* --- Silence ------------------------------------------------------------------------------------------------------ */

/* From now on nothing that is sent to this socket arrives, nor is it acknowledged. */
static void go_deaf(int fd)
{
    struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog program = { .len = 1, .filter = &drop };
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program), 0);
}

START_TEST(a_dead_peer_is_given_up_after_the_user_timeout)
{
    int ends[2];
    char buf[8];
    tcp_pair(ends);
    go_deaf(ends[0]);
    ck_assert_int_eq(ac_set_user_timeout(ends[1], ac_ms(300)), 0);
    void *read = START(ac_read, ends[1], buf, sizeof buf);
    ck_assert_int_eq(AWAIT(ac_write, ends[1], "anybody?", 8), 8);
    int64_t began = now_ms();
    ck_assert_int_eq(JOIN(read), -ETIMEDOUT);
    ck_assert_int_lt(now_ms() - began, 5000);
    ck_assert_int_eq(AWAIT(ac_write, ends[1], "x", 1), -EPIPE);
    close_ends(ends);
}
END_TEST

START_TEST(a_dead_peer_is_found_by_keepalive)
{
    int ends[2];
    char buf[8];
    tcp_pair(ends);
    go_deaf(ends[0]);
    ck_assert_int_eq(ac_set_keepalive(ends[1], ac_secs(1), ac_secs(1), 1), 0);
    ck_assert_int_eq(AWAIT(ac_read, ends[1], buf, sizeof buf), -ETIMEDOUT);
    close_ends(ends);
}
END_TEST

/* A slow one does not hold up the others, nor the one that gives up on it. */
START_TEST(a_peer_that_does_not_read_holds_up_nobody_else)
{
    int slow[2], quick[2];
    char buf[8];
    tcp_pair(slow);
    tcp_pair(quick);
    void *write = START(ac_write_all, slow[1], much, MUCH);
    settle();
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(AWAIT(ac_write, quick[0], "ping", 4), 4);
        ck_assert_int_eq(AWAIT(ac_read_exact, quick[1], buf, 4), 4);
    }
    ck_assert(!ac_is_finished(write));
    cancel(write);
    ac_close(slow[1]);
    ssize_t n;
    do n = AWAIT(ac_read, slow[0], much, MUCH); /* what was sent arrives, and then the end */
    while (n > 0);
    ck_assert_int_eq(n, 0);
    ac_close(slow[0]);
    close_ends(quick);
}
END_TEST

/* --- Too many descriptors, freed by somebody else ----------------------------------------------------------------- */

START_TEST(an_accept_among_too_many_goes_on_when_a_foreign_close_makes_room)
{
    char address[AC_ADDRESS_TEXT_SIZE], buf[4];
    int fds[256] = { 0 }, n = 0, pair[2];
    int listener = listen_somewhere(address);
    tcp_pair(pair);
    int client = AWAIT(ac_tcp_connect, address);
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 128, 128 });
    while ((fds[n] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0) n++;
    void *accepts[2] = { START(ac_accept, listener, NULL), START(ac_accept, listener, NULL) };
    settle();
    /* Those that are open are served meanwhile. */
    ck_assert_int_eq(AWAIT(ac_write, pair[0], "abc", 3), 3);
    ck_assert_int_eq(AWAIT(ac_read, pair[1], buf, sizeof buf), 3);
    /* And what needs a descriptor says so. */
    ck_assert_int_eq(AWAIT(ac_tcp_connect, address), -EMFILE);
    ck_assert_int_eq(ac_udp_bind("127.0.0.1:0"), -EMFILE);
    ck_assert_int_eq(ac_pipe((int[2]){ -1, -1 }), -EMFILE);
    close(fds[--n]); /* nobody tells the library */
    while (!ac_is_finished(accepts[0]) && !ac_is_finished(accepts[1])) settle();
    void *done = ac_is_finished(accepts[0]) ? accepts[0] : accepts[1],
         *other = done == accepts[0] ? accepts[1] : accepts[0];
    int server = JOIN_INT(done);
    ck_assert_int_ge(server, 0);
    cancel(other);
    while (n) close(fds[--n]);
    ac_close(server);
    ac_close(client);
    ac_close(listener);
    close_ends(pair);
}
END_TEST

/* What accept(2) says of single connections is passed over, but not for ever: a filter of system calls says the same. */
START_TEST(an_accept_that_is_forbidden_says_so)
{
    char address[AC_ADDRESS_TEXT_SIZE];
    int listener = listen_somewhere(address);
    struct sock_filter forbid[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_accept4, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { .len = sizeof forbid / sizeof *forbid, .filter = forbid };
    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) return; /* not in this kernel */
    ck_assert_int_eq(AWAIT(ac_accept, listener, NULL), -EPERM);           /* on this thread, which alone is filtered */
    ac_close(listener);
}
END_TEST

RUN("peers", a_reset_wakes_who_reads_and_who_writes, a_close_with_unread_data_resets_a_peer_that_waits,
    what_arrived_before_the_reset_may_be_lost_but_nobody_hangs, a_peer_that_has_said_all_still_reads,
    an_ended_way_does_not_make_the_other_spin, a_dead_peer_is_given_up_after_the_user_timeout,
    a_dead_peer_is_found_by_keepalive, a_peer_that_does_not_read_holds_up_nobody_else,
    an_accept_among_too_many_goes_on_when_a_foreign_close_makes_room, an_accept_that_is_forbidden_says_so)

/* Races: tasks that read, write, are cancelled and have their descriptors closed and reused under them, all at once;
 * for ASan and ThreadSanitizer to watch. What each ends with is checked, and that nothing hangs. */
#include <pthread.h>
#include <sys/socket.h>

#include "io_help.h"

/* Many pairs; on each a writer and several readers; bytes are counted. */
START_TEST(every_byte_is_read_once)
{
    enum { PAIRS = 16, READERS = 4, BYTES = 64 };
    int ends[PAIRS][2];
    char in[PAIRS][READERS][BYTES];
    static const char out[READERS * BYTES];
    void *reads[PAIRS][READERS], *writes[PAIRS];
    for (int i = 0; i < PAIRS; i++) {
        ck_assert_int_eq(i % 2 ? ac_unix_pair(ends[i]) : ac_pipe(ends[i]), 0);
        for (int k = 0; k < READERS; k++) reads[i][k] = START(ac_read_exact, ends[i][0], in[i][k], BYTES);
    }
    for (int i = 0; i < PAIRS; i++) writes[i] = START(ac_write_all, ends[i][1], out, sizeof out);
    for (int i = 0; i < PAIRS; i++) {
        ck_assert_int_eq(JOIN_INT(writes[i]), 0);
        for (int k = 0; k < READERS; k++) ck_assert_int_eq(JOIN(reads[i][k]), BYTES);
        ac_close(ends[i][0]);
        ac_close(ends[i][1]);
    }
}
END_TEST

START_TEST(a_wake_and_a_cancellation_at_once)
{
    int ends[2];
    ck_assert_int_eq(ac_unix_pair(ends), 0);
    for (int i = 0; i < 300; i++) {
        char byte = 0;
        ssize_t n = 0;
        void *read = START(ac_read, ends[0], &byte, 1);
        for (int k = 0; k < i % 5; k++) sched_yield();
        ck_assert_int_eq(write(ends[1], "x", 1), 1);
        ac_abort(read);
        if (join_on(rt, read, &n, sizeof n) == -ECANCELED) n = AWAIT(ac_read, ends[0], &byte, 1);
        ck_assert_int_eq(n, 1);
        ck_assert_int_eq(byte, 'x');
    }
    close_ends(ends);
}
END_TEST

START_TEST(a_close_while_others_begin_to_wait)
{
    for (int i = 0; i < 200; i++) {
        int ends[2];
        char buf[4];
        void *reads[4];
        ck_assert_int_eq(ac_unix_pair(ends), 0);
        for (int k = 0; k < 4; k++) reads[k] = START(ac_read, ends[0], &buf[k], 1);
        for (int k = 0; k < i % 4; k++) sched_yield();
        ck_assert_int_eq(ac_close(ends[0]), 0);
        for (int k = 0; k < 4; k++) ck_assert_int_eq(JOIN(reads[k]), -EBADF);
        ac_close(ends[1]);
    }
}
END_TEST

/* A thread outside of all runtimes signals, while tasks listen and are cancelled. */
static bool enough;
static void *raise_often(void *nothing)
{
    (void)nothing;
    while (!__atomic_load_n(&enough, __ATOMIC_RELAXED)) {
        kill(getpid(), SIGUSR1);
        usleep(100);
    }
    return NULL;
}

START_TEST(signals_while_listeners_come_and_go)
{
    pthread_t thread;
    ac_signal_listener listener;
    ck_assert_int_eq(ac_signal_listen(&listener, SIGUSR1), 0);
    pthread_create(&thread, NULL, raise_often, NULL);
    for (int i = 0; i < 40; i++) {
        void *kept = START(ac_signal, SIGUSR1), *cancelled = START(ac_signal, SIGUSR1);
        int result;
        if (i % 2) sched_yield();
        ac_abort(cancelled);
        join_on(rt, cancelled, &result, sizeof result);
        wait_where_signals_are_heard(kept);
        ck_assert_int_eq(JOIN_INT(kept), 0);
    }
    __atomic_store_n(&enough, true, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
}
END_TEST

START_TEST(runtimes_come_and_go_over_a_descriptor)
{
    int ends[2];
    char byte;
    ck_assert_int_eq(ac_unix_pair(ends), 0);
    void *steady = START(ac_read, ends[0], &byte, 1);
    for (int i = 0; i < 20; i++) {
        static char other;
        ac_runtime *second = ac_runtime_new(&(ac_runtime_options){ .flavor = AC_MULTI_THREAD, .worker_threads = 2 });
        ac_detach(START_ON(second, ac_read, ends[1], &other, 1));
        ac_detach(START_ON(second, ac_readable, ends[0]));
        if (i % 2) settle();
        ck_assert(ac_runtime_shutdown(second, ac_secs(5)));
    }
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    ck_assert_int_eq(JOIN(steady), 1);
    close_ends(ends);
}
END_TEST

START_TEST(connections_come_and_go)
{
    enum { ROUNDS = 10, AT_ONCE = 20 };
    char address[AC_ADDRESS_TEXT_SIZE];
    int listener = listen_somewhere(address);
    for (int i = 0; i < ROUNDS; i++) {
        void *accepts[AT_ONCE], *connects[AT_ONCE];
        for (int k = 0; k < AT_ONCE; k++) {
            accepts[k] = START(ac_accept, listener, NULL);
            connects[k] = START(ac_tcp_connect, address);
        }
        for (int k = 0; k < AT_ONCE; k++) {
            int client = JOIN_INT(connects[k]), server = JOIN_INT(accepts[k]);
            ck_assert_int_ge(client, 0);
            ck_assert_int_ge(server, 0);
            ac_close(client);
            ac_close(server);
        }
    }
    ac_close(listener);
}
END_TEST

RUN("race", every_byte_is_read_once, a_wake_and_a_cancellation_at_once, a_close_while_others_begin_to_wait,
    signals_while_listeners_come_and_go, runtimes_come_and_go_over_a_descriptor, connections_come_and_go)

/* Signals. */
#include <signal.h>

#include "io_help.h"

START_TEST(a_signal_ends_the_wait)
{
    void *wait = START(ac_signal, SIGHUP);
    settle();
    ck_assert(!ac_is_finished(wait));
    raise(SIGHUP);
    ck_assert_int_eq(JOIN_INT(wait), 0);
}
END_TEST

START_TEST(ctrl_c_is_sigint)
{
    signal(SIGINT, SIG_DFL); /* Check has a handler, which would still be called, and kill this test */
    struct ac_ctrl_c_future *future = ac__spawn_begin(NULL, rt, &ac_ctrl_c_descriptor, 0);
    ac_ctrl_c_init(future);
    void *wait = ac__spawn_end(NULL, future);
    settle();
    raise(SIGINT);
    ck_assert_int_eq(JOIN_INT(wait), 0);
}
END_TEST

START_TEST(a_signal_sent_from_another_process_is_heard)
{
    char command[64];
    signal(SIGTERM, SIG_DFL);
    void *wait = START(ac_signal, SIGTERM);
    settle();
    snprintf(command, sizeof command, "kill -TERM %d", (int)getpid());
    ck_assert_int_eq(system(command), 0);
    wait_where_signals_are_heard(wait);
    ck_assert_int_eq(JOIN_INT(wait), 0);
}
END_TEST

START_TEST(every_listener_in_every_runtime_hears)
{
    enum { N = 40 };
    ac_runtime *second = ac_runtime_new(&(ac_runtime_options){ .flavor = AC_MULTI_THREAD, .worker_threads = 1 });
    void *waits[N], *others[N], *different = START(ac_signal, SIGUSR2);
    for (int i = 0; i < N; i++) {
        waits[i] = START(ac_signal, SIGUSR1);
        others[i] = START_ON(second, ac_signal, SIGUSR1);
    }
    settle();
    raise(SIGUSR1);
    for (int i = 0; i < N; i++) ck_assert_int_eq(JOIN_INT(waits[i]), 0);
    int result;
    for (int i = 0; i < N; i++) ck_assert_int_eq(join_on(second, others[i], &result, sizeof result), 0);
    ck_assert(!ac_is_finished(different));
    cancel(different);
    ck_assert(ac_runtime_shutdown(second, ac_secs(5)));
}
END_TEST

START_TEST(dropping_one_listener_keeps_the_rest)
{
    void *a = START(ac_signal, SIGUSR1), *b = START(ac_signal, SIGUSR1), *c = START(ac_signal, SIGUSR1);
    settle();
    cancel(b);
    raise(SIGUSR1);
    ck_assert_int_eq(JOIN_INT(a), 0);
    ck_assert_int_eq(JOIN_INT(c), 0);
}
END_TEST

START_TEST(a_signal_after_the_last_listener_left_does_not_end_the_program)
{
    void *wait = START(ac_signal, SIGUSR1);
    settle();
    cancel(wait);
    raise(SIGUSR1);
    wait = START(ac_signal, SIGUSR1); /* and is not heard by those who come later */
    settle();
    ck_assert(!ac_is_finished(wait));
    raise(SIGUSR1);
    ck_assert_int_eq(JOIN_INT(wait), 0);
}
END_TEST

START_TEST(a_listener_hears_what_comes_between_two_waits)
{
    ac_signal_listener listener = { 0 };
    ck_assert_int_eq(ac_signal_listen(&listener, SIGUSR1), 0);
    for (int i = 0; i < 5; i++) {
        raise(SIGUSR1);
        if (i % 2) settle();
        ck_assert_int_eq(AWAIT(ac_signal_next, &listener), 0);
    }
    raise(SIGUSR1);
    raise(SIGUSR1);
    raise(SIGUSR1);
    ck_assert_int_eq(AWAIT(ac_signal_next, &listener), 0); /* may have become one */
    void *next = START(ac_signal_next, &listener);
    settle();
    if (!ac_is_finished(next)) raise(SIGUSR1);
    ck_assert_int_eq(JOIN_INT(next), 0);
}
END_TEST

START_TEST(a_listener_does_not_hear_what_came_before_it)
{
    ac_signal_listener first = { 0 }, second = { 0 };
    ck_assert_int_eq(ac_signal_listen(&first, SIGUSR1), 0);
    raise(SIGUSR1);
    ck_assert_int_eq(ac_signal_listen(&second, SIGUSR1), 0);
    ck_assert_int_eq(AWAIT(ac_signal_next, &first), 0);
    void *next = START(ac_signal_next, &second);
    settle();
    ck_assert(!ac_is_finished(next));
    cancel(next);
}
END_TEST

/* As in run_until (await ac_signal(…)) body, where the body is polled first, and may be for long. */
START_TEST(a_wait_hears_from_when_it_is_made_before_its_first_poll)
{
    struct ac_signal_future *future = ac__spawn_begin(NULL, rt, &ac_signal_descriptor, 0);
    ac_signal_init(future, SIGUSR1);
    raise(SIGUSR1);
    void *wait = ac__spawn_end(NULL, future);
    ck_assert_int_eq(JOIN_INT(wait), 0);
}
END_TEST

START_TEST(some_signals_are_refused)
{
    const int refused[] = { SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, 0, -1, 65, 1000, 32, 33 };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        ck_assert_int_eq(AWAIT(ac_signal, refused[i]), -EINVAL);
        ac_signal_listener listener;
        ck_assert_int_eq(ac_signal_listen(&listener, refused[i]), -EINVAL);
    }
    ac_signal_listener none = { 0 };
    ck_assert_int_eq(AWAIT(ac_signal_next, &none), -EINVAL);
    ck_assert_int_eq(ac_signal_listen(&none, SIGRTMIN), 0);
}
END_TEST

static volatile sig_atomic_t called;
static void own_handler(int signo) { called = signo; }

START_TEST(a_handler_of_the_programs_own_is_still_called)
{
    ck_assert_int_eq(sigaction(SIGUSR2, &(struct sigaction){ .sa_handler = own_handler }, NULL), 0);
    void *wait = START(ac_signal, SIGUSR2);
    settle();
    raise(SIGUSR2);
    ck_assert_int_eq(JOIN_INT(wait), 0);
    ck_assert_int_eq(called, SIGUSR2);
    ck_assert_int_eq(ac_signal_default(SIGUSR2), 0);
    struct sigaction now;
    sigaction(SIGUSR2, NULL, &now);
    ck_assert(now.sa_handler == own_handler);
}
END_TEST

START_TEST(a_signal_given_back_does_what_it_did)
{
    struct sigaction now;
    ac_signal_listener listener = { 0 };
    ck_assert_int_eq(ac_signal_listen(&listener, SIGWINCH), 0);
    ck_assert_int_eq(ac_signal_default(SIGWINCH), 0);
    sigaction(SIGWINCH, NULL, &now);
    ck_assert(now.sa_handler == SIG_DFL);
    ck_assert_int_eq(ac_signal_default(SIGWINCH), 0);
    ck_assert_int_eq(ac_signal_listen(&listener, SIGWINCH), 0);
    raise(SIGWINCH);
    ck_assert_int_eq(AWAIT(ac_signal_next, &listener), 0);
}
END_TEST

START_TEST(errno_survives_a_handler)
{
    ac_signal_listener listener = { 0 };
    ck_assert_int_eq(ac_signal_listen(&listener, SIGUSR1), 0);
    errno = 12345;
    raise(SIGUSR1);
    ck_assert_int_eq(errno, 12345);
}
END_TEST

START_TEST(a_storm_of_signals_is_heard_without_loss_of_the_last)
{
    ac_signal_listener listener = { 0 };
    ck_assert_int_eq(ac_signal_listen(&listener, SIGUSR1), 0);
    for (int i = 0; i < 2000; i++) {
        raise(SIGUSR1);
        if (i % 7 == 0) ck_assert_int_eq(AWAIT(ac_signal_next, &listener), 0);
    }
    raise(SIGUSR1);
    ck_assert_int_eq(AWAIT(ac_signal_next, &listener), 0);
}
END_TEST

RUN("signal", a_signal_ends_the_wait, ctrl_c_is_sigint, a_signal_sent_from_another_process_is_heard,
    every_listener_in_every_runtime_hears, dropping_one_listener_keeps_the_rest,
    a_signal_after_the_last_listener_left_does_not_end_the_program, a_listener_hears_what_comes_between_two_waits,
    a_listener_does_not_hear_what_came_before_it, a_wait_hears_from_when_it_is_made_before_its_first_poll,
    some_signals_are_refused, a_handler_of_the_programs_own_is_still_called, a_signal_given_back_does_what_it_did,
    errno_survives_a_handler, a_storm_of_signals_is_heard_without_loss_of_the_last)

/* Child processes. Each test that waits runs by pidfd, and by SIGCHLD as on a kernel without them. */
#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>

#include "io_help.h"
#include "process/process.h"

static ac_process *start(const char *const arguments[], ac_process_options options)
{
    ac_process *process = NULL;
    ck_assert_int_eq(ac_process_start(&process, arguments, &options), 0);
    return process;
}
#define SHELL(script)                                                                                                  \
    (const char *const[]) { "sh", "-c", (script), NULL }

static int wait_for(ac_process *process, int *status)
{
    void *wait = START(ac_process_wait, process, status);
    wait_where_signals_are_heard(wait);
    return JOIN_INT(wait);
}

/* Runs the body both ways. */
#define BOTH_WAYS for (int way_ = 0; way_ < 2 && (ac__no_pidfd = way_, 1); way_++)

START_TEST(the_status_of_an_exit_and_of_a_signal)
{
    BOTH_WAYS
    {
        int status;
        ac_process *process = start(SHELL("exit 7"), (ac_process_options){ 0 });
        ck_assert_int_eq(wait_for(process, &status), 0);
        ck_assert(WIFEXITED(status));
        ck_assert_int_eq(WEXITSTATUS(status), 7);
        status = 0;
        ck_assert_int_eq(wait_for(process, &status), 0); /* again */
        ck_assert_int_eq(WEXITSTATUS(status), 7);
        ck_assert_int_eq(ac_process_try_wait(process, &status), 1);
        ck_assert_int_eq(ac_process_kill(process), -ESRCH);
        ac_process_drop(process);
        process = start(SHELL("kill -TERM $$; sleep 5"), (ac_process_options){ 0 });
        ck_assert_int_eq(wait_for(process, &status), 0);
        ck_assert(WIFSIGNALED(status));
        ck_assert_int_eq(WTERMSIG(status), SIGTERM);
        ac_process_drop(process);
    }
}
END_TEST

START_TEST(a_wait_ends_when_the_child_does_and_may_be_cancelled)
{
    BOTH_WAYS
    {
        int status;
        ac_process *process = start(SHELL("read x"), (ac_process_options){ .in = AC_STDIO_PIPE });
        int in = ac_process_take_in(process);
        ck_assert_int_ge(in, 0);
        void *cancelled = START(ac_process_wait, process, &status);
        void *waits[2] = { START(ac_process_wait, process, NULL), START(ac_process_wait, process, &status) };
        settle();
        cancel(cancelled);
        ck_assert_int_eq(ac_process_try_wait(process, &status), 0);
        ck_assert(!ac_is_finished(waits[0]));
        ck_assert_int_eq(AWAIT(ac_write, in, "\n", 1), 1);
        for (int i = 0; i < 2; i++) {
            wait_where_signals_are_heard(waits[i]);
            ck_assert_int_eq(JOIN_INT(waits[i]), 0);
        }
        ck_assert_int_eq(status, 0);
        ac_close(in);
        ac_process_drop(process);
    }
}
END_TEST

START_TEST(kill_then_wait)
{
    BOTH_WAYS
    {
        int status;
        ac_process *process = start(SHELL("exec sleep 100"), (ac_process_options){ 0 });
        ck_assert_int_eq(ac_process_kill(process), 0);
        ck_assert_int_eq(wait_for(process, &status), 0);
        ck_assert_int_eq(WTERMSIG(status), SIGKILL);
        ac_process_drop(process);
    }
}
END_TEST

START_TEST(the_child_reads_and_writes_pipes)
{
    char buf[64];
    int status;
    ac_process *process =
        start((const char *const[]){ "cat", NULL }, (ac_process_options){ .in = AC_STDIO_PIPE, .out = AC_STDIO_PIPE });
    int in = ac_process_take_in(process), out = ac_process_take_out(process);
    ck_assert_int_eq(ac_process_take_in(process), -EBADF);
    ck_assert_int_eq(ac_process_take_err(process), -EBADF);
    void *read = START(ac_read, out, buf, sizeof buf);
    settle();
    ck_assert_int_eq(AWAIT(ac_write_all, in, "through cat", 11), 0);
    ck_assert_int_eq(JOIN(read), 11);
    ck_assert_mem_eq(buf, "through cat", 11);
    ac_close(in);
    ck_assert_int_eq(AWAIT(ac_read, out, buf, sizeof buf), 0);
    ck_assert_int_eq(wait_for(process, &status), 0);
    ck_assert_int_eq(status, 0);
    ac_close(out);
    ac_process_drop(process);
}
END_TEST

START_TEST(a_wait_closes_an_input_nobody_took)
{
    int status;
    ac_process *process =
        start((const char *const[]){ "cat", NULL }, (ac_process_options){ .in = AC_STDIO_PIPE, .out = AC_STDIO_NULL });
    ck_assert_int_eq(wait_for(process, &status), 0);
    ck_assert_int_eq(status, 0);
    ac_process_drop(process);
}
END_TEST

static size_t output_of(const char *script, ac_process_options options, char *buf, size_t room)
{
    options.out = AC_STDIO_PIPE;
    ac_process *process = start(SHELL(script), options);
    int out = ac_process_take_out(process);
    ssize_t n = AWAIT(ac_read_exact, out, buf, room - 1);
    ck_assert_int_ge(n, 0);
    buf[n] = 0;
    ck_assert_int_eq(wait_for(process, NULL), 0);
    ac_close(out);
    ac_process_drop(process);
    return (size_t)n;
}

START_TEST(errors_go_where_they_are_sent)
{
    char buf[64];
    ck_assert_uint_eq(output_of("echo a; echo b >&2", (ac_process_options){ .err = AC_STDIO_NULL }, buf, sizeof buf),
                      2);
    ck_assert_uint_eq(
        output_of("echo a; echo b >&2", (ac_process_options){ .err = AC_STDIO_TO_OUTPUT }, buf, sizeof buf), 4);
    ck_assert_str_eq(buf, "a\nb\n");
}
END_TEST

START_TEST(descriptors_are_given_also_crosswise)
{
    int ends[2], saved[2] = { dup(1), dup(2) };
    char buf[8] = { 0 };
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(dup2(ends[1], 2), 2); /* this program's 2 becomes the child's 1, and its 1 the child's 2 */
    ac_process *process = start(SHELL("echo out; echo err >&2"), (ac_process_options){ .out = 2, .err = ends[1] });
    dup2(saved[0], 1);
    dup2(saved[1], 2);
    close(ends[1]);
    ck_assert_int_eq(wait_for(process, NULL), 0);
    ac_process_drop(process);
    ck_assert_int_eq(AWAIT(ac_read_exact, ends[0], buf, 8), 8);
    ck_assert_mem_eq(buf, "out\nerr\n", 8);
    close(ends[0]);
}
END_TEST

START_TEST(directory_and_environment)
{
    char buf[64];
    const char *const environment[] = { "ONE=1", "PATH=/usr/bin:/bin", NULL };
    output_of("pwd; echo $ONE", (ac_process_options){ .directory = "/", .environment = environment }, buf, sizeof buf);
    ck_assert_str_eq(buf, "/\n1\n");
}
END_TEST

START_TEST(a_program_that_cannot_be_started_is_an_error_here)
{
    ac_process *process;
    const char *const none[] = { "no-such-program-here", NULL }, *const empty[] = { NULL };
    const char *const relative[] = { "sh", NULL };
    ck_assert_int_eq(ac_process_start(&process, none, NULL), -ENOENT);
    ck_assert_int_eq(ac_process_start(&process, empty, NULL), -EINVAL);
    ck_assert_int_eq(ac_process_start(&process, relative, &(ac_process_options){ .path_is_exact = true }), -ENOENT);
    ck_assert_int_eq(ac_process_start(&process, relative, &(ac_process_options){ .directory = "/nonexistent" }),
                     -ENOENT);
    ck_assert_int_eq(ac_process_start(&process, relative, &(ac_process_options){ .in = -9 }), -EINVAL);
    ck_assert_int_eq(ac_process_start(&process, relative, &(ac_process_options){ .in = 999 }), -EBADF);
    ck_assert_int_eq(ac_process_start(&process, (const char *const[]){ "/tmp", NULL }, NULL), -EACCES);
}
END_TEST

START_TEST(a_child_starts_with_no_signal_blocked_and_sigpipe_at_its_default)
{
    char buf[256];
    sigset_t some;
    sigemptyset(&some);
    sigaddset(&some, SIGTERM);
    sigaddset(&some, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &some, NULL);
    signal(SIGPIPE, SIG_IGN);
    output_of("grep -E 'SigBlk|SigIgn' /proc/self/status", (ac_process_options){ 0 }, buf, sizeof buf);
    unsigned long blocked = 1, ignored = 1;
    ck_assert_int_eq(sscanf(buf, "SigBlk: %lx SigIgn: %lx", &blocked, &ignored), 2);
    ck_assert_uint_eq(blocked, 0);
    ck_assert_uint_eq(ignored & (1ul << (SIGPIPE - 1)), 0);
}
END_TEST

START_TEST(a_child_inherits_none_of_the_librarys_descriptors)
{
    char script[256], out[64];
    struct stat pipe_stat, listener_stat;
    int pipe[2], listener = ac_tcp_listen("127.0.0.1:0", 0);
    ck_assert_int_eq(ac_pipe(pipe), 0);
    ck_assert_int_eq(fstat(pipe[0], &pipe_stat), 0);
    ck_assert_int_eq(fstat(listener, &listener_stat), 0);
    snprintf(script, sizeof script, "ls -l /proc/$$/fd | grep -cE 'pipe:.%lu|socket:.%lu'",
             (unsigned long)pipe_stat.st_ino, (unsigned long)listener_stat.st_ino);
    output_of(script, (ac_process_options){ 0 }, out, sizeof out);
    ck_assert_str_eq(out, "0\n");
    output_of(script, (ac_process_options){ .in = pipe[0] }, out, sizeof out); /* and so it would be seen */
    ck_assert_str_eq(out, "1\n");
    ac_close(pipe[0]);
    ac_close(pipe[1]);
    ac_close(listener);
}
END_TEST

START_TEST(a_group_of_its_own)
{
    int status;
    ac_process *process = start(SHELL("exec sleep 100"), (ac_process_options){ .new_group = true });
    ck_assert_int_eq(getpgid(ac_process_id(process)), ac_process_id(process));
    ac_process_kill(process);
    ck_assert_int_eq(wait_for(process, &status), 0);
    ac_process_drop(process);
    process = start(SHELL("exec sleep 100"), (ac_process_options){ .new_session = true });
    ck_assert_int_eq(getsid(ac_process_id(process)), ac_process_id(process));
    ac_process_kill(process);
    ck_assert_int_eq(wait_for(process, &status), 0);
    ac_process_drop(process);
}
END_TEST

/* --- Dropping ----------------------------------------------------------------------------------------------------- */

/* Is there such a process, be it a zombie? */
static bool exists(pid_t pid) { return kill(pid, 0) == 0; }
static bool vanishes(pid_t pid)
{
    for (int i = 0; i < 700 && exists(pid); i++) settle();
    return !exists(pid);
}

/* Dropped inside a task, as a program would. */
struct dropping_future {
    int result;
    ac_process *process;
};
static int dropping_poll(void *future, ac_context *cx)
{
    (void)cx;
    ac_process_drop(((struct dropping_future *)future)->process);
    return AC_READY;
}
static const ac_descriptor dropping_descriptor = { .name = "dropping",
                                                   .file = "test",
                                                   .size = sizeof(struct dropping_future),
                                                   .align = _Alignof(struct dropping_future),
                                                   .poll = dropping_poll };
static void drop_in_task(ac_process *process)
{
    struct dropping_future future = { .process = process };
    ac__block_on(rt, &dropping_descriptor, &future);
}

START_TEST(killed_on_drop_and_no_zombie)
{
    ac_process *process = start(SHELL("exec sleep 100"), (ac_process_options){ .kill_on_drop = true });
    pid_t pid = ac_process_id(process);
    drop_in_task(process);
    ck_assert(vanishes(pid));
}
END_TEST

START_TEST(a_child_that_is_let_go_runs_on_and_leaves_no_zombie)
{
    int ends[2];
    char buf[8];
    ck_assert_int_eq(pipe(ends), 0);
    ac_process *process = start(SHELL("sleep 0.05; echo done"), (ac_process_options){ .out = ends[1] });
    pid_t pid = ac_process_id(process);
    close(ends[1]);
    drop_in_task(process);
    ck_assert(exists(pid));
    ck_assert_int_eq(AWAIT(ac_read, ends[0], buf, sizeof buf), 5);
    ck_assert(vanishes(pid));
    close(ends[0]);
}
END_TEST

START_TEST(what_was_dropped_outside_a_runtime_is_reaped_by_the_next)
{
    ac_process *process = start(SHELL("exit 0"), (ac_process_options){ 0 });
    pid_t pid = ac_process_id(process);
    ac_process_drop(process);
    struct timespec pause = { 0, 50000000 };
    nanosleep(&pause, NULL);
    drop_in_task(start(SHELL("exit 0"), (ac_process_options){ 0 }));
    ck_assert(vanishes(pid));
}
END_TEST

START_TEST(wait_from_another_runtime)
{
    BOTH_WAYS
    {
        ac_runtime *second = ac_runtime_new(&(ac_runtime_options){ .flavor = AC_CURRENT_THREAD });
        int status;
        ac_process *process = start(SHELL("sleep 0.02; exit 3"), (ac_process_options){ 0 });
        void *first = START(ac_process_wait, process, NULL);
        settle();
        ck_assert_int_eq(AWAIT_ON(second, ac_process_wait, process, &status), 0);
        ck_assert_int_eq(WEXITSTATUS(status), 3);
        ck_assert_int_eq(JOIN_INT(first), 0);
        ac_process_drop(process);
        ck_assert(ac_runtime_shutdown(second, ac_secs(5)));
    }
}
END_TEST

START_TEST(somebody_else_took_the_status)
{
    BOTH_WAYS
    {
        ac_process *process = start(SHELL("exit 0"), (ac_process_options){ 0 });
        ck_assert_int_eq(waitpid(ac_process_id(process), NULL, 0), ac_process_id(process));
        ck_assert_int_eq(wait_for(process, NULL), -ECHILD);
        ac_process_drop(process);
    }
}
END_TEST

START_TEST(a_hundred_children_leave_no_descriptor_and_no_zombie)
{
    int lowest = dup(0);
    close(lowest);
    for (int i = 0; i < 20; i++) {
        ac_process *all[5];
        for (int k = 0; k < 5; k++) all[k] = start(SHELL(":"), (ac_process_options){ .out = AC_STDIO_PIPE });
        for (int k = 0; k < 5; k++) {
            if (k % 2) ck_assert_int_eq(AWAIT(ac_process_wait, all[k], NULL), 0);
            drop_in_task(all[k]);
        }
    }
    siginfo_t info;
    for (int i = 0; i < 700 && waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0; i++) settle();
    ck_assert_int_eq(waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT), -1); /* no child at all */
    ck_assert_int_eq(errno, ECHILD);
    int again = dup(0);
    ck_assert_int_eq(again, lowest);
    close(again);
}
END_TEST

RUN("process", the_status_of_an_exit_and_of_a_signal, a_wait_ends_when_the_child_does_and_may_be_cancelled,
    kill_then_wait, the_child_reads_and_writes_pipes, a_wait_closes_an_input_nobody_took, errors_go_where_they_are_sent,
    descriptors_are_given_also_crosswise, directory_and_environment, a_program_that_cannot_be_started_is_an_error_here,
    a_child_starts_with_no_signal_blocked_and_sigpipe_at_its_default, a_child_inherits_none_of_the_librarys_descriptors,
    a_group_of_its_own, killed_on_drop_and_no_zombie, a_child_that_is_let_go_runs_on_and_leaves_no_zombie,
    what_was_dropped_outside_a_runtime_is_reaped_by_the_next, wait_from_another_runtime, somebody_else_took_the_status,
    a_hundred_children_leave_no_descriptor_and_no_zombie)

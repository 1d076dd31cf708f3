/* Starting a child: posix_spawn, which is fast however large this program is, and tells of a failed exec. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "asyncc/io.h"
#include "io/slot.h"
#include "mem/alloc.h"
#include "process/dispatch.h"
#include "process/process.h"

bool ac__no_pidfd;

/* The three descriptors of the child, on this side of the fork. */
struct stdio {
    int child[3];     /* what becomes its 0, 1, 2; -1: inherited; -2: /dev/null; -3: what 1 is */
    int ours[3];      /* the other ends of pipes; -1 */
    int temporary[3]; /* to be closed here when it runs; -1 */
};

static void stdio_close(struct stdio *stdio, bool ours)
{
    for (int i = 0; i < 3; i++) {
        if (stdio->temporary[i] >= 0) close(stdio->temporary[i]);
        if (ours && stdio->ours[i] >= 0) ac_close(stdio->ours[i]);
        stdio->temporary[i] = -1;
    }
}

/* Of a pipe only this program's end must not block: the two have flags of their own. */
static int make_pipe(struct stdio *stdio, int i)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
    int ours = i == 0 ? ends[1] : ends[0];
    stdio->child[i] = stdio->temporary[i] = i == 0 ? ends[0] : ends[1];
    int error = ac__fd_adopt(ours, AC__FD_DRAINS);
    if (error) return error;
    stdio->ours[i] = ours;
    return fcntl(ours, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

/* Descriptors 0 to 2 and pipes that happen to be there are moved out of the way: in the child they are overwritten in
 * turn. */
static int move_up(struct stdio *stdio, int i)
{
    if (stdio->child[i] < 0 || stdio->child[i] > 2) return 0;
    int moved = fcntl(stdio->child[i], F_DUPFD_CLOEXEC, 3);
    if (moved < 0) return -errno;
    if (stdio->temporary[i] >= 0) close(stdio->temporary[i]);
    stdio->child[i] = stdio->temporary[i] = moved;
    return 0;
}

static int stdio_make(struct stdio *stdio, const ac_process_options *options)
{
    const int want[3] = { options->in, options->out, options->err };
    int error = 0;
    for (int i = 0; i < 3; i++) stdio->child[i] = stdio->ours[i] = stdio->temporary[i] = -1;
    for (int i = 0; i < 3 && !error; i++) {
        if (want[i] == AC_STDIO_PIPE) error = make_pipe(stdio, i);
        else if (want[i] == AC_STDIO_NULL) stdio->child[i] = -2;
        else if (want[i] == AC_STDIO_TO_OUTPUT && i == 2) stdio->child[i] = -3;
        else if (want[i] < 0) error = -EINVAL;
        else if (want[i] > 0) stdio->child[i] = want[i];
        if (!error) error = move_up(stdio, i);
    }
    if (error) stdio_close(stdio, true);
    return error;
}

static int stdio_actions(posix_spawn_file_actions_t *actions, const struct stdio *stdio)
{
    int error = 0;
    for (int i = 0; i < 3 && !error; i++) {
        if (stdio->child[i] >= 0) error = posix_spawn_file_actions_adddup2(actions, stdio->child[i], i);
        if (stdio->child[i] == -2) error = posix_spawn_file_actions_addopen(actions, i, "/dev/null", O_RDWR, 0);
        if (stdio->child[i] == -3) error = posix_spawn_file_actions_adddup2(actions, 1, 2);
    }
    return error;
}

/* No signal is blocked, whatever this thread has blocked; SIGPIPE, which this program ignores, does in the child what
 * it does in all programs. Handlers go by themselves. */
static int attributes_set(posix_spawnattr_t *attributes, const ac_process_options *options)
{
    sigset_t none, standard;
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    sigemptyset(&none);
    sigemptyset(&standard);
    sigaddset(&standard, SIGPIPE);
    if (options->new_group) flags |= POSIX_SPAWN_SETPGROUP;
#ifdef POSIX_SPAWN_SETSID
    if (options->new_session) flags |= POSIX_SPAWN_SETSID;
#else
    if (options->new_session) return ENOTSUP;
#endif
    int error = posix_spawnattr_setsigmask(attributes, &none);
    if (!error) error = posix_spawnattr_setsigdefault(attributes, &standard);
    if (!error) error = posix_spawnattr_setflags(attributes, flags);
    return error;
}

static int spawn_child(pid_t *pid, const char *const arguments[], const ac_process_options *options,
                       const struct stdio *stdio)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error) return -error;
    error = posix_spawnattr_init(&attributes);
    if (!error) {
        error = stdio_actions(&actions, stdio);
        if (!error && options->directory) error = posix_spawn_file_actions_addchdir_np(&actions, options->directory);
        if (!error) error = attributes_set(&attributes, options);
        char *const *environment = options->environment ? (char *const *)options->environment : environ;
        if (!error)
            error = (options->path_is_exact ? posix_spawn : posix_spawnp)(pid, arguments[0], &actions, &attributes,
                                                                          (char *const *)arguments, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return -error;
}

/* Nobody else waits for the child, so its number still means it. */
static int pidfd_of(pid_t pid)
{
#ifdef SYS_pidfd_open
    int fd = ac__no_pidfd ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd >= 0) return ac__fd_made(fd, 0);
#else
    (void)pid;
#endif
    return -1;
}

int ac__process_start(ac_process **out, const char *const arguments[], const ac_process_options *given, size_t size)
{
    ac_process_options options = { .in = 0 };
    struct stdio stdio;
    if (given) memcpy(&options, given, size < sizeof options ? size : sizeof options);
    if (!arguments || !arguments[0]) return -EINVAL;
    ac__reap();
    ac_process *process = ac__calloc(1, sizeof *process);
    if (!process) return -ENOMEM;
    int error = stdio_make(&stdio, &options);
    if (!error && (error = spawn_child(&process->pid, arguments, &options, &stdio))) stdio_close(&stdio, true);
    if (error) {
        ac__free(process);
        return error;
    }
    stdio_close(&stdio, false);
    process->kill_on_drop = options.kill_on_drop;
    process->pidfd = pidfd_of(process->pid);
    if (process->pidfd < 0) process->pidfd = -1;
    memcpy(process->pipe, stdio.ours, sizeof process->pipe);
    *out = process;
    return 0;
}

static int take(ac_process *process, int i)
{
    int fd = process->pipe[i];
    process->pipe[i] = -1;
    return fd < 0 ? -EBADF : fd;
}
int ac_process_take_in(ac_process *process) { return take(process, 0); }
int ac_process_take_out(ac_process *process) { return take(process, 1); }
int ac_process_take_err(ac_process *process) { return take(process, 2); }
pid_t ac_process_id(const ac_process *process) { return process->pid; }

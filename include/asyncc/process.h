/* Child processes.
 *
 *     ac_process *child;
 *     int error = ac_process_start(&child, (const char *const[]){ "sort", "-u", NULL }, &(ac_process_options){
 *         .in = AC_STDIO_PIPE, .out = AC_STDIO_PIPE });
 *     if (error < 0) …
 *     defer ac_process_drop(child);
 *     int in = ac_process_take_in(child), out = ac_process_take_out(child);
 *     …
 *     int status;
 *     if (await ac_process_wait(child, &status) == 0 && WIFEXITED(status)) …
 *
 * A child starts with no signal blocked and SIGPIPE at its default. Beside the three below it inherits no descriptor
 * that the library made; what other descriptors do is said by their own FD_CLOEXEC. No zombies stay: a child whose
 * handle was dropped is reaped when it ends. A program that ignores SIGCHLD, or waits for any child by wait(2), takes
 * the status away: then -ECHILD is given. */
#ifndef ASYNCC_PROCESS_H
#define ASYNCC_PROCESS_H
#include <stdbool.h>
#include <sys/types.h>
#include <sys/wait.h>

#include "leaf.h"
#include "signals.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ac_process ac_process;

/* What the child's standard input, output and errors are: one of these, or a descriptor above 0, which is borrowed.
 * (Not one of ac_pipe or the like: those do not block, which the flag they share would impose on the child, and few
 * programs expect.) */
enum {
    AC_STDIO_INHERIT = 0,    /* this program's own */
    AC_STDIO_NULL = -1,      /* /dev/null */
    AC_STDIO_PIPE = -2,      /* a pipe, whose other end ac_process_take_… gives */
    AC_STDIO_TO_OUTPUT = -3, /* errors only: where output goes */
};

/* Zero means the default in each. */
typedef struct ac_process_options {
    const char *const *environment; /* "NAME=value" …, NULL; default: this program's */
    const char *directory;          /* where it runs; default: where this program does */
    int in, out, err;               /* as above */
    bool kill_on_drop;              /* ac_process_drop kills it (SIGKILL) if it still runs */
    bool new_group;                 /* a process group of its own, so that a Ctrl-C for this program passes it by */
    bool new_session;               /* a session of its own */
    bool path_is_exact;             /* arguments[0] is the file itself, not looked for in PATH */
    void *reserved[4];
} ac_process_options;

/* int ac_process_start(ac_process **process, const char *const arguments[], const ac_process_options *options)
 * Starts a program: arguments[0] is its name, NULL ends them. 0 and *process, owned by the caller until
 * ac_process_drop, or a negative errno: -ENOENT (no such program or directory), -EACCES, -EMFILE, -ENOMEM … options
 * may be NULL. It returns when the child runs the new program, so that these errors are known. Anywhere. */
#define ac_process_start(process, ...) ac__process_start((process), __VA_ARGS__, sizeof(ac_process_options))
int ac__process_start(ac_process **out, const char *const arguments[], const ac_process_options *given, size_t size);

pid_t ac_process_id(const ac_process *process);

/* The program's end of a pipe asked for by AC_STDIO_PIPE: a descriptor, now owned by the caller (ac_close). -EBADF:
 * not asked for, or taken before. Those not taken are closed by ac_process_drop. */
int ac_process_take_in(ac_process *process);  /* written by this program */
int ac_process_take_out(ac_process *process); /* read by this program */
int ac_process_take_err(ac_process *process);

/* Waits until it has ended: 0 and *status as wait(2) has it (WIFEXITED, WEXITSTATUS, WIFSIGNALED …; may be NULL).
 * First closes the input pipe if it was not taken, so that a child that reads it to the end does end. May be called
 * again, by several tasks, on any runtime. -ECHILD: somebody else waited for it. Cancelling loses nothing. */
ac_async int ac_process_wait(ac_process *process, int *status);
/* The same without waiting: 1 and *status if it has ended, 0 if it runs. */
int ac_process_try_wait(ac_process *process, int *status);
/* Sends a signal: 0, or -ESRCH if it has ended and been waited for (its number, which may be another's by then, is not
 * used). */
int ac_process_signal(ac_process *process, int signo);
/* SIGKILL; to be followed by a wait if the status matters. */
int ac_process_kill(ac_process *process);
/* Gives up the handle; no task may wait on it. A child that still runs is killed if kill_on_drop was set, and is
 * reaped when it ends in either case. NULL is a no-op. In a .ac file a variable given here is set to NULL. */
AC__CONSUMES void ac_process_drop(ac_process *process);

/* --- Frames ------------------------------------------------------------------------------------------------------- */

struct ac_process_wait_future {
    int result;
    int step;
    ac_process *process;
    int *status;
    struct ac__io_wait wait; /* on its pidfd; or, where the kernel has none, on SIGCHLD: */
    ac_signal_listener listener;
};
static inline void ac_process_wait_init(struct ac_process_wait_future *self, ac_process *process, int *status)
{
    self->process = process, self->status = status, self->step = 0;
    ac__io_wait_init(&self->wait, -1);
}
AC__COMPOSED_LEAF(ac_process_wait)

#ifdef __cplusplus
}
#endif
#endif

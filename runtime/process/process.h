/* A child process: what starting, waiting and reaping share. */
#ifndef ASYNCC_PROCESS_PROCESS_H
#define ASYNCC_PROCESS_PROCESS_H
#include "asyncc/process.h"
#include "base/lock.h"

struct ac_process {
    ac__lock lock; /* for `ended`, `status`, `error`: who waits for the number must be one */
    bool ended;    /* its status was taken, or cannot be; the number may be another process's now */
    bool kill_on_drop;
    int status, error;
    pid_t pid;
    int pidfd;               /* becomes readable when it ends; -1: the kernel has none, so SIGCHLD has to do */
    int pipe[3];             /* the program's ends of its input, output, errors; -1: none, or taken */
    struct ac_process *next; /* dropped before it ended: in the reaper's list */
    struct ac__io_wait wait; /* the reaper's, on pidfd */
};

extern bool ac__no_pidfd; /* tests set it to try the other way */

/* Takes the status if it has ended: 0 (then process->status holds), -EAGAIN, or -ECHILD. */
int ac__process_look(ac_process *process);

#endif

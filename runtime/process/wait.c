/* Waiting for children, and reaping those nobody waits for.
 *
 * A child's number is its own until its status is taken; so taking it, and sending it a signal, are done under the lock
 * of its handle. That it has ended is told by its pidfd, like any other readiness; on a kernel without them by SIGCHLD.
 *
 * A handle that is dropped before the child has ended goes to the reaper's list, with a node on its pidfd so that a
 * driver calls the reaper at the end. The reaper also looks whenever a child is started or dropped, for those that were
 * dropped where no runtime was. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "asyncc/io.h"
#include "asyncc/task.h"
#include "io/awaitable.h"
#include "io/operation.h"
#include "mem/alloc.h"
#include "process/dispatch.h"
#include "process/process.h"
#include "process/signal.h"
#include "sched/runtime.h"

int ac__process_look(ac_process *process)
{
    ac__lock_acquire(&process->lock);
    if (!process->ended) {
        pid_t pid;
        do pid = waitpid(process->pid, &process->status, WNOHANG);
        while (pid < 0 && errno == EINTR);
        process->error = pid < 0 ? -errno : 0;
        process->ended = pid != 0;
    }
    int result = process->ended ? process->error : -EAGAIN;
    ac__lock_release(&process->lock);
    return result;
}

int ac_process_try_wait(ac_process *process, int *status)
{
    int error = ac__process_look(process);
    if (error == -EAGAIN) return 0;
    if (!error && status) *status = process->status;
    return error ? error : 1;
}

int ac_process_signal(ac_process *process, int signo)
{
    ac__lock_acquire(&process->lock);
    int error = process->ended ? -ESRCH : kill(process->pid, signo) < 0 ? -errno : 0;
    ac__lock_release(&process->lock);
    return error;
}

int ac_process_kill(ac_process *process) { return ac_process_signal(process, SIGKILL); }

/* --- Waiting ------------------------------------------------------------------------------------------------------ */

enum { START, LISTENING };

static ssize_t attempt_wait(void *self, struct ac__attempt *attempt)
{
    (void)attempt;
    return ac__process_look(self);
}

/* Listens first and looks then: what comes in between is heard. */
static int wait_by_signal(struct ac_process_wait_future *self, ac_context *cx, int *result)
{
    if (self->step == START) {
        *result = ac_signal_listen(&self->listener, SIGCHLD);
        if (*result) return AC_READY;
        self->step = LISTENING;
    }
    while ((*result = ac__process_look(self->process)) == -EAGAIN) {
        int heard;
        if (ac__signal_poll(&self->listener, &self->wait, cx, &heard) == AC_PENDING) return AC_PENDING;
        if (heard) return *result = heard, AC_READY;
    }
    if (self->wait.state != AC__WAIT_NONE) ac__signal_forget(&self->wait);
    return AC_READY;
}

static int wait_by_pidfd(struct ac_process_wait_future *self, ac_context *cx, int *result)
{
    ssize_t given;
    if (ac__io_waiting(&self->wait)) return AC_PENDING;
    self->wait.fd = self->process->pidfd;
    if (ac__operate(&self->wait, cx, AC__READ, attempt_wait, self->process, &given) == AC_PENDING) return AC_PENDING;
    *result = (int)given;
    return AC_READY;
}

static void close_pipe(ac_process *process, int i)
{
    int fd = __atomic_exchange_n(&process->pipe[i], -1, __ATOMIC_ACQ_REL);
    if (fd >= 0) ac_close(fd);
}

int ac_process_wait_poll(struct ac_process_wait_future *self, ac_context *cx)
{
    ac_process *process = self->process;
    close_pipe(process, 0);
    int polled = process->pidfd >= 0 ? wait_by_pidfd(self, cx, &self->result) : wait_by_signal(self, cx, &self->result);
    if (polled == AC_READY && self->result == 0 && self->status) *self->status = process->status;
    return polled;
}

void ac_process_wait_drop(struct ac_process_wait_future *self)
{
    if (self->process->pidfd >= 0) ac__io_wait_drop(&self->wait);
    else if (ac__atomic_load(&self->wait.state, relaxed) != AC__WAIT_NONE) ac__signal_forget(&self->wait);
}

static int describe(const void *self, char *text, size_t room)
{
    return snprintf(text, room, "the end of process %d",
                    (int)((const struct ac_process_wait_future *)self)->process->pid);
}
AC__AWAITABLE_DESCRIPTOR(ac_process_wait, describe);

int ac_process_wait(ac_process *process, int *status)
{
    AC__ENTER(ac_process_wait, process, status);
    return 0;
}

/* --- Reaping ------------------------------------------------------------------------------------------------------ */

static ac__lock orphans_lock;
static ac_process *orphans;

static void process_free(ac_process *process)
{
    if (process->pidfd >= 0) {
        ac__io_wait_drop(&process->wait);
        ac_close(process->pidfd);
    }
    ac__free(process);
}

/* Has a driver call the reaper when it ends. It may have ended just before, so the reaper looks once more after
 * this. */
static void watch(ac_process *process)
{
    ac_runtime *rt = ac__runtime_here();
    if (!rt || process->pidfd < 0 || ac__atomic_load(&process->wait.state, acquire) != AC__WAIT_NONE) return;
    ac__io_wait_init(&process->wait, process->pidfd);
    ac__fd_watch(process->pidfd, &process->wait, ac__runtime_driver(rt));
}

void ac__reap(void)
{
    if (!ac__atomic_load(&orphans, relaxed)) return;
    ac_process *ended = NULL;
    ac__lock_acquire(&orphans_lock);
    for (ac_process **at = &orphans; *at;) {
        ac_process *process = *at;
        watch(process);
        if (ac__process_look(process) == -EAGAIN) {
            at = &process->next;
            continue;
        }
        ac__atomic_store(at, process->next, relaxed);
        process->next = ended;
        ended = process;
    }
    ac__lock_release(&orphans_lock);
    while (ended) {
        ac_process *process = ended;
        ended = process->next;
        process_free(process);
    }
}

void ac_process_drop(ac_process *process)
{
    if (!process) return;
    for (int i = 0; i < 3; i++) close_pipe(process, i);
    if (process->kill_on_drop) ac_process_kill(process);
    if (ac__process_look(process) != -EAGAIN) {
        process_free(process);
        return;
    }
    ac__lock_acquire(&orphans_lock);
    process->next = orphans;
    ac__atomic_store(&orphans, process, relaxed);
    ac__lock_release(&orphans_lock);
    ac__reap();
}

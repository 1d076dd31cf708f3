/* Signals to tasks.
 *
 * The handler may do next to nothing: it sets a bit and writes to an eventfd, which is made once and never closed, so
 * that no handler can find it gone. Every driver whose tasks listen has that eventfd in its epoll, edge-triggered, so
 * that each write is an event in all of them and nobody has to read it. The first to look takes all bits and, under one
 * lock, counts each signal as heard and wakes its listeners, whatever their runtime. A listener keeps the count it
 * heard last: one that was busy when a signal came finds the counts different, and a new one starts with the present
 * count.
 *
 * This needs no signal to be blocked in any thread, as a signalfd would, and it does not matter which thread the kernel
 * interrupts. */
#define _GNU_SOURCE
#include "process/signal.h"

#include <errno.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "asyncc/task.h"
#include "base/lock.h"
#include "io/awaitable.h"
#include "io/backend.h"
#include "io/waiters.h"
#include "process/dispatch.h"
#include "sched/runtime.h"

#define SIGNALS 65 /* 1 to 64 */

struct kind {
    bool installed;
    uint64_t heard; /* how many times it was handed to listeners */
    struct ac__io_wait *waiters;
    struct sigaction before; /* what it did; the handler calls it if it was a function */
};

static ac__lock lock; /* for all but `raised` */
static struct kind kinds[SIGNALS];
static uint64_t raised; /* a bit for each signal that came and was not handed on yet */
static int notice = -1; /* the eventfd */

static void handler(int signo, siginfo_t *info, void *context)
{
    int saved = errno;
    ac__atomic_or(&raised, UINT64_C(1) << (signo - 1), seq_cst);
    if (write(notice, &(uint64_t){ 1 }, sizeof(uint64_t)) < 0) {}
    const struct sigaction *before = &kinds[signo].before;
    if (before->sa_flags & SA_SIGINFO) before->sa_sigaction(signo, info, context);
    else if (before->sa_handler != SIG_DFL && before->sa_handler != SIG_IGN) before->sa_handler(signo);
    errno = saved;
}

static bool is_refused(int signo)
{
    switch (signo) {
    case SIGKILL:
    case SIGSTOP:
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL: return true;
    default: return signo <= 0 || signo >= SIGNALS || (signo >= 32 && signo < SIGRTMIN);
    }
}

/* With the lock. What the handler needs is in place before it can run. */
static int install(int signo)
{
    struct kind *kind = &kinds[signo];
    if (kind->installed) return 0;
    if (notice < 0) notice = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (notice < 0) return -errno;
    if (sigaction(signo, NULL, &kind->before) < 0) return -errno;
    struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK };
    sigemptyset(&action.sa_mask);
    if (sigaction(signo, &action, NULL) < 0) return -errno;
    kind->installed = true;
    return 0;
}

/* Hands on what was raised. With the lock on entry and on return, but not all the time. */
static void dispatch(void)
{
    struct ac__wake_list list = { .count = 0 };
    for (uint64_t bits = ac__atomic_exchange(&raised, 0, seq_cst); bits; bits &= bits - 1) {
        struct kind *kind = &kinds[__builtin_ctzll(bits) + 1];
        kind->heard++;
        for (unsigned n = ac__waiters_count(kind->waiters); n && kind->waiters; n--) {
            ac__waiters_fire_first(&kind->waiters, AC__WAIT_FIRED, &list);
            if (!ac__wake_list_full(&list)) continue;
            ac__lock_release(&lock);
            ac__wake_list_push(&list);
            ac__lock_acquire(&lock);
        }
    }
    if (!list.count) return;
    ac__lock_release(&lock);
    ac__wake_list_push(&list);
    ac__lock_acquire(&lock);
}

void ac__signals_dispatch(void)
{
    ac__lock_acquire(&lock);
    dispatch();
    ac__lock_release(&lock);
}

/* --- Listening ---------------------------------------------------------------------------------------------------- */

int ac_signal_listen(ac_signal_listener *listener, int signo)
{
    listener->signo = signo;
    if (is_refused(signo)) return -EINVAL;
    ac__lock_acquire(&lock);
    int error = install(signo);
    if (!error) {
        dispatch(); /* what came before is for those who listened before */
        listener->seen = kinds[signo].heard;
    }
    ac__lock_release(&lock);
    return error;
}

int ac_signal_default(int signo)
{
    if (is_refused(signo)) return -EINVAL;
    ac__lock_acquire(&lock);
    struct kind *kind = &kinds[signo];
    int error = kind->installed && sigaction(signo, &kind->before, NULL) < 0 ? -errno : 0;
    if (!error) kind->installed = false;
    ac__lock_release(&lock);
    return error;
}

/* With the lock. What is raised before this looks is found here; what is raised after reaches the driver as an
 * event. */
static int look(ac_signal_listener *listener, struct ac__io_wait *wait, ac_context *cx)
{
    struct kind *kind = &kinds[listener->signo];
    dispatch();
    if (kind->heard != listener->seen) {
        listener->seen = kind->heard;
        return 0;
    }
    int error = ac__driver_watch_signals(ac__runtime_driver(ac__runtime_of(cx)), notice);
    if (error) return error;
    wait->fd = listener->signo;
    ac__waiters_link(&kind->waiters, wait, cx->task);
    return -EAGAIN;
}

int ac__signal_poll(ac_signal_listener *listener, struct ac__io_wait *wait, ac_context *cx, int *result)
{
    if (ac__io_waiting(wait)) return AC_PENDING;
    if (is_refused(listener->signo)) return *result = -EINVAL, AC_READY;
    if (!ac__budget(cx)) return AC_PENDING;
    ac__lock_acquire(&lock);
    wait->state = AC__WAIT_NONE; /* whoever fired it has left the lock */
    *result = look(listener, wait, cx);
    ac__lock_release(&lock);
    if (*result != -EAGAIN) return AC_READY;
    ac__budget_return(cx);
    return AC_PENDING;
}

void ac__signal_forget(struct ac__io_wait *wait)
{
    ac__lock_acquire(&lock);
    if (wait->state == AC__WAIT_LINKED) ac__waiters_unlink(&kinds[wait->fd].waiters, wait);
    ac__lock_release(&lock);
    wait->state = AC__WAIT_NONE;
}

/* --- As the library's awaitables ---------------------------------------------------------------------------------- */

int ac_signal_next_poll_slow(struct ac_signal_next_future *self, ac_context *cx)
{
    return ac__signal_poll(self->listener, &self->wait, cx, &self->result);
}

/* Its own listener listens since its init: a signal that comes before the first poll, which may be long after (the body
 * of a run_until is polled first), is heard. */
static int once_poll(ac_signal_listener *listener, struct ac__io_wait *wait, ac_context *cx, int *result)
{
    if (*result < 0 && *result != -EAGAIN) return AC_READY;
    return ac__signal_poll(listener, wait, cx, result);
}

int ac_signal_poll_slow(struct ac_signal_future *self, ac_context *cx)
{
    return once_poll(&self->listener, &self->wait, cx, &self->result);
}
int ac_ctrl_c_poll_slow(struct ac_ctrl_c_future *self, ac_context *cx)
{
    return once_poll(&self->listener, &self->wait, cx, &self->result);
}

/* strsignal is not safe in all C libraries when several threads call it. */
static const char *const names[SIGNALS] = {
    [SIGHUP] = "SIGHUP",   [SIGINT] = "SIGINT",   [SIGQUIT] = "SIGQUIT", [SIGUSR1] = "SIGUSR1",
    [SIGUSR2] = "SIGUSR2", [SIGPIPE] = "SIGPIPE", [SIGALRM] = "SIGALRM", [SIGTERM] = "SIGTERM",
    [SIGCHLD] = "SIGCHLD", [SIGCONT] = "SIGCONT", [SIGTSTP] = "SIGTSTP", [SIGWINCH] = "SIGWINCH",
};

static int describe(int signo, char *text, size_t room)
{
    bool named = signo > 0 && signo < SIGNALS && names[signo];
    return named ? snprintf(text, room, "%s", names[signo]) : snprintf(text, room, "signal %d", signo);
}
static int describe_next(const void *self, char *text, size_t room)
{
    return describe(((const struct ac_signal_next_future *)self)->listener->signo, text, room);
}
static int describe_signal(const void *self, char *text, size_t room)
{
    return describe(((const struct ac_signal_future *)self)->listener.signo, text, room);
}
static int describe_ctrl_c(const void *self, char *text, size_t room)
{
    (void)self;
    return describe(SIGINT, text, room);
}
AC__AWAITABLE_DESCRIPTOR(ac_signal_next, describe_next);
AC__AWAITABLE_DESCRIPTOR(ac_signal, describe_signal);
AC__AWAITABLE_DESCRIPTOR(ac_ctrl_c, describe_ctrl_c);

int ac_signal_next(ac_signal_listener *listener)
{
    AC__ENTER(ac_signal_next, listener);
    return 0;
}
int ac_signal(int signo)
{
    AC__ENTER(ac_signal, signo);
    return 0;
}
int ac_ctrl_c(void)
{
    ac_ctrl_c_init(ac__enter(&ac_ctrl_c_descriptor));
    return 0;
}

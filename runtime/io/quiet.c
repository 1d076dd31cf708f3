/* Sockets have MSG_NOSIGNAL; for a pipe SIGPIPE has to be kept from the thread by other means.
 *
 * Workers have it blocked and `async main` ignores it, so that nothing needs to be done there: that is looked up once
 * for each thread. Elsewhere (a runtime that is turned by a foreign loop) it is blocked around the call. It is sent to
 * the thread that wrote, so what was raised can be taken back by that thread. */
#define _GNU_SOURCE
#include "io/quiet.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>

#include "io/nowait.h"

static bool thread_is_quiet(void)
{
    static _Thread_local bool quiet;
    if (quiet) return true;
    sigset_t mask;
    struct sigaction action;
    quiet = (pthread_sigmask(SIG_SETMASK, NULL, &mask) == 0 && sigismember(&mask, SIGPIPE) == 1) ||
            (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_IGN);
    return quiet;
}

static ssize_t write_now(int fd, const struct iovec *iov, int count, int flags)
{
    if (flags) return ac__writev_flags(fd, iov, count, flags);
    ssize_t n = writev(fd, iov, count);
    return n < 0 ? -errno : n;
}

static void take_back(void)
{
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    while (sigtimedwait(&pipe, NULL, &(struct timespec){ 0, 0 }) < 0 && errno == EINTR) {}
}

ssize_t ac__write_quietly(int fd, const struct iovec *iov, int count, int flags)
{
    if (thread_is_quiet()) {
        ssize_t n = write_now(fd, iov, count, flags);
        if (n == -EPIPE) take_back();
        return n;
    }
    sigset_t pipe, before, pending;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    bool was_pending = sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
    ssize_t n = write_now(fd, iov, count, flags);
    if (n == -EPIPE && !was_pending) take_back();
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return n;
}

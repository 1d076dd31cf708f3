/* Taking connections, through what happens to servers that run for years.
 *
 * Errors that belong to one connection (it was reset in the queue, its network went) are not the listener's, and are
 * passed over. When there are too many descriptors the connection stays in the queue, so that the listener stays
 * readable: to return the error would make the loop around the call spin, and to wait for readiness would hang, as no
 * new edge comes. So it waits for what can help: a descriptor of this process that is closed, or a little time, for
 * those of others. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "asyncc/io.h"
#include "asyncc/net.h"
#include "io/awaitable.h"
#include "io/operation.h"
#include "io/socket.h"

enum { ACCEPTING, PAUSED };
/* More than a queue holds: then it is no matter of connections. A filter of system calls, say, gives EPERM for ever. */
enum { MOST_PASSED_OVER = 100000 };
#define PAUSE ac_ms(10)

void ac_accept_init(struct ac_accept_future *self, int fd, struct sockaddr_storage *peer)
{
    self->peer = peer;
    self->step = ACCEPTING;
    ac__io_wait_init(&self->wait, fd);
}

/* accept(2) says so of connections, not of the listener; it reports pending network errors of the new socket as its
 * own. */
static bool is_of_one_connection(int error)
{
    switch (error) {
    case ECONNABORTED:
    case ECONNRESET:
    case EPROTO:
    case EPERM: /* a firewall's doing */
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ETIMEDOUT: return true;
    default: return false;
    }
}

static ssize_t attempt_accept(void *future, struct ac__attempt *attempt)
{
    struct ac_accept_future *self = future;
    /* A listener that is not ours may block: accept4 has no MSG_DONTWAIT. */
    if (!(attempt->flags & AC__FD_OWNED)) {
        int error = ac__poll_now(attempt->fd, AC__READ);
        if (error) return error;
    }
    for (unsigned passed_over = 0;; passed_over++) {
        struct sockaddr_storage address;
        socklen_t length = sizeof address;
        struct sockaddr *peer = self->peer ? (struct sockaddr *)&address : NULL;
        int fd = accept4(attempt->fd, peer, peer ? &length : NULL, AC__SOCKET_TYPE);
        if (fd < 0 && is_of_one_connection(errno) && passed_over < MOST_PASSED_OVER) continue;
        if (fd < 0) return -errno;
        if (self->peer) *self->peer = address;
        /* A listener of the library's own knows what it gives; of another one it is not known whether short reads mean
         * a thing. */
        return ac__fd_made(fd, attempt->flags & AC__FD_OWNED ? attempt->flags & AC__TCP_FLAGS : AC__FD_SOCKET);
    }
}

static bool is_shortage(ssize_t error)
{
    return error == -EMFILE || error == -ENFILE || error == -ENOBUFS || error == -ENOMEM;
}

/* While it pauses its node is in the list of those who wait for descriptors. The listener itself may be closed, and its
 * number reused, meanwhile: marked as woken, the next attempt compares the generation that the last one found. */
static void pause_begin(struct ac_accept_future *self, ac_context *cx)
{
    self->step = PAUSED;
    ac__freed_wait(&self->wait, cx);
    ac_sleep_init(&self->pause, PAUSE);
}

static void pause_end(struct ac_accept_future *self, bool timer_ended)
{
    if (!timer_ended) ac_sleep_drop(&self->pause);
    ac__freed_forget(&self->wait);
    self->wait.state = AC__WAIT_FIRED;
    self->step = ACCEPTING;
}

static bool pause_over(struct ac_accept_future *self, ac_context *cx)
{
    bool timer_ended = ac_sleep_poll(&self->pause, cx) == AC_READY;
    if (!timer_ended && ac__io_waiting(&self->wait)) return false;
    pause_end(self, timer_ended);
    return true;
}

int ac_accept_poll(struct ac_accept_future *self, ac_context *cx)
{
    for (;;) {
        if (self->step == PAUSED && !pause_over(self, cx)) return AC_PENDING;
        if (ac__io_waiting(&self->wait)) return AC_PENDING;
        ssize_t given;
        if (ac__operate(&self->wait, cx, AC__READ, attempt_accept, self, &given) == AC_PENDING) return AC_PENDING;
        if (!is_shortage(given)) return self->result = (int)given, AC_READY;
        pause_begin(self, cx);
    }
}

void ac_accept_drop(struct ac_accept_future *self)
{
    if (self->step == PAUSED) pause_end(self, false);
    ac__io_wait_drop(&self->wait);
}

static int describe(const void *future, char *text, size_t room)
{
    const struct ac_accept_future *self = future;
    if (self->step == PAUSED) return snprintf(text, room, "descriptor %d, too many open", self->wait.fd);
    return ac__describe_wait(&self->wait, text, room);
}
AC__AWAITABLE_DESCRIPTOR(ac_accept, describe);

int ac_accept(int fd, struct sockaddr_storage *peer)
{
    AC__ENTER(ac_accept, fd, peer);
    return 0;
}

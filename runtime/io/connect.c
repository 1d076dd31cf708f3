/* Connecting: a non-blocking connect(2), the wait until the socket can be written, and the question how it went. A name
 * has several addresses, which are tried in turn. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "asyncc/io.h"
#include "asyncc/net.h"
#include "io/address.h"
#include "io/awaitable.h"
#include "io/operation.h"
#include "io/resolve.h"
#include "io/socket.h"
#include "mem/alloc.h"

#define ADDRESSES 16

/* --- One address -------------------------------------------------------------------------------------------------- */

/* Begins to connect: a descriptor, which may be connected already, or a negative errno. */
static int connect_begin(const struct sockaddr_storage *address, socklen_t length, uint32_t flags)
{
    int fd = ac__fd_made(socket(address->ss_family, SOCK_STREAM | AC__SOCKET_TYPE, 0), flags);
    if (fd < 0) return fd;
    int failed;
    do failed = connect(fd, (const struct sockaddr *)address, length);
    while (failed && errno == EINTR);
    if (!failed || errno == EINPROGRESS) return fd;
    int error = -errno;
    ac_close(fd);
    return error;
}

/* It can be written when it is connected or has failed. */
static ssize_t attempt_finish(void *self, struct ac__attempt *attempt)
{
    (void)self;
    int error = ac__poll_now(attempt->fd, AC__WRITE);
    if (error) return error;
    int how = 0;
    socklen_t length = sizeof how;
    if (getsockopt(attempt->fd, SOL_SOCKET, SO_ERROR, &how, &length) < 0) return -errno;
    return -how;
}

/* Polls a connect under way, whose descriptor wait->fd has: AC_READY with the descriptor or a negative errno, and then
 * it is closed. */
static int connect_poll(struct ac__io_wait *wait, ac_context *cx, int *result)
{
    ssize_t error;
    if (ac__operate(wait, cx, AC__WRITE, attempt_finish, NULL, &error) == AC_PENDING) return AC_PENDING;
    *result = error ? (int)error : wait->fd;
    if (error) ac_close(wait->fd);
    wait->fd = -1;
    return AC_READY;
}

static void connect_drop(struct ac__io_wait *wait)
{
    ac__io_wait_drop(wait);
    if (wait->fd >= 0) ac_close(wait->fd);
}

/* --- TCP ---------------------------------------------------------------------------------------------------------- */

enum { START, RESOLVING, NEXT, CONNECTING };

/* A numeric address needs no list: it is parsed when it is tried. */
static int tcp_start(struct ac_tcp_connect_future *self, ac_context *cx)
{
    struct sockaddr_storage address;
    if (ac_address_parse(self->address, &address) == 0) {
        self->count = 1;
        self->step = NEXT;
        return 0;
    }
    self->step = RESOLVING;
    return ac__resolve_begin(&self->call, cx, self->address, ADDRESSES);
}

static int tcp_resolved(struct ac_tcp_connect_future *self)
{
    self->list = ac__malloc(ADDRESSES * sizeof *self->list);
    if (!self->list) {
        ac__offload_end(&self->call);
        return -ENOMEM;
    }
    int n = ac__resolve_end(&self->call, self->list);
    if (n < 0) return n;
    self->count = (uint32_t)n;
    self->step = NEXT;
    return 0;
}

static void tcp_next(struct ac_tcp_connect_future *self)
{
    struct sockaddr_storage numeric, *address = &numeric;
    if (self->list) address = &self->list[self->next];
    else ac_address_parse(self->address, address);
    self->next++;
    int fd = connect_begin(address, ac__address_length(address), AC__TCP_FLAGS);
    if (fd < 0) {
        self->error = fd;
    } else {
        ac__io_wait_init(&self->wait, fd);
        self->step = CONNECTING;
    }
}

static int tcp_end(struct ac_tcp_connect_future *self, int result)
{
    ac__free(self->list);
    self->list = NULL;
    self->result = result;
    return AC_READY;
}

int ac_tcp_connect_poll(struct ac_tcp_connect_future *self, ac_context *cx)
{
    for (;;) {
        int error = 0;
        switch (self->step) {
        case START: error = tcp_start(self, cx); break;
        case RESOLVING:
            if (ac__offload_running(&self->call)) return AC_PENDING;
            error = tcp_resolved(self);
            break;
        case NEXT:
            if (self->next == self->count) return tcp_end(self, self->error);
            tcp_next(self);
            break;
        case CONNECTING:
            if (ac__io_waiting(&self->wait)) return AC_PENDING;
            if (connect_poll(&self->wait, cx, &self->result) == AC_PENDING) return AC_PENDING;
            if (self->result >= 0) return tcp_end(self, self->result);
            self->error = self->result;
            self->step = NEXT;
        }
        if (error) return tcp_end(self, error);
    }
}

void ac_tcp_connect_drop(struct ac_tcp_connect_future *self)
{
    ac__offload_drop(&self->call);
    connect_drop(&self->wait);
    ac__free(self->list);
}

/* --- Unix --------------------------------------------------------------------------------------------------------- */

/* A Unix connect is over at once, or the listener's queue is full. Then EAGAIN is given, and nothing tells when there
 * is room: it is tried again every few milliseconds. */
#define UNIX_PAUSE ac_ms(5)
enum { PAUSED = CONNECTING + 1 };

static int unix_begin(struct ac_unix_connect_future *self)
{
    struct sockaddr_storage address;
    socklen_t length;
    int error = ac__address_unix(self->path, &address, &length);
    return error ? error : connect_begin(&address, length, AC__UNIX_FLAGS);
}

int ac_unix_connect_poll(struct ac_unix_connect_future *self, ac_context *cx)
{
    if (self->step == PAUSED) {
        if (ac_sleep_poll(&self->pause, cx) == AC_PENDING) return AC_PENDING;
        self->step = START;
    }
    while (self->step == START) {
        int fd = unix_begin(self);
        if (fd == -EAGAIN) {
            ac_sleep_init(&self->pause, UNIX_PAUSE);
            self->step = PAUSED;
            if (ac_sleep_poll(&self->pause, cx) == AC_PENDING) return AC_PENDING;
            self->step = START;
            continue;
        }
        if (fd < 0) return self->result = fd, AC_READY;
        ac__io_wait_init(&self->wait, fd);
        self->step = CONNECTING;
    }
    if (ac__io_waiting(&self->wait)) return AC_PENDING;
    return connect_poll(&self->wait, cx, &self->result);
}

void ac_unix_connect_drop(struct ac_unix_connect_future *self)
{
    if (self->step == PAUSED) ac_sleep_drop(&self->pause);
    connect_drop(&self->wait);
}

/* --- As the library's awaitables ---------------------------------------------------------------------------------- */

static int describe_tcp(const void *future, char *text, size_t room)
{
    return snprintf(text, room, "a connection to %s", ((const struct ac_tcp_connect_future *)future)->address);
}
static int describe_unix(const void *future, char *text, size_t room)
{
    return snprintf(text, room, "a connection to %s", ((const struct ac_unix_connect_future *)future)->path);
}
AC__AWAITABLE_DESCRIPTOR(ac_tcp_connect, describe_tcp);
AC__AWAITABLE_DESCRIPTOR(ac_unix_connect, describe_unix);

int ac_tcp_connect(const char *address)
{
    AC__ENTER(ac_tcp_connect, address);
    return 0;
}
int ac_unix_connect(const char *path)
{
    AC__ENTER(ac_unix_connect, path);
    return 0;
}

/* Waiting until a descriptor is ready, for libraries that do their own reading and writing.
 *
 * Asked by poll(2), not by the readiness that the slot keeps: that one knows only what this library's own reads found
 * out. */
#include <errno.h>

#include "asyncc/io.h"
#include "io/awaitable.h"
#include "io/operation.h"

static ssize_t ask(void *self, struct ac__attempt *attempt) { return ac__poll_now(attempt->fd, *(unsigned *)self); }

static int ready_poll(struct ac__io_wait *wait, ac_context *cx, unsigned direction, int *result)
{
    ssize_t given;
    if (ac__operate(wait, cx, direction, ask, &direction, &given) == AC_PENDING) return AC_PENDING;
    *result = given == -EPERM ? 0 : (int)given; /* epoll takes no plain files: they are always ready */
    return AC_READY;
}

int ac_readable_poll_slow(struct ac_readable_future *self, ac_context *cx)
{
    return ready_poll(&self->wait, cx, AC__READ, &self->result);
}

int ac_writable_poll_slow(struct ac_writable_future *self, ac_context *cx)
{
    return ready_poll(&self->wait, cx, AC__WRITE, &self->result);
}

static int describe_readable(const void *self, char *text, size_t room)
{
    return ac__describe_wait(&((const struct ac_readable_future *)self)->wait, text, room);
}
static int describe_writable(const void *self, char *text, size_t room)
{
    return ac__describe_wait(&((const struct ac_writable_future *)self)->wait, text, room);
}
AC__AWAITABLE_DESCRIPTOR(ac_readable, describe_readable);
AC__AWAITABLE_DESCRIPTOR(ac_writable, describe_writable);

int ac_readable(int fd)
{
    AC__ENTER(ac_readable, fd);
    return 0;
}
int ac_writable(int fd)
{
    AC__ENTER(ac_writable, fd);
    return 0;
}

/* Messages over sockets: recv, send and their kin, with MSG_DONTWAIT and MSG_NOSIGNAL, so that it does not matter whose
 * socket it is. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "asyncc/net.h"
#include "io/address.h"
#include "io/awaitable.h"
#include "io/operation.h"

static ssize_t given(ssize_t n) { return n < 0 ? -errno : n; }

static ssize_t attempt_ac_recv(void *future, struct ac__attempt *attempt)
{
    struct ac_recv_future *self = future;
    ssize_t n = given(recv(attempt->fd, self->buf, self->n, self->flags | MSG_DONTWAIT));
    attempt->drained = n > 0 && (size_t)n < self->n && !(self->flags & (MSG_OOB | MSG_PEEK | MSG_TRUNC));
    return n;
}
static ssize_t attempt_ac_send(void *future, struct ac__attempt *attempt)
{
    struct ac_send_future *self = future;
    ssize_t n = given(send(attempt->fd, self->buf, self->n, self->flags | MSG_DONTWAIT | MSG_NOSIGNAL));
    attempt->drained = n > 0 && (size_t)n < self->n;
    return n;
}
static ssize_t attempt_ac_recvfrom(void *future, struct ac__attempt *attempt)
{
    struct ac_recvfrom_future *self = future;
    struct sockaddr_storage from;
    socklen_t length = sizeof from;
    memset(&from, 0, sizeof(sa_family_t) + 2); /* a stream names nobody, and an unbound Unix socket has no name */
    ssize_t n = given(recvfrom(attempt->fd, self->buf, self->n, MSG_DONTWAIT, (struct sockaddr *)&from, &length));
    if (n >= 0 && self->from) *self->from = from;
    return n;
}
static ssize_t attempt_ac_sendto(void *future, struct ac__attempt *attempt)
{
    struct ac_sendto_future *self = future;
    return given(sendto(attempt->fd, self->buf, self->n, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)self->to,
                        ac__address_length(self->to)));
}
static ssize_t attempt_ac_recvmsg(void *future, struct ac__attempt *attempt)
{
    struct ac_recvmsg_future *self = future;
    return given(recvmsg(attempt->fd, self->message, self->flags | MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
}
static ssize_t attempt_ac_sendmsg(void *future, struct ac__attempt *attempt)
{
    struct ac_sendmsg_future *self = future;
    return given(sendmsg(attempt->fd, self->message, self->flags | MSG_DONTWAIT | MSG_NOSIGNAL));
}

#define MESSAGE(NAME, DIRECTION)                                                                                       \
    int NAME##_poll_slow(struct NAME##_future *self, ac_context *cx)                                                   \
    {                                                                                                                  \
        return ac__operate(&self->wait, cx, DIRECTION, attempt_##NAME, self, &self->result);                           \
    }                                                                                                                  \
    static int NAME##_describe(const void *self, char *text, size_t room)                                              \
    {                                                                                                                  \
        return ac__describe_wait(&((const struct NAME##_future *)self)->wait, text, room);                             \
    }                                                                                                                  \
    AC__AWAITABLE_DESCRIPTOR(NAME, NAME##_describe)
MESSAGE(ac_recv, AC__READ);
MESSAGE(ac_send, AC__WRITE);
MESSAGE(ac_recvfrom, AC__READ);
MESSAGE(ac_sendto, AC__WRITE);
MESSAGE(ac_recvmsg, AC__READ);
MESSAGE(ac_sendmsg, AC__WRITE);

ssize_t ac_recv(int fd, void *buf, size_t n, int flags)
{
    AC__ENTER(ac_recv, fd, buf, n, flags);
    return 0;
}
ssize_t ac_send(int fd, const void *buf, size_t n, int flags)
{
    AC__ENTER(ac_send, fd, buf, n, flags);
    return 0;
}
ssize_t ac_recvfrom(int fd, void *buf, size_t n, struct sockaddr_storage *from)
{
    AC__ENTER(ac_recvfrom, fd, buf, n, from);
    return 0;
}
ssize_t ac_sendto(int fd, const void *buf, size_t n, const struct sockaddr_storage *to)
{
    AC__ENTER(ac_sendto, fd, buf, n, to);
    return 0;
}
ssize_t ac_recvmsg(int fd, struct msghdr *message, int flags)
{
    AC__ENTER(ac_recvmsg, fd, message, flags);
    return 0;
}
ssize_t ac_sendmsg(int fd, const struct msghdr *message, int flags)
{
    AC__ENTER(ac_sendmsg, fd, message, flags);
    return 0;
}

/* Sockets: TCP, UDP, Unix, and addresses as text. What io.h says of descriptors holds here.
 *
 * An address is text: "127.0.0.1:7000", "[::1]:80", ":8080" (every address of this machine), "localhost:80". Port 0
 * lets the kernel choose; ac_local_address tells what it chose. */
#ifndef ASYNCC_NET_H
#define ASYNCC_NET_H
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "leaf.h"
#include "time.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- Addresses ---------------------------------------------------------------------------------------------------- */

#define AC_ADDRESS_TEXT_SIZE 128 /* room for any address as text, its NUL included */

/* Parses a numeric address ("localhost" counts as one), without asking anybody: 0, or -EINVAL. */
int ac_address_parse(const char *text, struct sockaddr_storage *address);
/* Writes an address as text ("unix:/path" for a Unix socket): its length, or -ENOSPC, -EAFNOSUPPORT. */
int ac_address_format(const struct sockaddr_storage *address, char *text, size_t room);
/* The address a socket is bound to, or connected to, as text: its length, or a negative errno (-ENOTCONN, -ENOSPC
 * …). */
int ac_local_address(int fd, char *text, size_t room);
int ac_peer_address(int fd, char *text, size_t room);

/* The addresses that "host:port" stands for, at most `room` of them, in the order to try them: how many. Asks the
 * system's resolver, on the blocking pool. -ENOENT: no such name; -EAGAIN: the name server does not answer just now;
 * -EINVAL: not of the form host:port. `out` is written at the end only. Cancelling loses nothing. */
ac_async int ac_resolve(const char *address, struct sockaddr_storage *out, int room);

/* --- TCP and Unix stream sockets ---------------------------------------------------------------------------------- */

/* Listens at a numeric address: a descriptor, owned by the caller, or a negative errno (-EADDRINUSE, -EINVAL: not an
 * address). backlog 0 or less: the system's greatest. SO_REUSEADDR is set. ":port" listens for IPv6 and IPv4 where
 * both exist. */
int ac_tcp_listen(const char *address, int backlog);
/* Listens at a path (or, where it begins with '@', in Linux's abstract namespace). A socket file that nobody listens
 * on any more is replaced; -EADDRINUSE if somebody does. The file stays when the descriptor is closed. */
int ac_unix_listen(const char *path, int backlog);

/* Takes a connection: its descriptor, owned by the caller. peer may be NULL. Errors that concern only the connection
 * (-ECONNABORTED and the like) are passed over. With too many descriptors open (-EMFILE, -ENFILE) it waits 10 ms, or
 * for an ac_close, and tries again, so that a loop around it neither ends nor spins. Cancelling loses nothing. (A
 * listener that is not the library's own and blocks may block a worker, when its connection is reset before it is
 * taken: see ac_adopt.) */
ac_async int ac_accept(int fd, struct sockaddr_storage *peer);

/* Connects: a descriptor, owned by the caller. A name is resolved, and its addresses are tried in turn; the error is
 * the last one's. Cancelling closes what was begun. */
ac_async int ac_tcp_connect(const char *address);
ac_async int ac_unix_connect(const char *path);
/* Two stream sockets connected to each other. */
int ac_unix_pair(int ends[2]);

/* Tells the peer that nothing more will be written; it reads the end of the file. Reading goes on. 0 or a negative
 * errno. */
int ac_shutdown_write(int fd);

/* --- Messages ----------------------------------------------------------------------------------------------------- */

/* A UDP socket at a numeric address, or a negative errno. */
int ac_udp_bind(const char *address);
/* Sets where ac_send goes and whence alone ac_recv takes; "address" is numeric. */
int ac_udp_connect(int fd, const char *address);

/* One message (or, of a stream, some bytes), with the flags of recv(2): its length, cut to n. Cancelling loses
 * nothing. */
ac_async ssize_t ac_recv(int fd, void *buf, size_t n, int flags);
ac_async ssize_t ac_send(int fd, const void *buf, size_t n, int flags);
ac_async ssize_t ac_recvfrom(int fd, void *buf, size_t n, struct sockaddr_storage *from); /* from may be NULL */
ac_async ssize_t ac_sendto(int fd, const void *buf, size_t n, const struct sockaddr_storage *to);
/* With control data, as recvmsg(2) and sendmsg(2): descriptors passed over a Unix socket arrive with CLOEXEC set. */
ac_async ssize_t ac_recvmsg(int fd, struct msghdr *message, int flags);
ac_async ssize_t ac_sendmsg(int fd, const struct msghdr *message, int flags);

/* --- Options: 0 or a negative errno ------------------------------------------------------------------------------- */

/* Sends small writes at once (TCP_NODELAY). */
int ac_set_nodelay(int fd, bool on);
/* Asks a silent peer after `idle` (rounded up to seconds) whether it is there, `count` times at `interval`; idle 0:
 * off. */
int ac_set_keepalive(int fd, ac_duration idle, ac_duration interval, int count);
/* How long unacknowledged data may stay so before the connection counts as dead (TCP_USER_TIMEOUT); 0: the system's. */
int ac_set_user_timeout(int fd, ac_duration timeout);
/* 0: ac_close throws away what is not sent and resets the connection; negative: the usual way. */
int ac_set_linger(int fd, ac_duration timeout);
/* How many bytes the kernel keeps of what has come and was not read, or was written and not sent (SO_RCVBUF,
 * SO_SNDBUF). */
int ac_set_receive_buffer(int fd, int bytes);
int ac_set_send_buffer(int fd, int bytes);
/* Lets a UDP socket send to broadcast addresses (SO_BROADCAST). */
int ac_set_broadcast(int fd, bool on);

/* --- Frames ------------------------------------------------------------------------------------------------------- */

struct ac_resolve_future {
    int result;
    int room;
    const char *address;
    struct sockaddr_storage *out;
    struct ac__offload call;
};
struct ac_accept_future {
    int result;
    int step;
    struct sockaddr_storage *peer;
    struct ac__io_wait wait;      /* for a connection; or, when there are too many descriptors, for an ac_close, */
    struct ac_sleep_future pause; /* or for a little time to pass */
};
struct ac_recv_future {
    ssize_t result;
    void *buf;
    size_t n;
    int flags;
    struct ac__io_wait wait;
};
struct ac_send_future {
    ssize_t result;
    const void *buf;
    size_t n;
    int flags;
    struct ac__io_wait wait;
};
struct ac_recvfrom_future {
    ssize_t result;
    void *buf;
    size_t n;
    struct sockaddr_storage *from;
    struct ac__io_wait wait;
};
struct ac_sendto_future {
    ssize_t result;
    const void *buf;
    size_t n;
    const struct sockaddr_storage *to;
    struct ac__io_wait wait;
};
struct ac_recvmsg_future {
    ssize_t result;
    struct msghdr *message;
    int flags;
    struct ac__io_wait wait;
};
struct ac_sendmsg_future {
    ssize_t result;
    const struct msghdr *message;
    int flags;
    struct ac__io_wait wait;
};
struct ac_tcp_connect_future {
    int result;
    int step, error;
    uint32_t next, count;
    const char *address;
    struct sockaddr_storage *list; /* the addresses of a name; NULL for a numeric one */
    struct ac__io_wait wait;
    struct ac__offload call;
};
struct ac_unix_connect_future {
    int result;
    int step;
    const char *path;
    struct ac__io_wait wait;
    struct ac_sleep_future pause; /* until the listener's queue may have room */
};

static inline void ac_resolve_init(struct ac_resolve_future *self, const char *address, struct sockaddr_storage *out,
                                   int room)
{
    self->address = address, self->out = out, self->room = room, self->call.job = NULL;
}
void ac_accept_init(struct ac_accept_future *self, int fd, struct sockaddr_storage *peer);
static inline void ac_recv_init(struct ac_recv_future *self, int fd, void *buf, size_t n, int flags)
{
    self->buf = buf, self->n = n, self->flags = flags;
    ac__io_wait_init(&self->wait, fd);
}
static inline void ac_send_init(struct ac_send_future *self, int fd, const void *buf, size_t n, int flags)
{
    self->buf = buf, self->n = n, self->flags = flags;
    ac__io_wait_init(&self->wait, fd);
}
static inline void ac_recvfrom_init(struct ac_recvfrom_future *self, int fd, void *buf, size_t n,
                                    struct sockaddr_storage *from)
{
    self->buf = buf, self->n = n, self->from = from;
    ac__io_wait_init(&self->wait, fd);
}
static inline void ac_sendto_init(struct ac_sendto_future *self, int fd, const void *buf, size_t n,
                                  const struct sockaddr_storage *to)
{
    self->buf = buf, self->n = n, self->to = to;
    ac__io_wait_init(&self->wait, fd);
}
static inline void ac_recvmsg_init(struct ac_recvmsg_future *self, int fd, struct msghdr *message, int flags)
{
    self->message = message, self->flags = flags;
    ac__io_wait_init(&self->wait, fd);
}
static inline void ac_sendmsg_init(struct ac_sendmsg_future *self, int fd, const struct msghdr *message, int flags)
{
    self->message = message, self->flags = flags;
    ac__io_wait_init(&self->wait, fd);
}
static inline void ac_tcp_connect_init(struct ac_tcp_connect_future *self, const char *address)
{
    self->address = address, self->step = 0, self->error = 0, self->next = 0, self->count = 0;
    self->list = NULL, self->call.job = NULL;
    ac__io_wait_init(&self->wait, -1);
}
static inline void ac_unix_connect_init(struct ac_unix_connect_future *self, const char *path)
{
    self->path = path, self->step = 0;
    ac__io_wait_init(&self->wait, -1);
}

AC__OFFLOAD_LEAF(ac_resolve)
AC__WAIT_LEAF(ac_recv)
AC__WAIT_LEAF(ac_send)
AC__WAIT_LEAF(ac_recvfrom)
AC__WAIT_LEAF(ac_sendto)
AC__WAIT_LEAF(ac_recvmsg)
AC__WAIT_LEAF(ac_sendmsg)
AC__COMPOSED_LEAF(ac_accept)
AC__COMPOSED_LEAF(ac_tcp_connect)
AC__COMPOSED_LEAF(ac_unix_connect)

#ifdef __cplusplus
}
#endif
#endif

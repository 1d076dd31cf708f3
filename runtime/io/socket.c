/* Making sockets and pipes, and their options. */
#define _GNU_SOURCE
#include "io/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "asyncc/io.h"
#include "asyncc/net.h"
#include "io/address.h"

static int fail(int fd)
{
    int error = -errno;
    if (fd >= 0) close(fd);
    return error;
}

static int set(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value) < 0 ? -errno : 0;
}

/* --- Bound sockets ------------------------------------------------------------------------------------------------ */

static int bound(const struct sockaddr_storage *address, int type)
{
    int fd = socket(address->ss_family, type | AC__SOCKET_TYPE, 0);
    if (fd < 0) return -errno;
    if (type == SOCK_STREAM && set(fd, SOL_SOCKET, SO_REUSEADDR, 1) < 0) return fail(fd);
    if (address->ss_family == AF_INET6) {
        /* Only "any address" takes IPv4 too, whatever the system's default is. */
        bool any = IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)address)->sin6_addr);
        if (set(fd, IPPROTO_IPV6, IPV6_V6ONLY, !any) < 0) return fail(fd);
    }
    if (bind(fd, (const struct sockaddr *)address, ac__address_length(address)) < 0) return fail(fd);
    return fd;
}

/* ":port" on a machine without IPv6 is any address of IPv4. */
static int bound_at(const char *text, int type)
{
    struct sockaddr_storage address;
    int error = ac_address_parse(text, &address);
    if (error) return error;
    int fd = bound(&address, type);
    if (*text != ':' || (fd != -EAFNOSUPPORT && fd != -EADDRNOTAVAIL)) return fd;
    in_port_t port = ((struct sockaddr_in6 *)&address)->sin6_port;
    address = (struct sockaddr_storage){ .ss_family = AF_INET };
    ((struct sockaddr_in *)&address)->sin_port = port;
    return bound(&address, type);
}

static int listening(int fd, int backlog, uint32_t flags)
{
    if (fd < 0) return fd;
    if (listen(fd, backlog > 0 ? backlog : INT_MAX) < 0) return fail(fd);
    return ac__fd_made(fd, flags);
}

int ac_tcp_listen(const char *address, int backlog)
{
    return listening(bound_at(address, SOCK_STREAM), backlog, AC__TCP_FLAGS);
}

int ac_udp_bind(const char *address)
{
    int fd = bound_at(address, SOCK_DGRAM);
    return fd < 0 ? fd : ac__fd_made(fd, AC__FD_SOCKET);
}

int ac_udp_connect(int fd, const char *address)
{
    struct sockaddr_storage peer;
    int error = ac_address_parse(address, &peer);
    if (error) return error;
    return connect(fd, (struct sockaddr *)&peer, ac__address_length(&peer)) < 0 ? -errno : 0;
}

/* A socket file stays behind when a program ends; only one that nobody answers at may be removed. */
static bool is_left_over(const char *path, const struct sockaddr_storage *address, socklen_t length)
{
    struct stat stat;
    if (*path == '@' || lstat(path, &stat) < 0 || !S_ISSOCK(stat.st_mode)) return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | AC__SOCKET_TYPE, 0);
    if (fd < 0) return false;
    bool refused = connect(fd, (const struct sockaddr *)address, length) < 0 && errno == ECONNREFUSED;
    close(fd);
    return refused;
}

int ac_unix_listen(const char *path, int backlog)
{
    struct sockaddr_storage address;
    socklen_t length;
    int error = ac__address_unix(path, &address, &length);
    if (error) return error;
    int fd = socket(AF_UNIX, SOCK_STREAM | AC__SOCKET_TYPE, 0);
    if (fd < 0) return -errno;
    int failed = bind(fd, (struct sockaddr *)&address, length);
    if (failed && errno == EADDRINUSE) {
        if (is_left_over(path, &address, length) && unlink(path) == 0)
            failed = bind(fd, (struct sockaddr *)&address, length);
        else errno = EADDRINUSE;
    }
    return failed ? fail(fd) : listening(fd, backlog, AC__UNIX_FLAGS);
}

/* --- Pairs -------------------------------------------------------------------------------------------------------- */

static int pair_made(int ends[2], uint32_t flags)
{
    int error = ac__fd_adopt(ends[0], flags);
    if (error) {
        close(ends[1]);
        return error;
    }
    error = ac__fd_adopt(ends[1], flags);
    if (error) ac_close(ends[0]);
    return error;
}

int ac_unix_pair(int ends[2])
{
    if (socketpair(AF_UNIX, SOCK_STREAM | AC__SOCKET_TYPE, 0, ends) < 0) return -errno;
    return pair_made(ends, AC__UNIX_FLAGS);
}

int ac_pipe(int ends[2])
{
    if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0) return -errno;
    return pair_made(ends, AC__FD_DRAINS);
}

/* --- Options ------------------------------------------------------------------------------------------------------ */

int ac_shutdown_write(int fd) { return shutdown(fd, SHUT_WR) < 0 ? -errno : 0; }

static int seconds(ac_duration duration)
{
    ac_duration n = duration / 1000000000 + (duration % 1000000000 > 0);
    return n > INT_MAX ? INT_MAX : (int)n;
}

int ac_set_nodelay(int fd, bool on) { return set(fd, IPPROTO_TCP, TCP_NODELAY, on); }

int ac_set_keepalive(int fd, ac_duration idle, ac_duration interval, int count)
{
    int error = set(fd, SOL_SOCKET, SO_KEEPALIVE, idle > 0);
    if (error || idle <= 0) return error;
    error = set(fd, IPPROTO_TCP, TCP_KEEPIDLE, seconds(idle));
    if (!error && interval > 0) error = set(fd, IPPROTO_TCP, TCP_KEEPINTVL, seconds(interval));
    if (!error && count > 0) error = set(fd, IPPROTO_TCP, TCP_KEEPCNT, count);
    return error;
}

int ac_set_user_timeout(int fd, ac_duration timeout)
{
    ac_duration ms = timeout / 1000000 + (timeout % 1000000 > 0);
    return set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, ms > INT_MAX ? INT_MAX : (int)ms);
}

int ac_set_linger(int fd, ac_duration timeout)
{
    struct linger linger = { .l_onoff = timeout >= 0, .l_linger = timeout > 0 ? seconds(timeout) : 0 };
    return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) < 0 ? -errno : 0;
}

int ac_set_receive_buffer(int fd, int bytes) { return set(fd, SOL_SOCKET, SO_RCVBUF, bytes); }
int ac_set_send_buffer(int fd, int bytes) { return set(fd, SOL_SOCKET, SO_SNDBUF, bytes); }
int ac_set_broadcast(int fd, bool on) { return set(fd, SOL_SOCKET, SO_BROADCAST, on); }

/* Taking over a descriptor that another library or process made. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "asyncc/io.h"
#include "io/slot.h"
#include "io/socket.h"

/* What a short read shows depends on the protocol: only TCP's is known to be safe. */
static uint32_t socket_flags(int fd)
{
    int protocol = 0;
    socklen_t length = sizeof protocol;
    bool tcp = getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &length) == 0 && protocol == IPPROTO_TCP;
    return tcp ? AC__TCP_FLAGS : AC__FD_SOCKET;
}

static uint32_t flags_of(int fd, mode_t mode)
{
    if (S_ISSOCK(mode)) return socket_flags(fd);
    if (S_ISFIFO(mode)) return AC__FD_DRAINS;
    return S_ISREG(mode) || S_ISBLK(mode) || S_ISDIR(mode) ? AC__FD_FILE : 0;
}

int ac_adopt(int fd)
{
    struct stat stat;
    struct ac__use use;
    if (fstat(fd, &stat) < 0) return -errno;
    int error = ac__use_begin(&use, fd); /* so that there is a slot: on failure the descriptor stays the caller's */
    if (error < 0) return error;
    if (!error) ac__use_end(&use); /* else somebody is still in the close that made this number free */
    int status = fcntl(fd, F_GETFL), descriptor = fcntl(fd, F_GETFD);
    if (status < 0 || descriptor < 0) return -errno;
    if (fcntl(fd, F_SETFL, status | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, descriptor | FD_CLOEXEC) < 0) return -errno;
    return ac__fd_adopt(fd, flags_of(fd, stat.st_mode));
}

/* What a socket of the library's own is made with. */
#ifndef ASYNCC_IO_SOCKET_H
#define ASYNCC_IO_SOCKET_H
#include <sys/socket.h>

#include "io/slot.h"

#define AC__SOCKET_TYPE (SOCK_NONBLOCK | SOCK_CLOEXEC)
#define AC__TCP_FLAGS (AC__FD_SOCKET | AC__FD_DRAINS)
/* A Unix stream stops short at a message that carries descriptors, so that a short read shows nothing there. */
#define AC__UNIX_FLAGS AC__FD_SOCKET

#endif

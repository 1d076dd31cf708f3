/* Writing to pipes without SIGPIPE. */
#ifndef ASYNCC_IO_QUIET_H
#define ASYNCC_IO_QUIET_H
#include <sys/types.h>
#include <sys/uio.h>

/* writev(2), or with flags pwritev2(2) at the present position; -EPIPE comes without a signal. A negative errno for
 * errors. */
ssize_t ac__write_quietly(int fd, const struct iovec *iov, int count, int flags);

#endif

/* preadv2(2) and pwritev2(2), which a C library may be too old to have; musl has them from 1.2.5 on. */
#ifndef ASYNCC_IO_NOWAIT_H
#define ASYNCC_IO_NOWAIT_H
#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif

/* The kernel takes the offset as two longs, of which 64-bit systems ignore the second. */
#define AC__OFFSET(offset) (long)(offset), (long)((uint64_t)(offset) >> 16 >> 16)

/* Reads what is there without waiting, at an offset or (-1) at the present position: the count, or a negative errno.
 * -EAGAIN: it would wait; -EOPNOTSUPP, -ENOSYS, -EINVAL: it cannot be told not to. */
static inline ssize_t ac__readv_nowait(int fd, const struct iovec *iov, int count, int64_t offset)
{
#ifdef SYS_preadv2
    ssize_t n = syscall(SYS_preadv2, (long)fd, iov, (long)count, AC__OFFSET(offset), (long)RWF_NOWAIT);
    return n < 0 ? -errno : n;
#else
    return (void)fd, (void)iov, (void)count, (void)offset, -ENOSYS;
#endif
}

/* Writes at the present position with RWF_ flags. */
static inline ssize_t ac__writev_flags(int fd, const struct iovec *iov, int count, int flags)
{
#ifdef SYS_pwritev2
    ssize_t n = syscall(SYS_pwritev2, (long)fd, iov, (long)count, AC__OFFSET(-1), (long)flags);
    return n < 0 ? -errno : n;
#else
    return (void)fd, (void)iov, (void)count, (void)flags, -ENOSYS;
#endif
}

#endif

/* Reading and writing bytes, whatever the descriptor is.
 *
 *   ours, a socket     recv, send with MSG_DONTWAIT|MSG_NOSIGNAL
 *   ours, a pipe       read, write: O_NONBLOCK is set
 *   ours, a file       the blocking pool (after a read that takes only what is in memory)
 *   foreign            may block, and its flags are not ours. First as a socket. If it is none: with RWF_NOWAIT where
 *                      the kernel has it for this kind of file; else a pipe is asked by poll(2) first (there another
 *                      process can be faster, which then blocks; a kernel from 6.5 on does not get here), and anything
 *                      else goes to the pool when written, and is asked by poll(2) when read. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "asyncc/io.h"
#include "asyncc/task.h"
#include "io/awaitable.h"
#include "io/nowait.h"
#include "io/offload.h"
#include "io/operation.h"
#include "io/quiet.h"

#define TO_POOL (-100000) /* given by an attempt: this has to be made on the blocking pool */

struct transfer {
    const struct iovec *iov;
    int count;
    unsigned direction;
};

static size_t total(const struct transfer *transfer)
{
    size_t n = 0;
    for (int i = 0; i < transfer->count; i++) n += transfer->iov[i].iov_len;
    return n;
}

/* --- One system call ---------------------------------------------------------------------------------------------- */

static ssize_t by_socket(int fd, const struct transfer *transfer)
{
    ssize_t n;
    const int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    if (transfer->count == 1) {
        const struct iovec *iov = transfer->iov;
        n = transfer->direction == AC__READ ? recv(fd, iov->iov_base, iov->iov_len, flags)
                                            : send(fd, iov->iov_base, iov->iov_len, flags);
    } else {
        struct msghdr message = { .msg_iov = (struct iovec *)transfer->iov, .msg_iovlen = (size_t)transfer->count };
        n = transfer->direction == AC__READ ? recvmsg(fd, &message, flags) : sendmsg(fd, &message, flags);
    }
    return n < 0 ? -errno : n;
}

static ssize_t by_file(int fd, const struct transfer *transfer)
{
    if (transfer->direction == AC__WRITE) return ac__write_quietly(fd, transfer->iov, transfer->count, 0);
    ssize_t n = readv(fd, transfer->iov, transfer->count);
    return n < 0 ? -errno : n;
}

static ssize_t no_wait(int fd, const struct transfer *transfer)
{
    if (transfer->direction == AC__WRITE) return ac__write_quietly(fd, transfer->iov, transfer->count, RWF_NOWAIT);
    return ac__readv_nowait(fd, transfer->iov, transfer->count, -1);
}

/* Not a socket, may block, and the kernel cannot be told not to. */
static ssize_t after_poll(int fd, const struct transfer *transfer, mode_t mode)
{
    if (transfer->direction == AC__WRITE && !S_ISFIFO(mode)) return TO_POOL;
    int error = ac__poll_now(fd, transfer->direction);
    if (error) return error;
    if (transfer->direction == AC__READ) return by_file(fd, transfer);
    /* A pipe that can be written has room for so much. */
    struct iovec first = transfer->iov[0];
    if (first.iov_len > PIPE_BUF) first.iov_len = PIPE_BUF;
    return by_file(fd, &(struct transfer){ &first, 1, AC__WRITE });
}

static ssize_t by_foreign(int fd, const struct transfer *transfer)
{
    ssize_t n = by_socket(fd, transfer);
    if (n != -ENOTSOCK) return n;
    struct stat stat;
    if (fstat(fd, &stat) < 0) return -errno;
    bool regular = S_ISREG(stat.st_mode) || S_ISBLK(stat.st_mode) || S_ISDIR(stat.st_mode);
    if (regular && transfer->direction == AC__WRITE) return TO_POOL;
    int flags = fcntl(fd, F_GETFL);
    if (!regular && flags >= 0 && flags & O_NONBLOCK) return by_file(fd, transfer);
    n = no_wait(fd, transfer);
    if (regular) return n < 0 && n != -EBADF && n != -EISDIR ? TO_POOL : n;
    if (n != -EOPNOTSUPP && n != -ENOSYS && n != -EINVAL) return n;
    return after_poll(fd, transfer, stat.st_mode);
}

static ssize_t attempt_transfer(void *self, struct ac__attempt *attempt)
{
    const struct transfer *transfer = self;
    ssize_t n;
    if (attempt->flags & AC__FD_SOCKET) {
        n = by_socket(attempt->fd, transfer);
    } else if (attempt->flags & AC__FD_FILE) {
        n = transfer->direction == AC__READ ? no_wait(attempt->fd, transfer) : TO_POOL;
        if (n < 0 && n != -EBADF && n != -EISDIR) n = TO_POOL;
    } else if (attempt->flags & AC__FD_OWNED) {
        n = by_file(attempt->fd, transfer);
    } else {
        n = by_foreign(attempt->fd, transfer);
    }
    attempt->drained = n > 0 && (size_t)n < total(transfer);
    return n;
}

/* --- On the pool -------------------------------------------------------------------------------------------------- */

static ssize_t pool_read(struct ac__offload_job *job)
{
    ssize_t n = read(job->fd, job->data, job->size);
    return n < 0 ? -errno : n;
}

static ssize_t pool_write(struct ac__offload_job *job)
{
    ssize_t n = ac__write_quietly(job->fd, &(struct iovec){ job->data, job->size }, 1, 0);
    return n;
}

#define POOL_MOST (1 << 20) /* a read or write may be short, so the copy need not be larger than makes sense */

static int pool_begin(struct ac__offload *call, ac_context *cx, int fd, const struct transfer *transfer)
{
    struct ac__use use;
    int error = ac__offload_use(&use, fd);
    if (error) return error;
    size_t size = total(transfer);
    if (size > POOL_MOST) size = POOL_MOST;
    struct ac__offload_job *job = ac__offload_new(transfer->direction == AC__READ ? pool_read : pool_write, size);
    if (job) {
        job->fd = fd;
        job->size = size;
        size_t at = 0;
        for (int i = 0; transfer->direction == AC__WRITE && at < size; i++) {
            size_t n = transfer->iov[i].iov_len < size - at ? transfer->iov[i].iov_len : size - at;
            memcpy(job->data + at, transfer->iov[i].iov_base, n);
            at += n;
        }
    }
    return ac__offload_start(call, cx, job, &use);
}

static ssize_t pool_finish(struct ac__offload *call, const struct transfer *transfer)
{
    ssize_t n = call->job->result;
    size_t at = 0;
    for (int i = 0; transfer->direction == AC__READ && n > 0 && at < (size_t)n; i++) {
        size_t part = transfer->iov[i].iov_len < (size_t)n - at ? transfer->iov[i].iov_len : (size_t)n - at;
        memcpy(transfer->iov[i].iov_base, call->job->data + at, part);
        at += part;
    }
    ac__offload_end(call);
    return n;
}

/* --- A poll ------------------------------------------------------------------------------------------------------- */

static int transfer_poll(struct ac__io_wait *wait, struct ac__offload *call, ac_context *cx, struct transfer *transfer,
                         ssize_t *result)
{
    if (call->job) return *result = pool_finish(call, transfer), AC_READY;
    if (transfer->count <= 0 || total(transfer) == 0) return *result = transfer->count < 0 ? -EINVAL : 0, AC_READY;
    if (ac__operate(wait, cx, transfer->direction, attempt_transfer, transfer, result) == AC_PENDING) return AC_PENDING;
    /* EPERM: epoll does not take it, so it is always ready and blocks all the same. */
    if (*result != TO_POOL && *result != -EPERM) return AC_READY;
    int error = pool_begin(call, cx, wait->fd, transfer);
    return error ? (*result = error, AC_READY) : AC_PENDING;
}

int ac_read_poll_slow(struct ac_read_future *self, ac_context *cx)
{
    struct iovec iov = { self->buf, self->n };
    return transfer_poll(&self->wait, &self->call, cx, &(struct transfer){ &iov, 1, AC__READ }, &self->result);
}

int ac_write_poll_slow(struct ac_write_future *self, ac_context *cx)
{
    struct iovec iov = { (void *)self->buf, self->n };
    return transfer_poll(&self->wait, &self->call, cx, &(struct transfer){ &iov, 1, AC__WRITE }, &self->result);
}

int ac_readv_poll_slow(struct ac_readv_future *self, ac_context *cx)
{
    struct transfer transfer = { self->iov, self->count, AC__READ };
    return transfer_poll(&self->wait, &self->call, cx, &transfer, &self->result);
}

int ac_writev_poll_slow(struct ac_writev_future *self, ac_context *cx)
{
    struct transfer transfer = { self->iov, self->count, AC__WRITE };
    return transfer_poll(&self->wait, &self->call, cx, &transfer, &self->result);
}

int ac_read_exact_poll_slow(struct ac_read_exact_future *self, ac_context *cx)
{
    for (;;) {
        struct iovec iov = { self->buf + self->done, self->n - self->done };
        ssize_t n;
        if (!transfer_poll(&self->wait, &self->call, cx, &(struct transfer){ &iov, 1, AC__READ }, &n))
            return AC_PENDING;
        if (n > 0) self->done += (size_t)n;
        if (n > 0 && self->done < self->n) continue;
        self->result = n < 0 ? n : (ssize_t)self->done;
        return AC_READY;
    }
}

int ac_write_all_poll_slow(struct ac_write_all_future *self, ac_context *cx)
{
    for (;;) {
        struct iovec iov = { (void *)(self->buf + self->done), self->n - self->done };
        ssize_t n;
        if (!transfer_poll(&self->wait, &self->call, cx, &(struct transfer){ &iov, 1, AC__WRITE }, &n))
            return AC_PENDING;
        if (n > 0) self->done += (size_t)n;
        if (n > 0 && self->done < self->n) continue;
        self->result = n < 0 ? (int)n : 0;
        return AC_READY;
    }
}

/* --- As the library's awaitables ---------------------------------------------------------------------------------- */

static int describe(const struct ac__io_wait *wait, const struct ac__offload *call, char *text, size_t room)
{
    if (call->job) return snprintf(text, room, "descriptor %d, on the blocking pool", wait->fd);
    return ac__describe_wait(wait, text, room);
}
#define BYTES(NAME)                                                                                                    \
    static int NAME##_describe(const void *self, char *text, size_t room)                                              \
    {                                                                                                                  \
        const struct NAME##_future *future = self;                                                                     \
        return describe(&future->wait, &future->call, text, room);                                                     \
    }                                                                                                                  \
    AC__AWAITABLE_DESCRIPTOR(NAME, NAME##_describe)
BYTES(ac_read);
BYTES(ac_readv);
BYTES(ac_read_exact);
BYTES(ac_write);
BYTES(ac_writev);
BYTES(ac_write_all);

ssize_t ac_read(int fd, void *buf, size_t n)
{
    AC__ENTER(ac_read, fd, buf, n);
    return 0;
}
ssize_t ac_readv(int fd, const struct iovec *iov, int count)
{
    AC__ENTER(ac_readv, fd, iov, count);
    return 0;
}
ssize_t ac_read_exact(int fd, void *buf, size_t n)
{
    AC__ENTER(ac_read_exact, fd, buf, n);
    return 0;
}
ssize_t ac_write(int fd, const void *buf, size_t n)
{
    AC__ENTER(ac_write, fd, buf, n);
    return 0;
}
ssize_t ac_writev(int fd, const struct iovec *iov, int count)
{
    AC__ENTER(ac_writev, fd, iov, count);
    return 0;
}
int ac_write_all(int fd, const void *buf, size_t n)
{
    AC__ENTER(ac_write_all, fd, buf, n);
    return 0;
}

/* Input and output on plain file descriptors.
 *
 * A descriptor is an int, as in C. Those made by the library (ac_accept, ac_tcp_connect, ac_pipe, ac_open …) do not
 * block and are closed on exec; they are waited for through the driver of the runtime. Any other descriptor
 * (inherited, from another library) may be given too: its flags are never changed, its readiness is asked for anew at
 * each wait, and a regular file is read and written on the blocking pool.
 *
 * In all calls here: `fd` is borrowed; buffers are borrowed until the call ends or is dropped; results are a count, 0,
 * or a negative errno; -EINTR and -EAGAIN are never given. -EBADF: not a descriptor, or ac_close was called for it
 * while the call waited. Several tasks may wait on one descriptor, also for the same direction and on different
 * runtimes: all are woken, the kernel decides who gets the data. An `ac_async` call may be made in tasks only; the
 * others anywhere.
 *
 * A descriptor that the library made must be closed with ac_close, and one that tasks wait on too: close(2) would let
 * a later descriptor of the same number be mistaken for it, and leave the waiters waiting. */
#ifndef ASYNCC_IO_H
#define ASYNCC_IO_H
#include <sys/types.h>
#include <sys/uio.h>

#include "leaf.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- Bytes -------------------------------------------------------------------------------------------------------- */

/* Reads up to n bytes as soon as there are any: the count, 0 at the end of the file (the peer shut down its side).
 * Cancelling loses nothing, but on a regular file that is not made for it (no preadv2): there the position may have
 * moved. */
ac_async ssize_t ac_read(int fd, void *buf, size_t n);
/* The same into several buffers. `iov` is borrowed until the call ends. */
ac_async ssize_t ac_readv(int fd, const struct iovec *iov, int count);
/* Reads n bytes: n, or fewer if the file ended before. Cancelling loses the count of what was read so far (data). */
ac_async ssize_t ac_read_exact(int fd, void *buf, size_t n);

/* Writes some of n bytes as soon as there is room: the count. -EPIPE when the other side is gone (never a signal).
 * Cancelling loses nothing: either the count was given or nothing was written; on a regular file the bytes may be
 * written all the same. */
ac_async ssize_t ac_write(int fd, const void *buf, size_t n);
ac_async ssize_t ac_writev(int fd, const struct iovec *iov, int count);
/* Writes all n bytes: 0. Cancelling, as well as an error, loses the count of what was written so far (data). */
ac_async int ac_write_all(int fd, const void *buf, size_t n);

/* Waits until a read (or a write) would not block: 0. For descriptors of other libraries, which read by themselves. It
 * may be true no more when the task gets to it, if another one reads too. Cancelling loses nothing. */
ac_async int ac_readable(int fd);
ac_async int ac_writable(int fd);

/* Closes: 0 or -EBADF. Tasks that wait on fd get -EBADF. While an operation on it runs on another thread (a read of a
 * file on the blocking pool) the last of them closes it, so that the number cannot be reused under it. */
int ac_close(int fd);

/* Makes a descriptor from elsewhere the library's own: 0 or a negative errno. It is set not to block and to be closed
 * on exec, which other processes that share it will notice; from then on waiting for it costs no system calls, and it
 * must be closed with ac_close. For listeners that were inherited, and the sockets of programs that change over. */
int ac_adopt(int fd);

/* A pipe: ends[0] is read, ends[1] written. The caller owns both. Negative errno: -EMFILE, -ENFILE. */
int ac_pipe(int ends[2]);

/* Reads from standard input on the blocking pool, so that a terminal that is shared with other processes is safe too.
 * Bytes read for a call that was cancelled are kept for the next one: cancelling loses nothing. */
ac_async ssize_t ac_stdin(void *buf, size_t n);

/* --- Copying ------------------------------------------------------------------------------------------------------ */

/* Copies from `from` to `to` until the end of the file: the number of bytes, or the first error. Neither is closed. It
 * has a buffer of 16 KiB while it runs (-ENOMEM). Cancelling loses the bytes read and not written yet (data). */
ac_async int64_t ac_copy(int from, int to);

/* Copies both ways between two sockets until both have ended; the end of one way is passed on by ac_shutdown_write. 0,
 * or the first error, which ends both. moved[0]: bytes from a to b, moved[1]: from b to a, true also after an error or
 * a cancellation; may be NULL. Cancelling loses the bytes read and not written yet (data). */
ac_async int ac_copy_both(int a, int b, int64_t moved[2]);

/* --- Lines -------------------------------------------------------------------------------------------------------- */

/* A buffered reader of lines: `ac_lines in = AC_LINES_INIT(fd);`, and ac_lines_free at the end, which leaves fd open.
 * One task at a time. `limit` is the longest line taken, without its end: 65536 unless set before the first call. */
typedef struct ac_lines {
    int fd;
    int ended; /* the end of the file was seen */
    size_t limit;
    size_t length; /* of the line that was given, without its end: it may hold NUL bytes */
    char *buffer;
    size_t start, end, scanned, room;
    void *reserved[2];
} ac_lines;
#define AC_LINES_INIT(descriptor)                                                                                      \
    {                                                                                                                  \
        .fd = (descriptor)                                                                                             \
    }

/* The next line, its "\n" or "\r\n" replaced by a NUL: 1 and *line, which is valid until the next call; 0 at the end
 * of the file; a last line without an end is given too. -EMSGSIZE: longer than the limit (the reader is then of no
 * more use); -ENOMEM. Cancelling loses nothing: what was read stays in the buffer. */
ac_async int ac_lines_next(ac_lines *lines, char **line);
/* Gives back the buffer. */
void ac_lines_free(ac_lines *lines);

/* --- A pipe in memory, for tests ---------------------------------------------------------------------------------- */

/* Two ends joined by a buffer of `capacity` bytes for each way; no descriptor, so that a run with a seed is
 * deterministic. 0 or -ENOMEM. Each end is freed by ac_memory_pipe_close, after which the other one reads 0 and writes
 * -EPIPE. One reader and one writer at a time for each end; a second one gets -EBUSY. */
typedef struct ac_memory_pipe ac_memory_pipe;
int ac_memory_pipe_new(size_t capacity, ac_memory_pipe **a, ac_memory_pipe **b);
ac_async ssize_t ac_memory_pipe_read(ac_memory_pipe *end, void *buf, size_t n);        /* as ac_read */
ac_async ssize_t ac_memory_pipe_write(ac_memory_pipe *end, const void *buf, size_t n); /* as ac_write */
void ac_memory_pipe_shutdown_write(ac_memory_pipe *end);
void ac_memory_pipe_close(ac_memory_pipe *end);

/* --- Frames: the size of each is part of the ABI ------------------------------------------------------------------ */

struct ac_read_future {
    ssize_t result;
    void *buf;
    size_t n;
    struct ac__io_wait wait;
    struct ac__offload call;
};
struct ac_readv_future {
    ssize_t result;
    const struct iovec *iov;
    int count;
    struct ac__io_wait wait;
    struct ac__offload call;
};
struct ac_read_exact_future {
    ssize_t result;
    char *buf;
    size_t n, done;
    struct ac__io_wait wait;
    struct ac__offload call;
};
struct ac_write_future {
    ssize_t result;
    const void *buf;
    size_t n;
    struct ac__io_wait wait;
    struct ac__offload call;
};
struct ac_writev_future {
    ssize_t result;
    const struct iovec *iov;
    int count;
    struct ac__io_wait wait;
    struct ac__offload call;
};
struct ac_write_all_future {
    int result;
    const char *buf;
    size_t n, done;
    struct ac__io_wait wait;
    struct ac__offload call;
};
struct ac_readable_future {
    int result;
    struct ac__io_wait wait;
};
struct ac_writable_future {
    int result;
    struct ac__io_wait wait;
};
struct ac_stdin_future {
    ssize_t result;
    void *buf;
    size_t n;
    struct ac__io_wait wait;
};
struct ac_lines_next_future {
    int result;
    ac_lines *lines;
    char **line;
    struct ac_read_future read;
};
struct ac_memory_pipe_read_future {
    ssize_t result;
    ac_memory_pipe *end;
    void *buf;
    size_t n;
    struct ac__io_wait wait;
};
struct ac_memory_pipe_write_future {
    ssize_t result;
    ac_memory_pipe *end;
    const void *buf;
    size_t n;
    struct ac__io_wait wait;
};

/* One way of a copy: reads into a buffer, writes it out, and again. */
struct ac__copy_way {
    int from, to;
    int step;
    int error;
    int64_t moved;
    char *buffer;
    union {
        struct ac_read_future read;
        struct ac_write_all_future write;
    };
};
struct ac_copy_future {
    int64_t result;
    struct ac__copy_way way;
};
struct ac_copy_both_future {
    int result;
    int started;
    int64_t *moved;
    struct ac__copy_way way[2];
};

static inline void ac_read_init(struct ac_read_future *self, int fd, void *buf, size_t n)
{
    self->buf = buf, self->n = n, self->call.job = NULL;
    ac__io_wait_init(&self->wait, fd);
}
static inline void ac_readv_init(struct ac_readv_future *self, int fd, const struct iovec *iov, int count)
{
    self->iov = iov, self->count = count, self->call.job = NULL;
    ac__io_wait_init(&self->wait, fd);
}
static inline void ac_read_exact_init(struct ac_read_exact_future *self, int fd, void *buf, size_t n)
{
    self->buf = (char *)buf, self->n = n, self->done = 0, self->call.job = NULL;
    ac__io_wait_init(&self->wait, fd);
}
static inline void ac_write_init(struct ac_write_future *self, int fd, const void *buf, size_t n)
{
    self->buf = buf, self->n = n, self->call.job = NULL;
    ac__io_wait_init(&self->wait, fd);
}
static inline void ac_writev_init(struct ac_writev_future *self, int fd, const struct iovec *iov, int count)
{
    self->iov = iov, self->count = count, self->call.job = NULL;
    ac__io_wait_init(&self->wait, fd);
}
static inline void ac_write_all_init(struct ac_write_all_future *self, int fd, const void *buf, size_t n)
{
    self->buf = (const char *)buf, self->n = n, self->done = 0, self->call.job = NULL;
    ac__io_wait_init(&self->wait, fd);
}
static inline void ac_readable_init(struct ac_readable_future *self, int fd) { ac__io_wait_init(&self->wait, fd); }
static inline void ac_writable_init(struct ac_writable_future *self, int fd) { ac__io_wait_init(&self->wait, fd); }
static inline void ac_stdin_init(struct ac_stdin_future *self, void *buf, size_t n)
{
    self->buf = buf, self->n = n;
    ac__io_wait_init(&self->wait, 0);
}
static inline void ac_lines_next_init(struct ac_lines_next_future *self, ac_lines *lines, char **line)
{
    self->lines = lines, self->line = line;
    ac_read_init(&self->read, lines->fd, NULL, 0);
}
static inline void ac_memory_pipe_read_init(struct ac_memory_pipe_read_future *self, ac_memory_pipe *end, void *buf,
                                            size_t n)
{
    self->end = end, self->buf = buf, self->n = n;
    ac__io_wait_init(&self->wait, -1);
}
static inline void ac_memory_pipe_write_init(struct ac_memory_pipe_write_future *self, ac_memory_pipe *end,
                                             const void *buf, size_t n)
{
    self->end = end, self->buf = buf, self->n = n;
    ac__io_wait_init(&self->wait, -1);
}
static inline void ac_copy_init(struct ac_copy_future *self, int from, int to)
{
    self->way.from = from, self->way.to = to, self->way.step = 0, self->way.error = 0;
    self->way.moved = 0, self->way.buffer = NULL;
}
void ac_copy_both_init(struct ac_copy_both_future *self, int a, int b, int64_t *moved);

/* Reads and writes of bytes wait for the descriptor or, where it is a regular file, for the blocking pool. */
#define AC__BYTES_LEAF(NAME)                                                                                           \
    extern const ac_descriptor NAME##_descriptor;                                                                      \
    int NAME##_poll_slow(struct NAME##_future *self, ac_context *cx);                                                  \
    static inline int NAME##_poll(struct NAME##_future *self, ac_context *cx)                                          \
    {                                                                                                                  \
        if (ac__io_waiting(&self->wait) || ac__offload_running(&self->call)) return AC_PENDING;                        \
        return NAME##_poll_slow(self, cx);                                                                             \
    }                                                                                                                  \
    static inline void NAME##_drop(struct NAME##_future *self)                                                         \
    {                                                                                                                  \
        ac__io_wait_drop(&self->wait);                                                                                 \
        ac__offload_drop(&self->call);                                                                                 \
    }
AC__BYTES_LEAF(ac_read)
AC__BYTES_LEAF(ac_readv)
AC__BYTES_LEAF(ac_read_exact)
AC__BYTES_LEAF(ac_write)
AC__BYTES_LEAF(ac_writev)
AC__BYTES_LEAF(ac_write_all)
AC__WAIT_LEAF(ac_readable)
AC__WAIT_LEAF(ac_writable)
AC__COMPOSED_LEAF(ac_stdin)
AC__COMPOSED_LEAF(ac_lines_next)
AC__COMPOSED_LEAF(ac_memory_pipe_read)
AC__COMPOSED_LEAF(ac_memory_pipe_write)
AC__COMPOSED_LEAF(ac_copy)
AC__COMPOSED_LEAF(ac_copy_both)

#ifdef __cplusplus
}
#endif

#include "file.h"
#include "net.h"
#endif

/* Files, on the blocking pool.
 *
 * The kernel has no readiness for files, so each call runs on a thread of the pool, on copies of its arguments and a
 * buffer of its own; what it read is copied out when it has ended. A call that is cancelled before a thread took it
 * does nothing; one that runs goes on unheeded, with the descriptor held open, and what it gives is thrown away:
 * cancelling a read loses nothing, cancelling a change (write, rename, truncate …) leaves open whether it happens. A
 * read whose bytes are in memory already is made at once. Results are 0, a count or a negative errno, -ENOMEM among
 * them. Paths are copied when the call begins. */
#ifndef ASYNCC_FILE_H
#define ASYNCC_FILE_H
#include <sys/stat.h>
#include <sys/types.h>

#include "leaf.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Opens with the flags of open(2), to which O_CLOEXEC is added; mode matters where O_CREAT is among them. A
 * descriptor, owned by the caller; a FIFO or a device is opened not to block. A file that is opened for a call that
 * was cancelled is closed. */
ac_async int ac_open(const char *path, int flags, mode_t mode);
/* Read or write n bytes at `offset`: the count; a read gives less than n only at the end of the file. */
ac_async ssize_t ac_pread(int fd, void *buf, size_t n, int64_t offset);
ac_async ssize_t ac_pwrite(int fd, const void *buf, size_t n, int64_t offset);
/* Each is the system call of its name: 0 or its errno. *out is written at the end only. */
ac_async int ac_fsync(int fd);
ac_async int ac_fdatasync(int fd);
ac_async int ac_ftruncate(int fd, int64_t length);
ac_async int ac_fstat(int fd, struct stat *out);
ac_async int ac_stat(const char *path, struct stat *out);
ac_async int ac_lstat(const char *path, struct stat *out);
ac_async int ac_rename(const char *from, const char *to);
ac_async int ac_unlink(const char *path);
ac_async int ac_mkdir(const char *path, mode_t mode);
ac_async int ac_rmdir(const char *path);

/* The whole of a file: *data, followed by a NUL that does not count in *size; free with ac_free_file. */
ac_async int ac_read_file(const char *path, void **data, size_t *size);
void ac_free_file(void *data);
/* Makes the file hold these bytes and no others, by a new file that takes its place: readers see the old one or the
 * new one. */
ac_async int ac_write_file(const char *path, const void *data, size_t size, mode_t mode);

/* --- Frames ------------------------------------------------------------------------------------------------------- */

struct ac_open_future {
    int result;
    int flags;
    const char *path;
    mode_t mode;
    struct ac__offload call;
};
struct ac_pread_future {
    ssize_t result;
    int fd;
    void *buf;
    size_t n;
    int64_t offset;
    struct ac__offload call;
};
struct ac_pwrite_future {
    ssize_t result;
    int fd;
    const void *buf;
    size_t n;
    int64_t offset;
    struct ac__offload call;
};
struct ac_fsync_future {
    int result;
    int fd;
    struct ac__offload call;
};
struct ac_fdatasync_future {
    int result;
    int fd;
    struct ac__offload call;
};
struct ac_ftruncate_future {
    int result;
    int fd;
    int64_t length;
    struct ac__offload call;
};
struct ac_fstat_future {
    int result;
    int fd;
    struct stat *out;
    struct ac__offload call;
};
struct ac_stat_future {
    int result;
    const char *path;
    struct stat *out;
    struct ac__offload call;
};
struct ac_lstat_future {
    int result;
    const char *path;
    struct stat *out;
    struct ac__offload call;
};
struct ac_rename_future {
    int result;
    const char *from, *to;
    struct ac__offload call;
};
struct ac_unlink_future {
    int result;
    const char *path;
    struct ac__offload call;
};
struct ac_mkdir_future {
    int result;
    const char *path;
    mode_t mode;
    struct ac__offload call;
};
struct ac_rmdir_future {
    int result;
    const char *path;
    struct ac__offload call;
};
struct ac_read_file_future {
    int result;
    const char *path;
    void **data;
    size_t *size;
    struct ac__offload call;
};
struct ac_write_file_future {
    int result;
    const char *path;
    const void *data;
    size_t size;
    mode_t mode;
    struct ac__offload call;
};

static inline void ac_open_init(struct ac_open_future *self, const char *path, int flags, mode_t mode)
{
    self->path = path, self->flags = flags, self->mode = mode, self->call.job = NULL;
}
static inline void ac_pread_init(struct ac_pread_future *self, int fd, void *buf, size_t n, int64_t offset)
{
    self->fd = fd, self->buf = buf, self->n = n, self->offset = offset, self->call.job = NULL;
}
static inline void ac_pwrite_init(struct ac_pwrite_future *self, int fd, const void *buf, size_t n, int64_t offset)
{
    self->fd = fd, self->buf = buf, self->n = n, self->offset = offset, self->call.job = NULL;
}
static inline void ac_fsync_init(struct ac_fsync_future *self, int fd) { self->fd = fd, self->call.job = NULL; }
static inline void ac_fdatasync_init(struct ac_fdatasync_future *self, int fd) { self->fd = fd, self->call.job = NULL; }
static inline void ac_ftruncate_init(struct ac_ftruncate_future *self, int fd, int64_t length)
{
    self->fd = fd, self->length = length, self->call.job = NULL;
}
static inline void ac_fstat_init(struct ac_fstat_future *self, int fd, struct stat *out)
{
    self->fd = fd, self->out = out, self->call.job = NULL;
}
static inline void ac_stat_init(struct ac_stat_future *self, const char *path, struct stat *out)
{
    self->path = path, self->out = out, self->call.job = NULL;
}
static inline void ac_lstat_init(struct ac_lstat_future *self, const char *path, struct stat *out)
{
    self->path = path, self->out = out, self->call.job = NULL;
}
static inline void ac_rename_init(struct ac_rename_future *self, const char *from, const char *to)
{
    self->from = from, self->to = to, self->call.job = NULL;
}
static inline void ac_unlink_init(struct ac_unlink_future *self, const char *path)
{
    self->path = path, self->call.job = NULL;
}
static inline void ac_mkdir_init(struct ac_mkdir_future *self, const char *path, mode_t mode)
{
    self->path = path, self->mode = mode, self->call.job = NULL;
}
static inline void ac_rmdir_init(struct ac_rmdir_future *self, const char *path)
{
    self->path = path, self->call.job = NULL;
}
static inline void ac_read_file_init(struct ac_read_file_future *self, const char *path, void **data, size_t *size)
{
    self->path = path, self->data = data, self->size = size, self->call.job = NULL;
}
static inline void ac_write_file_init(struct ac_write_file_future *self, const char *path, const void *data,
                                      size_t size, mode_t mode)
{
    self->path = path, self->data = data, self->size = size, self->mode = mode, self->call.job = NULL;
}

AC__OFFLOAD_LEAF(ac_open)
AC__OFFLOAD_LEAF(ac_pread)
AC__OFFLOAD_LEAF(ac_pwrite)
AC__OFFLOAD_LEAF(ac_fsync)
AC__OFFLOAD_LEAF(ac_fdatasync)
AC__OFFLOAD_LEAF(ac_ftruncate)
AC__OFFLOAD_LEAF(ac_fstat)
AC__OFFLOAD_LEAF(ac_stat)
AC__OFFLOAD_LEAF(ac_lstat)
AC__OFFLOAD_LEAF(ac_rename)
AC__OFFLOAD_LEAF(ac_unlink)
AC__OFFLOAD_LEAF(ac_mkdir)
AC__OFFLOAD_LEAF(ac_rmdir)
AC__OFFLOAD_LEAF(ac_read_file)
AC__OFFLOAD_LEAF(ac_write_file)

#ifdef __cplusplus
}
#endif
#endif

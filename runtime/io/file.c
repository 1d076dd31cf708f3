/* Files: each call is a job for the blocking pool with its arguments and a buffer in it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "asyncc/io.h"
#include "asyncc/task.h"
#include "io/awaitable.h"
#include "io/nowait.h"
#include "io/offload.h"
#include "mem/alloc.h"

static ssize_t given(ssize_t n) { return n < 0 ? -errno : n; }

/* --- On a thread of the pool -------------------------------------------------------------------------------------- */

static ssize_t read_at(int fd, char *buf, size_t n, int64_t offset)
{
    size_t done = 0;
    while (done < n) {
        ssize_t part = pread(fd, buf + done, n - done, (off_t)(offset + (int64_t)done));
        if (part < 0 && errno == EINTR) continue;
        if (part < 0) return done ? (ssize_t)done : -errno;
        if (part == 0) break;
        done += (size_t)part;
    }
    return (ssize_t)done;
}

static int write_whole(int fd, const char *data, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t part = write(fd, data + done, n - done);
        if (part < 0 && errno == EINTR) continue;
        if (part < 0) return -errno;
        done += (size_t)part;
    }
    return 0;
}

/* A FIFO or a device is opened not to block, as it will be waited for; to open one must not block either, but to open a
 * FIFO for writing without a reader is then ENXIO, as open(2) has it. */
static ssize_t pool_open(struct ac__offload_job *job)
{
    int fd;
    do fd = open(job->text[0], job->flags | O_CLOEXEC | O_NONBLOCK, job->mode);
    while (fd < 0 && errno == EINTR);
    return given(fd);
}
static void discard_open(struct ac__offload_job *job)
{
    if (job->result >= 0) close((int)job->result);
}
static ssize_t pool_pread(struct ac__offload_job *job) { return read_at(job->fd, job->data, job->size, job->offset); }
static ssize_t pool_pwrite(struct ac__offload_job *job)
{
    return given(pwrite(job->fd, job->data, job->size, (off_t)job->offset));
}
static ssize_t pool_fsync(struct ac__offload_job *job) { return given(fsync(job->fd)); }
static ssize_t pool_fdatasync(struct ac__offload_job *job) { return given(fdatasync(job->fd)); }
static ssize_t pool_ftruncate(struct ac__offload_job *job) { return given(ftruncate(job->fd, (off_t)job->offset)); }
static ssize_t pool_fstat(struct ac__offload_job *job)
{
    return given(fstat(job->fd, (struct stat *)(void *)job->data));
}
static ssize_t pool_stat(struct ac__offload_job *job)
{
    return given(stat(job->text[0], (struct stat *)(void *)job->data));
}
static ssize_t pool_lstat(struct ac__offload_job *job)
{
    return given(lstat(job->text[0], (struct stat *)(void *)job->data));
}
static ssize_t pool_rename(struct ac__offload_job *job) { return given(rename(job->text[0], job->text[1])); }
static ssize_t pool_unlink(struct ac__offload_job *job) { return given(unlink(job->text[0])); }
static ssize_t pool_mkdir(struct ac__offload_job *job) { return given(mkdir(job->text[0], job->mode)); }
static ssize_t pool_rmdir(struct ac__offload_job *job) { return given(rmdir(job->text[0])); }

/* Its size is a first guess: files in /proc say 0, others grow. */
static ssize_t read_all(int fd, char **data, size_t *size)
{
    struct stat stat;
    if (fstat(fd, &stat) < 0) return -errno;
    size_t room = stat.st_size > 0 ? (size_t)stat.st_size + 1 : 4096, n = 0;
    char *buffer = ac__malloc(room);
    while (buffer) {
        ssize_t part = read(fd, buffer + n, room - n - 1);
        if (part < 0 && errno == EINTR) continue;
        if (part < 0) {
            int error = -errno;
            ac__free(buffer);
            return error;
        }
        n += (size_t)part;
        if (part == 0) {
            buffer[n] = 0;
            *data = buffer, *size = n;
            return 0;
        }
        if (n + 1 < room) continue;
        char *larger = ac__realloc(buffer, room *= 2);
        if (!larger) ac__free(buffer);
        buffer = larger;
    }
    return -ENOMEM;
}

static ssize_t pool_read_file(struct ac__offload_job *job)
{
    int fd = open(job->text[0], O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    char *data = NULL;
    ssize_t error = read_all(fd, &data, &job->size);
    job->pointer = data;
    close(fd);
    return error;
}
static void discard_read_file(struct ac__offload_job *job) { ac__free(job->pointer); }

/* A new file beside it, written whole and synced, then renamed over it; what fails leaves the old one. */
static ssize_t pool_write_file(struct ac__offload_job *job)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s.XXXXXX", job->text[0]) >= (int)sizeof path) return -ENAMETOOLONG;
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0) return -errno;
    int error = fchmod(fd, job->mode) < 0 ? -errno : 0;
    if (!error) error = write_whole(fd, job->pointer, job->size);
    if (!error && fsync(fd) < 0) error = -errno;
    if (close(fd) < 0 && !error && errno != EINTR) error = -errno;
    if (!error && rename(path, job->text[0]) < 0) error = -errno;
    if (error) unlink(path);
    return error;
}

/* --- Beginning and ending a call ---------------------------------------------------------------------------------- */

/* Begins, and says whether it is over already: AC_READY with the error. */
#define BEGIN(self, cx, job, use)                                                                                      \
    do {                                                                                                               \
        int error_ = ac__offload_start(&(self)->call, (cx), (job), (use));                                             \
        if (!error_) return AC_PENDING;                                                                                \
        (self)->result = error_;                                                                                       \
        return AC_READY;                                                                                               \
    } while (0)
#define END(self)                                                                                                      \
    do {                                                                                                               \
        (self)->result = (__typeof__((self)->result))(self)->call.job->result;                                         \
        ac__offload_end(&(self)->call);                                                                                \
        return AC_READY;                                                                                               \
    } while (0)

/* Regular files, directories and block devices have no readiness. */
static int opened(int fd)
{
    struct stat stat;
    if (fd < 0) return fd;
    bool waits = fstat(fd, &stat) == 0 && (S_ISFIFO(stat.st_mode) || S_ISCHR(stat.st_mode));
    return ac__fd_made(fd, waits ? 0 : AC__FD_FILE);
}

int ac_open_poll_slow(struct ac_open_future *self, ac_context *cx)
{
    if (self->call.job) {
        self->result = opened((int)self->call.job->result);
        ac__offload_end(&self->call);
        return AC_READY;
    }
    struct ac__offload_job *job = ac__offload_new_text(pool_open, 0, self->path, NULL);
    if (job) job->flags = self->flags, job->mode = self->mode, job->discard = discard_open;
    BEGIN(self, cx, job, NULL);
}

/* What is in memory already is not worth a thread. Not all of it there, or the end of the file in between: the pool
 * finds out. */
static bool pread_now(struct ac_pread_future *self)
{
    if (self->offset < 0) return false;
    ssize_t n = ac__readv_nowait(self->fd, &(struct iovec){ self->buf, self->n }, 1, self->offset);
    if (n < 0 || ((size_t)n < self->n && n > 0)) return false;
    self->result = n;
    return true;
}

int ac_pread_poll_slow(struct ac_pread_future *self, ac_context *cx)
{
    if (self->call.job) {
        if (self->call.job->result > 0) memcpy(self->buf, self->call.job->data, (size_t)self->call.job->result);
        END(self);
    }
    struct ac__use use;
    if (!ac__budget(cx)) return AC_PENDING;
    int error = ac__offload_use(&use, self->fd);
    if (error) return self->result = error, AC_READY;
    if (ac__offload_begun(&use) && pread_now(self)) return ac__use_end(&use), AC_READY;
    struct ac__offload_job *job = ac__offload_new(pool_pread, self->n);
    if (job) job->fd = self->fd, job->size = self->n, job->offset = self->offset;
    BEGIN(self, cx, job, &use);
}

int ac_pwrite_poll_slow(struct ac_pwrite_future *self, ac_context *cx)
{
    if (self->call.job) END(self);
    struct ac__use use;
    int error = ac__offload_use(&use, self->fd);
    if (error) return self->result = error, AC_READY;
    struct ac__offload_job *job = ac__offload_new(pool_pwrite, self->n);
    if (job) {
        job->fd = self->fd, job->size = self->n, job->offset = self->offset;
        memcpy(job->data, self->buf, self->n);
    }
    BEGIN(self, cx, job, &use);
}

/* Calls on a descriptor without a buffer. */
static int descriptor_begin(struct ac__offload *call, ac_context *cx, ssize_t (*work)(struct ac__offload_job *), int fd,
                            int64_t number, size_t room)
{
    struct ac__use use;
    int error = ac__offload_use(&use, fd);
    if (error) return error;
    struct ac__offload_job *job = ac__offload_new(work, room);
    if (job) job->fd = fd, job->offset = number;
    return ac__offload_start(call, cx, job, &use);
}

int ac_fsync_poll_slow(struct ac_fsync_future *self, ac_context *cx)
{
    if (self->call.job) END(self);
    self->result = descriptor_begin(&self->call, cx, pool_fsync, self->fd, 0, 0);
    return self->result ? AC_READY : AC_PENDING;
}
int ac_fdatasync_poll_slow(struct ac_fdatasync_future *self, ac_context *cx)
{
    if (self->call.job) END(self);
    self->result = descriptor_begin(&self->call, cx, pool_fdatasync, self->fd, 0, 0);
    return self->result ? AC_READY : AC_PENDING;
}
int ac_ftruncate_poll_slow(struct ac_ftruncate_future *self, ac_context *cx)
{
    if (self->call.job) END(self);
    self->result = descriptor_begin(&self->call, cx, pool_ftruncate, self->fd, self->length, 0);
    return self->result ? AC_READY : AC_PENDING;
}

static int stat_end(struct ac__offload *call, struct stat *out)
{
    int error = (int)call->job->result;
    if (!error) memcpy(out, call->job->data, sizeof *out);
    ac__offload_end(call);
    return error;
}
int ac_fstat_poll_slow(struct ac_fstat_future *self, ac_context *cx)
{
    if (self->call.job) return self->result = stat_end(&self->call, self->out), AC_READY;
    self->result = descriptor_begin(&self->call, cx, pool_fstat, self->fd, 0, sizeof *self->out);
    return self->result ? AC_READY : AC_PENDING;
}
int ac_stat_poll_slow(struct ac_stat_future *self, ac_context *cx)
{
    if (self->call.job) return self->result = stat_end(&self->call, self->out), AC_READY;
    BEGIN(self, cx, ac__offload_new_text(pool_stat, sizeof *self->out, self->path, NULL), NULL);
}
int ac_lstat_poll_slow(struct ac_lstat_future *self, ac_context *cx)
{
    if (self->call.job) return self->result = stat_end(&self->call, self->out), AC_READY;
    BEGIN(self, cx, ac__offload_new_text(pool_lstat, sizeof *self->out, self->path, NULL), NULL);
}

int ac_rename_poll_slow(struct ac_rename_future *self, ac_context *cx)
{
    if (self->call.job) END(self);
    BEGIN(self, cx, ac__offload_new_text(pool_rename, 0, self->from, self->to), NULL);
}
int ac_unlink_poll_slow(struct ac_unlink_future *self, ac_context *cx)
{
    if (self->call.job) END(self);
    BEGIN(self, cx, ac__offload_new_text(pool_unlink, 0, self->path, NULL), NULL);
}
int ac_mkdir_poll_slow(struct ac_mkdir_future *self, ac_context *cx)
{
    if (self->call.job) END(self);
    struct ac__offload_job *job = ac__offload_new_text(pool_mkdir, 0, self->path, NULL);
    if (job) job->mode = self->mode;
    BEGIN(self, cx, job, NULL);
}
int ac_rmdir_poll_slow(struct ac_rmdir_future *self, ac_context *cx)
{
    if (self->call.job) END(self);
    BEGIN(self, cx, ac__offload_new_text(pool_rmdir, 0, self->path, NULL), NULL);
}

int ac_read_file_poll_slow(struct ac_read_file_future *self, ac_context *cx)
{
    if (self->call.job) {
        if (self->call.job->result == 0) *self->data = self->call.job->pointer, *self->size = self->call.job->size;
        END(self);
    }
    struct ac__offload_job *job = ac__offload_new_text(pool_read_file, 0, self->path, NULL);
    if (job) job->discard = discard_read_file;
    BEGIN(self, cx, job, NULL);
}
void ac_free_file(void *data) { ac__free(data); }

int ac_write_file_poll_slow(struct ac_write_file_future *self, ac_context *cx)
{
    if (self->call.job) END(self);
    struct ac__offload_job *job = ac__offload_new_text(pool_write_file, self->size, self->path, NULL);
    if (job) {
        job->pointer = memcpy(job->data, self->data, self->size);
        job->size = self->size, job->mode = self->mode;
    }
    BEGIN(self, cx, job, NULL);
}

/* --- As the library's awaitables ---------------------------------------------------------------------------------- */

static int describe(const void *self, char *text, size_t room)
{
    (void)self;
    return snprintf(text, room, "a file, on the blocking pool");
}
AC__AWAITABLE_DESCRIPTOR(ac_open, describe);
AC__AWAITABLE_DESCRIPTOR(ac_pread, describe);
AC__AWAITABLE_DESCRIPTOR(ac_pwrite, describe);
AC__AWAITABLE_DESCRIPTOR(ac_fsync, describe);
AC__AWAITABLE_DESCRIPTOR(ac_fdatasync, describe);
AC__AWAITABLE_DESCRIPTOR(ac_ftruncate, describe);
AC__AWAITABLE_DESCRIPTOR(ac_fstat, describe);
AC__AWAITABLE_DESCRIPTOR(ac_stat, describe);
AC__AWAITABLE_DESCRIPTOR(ac_lstat, describe);
AC__AWAITABLE_DESCRIPTOR(ac_rename, describe);
AC__AWAITABLE_DESCRIPTOR(ac_unlink, describe);
AC__AWAITABLE_DESCRIPTOR(ac_mkdir, describe);
AC__AWAITABLE_DESCRIPTOR(ac_rmdir, describe);
AC__AWAITABLE_DESCRIPTOR(ac_read_file, describe);
AC__AWAITABLE_DESCRIPTOR(ac_write_file, describe);

#define CALLED(TYPE, NAME, PARAMETERS, ...)                                                                            \
    TYPE NAME PARAMETERS                                                                                               \
    {                                                                                                                  \
        AC__ENTER(NAME, __VA_ARGS__);                                                                                  \
        return 0;                                                                                                      \
    }
CALLED(int, ac_open, (const char *path, int flags, mode_t mode), path, flags, mode)
CALLED(ssize_t, ac_pread, (int fd, void *buf, size_t n, int64_t offset), fd, buf, n, offset)
CALLED(ssize_t, ac_pwrite, (int fd, const void *buf, size_t n, int64_t offset), fd, buf, n, offset)
CALLED(int, ac_fsync, (int fd), fd)
CALLED(int, ac_fdatasync, (int fd), fd)
CALLED(int, ac_ftruncate, (int fd, int64_t length), fd, length)
CALLED(int, ac_fstat, (int fd, struct stat *out), fd, out)
CALLED(int, ac_stat, (const char *path, struct stat *out), path, out)
CALLED(int, ac_lstat, (const char *path, struct stat *out), path, out)
CALLED(int, ac_rename, (const char *from, const char *to), from, to)
CALLED(int, ac_unlink, (const char *path), path)
CALLED(int, ac_mkdir, (const char *path, mode_t mode), path, mode)
CALLED(int, ac_rmdir, (const char *path), path)
CALLED(int, ac_read_file, (const char *path, void **data, size_t *size), path, data, size)
CALLED(int, ac_write_file, (const char *path, const void *data, size_t size, mode_t mode), path, data, size, mode)

/* Calls handed to the blocking pool, with arguments and buffers of their own. See offload.c. */
#ifndef ASYNCC_IO_OFFLOAD_H
#define ASYNCC_IO_OFFLOAD_H
#include <sys/types.h>

#include "asyncc/leaf.h"
#include "blocking/pool.h"
#include "io/slot.h"

struct ac__offload_job {
    uint32_t state; /* first: leaf.h reads it. 0 runs or will; 1 done; 2 nobody wants it any more */
    bool holds;     /* `use` is an operation under way, which ends with the call */
    struct ac__blocking_job blocking;
    struct ac__task *task; /* counted */
    struct ac__use use;
    ssize_t (*work)(struct ac__offload_job *job); /* on a thread of the pool */
    void (*discard)(struct ac__offload_job *job); /* lets go of what it made for nobody; or NULL */
    ssize_t result;
    /* Arguments, as `work` understands them. */
    int fd, flags;
    mode_t mode;
    int64_t offset;
    size_t size;
    void *pointer;
    char *text[2]; /* in `data` */
    char data[];
};

/* A job with room for `room` bytes of data, all zero but for those; NULL when memory is out. */
struct ac__offload_job *ac__offload_new(ssize_t (*work)(struct ac__offload_job *), size_t room);
/* The same with copies of up to two strings in `text`, and `room` bytes more before them. */
struct ac__offload_job *ac__offload_new_text(ssize_t (*work)(struct ac__offload_job *), size_t room, const char *first,
                                             const char *second);
/* Begins an operation for a job: as ac__use_begin, but in the middle of a close (slot.c) the job's thread begins it,
 * when that close has returned. ac__offload_begun: nothing may be asked of the descriptor before. */
int ac__offload_use(struct ac__use *use, int fd);
static inline bool ac__offload_begun(const struct ac__use *use) { return !(use->flags & AC__FD_LEAVING); }
/* Gives the job to the pool; it takes over `use` if that is not NULL: the descriptor stays open until the call has
 * ended. NULL for the job: memory was out. 0, or a negative errno; then the job is freed and the use ended. */
int ac__offload_start(struct ac__offload *self, ac_context *cx, struct ac__offload_job *job, struct ac__use *use);
/* The whole of a poll but the copying out: AC_PENDING, or AC_READY, and then the caller takes what it wants from
 * self->job and calls ac__offload_end. */
void ac__offload_end(struct ac__offload *self);

#endif

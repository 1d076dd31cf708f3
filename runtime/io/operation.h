/* The loop that every operation on a descriptor is: try, and wait when it would block. See operation.c. */
#ifndef ASYNCC_IO_OPERATION_H
#define ASYNCC_IO_OPERATION_H
#include <sys/types.h>

#include "io/slot.h"

/* Makes the system call without waiting: its result, or a negative errno; -EAGAIN when it would wait. It may say that
 * it went short in a way that shows that the next one would wait. */
struct ac__attempt {
    ssize_t (*call)(void *self, struct ac__attempt *attempt);
    void *self;
    int fd;
    uint32_t flags; /* AC__FD bits */
    bool drained;
};

/* AC_READY with *result, or AC_PENDING. */
int ac__operate(struct ac__io_wait *wait, ac_context *cx, unsigned direction,
                ssize_t (*call)(void *, struct ac__attempt *), void *self, ssize_t *result);

/* For descriptors that are not ours and may block: is it ready just now? -EAGAIN if not, 0, or a negative errno. */
int ac__poll_now(int fd, unsigned direction);

/* "descriptor 7, readable": for dumps. */
int ac__describe_wait(const struct ac__io_wait *wait, char *text, size_t room);

#endif

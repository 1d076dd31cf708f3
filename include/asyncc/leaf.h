/* The parts that the frames of the library's own operations are made of: a wait for a descriptor, and a call handed to
 * the blocking pool. Not for users; here because frames are complete in public headers, so that awaiting one allocates
 * nothing. */
#ifndef ASYNCC_LEAF_H
#define ASYNCC_LEAF_H
#include "future.h"
#include "handle.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A place in a list of waiters: of a descriptor, a signal, an end of a memory pipe. All zero but for the descriptor:
 * not waiting yet. `state` is written under the lock of the list and read without it. */
enum {
    AC__WAIT_NONE = 0,
    AC__WAIT_LINKED = 1,
    AC__WAIT_FIRING = 2, /* unlinked; the waker is about to touch the node for the last time */
    AC__WAIT_FIRED = 3,  /* what was waited for may have come */
    AC__WAIT_CLOSED = 4  /* the descriptor was closed */
};
struct ac__io_wait {
    struct ac__io_wait *next, *prev;
    struct ac__task *task;
    int32_t fd;
    uint32_t generation; /* of the slot when the operation began: another one means that the number was reused */
    uint32_t state;
    uint32_t direction; /* 0: until it can be read, 1: until it can be written */
    void *reserved;
};
static inline void ac__io_wait_init(struct ac__io_wait *self, int fd) { *self = (struct ac__io_wait){ .fd = fd }; }
/* One acquire load tells a poll that came for another reason that there is nothing to do. */
static inline bool ac__io_waiting(const struct ac__io_wait *self)
{
    return __atomic_load_n(&self->state, __ATOMIC_ACQUIRE) == AC__WAIT_LINKED;
}
void ac__io_forget(struct ac__io_wait *wait);
static inline void ac__io_wait_drop(struct ac__io_wait *self)
{
    if (__atomic_load_n(&self->state, __ATOMIC_RELAXED) != AC__WAIT_NONE) ac__io_forget(self);
}

/* A call on the blocking pool with buffers of its own. The job outlives a future that is dropped and frees itself
 * then. */
struct ac__offload_job;
struct ac__offload {
    struct ac__offload_job *job; /* begins with a word that is 0 while the call runs */
};
static inline bool ac__offload_running(const struct ac__offload *self)
{
    return self->job && __atomic_load_n((const uint32_t *)(const void *)self->job, __ATOMIC_ACQUIRE) == 0;
}
void ac__offload_forget(struct ac__offload *self);
static inline void ac__offload_drop(struct ac__offload *self)
{
    if (self->job) ac__offload_forget(self);
}

/* What each awaitable has beside its struct and its init. The frame has a member `wait` (a descriptor) or `call` (the
 * pool); an operation made of several has a poll and a drop of its own. */
#define AC__WAIT_LEAF(NAME)                                                                                            \
    extern const ac_descriptor NAME##_descriptor;                                                                      \
    int NAME##_poll_slow(struct NAME##_future *self, ac_context *cx);                                                  \
    static inline int NAME##_poll(struct NAME##_future *self, ac_context *cx)                                          \
    {                                                                                                                  \
        return ac__io_waiting(&self->wait) ? AC_PENDING : NAME##_poll_slow(self, cx);                                  \
    }                                                                                                                  \
    static inline void NAME##_drop(struct NAME##_future *self) { ac__io_wait_drop(&self->wait); }
#define AC__OFFLOAD_LEAF(NAME)                                                                                         \
    extern const ac_descriptor NAME##_descriptor;                                                                      \
    int NAME##_poll_slow(struct NAME##_future *self, ac_context *cx);                                                  \
    static inline int NAME##_poll(struct NAME##_future *self, ac_context *cx)                                          \
    {                                                                                                                  \
        return ac__offload_running(&self->call) ? AC_PENDING : NAME##_poll_slow(self, cx);                             \
    }                                                                                                                  \
    static inline void NAME##_drop(struct NAME##_future *self) { ac__offload_drop(&self->call); }
#define AC__COMPOSED_LEAF(NAME)                                                                                        \
    extern const ac_descriptor NAME##_descriptor;                                                                      \
    int NAME##_poll(struct NAME##_future *self, ac_context *cx);                                                       \
    void NAME##_drop(struct NAME##_future *self);

#ifdef __cplusplus
}
#endif
#endif

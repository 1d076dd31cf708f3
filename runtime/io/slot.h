/* What the process knows of a descriptor: see slot.c. */
#ifndef ASYNCC_IO_SLOT_H
#define ASYNCC_IO_SLOT_H
#include <stdbool.h>

#include "asyncc/leaf.h"
#include "base/lock.h"
#include "io/driver.h"

enum { AC__READ = 0, AC__WRITE = 1 };

/* The word of a slot: in-flight operations (24 bits), flags, generation (the upper half). */
#define AC__FD_COUNT 0x00ffffffu
enum {
    AC__FD_OWNED = 1 << 24,   /* made by the library: O_NONBLOCK, edge-triggered. Else: foreign */
    AC__FD_SOCKET = 1 << 25,  /* recv and send work on it */
    AC__FD_DRAINS = 1 << 26,  /* a short read or write shows that there is no more data, or room: TCP, pipes */
    AC__FD_FILE = 1 << 27,    /* has no readiness: for the blocking pool */
    AC__FD_CLOSING = 1 << 28, /* the last operation in flight closes it */
    AC__FD_LEAVING = 1 << 29, /* with CLOSING: close(2) is under way, and the number may be somebody else's already */
};
/* The readiness of an owned descriptor: these bits, and above them a count of the events so far. */
enum {
    AC__READY_READ = 1,
    AC__READY_WRITE = 2,
    AC__READY_ENDED = 4,       /* the peer has shut down: a short read does not mean that the next one would wait */
    AC__READY_URGENT = 8,      /* out-of-band data was seen, at which reads stop short: the same */
    AC__READY_REGISTERED = 16, /* some driver reports events */
    AC__READY_EVENT = 256,     /* one event */
};

struct ac__slot {
    uint64_t word;
    uint32_t ready;
    ac__lock lock;                  /* for what follows */
    struct ac__io_wait *waiters[2]; /* for reading, for writing */
    uint64_t drivers;               /* a bit for each driver that has it registered */
    uint32_t closed;                /* how many times close(2) has returned: a futex */
    uint32_t sleepers;              /* on it */
    uint64_t padding[2];            /* neighbours are often used by other threads */
};

/* An operation under way: holds the descriptor open. */
struct ac__use {
    struct ac__slot *slot;
    int fd;
    uint32_t generation;
    uint32_t flags;
    uint32_t ready; /* as it was before the system call */
};

/* Begins an operation: 0, or -EBADF, -ENOMEM; or AC__USE_LATER, in the middle of a close: then nothing has begun, and
 * whose the number will be can be asked when that close has returned. */
enum { AC__USE_LATER = 1 };
int ac__use_begin(struct ac__use *use, int fd);
/* After AC__USE_LATER. The first queues the task of cx until then: false, and the operation should be tried again at
 * once. The second sleeps and then begins: 0 or a negative errno. */
bool ac__use_wait_later(struct ac__use *use, struct ac__io_wait *wait, unsigned direction, ac_context *cx);
int ac__use_begin_asleep(struct ac__use *use);
/* Ends it; the last one on a descriptor that was closed meanwhile closes it. What close(2) gave, or 0. */
int ac__use_end(struct ac__use *use);
/* After a system call that went short on a descriptor where that shows something: the next one would wait. */
void ac__use_drained(struct ac__use *use, unsigned direction);
/* Queues the task of cx until the descriptor may be ready: -EAGAIN when it waits, 0 when the operation should be tried
 * again at once, or another negative errno. */
int ac__use_wait(struct ac__use *use, struct ac__io_wait *wait, unsigned direction, ac_context *cx);

/* What became of a wait that is polled again: AC__WAIT_NONE, …_LINKED, …_FIRED or …_CLOSED. The last two are said
 * once. */
uint32_t ac__io_take(struct ac__io_wait *wait);

/* A new descriptor becomes the library's own: 0, or -ENOMEM, -EMFILE, and then it has been closed. */
int ac__fd_adopt(int fd, uint32_t flags);
/* The same for the result of a system call: gives fd, or a negative errno, which is errno if fd is negative. */
int ac__fd_made(int fd, uint32_t flags);

/* Queues a node that has no task: the reaper of child processes is called when the descriptor, one of the library's
 * own, can be read. What happened before is not reported. 0 or a negative errno. */
int ac__fd_watch(int fd, struct ac__io_wait *wait, struct ac__driver *driver);

/* The task waits for a descriptor to be closed anywhere in the process. */
void ac__freed_wait(struct ac__io_wait *wait, ac_context *cx);
void ac__freed_forget(struct ac__io_wait *wait);

/* --- For the drivers ---------------------------------------------------------------------------------------------- */

/* A driver reports an event; `directions` are AC__READY bits. True: the reaper of child processes is to be called. */
bool ac__slot_event(struct ac__driver *driver, int fd, uint32_t generation, uint32_t directions);
/* A driver goes: its waiters try again, elsewhere. True: as above. */
bool ac__slots_driver_closed(unsigned index);

#endif

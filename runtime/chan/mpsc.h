/* The mpsc channel: what its files share. The essay is here, because the one word that senders and the receiver meet in
 * is.
 *
 * Positions. The values ever sent are numbered; a number is taken by a compare-and-swap that adds one to POSITION in
 * the word. The value is then written to its place, and its `ready` flag set with a plain store. The receiver alone
 * moves `head`, the number it reads next. All numbers wrap at 2^32; only differences count.
 *
 * Room. What takes up room is the values sent and not received, POSITION - head, and the permits given out and not
 * used, PERMITS in the word. Both being in one word, one compare-and-swap checks the room, takes it, and learns the
 * flags: it is the only locked instruction of a send. (Tokio's send has four: a permit, a position, a ready bit, the
 * receiver's waker.)
 *
 * Waiting for room. A sender that finds none sets QUEUE and waits in a queue; from then on all others go there too, so
 * that they are served in order. The receiver, having moved head, looks for QUEUE; the sender, having set it, looks at
 * head again. That is Dekker's pattern, so on both sides the store and the load are sequentially consistent; it is the
 * one locked instruction of a receive, and an unbounded channel does without. Room is given to the first in the queue
 * as a permit: cancelling it gives the room back and nothing was sent.
 *
 * Waiting for values. The receiver may only sleep when no number is taken that it has not read (POSITION == head), and
 * says so in the same word, with SLEEPING. So whoever takes a number knows from that very compare-and-swap that it must
 * wake the receiver when the value is in place. This is what saves the sender a second locked instruction or a fence:
 * if a number is taken and its value not there yet, the sender is between two instructions, and the receiver waits for
 * it on the processor (wait_until_ready in mpsc_recv.c); it never sleeps on it.
 *
 * The flags:
 *   CLOSED    no more numbers are taken, but by permits: the receiver was closed or dropped, or the last sender was
 *             dropped
 *   QUEUE     the queue of senders is not empty; changed under the lock
 *   SLEEPING  the receiver waits: `receiver` is to be woken; changed under the lock
 *   GONE      the receiver was dropped: what permits still send is dropped
 *
 * Places. Values lie in segments of up to 32, in a list from the receiver's to the last one. A sender must find the
 * segment of its number before it takes the number, for afterwards it cannot say -ENOMEM. Mostly it is the last
 * segment, found without a lock: `tail` and its index are read like under a sequence lock, and the segment itself is
 * not touched until the number was taken. If it was, nobody has had that number before, so the receiver has not come
 * past it, and the segment is still what it was. Every 32nd value, and whoever comes too late, takes the lock.
 *
 * Life. The memory goes with the last of: the receiver, the senders (one count for all), each weak sender, each
 * permit. */
#ifndef ASYNCC_CHAN_MPSC_H
#define ASYNCC_CHAN_MPSC_H
#include "asyncc/mpsc.h"
#include "base/atomic.h"
#include "chan/element.h"
#include "sync/queue.h"

#define AC__MPSC_CLOSED UINT64_C(1)
#define AC__MPSC_QUEUE UINT64_C(2)
#define AC__MPSC_SLEEPING UINT64_C(4)
#define AC__MPSC_GONE UINT64_C(8)
#define AC__MPSC_ONE_PERMIT UINT64_C(16)
#define AC__MPSC_ONE_POSITION (UINT64_C(1) << 32)
enum {
    AC__MPSC_MOST = (1 << 28) - 1,       /* permits, and so the largest capacity */
    AC__MPSC_UNBOUNDED = (1u << 31) - 1, /* values: what fits in memory is less */
    AC__MPSC_SEGMENT = 32,               /* values in a segment */
    AC__MPSC_SEGMENT_BYTES = 16384,      /* unless they are large */
    AC__MPSC_SPARE_BYTES = 256 * 1024    /* of empty segments are kept: a warm channel does not allocate */
};
#define AC__MPSC_NO_INDEX UINT64_MAX

struct ac__segment {
    struct ac__segment *next;
    uint32_t index; /* number >> shift of all its values */
    uint8_t ready[AC__MPSC_SEGMENT];
    /* the values follow at `offset` */
};

struct ac__mpsc {
    /* What senders change. */
    uint64_t word;
    uint64_t tail_index;      /* of `tail`; AC__MPSC_NO_INDEX while there is none or it is being changed */
    struct ac__segment *tail; /* the last in the list */
    uint32_t senders;
    /* Constant. */
    uint32_t capacity;
    bool unbounded;
    uint8_t shift;   /* a segment holds 1 << shift values */
    uint32_t offset; /* of the values in a segment */
    size_t size, align;
    void (*drop)(void *value);
    char pad_1[AC__CACHE_LINE];
    /* What the receiver changes. */
    uint32_t head;
    struct ac__segment *current; /* holds number `head`; NULL: not looked up yet. The receiver's alone. */
    char pad_2[AC__CACHE_LINE];
    /* Under the lock. */
    ac__lock lock;
    bool receiver_is_thread; /* asleep on `signal` */
    uint32_t signal;
    struct ac__task *receiver;   /* while SLEEPING; borrowed (task/wake.h) */
    struct ac__waiter *queue;    /* senders that wait for room; count: how much */
    struct ac__waiter *closings; /* who waits in ac_mpsc_closed */
    struct ac__segment *first;   /* the list of segments in use */
    struct ac__segment *spare;   /* empty ones */
    uint32_t spares;
    /* Counts. */
    uint32_t weak;
    uint32_t references;
};

static inline uint32_t ac__mpsc_position(uint64_t word) { return (uint32_t)(word >> 32); }
static inline uint32_t ac__mpsc_permits(uint64_t word) { return (uint32_t)word / (uint32_t)AC__MPSC_ONE_PERMIT; }
static inline uint32_t ac__mpsc_used(uint64_t word, uint32_t head)
{
    return ac__mpsc_position(word) - head + ac__mpsc_permits(word);
}
/* Nothing is left to receive, and nobody who could send. */
static inline bool ac__mpsc_finished(uint64_t word, uint32_t head)
{
    return (word & AC__MPSC_CLOSED) && ac__mpsc_used(word, head) == 0;
}
static inline void *ac__mpsc_value(const struct ac__mpsc *channel, struct ac__segment *segment, uint32_t number)
{
    size_t i = number & ((1u << channel->shift) - 1);
    return (char *)segment + channel->offset + i * channel->size;
}
static inline uint8_t *ac__mpsc_ready(const struct ac__mpsc *channel, struct ac__segment *segment, uint32_t number)
{
    return &segment->ready[number & ((1u << channel->shift) - 1)];
}

/* mpsc_segment.c */

/* The segment for `number`, which must be the word's position. NULL with *error 0: it no longer is; with -ENOMEM: no
 * memory. */
struct ac__segment *ac__mpsc_segment_slow(struct ac__mpsc *channel, uint32_t number, int *error);
/* The receiver has read all of its current segment. */
void ac__mpsc_segment_done(struct ac__mpsc *channel);
void ac__mpsc_segments_free(struct ac__mpsc *channel);

static inline struct ac__segment *ac__mpsc_segment(struct ac__mpsc *channel, uint32_t number, int *error)
{
    uint64_t index = number >> channel->shift;
    /* Both acquire: the second look at the index must not be older than the pointer. */
    if (ac__atomic_load(&channel->tail_index, acquire) == index) {
        struct ac__segment *tail = ac__atomic_load(&channel->tail, acquire);
        if (ac__atomic_load(&channel->tail_index, relaxed) == index) return tail;
    }
    return ac__mpsc_segment_slow(channel, number, error);
}

/* mpsc_send.c */

/* Under the lock: gives room as permits to as many from the head of the queue as there is enough for. */
void ac__mpsc_grant(struct ac__mpsc *channel, struct ac__wake_list *wakes);
/* Gives back n permits that were not used. */
void ac__mpsc_permits_return(struct ac__mpsc *channel, uint32_t n);

/* mpsc_recv.c */

/* To be called after something changed that a sleeping receiver waits for. */
void ac__mpsc_wake_receiver(struct ac__mpsc *channel);
/* Takes the next value if there is one. */
bool ac__mpsc_take(struct ac__mpsc *channel, void *value);

/* mpsc.c */
void ac__mpsc_release(struct ac__mpsc *channel, uint32_t references);

#endif

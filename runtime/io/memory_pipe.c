/* A pipe in memory: two rings of bytes under one lock, freed with the second end. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "asyncc/io.h"
#include "asyncc/task.h"
#include "base/lock.h"
#include "io/awaitable.h"
#include "io/waiters.h"
#include "mem/alloc.h"

/* One way. At most one task waits to read and one to write. */
struct ring {
    size_t start, length;
    bool ended; /* nothing more will be written */
    bool gone;  /* nobody will read */
    struct ac__io_wait *reader, *writer;
    char *bytes;
};

struct pipe_pair;
struct ac_memory_pipe {
    struct pipe_pair *pair;
    unsigned side; /* writes to ring[side], reads from the other */
};

struct pipe_pair {
    ac__lock lock;
    unsigned open;
    size_t capacity;
    struct ring ring[2];
    struct ac_memory_pipe end[2];
    char bytes[];
};

int ac_memory_pipe_new(size_t capacity, ac_memory_pipe **a, ac_memory_pipe **b)
{
    if (!capacity || capacity > (SIZE_MAX - sizeof(struct pipe_pair)) / 2) return -EINVAL;
    struct pipe_pair *pair = ac__malloc(sizeof *pair + 2 * capacity);
    if (!pair) return -ENOMEM;
    memset(pair, 0, sizeof *pair);
    pair->open = 2;
    pair->capacity = capacity;
    for (unsigned i = 0; i < 2; i++) {
        pair->ring[i].bytes = pair->bytes + i * capacity;
        pair->end[i] = (struct ac_memory_pipe){ pair, i };
    }
    *a = &pair->end[0];
    *b = &pair->end[1];
    return 0;
}

static void wake(struct pipe_pair *pair, struct ac__io_wait **head)
{
    struct ac__wake_list list = { .count = 0 };
    while (*head) ac__waiters_fire_first(head, AC__WAIT_FIRED, &list);
    ac__lock_release(&pair->lock);
    ac__wake_list_push(&list);
    ac__lock_acquire(&pair->lock);
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Moves bytes in or out at a place in the ring that may wrap. */
static size_t ring_take(struct ring *ring, size_t capacity, char *out, size_t n)
{
    n = least(n, ring->length);
    size_t first = least(n, capacity - ring->start);
    memcpy(out, ring->bytes + ring->start, first);
    memcpy(out + first, ring->bytes, n - first);
    ring->start = (ring->start + n) % capacity;
    ring->length -= n;
    return n;
}
static size_t ring_put(struct ring *ring, size_t capacity, const char *in, size_t n)
{
    n = least(n, capacity - ring->length);
    size_t at = (ring->start + ring->length) % capacity, first = least(n, capacity - at);
    memcpy(ring->bytes + at, in, first);
    memcpy(ring->bytes, in + first, n - first);
    ring->length += n;
    return n;
}

/* What a read or write comes to, under the lock; -EAGAIN: it must wait. */
static ssize_t read_ring(struct pipe_pair *pair, struct ring *ring, void *buf, size_t n)
{
    if (!n) return 0;
    if (!ring->length) return ring->ended ? 0 : -EAGAIN;
    n = ring_take(ring, pair->capacity, buf, n);
    if (ring->writer) wake(pair, &ring->writer);
    return (ssize_t)n;
}
static ssize_t write_ring(struct pipe_pair *pair, struct ring *ring, const void *buf, size_t n)
{
    if (ring->gone || ring->ended) return -EPIPE;
    if (!n) return 0;
    if (ring->length == pair->capacity) return -EAGAIN;
    n = ring_put(ring, pair->capacity, buf, n);
    if (ring->reader) wake(pair, &ring->reader);
    return (ssize_t)n;
}

static ssize_t settle(ssize_t given, struct ac__io_wait **head, struct ac__io_wait *wait, ac_context *cx)
{
    if (given != -EAGAIN) return given;
    if (*head) return -EBUSY;
    ac__waiters_link(head, wait, cx->task);
    return -EAGAIN;
}

int ac_memory_pipe_read_poll(struct ac_memory_pipe_read_future *self, ac_context *cx)
{
    if (ac__io_waiting(&self->wait) || !ac__budget(cx)) return AC_PENDING;
    struct pipe_pair *pair = self->end->pair;
    struct ring *ring = &pair->ring[!self->end->side];
    ac__lock_acquire(&pair->lock);
    self->wait.state = AC__WAIT_NONE; /* whoever fired it has left the lock */
    self->result = settle(read_ring(pair, ring, self->buf, self->n), &ring->reader, &self->wait, cx);
    ac__lock_release(&pair->lock);
    if (self->result != -EAGAIN) return AC_READY;
    ac__budget_return(cx);
    return AC_PENDING;
}

int ac_memory_pipe_write_poll(struct ac_memory_pipe_write_future *self, ac_context *cx)
{
    if (ac__io_waiting(&self->wait) || !ac__budget(cx)) return AC_PENDING;
    struct pipe_pair *pair = self->end->pair;
    struct ring *ring = &pair->ring[self->end->side];
    ac__lock_acquire(&pair->lock);
    self->wait.state = AC__WAIT_NONE;
    self->result = settle(write_ring(pair, ring, self->buf, self->n), &ring->writer, &self->wait, cx);
    ac__lock_release(&pair->lock);
    if (self->result != -EAGAIN) return AC_READY;
    ac__budget_return(cx);
    return AC_PENDING;
}

static void forget(struct pipe_pair *pair, struct ac__io_wait **head, struct ac__io_wait *wait)
{
    if (ac__atomic_load(&wait->state, relaxed) == AC__WAIT_NONE) return;
    ac__lock_acquire(&pair->lock);
    if (wait->state == AC__WAIT_LINKED) ac__waiters_unlink(head, wait);
    ac__lock_release(&pair->lock);
}

void ac_memory_pipe_read_drop(struct ac_memory_pipe_read_future *self)
{
    struct pipe_pair *pair = self->end->pair;
    forget(pair, &pair->ring[!self->end->side].reader, &self->wait);
}
void ac_memory_pipe_write_drop(struct ac_memory_pipe_write_future *self)
{
    struct pipe_pair *pair = self->end->pair;
    forget(pair, &pair->ring[self->end->side].writer, &self->wait);
}

void ac_memory_pipe_shutdown_write(ac_memory_pipe *end)
{
    struct pipe_pair *pair = end->pair;
    struct ring *ring = &pair->ring[end->side];
    ac__lock_acquire(&pair->lock);
    ring->ended = true;
    if (ring->reader) wake(pair, &ring->reader);
    ac__lock_release(&pair->lock);
}

void ac_memory_pipe_close(ac_memory_pipe *end)
{
    if (!end) return;
    struct pipe_pair *pair = end->pair;
    ac_memory_pipe_shutdown_write(end);
    ac__lock_acquire(&pair->lock);
    struct ring *read = &pair->ring[!end->side];
    read->gone = true;
    if (read->writer) wake(pair, &read->writer);
    bool last = --pair->open == 0;
    ac__lock_release(&pair->lock);
    if (last) ac__free(pair);
}

static int describe(const void *self, char *text, size_t room)
{
    (void)self;
    return snprintf(text, room, "a pipe in memory");
}
AC__AWAITABLE_DESCRIPTOR(ac_memory_pipe_read, describe);
AC__AWAITABLE_DESCRIPTOR(ac_memory_pipe_write, describe);

ssize_t ac_memory_pipe_read(ac_memory_pipe *end, void *buf, size_t n)
{
    AC__ENTER(ac_memory_pipe_read, end, buf, n);
    return 0;
}
ssize_t ac_memory_pipe_write(ac_memory_pipe *end, const void *buf, size_t n)
{
    AC__ENTER(ac_memory_pipe_write, end, buf, n);
    return 0;
}

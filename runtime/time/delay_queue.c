/* Delay queues: a heap of values by deadline, and one timer for the first of them.
 *
 * A binary heap and not a wheel: it keeps deadlines exactly and values in order, which a slot of a wheel does not, and
 * a queue of a hundred thousand values is seventeen levels deep. Values lie in slots that do not move; the heap holds
 * slot numbers, each slot its place in the heap, so that removal by key is a lookup and a sift. A key is a slot number
 * and the slot's generation, which is counted up each time the slot is emptied: an old key finds nothing.
 *
 * The timer is not the queue's but that of the future which awaits the next value; it is armed for the deadline that
 * was the first when it looked. A value that comes to be the first meanwhile wakes the future, which arms anew. One
 * that ceases to be the first (removed, put off) does not: the timer goes off for nothing then, once. */
#include "asyncc/task.h"
#include "base/fatal.h"
#include "mem/alloc.h"
#include "sync/leaf.h"
#include "sync/queue.h"
#include "time/timer.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { FIRST_ROOM = 16 };

struct slot {
    int64_t deadline;
    uint64_t sequence;   /* of the insertion or reset: among equal deadlines the first comes first */
    uint32_t generation; /* odd while in use */
    uint32_t place;      /* in the heap; of an empty slot: the next empty one, plus one */
    unsigned char value[];
};

struct queue {
    ac__lock lock;
    bool closed;
    size_t value_size, slot_size;
    unsigned char *slots;
    uint32_t *heap;
    uint32_t len, room, used; /* values; slots there are; slots that were ever in use */
    uint32_t empty;           /* the first empty slot, plus one */
    uint64_t sequence;
    struct ac__waiter *waiter; /* a queue of at most one */
};

static struct slot *slot_at(struct queue *queue, uint32_t number)
{
    return (struct slot *)(queue->slots + number * queue->slot_size);
}

/* --- The heap ----------------------------------------------------------------------------------------------------- */

static bool before(struct queue *queue, uint32_t a, uint32_t b)
{
    const struct slot *x = slot_at(queue, a), *y = slot_at(queue, b);
    return x->deadline != y->deadline ? x->deadline < y->deadline : x->sequence < y->sequence;
}

static void put(struct queue *queue, uint32_t place, uint32_t number)
{
    queue->heap[place] = number;
    slot_at(queue, number)->place = place;
}

/* Moves a slot from `place`, where it may be wrong, to where it belongs. */
static void sift(struct queue *queue, uint32_t place, uint32_t number)
{
    while (place > 0 && before(queue, number, queue->heap[(place - 1) / 2])) {
        put(queue, place, queue->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    for (;;) {
        uint32_t child = 2 * place + 1;
        if (child >= queue->len) break;
        if (child + 1 < queue->len && before(queue, queue->heap[child + 1], queue->heap[child])) child++;
        if (!before(queue, queue->heap[child], number)) break;
        put(queue, place, queue->heap[child]);
        place = child;
    }
    put(queue, place, number);
}

/* --- Slots -------------------------------------------------------------------------------------------------------- */

static bool grow(struct queue *queue)
{
    uint32_t room = queue->room ? queue->room * 2 : FIRST_ROOM;
    unsigned char *slots = ac__realloc(queue->slots, room * queue->slot_size);
    if (slots) queue->slots = slots;
    uint32_t *heap = ac__realloc(queue->heap, room * sizeof *heap);
    if (heap) queue->heap = heap;
    if (!slots || !heap) return false;
    queue->room = room;
    return true;
}

/* An empty slot's number, now in use; UINT32_MAX: no memory. */
static uint32_t take_slot(struct queue *queue)
{
    uint32_t number;
    if (queue->empty) {
        number = queue->empty - 1;
        queue->empty = slot_at(queue, number)->place;
    } else {
        if (queue->used == queue->room && !grow(queue)) return UINT32_MAX;
        number = queue->used++;
        slot_at(queue, number)->generation = 0;
    }
    slot_at(queue, number)->generation++;
    return number;
}

/* Takes a value out of heap and slot. */
static void take_out(struct queue *queue, uint32_t number, void *out)
{
    struct slot *slot = slot_at(queue, number);
    if (out) memcpy(out, slot->value, queue->value_size);
    uint32_t place = slot->place, last = queue->heap[--queue->len];
    if (last != number) sift(queue, place, last);
    slot->generation++;
    slot->place = queue->empty;
    queue->empty = number + 1;
}

static ac_delay_key key_of(struct queue *queue, uint32_t number)
{
    return (uint64_t)slot_at(queue, number)->generation << 32 | number;
}

static bool find(struct queue *queue, ac_delay_key key, uint32_t *number)
{
    *number = (uint32_t)key;
    return *number < queue->used && slot_at(queue, *number)->generation == key >> 32;
}

/* --- Operations --------------------------------------------------------------------------------------------------- */

/* Opens the lock, and wakes whoever awaits the next value if that may have changed. */
static void leave(struct queue *queue, bool changed)
{
    struct ac__wake_list woken;
    woken.count = 0;
    if (changed && queue->waiter) ac__waiter_hand(&queue->waiter, queue->waiter, AC__GRANTED, &woken);
    ac__lock_release(&queue->lock);
    ac__wake_list_push(&woken);
}

int ac__delay_queue_new(void *variable, size_t size)
{
    struct queue *queue = ac__calloc(1, sizeof *queue);
    if (queue) {
        queue->value_size = size;
        queue->slot_size = (sizeof(struct slot) + size + 7) / 8 * 8;
    }
    memcpy(variable, &queue, sizeof queue);
    return queue ? 0 : -ENOMEM;
}

void ac__delay_queue_free(void *handle)
{
    struct queue *queue = handle;
    if (!queue) return;
    if (queue->waiter) ac__fatal("ac_delay_queue_free: a task awaits the queue");
    ac__free(queue->slots);
    ac__free(queue->heap);
    ac__free(queue);
}

ac_delay_key ac__delay_queue_insert_at(void *handle, const void *value, ac_instant deadline)
{
    struct queue *queue = handle;
    ac_delay_key key = 0;
    bool first = false;
    ac__lock_acquire(&queue->lock);
    uint32_t number = queue->closed ? UINT32_MAX : take_slot(queue);
    if (number != UINT32_MAX) {
        struct slot *slot = slot_at(queue, number);
        slot->deadline = deadline;
        slot->sequence = queue->sequence++;
        memcpy(slot->value, value, queue->value_size);
        sift(queue, queue->len++, number);
        key = key_of(queue, number);
        first = queue->heap[0] == number;
    }
    leave(queue, first);
    return key;
}

ac_delay_key ac__delay_queue_insert(void *queue, const void *value, ac_duration duration)
{
    return ac__delay_queue_insert_at(queue, value, ac__instant_after(ac_now(), duration));
}

int ac__delay_queue_remove(void *handle, ac_delay_key key, void *out)
{
    struct queue *queue = handle;
    uint32_t number;
    ac__lock_acquire(&queue->lock);
    bool found = find(queue, key, &number);
    if (found) take_out(queue, number, out);
    leave(queue, queue->closed && queue->len == 0);
    return found ? 0 : -ENOENT;
}

int ac__delay_queue_pop(void *handle, void *out)
{
    struct queue *queue = handle;
    ac__lock_acquire(&queue->lock);
    bool found = queue->len > 0;
    if (found) take_out(queue, queue->heap[0], out);
    leave(queue, queue->closed && queue->len == 0);
    return found ? 0 : -ENOENT;
}

int ac__delay_queue_reset_at(void *handle, ac_delay_key key, ac_instant deadline)
{
    struct queue *queue = handle;
    uint32_t number;
    ac__lock_acquire(&queue->lock);
    bool found = find(queue, key, &number);
    if (found) {
        struct slot *slot = slot_at(queue, number);
        slot->deadline = deadline;
        slot->sequence = queue->sequence++;
        sift(queue, slot->place, number);
    }
    leave(queue, found && queue->heap[0] == number);
    return found ? 0 : -ENOENT;
}

int ac__delay_queue_reset(void *queue, ac_delay_key key, ac_duration duration)
{
    return ac__delay_queue_reset_at(queue, key, ac__instant_after(ac_now(), duration));
}

size_t ac__delay_queue_len(void *handle)
{
    struct queue *queue = handle;
    ac__lock_acquire(&queue->lock);
    size_t len = queue->len;
    ac__lock_release(&queue->lock);
    return len;
}

void ac__delay_queue_close(void *handle)
{
    struct queue *queue = handle;
    ac__lock_acquire(&queue->lock);
    queue->closed = true;
    leave(queue, queue->len == 0);
}

/* --- Awaiting the next value -------------------------------------------------------------------------------------- */

enum looked { GOT_VALUE, AT_END, MUST_WAIT };

/* MUST_WAIT: the waiter is registered, and *until is when to look again unless it is told. */
static enum looked look(struct queue *queue, struct ac_op_delay_queue_next_future *self, ac_context *cx, int64_t *until)
{
    ac__lock_acquire(&queue->lock);
    *until = queue->len ? slot_at(queue, queue->heap[0])->deadline : INT64_MAX;
    enum looked looked = queue->len && *until <= ac__now(cx) ? GOT_VALUE
                         : queue->closed && !queue->len      ? AT_END
                                                             : MUST_WAIT;
    bool queued = self->waiter.state == AC__WAITING;
    if (looked == GOT_VALUE) take_out(queue, queue->heap[0], self->out);
    if (looked != MUST_WAIT && queued) {
        ac__queue_remove(&queue->waiter, &self->waiter);
    } else if (looked == MUST_WAIT && !queued) {
        if (queue->waiter) ac__fatal("ac_delay_queue_next: another task awaits the queue");
        ac__waiter_join(&queue->waiter, &self->waiter, cx->task);
    }
    ac__lock_release(&queue->lock);
    return looked;
}

int ac_op_delay_queue_next_poll_slow(struct ac_op_delay_queue_next_future *self, ac_context *cx)
{
    struct queue *queue = self->queue;
    if (!ac__budget(cx)) return AC_PENDING;
    ac__timer_cancel(&self->timer);
    if (ac__waiter_outcome(&self->waiter, &queue->lock) != AC__WAITING)
        ac__atomic_store(&self->waiter.state, AC__UNQUEUED, relaxed);
    for (;;) {
        int64_t until;
        enum looked looked = look(queue, self, cx, &until);
        if (looked != MUST_WAIT) {
            self->result = looked == GOT_VALUE;
            return AC_READY;
        }
        self->timer.state = AC__TIMER_NEW;
        if (until == INT64_MAX || ac__timer_arm(&self->timer, cx, until)) break;
    }
    ac__budget_return(cx);
    return AC_PENDING;
}

void ac_op_delay_queue_next_drop_slow(struct ac_op_delay_queue_next_future *self)
{
    struct queue *queue = self->queue;
    ac__timer_cancel(&self->timer);
    if (ac__waiter_outcome(&self->waiter, &queue->lock) == AC__WAITING)
        ac__waiter_leave(&queue->waiter, &self->waiter, &queue->lock);
}

static int describe(const void *self, char *text, size_t room)
{
    const struct ac_op_delay_queue_next_future *future = self;
    const struct queue *queue = future->queue;
    if (ac__timer_state(&future->timer) != AC__TIMER_WAITING)
        return snprintf(text, room, "delay queue of %" PRIu32, queue->len);
    char timer[40];
    ac__timer_describe(&future->timer, timer, sizeof timer);
    return snprintf(text, room, "delay queue of %" PRIu32 ", %s", queue->len, timer);
}

AC__LEAF_WITH_RESULT(ac_op_delay_queue_next, describe);
bool ac_op_delay_queue_next(void *queue, void *out)
{
    AC__ENTER(ac_op_delay_queue_next, queue, out);
    return false;
}

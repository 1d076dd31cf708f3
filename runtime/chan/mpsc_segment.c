/* The segments of an mpsc channel: made when a number needs one, kept for the next when the receiver has read them. */
#include "chan/mpsc.h"

/* Under the lock. The order lets ac__mpsc_segment see a pointer and an index that belong together, or notice that they
 * do not. */
static void set_tail(struct ac__mpsc *channel, struct ac__segment *tail)
{
    ac__atomic_store(&channel->tail_index, AC__MPSC_NO_INDEX, relaxed);
    ac__atomic_store(&channel->tail, tail, release);
    if (tail) ac__atomic_store(&channel->tail_index, tail->index, release);
}

/* Under the lock. */
static struct ac__segment *append(struct ac__mpsc *channel, uint32_t index)
{
    struct ac__segment *segment = channel->spare;
    channel->spare = segment->next;
    channel->spares--;
    segment->next = NULL;
    segment->index = index;
    memset(segment->ready, 0, sizeof segment->ready);
    if (channel->first) channel->tail->next = segment;
    else channel->first = segment;
    set_tail(channel, segment);
    return segment;
}

static size_t bytes(const struct ac__mpsc *channel) { return channel->offset + (channel->size << channel->shift); }

/* Every number below the position is taken, and had its segment before it was. So the last segment is that of this
 * number, or the one before it is full or read, and this number opens the next. The allocator is the user's: it is
 * called without the lock. */
struct ac__segment *ac__mpsc_segment_slow(struct ac__mpsc *channel, uint32_t number, int *error)
{
    uint32_t index = number >> channel->shift;
    *error = 0;
    for (;;) {
        struct ac__segment *found = NULL;
        ac__lock_acquire(&channel->lock);
        bool still = ac__mpsc_position(ac__atomic_load(&channel->word, acquire)) == number;
        if (still && channel->first && channel->tail->index == index) found = channel->tail;
        else if (still && channel->spare) found = append(channel, index);
        ac__lock_release(&channel->lock);
        if (found || !still) return found;

        struct ac__segment *fresh = ac__elements_alloc(bytes(channel), channel->align);
        if (!fresh) {
            *error = -ENOMEM;
            return NULL;
        }
        ac__lock_acquire(&channel->lock);
        fresh->next = channel->spare;
        channel->spare = fresh;
        channel->spares++;
        ac__lock_release(&channel->lock);
    }
}

void ac__mpsc_segment_done(struct ac__mpsc *channel)
{
    ac__lock_acquire(&channel->lock);
    struct ac__segment *read = channel->first;
    channel->first = read->next;
    if (!channel->first) set_tail(channel, NULL);
    channel->current = channel->first;
    bool keep = channel->spares == 0 || (channel->spares + 1) * bytes(channel) <= AC__MPSC_SPARE_BYTES;
    if (keep) {
        read->next = channel->spare;
        channel->spare = read;
        channel->spares++;
    }
    ac__lock_release(&channel->lock);
    if (!keep) ac__elements_free(read, channel->align);
}

static void free_list(struct ac__segment *segment, size_t align)
{
    while (segment) {
        struct ac__segment *next = segment->next;
        ac__elements_free(segment, align);
        segment = next;
    }
}

void ac__mpsc_segments_free(struct ac__mpsc *channel)
{
    free_list(channel->first, channel->align);
    free_list(channel->spare, channel->align);
}

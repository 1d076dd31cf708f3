/* Copying from one descriptor to another, one way or both. */
#include <errno.h>
#include <stdio.h>

#include "asyncc/io.h"
#include "io/awaitable.h"
#include "io/operation.h"
#include "mem/alloc.h"

#define BUFFER 16384

enum { NEW, READING, WRITING, OVER };

/* Runs one way as far as it goes: AC_READY at its end, with `error` 0 or why. */
static int way_poll(struct ac__copy_way *way, ac_context *cx)
{
    for (;;) {
        switch (way->step) {
        case NEW:
            way->buffer = ac__malloc(BUFFER);
            if (!way->buffer) goto no_memory;
            ac_read_init(&way->read, way->from, way->buffer, BUFFER);
            way->step = READING;
            break;
        case READING:
            if (ac_read_poll(&way->read, cx) == AC_PENDING) return AC_PENDING;
            ssize_t n = way->read.result;
            if (n <= 0) {
                way->error = (int)n;
                way->step = OVER;
                break;
            }
            ac_write_all_init(&way->write, way->to, way->buffer, (size_t)n);
            way->step = WRITING;
            break;
        case WRITING:
            if (ac_write_all_poll(&way->write, cx) == AC_PENDING) return AC_PENDING;
            way->error = way->write.result;
            way->moved += (int64_t)way->write.done;
            way->step = OVER;
            if (way->error) break;
            ac_read_init(&way->read, way->from, way->buffer, BUFFER);
            way->step = READING;
            break;
        default: return AC_READY;
        }
    }
no_memory:
    way->error = -ENOMEM;
    way->step = OVER;
    return AC_READY;
}

static void way_end(struct ac__copy_way *way)
{
    if (way->step == READING) ac_read_drop(&way->read);
    if (way->step == WRITING) {
        way->moved += (int64_t)way->write.done;
        ac_write_all_drop(&way->write);
    }
    way->step = OVER;
    ac__free(way->buffer);
    way->buffer = NULL;
}

static void way_init(struct ac__copy_way *way, int from, int to)
{
    way->from = from, way->to = to, way->step = NEW, way->error = 0, way->moved = 0, way->buffer = NULL;
}

/* --- One way ------------------------------------------------------------------------------------------------------ */

int ac_copy_poll(struct ac_copy_future *self, ac_context *cx)
{
    if (way_poll(&self->way, cx) == AC_PENDING) return AC_PENDING;
    self->result = self->way.error ? self->way.error : self->way.moved;
    way_end(&self->way);
    return AC_READY;
}

void ac_copy_drop(struct ac_copy_future *self) { way_end(&self->way); }

/* --- Both ways ---------------------------------------------------------------------------------------------------- */

void ac_copy_both_init(struct ac_copy_both_future *self, int a, int b, int64_t *moved)
{
    self->started = 0;
    self->moved = moved;
    way_init(&self->way[0], a, b);
    way_init(&self->way[1], b, a);
}

static void both_end(struct ac_copy_both_future *self)
{
    for (int i = 0; i < 2; i++) {
        way_end(&self->way[i]);
        if (self->moved) self->moved[i] = self->way[i].moved;
    }
}

/* A way that has ended says so to the peer, once. The peer may have gone by itself: then there is nobody to tell. */
static int one_of_both(struct ac_copy_both_future *self, int i, ac_context *cx)
{
    struct ac__copy_way *way = &self->way[i];
    if (self->started & (1 << i)) return AC_READY;
    if (way_poll(way, cx) == AC_PENDING) return AC_PENDING;
    self->started |= 1 << i;
    if (way->error) return AC_READY;
    int error = ac_shutdown_write(way->to);
    if (error && error != -ENOTCONN && error != -ENOTSOCK) way->error = error;
    return AC_READY;
}

int ac_copy_both_poll(struct ac_copy_both_future *self, ac_context *cx)
{
    int over = 0;
    for (int i = 0; i < 2; i++) {
        if (one_of_both(self, i, cx) == AC_PENDING) continue;
        over++;
        if (!self->way[i].error) continue;
        self->result = self->way[i].error;
        both_end(self);
        return AC_READY;
    }
    if (over < 2) return AC_PENDING;
    self->result = 0;
    both_end(self);
    return AC_READY;
}

void ac_copy_both_drop(struct ac_copy_both_future *self) { both_end(self); }

/* --- As the library's awaitables ---------------------------------------------------------------------------------- */

static int describe_copy(const void *self, char *text, size_t room)
{
    const struct ac__copy_way *way = &((const struct ac_copy_future *)self)->way;
    return snprintf(text, room, "a copy from descriptor %d to %d, %s", way->from, way->to,
                    way->step == WRITING ? "writable" : "readable");
}
static int describe_both(const void *self, char *text, size_t room)
{
    const struct ac_copy_both_future *future = self;
    return snprintf(text, room, "a copy between descriptors %d and %d", future->way[0].from, future->way[0].to);
}
AC__AWAITABLE_DESCRIPTOR(ac_copy, describe_copy);
AC__AWAITABLE_DESCRIPTOR(ac_copy_both, describe_both);

int64_t ac_copy(int from, int to)
{
    AC__ENTER(ac_copy, from, to);
    return 0;
}
int ac_copy_both(int a, int b, int64_t moved[2])
{
    AC__ENTER(ac_copy_both, a, b, moved);
    return 0;
}

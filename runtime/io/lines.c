/* Lines: a buffer that grows to the longest line, and one read at a time into its free end. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "asyncc/io.h"
#include "io/awaitable.h"
#include "io/operation.h"
#include "mem/alloc.h"

#define FIRST_ROOM 4096
#define DEFAULT_LIMIT 65536

/* Gives the line that ends before `end`; the next one begins at `next`. */
static int give(struct ac_lines_next_future *self, size_t end, size_t next)
{
    ac_lines *lines = self->lines;
    char *line = lines->buffer + lines->start;
    lines->length = end - lines->start;
    if (next > end && lines->length && line[lines->length - 1] == '\r') lines->length--;
    line[lines->length] = 0;
    lines->start = lines->scanned = next;
    *self->line = line;
    return self->result = 1, AC_READY;
}

/* Looks for a line in what was read and not looked at yet. */
static bool found(struct ac_lines_next_future *self)
{
    ac_lines *lines = self->lines;
    if (!lines->buffer) return false;
    char *from = lines->buffer + lines->scanned;
    char *newline = memchr(from, '\n', lines->end - lines->scanned);
    lines->scanned = lines->end;
    if (!newline) return false;
    size_t end = (size_t)(newline - lines->buffer);
    give(self, end, end + 1);
    return true;
}

/* Makes room after `end` for at least one byte and the NUL after a last line: 0, -EMSGSIZE, -ENOMEM. */
static int make_room(ac_lines *lines)
{
    size_t limit = lines->limit ? lines->limit : DEFAULT_LIMIT;
    if (lines->end - lines->start >= limit + 2) return -EMSGSIZE; /* "\r\n" may still come */
    if (lines->start) {
        memmove(lines->buffer, lines->buffer + lines->start, lines->end - lines->start);
        lines->end -= lines->start;
        lines->scanned -= lines->start;
        lines->start = 0;
    }
    if (lines->end + 1 < lines->room) return 0;
    size_t room = lines->room ? lines->room * 2 : FIRST_ROOM;
    char *larger = ac__realloc(lines->buffer, room);
    if (!larger) return -ENOMEM;
    lines->buffer = larger;
    lines->room = room;
    return 0;
}

static int at_end(struct ac_lines_next_future *self)
{
    ac_lines *lines = self->lines;
    lines->ended = 1;
    if (lines->start == lines->end) return self->result = 0, AC_READY;
    return give(self, lines->end, lines->end);
}

int ac_lines_next_poll(struct ac_lines_next_future *self, ac_context *cx)
{
    ac_lines *lines = self->lines;
    size_t limit = lines->limit ? lines->limit : DEFAULT_LIMIT;
    for (;;) {
        if (!self->read.buf) {
            if (found(self)) return self->result = lines->length > limit ? -EMSGSIZE : 1, AC_READY;
            if (lines->ended) return at_end(self);
            int error = make_room(lines);
            if (error) return self->result = error, AC_READY;
            ac_read_init(&self->read, lines->fd, lines->buffer + lines->end, lines->room - lines->end - 1);
        }
        if (ac_read_poll(&self->read, cx) == AC_PENDING) return AC_PENDING;
        self->read.buf = NULL;
        if (self->read.result < 0) return self->result = (int)self->read.result, AC_READY;
        lines->end += (size_t)self->read.result;
        if (self->read.result == 0) lines->ended = 1;
    }
}

void ac_lines_next_drop(struct ac_lines_next_future *self)
{
    if (self->read.buf) ac_read_drop(&self->read);
}

void ac_lines_free(ac_lines *lines)
{
    ac__free(lines->buffer);
    lines->buffer = NULL;
    lines->start = lines->end = lines->scanned = lines->room = 0;
}

static int describe(const void *self, char *text, size_t room)
{
    return snprintf(text, room, "descriptor %d, a line", ((const struct ac_lines_next_future *)self)->read.wait.fd);
}
AC__AWAITABLE_DESCRIPTOR(ac_lines_next, describe);

int ac_lines_next(ac_lines *lines, char **line)
{
    AC__ENTER(ac_lines_next, lines, line);
    return 0;
}

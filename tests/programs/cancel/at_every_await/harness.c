#include "harness.h"
#include <stdio.h>
#include <stdlib.h>

struct thing {
    struct thing *below;
    int line;
};
static struct thing *top[LINES_OF_CONTROL];
static int count;

void *hold(int control, int line)
{
    struct thing *thing = malloc(sizeof *thing);
    if (!thing) abort();
    *thing = (struct thing){ top[control], line };
    top[control] = thing;
    count++;
    return thing;
}

void release(int control, void *thing, int line)
{
    struct thing *last = top[control];
    if (!last || last != thing) {
        printf("line %d released out of order: last held is of line %d\n", line, last ? last->line : 0);
        abort();
    }
    top[control] = last->below;
    count--;
    free(last);
}

int held(void) { return count; }

/* The call slot makes the future where a caller in another file would have it; counting it as indirect keeps the task from
 * resuming below this one. */
int ended_within_poll(struct ended_within_future *self, ac_context *cx)
{
    if (!self->frame) {
        ac__slot_await(cx);
        self->function();
        self->frame = ac__slot_frame();
    }
    if (self->polls > 0) {
        self->polls--;
        cx->indirect++;
        int polled = ac__frame_poll(self->frame, cx);
        cx->indirect--;
        if (polled == AC_READY) {
            ac__frame_free(cx, self->frame);
            self->result = true;
            return AC_READY;
        }
    }
    if (self->polls > 0) return AC_PENDING;
    ac__frame_drop(self->frame);
    self->result = false;
    return AC_READY;
}

void ended_within_drop(struct ended_within_future *self)
{
    if (self->frame) ac__frame_drop(self->frame);
}

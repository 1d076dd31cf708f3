/* Runs an async program with nothing but the future convention: makes its future through the call slot, as a caller in
 * another file would, and polls it until it is done. With DRIVE_FROM_LEAF set in the environment a poll resumes at the
 * innermost pool frame, as a task does; else always from the top. With DRIVE_STOP=n it is dropped after n polls. Pool
 * frames come from malloc, so that AddressSanitizer sees each one; all of them must have been given back at the end. */
#include "pend.h"
#include <stdio.h>
#include <stdlib.h>

static int pend_poll_any(void *self, ac_context *cx) { return pend_poll(self, cx); }
static void pend_drop_any(void *self) { pend_drop(self); }
const ac_descriptor pend_descriptor = { .name = "pend",
                                        .file = __FILE__,
                                        .line = __LINE__,
                                        .size = sizeof(struct pend_future),
                                        .align = _Alignof(struct pend_future),
                                        .poll = pend_poll_any,
                                        .drop = pend_drop_any };

const char ac__abi_1;
static struct ac__frame *entered;
static long frames;
static int is_armed;

static _Noreturn void stop(const char *what)
{
    fprintf(stderr, "drive: %s\n", what);
    abort();
}

struct ac__frame *ac__frame_new(ac_context *cx, const ac_descriptor *type)
{
    (void)cx;
    size_t head = (size_t)((char *)ac__frame_future(NULL) - (char *)NULL), align = type->align > 16 ? type->align : 16;
    size_t before = (head + align - 1) / align * align; /* the future behind the header is aligned */
    char *block = aligned_alloc(align, (before + type->size + align - 1) / align * align);
    if (!block) stop("out of memory");
    struct ac__frame *frame = (struct ac__frame *)(void *)(block + before - head);
    *frame = (struct ac__frame){ .type = type, .link = (void *)block };
    frames++;
    return frame;
}
void ac__frame_free(ac_context *cx, struct ac__frame *frame)
{
    (void)cx;
    frames--;
    free(frame->link);
}
void ac__frame_drop(struct ac__frame *frame)
{
    if (!frame->done) frame->type->drop(ac__frame_future(frame));
    ac__frame_free(NULL, frame);
}
void ac__slot_await(ac_context *cx)
{
    (void)cx;
    if (is_armed) stop("the call slot is armed already");
    is_armed = 1;
}
void *ac__enter(const ac_descriptor *type)
{
    if (!is_armed) stop("an async function was called as a plain one");
    is_armed = 0;
    entered = ac__frame_new(NULL, type);
    return ac__frame_future(entered);
}
struct ac__frame *ac__slot_frame(void)
{
    struct ac__frame *frame = entered;
    entered = NULL;
    return frame;
}

extern int program(int argc, char *argv[]);

/* One poll as a task does it: the innermost pool frame first, then its callers for as long as each one ends. */
static int poll_from_leaf(struct ac__frame *top, ac_context *cx)
{
    struct ac__frame *frame = cx->leaf ? cx->leaf : top;
    cx->leaf = NULL;
    while (frame != top) {
        struct ac__frame *above = frame->parent;
        cx->current = above;
        if (ac__frame_poll(frame, cx) == AC_PENDING) return AC_PENDING;
        frame = above;
    }
    cx->current = NULL;
    return ac__frame_poll(top, cx);
}

int main(int argc, char *argv[])
{
    ac_context cx = { 0 };
    int from_leaf = getenv("DRIVE_FROM_LEAF") != NULL;
    ac__slot_await(&cx);
    program(argc, argv);
    struct ac__frame *top = ac__slot_frame();
    long polls = 1, stop_after = getenv("DRIVE_STOP") ? atol(getenv("DRIVE_STOP")) : -1;
    if (stop_after == 0) return ac__frame_drop(top), frames ? 1 : 0;
    while ((from_leaf ? poll_from_leaf(top, &cx) : (cx.leaf = NULL, ac__frame_poll(top, &cx))) == AC_PENDING)
        if (polls++ == stop_after) return ac__frame_drop(top), frames ? 1 : 0;
    int status = *(int *)ac__frame_result(top);
    ac__frame_free(&cx, top);
    if (frames) stop("a pool frame was not given back");
    if (getenv("DRIVE_POLLS")) fprintf(stderr, "%ld polls\n", polls);
    return status;
}

/* Pool frames: the frames of calls whose callee is not known, or is recursive. They are cells of the worker's slabs. */
#include "base/fatal.h"
#include "mem/alloc.h"
#include "mem/slab.h"
#include "sched/worker.h"
#include "task/task.h"

#define HEADER ((sizeof(struct ac__frame) + AC__FRAME_ALIGN - 1) / AC__FRAME_ALIGN * AC__FRAME_ALIGN)

/* A cell is aligned to 16. What wants more gets a block of its own, placed so that the future behind the header is
 * aligned. */
static ac__cold struct ac__frame *aligned_new(const ac_descriptor *type)
{
    size_t before = (HEADER + type->align - 1) / type->align * type->align;
    char *block = ac__malloc_aligned(before + type->size, type->align);
    if (!block) return NULL;
    struct ac__frame *frame = (struct ac__frame *)(block + before - HEADER);
    frame->link = block;
    return frame;
}

struct ac__frame *ac__frame_new(ac_context *cx, const ac_descriptor *type)
{
    struct ac__frame *frame;
    if (ac__unlikely(type->align > AC__FRAME_ALIGN)) {
        frame = aligned_new(type);
    } else {
        frame = ac__cache_alloc(cx->worker->cells, HEADER + type->size);
        if (ac__likely(frame != NULL)) frame->link = NULL;
    }
    if (ac__unlikely(!frame)) ac__fatal("no memory for a call of %s", type->name);
    frame->type = type;
    frame->parent = NULL;
    frame->done = 0;
    return frame;
}

static void release(struct ac__frame *frame)
{
    if (ac__unlikely(frame->link != NULL)) ac__free_aligned(frame->link);
    else ac__cell_free(frame);
}

void ac__frame_free(ac_context *cx, struct ac__frame *frame)
{
    (void)cx;
    release(frame);
}

void ac__frame_drop(struct ac__frame *frame)
{
    if (!frame) return;
    if (!frame->done) frame->type->drop(ac__frame_future(frame));
    release(frame);
}

/* For checking locks and channels: tasks that poll, and what else their sources need of the runtime. Those are compiled
 * with points.h before all else and linked with the program. */
#ifndef TESTS_INTERLEAVE_PRIMITIVE_H
#define TESTS_INTERLEAVE_PRIMITIVE_H
#include "points.h"

#include "task_stub.h"
#include "base/fatal.h"
#include "mem/alloc.h"
#include "mem/slab.h"
#include "sync/blocking.h"

/* --- Memory: cut from a block that each execution begins anew; what is freed must not be touched ------------------ */

static _Alignas(64) char arena[1 << 16];
static size_t arena_used;
static void *from_arena(size_t size)
{
    EXPECT(arena_used + size + 64 < sizeof arena);
    void *block = arena + arena_used;
    arena_used += (size + 63) & ~(size_t)63;
    return block;
}
void *ac__malloc(size_t size) { return from_arena(size); }
void *ac__calloc(size_t n, size_t size) { return memset(from_arena(n * size), 0, n * size); }
void ac__free(void *block) { explore_freed(block, 1); }
void *ac__malloc_aligned(size_t size, size_t align) { return align <= 64 ? from_arena(size) : NULL; }
void ac__free_aligned(void *block) { explore_freed(block, 1); }
void *ac__cell_alloc(size_t size) { return from_arena(size); }
void ac__cell_free(void *cell) { explore_freed(cell, 16); }

/* --- The rest of the runtime -------------------------------------------------------------------------------------- */

void ac__fatal(const char *format, ...) { explore_fail(format, __FILE__, __LINE__); }
void ac__refuse_in_task(const char *call) { (void)call; }
bool ac__budget_spent(ac_context *cx)
{
    (void)cx;
    return false;
}
/* The call slot: the one function that is called through it, the maker of `once`, has its frame here. */
static _Alignas(64) struct {
    struct ac__frame frame;
    unsigned char future[256];
} slot;
void ac__slot_await(ac_context *cx) { (void)cx; }
void *ac__enter(const ac_descriptor *type)
{
    EXPECT(type->size <= sizeof slot.future);
    slot.frame = (struct ac__frame){ .type = type };
    return ac__frame_future(&slot.frame);
}
struct ac__frame *ac__slot_frame(void) { return &slot.frame; }
void ac__frame_free(ac_context *cx, struct ac__frame *frame) { (void)cx, (void)frame; }
void ac__frame_drop(struct ac__frame *frame)
{
    if (!frame->done) frame->type->drop(ac__frame_future(frame));
}

/* --- Tasks -----------------------------------------------------------------------------------------------------------
 * Task i polls `poll_of[i]` until it is ready or, aborted, is dropped by `drop_of[i]`. Its frame is gone then. */

static int (*poll_of[TASKS])(ac_context *cx);
static void (*drop_of[TASKS])(void);
static const void *frame_of[TASKS];
static size_t frame_size[TASKS];
static bool ended[TASKS], aborted[TASKS];

#define TASK(i, poll, drop, frame)                                                                                     \
    (poll_of[i] = (poll), drop_of[i] = (drop), frame_of[i] = &(frame), frame_size[i] = sizeof(frame), ready_task(i))
static void ready_task(int i)
{
    task[i].state = AC__TASK_NOTIFIED | 2 * AC__TASK_REFERENCE; /* a handle, which abort or nobody lets go of */
    queued[i] = 1;
}

static void reset(void)
{
    reset_tasks();
    arena_used = 0;
    memset(ended, 0, sizeof ended);
    memset(aborted, 0, sizeof aborted);
}

static void run_task(int i)
{
    while (!ended[i]) {
        explore_wait(&queued[i], 0);
        queued[i] = 0;
        ac_context cx = { .task = &task[i], .budget = 128 };
        if (ac__task_take(&task[i]) & AC__TASK_CANCELLED) {
            drop_of[i]();
            aborted[i] = ended[i] = true;
        } else if (poll_of[i](&cx) == AC_READY) {
            ended[i] = true;
        } else if (ac__task_sleep(&task[i], false)) {
            ac__task_push(&task[i]);
        }
        if (ended[i]) {
            explore_freed(frame_of[i], frame_size[i]);
            ac__task_complete(&task[i], 0);
        }
    }
}
static void run_0(void) { run_task(0); }
static void run_1(void) { run_task(1); }
__attribute__((unused)) static void run_2(void) { run_task(2); }

static void abort_0(void) { abort_task(0); }

#endif

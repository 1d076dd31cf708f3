/* The call slot: how an async function is called where only its C type is known.
 *
 * Each async function f is also a C function f, so that tables of pointers stay as the user wrote them. Called, it
 * asks here where its arguments are to go; whoever meant to call it has said so just before, on this thread. Nothing
 * runs between the two but the call itself: the arguments are evaluated before the slot is armed. */
#include "base/fatal.h"
#include "sched/worker.h"
#include "task/task.h"

enum { UNARMED, ARMED_AWAIT, ARMED_SPAWN };

void ac__slot_await(ac_context *cx)
{
    ac__thread.slot.cx = cx;
    ac__thread.slot.given = NULL;
    ac__thread.slot.armed = ARMED_AWAIT;
}

void ac__slot_spawn(ac_context *cx, ac_runtime *rt, unsigned flags)
{
    ac__thread.slot.cx = cx;
    ac__thread.slot.runtime = rt;
    ac__thread.slot.flags = flags;
    ac__thread.slot.given = NULL;
    ac__thread.slot.armed = ARMED_SPAWN;
}

void *ac__enter(const ac_descriptor *type)
{
    unsigned armed = ac__thread.slot.armed;
    ac__thread.slot.armed = UNARMED;
    if (armed == ARMED_AWAIT) {
        struct ac__frame *frame = ac__frame_new(ac__thread.slot.cx, type);
        ac__thread.slot.given = frame;
        return ac__frame_future(frame);
    }
    if (armed == UNARMED)
        ac__fatal(
            "%s (%s:%u) is an async function, called as a plain one: it has to be awaited or spawned in a .ac file",
            type->name, type->file, type->line);
    void *future = ac__spawn_begin(ac__thread.slot.cx, ac__thread.slot.runtime, type, ac__thread.slot.flags);
    ac__thread.slot.given = future;
    return future;
}

static void *take_given(const char *what)
{
    void *given = ac__thread.slot.given;
    if (ac__thread.slot.armed != UNARMED) {
        ac__thread.slot.armed = UNARMED;
        ac__fatal("%s through a pointer: it points to a plain function, not to an async one", what);
    }
    ac__thread.slot.given = NULL;
    return given;
}

struct ac__frame *ac__slot_frame(void) { return take_given("await"); }

void *ac__slot_task(void)
{
    ac_context *cx = ac__thread.slot.cx;
    return ac__spawn_end(cx, take_given("spawn"));
}

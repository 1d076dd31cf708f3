/* The protocol of task/wake.h: a waker that borrows the task of a node under a lock, against a poll that looks at
 * the node's word without the lock, and against the drop of the waiting future. The task is freed when its poll is
 * ready or it is dropped: no waker may touch it after that, and none may get lost. */
#define AC__INTERLEAVE
#include "task_stub.h"

enum { NEW, WAITING, FIRING, FIRED };
static struct {
    ac__lock lock;
    bool linked, open;
    uint32_t state;
} node;
static bool done;

static void setup(void)
{
    reset_tasks();
    memset(&node, 0, sizeof node);
    done = false;
    task[0].state = AC__TASK_NOTIFIED | AC__TASK_REFERENCE;
    queued[0] = 1;
}

static int poll(void)
{
    switch (ac__atomic_load(&node.state, acquire)) {
    case WAITING: return AC_PENDING;
    case FIRED: return AC_READY;
    case FIRING:
        ac__lock_acquire(&node.lock);
        ac__lock_release(&node.lock);
        return AC_READY;
    }
    ac__lock_acquire(&node.lock);
    bool open = node.open;
    if (!open) {
        ac__atomic_store(&node.state, WAITING, relaxed);
        node.linked = true;
    }
    ac__lock_release(&node.lock);
    return open ? AC_READY : AC_PENDING;
}

static void end_task(uint64_t dropped)
{
    done = true;
    explore_freed(&node.state, sizeof node.state); /* the frame goes with the task */
    ac__task_complete(&task[0], dropped);
}

/* As the worker does it; the poll may come for other reasons too (the branch of a select): `spurious` polls. */
static int spurious;
static void worker(void)
{
    while (!done) {
        if (spurious > 0 && --spurious >= 0 && !queued[0] && ac__task_notify(&task[0])) ac__task_push(&task[0]);
        explore_wait(&queued[0], 0);
        queued[0] = 0;
        if (ac__task_take(&task[0]) & AC__TASK_CANCELLED) {
            ac__lock_acquire(&node.lock);
            node.linked = false;
            ac__lock_release(&node.lock);
            end_task(AC__TASK_DROPPED);
        } else if (poll() == AC_READY) {
            end_task(0);
        } else if (ac__task_sleep(&task[0], false)) {
            ac__task_push(&task[0]);
        }
    }
}
static void setup_spurious(void)
{
    setup();
    spurious = 2;
}
static void setup_handle(void)
{
    setup();
    task[0].state += AC__TASK_REFERENCE;
}

static void waker(void)
{
    bool push = false;
    ac__lock_acquire(&node.lock);
    node.open = true;
    if (node.linked) {
        node.linked = false;
        ac__atomic_store(&node.state, FIRING, relaxed);
        push = ac__task_notify(&task[0]);
        ac__atomic_store(&node.state, FIRED, release);
    }
    ac__lock_release(&node.lock);
    if (push) ac__task_push(&task[0]);
}
static void aborter(void) { abort_task(0); }
static void check(void) { EXPECT(done && freed_times[0] == 1 && !node.linked); }

int main(void)
{
    static const struct scenario scenarios[] = {
        { "wake: a waker under a lock", setup, { worker, waker }, check, 6, 400000 },
        { "wake: polled for other reasons too", setup_spurious, { worker, waker }, check, 6, 400000 },
        { "wake: against an abort", setup_handle, { worker, waker, aborter }, check, 4, 400000 },
    };
    return explore_all(scenarios, sizeof scenarios / sizeof *scenarios);
}

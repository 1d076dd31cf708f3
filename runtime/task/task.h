/* The task: one allocation, made of this header and, right behind it, the future that was spawned (its result inside).
 *
 * The state word holds everything about the task that more than one thread may decide at once. Its bits:
 *
 *   RUNNING    a thread is in its poll (or its drop): only that thread touches the frame
 *   NOTIFIED   it is to be polled: it is in a queue or about to be pushed; or, beside RUNNING, polled once more
 *   COMPLETE   the frame is gone and the result, unless DROPPED, is there; nothing changes but the count from here on
 *   CANCELLED  somebody asked for its abort: the thread that takes it next drops the frame instead of polling it
 *   JOINER     `joiner` holds a counted pointer to the task that waits for the end of this one
 *   DROPPED    beside COMPLETE: ended by an abort or by the runtime's shutdown, there is no result
 *   FRESH      never polled
 *
 * Neither RUNNING, NOTIFIED nor COMPLETE: it sleeps, and somebody holds its waker. The moves:
 *
 *   spawn        FRESH|NOTIFIED, one reference for being incomplete and one for the handle if there is one
 *   take         NOTIFIED -> RUNNING                by the thread that popped it: exclusive-or, both bits are known
 *   sleep        RUNNING -> nothing                 after AC_PENDING; NOTIFIED found beside it means: push it again
 *   notify       + NOTIFIED                         from any thread; whoever adds it to a sleeping task must push it
 *   abort        + NOTIFIED + CANCELLED             the same
 *   complete     RUNNING -> COMPLETE                and the reference for being incomplete is let go of
 *
 * The rest of the word: flags that never change after the spawn, and in the upper half the count of references: one
 * while it is incomplete, one a handle, one a counted waker. A zero word is a free cell, so that a walk over the
 * slabs can tell.
 *
 * Locked instructions are most of what a scheduler costs (each 5 to 8 ns), so they are left out where nobody else
 * can hold the task: with a count of one and FRESH there is neither handle nor waker, and taking it is a plain
 * store; with a count of one after a poll that gave AC_READY there is none either (see wake.h: a leaf is not ready
 * before its waker has let go), and it is freed without any. A detached task that never sleeps costs none on its
 * state word. */
#ifndef ASYNCC_TASK_TASK_H
#define ASYNCC_TASK_TASK_H
#include "asyncc/future.h"
#include "base/atomic.h"
#include "task/wake.h"

struct ac__task_local;

/* Where a task belongs: to the workers of a runtime together, or to one thread. */
struct ac__home {
    ac_runtime *runtime;
    struct ac__worker *local; /* NULL: any worker of the runtime may run it */
};

struct ac__task {
    uint64_t state;
    struct ac__task *link; /* the next in whatever queue it is in */
    const ac_descriptor *type;
    struct ac__home *home;
    struct ac__task *joiner; /* see JOINER */
    struct ac__frame *leaf;  /* the pool frame at which it resumes; NULL: its own frame */
    uint64_t id;
    struct ac__task_local *locals; /* values of its task-locals */
};
_Static_assert(sizeof(struct ac__task) <= 64, "the header of a sleeping task");

#define AC__TASK_RUNNING UINT64_C(1)
#define AC__TASK_NOTIFIED UINT64_C(2)
#define AC__TASK_COMPLETE UINT64_C(4)
#define AC__TASK_CANCELLED UINT64_C(8)
#define AC__TASK_JOINER UINT64_C(16)
#define AC__TASK_DROPPED UINT64_C(32)
#define AC__TASK_FRESH UINT64_C(64)
/* Constant after the spawn. */
#define AC__TASK_BLOCKING UINT64_C(256)       /* a plain call for the blocking pool */
#define AC__TASK_ROOT UINT64_C(512)           /* of ac_block_on: its storage is the caller's */
#define AC__TASK_OUTSIZED UINT64_C(1024)      /* not from a slab */
#define AC__TASK_UNCONSTRAINED UINT64_C(2048) /* no budget; written by the task itself, while RUNNING */
#define AC__TASK_BOUND UINT64_C(4096)         /* never leaves the thread that spawned it */
#define AC__TASK_WATCHED UINT64_C(8192)       /* beside JOINER: `joiner` holds a watcher instead (watch.h) */
#define AC__TASK_REFERENCE (UINT64_C(1) << 32)

static inline uint64_t ac__task_references(uint64_t state) { return state >> 32; }

/* A handle is the task's address with the low bits of its id in those that the alignment of cells leaves free. A cell
 * that was let go of is soon another task's; a handle that was kept beyond its task then names it with the wrong bits
 * (all but one in sixteen times), and is caught. Cells of tasks hold nothing but tasks, so there always is an id. */
enum { AC__HANDLE_TAG = 15 };
static inline void *ac__handle_of(struct ac__task *task) { return (char *)task + (task->id & AC__HANDLE_TAG); }
_Noreturn void ac__handle_stale(const char *call);
/* The task of a handle, which may be NULL; stops the program, naming the call, when the handle is stale. */
static inline struct ac__task *ac__task_of_handle(const void *handle, const char *call)
{
    uintptr_t word = (uintptr_t)handle;
    struct ac__task *task = (struct ac__task *)(word & ~(uintptr_t)AC__HANDLE_TAG);
    if (ac__unlikely(task && (ac__atomic_load(&task->state, relaxed) == 0 || ((task->id ^ word) & AC__HANDLE_TAG))))
        ac__handle_stale(call);
    return task;
}

static inline void *ac__task_future(struct ac__task *task) { return task + 1; }
static inline struct ac__task *ac__task_of_future(void *future) { return (struct ac__task *)future - 1; }

/* --- state.c -------------------------------------------------------------------------------------------------------*/

/* Takes a task that was popped from a queue; the state before it. */
static inline uint64_t ac__task_take(struct ac__task *task)
{
    uint64_t state = ac__atomic_load(&task->state, acquire);
    uint64_t change = AC__TASK_NOTIFIED | AC__TASK_RUNNING | (state & AC__TASK_FRESH);
    if ((state & AC__TASK_FRESH) && ac__task_references(state) == 1) {
        ac__atomic_store(&task->state, state ^ change, relaxed);
        return state;
    }
    /* acquire: all that any waker did before its notification, which this exchange follows in the word's history. */
    return ac__atomic_xor(&task->state, change, acq_rel);
}

/* After AC_PENDING. True: it was notified meanwhile (or `again`), is NOTIFIED now, and the caller must push it.
 * Otherwise it may be running elsewhere, or be gone, when this returns. */
bool ac__task_sleep(struct ac__task *task, bool again);
/* The frame is gone. `dropped`: 0 or AC__TASK_DROPPED. Wakes the joiner, lets go of the task. */
void ac__task_complete(struct ac__task *task, uint64_t dropped);
/* Takes a task that sleeps or never ran, for the drop at shutdown. False: it is complete, or NOTIFIED, so that it
 * will show up in a queue. */
bool ac__task_seize(struct ac__task *task);
/* One step: notify, and let go of the counted pointer. True: push it; the pin of NOTIFIED is enough for that. */
bool ac__task_notify_release(struct ac__task *task);

/* --- run.c ---------------------------------------------------------------------------------------------------------*/

/* How a poll that was run ended. */
enum ac__ran {
    AC__RAN_OFF,   /* it sleeps or has ended: not to be touched any more */
    AC__RAN_AGAIN, /* NOTIFIED: to be pushed behind the others */
    AC__RAN_YIELD  /* NOTIFIED: to be pushed when the others and the driver had their turn */
};
/* Polls (or drops, if cancelled) a task popped from a queue of this worker. */
enum ac__ran ac__task_run(struct ac__task *task, struct ac__worker *worker);
/* Drops the frame of a task that is RUNNING, from its innermost pool frame outwards, and ends it, on this worker's
 * thread. */
void ac__task_drop_running(struct ac__task *task, struct ac__worker *worker);
/* The last reference is gone. */
void ac__task_free(struct ac__task *task);

#endif

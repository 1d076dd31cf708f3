/* The future convention: what a suspended computation looks like to the code that runs it.
 *
 * A *future* NAME is a struct and three functions:
 *
 *     struct NAME_future                      the frame: everything kept while it waits
 *     void NAME_init(self, arguments...)      makes it; nothing runs yet
 *     int  NAME_poll(self, context)           runs it until it is done (AC_READY) or must wait (AC_PENDING)
 *     void NAME_drop(self)                    ends one that was made and is not done; it lets go of all it holds
 *
 * and, where it gives a value, a member `result` of that type, valid after AC_READY until the storage is reused.
 * Exactly one of the two ends every future that was made: a poll that gives AC_READY, or a drop. After either its
 * storage may be reused without more ado. A poll that gives AC_PENDING has seen to it that the task `context->task` is
 * woken when polling again may help. A frame does not move between its init and its end.
 *
 * Generated code follows the same convention under the names `ac__NAME_…`; docs/future-abi.md has the whole of it,
 * with a future written by hand. */
#ifndef ASYNCC_FUTURE_H
#define ASYNCC_FUTURE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a poll gives. Values above AC_READY are private to generated code (a branch of a gather that leaves it). */
enum { AC_PENDING = 0, AC_READY = 1 };

typedef struct ac_context ac_context;
typedef struct ac_descriptor ac_descriptor;
typedef struct ac_runtime ac_runtime;
struct ac__task;
struct ac__worker;
struct ac__frame;

/* Handed down through every poll; lives on the stack of the thread that polls, one per poll of a task. */
struct ac_context {
    struct ac__task *task;     /* the task that is polled: whom a leaf has to wake */
    struct ac__worker *worker; /* the worker that polls; NULL on a thread that is none (ac_block_on from outside) */
    struct ac__frame *current; /* the innermost pool frame whose poll is under way; NULL in the task's own frame */
    struct ac__frame *leaf;    /* the pool frame at which the task is to be resumed; NULL: at its own frame */
    uint32_t budget;           /* operations left before the task must yield; leaves count it down */
    uint32_t indirect;         /* how many select, gather, within, run_until lie between here and `current` */
    int64_t now;               /* ac_now() as first asked for in this poll; 0: not asked yet */
    void *reserved[4];
};

/* --- What a future says of itself: read by spawn, by task dumps, by debugger scripts. Constant data. -------------- */

enum ac_state_kind { AC_STATE_AWAIT = 1, AC_STATE_SELECT, AC_STATE_GATHER };

/* Something a suspended future waits for. */
typedef struct ac_child_info {
    const char *awaits;        /* the callee as the user wrote it: "ac_sleep" */
    const ac_descriptor *type; /* what lies at `offset`; NULL: a `struct ac__frame *` lies there */
    uint32_t offset;           /* in the frame */
    uint32_t line;
} ac_child_info;

/* State k of a future (k from 1; 0 is "made, not polled") is states[k - 1]. */
typedef struct ac_state_info {
    uint32_t line;
    uint16_t kind;        /* enum ac_state_kind */
    uint16_t n_children;  /* AWAIT: 1; SELECT: arms, behind which stands one child more, without a name: at its
                           * `offset` lies a mask of `line` bytes, whose bits say which arms run; GATHER:
                           * branches (strands, not children) */
    uint32_t first_child; /* index into children; for a GATHER: into strands */
    uint32_t first_local; /* index into live: the locals that hold values in this state */
    uint32_t n_locals;
} ac_state_info;

typedef struct ac_local_info {
    const char *name, *type;
    uint32_t offset, size;
} ac_local_info;

/* One line of control in a frame: the function itself (strand 0) or a branch of a gather. Of a branch, 0 says that it
 * has ended, a number above n_states that it has not started. */
typedef struct ac_strand_info {
    uint32_t offset, size; /* of the unsigned integer that holds its state */
    uint32_t line;
} ac_strand_info;

struct ac_descriptor {
    const char *name; /* as the user wrote it */
    const char *file; /* as the compiler was given it */
    uint32_t line;
    uint32_t size, align;                /* of struct NAME_future */
    uint32_t result_offset, result_size; /* of its member `result`; 0, 0: none */
    int (*poll)(void *self, ac_context *);
    void (*drop)(void *self);
    int (*describe)(const void *self, char *text, size_t room); /* leaves: what it waits for, as snprintf; or NULL */
    const ac_state_info *states;
    const ac_child_info *children;
    const ac_strand_info *strands;
    const ac_local_info *locals;
    const uint16_t *live; /* indices into locals */
    uint32_t n_states, n_strands, n_locals;
    uint32_t reserved;
};

/* --- For generated code ----------------------------------------------------------------------------------------------
 * Refused at link when the library is another: every output refers to it. */
extern const char ac__abi_1;

/* A frame from the pool of the worker: for a call through a pointer, into another file or round a recursion. The
 * future follows at ac__frame_future(). Made by ac__frame_new (callee known) or by the call slot (below); stops the
 * program with a message when memory is out. Freed by its caller with ac__frame_free once polled to AC_READY and its
 * result read, or ended by ac__frame_drop, which drops the future unless it is done and frees. */
struct ac__frame {
    const ac_descriptor *type;
    struct ac__frame *parent; /* the pool frame that awaits it; NULL: the task's own frame */
    uint32_t done;            /* 1: polled to AC_READY; 2: dropped already (deep chains are dropped from the leaf) */
    uint32_t reserved;
    void *link; /* the pool's */
};
#define AC__FRAME_ALIGN 16
static inline void *ac__frame_future(struct ac__frame *frame)
{
    return (char *)frame + (sizeof *frame + AC__FRAME_ALIGN - 1) / AC__FRAME_ALIGN * AC__FRAME_ALIGN;
}
static inline void *ac__frame_result(struct ac__frame *frame)
{
    return (char *)ac__frame_future(frame) + frame->type->result_offset;
}
struct ac__frame *ac__frame_new(ac_context *cx, const ac_descriptor *type);
void ac__frame_free(ac_context *cx, struct ac__frame *frame);
void ac__frame_drop(struct ac__frame *frame);

/* Polls a pool frame. One that is done says so at once: the task may have resumed it directly, below its caller. */
static inline int ac__frame_poll(struct ac__frame *frame, ac_context *cx)
{
    if (frame->done) return AC_READY;
    struct ac__frame *above = cx->current;
    uint32_t indirect = cx->indirect;
    frame->parent = above;
    cx->current = frame;
    cx->indirect = 0;
    int polled = frame->type->poll(ac__frame_future(frame), cx);
    cx->current = above;
    cx->indirect = indirect;
    if (polled == AC_READY) frame->done = 1;
    else if (indirect) cx->leaf = NULL; /* a select or the like lies above: it must be polled, so resume above it */
    else if (!cx->leaf) cx->leaf = frame;
    return polled;
}

/* Ends what `++cx->indirect` before a poll began: that poll lay below a select, gather, within or run_until. */
static inline int ac__less_indirect(ac_context *cx, int polled)
{
    cx->indirect--;
    return polled;
}

/* The call slot: how an async function is called where only its C type is known. Each async function f is also a real
 * C function f of its declared type, which asks ac__enter for a frame of its own descriptor, stores its arguments
 * there and returns a meaningless value. The caller evaluates the arguments, arms the slot of this thread, calls, and
 * takes the frame. ac__enter stops the program, naming the function, when no slot is armed: a direct call from plain
 * C. */
void ac__slot_await(ac_context *cx);                                 /* the next one entered gets a pool frame */
void ac__slot_spawn(ac_context *cx, ac_runtime *rt, unsigned flags); /* … becomes a task */
void *ac__enter(const ac_descriptor *type);                          /* called by f: where its future is to be made */
struct ac__frame *ac__slot_frame(void);                              /* takes what ac__slot_await gave */
void *ac__slot_task(void); /* starts it; the handle, NULL: detached or no memory */

/* Tasks. `flags`: */
enum { AC__SPAWN_LOCAL = 1, AC__SPAWN_BLOCKING = 2, AC__SPAWN_DETACHED = 4 };
/* Storage for a task's future: make the future in it, then call ac__spawn_end, which starts it and gives the handle
 * (NULL if detached). cx may be NULL (a plain function: the runtime of this thread is asked for); rt NULL: the one
 * that runs here. No memory: ac__spawn_begin gives NULL; then nothing is started and the handle is NULL. A blocking
 * task's poll is run on the blocking pool, once, and gives AC_READY. */
void *ac__spawn_begin(ac_context *cx, ac_runtime *rt, const ac_descriptor *type, unsigned flags);
void *ac__spawn_end(ac_context *cx, void *future);
/* Runs a future made by the caller to its end on this thread. */
void ac__block_on(ac_runtime *rt, const ac_descriptor *type, void *future);
/* `async int main`: begin gives storage for main's future on a new runtime, end runs it, shuts down, gives the exit
 * status. */
void *ac__main_begin(const ac_descriptor *type);
int ac__main_end(void *future);

/* Handles: takes the value of a handle variable and sets it to NULL. `variable` points to a pointer of any type. */
static inline void *ac__take(void *variable)
{
    void *handle, *none = NULL;
    __builtin_memcpy(&handle, variable, sizeof handle);
    __builtin_memcpy(variable, &none, sizeof none);
    return handle;
}

/* A number below n from the runtime's seeded generator (the start of a select). */
uint32_t ac__random(ac_context *cx, uint32_t n);
/* Stop the program with a message that names the task and this place. */
_Noreturn void ac__select_all_disabled(const char *file, unsigned line);
_Noreturn void ac__resumed_finished(const char *file, unsigned line);

#ifdef __cplusplus
}
#endif
#endif

/* Waiting for a task to end.
 *
 * The joiner leaves a counted pointer to its own task in the task it waits for and sets JOINER, in that order;
 * completing reads them in the other order. Whoever changes the state word from a state with JOINER and without
 * COMPLETE owns the pointer: the completing thread, which wakes and releases it, or the joiner that gives up, which
 * releases it. */
#include "asyncc/task.h"
#include "base/fatal.h"
#include "task/task.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The future is one word: a pointer, whose low bits say to what. Both pointees are aligned to more than that. */
enum { REGISTERED = 1, TAKEN = 2, TAGS = 3 };

static struct ac__task *taken(const struct ac_op_join_future *self)
{
    return self->ac__word & TAKEN ? (struct ac__task *)(self->ac__word & ~(uintptr_t)TAGS) : NULL;
}

static struct ac__task *handle_in(const struct ac_op_join_future *self, const char *call)
{
    void *handle;
    memcpy(&handle, (const void *)(self->ac__word & ~(uintptr_t)TAGS), sizeof handle);
    return ac__task_of_handle(handle, call);
}

/* False: it has completed, and nothing was registered. */
static bool enlist(struct ac_op_join_future *self, struct ac__task *task, struct ac__task *joiner)
{
    uint64_t state = ac__atomic_load(&task->state, relaxed);
    if (state & AC__TASK_JOINER) ac__fatal("ac_join of %s: another task waits for it already", task->type->name);
    task->joiner = joiner;
    ac__task_retain(joiner);
    if (!(ac__atomic_or(&task->state, AC__TASK_JOINER, acq_rel) & AC__TASK_COMPLETE)) {
        self->ac__word |= REGISTERED;
        return true;
    }
    /* It completed between the caller's look and now, without having seen us: take the bit and the pointer back. */
    ac__atomic_and(&task->state, ~AC__TASK_JOINER, relaxed);
    ac__task_release(joiner);
    return false;
}

/* The handle in the variable keeps the task, and task->joiner is read before anybody can take our place. */
static void give_up(struct ac_op_join_future *self)
{
    struct ac__task *task = handle_in(self, "ac_join"), *joiner = task->joiner;
    uint64_t before = ac__atomic_and(&task->state, ~AC__TASK_JOINER, acq_rel);
    if (!(before & AC__TASK_COMPLETE)) ac__task_release(joiner);
    self->ac__word &= ~(uintptr_t)REGISTERED;
}

/* Has it ended? Then the handle is taken. */
static bool join_poll(struct ac_op_join_future *self, ac_context *cx, const char *call)
{
    struct ac__task *task = handle_in(self, call);
    if (!task) ac__fatal("%s: the handle is NULL (joined already, or never spawned)", call);
    uint64_t state = ac__atomic_load(&task->state, acquire);
    if (!(state & AC__TASK_COMPLETE)) {
        if (self->ac__word & REGISTERED) return false;
        if (task == cx->task) ac__fatal("%s: the task would wait for itself", call);
        if (enlist(self, task, cx->task)) return false;
    }
    if (!ac__budget(cx)) return false;
    /* The joiner's pointer, if one was registered, is the completing thread's now. */
    ac__take((void *)(self->ac__word & ~(uintptr_t)TAGS));
    self->ac__word = (uintptr_t)task | TAKEN;
    return true;
}

int ac_op_join_poll(struct ac_op_join_future *self, ac_context *cx)
{
    if (!join_poll(self, cx, "ac_join")) return AC_PENDING;
    struct ac__task *task = taken(self);
    if (ac__atomic_load(&task->state, relaxed) & AC__TASK_DROPPED)
        ac__fatal("ac_join: the task %s was aborted; ac_join_result tells so instead", task->type->name);
    return AC_READY;
}

const void *ac_op_join_value(const struct ac_op_join_future *self)
{
    struct ac__task *task = taken(self);
    return (const char *)ac__task_future(task) + task->type->result_offset;
}

/* Registered: waits no more. Ready: the value has been used. */
void ac_op_join_drop(struct ac_op_join_future *self)
{
    struct ac__task *task = taken(self);
    if (task) ac__task_release(task);
    else if (self->ac__word & REGISTERED) give_up(self);
}

int ac_op_join_result_poll(struct ac_op_join_result_future *self, ac_context *cx)
{
    if (!join_poll(&self->join, cx, "ac_join_result")) return AC_PENDING;
    struct ac__task *task = taken(&self->join);
    bool dropped = (ac__atomic_load(&task->state, relaxed) & AC__TASK_DROPPED) != 0;
    if (!dropped && self->out)
        memcpy(self->out, (const char *)ac__task_future(task) + task->type->result_offset, self->size);
    self->result = dropped ? -ECANCELED : 0;
    ac__task_release(task);
    return AC_READY;
}

void ac_op_join_result_drop(struct ac_op_join_result_future *self) { ac_op_join_drop(&self->join); }

static int describe(const void *future, char *text, size_t room)
{
    const struct ac_op_join_future *self = future;
    struct ac__task *task = taken(self);
    if (!task && !(task = handle_in(self, "ac_join"))) return snprintf(text, room, "join");
    return snprintf(text, room, "task %llu (%s)", (unsigned long long)task->id, task->type->name);
}

const ac_descriptor ac_op_join_descriptor = { .name = "ac_join",
                                              .file = __FILE__,
                                              .size = sizeof(struct ac_op_join_future),
                                              .align = _Alignof(struct ac_op_join_future),
                                              .poll = (int (*)(void *, ac_context *))ac_op_join_poll,
                                              .drop = (void (*)(void *))ac_op_join_drop,
                                              .describe = describe };
const ac_descriptor ac_op_join_result_descriptor = { .name = "ac_join_result",
                                                     .file = __FILE__,
                                                     .size = sizeof(struct ac_op_join_result_future),
                                                     .align = _Alignof(struct ac_op_join_result_future),
                                                     .result_offset = offsetof(struct ac_op_join_result_future, result),
                                                     .result_size = sizeof(int),
                                                     .poll = (int (*)(void *, ac_context *))ac_op_join_result_poll,
                                                     .drop = (void (*)(void *))ac_op_join_result_drop,
                                                     .describe = describe };

/* Tasks: what `spawn` starts, and what may be done with its handle.
 *
 * A handle `ac_task(T)` is held by one owner at a time. ac_join and ac_detach consume it: a variable given there is
 * set to NULL, so that `defer ac_detach(t)` after a join is right. Dropping the handle does not stop the task;
 * ac_abort does. */
#ifndef ASYNCC_TASK_H
#define ASYNCC_TASK_H
#include "future.h"
#include "handle.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- The cooperative budget ------------------------------------------------------------------------------------------
 * A task may do 128 operations that are ready at once in one poll; then it must let others run. A leaf that would be
 * ready asks ac__budget(cx) first; told no, it gives AC_PENDING: the task has been put behind the others to be polled
 * again. */
bool ac__budget_spent(ac_context *cx);
static inline bool ac__budget(ac_context *cx)
{
    if (__builtin_expect(cx->budget == 0, 0)) return ac__budget_spent(cx);
    cx->budget--;
    return true;
}
/* Gives back what ac__budget took, when the operation turned out not to be ready. */
static inline void ac__budget_return(ac_context *cx) { cx->budget++; }

/* --- Handles ---------------------------------------------------------------------------------------------------------
 * From any thread, in or outside tasks. */

/* Asks the task to stop: it ends at the await where it stands, its defers run, on the worker (for a local task: the
 * thread) that would have polled it next, not in this call. A task that has ended is left as it is. A queued
 * spawn_blocking call runs all the same. Does not consume the handle; NULL is ignored. */
void ac_abort(void *task);
/* Lets go of the handle; the task runs on. NULL is ignored. */
AC__CONSUMES void ac_detach(void *task);
/* Has it ended, by itself or by an abort? */
bool ac_is_finished(const void *task);
/* A number no other task of the process has had or will have; 0 for NULL. ac_task_current_id gives that of the task
 * that runs here, 0 outside tasks. */
uint64_t ac_task_id(const void *task);
uint64_t ac_task_current_id(void);
/* The name of the function that was spawned. Constant storage. */
const char *ac_task_name(const void *task);

/* --- In a task -----------------------------------------------------------------------------------------------------*/

/* Lets the other tasks that are ready, and the driver, go first. Cancelling it loses nothing. */
ac_async void ac_yield(void);

struct ac_yield_future {
    uint32_t polled;
};
void ac__yield(ac_context *cx);
static inline void ac_yield_init(struct ac_yield_future *self) { self->polled = 0; }
static inline int ac_yield_poll(struct ac_yield_future *self, ac_context *cx)
{
    if (self->polled) return AC_READY;
    self->polled = 1;
    ac__yield(cx);
    return AC_PENDING;
}
static inline void ac_yield_drop(struct ac_yield_future *self) { (void)self; }
extern const ac_descriptor ac_yield_descriptor;

/* Takes the budget away from the task that calls it (true), or puts it back: for a task that must not give way. */
void ac_unconstrained(bool on);
/* Calls a function that blocks, on this thread, while another takes over the worker and its queue. On a
 * current-thread runtime, and where no thread can be had, it is simply called. Anywhere; outside a task it is a
 * plain call. */
void ac_block_in_place(void (*call)(void *argument), void *argument);

/* Values that belong to a task: a static variable `static ac_task_local(int) request;` is the key, each task has its
 * own value, none until it is set. Visible in defers; gone when the task ends. Only in a task. */
#define ac_task_local(T) AC__HANDLE(T, AC__TASK_LOCAL)
/* int ac_task_local_set(ac_task_local(T) local, T value): 0 or -ENOMEM. */
#define ac_task_local_set(local, v) ac__task_local_set(&(local), AC__IN(local, v), sizeof(AC__T(local)))
/* T *ac_task_local_get(ac_task_local(T) local): a pointer to the task's value, valid until the task ends; NULL: it
 * was not set. */
#define ac_task_local_get(local) ((AC__T(local) *)ac__task_local_get(&(local)))
int ac__task_local_set(const void *key, const void *value, size_t size);
void *ac__task_local_get(const void *key);

/* --- Joining: ac_join and ac_join_result of words.h are these -------------------------------------------------------
 * `handle` points to the variable that holds the handle (accessed as bytes). It must hold one. */

/* AC_READY: the variable has been set to NULL and ac_op_join_value points to the result, until the drop. Here the
 * drop is called in every case, also after AC_READY: it lets go of the task. Stops the program when the task was
 * aborted. Cancelling it loses nothing: the handle stays. One word, so that a frame that only joins stays small. */
struct ac_op_join_future {
    uintptr_t ac__word; /* where the handle's variable is; plus 1: registered with its task; or, plus 2, the task
                         * taken */
};
static inline void ac_op_join_init(struct ac_op_join_future *self, void *handle) { self->ac__word = (uintptr_t)handle; }
int ac_op_join_poll(struct ac_op_join_future *self, ac_context *cx);
const void *ac_op_join_value(const struct ac_op_join_future *self);
void ac_op_join_drop(struct ac_op_join_future *self);
extern const ac_descriptor ac_op_join_descriptor;

/* The same, with the value copied to `out` (NULL: dropped; `size` bytes) and `result` 0, or -ECANCELED when the task
 * was aborted. An ordinary future: dropped only when not ready. */
struct ac_op_join_result_future {
    struct ac_op_join_future join;
    void *out;
    size_t size;
    int result;
};
static inline void ac_op_join_result_init(struct ac_op_join_result_future *self, void *handle, void *out, size_t size)
{
    ac_op_join_init(&self->join, handle);
    self->out = out;
    self->size = size;
    self->result = 0;
}
int ac_op_join_result_poll(struct ac_op_join_result_future *self, ac_context *cx);
void ac_op_join_result_drop(struct ac_op_join_result_future *self);
extern const ac_descriptor ac_op_join_result_descriptor;

#ifdef __cplusplus
}
#endif
#endif

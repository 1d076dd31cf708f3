/* Groups of tasks: a task set owns its members and gives their results as they finish; a task tracker only counts. */
#ifndef ASYNCC_TASK_SET_H
#define ASYNCC_TASK_SET_H
#include "wait.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- Task sets ---------------------------------------------------------------------------------------------------- */

/* Tasks with results of type T, owned together: the next one to finish can be awaited, all can be aborted at once, and
 * ending the set aborts those that still run.
 *
 *     ac_task_set(int) set;
 *     ac_task_set_new(&set);
 *     defer ac_task_set_free(set);
 *     for (int i = 0; i < n; i++) ac_task_set_spawn(set, fetch(i));
 *     int got;
 *     while (await ac_task_set_join(set, &got) > 0) …
 *
 * A member costs a small cell beside its task until it is joined. */
#define ac_task_set(T) AC__HANDLE(T, AC__TASK_SET)

/* int ac_task_set_new(ac_task_set(T) *set): makes a set. 0 or -ENOMEM. Anywhere. */
#define ac_task_set_new(set) ac__task_set_new((1 ? (set) : (AC__HANDLE(AC__T(*(set)), AC__TASK_SET) *)0))
/* int ac_task_set_add(ac_task_set(T) set, ac_task(T) task)
 * Takes over a task: an ac_task(T) variable, which is NULL afterwards. 0, or -ENOMEM: then the task runs on, detached.
 * A task that is NULL (a spawn that had no memory) gives -ENOMEM too. Anywhere. */
#define ac_task_set_add(set, task) ((void)sizeof(1 ? (task) : (ac_task(AC__T(set)))0), ac__task_set_add((task), (set)))
/* int ac_task_set_spawn(ac_task_set(T) set, f(…))
 * Starts `f(…)` as a member. 0, or -ENOMEM: then it was not started, or is aborted. Where spawn may stand. */
#define ac_task_set_spawn(set, ...) ac__task_set_spawn((1 ? ac_spawn(__VA_ARGS__) : (ac_task(AC__T(set)))0), (set))
/* size_t ac_task_set_len(ac_task_set(T) set): how many members were not joined yet, finished or not. Anywhere. */
#define ac_task_set_len(set) ac__task_set_len(set)
/* void ac_task_set_abort_all(ac_task_set(T) set)
 * Asks every member to stop where it waits, as ac_abort does. They still have to be joined (or the set freed); one that
 * has finished still gives its value. Anywhere. */
#define ac_task_set_abort_all(set) ac__task_set_abort_all(set)
/* void ac_task_set_detach_all(ac_task_set(T) set)
 * Lets all members run on by themselves; the set is empty then. Anywhere. */
#define ac_task_set_detach_all(set) ac__task_set_detach_all(set)
/* void ac_task_set_free(ac_task_set(T) set)
 * Ends a set: aborts all members that still run and forgets them. Does not wait for them to have stopped: for that,
 * ac_task_set_abort_all and join until 0. Freeing a set that is awaited stops the program. NULL is a no-op.
 * Anywhere. */
#define ac_task_set_free(set) ac__task_set_free(set)

/* async int ac_task_set_join(ac_task_set(T) set, T *out)
 * Waits for the next member to finish, in the order in which they finish, and takes it out of the set:
 *   1            it returned, and its value is in *out (NULL: not wanted)
 *   -ECANCELED   it was aborted
 *   0            the set is empty
 * Several tasks may wait: each member goes to one of them, and the end to all. Cancelling it loses nothing: a member is
 * taken out in the poll that gives it. Only in a task. */
#define ac_task_set_join(set, out) ac_op_task_set_join((set), AC__OUT(set, out))
/* int ac_task_set_try_join(ac_task_set(T) set, T *out)
 * The same without waiting; -EAGAIN: none has finished. Anywhere. */
#define ac_task_set_try_join(set, out) ac__task_set_try_join((set), AC__OUT(set, out))

int ac__task_set_new(void *set);
AC__CONSUMES int ac__task_set_add(void *task, void *set);
int ac__task_set_spawn(void *task, void *set);
size_t ac__task_set_len(void *set);
void ac__task_set_abort_all(void *set);
void ac__task_set_detach_all(void *set);
AC__CONSUMES void ac__task_set_free(void *set);
int ac__task_set_try_join(void *set, void *out);

ac_async int ac_op_task_set_join(void *set, void *out);
struct ac_op_task_set_join_future {
    struct ac__waiter waiter;
    void *set, *out;
    int result, reserved;
};
AC__AWAITABLE(ac_op_task_set_join);
static inline void ac_op_task_set_join_init(struct ac_op_task_set_join_future *self, void *set, void *out)
{
    self->set = set;
    self->out = out;
    self->waiter.state = AC__UNQUEUED;
}
static inline int ac_op_task_set_join_poll(struct ac_op_task_set_join_future *self, ac_context *cx)
{
    return ac__still_waiting(&self->waiter) ? AC_PENDING : ac_op_task_set_join_poll_slow(self, cx);
}
static inline void ac_op_task_set_join_drop(struct ac_op_task_set_join_future *self)
{
    if (ac__ever_queued(&self->waiter)) ac_op_task_set_join_drop_slow(self);
}

/* --- Task trackers ------------------------------------------------------------------------------------------------ */

/* Counts what is under way, so that a shutdown can wait for the last of it. It owns no task and keeps no result:
 * whoever is tracked enters before it starts and leaves when it ends, however it ends:
 *
 *     static ac_task_tracker open_connections;                 // all zero is valid
 *     async void serve(int fd) { defer ac_task_tracker_leave(&open_connections); … }
 *     …
 *     ac_task_tracker_enter(&open_connections);
 *     spawn(serve(fd));
 *     …
 *     ac_task_tracker_close(&open_connections);
 *     await ac_task_tracker_wait(&open_connections);
 *
 * The defer stands at the head of the task's body, so it runs even if the task is dropped before it began. A wait ends
 * only when the tracker is closed *and* nothing is under way: so it does not end too early, between two tasks. A closed
 * tracker still lets things enter. Its memory may be reused as soon as a wait for it has ended. */
typedef struct ac_task_tracker {
    uint64_t word; /* twice the number under way, plus one if closed; atomic */
    uint32_t lock, reserved;
    struct ac__waiter *waiters;
} ac_task_tracker;

/* clang-format off */
#define AC_TASK_TRACKER_INIT { 0, 0, 0, 0 }
/* clang-format on */

/* Anywhere, from any thread. Leaving what was not entered stops the program. */
void ac_task_tracker_enter(ac_task_tracker *tracker);
void ac_task_tracker_leave(ac_task_tracker *tracker);
/* Lets waits end. False: it was closed already. */
bool ac_task_tracker_close(ac_task_tracker *tracker);
/* Waits no longer end. False: it was open already. */
bool ac_task_tracker_reopen(ac_task_tracker *tracker);
/* Whether waits may end, and how many are under way, at this moment. */
bool ac_task_tracker_is_closed(const ac_task_tracker *tracker);
size_t ac_task_tracker_len(const ac_task_tracker *tracker);

/* Waits until the tracker is closed and nothing is under way. Any number of tasks may wait. Who waits when that comes
 * to be is let go even if something enters right after. Cancelling it loses nothing. */
ac_async void ac_task_tracker_wait(ac_task_tracker *tracker);

struct ac_task_tracker_wait_future {
    struct ac__waiter waiter;
    ac_task_tracker *tracker;
};
AC__AWAITABLE(ac_task_tracker_wait);
static inline void ac_task_tracker_wait_init(struct ac_task_tracker_wait_future *self, ac_task_tracker *tracker)
{
    self->tracker = tracker;
    self->waiter.state = AC__UNQUEUED;
}
static inline int ac_task_tracker_wait_poll(struct ac_task_tracker_wait_future *self, ac_context *cx)
{
    return ac__still_waiting(&self->waiter) ? AC_PENDING : ac_task_tracker_wait_poll_slow(self, cx);
}
static inline void ac_task_tracker_wait_drop(struct ac_task_tracker_wait_future *self)
{
    if (ac__ever_queued(&self->waiter)) ac_task_tracker_wait_drop_slow(self);
}

#ifdef __cplusplus
}
#endif
#endif

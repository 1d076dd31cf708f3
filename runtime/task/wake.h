/* Waking: how a primitive gives a task that waits in it another poll.
 *
 * A waiter is a node in a frame, linked into a list of the primitive under the primitive's lock. It *borrows* its
 * task: the frame, and so the node, lives as long as the task is not polled to its end or dropped, and dropping a
 * suspended future takes the same lock to unlink. So a waker, holding the lock: unlinks the node, records in it what
 * it hands over, and calls ac__task_notify. After that it touches the node no more. It may unlock and then call
 * ac__task_push for each task that notify said must be pushed: NOTIFIED pins the task until it has been pushed and
 * polled (or dropped).
 *
 * The other half of that is the poller's. A leaf that is polled again reads its node's word without the lock, so it
 * may see that it was handed something before the waker has called ac__task_notify; were the task to end now, the
 * waker would notify freed memory. So the waker publishes in two steps: it stores "handing over" in the word,
 * notifies, then stores "done" (release), its last touch of the node. A poll that reads "done" (acquire) is ready
 * without more ado; one that reads "handing over" takes the primitive's lock and releases it, which waits the waker
 * out; it must not say AC_PENDING, since the notification may already have been spent. (One word and always taking
 * the lock when it says "done" is right too, and slower.)
 *
 * A slot that is not guarded by a lock (oneshot, the receiver of an mpsc) holds a counted pointer: ac__task_retain
 * when it is stored, ac__task_release by whoever takes it out. ac__task_wake on a counted pointer is safe at any
 * time, also after the task has ended. */
#ifndef ASYNCC_TASK_WAKE_H
#define ASYNCC_TASK_WAKE_H
#include <stdbool.h>

struct ac__task;

/* Makes the NOTIFIED transition. True: the task was idle; the caller must ac__task_push it, soon and exactly once. */
bool ac__task_notify(struct ac__task *task);
/* Puts a notified task on a run queue (its own thread's, for a local task or a blocked ac_block_on). Takes no lock of a
 * primitive; may be called from any thread, also one that is no worker. */
void ac__task_push(struct ac__task *task);
static inline void ac__task_wake(struct ac__task *task)
{
    if (ac__task_notify(task)) ac__task_push(task);
}
void ac__task_retain(struct ac__task *task);
void ac__task_release(struct ac__task *task);

/* Tasks that were notified under a lock and are to be pushed after it: at most this many, then unlock, push, lock
 * again. */
struct ac__wake_list {
    struct ac__task *task[32];
    unsigned count;
};
static inline bool ac__wake_list_full(const struct ac__wake_list *list) { return list->count == 32; }
static inline void ac__wake_list_notify(struct ac__wake_list *list, struct ac__task *task)
{
    if (ac__task_notify(task)) list->task[list->count++] = task;
}
static inline void ac__wake_list_push(struct ac__wake_list *list)
{
    for (unsigned i = 0; i < list->count; i++) ac__task_push(list->task[i]);
    list->count = 0;
}
#endif

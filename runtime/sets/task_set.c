/* Task sets.
 *
 * Each member has a cell that watches its task: when the task ends, the thread that completed it moves the cell from
 * the list of those that run to the list of those that are finished, and wakes one of those who wait for the set. So
 * joining takes constant time however many members there are.
 *
 * A cell belongs to the set while it is in one of the lists. When a set lets go of a member that runs (it is freed, or
 * its members are detached) and it is too late to take the watcher back, the cell becomes an orphan: the thread that is
 * about to report the end finds that out under the lock and frees it. For that the set itself stays as long as anybody
 * may still report: it is counted, one for the user and one for each cell that watches. */
#include "asyncc/task_set.h"
#include "asyncc/task.h"
#include "base/fatal.h"
#include "base/list.h"
#include "mem/slab.h"
#include "sync/leaf.h"
#include "sync/queue.h"
#include "task/watch.h"
#include <errno.h>
#include <string.h>

struct set {
    ac__lock lock;
    uint32_t references; /* atomic */
    size_t len;          /* of both lists */
    struct ac__list running, finished;
    struct ac__waiter *waiters;
};

struct member {
    struct ac__watcher watcher;
    struct ac__list link;
    struct ac__task *task; /* the handle's reference */
    struct set *set;
    bool orphan; /* under the lock of the set */
};

static void release_set(struct set *set)
{
    if (ac__atomic_sub(&set->references, 1, acq_rel) == 1) ac__cell_free(set);
}

static void free_member(struct member *member)
{
    ac__task_release(member->task);
    ac__cell_free(member);
}

/* --- Waking those who wait: one for a member that finished, all for the end --------------------------------------- */

static void wake_one(struct set *set, struct ac__wake_list *woken)
{
    if (set->waiters) ac__waiter_hand(&set->waiters, set->waiters, AC__GRANTED, woken);
}

/* The lock is opened while a full list is pushed; should a member come in meanwhile, those who are woken for nothing
 * wait again. */
static void wake_all_if_empty(struct set *set, struct ac__wake_list *woken)
{
    while (set->len == 0 && set->waiters) {
        if (ac__wake_list_full(woken)) {
            ac__lock_release(&set->lock);
            ac__wake_list_push(woken);
            ac__lock_acquire(&set->lock);
            continue;
        }
        wake_one(set, woken);
    }
}

/* --- Members coming in and finishing ------------------------------------------------------------------------------ */

int ac__task_set_new(void *variable)
{
    struct set *set = ac__cell_alloc(sizeof *set);
    if (set) *set = (struct set){ .references = 1 };
    memcpy(variable, &set, sizeof set);
    return set ? 0 : -ENOMEM;
}

/* On the thread that completed the member's task. */
static void ended(struct ac__watcher *watcher)
{
    struct member *member = ac__container_of(watcher, struct member, watcher);
    struct set *set = member->set;
    struct ac__wake_list woken;
    woken.count = 0;
    ac__lock_acquire(&set->lock);
    bool orphan = member->orphan;
    if (!orphan) {
        ac__list_remove(&member->link);
        ac__list_push_back(&set->finished, &member->link);
        wake_one(set, &woken);
    }
    ac__lock_release(&set->lock);
    ac__wake_list_push(&woken);
    if (orphan) free_member(member);
    release_set(set);
}

int ac__task_set_add(void *handle, void *set_handle)
{
    struct ac__task *task = ac__task_of_handle(handle, "ac_task_set_add");
    struct set *set = set_handle;
    if (!task) return -ENOMEM;
    struct member *member = ac__cell_alloc(sizeof *member);
    if (!member) {
        ac__task_release(task);
        return -ENOMEM;
    }
    *member = (struct member){ .watcher.ended = ended, .task = task, .set = set };
    ac__atomic_add(&set->references, 1, relaxed);
    ac__lock_acquire(&set->lock);
    ac__list_push_back(&set->running, &member->link);
    set->len++;
    /* Registered under the lock: who empties the set finds every member in it either watched or about to be reported.
     * */
    bool complete = !ac__task_watch(task, &member->watcher);
    ac__lock_release(&set->lock);
    if (complete) ended(&member->watcher);
    return 0;
}

int ac__task_set_spawn(void *handle, void *set)
{
    struct ac__task *task = ac__task_of_handle(handle, "ac_task_set_spawn");
    if (task) ac__task_retain(task);
    int error = ac__task_set_add(handle, set);
    if (error && task) ac_abort(handle);
    if (task) ac__task_release(task);
    return error;
}

size_t ac__task_set_len(void *handle)
{
    struct set *set = handle;
    ac__lock_acquire(&set->lock);
    size_t len = set->len;
    ac__lock_release(&set->lock);
    return len;
}

/* --- Letting go of all members ------------------------------------------------------------------------------------ */

/* Aborting under the lock is harmless: it only marks and pushes. */
void ac__task_set_abort_all(void *handle)
{
    struct set *set = handle;
    ac__lock_acquire(&set->lock);
    ac__list_each (link, &set->running) ac_abort(ac__handle_of(ac__list_entry(link, struct member, link)->task));
    ac__lock_release(&set->lock);
}

/* Empties the set, under its lock. Gives how many references to the set are no longer needed. */
static uint32_t forget_all(struct set *set)
{
    uint32_t unwatched = 0;
    struct ac__list *link;
    while ((link = ac__list_pop_front(&set->running)) != NULL) {
        struct member *member = ac__list_entry(link, struct member, link);
        if (ac__task_unwatch(member->task)) {
            free_member(member);
            unwatched++;
        } else {
            member->orphan = true;
        }
    }
    while ((link = ac__list_pop_front(&set->finished)) != NULL) free_member(ac__list_entry(link, struct member, link));
    set->len = 0;
    return unwatched;
}

void ac__task_set_detach_all(void *handle)
{
    struct set *set = handle;
    struct ac__wake_list woken;
    woken.count = 0;
    ac__lock_acquire(&set->lock);
    uint32_t unwatched = forget_all(set);
    wake_all_if_empty(set, &woken);
    ac__lock_release(&set->lock);
    ac__wake_list_push(&woken);
    ac__atomic_sub(&set->references, unwatched, acq_rel); /* the user's is left */
}

void ac__task_set_free(void *handle)
{
    struct set *set = handle;
    if (!set) return;
    ac__lock_acquire(&set->lock);
    if (set->waiters) ac__fatal("ac_task_set_free: a task awaits the set");
    ac__list_each (link, &set->running) ac_abort(ac__handle_of(ac__list_entry(link, struct member, link)->task));
    uint32_t unwatched = forget_all(set);
    ac__lock_release(&set->lock);
    ac__atomic_sub(&set->references, unwatched, acq_rel);
    release_set(set);
}

/* --- Joining ------------------------------------------------------------------------------------------------------ */

/* 1, -ECANCELED, 0: empty, or -EAGAIN: none has finished, and then `waiter`, if there is one, was queued. */
static int take_finished(struct set *set, void *out, struct ac__waiter *waiter, struct ac__task *task)
{
    struct ac__wake_list woken;
    woken.count = 0;
    ac__lock_acquire(&set->lock);
    struct ac__list *link = ac__list_pop_front(&set->finished);
    int result = link ? 1 : set->len == 0 ? 0 : -EAGAIN;
    if (link) {
        set->len--;
        wake_all_if_empty(set, &woken);
    } else if (result == -EAGAIN && waiter) {
        ac__waiter_join(&set->waiters, waiter, task);
    }
    ac__lock_release(&set->lock);
    ac__wake_list_push(&woken);
    if (!link) return result;

    struct member *member = ac__list_entry(link, struct member, link);
    struct ac__task *ended = member->task;
    if (ac__atomic_load(&ended->state, acquire) & AC__TASK_DROPPED) result = -ECANCELED;
    else if (out) memcpy(out, (char *)ac__task_future(ended) + ended->type->result_offset, ended->type->result_size);
    free_member(member);
    return result;
}

int ac__task_set_try_join(void *set, void *out) { return take_finished(set, out, NULL, NULL); }

int ac_op_task_set_join_poll_slow(struct ac_op_task_set_join_future *self, ac_context *cx)
{
    struct set *set = self->set;
    if (!ac__budget(cx)) return AC_PENDING;
    ac__waiter_outcome(&self->waiter, &set->lock);
    ac__atomic_store(&self->waiter.state, AC__UNQUEUED, relaxed);
    self->result = take_finished(set, self->out, &self->waiter, cx->task);
    if (self->result != -EAGAIN) return AC_READY;
    ac__budget_return(cx);
    return AC_PENDING;
}

/* One that was woken but did not look hands that on. */
void ac_op_task_set_join_drop_slow(struct ac_op_task_set_join_future *self)
{
    struct set *set = self->set;
    struct ac__wake_list woken;
    woken.count = 0;
    ac__waiter_outcome(&self->waiter, &set->lock);
    ac__lock_acquire(&set->lock);
    if (self->waiter.state == AC__WAITING) ac__queue_remove(&set->waiters, &self->waiter);
    else if (!ac__list_empty(&set->finished)) wake_one(set, &woken);
    ac__lock_release(&set->lock);
    ac__wake_list_push(&woken);
}

static int describe_set(const void *self, char *text, size_t room)
{
    const struct set *set = ((const struct ac_op_task_set_join_future *)self)->set;
    return snprintf(text, room, "task set of %zu", set->len);
}

AC__LEAF_WITH_RESULT(ac_op_task_set_join, describe_set);
int ac_op_task_set_join(void *set, void *out)
{
    AC__ENTER(ac_op_task_set_join, set, out);
    return 0;
}

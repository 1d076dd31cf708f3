/* Cancellation tokens.
 *
 * A tree: a child counts as a reference to its parent, and the parent lists its children without counting them. So a
 * token in the middle that everybody has released stays as long as something descends from it, and cancelling goes
 * through it; and a tree that nobody holds any more falls apart from its leaves.
 *
 * Each token has a lock, for its waiters, its list of children, and the moment of being cancelled. No thread ever holds
 * two of them. Cancelling goes down the tree without recursion: under a token's lock it sets the flag, wakes the
 * waiters and takes all children off the list (a cancelled token needs none, and takes no more); each child on its way
 * to be cancelled is held by a reference and linked by its `next`, which is free now. A child whose last reference has
 * just gone is left to the thread that releases it: that one still has to pass the parent's lock, so the child is there
 * as long as we hold it.
 *
 * The waiters are sync/queue.h's: nodes in the frames of those who wait. */
#include "asyncc/token.h"
#include "asyncc/task.h"
#include "mem/slab.h"
#include "sync/leaf.h"
#include "sync/queue.h"

struct ac_token {
    uint32_t cancelled;  /* atomic; never 0 again. First: ac_token_is_cancelled reads it */
    uint32_t references; /* atomic: the users', one a child, one a waiter */
    ac__lock lock;
    uint32_t listed;    /* in parent->children; under the parent's lock, as are the links */
    ac_token *parent;   /* a counted reference; constant */
    ac_token *children; /* the first of a ring */
    ac_token *next, *previous;
    struct ac__waiter *waiters;
};
_Static_assert(offsetof(struct ac_token, cancelled) == 0, "ac_token_is_cancelled reads the first member");

/* --- References and the tree -------------------------------------------------------------------------------------- */

static void list_child(ac_token *parent, ac_token *child)
{
    ac_token *first = parent->children;
    child->listed = 1;
    if (!first) {
        parent->children = child->next = child->previous = child;
        return;
    }
    child->next = first;
    child->previous = first->previous;
    child->previous->next = first->previous = child;
}

static void unlist_child(ac_token *parent, ac_token *child)
{
    child->listed = 0;
    child->next->previous = child->previous;
    child->previous->next = child->next;
    if (parent->children == child) parent->children = child->next == child ? NULL : child->next;
}

static ac_token *make(ac_token *parent)
{
    ac_token *token = ac__cell_alloc(sizeof *token);
    if (token) *token = (ac_token){ .references = 1, .parent = parent };
    return token;
}

ac_token *ac_token_new(void) { return make(NULL); }

ac_token *ac_token_retain(ac_token *token)
{
    ac__atomic_add(&token->references, 1, relaxed); /* the caller has one */
    return token;
}

/* For a token that is reached by a list and not by a reference. */
static bool retain_unless_gone(ac_token *token)
{
    uint32_t references = ac__atomic_load(&token->references, relaxed);
    do {
        if (references == 0) return false;
    } while (!ac__atomic_cas_weak(&token->references, &references, references + 1, relaxed, relaxed));
    return true;
}

ac_token *ac_token_child(ac_token *parent)
{
    ac_token *child = make(parent);
    if (!child) return NULL;
    ac_token_retain(parent);
    ac__lock_acquire(&parent->lock);
    if (parent->cancelled) child->cancelled = 1;
    else list_child(parent, child);
    ac__lock_release(&parent->lock);
    return child;
}

static void leave_parent(ac_token *token)
{
    ac_token *parent = token->parent;
    ac__lock_acquire(&parent->lock);
    if (token->listed) unlist_child(parent, token);
    ac__lock_release(&parent->lock);
}

/* Each token that goes lets go of its parent, which may have been kept by it alone: a loop, so that long chains need no
 * stack. */
void ac_token_release(ac_token *token)
{
    /* acq_rel: who frees it must have seen all that the others did with it. */
    while (token && ac__atomic_sub(&token->references, 1, acq_rel) == 1) {
        ac_token *parent = token->parent;
        if (parent) leave_parent(token);
        ac__cell_free(token);
        token = parent;
    }
}

/* --- Cancelling --------------------------------------------------------------------------------------------------- */

/* None is added meanwhile: the token is cancelled. But they may leave while the lock is open. */
static void wake_waiters(ac_token *token, struct ac__wake_list *woken)
{
    while (token->waiters) {
        if (ac__wake_list_full(woken)) {
            ac__lock_release(&token->lock);
            ac__wake_list_push(woken);
            ac__lock_acquire(&token->lock);
            continue;
        }
        ac__waiter_hand(&token->waiters, token->waiters, AC__GRANTED, woken);
    }
}

/* Puts the children in front of `rest`, each with a reference. */
static ac_token *take_children(ac_token *token, ac_token *rest)
{
    ac_token *child;
    while ((child = token->children) != NULL) {
        unlist_child(token, child);
        if (!retain_unless_gone(child)) continue;
        child->next = rest;
        rest = child;
    }
    return rest;
}

/* Gives what is left to be cancelled. */
static ac_token *cancel_one(ac_token *token, ac_token *rest)
{
    struct ac__wake_list woken;
    woken.count = 0;
    ac__lock_acquire(&token->lock);
    if (!token->cancelled) {
        ac__atomic_store(&token->cancelled, 1, release);
        wake_waiters(token, &woken);
        rest = take_children(token, rest);
    }
    ac__lock_release(&token->lock);
    ac__wake_list_push(&woken);
    return rest;
}

void ac_token_cancel(ac_token *token)
{
    ac_token *rest = cancel_one(token, NULL);
    while ((token = rest) != NULL) {
        rest = cancel_one(token, token->next);
        ac_token_release(token);
    }
}

/* --- Waiting ------------------------------------------------------------------------------------------------------ */

static bool queue_for_token(struct ac_cancelled_future *self, struct ac__task *task)
{
    ac_token *token = self->token;
    ac__lock_acquire(&token->lock);
    bool waits = !token->cancelled;
    if (waits) {
        ac_token_retain(token);
        ac__waiter_join(&token->waiters, &self->waiter, task);
    }
    ac__lock_release(&token->lock);
    return waits;
}

int ac_cancelled_poll_slow(struct ac_cancelled_future *self, ac_context *cx)
{
    bool queued = ac__atomic_load(&self->waiter.state, relaxed) != AC__UNQUEUED;
    if (!queued && !ac_token_is_cancelled(self->token) && queue_for_token(self, cx->task)) return AC_PENDING;
    if (!ac__budget(cx)) return AC_PENDING;
    if (queued) ac_cancelled_drop_slow(self);
    return AC_READY;
}

void ac_cancelled_drop_slow(struct ac_cancelled_future *self)
{
    ac_token *token = self->token;
    if (ac__waiter_outcome(&self->waiter, &token->lock) == AC__WAITING)
        ac__waiter_leave(&token->waiters, &self->waiter, &token->lock);
    ac_token_release(token);
}

static int describe_token(const void *self, char *text, size_t room)
{
    const ac_token *token = ((const struct ac_cancelled_future *)self)->token;
    return snprintf(text, room, "token %p, %s", (const void *)token,
                    ac_token_is_cancelled(token) ? "cancelled" : "not cancelled");
}

AC__LEAF(ac_cancelled, describe_token);
void ac_cancelled(ac_token *token) { AC__ENTER(ac_cancelled, token); }

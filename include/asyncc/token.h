/* Cancellation tokens: one flag that many tasks, on any thread, can look at and wait for.
 *
 * Tokens form trees. Cancelling a token cancels all that descend from it, also when one in between was released; it
 * does nothing to its parent or its siblings. A token is never un-cancelled.
 *
 *     ac_token *stop = ac_token_new();
 *     defer ac_token_release(stop);
 *     …
 *     run_until (await ac_cancelled(stop)) { serve(); }
 *
 * A token is counted: ac_token_new, _child and _retain each give a reference that ac_token_release gives back. All
 * calls may be made from any thread, in a task or not, at any time. Only ac_token_new and ac_token_child allocate. */
#ifndef ASYNCC_TOKEN_H
#define ASYNCC_TOKEN_H
#include "wait.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ac_token ac_token;

/* A token of its own, or NULL when memory is out. */
ac_token *ac_token_new(void);
/* A token that is cancelled with `parent` and can be cancelled by itself; of one that is cancelled, a cancelled one.
 * NULL when memory is out. The caller goes on owning `parent`, and may release it. */
ac_token *ac_token_child(ac_token *parent);
/* Another reference to the same token, which it gives back. */
ac_token *ac_token_retain(ac_token *token);
/* Gives a reference back. Releasing the last one cancels nothing: who waits goes on waiting. NULL is a no-op. */
void ac_token_release(ac_token *token);
/* Cancels the token and its descendants and wakes all who wait for them. What runs goes on running until it looks or
 * waits. Again: no-op. */
void ac_token_cancel(ac_token *token);
/* One load. Everything the canceller did before it cancelled is visible after `true`. */
static inline bool ac_token_is_cancelled(const ac_token *token)
{
    return __atomic_load_n((const uint32_t *)token, __ATOMIC_ACQUIRE) != 0; /* the first member: token.c asserts it */
}

/* Waits until the token is cancelled. Cancelling the wait loses nothing. No allocation; the token is held while it
 * waits. */
ac_async void ac_cancelled(ac_token *token);

/* --- The future of ac_cancelled ----------------------------------------------------------------------------------- */

struct ac_cancelled_future {
    struct ac__waiter waiter;
    ac_token *token;
};
AC__AWAITABLE(ac_cancelled);
static inline void ac_cancelled_init(struct ac_cancelled_future *self, ac_token *token)
{
    self->token = token;
    self->waiter.state = AC__UNQUEUED;
}
static inline int ac_cancelled_poll(struct ac_cancelled_future *self, ac_context *cx)
{
    return ac__still_waiting(&self->waiter) ? AC_PENDING : ac_cancelled_poll_slow(self, cx);
}
static inline void ac_cancelled_drop(struct ac_cancelled_future *self)
{
    if (ac__ever_queued(&self->waiter)) ac_cancelled_drop_slow(self);
}

#ifdef __cplusplus
}
#endif
#endif

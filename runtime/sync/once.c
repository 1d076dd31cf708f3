/* Once.
 *
 * Three states: not made, being made, made. Whoever comes while it is being made waits in the queue; when the maker
 * gives up, or is cancelled, the turn is handed to the first there (the state stays "being made", so that nobody comes
 * in between). Only the question whether it is made already has to be fast; the rest goes under the guard. */
#include "asyncc/once.h"
#include "base/fatal.h"
#include "sync/leaf.h"
#include "sync/queue.h"

int ac_once_begin_poll_slow(struct ac_once_begin_future *self, ac_context *cx)
{
    ac_once *once = self->once;
    uint32_t outcome = ac__waiter_outcome(&self->waiter, AC__LOCK_OF(once));
    if (outcome == AC__WAITING || !ac__budget(cx)) return AC_PENDING;
    self->result = outcome == AC__GRANTED;
    if (outcome != AC__UNQUEUED) return AC_READY;

    ac__lock_acquire(AC__LOCK_OF(once));
    uint32_t state = ac__atomic_load(&once->ac__state, acquire);
    if (state == 0) ac__atomic_store(&once->ac__state, AC__ONCE_RUNNING, relaxed);
    if (state == AC__ONCE_RUNNING) ac__waiter_join(&once->ac__first, &self->waiter, cx->task);
    ac__lock_release(AC__LOCK_OF(once));
    self->result = state == 0;
    if (state != AC__ONCE_RUNNING) return AC_READY;
    ac__budget_return(cx);
    return AC_PENDING;
}

void ac_once_end(ac_once *once, bool made)
{
    struct ac__wake_list wakes = { .count = 0 };
    ac__lock_acquire(AC__LOCK_OF(once));
    if (ac__atomic_load(&once->ac__state, relaxed) != AC__ONCE_RUNNING)
        ac__fatal("ac_once_end: nobody has begun %p", (void *)once);
    if (made) {
        /* release: whoever sees DONE, without the guard, sees what was made. */
        ac__atomic_store(&once->ac__state, AC__ONCE_DONE, release);
        ac__waiters_hand_all(&once->ac__first, AC__REFUSED, &wakes, AC__LOCK_OF(once));
    } else if (once->ac__first) {
        ac__waiter_hand(&once->ac__first, once->ac__first, AC__GRANTED, &wakes);
    } else {
        ac__atomic_store(&once->ac__state, 0, relaxed);
    }
    ac__unlock_and_push(AC__LOCK_OF(once), &wakes);
}

void ac_once_begin_drop_slow(struct ac_once_begin_future *self)
{
    ac_once *once = self->once;
    ac__lock_acquire(AC__LOCK_OF(once));
    uint32_t state = self->waiter.state;
    if (state == AC__WAITING) ac__queue_remove(&once->ac__first, &self->waiter);
    ac__lock_release(AC__LOCK_OF(once));
    if (state == AC__GRANTED) ac_once_end(once, false); /* its turn: the next one's */
}

enum step { BEGIN = 0, RUN = 1 };

int ac_once_run_poll_slow(struct ac_once_run_future *self, ac_context *cx)
{
    if (self->step == BEGIN) {
        if (!ac_once_begin_poll(&self->begin, cx)) return AC_PENDING;
        self->result = true;
        if (!self->begin.result) return AC_READY;
        ac__slot_await(cx);
        (void)self->f(self->argument); /* makes its future in the frame that the slot gives */
        self->frame = ac__slot_frame();
        self->step = RUN;
    }
    if (!ac__frame_poll(self->frame, cx)) return AC_PENDING;
    self->result = *(bool *)ac__frame_result(self->frame);
    ac__frame_free(cx, self->frame);
    ac_once_end(self->begin.once, self->result);
    return AC_READY;
}

void ac_once_run_drop_slow(struct ac_once_run_future *self)
{
    if (self->step == BEGIN) {
        ac_once_begin_drop(&self->begin);
        return;
    }
    ac__frame_drop(self->frame);
    ac_once_end(self->begin.once, false);
}

static int describe_begin(const void *future, char *text, size_t room)
{
    const struct ac_once_begin_future *self = future;
    return snprintf(text, room, "once %p, which another is making", (void *)self->once);
}

static int describe_run(const void *future, char *text, size_t room)
{
    const struct ac_once_run_future *self = future;
    return snprintf(text, room, self->step == RUN ? "once %p, making it" : "once %p, which another is making",
                    (void *)self->begin.once);
}

AC__LEAF_WITH_RESULT(ac_once_begin, describe_begin);
bool ac_once_begin(ac_once *once)
{
    AC__ENTER(ac_once_begin, once);
    return false;
}

/* `step` doubles as the state for dumps: in RUN it waits for the frame of f. */
static const ac_child_info run_children[] = {
    { .awaits = "the maker", .offset = offsetof(struct ac_once_run_future, frame) },
};
static const ac_state_info run_states[] = { { .kind = AC_STATE_AWAIT, .n_children = 1 } };
static const ac_strand_info run_strands[] = { { .offset = offsetof(struct ac_once_run_future, step), .size = 4 } };
AC__LEAF_(ac_once_run, describe_run, .result_offset = offsetof(struct ac_once_run_future, result),
          .result_size = sizeof(bool), .states = run_states, .children = run_children, .strands = run_strands,
          .n_states = 1, .n_strands = 1);
bool ac_once_run(ac_once *once, ac_once_fn *f, void *argument)
{
    AC__ENTER(ac_once_run, once, f, argument);
    return false;
}

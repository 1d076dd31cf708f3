/* The semaphore.
 *
 * The word holds the permits nobody has, AC__SEMAPHORE_CLOSED, and AC__SEMAPHORE_QUEUE: the queue is not empty. As in
 * the mutex (mutex.c), QUEUE is set and cleared only under the guard of the queue, and while it is set the fast paths
 * keep out. Permits that are released then gather in the word until the first in the queue can have all it wants;
 * nobody else can take them, so one who wants many is not starved by those who want few. Cancelling the first gives
 * back what had gathered for it by doing nothing but looking at the next. (Tokio counts gathered permits in the waiter
 * instead; one count less is one place less to lose permits.) */
#include "asyncc/semaphore.h"
#include "base/fatal.h"
#include "sync/blocking.h"
#include "sync/leaf.h"
#include "sync/queue.h"

#define PERMIT ((uint64_t)AC__SEMAPHORE_PERMIT)
#define QUEUE ((uint64_t)AC__SEMAPHORE_QUEUE)
#define CLOSED ((uint64_t)AC__SEMAPHORE_CLOSED)

/* Under the guard: gives permits to as many from the head of the queue as there are enough for. */
static void grant(ac_semaphore *semaphore, struct ac__wake_list *wakes)
{
    for (;;) {
        ac__wakes_make_room(wakes, AC__LOCK_OF(semaphore));
        struct ac__waiter *first = semaphore->ac__first;
        if (!first) return;
        uint64_t state = ac__atomic_load(&semaphore->ac__state, relaxed), wanted = first->count * PERMIT;
        if (state / PERMIT < first->count) return;
        ac__waiter_hand(&semaphore->ac__first, first, AC__GRANTED, wakes);
        state -= wanted;
        ac__atomic_store(&semaphore->ac__state, semaphore->ac__first ? state : state & ~QUEUE, release);
    }
}

/* Takes n permits (0), finds it closed (-EPIPE), or queues the waiter (-EAGAIN). */
static int acquire_or_wait(ac_semaphore *semaphore, unsigned n, struct ac__waiter *waiter, struct ac__task *task)
{
    int result;
    ac__lock_acquire(AC__LOCK_OF(semaphore));
    uint64_t state = ac__atomic_load(&semaphore->ac__state, relaxed), next;
    do {
        bool enough = !(state & QUEUE) && state / PERMIT >= n;
        result = state & CLOSED ? -EPIPE : enough ? 0 : -EAGAIN;
        next = result == 0 ? state - n * PERMIT : result == -EAGAIN ? state | QUEUE : state;
    } while (!ac__atomic_cas_weak(&semaphore->ac__state, &state, next, acquire, relaxed));
    if (result == -EAGAIN) {
        waiter->count = n;
        ac__waiter_join(&semaphore->ac__first, waiter, task);
    }
    ac__lock_release(AC__LOCK_OF(semaphore));
    return result;
}

int ac_semaphore_acquire_poll_slow(struct ac_semaphore_acquire_future *self, ac_context *cx)
{
    uint32_t outcome = ac__waiter_outcome(&self->waiter, AC__LOCK_OF(self->semaphore));
    if (outcome == AC__WAITING || !ac__budget(cx)) return AC_PENDING;
    if (outcome == AC__UNQUEUED) {
        self->result = ac_semaphore_try_acquire(self->semaphore, self->waiter.count);
        if (self->result == -EAGAIN)
            self->result = acquire_or_wait(self->semaphore, self->waiter.count, &self->waiter, cx->task);
        if (self->result != -EAGAIN) return AC_READY;
        ac__budget_return(cx);
        return AC_PENDING;
    }
    self->result = outcome == AC__GRANTED ? 0 : -EPIPE;
    return AC_READY;
}

/* The fast path has seen a queue, or too many permits. As in the mutex, what lets others go on is the last touch. */
void ac__semaphore_release_slow(ac_semaphore *semaphore, unsigned n)
{
    struct ac__wake_list wakes = { .count = 0 };
    if (ac__atomic_load(&semaphore->ac__state, relaxed) / PERMIT + n > AC_SEMAPHORE_MAX)
        ac__fatal("ac_semaphore_release: more than AC_SEMAPHORE_MAX permits in %p", (void *)semaphore);
    ac__lock_acquire(AC__LOCK_OF(semaphore));
    bool waited_for = ac__atomic_load(&semaphore->ac__state, relaxed) & QUEUE;
    if (waited_for) {
        ac__atomic_add(&semaphore->ac__state, n * PERMIT, release);
        grant(semaphore, &wakes);
    }
    ac__unlock_and_push(AC__LOCK_OF(semaphore), &wakes);
    if (!waited_for) ac_semaphore_release(semaphore, n); /* the queue has gone meanwhile */
}

unsigned ac_semaphore_forget(ac_semaphore *semaphore, unsigned n)
{
    uint64_t state = ac__atomic_load(&semaphore->ac__state, relaxed);
    unsigned taken;
    do {
        uint64_t there = state & QUEUE ? 0 : state / PERMIT; /* what gathers for the first in the queue is not free */
        taken = there < n ? (unsigned)there : n;
    } while (!ac__atomic_cas_weak(&semaphore->ac__state, &state, state - taken * PERMIT, acquire, relaxed));
    return taken;
}

void ac_semaphore_close(ac_semaphore *semaphore)
{
    struct ac__wake_list wakes = { .count = 0 };
    ac__lock_acquire(AC__LOCK_OF(semaphore));
    ac__atomic_or(&semaphore->ac__state, CLOSED, release);
    ac__waiters_hand_all(&semaphore->ac__first, AC__REFUSED, &wakes, AC__LOCK_OF(semaphore));
    ac__atomic_and(&semaphore->ac__state, ~QUEUE, release);
    ac__unlock_and_push(AC__LOCK_OF(semaphore), &wakes);
}

void ac_semaphore_acquire_drop_slow(struct ac_semaphore_acquire_future *self)
{
    ac_semaphore *semaphore = self->semaphore;
    struct ac__wake_list wakes = { .count = 0 };
    ac__lock_acquire(AC__LOCK_OF(semaphore));
    uint32_t state = self->waiter.state;
    if (state == AC__WAITING) {
        ac__queue_remove(&semaphore->ac__first, &self->waiter);
        if (semaphore->ac__first) grant(semaphore, &wakes); /* what has gathered may be enough for the next */
        else ac__atomic_and(&semaphore->ac__state, ~QUEUE, release);
    }
    ac__unlock_and_push(AC__LOCK_OF(semaphore), &wakes);
    if (state == AC__GRANTED) ac_semaphore_release(semaphore, self->waiter.count);
}

int ac_semaphore_blocking_acquire(ac_semaphore *semaphore, unsigned n)
{
    struct ac__waiter waiter;
    int result = ac_semaphore_try_acquire(semaphore, n);
    if (result != -EAGAIN) return result;
    ac__refuse_in_task("ac_semaphore_blocking_acquire");
    result = acquire_or_wait(semaphore, n, &waiter, NULL);
    if (result == -EAGAIN) result = ac__waiter_sleep(&waiter, AC__LOCK_OF(semaphore)) == AC__GRANTED ? 0 : -EPIPE;
    return result;
}

static int describe(const void *future, char *text, size_t room)
{
    const struct ac_semaphore_acquire_future *self = future;
    ac_semaphore *semaphore = self->semaphore;
    unsigned place = 0, length = 0;
    if (ac__lock_try(AC__LOCK_OF(semaphore))) {
        place = ac__queue_place(semaphore->ac__first, &self->waiter, &length);
        ac__lock_release(AC__LOCK_OF(semaphore));
    }
    uint64_t state = ac__atomic_load(&semaphore->ac__state, relaxed);
    return snprintf(text, room, "%u of semaphore %p, which has %llu, place %u of %u in the queue", self->waiter.count,
                    (void *)semaphore, (unsigned long long)(state / PERMIT), place, length);
}

AC__LEAF_WITH_RESULT(ac_semaphore_acquire, describe);
int ac_semaphore_acquire(ac_semaphore *semaphore, unsigned n)
{
    AC__ENTER(ac_semaphore_acquire, semaphore, n);
    return 0;
}

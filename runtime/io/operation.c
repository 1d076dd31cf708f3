/* One operation on a descriptor: try, and wait when it would block.
 *
 * The system call comes first when the descriptor may be ready, so that what is ready costs one call and no lock. Only
 * after it said EAGAIN is the task queued, by a step that fails if an event came in between. A task that was woken
 * tries again and may find nothing: another was faster. */
#include "io/operation.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "asyncc/task.h"

/* One attempt, and the wait if it must be: true with *result, false when it waits, or for another round *result ==
 * -EAGAIN. */
static bool try_once(struct ac__use *use, struct ac__io_wait *wait, ac_context *cx, unsigned direction,
                     struct ac__attempt *attempt, ssize_t *result)
{
    bool idle = use->flags & AC__FD_OWNED && !(use->ready & (AC__READY_READ << direction));
    ssize_t given = -EAGAIN;
    if (!idle) {
        do given = attempt->call(attempt->self, attempt);
        while (given == -EINTR);
        if (given != -EAGAIN && given != -EWOULDBLOCK) {
            if (attempt->drained) ac__use_drained(use, direction);
            *result = given;
            return true;
        }
    }
    int waits = ac__use_wait(use, wait, direction, cx);
    *result = waits == 0 ? -EAGAIN : waits;
    return waits != -EAGAIN;
}

/* 0; or -EBADF, -ENOMEM; or AC__USE_LATER, and the task waits. `woken`: what it waited for is the generation that it
 * kept. */
static int begin(struct ac__use *use, struct ac__io_wait *wait, ac_context *cx, unsigned direction, bool woken)
{
    int error;
    do {
        error = ac__use_begin(use, wait->fd);
        if (error < 0 || !woken || use->generation == wait->generation) continue;
        if (!error) ac__use_end(use);
        return -EBADF;
    } while (error == AC__USE_LATER && !ac__use_wait_later(use, wait, direction, cx));
    return error;
}

int ac__operate(struct ac__io_wait *wait, ac_context *cx, unsigned direction,
                ssize_t (*call)(void *, struct ac__attempt *), void *self, ssize_t *result)
{
    uint32_t state = ac__io_take(wait);
    if (state == AC__WAIT_LINKED) return AC_PENDING;
    if (state == AC__WAIT_CLOSED) return *result = -EBADF, AC_READY;
    if (!ac__budget(cx)) {
        /* Woken, but not looked yet: the generation is still to be compared. */
        if (state == AC__WAIT_FIRED) wait->state = AC__WAIT_FIRED;
        return AC_PENDING;
    }
    struct ac__use use;
    int error = begin(&use, wait, cx, direction, state == AC__WAIT_FIRED);
    if (error == AC__USE_LATER) return ac__budget_return(cx), AC_PENDING;
    if (error) return *result = error, AC_READY;
    wait->generation = use.generation;
    struct ac__attempt attempt = { .call = call, .self = self, .fd = wait->fd, .flags = use.flags };
    bool done;
    while ((done = try_once(&use, wait, cx, direction, &attempt, result)) && *result == -EAGAIN)
        use.ready = ac__atomic_load(&use.slot->ready, acquire);
    ac__use_end(&use);
    if (!done) ac__budget_return(cx);
    return done ? AC_READY : AC_PENDING;
}

int ac__poll_now(int fd, unsigned direction)
{
    struct pollfd pollfd = { .fd = fd, .events = direction == AC__READ ? POLLIN : POLLOUT };
    int n;
    do n = poll(&pollfd, 1, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0) return -errno;
    if (n == 0) return -EAGAIN;
    return pollfd.revents & POLLNVAL ? -EBADF : 0;
}

int ac__describe_wait(const struct ac__io_wait *wait, char *text, size_t room)
{
    return snprintf(text, room, "descriptor %d, %s", wait->fd, wait->direction == AC__READ ? "readable" : "writable");
}

/* Standard input.
 *
 * It may be a terminal that other processes read too, and its flags are theirs as well: the only safe way is a thread
 * that blocks. There is one such call at a time in the process, and it reads into a buffer that outlives it: what it
 * reads after the task that asked was cancelled is there for the next one. When nobody asks any more the thread is
 * called back before it has read anything, by an eventfd it polls beside the input; so a shutdown does not have to
 * leave it behind. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "asyncc/io.h"
#include "asyncc/task.h"
#include "base/lock.h"
#include "blocking/pool.h"
#include "io/awaitable.h"
#include "io/waiters.h"
#include "sched/runtime.h"

static struct {
    ac__lock lock;
    bool running; /* the thread is polling or reading */
    bool over;    /* it has met the end of the file, or an error, that is not told yet */
    int error;
    int call_back; /* eventfd + 1; 0: not made yet */
    size_t start, end;
    struct ac__io_wait *waiters;
    struct ac__blocking_job job;
    char buffer[8192];
} input;

/* With the lock held, and held again after. */
static void wake_all(void)
{
    while (input.waiters) {
        struct ac__wake_list list = { .count = 0 };
        while (input.waiters && !ac__wake_list_full(&list))
            ac__waiters_fire_first(&input.waiters, AC__WAIT_FIRED, &list);
        ac__lock_release(&input.lock);
        ac__wake_list_push(&list);
        ac__lock_acquire(&input.lock);
    }
}

/* Waits on the thread until there is something to read: false when it was called back. */
static bool wait_for_input(void)
{
    struct pollfd pollfd[2] = { { .fd = 0, .events = POLLIN }, { .fd = input.call_back - 1, .events = POLLIN } };
    for (;;) {
        int n = poll(pollfd, 2, -1);
        if (n < 0 && errno != EINTR) return true; /* read will tell */
        if (n <= 0) continue;
        if (pollfd[0].revents) return true;
        uint64_t count;
        if (read(input.call_back - 1, &count, sizeof count) < 0) continue;
        ac__lock_acquire(&input.lock);
        bool wanted = input.waiters != NULL;
        if (!wanted) input.running = false;
        ac__lock_release(&input.lock);
        if (!wanted) return false;
    }
}

static void run(struct ac__blocking_job *job)
{
    (void)job;
    ssize_t n;
    do {
        if (!wait_for_input()) return;
        do n = read(0, input.buffer, sizeof input.buffer); /* empty, or there would be no call */
        while (n < 0 && errno == EINTR);
        /* It does not block, by the doing of a process that shares it, and another one was faster. */
    } while (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
    int error = n < 0 ? -errno : 0;
    ac__lock_acquire(&input.lock);
    input.running = false;
    input.start = 0;
    input.end = n > 0 ? (size_t)n : 0;
    input.over = n <= 0;
    input.error = error;
    wake_all();
    ac__lock_release(&input.lock);
}

/* 0, or a negative errno. */
static int start(ac_context *cx)
{
    if (input.running) return 0;
    if (!input.call_back) input.call_back = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) + 1;
    if (!input.call_back) return -errno;
    input.job.run = run;
    input.running = true;
    int error = ac__blocking_run(ac__runtime_of(cx), &input.job);
    if (error) input.running = false;
    return error;
}

static ssize_t take(struct ac_stdin_future *self, ac_context *cx)
{
    size_t n = input.end - input.start < self->n ? input.end - input.start : self->n;
    if (n || !self->n) {
        memcpy(self->buf, input.buffer + input.start, n);
        input.start += n;
        return (ssize_t)n;
    }
    if (input.over) {
        input.over = false;
        return input.error;
    }
    int error = start(cx);
    if (error) return error;
    ac__waiters_link(&input.waiters, &self->wait, cx->task);
    return -EAGAIN;
}

int ac_stdin_poll(struct ac_stdin_future *self, ac_context *cx)
{
    if (ac__io_waiting(&self->wait) || !ac__budget(cx)) return AC_PENDING;
    ac__lock_acquire(&input.lock);
    self->wait.state = AC__WAIT_NONE;
    self->result = take(self, cx);
    ac__lock_release(&input.lock);
    if (self->result != -EAGAIN) return AC_READY;
    ac__budget_return(cx);
    return AC_PENDING;
}

void ac_stdin_drop(struct ac_stdin_future *self)
{
    if (ac__atomic_load(&self->wait.state, relaxed) == AC__WAIT_NONE) return;
    ac__lock_acquire(&input.lock);
    if (self->wait.state == AC__WAIT_LINKED) ac__waiters_unlink(&input.waiters, &self->wait);
    bool call_back = input.running && !input.waiters;
    ac__lock_release(&input.lock);
    if (call_back && write(input.call_back - 1, &(uint64_t){ 1 }, sizeof(uint64_t)) < 0) {}
}

static int describe(const void *self, char *text, size_t room)
{
    (void)self;
    return snprintf(text, room, "standard input");
}
AC__AWAITABLE_DESCRIPTOR(ac_stdin, describe);

ssize_t ac_stdin(void *buf, size_t n)
{
    AC__ENTER(ac_stdin, buf, n);
    return 0;
}

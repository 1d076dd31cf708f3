/* The driver on Linux: epoll.
 *
 * Owned descriptors are registered once, for everything, edge-triggered: no system call for each wait. The event
 * carries the number and the generation of its slot, so that one that was on its way while the number was reused is
 * told apart.
 *
 * Interrupting is a write to an eventfd that is registered edge-triggered too: each write is an edge, so nobody has to
 * read it. A flag saves the write when one is on its way already. The count in the eventfd cannot overflow in the life
 * of a machine.
 *
 * Signals come in through one eventfd of the whole process (process/signal.c), registered the same way with every
 * driver whose tasks listen: each gets the edge, and the first to look hands the signals to all listeners. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/lock.h"
#include "io/backend.h"
#include "io/slot.h"
#include "mem/alloc.h"
#include "process/dispatch.h"

#define EVENTS 256
#define INTERRUPT UINT64_MAX
#define SIGNALS (UINT64_MAX - 1)

struct ac__driver {
    int epoll, wakeup;
    unsigned index;
    uint32_t interrupted; /* a write to `wakeup` is on its way */
    uint32_t no_pwait2;   /* the kernel is older than 5.11 */
    uint32_t signals;     /* watches them already */
    uint32_t watching;    /* ever registered a descriptor but its own */
};

static uint64_t indices; /* in use: bits */

static unsigned index_take(void)
{
    uint64_t used = ac__atomic_load(&indices, relaxed);
    for (;;) {
        unsigned index = ~used ? (unsigned)__builtin_ctzll(~used) : AC__DRIVERS - 1;
        if (index >= AC__DRIVERS - 1) return AC__DRIVERS - 1;
        if (ac__atomic_cas_weak(&indices, &used, used | UINT64_C(1) << index, acq_rel, relaxed)) return index;
    }
}

static int watch(struct ac__driver *driver, int fd, uint64_t data)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.u64 = data };
    return epoll_ctl(driver->epoll, EPOLL_CTL_ADD, fd, &event) < 0 && errno != EEXIST ? -errno : 0;
}

int ac__driver_open(ac_runtime *rt, struct ac__driver **out)
{
    (void)rt;
    struct ac__driver *driver = ac__calloc(1, sizeof *driver);
    if (!driver) return -ENOMEM;
    driver->epoll = epoll_create1(EPOLL_CLOEXEC);
    driver->wakeup = driver->epoll < 0 ? -1 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int error = driver->wakeup < 0 ? -errno : watch(driver, driver->wakeup, INTERRUPT);
    if (error) {
        if (driver->wakeup >= 0) close(driver->wakeup);
        if (driver->epoll >= 0) close(driver->epoll);
        ac__free(driver);
        return error;
    }
    driver->index = index_take();
    *out = driver;
    return 0;
}

void ac__driver_close(struct ac__driver *driver)
{
    /* First the epoll, so that a waiter that is woken below and waits again cannot be registered here any more; but its
     * number could be reused meanwhile, which only the runtime's own tasks could mistake, and they are gone. */
    close(driver->epoll);
    close(driver->wakeup);
    if (ac__slots_driver_closed(driver->index)) ac__reap();
    if (driver->index < AC__DRIVERS - 1) ac__atomic_and(&indices, ~(UINT64_C(1) << driver->index), acq_rel);
    ac__free(driver);
}

unsigned ac__driver_index(const struct ac__driver *driver) { return driver->index; }
int ac__driver_fd(struct ac__driver *driver) { return driver->epoll; }

void ac__driver_interrupt(struct ac__driver *driver)
{
    /* Sequentially consistent with the reset in ac__driver_wait: who finds the flag set knows that the thread in the
     * driver will look at everything again after this. */
    if (ac__atomic_exchange(&driver->interrupted, 1, seq_cst)) return;
    int saved = errno; /* called by signal handlers */
    if (write(driver->wakeup, &(uint64_t){ 1 }, sizeof(uint64_t)) < 0) {}
    errno = saved;
}

/* --- What slots ask for ------------------------------------------------------------------------------------------- */

static uint64_t event_data(int fd, uint32_t generation) { return (uint64_t)generation << 32 | (uint32_t)fd; }

int ac__driver_register(struct ac__driver *driver, int fd, uint32_t generation)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET,
                                 .data.u64 = event_data(fd, generation) };
    ac__atomic_store(&driver->watching, 1, release);
    if (epoll_ctl(driver->epoll, EPOLL_CTL_ADD, fd, &event) == 0) return 0;
    if (errno != EEXIST) return -errno;
    /* As a foreign one, before it was adopted; or through a driver that has no bit. This too reports what is ready. */
    return epoll_ctl(driver->epoll, EPOLL_CTL_MOD, fd, &event) < 0 ? -errno : 0;
}

int ac__driver_arm(struct ac__driver *driver, int fd, uint32_t generation, uint32_t directions, bool armed_before)
{
    struct epoll_event event = { .events = EPOLLONESHOT | (directions & AC__READY_READ ? EPOLLIN | EPOLLRDHUP : 0) |
                                           (directions & AC__READY_WRITE ? EPOLLOUT : 0),
                                 .data.u64 = event_data(fd, generation) };
    ac__atomic_store(&driver->watching, 1, release);
    /* Behind our back the number may have been closed, and with it the registration, or opened again. */
    int operation = armed_before ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(driver->epoll, operation, fd, &event) == 0) return 0;
    if (errno != ENOENT && errno != EEXIST) return -errno;
    operation = errno == ENOENT ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    return epoll_ctl(driver->epoll, operation, fd, &event) < 0 ? -errno : 0;
}

int ac__driver_watch_signals(struct ac__driver *driver, int fd)
{
    if (ac__atomic_load(&driver->signals, acquire)) return 0;
    ac__atomic_store(&driver->watching, 1, release);
    int error = watch(driver, fd, SIGNALS);
    if (!error) ac__atomic_store(&driver->signals, 1, release);
    return error;
}

/* --- Waiting ------------------------------------------------------------------------------------------------------ */

static uint32_t directions_of(uint32_t events)
{
    uint32_t directions = 0;
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI)) directions |= AC__READY_READ;
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) directions |= AC__READY_WRITE;
    if (events & (EPOLLRDHUP | EPOLLHUP)) directions |= AC__READY_ENDED;
    if (events & EPOLLPRI) directions |= AC__READY_URGENT;
    return directions;
}

/* Rounds up where it must: a timer is never early. */
static int wait_events(struct ac__driver *driver, struct epoll_event *events, int64_t timeout_ns)
{
    if (timeout_ns <= 0) return epoll_wait(driver->epoll, events, EVENTS, timeout_ns < 0 ? -1 : 0);
#ifdef SYS_epoll_pwait2
    if (!driver->no_pwait2) {
        struct {
            int64_t seconds, nanoseconds;
        } timeout = { timeout_ns / 1000000000, timeout_ns % 1000000000 };
        int n = (int)syscall(SYS_epoll_pwait2, driver->epoll, events, EVENTS, &timeout, NULL, (size_t)0);
        if (n >= 0 || (errno != ENOSYS && errno != EPERM)) return n;
        driver->no_pwait2 = 1;
    }
#endif
    int64_t ms = timeout_ns / 1000000 + (timeout_ns % 1000000 != 0);
    return epoll_wait(driver->epoll, events, EVENTS, ms > 1000000000 ? 1000000000 : (int)ms);
}

unsigned ac__driver_wait(struct ac__driver *driver, int64_t timeout_ns)
{
    struct epoll_event events[EVENTS];
    /* A look where there is nothing to see needs no system call: most yields of a program that only computes end
     * here. */
    if (timeout_ns == 0 && !ac__atomic_load(&driver->watching, acquire) &&
        !ac__atomic_load(&driver->interrupted, seq_cst))
        return 0;
    /* An interrupt that was asked for but whose write is still on its way ends this wait all the same: by the flag if
     * it was set before this look, by the edge if after. */
    int n = wait_events(driver, events, ac__atomic_load(&driver->interrupted, seq_cst) ? 0 : timeout_ns);
    ac__atomic_exchange(&driver->interrupted, 0,
                        seq_cst); /* reads it too, so that what the interrupter wrote before is seen */
    unsigned count = 0;
    bool reap = false;
    for (int i = 0; i < n; i++) {
        uint64_t data = events[i].data.u64;
        if (data == INTERRUPT) continue;
        count++;
        if (data == SIGNALS) ac__signals_dispatch();
        else
            reap |=
                ac__slot_event(driver, (int)(uint32_t)data, (uint32_t)(data >> 32), directions_of(events[i].events));
    }
    if (reap) ac__reap();
    return count;
}

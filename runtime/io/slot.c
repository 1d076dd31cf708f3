/* Slots: one for each descriptor number of the process, for ever.
 *
 * A descriptor is a plain int to the user, so all that a wait needs to know lies here, found by its number: a table of
 * chunks, made on demand, never freed. A slot has
 *
 *   a word     how many operations are in flight, flags, and a generation that changes when the number is closed or
 *              given to another file. An operation adds one for the length of its system call; ac_close sets CLOSING,
 *              and whoever brings the count to zero then closes: so a number is never closed, and reused, under a call.
 *              A wait is not in flight. It keeps the generation; when it comes back to another one, the answer is
 *              -EBADF.
 *   readiness  two bits with a count of events above them, for descriptors of the library's own, which are registered
 *              edge-triggered. A bit that is clear saves the system call. Clearing is a compare-and-swap against the
 *              value read *before* the call that found nothing: if an event came in between, the count differs, the
 *              swap fails and the call is made again. An edge can so never be lost.
 *   waiters    one list for each direction. An event wakes all of them: it does not say for how many there is data, and
 *              a task that was woken may be cancelled before it reads. Those who find nothing wait again.
 *   drivers    in which runtimes' drivers it is registered. A task waits through the driver of its own runtime, so that
 *              it is woken also when another runtime, which used the descriptor first, does not run at present. The
 *              kernel takes a closed file out of every epoll by itself.
 *
 * Registration is lazy: a connection whose request has arrived already never enters epoll. A registered edge reports at
 * once what is ready already, so waiting first and registering then loses nothing.
 *
 * Foreign descriptors. Their flags are not ours: they may block, may be in other epolls, and their numbers come and go
 * behind our back. They use the word and the waiters but not the readiness: each attempt asks the kernel, each wait
 * arms EPOLLONESHOT for the directions that are waited for. A disarmed registration stays behind, which is harmless.
 *
 * The lock guards the waiters, the drivers, and every change of readiness but the clearing after a short read.
 * epoll_ctl is called under it; tasks are pushed without it.
 *
 * The middle of a close. close(2) takes a while, up to minutes (SO_LINGER, files of a server that does not answer), but
 * the kernel lets go of the number at its very beginning. So between the call and its return nobody can tell whose the
 * number is: one who comes with it may be late, with a descriptor that was closed, or early, with the file that the
 * kernel has put there meanwhile. Who is late must not reach the file that goes; who is early must not be told that
 * his is closed. Since the two cannot be told apart, both wait: CLOSING stays, with LEAVING beside it, until close(2)
 * has returned; then the generation changes, and who waited asks the kernel, which knows.
 *
 *   a task     waits like for an event, in the list of waiters, for the generation to come; no thread is held
 *   a call on the pool is given to its thread, which sleeps there
 *   ac_close   sleeps too. It may block as close(2) may
 *   the library itself, when it is given the number (ac__fd_adopt), does not wait: it knows that it is early. It
 *              changes the generation, and the closer finds that there is nothing left to do. Whoever waited was late.
 *
 * The closer waits for nobody, and holds no lock during its system call; so all these waits end. */
#include "io/slot.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/futex.h"
#include "io/backend.h"
#include "io/waiters.h"
#include "mem/alloc.h"
#include "sched/runtime.h"

#define CHUNK 256
#define CHUNKS 65536 /* 16 million descriptors; Linux itself stops at a million unless told otherwise */

static struct ac__slot *table[CHUNKS];
static uint32_t chunks_used; /* one more than the highest chunk in use: how far a walk must go */

static struct ac__slot *slot_look(int fd)
{
    unsigned chunk = (unsigned)fd / CHUNK;
    if (fd < 0 || chunk >= CHUNKS) return NULL;
    struct ac__slot *slots = ac__atomic_load(&table[chunk], acquire);
    return slots ? &slots[fd % CHUNK] : NULL;
}

/* Makes the chunk if it is not there; two threads may race, and the loser takes the winner's. */
static struct ac__slot *slot_make(int fd)
{
    struct ac__slot *slot = slot_look(fd);
    unsigned chunk = (unsigned)fd / CHUNK;
    if (slot || fd < 0 || chunk >= CHUNKS) return slot;
    struct ac__slot *slots = ac__malloc_aligned(CHUNK * sizeof *slots, AC__CACHE_LINE), *none = NULL;
    if (!slots) return NULL;
    memset(slots, 0, CHUNK * sizeof *slots);
    for (unsigned i = 0; i < CHUNK; i++) slots[i].ready = AC__READY_READ | AC__READY_WRITE;
    if (!ac__atomic_cas(&table[chunk], &none, slots, acq_rel, acquire)) {
        ac__free_aligned(slots);
        return &none[fd % CHUNK];
    }
    uint32_t used = ac__atomic_load(&chunks_used, relaxed);
    while (used <= chunk && !ac__atomic_cas_weak(&chunks_used, &used, chunk + 1, acq_rel, relaxed)) {}
    return &slots[fd % CHUNK];
}

/* --- Descriptors that are given back ------------------------------------------------------------------------------ */

static ac__lock freed_lock;
static struct ac__io_wait *freed_waiters;
static uint32_t freed_count; /* how many wait: read without the lock, so that a close does not pay for it */

void ac__freed_wait(struct ac__io_wait *wait, ac_context *cx)
{
    ac__lock_acquire(&freed_lock);
    ac__waiters_link(&freed_waiters, wait, cx->task);
    ac__atomic_store(&freed_count, freed_count + 1, relaxed);
    ac__lock_release(&freed_lock);
}

void ac__freed_forget(struct ac__io_wait *wait)
{
    ac__lock_acquire(&freed_lock);
    if (wait->state == AC__WAIT_LINKED) {
        ac__waiters_unlink(&freed_waiters, wait);
        ac__atomic_store(&freed_count, freed_count - 1, relaxed);
    }
    ac__lock_release(&freed_lock);
    wait->state = AC__WAIT_NONE;
}

/* One that begins to wait just now may be missed; its pause of 10 ms is there for that too. */
static void freed_wake(void)
{
    if (!ac__atomic_load(&freed_count, relaxed)) return;
    struct ac__wake_list list = { .count = 0 };
    ac__lock_acquire(&freed_lock);
    while (freed_waiters && !ac__wake_list_full(&list)) {
        ac__waiters_fire_first(&freed_waiters, AC__WAIT_FIRED, &list);
        ac__atomic_store(&freed_count, freed_count - 1, relaxed);
    }
    ac__lock_release(&freed_lock);
    ac__wake_list_push(&list);
}

/* --- Waiters ------------------------------------------------------------------------------------------------------ */

/* Wakes all who wait in these directions when it begins, with the lock held on entry and on return but not all the
 * time. True: among them was the reaper of child processes, which is no task. */
static bool wake_waiters(struct ac__slot *slot, uint32_t directions, uint32_t state)
{
    bool reap = false;
    struct ac__wake_list list = { .count = 0 };
    for (unsigned direction = 0; direction < 2; direction++) {
        if (!(directions & (AC__READY_READ << direction))) continue;
        struct ac__io_wait **head = &slot->waiters[direction];
        for (unsigned n = ac__waiters_count(*head); n && *head; n--) {
            if (!(*head)->task) {
                struct ac__io_wait *orphan = *head;
                ac__waiters_unlink(head, orphan);
                ac__atomic_store(&orphan->state, AC__WAIT_NONE, release); /* the last touch: it may be freed now */
                reap = true;
                continue;
            }
            if (ac__wake_list_full(&list)) {
                ac__lock_release(&slot->lock);
                ac__wake_list_push(&list);
                ac__lock_acquire(&slot->lock);
                if (!*head) break;
            }
            ac__waiters_fire_first(head, state, &list);
        }
    }
    if (list.count) {
        ac__lock_release(&slot->lock);
        ac__wake_list_push(&list);
        ac__lock_acquire(&slot->lock);
    }
    return reap;
}

static uint32_t awaited(const struct ac__slot *slot)
{
    return (slot->waiters[AC__READ] ? AC__READY_READ : 0) | (slot->waiters[AC__WRITE] ? AC__READY_WRITE : 0);
}

void ac__io_forget(struct ac__io_wait *wait)
{
    uint32_t state = ac__atomic_load(&wait->state, acquire);
    if (state == AC__WAIT_LINKED || state == AC__WAIT_FIRING) {
        struct ac__slot *slot = slot_look(wait->fd);
        ac__lock_acquire(&slot->lock);
        if (wait->state == AC__WAIT_LINKED) ac__waiters_unlink(&slot->waiters[wait->direction], wait);
        ac__lock_release(&slot->lock);
    }
    wait->state = AC__WAIT_NONE;
}

uint32_t ac__io_take(struct ac__io_wait *wait)
{
    uint32_t state = ac__atomic_load(&wait->state, acquire);
    if (state == AC__WAIT_NONE || state == AC__WAIT_LINKED) return state;
    if (state == AC__WAIT_FIRING) {
        /* The waker is between notifying and its last touch of the node: its lock is free again after that. */
        struct ac__slot *slot = slot_look(wait->fd);
        ac__lock_acquire(&slot->lock);
        ac__lock_release(&slot->lock);
        state = ac__atomic_load(&wait->state, acquire);
    }
    wait->state = AC__WAIT_NONE;
    return state;
}

/* --- Operations --------------------------------------------------------------------------------------------------- */

static uint32_t generation_of(uint64_t word) { return (uint32_t)(word >> 32); }

/* Is this close of it under way, so that nobody knows whose the number is? */
static bool leaving(const struct ac__slot *slot, uint32_t generation)
{
    uint64_t word = ac__atomic_load(&slot->word, relaxed);
    return word & AC__FD_LEAVING && generation_of(word) == generation;
}

/* close(2) has returned: the number is nobody's, unless the library was given it meanwhile. Those who came in the
 * middle try now. */
static void number_is_free(struct ac__slot *slot, uint32_t generation)
{
    ac__lock_acquire(&slot->lock);
    if (leaving(slot, generation)) {
        slot->drivers = 0;
        ac__atomic_store(&slot->ready, AC__READY_READ | AC__READY_WRITE, relaxed);
        uint64_t word = ac__atomic_load(&slot->word, relaxed), next;
        do next = (uint64_t)(generation + 1) << 32 | (word & AC__FD_COUNT);
        while (!ac__atomic_cas_weak(&slot->word, &word, next, acq_rel, relaxed));
        if (awaited(slot)) wake_waiters(slot, AC__READY_READ | AC__READY_WRITE, AC__WAIT_FIRED);
    }
    ac__atomic_add(&slot->closed, 1, relaxed);
    uint32_t sleepers = slot->sleepers;
    ac__lock_release(&slot->lock);
    if (sleepers) ac__futex_wake(&slot->closed, INT_MAX);
}

/* The first to find the count at zero closes, since one that came too late counts up and down again. */
static int finish_close(struct ac__slot *slot, int fd, uint64_t word)
{
    if (!ac__atomic_cas(&slot->word, &word, word | AC__FD_LEAVING, acq_rel, relaxed)) return 0;
    int result = close(fd) < 0 && errno != EINTR ? -errno : 0; /* Linux has closed it also after EINTR */
    number_is_free(slot, generation_of(word));
    freed_wake();
    return result;
}

/* Sleeps until that close has returned, or the library has been given the number. */
static void sleep_until_free(struct ac__slot *slot, uint32_t generation)
{
    ac__lock_acquire(&slot->lock);
    slot->sleepers++;
    while (leaving(slot, generation)) {
        uint32_t closed = ac__atomic_load(&slot->closed, relaxed);
        ac__lock_release(&slot->lock);
        ac__futex_wait(&slot->closed, closed);
        ac__lock_acquire(&slot->lock);
    }
    slot->sleepers--;
    ac__lock_release(&slot->lock);
}

int ac__use_begin(struct ac__use *use, int fd)
{
    struct ac__slot *slot = slot_look(fd);
    if (ac__unlikely(!slot)) {
        slot = slot_make(fd);
        if (!slot) return fd < 0 || fd / CHUNK >= CHUNKS ? -EBADF : -ENOMEM;
    }
    /* Acquire: the flags and the readiness belong together, and are those of adopting the descriptor. */
    uint64_t word = ac__atomic_add(&slot->word, 1, acquire);
    use->slot = slot;
    use->fd = fd;
    use->generation = generation_of(word);
    use->flags = (uint32_t)word & ~AC__FD_COUNT;
    use->ready = ac__atomic_load(&slot->ready, acquire);
    if (ac__likely(!(use->flags & AC__FD_CLOSING))) return 0;
    ac__use_end(use);
    if (!(use->flags & AC__FD_LEAVING)) return -EBADF;
    use->generation++; /* the one to come */
    return AC__USE_LATER;
}

int ac__use_end(struct ac__use *use)
{
    /* Release: what the operation did to the descriptor comes before its close. */
    uint64_t word = ac__atomic_sub(&use->slot->word, 1, acq_rel) - 1;
    if (ac__likely(!((uint32_t)word & AC__FD_CLOSING) || (uint32_t)word & (AC__FD_COUNT | AC__FD_LEAVING))) return 0;
    return finish_close(use->slot, use->fd, word);
}

int ac__use_begin_asleep(struct ac__use *use)
{
    int error;
    do sleep_until_free(use->slot, use->generation - 1);
    while ((error = ac__use_begin(use, use->fd)) == AC__USE_LATER);
    return error;
}

bool ac__use_wait_later(struct ac__use *use, struct ac__io_wait *wait, unsigned direction, ac_context *cx)
{
    struct ac__slot *slot = use->slot;
    ac__lock_acquire(&slot->lock);
    bool waits = leaving(slot, use->generation - 1);
    if (waits) {
        wait->generation = use->generation;
        wait->direction = direction;
        ac__waiters_link(&slot->waiters[direction], wait, cx->task);
    }
    ac__lock_release(&slot->lock);
    return waits;
}

void ac__use_drained(struct ac__use *use, unsigned direction)
{
    uint32_t bit = AC__READY_READ << direction, ready = use->ready;
    if (!(use->flags & AC__FD_DRAINS) || !(ready & AC__READY_REGISTERED) || !(ready & bit)) return;
    if (direction == AC__READ && ready & (AC__READY_ENDED | AC__READY_URGENT)) return;
    /* Fails if an event came since, and then there may be more. */
    ac__atomic_cas(&use->slot->ready, &ready, ready & ~bit, acq_rel, relaxed);
}

/* Registers with the driver of the task that is going to wait; under the lock. */
static int register_owned(struct ac__use *use, struct ac__driver *driver)
{
    struct ac__slot *slot = use->slot;
    uint64_t bit = UINT64_C(1) << ac__driver_index(driver);
    if (slot->drivers & bit) return 0;
    int error = ac__driver_register(driver, use->fd, use->generation);
    if (error) return error;
    if (ac__driver_index(driver) < AC__DRIVERS - 1) slot->drivers |= bit;
    ac__atomic_or(&slot->ready, AC__READY_REGISTERED, relaxed);
    return 0;
}

static int arm_foreign(struct ac__slot *slot, int fd, uint32_t generation, struct ac__driver *driver)
{
    uint64_t bit = UINT64_C(1) << ac__driver_index(driver);
    int error = ac__driver_arm(driver, fd, generation, awaited(slot), slot->drivers & bit);
    if (!error && ac__driver_index(driver) < AC__DRIVERS - 1) slot->drivers |= bit;
    return error;
}

int ac__use_wait(struct ac__use *use, struct ac__io_wait *wait, unsigned direction, ac_context *cx)
{
    struct ac__slot *slot = use->slot;
    struct ac__driver *driver = ac__runtime_driver(ac__runtime_of(cx));
    uint32_t bit = AC__READY_READ << direction;
    int error = 0;
    ac__lock_acquire(&slot->lock);
    uint64_t word = ac__atomic_load(&slot->word, relaxed);
    if (word >> 32 != use->generation || word & AC__FD_CLOSING) {
        ac__lock_release(&slot->lock);
        return -EBADF;
    }
    if (use->flags & AC__FD_OWNED) {
        uint32_t ready = use->ready;
        uint32_t cleared = ready & ~(bit | (direction == AC__READ ? AC__READY_ENDED : 0));
        if (!ac__atomic_cas(&slot->ready, &ready, cleared, acq_rel, relaxed) && ready & bit) {
            ac__lock_release(&slot->lock); /* an event came: look again */
            return 0;
        }
        error = register_owned(use, driver);
    }
    wait->generation = use->generation;
    wait->direction = direction;
    if (!error) ac__waiters_link(&slot->waiters[direction], wait, cx->task);
    if (!error && !(use->flags & AC__FD_OWNED) && (error = arm_foreign(slot, use->fd, use->generation, driver))) {
        ac__waiters_unlink(&slot->waiters[direction], wait);
        wait->state = AC__WAIT_NONE;
    }
    ac__lock_release(&slot->lock);
    return error ? error : -EAGAIN;
}

int ac__fd_watch(int fd, struct ac__io_wait *wait, struct ac__driver *driver)
{
    struct ac__use use;
    int error = ac__use_begin(&use, fd);
    if (error) return error;
    ac__lock_acquire(&use.slot->lock);
    error = register_owned(&use, driver);
    if (!error) ac__waiters_link(&use.slot->waiters[AC__READ], wait, NULL);
    ac__lock_release(&use.slot->lock);
    ac__use_end(&use);
    return error;
}

/* --- Making and closing ------------------------------------------------------------------------------------------- */

int ac__fd_adopt(int fd, uint32_t flags)
{
    struct ac__slot *slot = slot_make(fd);
    if (!slot) {
        close(fd);
        return (unsigned)fd / CHUNK >= CHUNKS ? -EMFILE : -ENOMEM;
    }
    ac__lock_acquire(&slot->lock);
    /* Who waits here still waits for a file of this number that was closed with close(2). */
    if (awaited(slot)) wake_waiters(slot, AC__READY_READ | AC__READY_WRITE, AC__WAIT_CLOSED);
    slot->drivers = 0;
    ac__atomic_store(&slot->ready, AC__READY_READ | AC__READY_WRITE, relaxed);
    uint64_t word = ac__atomic_load(&slot->word, relaxed), next;
    do next = ((word >> 32) + 1) << 32 | flags | AC__FD_OWNED | (word & AC__FD_COUNT);
    while (!ac__atomic_cas_weak(&slot->word, &word, next, release, relaxed));
    ac__lock_release(&slot->lock);
    return 0;
}

int ac__fd_made(int fd, uint32_t flags)
{
    if (fd < 0) return -errno;
    int error = ac__fd_adopt(fd, flags);
    return error ? error : fd;
}

/* The slot of a descriptor that may be closed, locked; or NULL with -EBADF: it is being closed already. In the middle of
 * a close this sleeps: if the number was given out again, it is the new file that the caller wants closed; if not, the
 * kernel says so. */
static struct ac__slot *lock_to_close(struct ac__slot *slot)
{
    ac__lock_acquire(&slot->lock);
    uint64_t word = ac__atomic_load(&slot->word, relaxed);
    if (ac__unlikely(word & AC__FD_LEAVING)) {
        uint32_t next = generation_of(word) + 1;
        ac__lock_release(&slot->lock);
        sleep_until_free(slot, next - 1);
        ac__lock_acquire(&slot->lock);
        word = ac__atomic_load(&slot->word, relaxed);
        /* Given to the library: then it was not the caller's. */
        if (generation_of(word) != next || word & AC__FD_OWNED) word |= AC__FD_CLOSING;
    }
    if (!(word & AC__FD_CLOSING)) return slot;
    ac__lock_release(&slot->lock);
    return NULL;
}

int ac_close(int fd)
{
    struct ac__slot *slot = slot_make(fd);
    if (!slot) { /* no descriptor; or no memory, and then nothing of the library knows this one */
        if (close(fd) < 0 && errno != EINTR) return -errno;
        freed_wake();
        return 0;
    }
    if (!lock_to_close(slot)) return -EBADF;
    struct ac__use use = { .slot = slot, .fd = fd };
    uint64_t word = ac__atomic_load(&slot->word, relaxed);
    /* Counted as an operation itself, so that the last one to end closes, whoever it is. */
    while (!ac__atomic_cas_weak(&slot->word, &word, (word | AC__FD_CLOSING) + 1, acq_rel, relaxed)) {}
    if (awaited(slot)) wake_waiters(slot, AC__READY_READ | AC__READY_WRITE, AC__WAIT_CLOSED);
    ac__lock_release(&slot->lock);
    return ac__use_end(&use);
}

/* --- Events ------------------------------------------------------------------------------------------------------- */

bool ac__slot_event(struct ac__driver *driver, int fd, uint32_t generation, uint32_t directions)
{
    struct ac__slot *slot = slot_look(fd);
    bool reap = false;
    ac__lock_acquire(&slot->lock);
    uint64_t word = ac__atomic_load(&slot->word, relaxed);
    if (word >> 32 == generation && !(word & AC__FD_CLOSING)) {
        if (word & AC__FD_OWNED) {
            /* Under the lock all that may change it beside this is the clearing after a short read. */
            uint32_t ready = ac__atomic_load(&slot->ready, relaxed), next;
            do next = (ready + AC__READY_EVENT) | directions;
            while (!ac__atomic_cas_weak(&slot->ready, &ready, next, acq_rel, relaxed));
        }
        reap = wake_waiters(slot, directions, AC__WAIT_FIRED);
        /* One event has disarmed the other direction too. */
        if (!(word & AC__FD_OWNED) && awaited(slot) && ac__atomic_load(&slot->word, relaxed) >> 32 == generation)
            arm_foreign(slot, fd, generation, driver);
    }
    ac__lock_release(&slot->lock);
    return reap;
}

static bool slot_driver_closed(struct ac__slot *slot, uint64_t bit)
{
    bool reap = false;
    ac__lock_acquire(&slot->lock);
    if (slot->drivers & bit) {
        slot->drivers &= ~bit;
        uint32_t ready = ac__atomic_load(&slot->ready, relaxed), next;
        do {
            next = (ready + AC__READY_EVENT) | AC__READY_READ | AC__READY_WRITE;
            if (!slot->drivers) next &= ~(uint32_t)AC__READY_REGISTERED;
        } while (!ac__atomic_cas_weak(&slot->ready, &ready, next, acq_rel, relaxed));
        reap = wake_waiters(slot, AC__READY_READ | AC__READY_WRITE, AC__WAIT_FIRED);
    }
    ac__lock_release(&slot->lock);
    return reap;
}

bool ac__slots_driver_closed(unsigned index)
{
    bool reap = false;
    uint32_t used = ac__atomic_load(&chunks_used, acquire);
    for (uint32_t chunk = 0; chunk < used; chunk++) {
        struct ac__slot *slots = ac__atomic_load(&table[chunk], acquire);
        for (unsigned i = 0; slots && i < CHUNK; i++) reap |= slot_driver_closed(&slots[i], UINT64_C(1) << index);
    }
    return reap;
}

/* The locks, two or three threads each. What is checked: exclusion, that nobody waits for ever, that an abort passes on
 * what was given, and that nobody touches a primitive after it has let another go on: the one who is last frees it. */
#include "primitive.h"

static uint32_t inside, finished;

/* A step at which others may come in. */
static void critical(void)
{
    EXPECT(ac__atomic_add(&inside, 1, relaxed) == 0);
    ac__atomic_sub(&inside, 1, relaxed);
}

/* --- mutex -------------------------------------------------------------------------------------------------------- */

static ac_mutex mutex;
static struct ac_mutex_lock_future lock[TASKS];

/* Whoever comes last frees the mutex: an object with a count of references under its own lock. */
static void unlock_and_leave(uint32_t last)
{
    critical();
    bool is_last = ++finished == last;
    ac_mutex_unlock(&mutex);
    if (is_last) explore_freed(&mutex, sizeof mutex);
}
static uint32_t users;
static int lock_poll(int i, ac_context *cx)
{
    if (!ac_mutex_lock_poll(&lock[i], cx)) return AC_PENDING;
    unlock_and_leave(users);
    return AC_READY;
}
static int lock_0(ac_context *cx) { return lock_poll(0, cx); }
static int lock_1(ac_context *cx) { return lock_poll(1, cx); }
static void drop_lock_0(void) { ac_mutex_lock_drop(&lock[0]); }
static void drop_lock_1(void) { ac_mutex_lock_drop(&lock[1]); }
static void lock_by_thread(void)
{
    ac_mutex_blocking_lock(&mutex);
    unlock_and_leave(users);
}
static void setup_mutex(void)
{
    reset();
    mutex = (ac_mutex)AC_MUTEX_INIT;
    inside = finished = 0;
    users = 3;
    ac_mutex_lock_init(&lock[0], &mutex);
    ac_mutex_lock_init(&lock[1], &mutex);
    TASK(0, lock_0, drop_lock_0, lock[0]);
    TASK(1, lock_1, drop_lock_1, lock[1]);
}
static void setup_mutex_two(void)
{
    setup_mutex();
    users = 2;
}
static void setup_mutex_abort(void)
{
    setup_mutex();
    users = 100; /* an aborted one does not come: nobody knows that he is last */
}
static void check_mutex(void)
{
    EXPECT(finished == users || users == 100);
    if (users == 100) EXPECT(mutex.ac__state == 0 && mutex.ac__first == NULL);
}

/* --- semaphore ---------------------------------------------------------------------------------------------------- */

static ac_semaphore semaphore;
static struct ac_semaphore_acquire_future acquire[TASKS];
static uint32_t got;

static int acquire_poll(int i, ac_context *cx)
{
    if (!ac_semaphore_acquire_poll(&acquire[i], cx)) return AC_PENDING;
    if (acquire[i].result == 0) ac__atomic_add(&got, acquire[i].waiter.count, relaxed);
    return AC_READY;
}
static int acquire_0(ac_context *cx) { return acquire_poll(0, cx); }
static int acquire_1(ac_context *cx) { return acquire_poll(1, cx); }
static void drop_acquire_0(void) { ac_semaphore_acquire_drop(&acquire[0]); }
static void drop_acquire_1(void) { ac_semaphore_acquire_drop(&acquire[1]); }
static void release_one(void) { ac_semaphore_release(&semaphore, 1); }
static void release_two(void)
{
    ac_semaphore_release(&semaphore, 1);
    ac_semaphore_release(&semaphore, 1);
}
static void close_semaphore(void) { ac_semaphore_close(&semaphore); }
static void setup_semaphore(void)
{
    reset();
    semaphore = (ac_semaphore)AC_SEMAPHORE_INIT(0);
    got = 0;
    ac_semaphore_acquire_init(&acquire[0], &semaphore, 2);
    ac_semaphore_acquire_init(&acquire[1], &semaphore, 1);
    TASK(0, acquire_0, drop_acquire_0, acquire[0]);
    TASK(1, acquire_1, drop_acquire_1, acquire[1]);
}
/* Three permits for two and one. */
static void check_semaphore(void)
{
    EXPECT(got == 3 && ac_semaphore_available(&semaphore) == 0 && !semaphore.ac__first);
}
static void check_semaphore_abort(void)
{
    EXPECT(got == (aborted[0] ? 0 : 2) && ac_semaphore_available(&semaphore) == 2 - got && !semaphore.ac__first);
}
static void check_semaphore_close(void)
{
    EXPECT(got + ac_semaphore_available(&semaphore) == 2 && !semaphore.ac__first);
}
/* One that was waited for goes with the wait. */
static int acquire_and_free(ac_context *cx)
{
    if (!ac_semaphore_acquire_poll(&acquire[0], cx)) return AC_PENDING;
    explore_freed(&semaphore, sizeof semaphore);
    return AC_READY;
}
static void setup_semaphore_free(void)
{
    setup_semaphore();
    TASK(0, acquire_and_free, drop_acquire_0, acquire[0]);
}
static void acquire_by_thread_and_free(void)
{
    EXPECT(ac_semaphore_blocking_acquire(&semaphore, 2) == 0);
    explore_freed(&semaphore, sizeof semaphore);
}

/* --- rwlock ------------------------------------------------------------------------------------------------------- */

static ac_rwlock rwlock;
static struct ac_rwlock_rdlock_future reading;
static struct ac_rwlock_wrlock_future writing;
static uint32_t readers, writers, has_read;

static void read_it(void)
{
    ac__atomic_add(&readers, 1, relaxed);
    EXPECT(ac__atomic_load(&writers, relaxed) == 0);
    ac__atomic_sub(&readers, 1, relaxed);
}
static int read_poll(ac_context *cx)
{
    if (!ac_rwlock_rdlock_poll(&reading, cx)) return AC_PENDING;
    read_it();
    has_read = 1;
    ac_rwlock_unlock(&rwlock);
    return AC_READY;
}
static int write_poll(ac_context *cx)
{
    if (!ac_rwlock_wrlock_poll(&writing, cx)) return AC_PENDING;
    EXPECT(ac__atomic_add(&writers, 1, relaxed) == 0 && ac__atomic_load(&readers, relaxed) == 0);
    ac__atomic_sub(&writers, 1, relaxed);
    ac_rwlock_downgrade(&rwlock);
    read_it();
    ac_rwlock_unlock(&rwlock);
    return AC_READY;
}
static void drop_write(void) { ac_rwlock_wrlock_drop(&writing); }
static void drop_read(void) { ac_rwlock_rdlock_drop(&reading); }
static void read_by_thread(void)
{
    ac_rwlock_blocking_rdlock(&rwlock);
    read_it();
    ac_rwlock_unlock(&rwlock);
}
static void setup_rwlock(void)
{
    reset();
    rwlock = (ac_rwlock)AC_RWLOCK_INIT;
    readers = writers = has_read = 0;
    ac_rwlock_wrlock_init(&writing, &rwlock);
    ac_rwlock_rdlock_init(&reading, &rwlock);
    TASK(0, write_poll, drop_write, writing);
    TASK(1, read_poll, drop_read, reading);
}
/* Held by a thread that lets go of it only when the task has read, too. */
static void setup_rwlock_read(void)
{
    setup_rwlock();
    EXPECT(ac_rwlock_try_rdlock(&rwlock));
}
static void hold_until_read(void)
{
    explore_wait(&has_read, 0);
    ac_rwlock_unlock(&rwlock);
}
static void setup_rwlock_written(void)
{
    setup_rwlock();
    EXPECT(ac_rwlock_try_wrlock(&rwlock));
}
static void downgrade_and_hold_until_read(void)
{
    ac_rwlock_downgrade(&rwlock);
    hold_until_read();
}
static void check_rwlock(void) { EXPECT(rwlock.ac__state == 0 && !rwlock.ac__first); }

/* --- notify ------------------------------------------------------------------------------------------------------- */

static ac_notify notify;
static struct ac_notified_future notified[TASKS];
static int notified_0(ac_context *cx) { return ac_notified_poll(&notified[0], cx); }
static int notified_1(ac_context *cx) { return ac_notified_poll(&notified[1], cx); }
static void drop_notified_0(void) { ac_notified_drop(&notified[0]); }
static void drop_notified_1(void) { ac_notified_drop(&notified[1]); }
static void notify_one(void) { ac_notify_one(&notify); }
static void notify_all(void) { ac_notify_waiters(&notify); }
static void setup_notify(void)
{
    reset();
    notify = (ac_notify)AC_NOTIFY_INIT;
    ac_notified_init(&notified[0], &notify);
    ac_notified_init(&notified[1], &notify);
    TASK(0, notified_0, drop_notified_0, notified[0]);
    TASK(1, notified_1, drop_notified_1, notified[1]);
}
static void check_notified(void) { EXPECT(ended[0] && notify.ac__state == 0 && !notify.ac__first); }
/* One notification: taken by the task, or by nobody and stored. */
static void check_notify_abort(void)
{
    EXPECT((notify.ac__state == AC__NOTIFY_PERMIT) == aborted[0] && !notify.ac__first);
}
static void check_notify(void) { EXPECT(!notify.ac__first && notify.ac__state != AC__NOTIFY_QUEUE); }

/* --- barrier ------------------------------------------------------------------------------------------------------ */

static ac_barrier barrier;
static struct ac_barrier_wait_future waits[TASKS];
static uint32_t leaders, is_decided;
static int wait_poll(int i, ac_context *cx)
{
    if (!ac_barrier_wait_poll(&waits[i], cx)) return AC_PENDING;
    leaders += waits[i].result;
    return AC_READY;
}
static int wait_0(ac_context *cx)
{
    int polled = wait_poll(0, cx);
    if (polled == AC_READY) is_decided = 1;
    return polled;
}
static int wait_1(ac_context *cx) { return wait_poll(1, cx); }
static int wait_2(ac_context *cx) { return wait_poll(2, cx); }
static void drop_wait_0(void)
{
    ac_barrier_wait_drop(&waits[0]);
    is_decided = 1;
}
static void drop_wait_1(void) { ac_barrier_wait_drop(&waits[1]); }
static void drop_wait_2(void) { ac_barrier_wait_drop(&waits[2]); }
static void setup_barrier_of(uint32_t parties)
{
    reset();
    barrier = (ac_barrier)AC_BARRIER_INIT(parties);
    leaders = is_decided = 0;
    for (int i = 0; i < 3; i++) ac_barrier_wait_init(&waits[i], &barrier);
    TASK(0, wait_0, drop_wait_0, waits[0]);
    TASK(1, wait_1, drop_wait_1, waits[1]);
    TASK(2, wait_2, drop_wait_2, waits[2]);
}
static void setup_barrier(void) { setup_barrier_of(2); }
static void setup_barrier_of_three(void) { setup_barrier_of(3); }
/* Comes in task 0's stead if that was aborted before the round was full. */
static void run_2_instead_of_0(void)
{
    explore_wait(&is_decided, 0);
    if (aborted[0] && !leaders) run_task(2);
}
static void check_barrier(void) { EXPECT(leaders == 1 && barrier.ac__arrived == 0 && !barrier.ac__first); }

int main(void)
{
    static const struct scenario scenarios[] = {
        { "mutex: two tasks, the last one frees it", setup_mutex_two, { run_0, run_1 }, check_mutex, 5, 300000 },
        { "mutex: and a thread", setup_mutex, { run_0, run_1, lock_by_thread }, check_mutex, 2, 300000 },
        { "mutex: a waiter is aborted", setup_mutex_abort, { run_0, run_1, abort_0 }, check_mutex, 2, 300000 },
        { "semaphore: two and one, released singly",
          setup_semaphore,
          { run_0, run_1, release_two, release_one },
          check_semaphore,
          2,
          300000 },
        { "semaphore: the wait for two is aborted",
          setup_semaphore,
          { run_0, release_two, abort_0 },
          check_semaphore_abort,
          3,
          300000 },
        { "semaphore: closed meanwhile",
          setup_semaphore,
          { run_0, release_two, close_semaphore },
          check_semaphore_close,
          3,
          300000 },
        { "semaphore: freed after the wait", setup_semaphore_free, { run_0, release_two }, NULL, 5, 300000 },
        { "semaphore: freed by a thread",
          setup_semaphore,
          { acquire_by_thread_and_free, release_two },
          NULL,
          5,
          300000 },
        { "rwlock: a writer and a reader", setup_rwlock, { run_0, run_1 }, check_rwlock, 4, 300000 },
        { "rwlock: and a thread that reads", setup_rwlock, { run_0, run_1, read_by_thread }, check_rwlock, 2, 300000 },
        { "rwlock: the writer is aborted", setup_rwlock, { run_0, run_1, abort_0 }, check_rwlock, 2, 300000 },
        { "rwlock: a reader behind an aborted writer",
          setup_rwlock_read,
          { run_0, run_1, hold_until_read, abort_0 },
          check_rwlock,
          2,
          300000 },
        { "rwlock: downgraded for a reader",
          setup_rwlock_written,
          { run_1, downgrade_and_hold_until_read },
          check_rwlock,
          5,
          300000 },
        { "notify: one for one", setup_notify, { run_0, notify_one }, check_notified, 6, 300000 },
        { "notify: one, aborted meanwhile",
          setup_notify,
          { run_0, notify_one, abort_0 },
          check_notify_abort,
          3,
          300000 },
        { "notify: one and all for two",
          setup_notify,
          { run_0, run_1, notify_one, notify_all },
          check_notify,
          2,
          300000 },
        { "barrier: two meet", setup_barrier, { run_0, run_1 }, check_barrier, 5, 300000 },
        { "barrier: three meet", setup_barrier_of_three, { run_0, run_1, run_2 }, check_barrier, 2, 300000 },
        { "barrier: one is aborted, another comes",
          setup_barrier,
          { run_0, run_1, run_2_instead_of_0, abort_0 },
          check_barrier,
          2,
          300000 },
    };
    return explore_all(scenarios, sizeof scenarios / sizeof *scenarios);
}

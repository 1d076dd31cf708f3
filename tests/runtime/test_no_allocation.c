/* Waiting for a lock allocates nothing: the place in the queue is in the frame of whoever waits. Cells are made blocks
 * of their own here, as in test_no_memory.c, so that each would be counted. */
#define UNDER_ASAN 1
#include "mem/slab.c"

#include "hand.h"

static unsigned long allocations;
static void *count_allocate(size_t size, size_t align, void *context)
{
    (void)context;
    void *block;
    __atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
    return posix_memalign(&block, align, size) ? NULL : block;
}
static void *count_resize(void *block, size_t size, void *context)
{
    (void)context;
    __atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
    return realloc(block, size);
}
static void count_release(void *block, void *context)
{
    (void)context;
    free(block);
}

enum { WAITERS = 100, ROUNDS = 3 };
static struct hand hands[WAITERS];
static const ac_allocator counting = { count_allocate, count_resize, count_release, NULL };

static void begin(void)
{
    ac_runtime *rt = ac_runtime_new(&(ac_runtime_options){ .allocator = &counting });
    ck_assert(rt && ac_runtime_shutdown(rt, ac_secs(5)));
    ck_assert_uint_gt(allocations, 0); /* it is counted */
    for (int i = 0; i < WAITERS; i++) hands[i] = (struct hand)HAND;
}

/* All wait, in vain; every third is dropped; WAKE wakes the others, who come in turn, and each goes on with THEN. */
#define WAIT_WITHOUT_ALLOCATING(NAME, INIT, WAKE, THEN)                                                                \
    do {                                                                                                               \
        static struct NAME##_future waits_[WAITERS];                                                                   \
        unsigned long before_ = allocations;                                                                           \
        for (int i = 0; i < WAITERS; i++) {                                                                            \
            struct NAME##_future *self = &waits_[i];                                                                   \
            INIT;                                                                                                      \
            ck_assert_int_eq(POLL_BY(&hands[i], NAME, self), AC_PENDING);                                              \
        }                                                                                                              \
        for (int i = 0; i < WAITERS; i += 3) NAME##_drop(&waits_[i]);                                                  \
        WAKE;                                                                                                          \
        for (int i = 0; i < WAITERS; i++) {                                                                            \
            if (i % 3 == 0) continue;                                                                                  \
            ck_assert(woken(&hands[i]));                                                                               \
            ck_assert_int_eq(POLL_BY(&hands[i], NAME, &waits_[i]), AC_READY);                                          \
            THEN;                                                                                                      \
        }                                                                                                              \
        ck_assert_uint_eq(allocations, before_);                                                                       \
    } while (0)

START_TEST(a_mutex)
{
    ac_mutex mutex = AC_MUTEX_INIT;
    for (int round = 0; round < ROUNDS; round++) {
        ck_assert(ac_mutex_try_lock(&mutex));
        WAIT_WITHOUT_ALLOCATING(ac_mutex_lock, ac_mutex_lock_init(self, &mutex), ac_mutex_unlock(&mutex),
                                ac_mutex_unlock(&mutex));
    }
}
END_TEST

START_TEST(a_rwlock)
{
    ac_rwlock lock = AC_RWLOCK_INIT;
    for (int round = 0; round < ROUNDS; round++) {
        ck_assert(ac_rwlock_try_wrlock(&lock));
        WAIT_WITHOUT_ALLOCATING(ac_rwlock_rdlock, ac_rwlock_rdlock_init(self, &lock), ac_rwlock_unlock(&lock), );
        for (int i = 0; i < WAITERS; i++)
            if (i % 3) ac_rwlock_unlock(&lock);
        ck_assert(ac_rwlock_try_rdlock(&lock));
        WAIT_WITHOUT_ALLOCATING(ac_rwlock_wrlock, ac_rwlock_wrlock_init(self, &lock), ac_rwlock_unlock(&lock),
                                ac_rwlock_unlock(&lock));
    }
}
END_TEST

START_TEST(a_semaphore)
{
    ac_semaphore semaphore = AC_SEMAPHORE_INIT(0);
    for (int round = 0; round < ROUNDS; round++) {
        WAIT_WITHOUT_ALLOCATING(ac_semaphore_acquire, ac_semaphore_acquire_init(self, &semaphore, 2),
                                ac_semaphore_release(&semaphore, 2), ac_semaphore_release(&semaphore, 2));
        ck_assert_int_eq(ac_semaphore_try_acquire(&semaphore, 2), 0);
    }
}
END_TEST

START_TEST(a_barrier)
{
    enum { STAY = WAITERS - (WAITERS + 2) / 3 };
    static struct hand last;
    last = (struct hand)HAND;
    ac_barrier barrier = AC_BARRIER_INIT(WAITERS + 1);
    struct ac_barrier_wait_future wait, again[WAITERS - STAY];
    static struct hand others[WAITERS - STAY];
    for (int i = 0; i < WAITERS - STAY; i++) others[i] = (struct hand)HAND;
    for (int round = 0; round < ROUNDS; round++) {
        WAIT_WITHOUT_ALLOCATING(
            ac_barrier_wait, ac_barrier_wait_init(self, &barrier), {
                for (int i = 0; i < WAITERS - STAY; i++) { /* for those that were dropped */
                    ac_barrier_wait_init(&again[i], &barrier);
                    ck_assert_int_eq(POLL_BY(&others[i], ac_barrier_wait, &again[i]), AC_PENDING);
                }
                ac_barrier_wait_init(&wait, &barrier);
                ck_assert_int_eq(POLL_BY(&last, ac_barrier_wait, &wait), AC_READY);
            }, );
        for (int i = 0; i < WAITERS - STAY; i++)
            ck_assert(woken(&others[i]) && POLL_BY(&others[i], ac_barrier_wait, &again[i]) == AC_READY);
    }
}
END_TEST

START_TEST(a_notify)
{
    ac_notify notify = AC_NOTIFY_INIT;
    for (int round = 0; round < ROUNDS; round++) {
        WAIT_WITHOUT_ALLOCATING(ac_notified, ac_notified_init(self, &notify), ac_notify_waiters(&notify), );
        WAIT_WITHOUT_ALLOCATING(ac_notified, ac_notified_init(self, &notify),
                                for (int i = 0; i < WAITERS; i++) ac_notify_one(&notify), );
        struct ac_notified_future stored; /* what was left over */
        ac_notified_init(&stored, &notify);
        ck_assert_int_eq(POLL_BY(&hands[0], ac_notified, &stored), AC_READY);
    }
}
END_TEST

START_TEST(a_once)
{
    for (int round = 0; round < ROUNDS; round++) {
        ac_once once = AC_ONCE_INIT;
        struct ac_once_begin_future maker;
        ac_once_begin_init(&maker, &once);
        ck_assert_int_eq(POLL_BY(&hands[0], ac_once_begin, &maker), AC_READY);
        ck_assert(maker.result);
        WAIT_WITHOUT_ALLOCATING(ac_once_begin, ac_once_begin_init(self, &once), ac_once_end(&once, true), );
    }
}
END_TEST

int main(void)
{
    const TTest *tests[] = { a_mutex, a_rwlock, a_semaphore, a_barrier, a_notify, a_once };
    Suite *suite = suite_create("no allocation");
    TCase *tcase = tcase_create("waiting for");
    tcase_add_checked_fixture(tcase, begin, NULL);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}

/* The mutex: what include/asyncc/mutex.h says. */
#include "hand.h"
#include <pthread.h>
#include <unistd.h>

START_TEST(uncontended_lock_is_ready_at_once)
{
    ac_mutex mutex = AC_MUTEX_INIT;
    struct hand hand = HAND;
    struct ac_mutex_lock_future lock;
    ac_mutex_lock_init(&lock, &mutex);
    ck_assert_int_eq(POLL_BY(&hand, ac_mutex_lock, &lock), AC_READY);
    ck_assert(ac_mutex_is_locked(&mutex));
    ck_assert(!ac_mutex_try_lock(&mutex));
    ac_mutex_unlock(&mutex);
    ck_assert(ac_mutex_try_lock(&mutex));
}
END_TEST

/* --- All orders of three that lock, cancel and unlock ------------------------------------------------------------- */

enum state { NEW, WAITING, GRANTED, HOLDING };
enum { ACTORS = 3, UNLOCK = 2 * ACTORS, SYMBOLS };

struct world {
    ac_mutex mutex;
    struct hand hand[ACTORS];
    struct ac_mutex_lock_future lock[ACTORS];
    enum state state[ACTORS];
    struct line queue;
    int owner; /* who holds it or was granted it; -1 */
    bool expect_wake[ACTORS];
};

static void model_unlock(struct world *w)
{
    w->owner = w->queue.n ? line_pop(&w->queue) : -1;
    if (w->owner < 0) return;
    w->state[w->owner] = GRANTED;
    w->expect_wake[w->owner] = true;
}

static int model_poll(struct world *w, int i)
{
    if (w->state[i] == NEW && w->owner < 0) w->owner = i, w->state[i] = GRANTED;
    else if (w->state[i] == NEW) w->state[i] = WAITING, line_push(&w->queue, i);
    if (w->state[i] != GRANTED) return AC_PENDING;
    w->state[i] = HOLDING;
    return AC_READY;
}

static void model_drop(struct world *w, int i)
{
    enum state was = w->state[i];
    w->state[i] = NEW;
    line_remove(&w->queue, i);
    if (was == GRANTED) model_unlock(w);
}

static void unlock_by(struct world *w, int i)
{
    ac_mutex_unlock(&w->mutex);
    w->state[i] = NEW;
    ac_mutex_lock_init(&w->lock[i], &w->mutex);
    model_unlock(w);
}

static void run(const unsigned char *steps, unsigned n)
{
    struct world w = { .owner = -1 };
    for (int i = 0; i < ACTORS; i++) {
        w.hand[i] = (struct hand)HAND;
        ac_mutex_lock_init(&w.lock[i], &w.mutex);
    }
    for (unsigned s = 0; s < n; s++) {
        int step = steps[s], i = step % ACTORS;
        if (step == UNLOCK) {
            if (w.owner >= 0 && w.state[w.owner] == HOLDING) unlock_by(&w, w.owner);
        } else if (w.state[i] == HOLDING) {
            continue;
        } else if (step < ACTORS) {
            EXPECT(POLL_BY(&w.hand[i], ac_mutex_lock, &w.lock[i]) == model_poll(&w, i));
        } else {
            ac_mutex_lock_drop(&w.lock[i]);
            model_drop(&w, i);
            ac_mutex_lock_init(&w.lock[i], &w.mutex);
        }
        for (int k = 0; k < ACTORS; k++) {
            EXPECT(woken(&w.hand[k]) == w.expect_wake[k]);
            w.expect_wake[k] = false;
        }
        EXPECT(ac_mutex_is_locked(&w.mutex) == (w.owner >= 0));
    }
    for (int i = 0; i < ACTORS; i++) {
        if (w.state[i] == HOLDING) unlock_by(&w, i);
        else ac_mutex_lock_drop(&w.lock[i]), model_drop(&w, i);
    }
    for (int i = 0; i < ACTORS; i++) /* those who were granted it by the clean-up */
        if (w.state[i] == GRANTED) ac_mutex_lock_drop(&w.lock[i]), model_drop(&w, i);
    EXPECT(!ac_mutex_is_locked(&w.mutex));
    EXPECT(w.mutex.ac__first == NULL && w.mutex.ac__state == 0);
}

START_TEST(every_order_of_locking_cancelling_and_unlocking) { explore(SYMBOLS, 7, run); }
END_TEST

/* --- Under real schedulers ---------------------------------------------------------------------------------------- */

static ac_mutex shared = AC_MUTEX_INIT;
static long counter, inside;

static void critical(void)
{
    REQUIRE(__atomic_fetch_add(&inside, 1, __ATOMIC_RELAXED) == 0);
    counter++;
    __atomic_fetch_sub(&inside, 1, __ATOMIC_RELAXED);
}

SCRIPT(count, int i, times; struct ac_mutex_lock_future lock; struct ac_yield_future yield;)
{
    BEGIN;
    for (self->i = 0; self->i < self->times; self->i++) {
        AWAIT(ac_mutex_lock, lock, &shared);
        critical();
        ac_mutex_unlock(&shared);
        if (self->i % 7 == 0) YIELD();
    }
    END;
}

static void *count_on_thread(void *unused)
{
    for (int i = 0; i < 2000; i++) {
        ac_mutex_blocking_lock(&shared);
        critical();
        ac_mutex_unlock(&shared);
    }
    return unused;
}

START_TEST(tasks_of_two_runtimes_and_threads_exclude_one_another)
{
    const unsigned workers[] = { 1, 2, 8 };
    ac_runtime *rt = new_runtime((ac_runtime_options){ .worker_threads = workers[_i] });
    ac_runtime *other = new_runtime((ac_runtime_options){ .worker_threads = 1 });
    void *task[8];
    pthread_t thread;
    counter = 0;
    pthread_create(&thread, NULL, count_on_thread, NULL);
    for (int i = 0; i < 8; i++) task[i] = SPAWN(i % 2 ? rt : other, count, .times = 2000);
    pthread_join(thread, NULL);
    for (int i = 0; i < 8; i++) ck_assert_int_eq(join_task(i % 2 ? rt : other, task[i], NULL), 0);
    ck_assert_int_eq(counter, 9 * 2000);
    end_runtime(rt);
    end_runtime(other);
}
END_TEST

START_TEST(aborted_tasks_leave_the_lock_to_the_others)
{
    ac_runtime *rt = new_runtime((ac_runtime_options){ .worker_threads = 4 });
    for (int round = 0; round < 20; round++) {
        void *task[16];
        for (int i = 0; i < 16; i++) task[i] = SPAWN(rt, count, .times = 300);
        for (int i = 0; i < 16; i += 2) ac_abort(task[i]);
        for (int i = 1; i < 16; i += 2) ck_assert_int_eq(join_task(rt, task[i], NULL), 0);
        for (int i = 0; i < 16; i += 2) join_task(rt, task[i], NULL);
        ck_assert(ac_mutex_try_lock(&shared));
        ac_mutex_unlock(&shared);
    }
    end_runtime(rt);
}
END_TEST

/* A mutex in a task's frame may go as soon as the task has it: whoever handed it over has left it. */
SCRIPT(short_lived, int i; ac_mutex * mutex; void *task; struct ac_mutex_lock_future lock;)
{
    BEGIN;
    AWAIT(ac_mutex_lock, lock, self->mutex);
    ac_mutex_unlock(self->mutex);
    memset(self->mutex, 0xff, sizeof *self->mutex);
    free(self->mutex);
    END;
}

START_TEST(the_last_one_may_free_it)
{
    ac_runtime *rt = new_runtime((ac_runtime_options){ .worker_threads = 2 });
    for (int i = 0; i < 2000; i++) {
        ac_mutex *mutex = calloc(1, sizeof *mutex);
        ck_assert(ac_mutex_try_lock(mutex));
        void *task = SPAWN(rt, short_lived, .mutex = mutex);
        if (i % 3) sched_yield();
        ac_mutex_unlock(mutex);
        join_task(rt, task, NULL);
    }
    end_runtime(rt);
}
END_TEST

START_TEST(unlocking_what_is_not_locked_is_fatal)
{
    ac_mutex mutex = AC_MUTEX_INIT;
    ac_mutex_unlock(&mutex);
}
END_TEST

SCRIPT(blocks, ac_mutex *mutex;)
{
    (void)self, (void)cx;
    ac_mutex_blocking_lock(self->mutex);
    return AC_READY;
}

START_TEST(blocking_in_a_task_is_fatal)
{
    ac_mutex mutex = AC_MUTEX_INIT;
    ck_assert(ac_mutex_try_lock(&mutex));
    ac_runtime *rt = new_runtime((ac_runtime_options){ 0 });
    RUN(rt, blocks, .mutex = &mutex);
}
END_TEST

START_TEST(a_waiter_describes_itself)
{
    ac_mutex mutex = AC_MUTEX_INIT;
    struct hand hand[2] = { HAND, HAND };
    struct ac_mutex_lock_future lock[2];
    char text[128], expected[128];
    ck_assert(ac_mutex_try_lock(&mutex));
    for (int i = 0; i < 2; i++) {
        ac_mutex_lock_init(&lock[i], &mutex);
        ck_assert_int_eq(POLL_BY(&hand[i], ac_mutex_lock, &lock[i]), AC_PENDING);
    }
    ac_mutex_lock_descriptor.describe(&lock[1], text, sizeof text);
    snprintf(expected, sizeof expected, "mutex %p held, place 2 of 2 in the queue", (void *)&mutex);
    ck_assert_str_eq(text, expected);
    for (int i = 0; i < 2; i++) ac_mutex_lock_drop(&lock[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mutex");
    TCase *tests = tcase_create("mutex");
    tcase_add_test(tests, uncontended_lock_is_ready_at_once);
    tcase_add_test(tests, every_order_of_locking_cancelling_and_unlocking);
    tcase_add_loop_test(tests, tasks_of_two_runtimes_and_threads_exclude_one_another, 0, 3);
    tcase_add_test(tests, aborted_tasks_leave_the_lock_to_the_others);
    tcase_add_test(tests, the_last_one_may_free_it);
    tcase_add_test_raise_signal(tests, unlocking_what_is_not_locked_is_fatal, SIGABRT);
    tcase_add_test_raise_signal(tests, blocking_in_a_task_is_fatal, SIGABRT);
    tcase_add_test(tests, a_waiter_describes_itself);
    tcase_set_timeout(tests, 30);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

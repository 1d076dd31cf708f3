/* The readers-writer lock: what include/asyncc/rwlock.h says. */
#include "hand.h"
#include <pthread.h>

START_TEST(many_readers_or_one_writer)
{
    ac_rwlock lock = AC_RWLOCK_INIT;
    ck_assert(ac_rwlock_try_rdlock(&lock));
    ck_assert(ac_rwlock_try_rdlock(&lock));
    ck_assert(!ac_rwlock_try_wrlock(&lock));
    ac_rwlock_unlock(&lock);
    ac_rwlock_unlock(&lock);
    ck_assert(ac_rwlock_try_wrlock(&lock));
    ck_assert(!ac_rwlock_try_rdlock(&lock));
    ck_assert(!ac_rwlock_try_wrlock(&lock));
    ac_rwlock_unlock(&lock);
    ck_assert(ac_rwlock_try_wrlock(&lock));
}
END_TEST

START_TEST(a_waiting_writer_holds_back_later_readers_until_it_is_cancelled)
{
    ac_rwlock lock = AC_RWLOCK_INIT;
    struct hand hand[2] = { HAND, HAND };
    struct ac_rwlock_wrlock_future writer;
    struct ac_rwlock_rdlock_future reader;
    ck_assert(ac_rwlock_try_rdlock(&lock));
    ac_rwlock_wrlock_init(&writer, &lock);
    ac_rwlock_rdlock_init(&reader, &lock);
    ck_assert_int_eq(POLL_BY(&hand[0], ac_rwlock_wrlock, &writer), AC_PENDING);
    ck_assert_int_eq(POLL_BY(&hand[1], ac_rwlock_rdlock, &reader), AC_PENDING);
    ck_assert(!ac_rwlock_try_rdlock(&lock));
    ac_rwlock_wrlock_drop(&writer);
    ck_assert(woken(&hand[1]));
    ck_assert_int_eq(POLL_BY(&hand[1], ac_rwlock_rdlock, &reader), AC_READY);
    ck_assert(ac_rwlock_try_rdlock(&lock));
}
END_TEST

START_TEST(downgrade_lets_readers_in_and_writers_not)
{
    ac_rwlock lock = AC_RWLOCK_INIT;
    struct hand hand[2] = { HAND, HAND };
    struct ac_rwlock_rdlock_future reader;
    struct ac_rwlock_wrlock_future writer;
    ck_assert(ac_rwlock_try_wrlock(&lock));
    ac_rwlock_rdlock_init(&reader, &lock);
    ac_rwlock_wrlock_init(&writer, &lock);
    ck_assert_int_eq(POLL_BY(&hand[0], ac_rwlock_rdlock, &reader), AC_PENDING);
    ck_assert_int_eq(POLL_BY(&hand[1], ac_rwlock_wrlock, &writer), AC_PENDING);
    ac_rwlock_downgrade(&lock);
    ck_assert(woken(&hand[0]) && !woken(&hand[1]));
    ck_assert_int_eq(POLL_BY(&hand[0], ac_rwlock_rdlock, &reader), AC_READY);
    ac_rwlock_unlock(&lock);
    ac_rwlock_unlock(&lock);
    ck_assert(woken(&hand[1]));
    ck_assert_int_eq(POLL_BY(&hand[1], ac_rwlock_wrlock, &writer), AC_READY);
}
END_TEST

START_TEST(unlocking_what_is_not_locked_is_fatal)
{
    ac_rwlock lock = AC_RWLOCK_INIT;
    ac_rwlock_unlock(&lock);
}
END_TEST

START_TEST(downgrading_a_reader_is_fatal)
{
    ac_rwlock lock = AC_RWLOCK_INIT;
    ck_assert(ac_rwlock_try_rdlock(&lock));
    ac_rwlock_downgrade(&lock);
}
END_TEST

/* --- All orders: two readers, two writers ------------------------------------------------------------------------- */

enum state { NEW, WAITING, GRANTED, HOLDING };
enum { ACTORS = 4, UNLOCK = 2 * ACTORS, DOWNGRADE, SYMBOLS };
static bool writes(int i) { return i % 2; }

union either {
    struct ac_rwlock_rdlock_future read;
    struct ac_rwlock_wrlock_future write;
};
struct world {
    ac_rwlock lock;
    struct hand hand[ACTORS];
    union either f[ACTORS];
    enum state state[ACTORS];
    struct line queue, holders;
    int readers;
    bool writer, expect_wake[ACTORS];
    bool reads_now[ACTORS]; /* a writer that was downgraded */
};

static void init(struct world *w, int i)
{
    if (writes(i)) ac_rwlock_wrlock_init(&w->f[i].write, &w->lock);
    else ac_rwlock_rdlock_init(&w->f[i].read, &w->lock);
}

static void drop(struct world *w, int i)
{
    if (writes(i)) ac_rwlock_wrlock_drop(&w->f[i].write);
    else ac_rwlock_rdlock_drop(&w->f[i].read);
}

static int poll(struct world *w, int i)
{
    if (writes(i)) return POLL_BY(&w->hand[i], ac_rwlock_wrlock, &w->f[i].write);
    return POLL_BY(&w->hand[i], ac_rwlock_rdlock, &w->f[i].read);
}

static void model_let_in(struct world *w)
{
    while (w->queue.n) {
        int i = w->queue.who[0];
        if (w->writer || (writes(i) && w->readers)) return;
        line_pop(&w->queue);
        if (writes(i)) w->writer = true;
        else w->readers++;
        w->state[i] = GRANTED;
        w->expect_wake[i] = true;
    }
}

static int model_poll(struct world *w, int i)
{
    if (w->state[i] == NEW) {
        line_push(&w->queue, i);
        w->state[i] = WAITING;
        model_let_in(w);
        w->expect_wake[i] = false;
    }
    if (w->state[i] != GRANTED) return AC_PENDING;
    w->state[i] = HOLDING;
    line_push(&w->holders, i);
    return AC_READY;
}

static void model_leave(struct world *w, int i)
{
    if (writes(i) && !w->reads_now[i]) w->writer = false;
    else w->readers--;
    w->reads_now[i] = false;
    w->state[i] = NEW;
    model_let_in(w);
}

static void model_drop(struct world *w, int i)
{
    enum state was = w->state[i];
    w->state[i] = NEW;
    line_remove(&w->queue, i);
    if (was == GRANTED) model_leave(w, i);
    else model_let_in(w);
}

static void unlock_first(struct world *w)
{
    if (!w->holders.n) return;
    int i = line_pop(&w->holders);
    ac_rwlock_unlock(&w->lock);
    model_leave(w, i);
    init(w, i);
}

static void downgrade(struct world *w)
{
    if (!w->writer || !w->holders.n) return; /* nobody writes, or it does not know yet that it may */
    ac_rwlock_downgrade(&w->lock);
    w->reads_now[w->holders.who[0]] = true;
    w->writer = false;
    w->readers++;
    model_let_in(w);
}

static void run(const unsigned char *steps, unsigned n)
{
    struct world w = { .readers = 0 };
    for (int i = 0; i < ACTORS; i++) {
        w.hand[i] = (struct hand)HAND;
        init(&w, i);
    }
    for (unsigned s = 0; s < n; s++) {
        int step = steps[s], i = step % ACTORS;
        if (step == UNLOCK) {
            unlock_first(&w);
        } else if (step == DOWNGRADE) {
            downgrade(&w);
        } else if (w.state[i] == HOLDING) {
            continue;
        } else if (step < ACTORS) {
            EXPECT(poll(&w, i) == model_poll(&w, i));
        } else {
            drop(&w, i);
            model_drop(&w, i);
            init(&w, i);
        }
        for (int k = 0; k < ACTORS; k++) {
            EXPECT(woken(&w.hand[k]) == w.expect_wake[k]);
            w.expect_wake[k] = false;
        }
    }
    for (int round = 0; round < 2; round++) /* twice: for those who were let in by the clean-up */
        for (int i = 0; i < ACTORS; i++)
            if (w.state[i] != HOLDING) drop(&w, i), model_drop(&w, i), init(&w, i);
    while (w.holders.n) unlock_first(&w);
    EXPECT(w.lock.ac__state == 0 && w.lock.ac__first == NULL);
}

START_TEST(every_order_of_locking_cancelling_and_unlocking) { explore(SYMBOLS, 6, run); }
END_TEST

/* --- Under real schedulers ---------------------------------------------------------------------------------------- */

static ac_rwlock shared = AC_RWLOCK_INIT;
static long left, right;

SCRIPT(read_it, int i, times; struct ac_rwlock_rdlock_future f; struct ac_yield_future yield;)
{
    BEGIN;
    for (self->i = 0; self->i < self->times; self->i++) {
        AWAIT(ac_rwlock_rdlock, f, &shared);
        REQUIRE(left == right);
        ac_rwlock_unlock(&shared);
        if (self->i % 5 == 0) YIELD();
    }
    END;
}

SCRIPT(write_it, int i, times; struct ac_rwlock_wrlock_future f; struct ac_yield_future yield;)
{
    BEGIN;
    for (self->i = 0; self->i < self->times; self->i++) {
        AWAIT(ac_rwlock_wrlock, f, &shared);
        left++, right++;
        if (self->i % 3 == 0) {
            ac_rwlock_downgrade(&shared);
            REQUIRE(left == right);
        }
        ac_rwlock_unlock(&shared);
        if (self->i % 5 == 0) YIELD();
    }
    END;
}

static void *both_on_thread(void *unused)
{
    for (int i = 0; i < 500; i++) {
        ac_rwlock_blocking_wrlock(&shared);
        left++, right++;
        ac_rwlock_unlock(&shared);
        ac_rwlock_blocking_rdlock(&shared);
        REQUIRE(left == right);
        ac_rwlock_unlock(&shared);
    }
    return unused;
}

START_TEST(readers_never_see_half_a_write)
{
    const unsigned workers[] = { 1, 2, 8 };
    ac_runtime *rt = new_runtime((ac_runtime_options){ .worker_threads = workers[_i] });
    pthread_t thread;
    pthread_create(&thread, NULL, both_on_thread, NULL);
    for (int round = 0; round < 5; round++) {
        void *task[12];
        for (int i = 0; i < 12; i++)
            task[i] = i % 3 ? SPAWN(rt, read_it, .times = 500) : SPAWN(rt, write_it, .times = 300);
        ac_abort(task[0]);
        ac_abort(task[1]);
        for (int i = 0; i < 12; i++) join_task(rt, task[i], NULL);
    }
    pthread_join(thread, NULL);
    ck_assert(ac_rwlock_try_wrlock(&shared));
    ac_rwlock_unlock(&shared);
    end_runtime(rt);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rwlock");
    TCase *tests = tcase_create("rwlock");
    tcase_add_test(tests, many_readers_or_one_writer);
    tcase_add_test(tests, a_waiting_writer_holds_back_later_readers_until_it_is_cancelled);
    tcase_add_test(tests, downgrade_lets_readers_in_and_writers_not);
    tcase_add_test_raise_signal(tests, unlocking_what_is_not_locked_is_fatal, SIGABRT);
    tcase_add_test_raise_signal(tests, downgrading_a_reader_is_fatal, SIGABRT);
    tcase_add_test(tests, every_order_of_locking_cancelling_and_unlocking);
    tcase_add_loop_test(tests, readers_never_see_half_a_write, 0, 3);
    tcase_set_timeout(tests, 30);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

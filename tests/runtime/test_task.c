/* Tasks: started, joined, aborted, dropped. One behaviour a test, on the flavor of ASYNCC_FLAVOR. */
#include "core.h"

static ac_runtime *rt;
static void setup(void) { rt = new_runtime((ac_runtime_options){ 0 }); }
static void teardown(void) { end_runtime(rt); }

SCRIPT(value, int is;)
{
    self->result = self->is;
    return AC_READY;
}

SCRIPT(later, int is; int yields; struct ac_yield_future yield;)
{
    BEGIN;
    for (; self->yields > 0; self->yields--) YIELD();
    RETURN(self->is);
    END;
}

SCRIPT(waits, struct dropped *dropped; int *started; struct hold_future hold;)
{
    BEGIN;
    if (self->started) add(self->started, 1);
    AWAIT(hold, hold, self->dropped);
    END;
}

/* Joins a handle it is given, as `await ac_join(t)` does. */
SCRIPT(joins, void *task; struct ac_op_join_future join;)
{
    BEGIN;
    AWAIT(ac_op_join, join, &self->task);
    self->result = *(const int *)ac_op_join_value(&self->join);
    ac_op_join_drop(&self->join);
    ck_assert_ptr_null(self->task);
    return AC_READY;
    END;
}

SCRIPT(join_results, void *task; int got; int status; struct ac_op_join_result_future join;)
{
    BEGIN;
    AWAIT(ac_op_join_result, join, &self->task, &self->got, sizeof self->got);
    RETURN(self->join.result ? self->join.result : self->got);
    END;
}

/* --- Results -------------------------------------------------------------------------------------------------------*/

START_TEST(a_join_gives_the_result)
{
    ck_assert_int_eq(RUN(rt, joins, .task = SPAWN(rt, value, .is = 7)), 7);
    ck_assert_int_eq(RUN(rt, joins, .task = SPAWN(rt, later, .is = 8, .yields = 3)), 8);
    ck_assert_int_eq(RUN(rt, join_results, .task = SPAWN(rt, later, .is = 9, .yields = 3)), 9);
}
END_TEST

SCRIPT(spawner, void *task; struct ac_op_join_future join;)
{
    BEGIN;
    self->task = SPAWN_IN(later, .is = 5, .yields = 1);
    AWAIT(ac_op_join, join, &self->task);
    self->result = *(const int *)ac_op_join_value(&self->join);
    ac_op_join_drop(&self->join);
    return AC_READY;
    END;
}

START_TEST(a_task_spawns_and_joins_another)
{
    ck_assert_int_eq(RUN(rt, spawner), 5);
    ck_assert_int_eq(RUN(rt, joins, .task = SPAWN(rt, spawner)), 5);
}
END_TEST

SCRIPT(spawns_from_blocking, int value;)
{
    void *task = SPAWN_AS(NULL, NULL, 0, later, .is = 6, .yields = 2);
    ck_assert_int_eq(join_task(ac_runtime_current(), task, &self->result), 0);
    return AC_READY;
}

START_TEST(a_blocking_call_spawns_and_blocks_on)
{
    ac_runtime *here = new_runtime((ac_runtime_options){ .flavor = AC_MULTI_THREAD, .worker_threads = 1 });
    void *task = SPAWN_AS(NULL, here, AC__SPAWN_BLOCKING, spawns_from_blocking, .value = 0);
    int got;
    ck_assert_int_eq(join_task(here, task, &got), 0);
    ck_assert_int_eq(got, 6);
    end_runtime(here);
}
END_TEST

SCRIPT(counts, int *count;)
{
    add(self->count, 1);
    return AC_READY;
}

START_TEST(a_detached_task_runs_on)
{
    int count = 0;
    ac_detach(SPAWN(rt, counts, .count = &count));
    ck_assert_ptr_null(SPAWN_AS(NULL, rt, AC__SPAWN_DETACHED, counts, .count = &count));
    RUN(rt, later, .yields = 10);
    ck_assert(reaches(&count, 2));
}
END_TEST

START_TEST(a_finished_task_says_so_and_keeps_its_result)
{
    void *task = SPAWN(rt, value, .is = 3);
    RUN(rt, later, .yields = 10);
    for (int i = 0; i < 10000 && !ac_is_finished(task); i++) usleep(100);
    ck_assert(ac_is_finished(task));
    ac_abort(task); /* too late */
    ck_assert_int_eq(RUN(rt, joins, .task = task), 3);
    ck_assert(!ac_is_finished(NULL));
}
END_TEST

SCRIPT(joins_twice, struct dropped *dropped; int started; void *task; void *joiner;
       struct ac_op_join_result_future join; struct ac_yield_future yield;)
{
    BEGIN;
    self->task = SPAWN_IN(waits, .dropped = self->dropped, .started = &self->started);
    while (!count_of(&self->started)) YIELD();
    /* A join that is given up leaves the handle usable, from another task too. */
    ac_op_join_result_init(&self->join, &self->task, NULL, 0);
    ck_assert_int_eq(ac_op_join_result_poll(&self->join, cx), AC_PENDING);
    ac_op_join_result_drop(&self->join);
    ck_assert_ptr_nonnull(self->task);
    self->joiner = SPAWN_IN(join_results, .task = self->task);
    YIELD();
    YIELD();
    ac_abort(self->task);
    AWAIT(ac_op_join_result, join, &self->joiner, &self->result, sizeof self->result);
    return AC_READY;
    END;
}

START_TEST(a_cancelled_join_consumes_nothing)
{
    struct dropped dropped = { 0 };
    ck_assert_int_eq(RUN(rt, joins_twice, .dropped = &dropped), -ECANCELED);
    ck_assert_int_eq(dropped.times, 1);
}
END_TEST

/* --- Aborts --------------------------------------------------------------------------------------------------------*/

START_TEST(abort_of_a_waiting_task)
{
    struct dropped dropped = { 0 };
    int started = 0;
    void *task = SPAWN(rt, waits, .dropped = &dropped, .started = &started);
    RUN(rt, later, .yields = 10);
    ck_assert(reaches(&started, 1));
    ac_abort(task);
    ck_assert_int_eq(join_task(rt, task, NULL), -ECANCELED);
    ck_assert_int_eq(dropped.times, 1);
}
END_TEST

SCRIPT(aborts_queued, struct dropped *dropped; int *started; void *task; struct ac_op_join_result_future join;)
{
    BEGIN;
    self->task = SPAWN_AS(cx, NULL, cx->worker && self->started ? AC__SPAWN_LOCAL : 0, waits, .dropped = self->dropped,
                          .started = self->started);
    ac_abort(self->task);
    AWAIT(ac_op_join_result, join, &self->task, NULL, 0);
    RETURN(self->join.result);
    END;
}

START_TEST(abort_of_a_task_that_was_never_polled)
{
    struct dropped dropped = { 0 };
    int started = 0;
    ck_assert_int_eq(RUN(rt, aborts_queued, .dropped = &dropped, .started = &started), -ECANCELED);
    ck_assert_int_eq(started, 0);
    ck_assert_int_eq(dropped.times, 0); /* its frame had not come to hold anything */
}
END_TEST

SCRIPT(aborts_itself, void **own; struct dropped * dropped; struct hold_future hold;)
{
    BEGIN;
    while (!__atomic_load_n(self->own, __ATOMIC_SEQ_CST)) usleep(10);
    ac_abort(*self->own);
    AWAIT(hold, hold, self->dropped);
    END;
}

SCRIPT(lets_abort_itself, struct dropped *dropped; void *task; struct ac_op_join_result_future join;)
{
    BEGIN;
    void *task = SPAWN_IN(aborts_itself, .own = &self->task, .dropped = self->dropped);
    __atomic_store_n(&self->task, task, __ATOMIC_SEQ_CST);
    AWAIT(ac_op_join_result, join, &self->task, NULL, 0);
    RETURN(self->join.result);
    END;
}

START_TEST(abort_of_the_running_task)
{
    struct dropped dropped = { 0 };
    ck_assert_int_eq(RUN(rt, lets_abort_itself, .dropped = &dropped), -ECANCELED);
    ck_assert_int_eq(dropped.times, 1);
}
END_TEST

START_TEST(abort_and_dropping_the_handle_drops_the_frame)
{
    struct dropped dropped = { 0 };
    int started = 0;
    void *task = SPAWN(rt, waits, .dropped = &dropped, .started = &started);
    RUN(rt, later, .yields = 10);
    ck_assert(reaches(&started, 1));
    ac_abort(task);
    ac_detach(task);
    RUN(rt, later, .yields = 10);
    ck_assert(reaches(&dropped.times, 1));
}
END_TEST

static void *abort_it(void *task)
{
    ac_abort(task);
    return NULL;
}

SCRIPT(aborted_elsewhere, struct dropped *dropped; int *started; void *task; pthread_t thread;
       struct ac_yield_future yield; struct ac_op_join_result_future join;)
{
    BEGIN;
    self->task = SPAWN_IN(waits, .dropped = self->dropped, .started = self->started);
    while (!count_of(self->started)) YIELD();
    pthread_create(&self->thread, NULL, abort_it, self->task);
    AWAIT(ac_op_join_result, join, &self->task, NULL, 0);
    pthread_join(self->thread, NULL);
    RETURN(self->join.result);
    END;
}

START_TEST(abort_from_another_thread)
{
    for (int i = 0; i < 200; i++) {
        struct dropped dropped = { 0 };
        int started = 0;
        ck_assert_int_eq(RUN(rt, aborted_elsewhere, .dropped = &dropped, .started = &started), -ECANCELED);
        ck_assert_int_eq(dropped.times, 1);
    }
}
END_TEST

/* Aborted from another thread while it waits: dropped by its own. */
SCRIPT(local_aborted_elsewhere, struct dropped *dropped; void *task; pthread_t thread; struct ac_yield_future yield;
       struct ac_op_join_result_future join;)
{
    BEGIN;
    self->task = SPAWN_AS(cx, NULL, AC__SPAWN_LOCAL, waits, .dropped = self->dropped);
    YIELD();
    pthread_create(&self->thread, NULL, abort_it, self->task);
    AWAIT(ac_op_join_result, join, &self->task, NULL, 0);
    pthread_join(self->thread, NULL);
    ck_assert(pthread_equal(self->dropped->by, pthread_self()));
    RETURN(self->join.result);
    END;
}

START_TEST(a_local_task_is_dropped_on_its_own_thread)
{
    struct dropped dropped = { 0 };
    ck_assert_int_eq(RUN(rt, local_aborted_elsewhere, .dropped = &dropped), -ECANCELED);
    ck_assert_int_eq(dropped.times, 1);
}
END_TEST

SCRIPT(leaves_local, struct dropped *dropped; int *started; struct ac_yield_future yield;)
{
    BEGIN;
    for (int i = 0; i < 3; i++)
        SPAWN_AS(cx, NULL, AC__SPAWN_LOCAL | AC__SPAWN_DETACHED, waits, .dropped = self->dropped,
                 .started = self->started);
    YIELD();
    SPAWN_AS(cx, NULL, AC__SPAWN_LOCAL | AC__SPAWN_DETACHED, waits, .dropped = self->dropped, .started = self->started);
    return AC_READY; /* one of them is queued */
    END;
}

START_TEST(block_on_drops_its_local_tasks_before_it_returns)
{
    struct dropped dropped = { 0 };
    int started = 0;
    RUN(rt, leaves_local, .dropped = &dropped, .started = &started);
    ck_assert_int_eq(started, 3);
    ck_assert_int_eq(dropped.times, 3);
    ck_assert(pthread_equal(dropped.by, pthread_self()));
}
END_TEST

/* --- Dropping may do things ----------------------------------------------------------------------------------------*/

/* A future whose drop wakes others and spawns, as a defer may. */
struct busy_drop_future {
    struct gate *gate;
    int *count;
};
static void busy_drop_init(struct busy_drop_future *self, struct gate *gate, int *count)
{
    *self = (struct busy_drop_future){ gate, count };
}
static void busy_drop_drop(void *future)
{
    struct busy_drop_future *self = future;
    gate_open(self->gate);
    SPAWN_AS(NULL, NULL, AC__SPAWN_DETACHED, counts, .count = self->count);
}
static const ac_descriptor busy_drop_descriptor = { .name = "busy_drop",
                                                    .file = __FILE__,
                                                    .size = sizeof(struct busy_drop_future),
                                                    .align = 8,
                                                    .poll = hold_poll,
                                                    .drop = busy_drop_drop };
SCRIPT(busy, struct gate *gate; int *count; int *started; struct busy_drop_future inner;)
{
    BEGIN;
    add(self->started, 1);
    AWAIT(busy_drop, inner, self->gate, self->count);
    END;
}
SCRIPT(passes, struct gate *gate; int *started; struct gate_future wait;)
{
    BEGIN;
    if (self->started) add(self->started, 1);
    AWAIT(gate, wait, self->gate);
    RETURN(1);
    END;
}

START_TEST(a_drop_wakes_and_spawns)
{
    struct gate gate = { 0 };
    int count = 0, started = 0;
    void *waiter = SPAWN(rt, passes, .gate = &gate, .started = &started);
    void *task = SPAWN(rt, busy, .gate = &gate, .count = &count, .started = &started);
    RUN(rt, later, .yields = 10);
    ck_assert(reaches(&started, 2));
    ac_abort(task);
    ac_detach(task);
    ck_assert_int_eq(RUN(rt, joins, .task = waiter), 1);
    RUN(rt, later, .yields = 10);
    ck_assert(reaches(&count, 1));
}
END_TEST

START_TEST(shutdown_with_drops_that_wake_and_spawn)
{
    ac_runtime *here = new_runtime((ac_runtime_options){ 0 });
    struct gate gate = { 0 };
    int count = 0, started = 0;
    for (int i = 0; i < 10; i++) {
        ac_detach(SPAWN(here, passes, .gate = &gate, .started = &started));
        ac_detach(SPAWN(here, busy, .gate = &gate, .count = &count, .started = &started));
    }
    RUN(here, later, .yields = 30);
    ck_assert(reaches(&started, 20));
    end_runtime(here);
    ck_assert_int_eq(count, 0); /* spawned during the shutdown: dropped */
}
END_TEST

/* --- Giving way ----------------------------------------------------------------------------------------------------*/

SCRIPT(spends, int operations; int done; int polls; int *most; bool unconstrained; struct ac_yield_future yield;)
{
    BEGIN;
    YIELD();
    if (self->unconstrained) ac_unconstrained(true);
    POLLED_FROM_HERE();
    self->polls++;
    for (int n = 0; self->done < self->operations; self->done++, n++) {
        if (!ac__budget(cx)) return AC_PENDING;
        if (n + 1 > *self->most) *self->most = n + 1;
    }
    RETURN(self->polls);
    END;
}

START_TEST(the_budget_is_128_operations_a_poll)
{
    int most = 0;
    ck_assert_int_eq(RUN(rt, spends, .operations = 128, .most = &most), 1);
    ck_assert_int_eq(RUN(rt, spends, .operations = 129, .most = &most), 2);
    ck_assert_int_eq(RUN(rt, spends, .operations = 1280, .most = &most), 10);
    ck_assert_int_eq(most, 128);
}
END_TEST

START_TEST(an_unconstrained_task_has_no_budget)
{
    int most = 0;
    ck_assert_int_eq(RUN(rt, spends, .operations = 100000, .most = &most, .unconstrained = true), 1);
    ck_assert_int_eq(most, 100000);
}
END_TEST

/* Two tasks on one worker that yield in turn: neither gets ahead of the other by more than one. */
SCRIPT(turns, int *mine; int *other; int left; int *worst; struct ac_yield_future yield;)
{
    BEGIN;
    *self->mine = 1;
    while (!*self->other) YIELD();
    for (; self->left > 0; self->left--) {
        ++*self->mine;
        if (*self->mine - *self->other > *self->worst) *self->worst = *self->mine - *self->other;
        YIELD();
    }
    END;
}

START_TEST(yielding_tasks_take_turns)
{
    ac_runtime *one = new_runtime((ac_runtime_options){ .worker_threads = 1 });
    int a = 0, b = 0, worst = 0;
    void *first = SPAWN(one, turns, .mine = &a, .other = &b, .left = 1000, .worst = &worst);
    void *second = SPAWN(one, turns, .mine = &b, .other = &a, .left = 1000, .worst = &worst);
    ck_assert_int_eq(join_task(one, first, NULL), 0);
    ck_assert_int_eq(join_task(one, second, NULL), 0);
    ck_assert_int_le(worst, 2);
    end_runtime(one);
}
END_TEST

/* --- Values of a task ----------------------------------------------------------------------------------------------*/

static ac_task_local(int) request;

struct reads_in_drop_future {
    int *seen;
};
static void reads_in_drop_init(struct reads_in_drop_future *self, int *seen) { self->seen = seen; }
static void reads_in_drop_drop(void *future)
{
    int *value = ac_task_local_get(request);
    __atomic_store_n(((struct reads_in_drop_future *)future)->seen, value ? *value : -1, __ATOMIC_SEQ_CST);
}
static const ac_descriptor reads_in_drop_descriptor = {
    .name = "reads_in_drop", .file = __FILE__, .size = 8, .align = 8, .poll = hold_poll, .drop = reads_in_drop_drop
};

SCRIPT(has_local, int number; int *seen; struct ac_yield_future yield; struct reads_in_drop_future inner;)
{
    BEGIN;
    ck_assert_ptr_null(ac_task_local_get(request));
    ck_assert_int_eq(ac_task_local_set(request, self->number), 0);
    YIELD();
    ck_assert_int_eq(*ac_task_local_get(request), self->number);
    if (!self->seen) RETURN(*ac_task_local_get(request));
    AWAIT(reads_in_drop, inner, self->seen);
    END;
}

START_TEST(each_task_has_its_own_locals)
{
    void *a = SPAWN(rt, has_local, .number = 1), *b = SPAWN(rt, has_local, .number = 2);
    ck_assert_int_eq(RUN(rt, joins, .task = a), 1);
    ck_assert_int_eq(RUN(rt, joins, .task = b), 2);
}
END_TEST

START_TEST(locals_are_visible_in_defers)
{
    int seen = 0;
    void *task = SPAWN(rt, has_local, .number = 42, .seen = &seen);
    RUN(rt, later, .yields = 20);
    ac_abort(task);
    ck_assert_int_eq(join_task(rt, task, NULL), -ECANCELED);
    ck_assert(seen == 42 || seen == 0); /* 0: it had not come so far */
}
END_TEST

SCRIPT(tells_id, uint64_t *id;)
{
    *self->id = ac_task_current_id();
    return AC_READY;
}

START_TEST(ids_are_of_one_task_each)
{
    enum { N = 3000 };
    static uint64_t seen[N], handle[N];
    for (int i = 0; i < N; i++) {
        void *task = SPAWN(rt, tells_id, .id = &seen[i]);
        handle[i] = ac_task_id(task);
        ck_assert_int_eq(join_task(rt, task, NULL), 0);
        REQUIRE(seen[i] == handle[i] && seen[i] != 0);
        for (int k = i > 50 ? i - 50 : 0; k < i; k++) REQUIRE(seen[k] != seen[i]);
    }
    ck_assert_uint_eq(ac_task_current_id(), 0);
    void *task = SPAWN(rt, value, .is = 0);
    ck_assert_str_eq(ac_task_name(task), "value");
    ac_detach(task);
}
END_TEST

/* In a defer the id is the task's own, also when somebody else's worker or the shutdown drops it. */
struct id_in_drop_future {
    uint64_t *id;
};
static void id_in_drop_init(struct id_in_drop_future *self, uint64_t *id) { self->id = id; }
static void id_in_drop_drop(void *future) { *((struct id_in_drop_future *)future)->id = ac_task_current_id(); }
static const ac_descriptor id_in_drop_descriptor = {
    .name = "id_in_drop", .file = __FILE__, .size = 8, .align = 8, .poll = hold_poll, .drop = id_in_drop_drop
};
SCRIPT(waits_to_tell_id, uint64_t *id; int *started; struct id_in_drop_future inner;)
{
    BEGIN;
    id_in_drop_init(&self->inner, self->id);
    add(self->started, 1);
    POLL(id_in_drop, inner);
    END;
}

START_TEST(ids_are_right_in_defers)
{
    ac_runtime *other = new_runtime((ac_runtime_options){ 0 });
    uint64_t aborted = 0, shut_down = 0;
    int started = 0;
    void *task = SPAWN(other, waits_to_tell_id, .id = &aborted, .started = &started);
    void *last = SPAWN(other, waits_to_tell_id, .id = &shut_down, .started = &started);
    uint64_t id = ac_task_id(task), id_of_last = ac_task_id(last);
    while (count_of(&started) < 2) RUN(other, later, .yields = 1);
    ac_abort(task);
    ck_assert_int_eq(join_task(other, task, NULL), -ECANCELED);
    end_runtime(other);
    ck_assert_uint_eq(aborted, id);
    ck_assert_uint_eq(shut_down, id_of_last);
    ac_detach(last);
}
END_TEST

/* --- Frames --------------------------------------------------------------------------------------------------------*/

/* Calls itself n deep by pool frames, and at the bottom waits; counts how often a level is polled. */
struct dive_future {
    int depth, line, *polls, *dropped, result;
    struct ac__frame *child;
    struct gate *gate;
    struct gate_future wait;
    struct ac_yield_future yield;
};
static int dive_poll(void *future, ac_context *cx);
static void dive_drop(void *future)
{
    struct dive_future *self = future;
    if (self->child) ac__frame_drop(self->child);
    else if (self->line == 2) gate_drop(&self->wait);
    ++*self->dropped;
}
static const ac_descriptor dive_descriptor = { .name = "dive",
                                               .file = __FILE__,
                                               .size = sizeof(struct dive_future),
                                               .align = 8,
                                               .result_offset = offsetof(struct dive_future, result),
                                               .result_size = sizeof(int),
                                               .poll = dive_poll,
                                               .drop = dive_drop };
static int dive_poll(void *future, ac_context *cx)
{
    struct dive_future *self = future;
    ++*self->polls;
    if (self->line == 0) {
        if (self->depth > 0) {
            self->child = ac__frame_new(cx, &dive_descriptor);
            *(struct dive_future *)ac__frame_future(self->child) = (struct dive_future){
                .depth = self->depth - 1, .polls = self->polls, .dropped = self->dropped, .gate = self->gate
            };
            self->line = 3;
        } else {
            self->line = 1;
            ac_yield_init(&self->yield);
        }
    }
    if (self->line == 1) {
        if (ac_yield_poll(&self->yield, cx) == AC_PENDING) return AC_PENDING;
        gate_init(&self->wait, self->gate);
        self->line = 2;
    }
    if (self->line == 2) {
        if (gate_poll(&self->wait, cx) == AC_PENDING) return AC_PENDING;
        self->result = 0;
        return AC_READY;
    }
    if (ac__frame_poll(self->child, cx) == AC_PENDING) return AC_PENDING;
    self->result = *(int *)ac__frame_result(self->child) + 1;
    ac__frame_free(cx, self->child);
    self->child = NULL;
    return AC_READY;
}

static void *start_dive(struct gate *gate, int depth, int *polls, int *dropped)
{
    struct dive_future *dive = ac__spawn_begin(NULL, rt, &dive_descriptor, 0);
    *dive = (struct dive_future){ .depth = depth, .polls = polls, .dropped = dropped, .gate = gate };
    return ac__spawn_end(NULL, dive);
}

START_TEST(a_deep_chain_is_resumed_at_its_innermost_frame)
{
    enum { DEPTH = 3000 };
    struct gate gate = { 0 };
    int polls = 0, dropped = 0;
    void *task = start_dive(&gate, DEPTH, &polls, &dropped);
    RUN(rt, later, .yields = 20);
    gate_open(&gate);
    ck_assert_int_eq(RUN(rt, joins, .task = task), DEPTH);
    ck_assert_int_le(polls, 2 * (DEPTH + 1) + 2); /* once down, once up, and the waits at the bottom */
    ck_assert_int_eq(dropped, 0);
}
END_TEST

/* Deep enough that dropping by recursion would need more stack than there is. */
START_TEST(a_deep_chain_is_dropped_from_its_leaf)
{
    enum { DEPTH = 3000 };
    struct gate gate = { 0 };
    int polls = 0, dropped = 0;
    void *task = start_dive(&gate, DEPTH, &polls, &dropped);
    RUN(rt, later, .yields = 20);
    ac_abort(task);
    ck_assert_int_eq(join_task(rt, task, NULL), -ECANCELED);
    ck_assert_int_eq(dropped, polls ? DEPTH + 1 : 1);
}
END_TEST

struct aligned_future {
    _Alignas(128) char bytes[64];
    int result;
};
static int aligned_poll(void *future, ac_context *cx)
{
    (void)cx;
    struct aligned_future *self = future;
    self->result = (uintptr_t)self->bytes % 128 == 0;
    return AC_READY;
}
static const ac_descriptor aligned_descriptor = { .name = "aligned",
                                                  .file = __FILE__,
                                                  .size = sizeof(struct aligned_future),
                                                  .align = 128,
                                                  .result_offset = offsetof(struct aligned_future, result),
                                                  .result_size = sizeof(int),
                                                  .poll = aligned_poll,
                                                  .drop = hold_drop };
SCRIPT(calls_aligned, int unused;)
{
    struct ac__frame *frame = ac__frame_new(cx, &aligned_descriptor);
    ck_assert_int_eq(ac__frame_poll(frame, cx), AC_READY);
    self->result = *(int *)ac__frame_result(frame);
    ac__frame_free(cx, frame);
    return AC_READY;
}

START_TEST(alignment_beyond_a_cell)
{
    void *task = ac__spawn_end(NULL, ac__spawn_begin(NULL, rt, &aligned_descriptor, 0));
    ck_assert_int_eq(RUN(rt, joins, .task = task), 1);
    ck_assert_int_eq(RUN(rt, calls_aligned), 1);
}
END_TEST

SCRIPT(large, struct ac_yield_future yield; char bytes[100000];)
{
    BEGIN;
    memset(self->bytes, 1, sizeof self->bytes);
    YIELD();
    for (size_t i = 0; i < sizeof self->bytes; i++) self->result += self->bytes[i];
    return AC_READY;
    END;
}

START_TEST(a_task_larger_than_any_cell)
{
    struct large_future *frame = ac__spawn_begin(NULL, rt, &large_descriptor, 0);
    memset(frame, 0, sizeof *frame);
    ck_assert_int_eq(RUN(rt, joins, .task = ac__spawn_end(NULL, frame)), 100000);
}
END_TEST

/* --- Misuse stops the program --------------------------------------------------------------------------------------*/

START_TEST(joining_null) { RUN(rt, joins, .task = NULL); }
END_TEST

#if !defined __SANITIZE_ADDRESS__ /* which catches these itself: here a freed cell must be there to be looked at */
START_TEST(detaching_twice)
{
    void *task = SPAWN(rt, value, .is = 1), *again = task;
    RUN(rt, later, .yields = 10);
    for (int i = 0; i < 10000 && !ac_is_finished(task); i++) usleep(100);
    ac_detach(task);
    ac_detach(again);
}
END_TEST

/* The cell is another task's by now; the stale handle does not mean that one. */
START_TEST(aborting_by_a_handle_whose_cell_is_used_again)
{
    struct dropped dropped = { 0 };
    void *task = SPAWN(rt, waits, .dropped = &dropped), *stale = task, *again = NULL;
    ac_abort(task);
    ck_assert_int_eq(join_task(rt, task, NULL), -ECANCELED);
    for (int i = 0; i < 1000 && (uintptr_t)again / 16 != (uintptr_t)stale / 16; i++) {
        if (again) ac_abort(again), ac_detach(again);
        RUN(rt, later, .yields = 1);
        again = SPAWN(rt, waits, .dropped = &dropped);
    }
    ck_assert_uint_eq((uintptr_t)again / 16, (uintptr_t)stale / 16); /* else there is nothing to be caught */
    ac_abort(stale);
}
END_TEST
#endif

START_TEST(joining_an_aborted_task)
{
    struct dropped dropped = { 0 };
    void *task = SPAWN(rt, waits, .dropped = &dropped);
    ac_abort(task);
    RUN(rt, joins, .task = task);
}
END_TEST

SCRIPT(blocks_inside, int unused;)
{
    (void)self;
    RUN(rt, value, .is = 1);
    return AC_READY;
}
START_TEST(block_on_inside_a_task) { RUN(rt, blocks_inside); }
END_TEST

SCRIPT(shuts_down_inside, int unused;)
{
    (void)self, (void)cx;
    ac_runtime_shutdown(rt, 0);
    return AC_READY;
}
START_TEST(shutdown_inside_a_task) { RUN(rt, shuts_down_inside); }
END_TEST

START_TEST(spawning_where_no_runtime_is) { SPAWN(NULL, value, .is = 1); }
END_TEST

START_TEST(calling_an_async_function_plainly) { ac__enter(&value_descriptor); }
END_TEST

int main(void)
{
    Suite *suite = suite_create("tasks");
    TCase *tests = tcase_create("tasks");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, a_join_gives_the_result);
    tcase_add_test(tests, a_task_spawns_and_joins_another);
    tcase_add_test(tests, a_blocking_call_spawns_and_blocks_on);
    tcase_add_test(tests, a_detached_task_runs_on);
    tcase_add_test(tests, a_finished_task_says_so_and_keeps_its_result);
    tcase_add_test(tests, a_cancelled_join_consumes_nothing);
    tcase_add_test(tests, abort_of_a_waiting_task);
    tcase_add_test(tests, abort_of_a_task_that_was_never_polled);
    tcase_add_test(tests, abort_of_the_running_task);
    tcase_add_test(tests, abort_and_dropping_the_handle_drops_the_frame);
    tcase_add_test(tests, abort_from_another_thread);
    tcase_add_test(tests, a_local_task_is_dropped_on_its_own_thread);
    tcase_add_test(tests, block_on_drops_its_local_tasks_before_it_returns);
    tcase_add_test(tests, a_drop_wakes_and_spawns);
    tcase_add_test(tests, shutdown_with_drops_that_wake_and_spawn);
    tcase_add_test(tests, the_budget_is_128_operations_a_poll);
    tcase_add_test(tests, an_unconstrained_task_has_no_budget);
    tcase_add_test(tests, yielding_tasks_take_turns);
    tcase_add_test(tests, each_task_has_its_own_locals);
    tcase_add_test(tests, locals_are_visible_in_defers);
    tcase_add_test(tests, ids_are_of_one_task_each);
    tcase_add_test(tests, ids_are_right_in_defers);
    tcase_add_test(tests, a_deep_chain_is_resumed_at_its_innermost_frame);
    tcase_add_test(tests, a_deep_chain_is_dropped_from_its_leaf);
    tcase_add_test(tests, alignment_beyond_a_cell);
    tcase_add_test(tests, a_task_larger_than_any_cell);
    suite_add_tcase(suite, tests);

    TCase *misuse = tcase_create("misuse");
    tcase_add_checked_fixture(misuse, setup, teardown);
    tcase_add_test_raise_signal(misuse, joining_null, SIGABRT);
#if !defined __SANITIZE_ADDRESS__
    tcase_add_test_raise_signal(misuse, detaching_twice, SIGABRT);
    tcase_add_test_raise_signal(misuse, aborting_by_a_handle_whose_cell_is_used_again, SIGABRT);
#endif
    tcase_add_test_raise_signal(misuse, joining_an_aborted_task, SIGABRT);
    tcase_add_test_raise_signal(misuse, block_on_inside_a_task, SIGABRT);
    tcase_add_test_raise_signal(misuse, shutdown_inside_a_task, SIGABRT);
    tcase_add_test_raise_signal(misuse, spawning_where_no_runtime_is, SIGABRT);
    tcase_add_test_raise_signal(misuse, calling_an_async_function_plainly, SIGABRT);
    suite_add_tcase(suite, misuse);
    return run_suite(suite);
}

/* Tokens, trackers and task sets: cancelling against waiting, releasing and making children; the last to leave against
 * a wait whose end frees the tracker; a member's end against joining it and letting go of it. */
#define AC__INTERLEAVE
#define STUB_WITH_WATCHERS
#include "task_stub.h"
#include "../../runtime/sets/token.c"
#include "../../runtime/sets/tracker.c"
#include "../../runtime/sets/task_set.c"
#include "../../runtime/task/watch.c"
#include <stdarg.h>

void ac__fatal(const char *format, ...) { explore_fail(format, __FILE__, __LINE__); }
void *ac__enter(const ac_descriptor *type) { return (void)type, NULL; }
bool ac__budget_spent(ac_context *cx) { return (void)cx, true; }
void ac_detach(void *handle) { ac__task_release(handle); }
void ac_abort(void *handle) { (void)handle; }

/* Cells that are not reused within an execution, so that a touch after the end is seen. */
enum { CELLS = 8 };
static _Alignas(16) unsigned char cell[CELLS][128];
static int cells, cells_freed;
void *ac__cell_alloc(size_t size)
{
    EXPECT(cells < CELLS && size <= sizeof cell[0]);
    return memset(cell[cells++], 0, sizeof cell[0]);
}
void ac__cell_free(void *freed)
{
    explore_freed(freed, sizeof cell[0]);
    cells_freed++;
}

/* --- task[0] waits for something: a worker polls it until that is over, and then its frame and what `at_end` says are
 * gone ---- */

static ac_context cx;
static bool done;
static union {
    struct ac_cancelled_future token;
    struct ac_task_tracker_wait_future tracker;
    struct ac_op_task_set_join_future set;
} wait;
static uint32_t *state_of_wait;

static void reset(void)
{
    reset_tasks();
    cells = cells_freed = 0;
    done = false;
    cx = (ac_context){ .task = &task[0], .budget = 1000 };
    task[0].state = AC__TASK_NOTIFIED | AC__TASK_REFERENCE;
    queued[0] = 1;
}

static void run(int (*poll)(void), void (*drop)(void), void (*at_end)(void))
{
    while (!done) {
        explore_wait(&queued[0], 0);
        queued[0] = 0;
        bool cancelled = ac__task_take(&task[0]) & AC__TASK_CANCELLED;
        AC__POINT(state_of_wait); /* the inline part of a poll or drop looks at it without the checker's macros */
        if (cancelled) drop();
        if (cancelled || poll() == AC_READY) {
            done = true;
            explore_freed(&wait, sizeof wait);
            if (at_end) at_end();
            ac__task_complete(&task[0], cancelled ? AC__TASK_DROPPED : 0);
        } else if (ac__task_sleep(&task[0], false)) {
            ac__task_push(&task[0]);
        }
    }
}
static void aborts(void) { abort_task(0); }

/* --- Tokens ------------------------------------------------------------------------------------------------------- */

static ac_token *root, *middle, *leaf, *made;

static void setup_tree(void)
{
    reset();
    root = ac_token_new();
    middle = ac_token_child(root);
    leaf = ac_token_child(middle);
    made = NULL;
    ac_cancelled_init(&wait.token, leaf);
    state_of_wait = &wait.token.waiter.state;
}
static void setup_tree_and_handle(void)
{
    setup_tree();
    task[0].state += AC__TASK_REFERENCE;
}
static int poll_cancelled(void) { return ac_cancelled_poll(&wait.token, &cx); }
static void drop_cancelled(void) { ac_cancelled_drop(&wait.token); }
static void waits_for_leaf(void) { run(poll_cancelled, drop_cancelled, NULL); }
static void cancels_root(void) { ac_token_cancel(root); }
static void cancels_middle(void) { ac_token_cancel(middle); }
static void releases_middle(void) { ac_token_release(middle); }
static void releases_leaf(void) { ac_token_release(leaf); }
static void makes_a_child(void) { made = ac_token_child(middle); }

/* All that is left is released: then no cell is. */
static void release_rest(ac_token *a, ac_token *b, ac_token *c)
{
    ac_token_release(a);
    ac_token_release(b);
    ac_token_release(c);
    ac_token_release(made);
    EXPECT(cells_freed == cells);
}
static void check_woken(void)
{
    EXPECT(done && freed_times[0] == 1);
    EXPECT(ac_token_is_cancelled(leaf));
    release_rest(root, middle, leaf);
}
static void check_reached(void)
{
    EXPECT(ac_token_is_cancelled(leaf));
    release_rest(root, NULL, leaf);
}
static void check_made(void)
{
    EXPECT(ac_token_is_cancelled(made));
    release_rest(root, middle, leaf);
}
static void check_released(void) { release_rest(root, NULL, NULL); }

/* --- Trackers ----------------------------------------------------------------------------------------------------- */

static ac_task_tracker tracker;

static void setup_tracker(void)
{
    reset();
    tracker = (ac_task_tracker)AC_TASK_TRACKER_INIT;
    ac_task_tracker_enter(&tracker);
    ac_task_tracker_enter(&tracker);
    ac_task_tracker_close(&tracker);
    ac_task_tracker_wait_init(&wait.tracker, &tracker);
    state_of_wait = &wait.tracker.waiter.state;
}
static void setup_tracker_of_one(void)
{
    setup_tracker();
    ac_task_tracker_leave(&tracker);
}
static void setup_open_tracker(void)
{
    setup_tracker();
    ac_task_tracker_reopen(&tracker);
    ac_task_tracker_leave(&tracker);
}
static void setup_tracker_and_handle(void)
{
    setup_tracker();
    task[0].state += AC__TASK_REFERENCE;
}
static int poll_tracker(void) { return ac_task_tracker_wait_poll(&wait.tracker, &cx); }
static void drop_tracker(void) { ac_task_tracker_wait_drop(&wait.tracker); }
static void free_tracker(void) { explore_freed(&tracker, sizeof tracker); }
static void waits_and_frees(void) { run(poll_tracker, drop_tracker, free_tracker); }
static void waits_for_tracker(void) { run(poll_tracker, drop_tracker, NULL); }
static void leaves(void) { ac_task_tracker_leave(&tracker); }
static void closes(void) { ac_task_tracker_close(&tracker); }
static void check_waited(void)
{
    EXPECT(done && freed_times[0] == 1);
    EXPECT(tracker.word == 1);
}
static void check_left(void)
{
    check_waited();
    EXPECT(!tracker.waiters);
}

/* --- Task sets ---------------------------------------------------------------------------------------------------- */

/* task[1] is the member: it is running, and ends. task[0] joins. */
static const ac_descriptor member_type = { .name = "member" };
static void *set;

static void setup_set(void)
{
    reset();
    EXPECT(ac__task_set_new(&set) == 0);
    task[1].type = &member_type;
    task[1].state = AC__TASK_RUNNING + 2 * AC__TASK_REFERENCE;
    ac_op_task_set_join_init(&wait.set, set, NULL);
    state_of_wait = &wait.set.waiter.state;
}
static void setup_set_with_member(void)
{
    setup_set();
    EXPECT(ac__task_set_add(&task[1], set) == 0);
}
static void setup_set_with_member_and_handle(void)
{
    setup_set_with_member();
    task[0].state += AC__TASK_REFERENCE;
}
static int poll_join(void) { return ac_op_task_set_join_poll(&wait.set, &cx); }
static void drop_join(void) { ac_op_task_set_join_drop(&wait.set); }
static void joins(void) { run(poll_join, drop_join, NULL); }
/* task[0] has two joins, as two arms of a select, and is in its poll: both are pending, and the first is given up. */
static struct ac_op_task_set_join_future given_up;
static void setup_two_joins(void)
{
    setup_set_with_member();
    queued[0] = 0;
    task[0].state = AC__TASK_RUNNING | AC__TASK_REFERENCE;
    ac_op_task_set_join_init(&given_up, set, NULL);
    EXPECT(ac_op_task_set_join_poll(&given_up, &cx) == AC_PENDING);
    EXPECT(poll_join() == AC_PENDING);
}
static void gives_one_up_and_joins(void)
{
    AC__POINT(&given_up.waiter.state);
    ac_op_task_set_join_drop(&given_up);
    if (ac__task_sleep(&task[0], false)) ac__task_push(&task[0]);
    joins();
}
static void member_ends(void) { ac__task_complete(&task[1], 0); }
static void adds(void) { EXPECT(ac__task_set_add(&task[1], set) == 0); }
static void frees(void) { ac__task_set_free(set); }
static void detaches(void) { ac__task_set_detach_all(set); }
static void check_member_gone(void)
{
    EXPECT(freed_times[1] == 1);
    EXPECT(cells_freed == cells);
}
static void check_then_free(void)
{
    ac__task_set_free(set);
    check_member_gone();
}
static void check_joined(void)
{
    EXPECT(done && freed_times[0] == 1);
    check_then_free();
}

int main(void)
{
    static const struct scenario scenarios[] = {
        { "token: cancelled against a wait", setup_tree, { waits_for_leaf, cancels_root }, check_woken, 4, 400000 },
        { "token: cancelled at two places",
          setup_tree,
          { waits_for_leaf, cancels_root, cancels_middle },
          check_woken,
          2,
          400000 },
        { "token: cancelled, and the wait aborted",
          setup_tree_and_handle,
          { waits_for_leaf, cancels_root, aborts },
          check_woken,
          2,
          400000 },
        { "token: the middle released meanwhile",
          setup_tree,
          { releases_middle, cancels_root },
          check_reached,
          6,
          400000 },
        { "token: middle and leaf released meanwhile",
          setup_tree,
          { releases_middle, releases_leaf, cancels_root },
          check_released,
          3,
          400000 },
        { "token: a child made meanwhile", setup_tree, { makes_a_child, cancels_root }, check_made, 6, 400000 },
        { "tracker: of one, which leaves", setup_tracker_of_one, { waits_and_frees, leaves }, check_waited, 6, 400000 },
        { "tracker: the last leaves, the wait frees it",
          setup_tracker,
          { waits_and_frees, leaves, leaves },
          check_waited,
          4,
          400000 },
        { "tracker: closed while the last leaves",
          setup_open_tracker,
          { waits_for_tracker, leaves, closes },
          check_left,
          4,
          400000 },
        { "tracker: the wait aborted",
          setup_tracker_and_handle,
          { waits_for_tracker, leaves, leaves, aborts },
          check_left,
          2,
          400000 },
        { "set: a member ends, and is joined", setup_set_with_member, { joins, member_ends }, check_joined, 5, 400000 },
        { "set: added while it ends", setup_set, { adds, member_ends }, check_then_free, 6, 400000 },
        { "set: freed while a member ends",
          setup_set_with_member,
          { frees, member_ends },
          check_member_gone,
          6,
          400000 },
        { "set: detached while a member ends",
          setup_set_with_member,
          { detaches, member_ends },
          check_then_free,
          6,
          400000 },
        { "set: the join aborted",
          setup_set_with_member_and_handle,
          { joins, member_ends, aborts },
          check_joined,
          3,
          400000 },
        { "set: one of two joins given up",
          setup_two_joins,
          { gives_one_up_and_joins, member_ends },
          check_joined,
          6,
          400000 },
        { "set: detached under a join",
          setup_set_with_member,
          { joins, member_ends, detaches },
          check_joined,
          3,
          400000 },
    };
    return explore_all(scenarios, sizeof scenarios / sizeof *scenarios);
}

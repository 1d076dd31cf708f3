/* Closing a descriptor while others come with its number: who held it before, and is late, and who is given it by the
 * kernel before close(2) has returned. The table of slots and the loop of an operation are the runtime's own; the
 * kernel here has one number. */
#define AC__INTERLEAVE
#include "task_stub.h"
#include <unistd.h>

static int kernel_close(int fd);
#define close(fd) kernel_close(fd)
#include "../../runtime/io/slot.c"
#include "../../runtime/io/operation.c"
#undef close

/* --- The kernel --------------------------------------------------------------------------------------------------- */

enum { FD = 5, NOBODY = 0, OLD = 1, NEW = 2 };
static uint32_t file;     /* whose the number is */
static bool has_data;     /* the new one */
static uint32_t in_close; /* the old one's has not returned, and the library was not given the number since */
static struct {
    uint32_t file, generation, is_new;
} armed;               /* what epoll reports */
static uint32_t again; /* one armed when data was there already; or all are done */

static int kernel_close(int fd)
{
    EXPECT(fd == FD);
    uint32_t closes = file;
    if (closes == OLD) in_close = true;
    AC__POINT(&file);
    bool open = file;
    file = NOBODY;
    AC__POINT(&file); /* the number is free, and this has not returned */
    if (closes == OLD) in_close = false;
    return open ? 0 : (errno = EBADF, -1);
}

static int kernel_arm(int fd, uint32_t generation)
{
    EXPECT(fd == FD);
    AC__POINT(&armed);
    EXPECT(!in_close);
    if (!file) return -EBADF;
    armed.file = file;
    armed.generation = generation;
    armed.is_new = file == NEW;
    again |= has_data;
    return 0;
}

/* A system call of the runtime with the number. */
static ssize_t ask(void *self, struct ac__attempt *attempt)
{
    (void)self, (void)attempt;
    AC__POINT(&file);
    EXPECT(!in_close);
    return !file ? -EBADF : file == NEW && has_data ? 1 : -EAGAIN;
}

unsigned ac__driver_index(const struct ac__driver *driver) { return (void)driver, 0; }
int ac__driver_register(struct ac__driver *driver, int fd, uint32_t generation)
{
    return (void)driver, kernel_arm(fd, generation);
}
int ac__driver_arm(struct ac__driver *driver, int fd, uint32_t generation, uint32_t directions, bool before)
{
    return (void)driver, (void)directions, (void)before, kernel_arm(fd, generation);
}

/* --- What else they need of the runtime --------------------------------------------------------------------------- */

static _Alignas(64) struct ac__slot slots[CHUNK];
void *ac__malloc_aligned(size_t size, size_t align) { return (void)size, (void)align, slots; }
void ac__free_aligned(void *block) { (void)block; }
struct ac__driver *ac__runtime_driver(ac_runtime *rt) { return (void)rt, NULL; }
ac_runtime *ac__runtime_of(const ac_context *cx) { return (void)cx, NULL; }
bool ac__budget_spent(ac_context *cx) { return (void)cx, false; }

/* --- Tasks: each makes one operation on the number ---------------------------------------------------------------- */

static struct ac__io_wait waits[TASKS];
static ssize_t results[TASKS];
static bool ended[TASKS];

static void run_task(int i)
{
    while (!ended[i]) {
        explore_wait(&queued[i], 0);
        queued[i] = 0;
        ac_context cx = { .task = &task[i], .budget = 128 };
        bool cancelled = ac__task_take(&task[i]) & AC__TASK_CANCELLED;
        AC__POINT(&waits[i].state); /* the inline part of a drop looks at it without the checker's macros */
        if (cancelled) {
            ac__io_wait_drop(&waits[i]);
            results[i] = -ECANCELED;
            ended[i] = true;
        } else if (ac__operate(&waits[i], &cx, AC__READ, ask, NULL, &results[i]) == AC_READY) {
            ended[i] = true;
        } else if (ac__task_sleep(&task[i], false)) {
            ac__task_push(&task[i]);
        }
    }
    again |= ended[0] && ended[2];
    explore_freed(&waits[i], sizeof waits[i]);
    ac__task_complete(&task[i], 0);
}

static void setup(void)
{
    reset_tasks();
    memset(slots, 0, sizeof slots);
    memset(&armed, 0, sizeof armed);
    table[0] = NULL;
    file = OLD;
    has_data = false;
    in_close = again = false;
    for (int i = 0; i < TASKS; i++) {
        ac__io_wait_init(&waits[i], FD);
        results[i] = 0;
        ended[i] = false;
        task[i].state = AC__TASK_NOTIFIED | 2 * AC__TASK_REFERENCE;
        queued[i] = 1;
    }
    EXPECT(ac__fd_adopt(FD, 0) == 0);
}
static void check_slot(void)
{
    const struct ac__slot *slot = &slots[FD];
    EXPECT(!slot->waiters[AC__READ] && !slot->sleepers);
    EXPECT(!(slot->word & (AC__FD_CLOSING | AC__FD_LEAVING | AC__FD_COUNT)));
}

static void closer(void) { EXPECT(ac_close(FD) == 0); }
static void late_0(void) { run_task(0); }
static void late_1(void) { run_task(1); }
static void aborts_0(void) { abort_task(0); }

static void check_late(void)
{
    check_slot();
    EXPECT(file == NOBODY && results[0] == -EBADF);
}
static void check_both_late(void)
{
    check_late();
    EXPECT(results[1] == -EBADF);
}
static void check_aborted(void)
{
    check_slot();
    EXPECT(results[0] == -EBADF || results[0] == -ECANCELED);
    EXPECT(results[1] == -EBADF);
}

/* A close that comes before the other one, in its middle, or after it. */
static int closes[2];
static void closes_0(void) { closes[0] = ac_close(FD); }
static void closes_1(void) { closes[1] = ac_close(FD); }
static void check_closes(void)
{
    check_slot();
    EXPECT(closes[0] + closes[1] == -EBADF && closes[0] * closes[1] == 0);
}

/* --- The number is given out again -------------------------------------------------------------------------------- */

static void open_new(void)
{
    explore_wait(&file, OLD);
    AC__POINT(&file);
    file = NEW;
}

/* Data comes once somebody waits for it. */
static void deliver(void)
{
    explore_wait(&armed.is_new, false);
    AC__POINT(&armed);
    has_data = true;
    ac__slot_event(NULL, FD, armed.generation, AC__READY_READ);
}
static void deliver_to_two(void)
{
    deliver();
    explore_wait(&again, false);
    ac__slot_event(NULL, FD, armed.generation, AC__READY_READ);
}

static void foreign(void)
{
    open_new();
    run_task(2);
}
static void library(void)
{
    open_new();
    in_close = false; /* what comes now is for the new file */
    EXPECT(ac__fd_adopt(FD, 0) == 0);
    run_task(2);
}
static void check_new(void)
{
    check_slot();
    EXPECT(file == NEW && results[2] == 1);
}
static void check_new_and_late(void)
{
    check_new();
    EXPECT(results[0] == -EBADF || results[0] == 1); /* it had no business there any more */
}

static void foreign_closes(void)
{
    open_new();
    EXPECT(ac_close(FD) == 0);
}
static void library_closes(void)
{
    open_new();
    in_close = false;
    EXPECT(ac__fd_adopt(FD, 0) == 0);
    EXPECT(ac_close(FD) == 0);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        { "close: an operation comes meanwhile", setup, { closer, late_0 }, check_late, 4, 0 },
        { "close: two operations come", setup, { closer, late_0, late_1 }, check_both_late, 2, 100000 },
        { "close: one is aborted", setup, { closer, late_0, late_1, aborts_0 }, check_aborted, 2, 100000 },
        { "close: two closes", setup, { closes_0, closes_1 }, check_closes, 4, 0 },
        { "close: foreign code is given the number", setup, { closer, foreign, deliver }, check_new, 3, 400000 },
        { "close: foreign code, and one is late",
          setup,
          { closer, foreign, deliver_to_two, late_0 },
          check_new_and_late,
          2,
          100000 },
        { "close: the library is given the number", setup, { closer, library, deliver }, check_new, 3, 400000 },
        { "close: the library, and one is late",
          setup,
          { closer, library, deliver_to_two, late_0 },
          check_new_and_late,
          2,
          100000 },
        { "close: foreign code closes it again", setup, { closer, foreign_closes, late_0 }, check_late, 2, 100000 },
        { "close: the library closes it again", setup, { closer, library_closes, late_0 }, check_late, 2, 100000 },
    };
    return explore_all(scenarios, sizeof scenarios / sizeof *scenarios);
}

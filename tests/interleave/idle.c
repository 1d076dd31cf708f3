/* Sleeping: workers that find nothing go to sleep while others push tasks. A task that lies in a ring while every
 * worker sleeps is a deadlock here. The worker is that of sched/multi.c in small: its ring, stealing, the idle word,
 * the futex or the driver as bed. */
#define AC__INTERLEAVE
#define AC__RING_SIZE 4u
#include "../../runtime/sched/idle.c"
#include "../../runtime/sched/ring.c"
#include "explore.h"
#include <string.h>

enum { WORKERS = 3, TASKS = 4 };
static struct ac__worker workers[WORKERS];
static struct ac__worker *pointers[WORKERS];
static struct ac__idle idle;
static uint32_t interrupted; /* the driver's eventfd */
static uint32_t in_driver;
static char tasks[TASKS];
static int n_tasks, ran, n_workers;
static uint32_t stop;

static void setup_with(int n, int asleep)
{
    memset(workers, 0, sizeof workers);
    n_workers = n;
    for (int i = 0; i < n; i++) {
        workers[i].index = (unsigned)i;
        pointers[i] = &workers[i];
    }
    idle = (struct ac__idle){ .n_workers = (unsigned)n, .workers = pointers };
    interrupted = in_driver = stop = 0;
    n_tasks = ran = 0;
    (void)asleep;
}
static void setup_2(void) { setup_with(2, 0); }
static void setup_3(void) { setup_with(3, 0); }

static void wake(struct ac__worker *worker, enum ac__bed bed)
{
    if (bed == AC__BED_DRIVER) ac__atomic_store(&interrupted, 1, seq_cst);
    else ac__park_wake(&worker->park);
}
static void announce(void)
{
    enum ac__bed bed;
    struct ac__worker *worker = ac__idle_claim(&idle, &bed);
    if (worker) wake(worker, bed);
}
static void push(struct ac__worker *worker)
{
    EXPECT(ac__ring_push(&worker->ring, (struct ac__task *)&tasks[n_tasks++]));
    announce();
}
static bool work_waits(void)
{
    for (int i = 0; i < n_workers; i++) {
        uint32_t tail = ac__atomic_load(&workers[i].ring.tail, seq_cst);
        if (tail != ac__ring_real_of(ac__atomic_load(&workers[i].ring.head, seq_cst))) return true;
    }
    return false;
}
static struct ac__task *search(struct ac__worker *worker)
{
    if (!worker->searching && !ac__idle_search(&idle)) return NULL;
    worker->searching = true;
    for (int i = 1; i < n_workers; i++) {
        struct ac__task *task = ac__ring_steal(&workers[((int)worker->index + i) % n_workers].ring, &worker->ring);
        if (task) return task;
    }
    return NULL;
}
static void go_to_sleep(struct ac__worker *worker)
{
    bool last;
    ac__park_prepare(&worker->park);
    enum ac__bed bed = ac__idle_sleep(&idle, worker, worker->searching, &last);
    worker->searching = false;
    if (last && work_waits()) announce();
    if (bed != AC__BED_DRIVER) {
        if (!ac__atomic_load(&stop, seq_cst)) ac__park_sleep(&worker->park);
        worker->searching = !stop;
        return;
    }
    EXPECT(in_driver++ == 0);
    explore_wait(&interrupted, 0);
    interrupted = 0;
    EXPECT(--in_driver == 0);
    worker->searching = ac__idle_wake_in_driver(&idle, worker);
}
static void run(struct ac__worker *worker)
{
    if (worker->searching) {
        worker->searching = false;
        if (ac__idle_found(&idle)) announce();
    }
    ran++;
}
static void end_all(void)
{
    stop = 1;
    interrupted = 1;
    for (int i = 0; i < n_workers; i++) ac__park_wake(&workers[i].park);
}
/* `holds`: runs this many tasks, and then never again looks into its ring: the others must. */
static void work(struct ac__worker *worker, int to_run)
{
    while (!stop && to_run != 0) {
        struct ac__task *task = ac__ring_pop(&worker->ring);
        if (!task) task = search(worker);
        if (task) {
            run(worker);
            to_run--;
        } else {
            go_to_sleep(worker);
        }
        if (ran == TASKS) end_all();
    }
}

/* Pushes in a poll that does not end: all its tasks are for the others. */
static void pusher(void)
{
    for (int i = 0; i < TASKS; i++) push(&workers[0]);
}
static void worker_1(void) { work(&workers[1], -1); }
static void worker_2(void) { work(&workers[2], -1); }
static void pushes_two_then_works(void)
{
    push(&workers[0]);
    push(&workers[0]);
    work(&workers[0], -1);
}
static void pushes_two_too(void)
{
    push(&workers[1]);
    push(&workers[1]);
    work(&workers[1], -1);
}
static void check(void) { EXPECT(ran == TASKS); }

int main(void)
{
    static const struct scenario scenarios[] = {
        { "idle: one pushes, one sleeps", setup_2, { pusher, worker_1 }, check, 4, 400000 },
        { "idle: one pushes, two sleep", setup_3, { pusher, worker_1, worker_2 }, check, 2, 400000 },
        { "idle: both push and sleep", setup_2, { pushes_two_then_works, pushes_two_too }, check, 3, 400000 },
        { "idle: two push, a third sleeps",
          setup_3,
          { pushes_two_then_works, pushes_two_too, worker_2 },
          check,
          2,
          400000 },
    };
    return explore_all(scenarios, sizeof scenarios / sizeof *scenarios);
}

/* The inbox of a worker with a queue of its own, and how its owner falls asleep over it: pushers against an owner
 * that takes all and sleeps when there is nothing. A task that lies there while the owner sleeps is a deadlock here;
 * each pusher's tasks must come in order. */
#define AC__INTERLEAVE
#include "../../runtime/sched/inbox.h"
#include "base/futex.h"
#include "explore.h"
#include <string.h>

/* A futex that has to be woken, as the kernel's (the checker's own wakes by itself when the word changes): a waker that
 * spares the system call where it must not is found. */
static uint32_t in_kernel;
static void kernel_wait(const uint32_t *word, uint32_t expected)
{
    if (*word != expected) return;
    in_kernel = 1;
    explore_wait(&in_kernel, 1);
}
#define ac__futex_wait_for(word, expected, timeout_ns) ((void)(timeout_ns), kernel_wait((word), (expected)))
#define ac__futex_wake(word, n) ((void)(word), in_kernel = 0)
#include "../../runtime/sched/park.h"

enum { TASKS = 4 };
static struct ac__inbox inbox;
static struct ac__queue queue;
static struct ac__task tasks[TASKS];
static uint32_t asleep;
static struct ac__park park;
static int taken, last_of[2];

static void setup(void)
{
    memset(tasks, 0, sizeof tasks);
    inbox = (struct ac__inbox){ 0 };
    queue = (struct ac__queue){ 0 };
    asleep = in_kernel = 0;
    park = (struct ac__park){ 0 };
    taken = 0;
    last_of[0] = last_of[1] = -1;
}

/* As hand_over in sched/push.c. */
static void push(int i)
{
    ac__inbox_push(&inbox, &tasks[i]);
    uint32_t was = ac__atomic_load(&asleep, seq_cst);
    if (was) was = ac__atomic_exchange(&asleep, 0, seq_cst);
    if (was) ac__park_wake(&park);
}
static void pusher_0(void)
{
    push(0);
    push(1);
}
static void pusher_1(void)
{
    push(2);
    push(3);
}

/* As a visitor in sched/visitor.c. */
static void owner(void)
{
    while (taken < TASKS) {
        struct ac__task *task;
        ac__inbox_take(&inbox, &queue);
        while ((task = ac__queue_pop(&queue))) {
            int i = (int)(task - tasks);
            EXPECT(i % 2 > last_of[i / 2]);
            last_of[i / 2] = i % 2;
            taken++;
        }
        if (taken == TASKS) break;
        ac__park_prepare(&park);
        ac__atomic_store(&asleep, 1, seq_cst);
        if (!ac__inbox_filled(&inbox)) ac__park_sleep(&park);
        ac__atomic_store(&asleep, 0, seq_cst);
    }
}
static void check(void) { EXPECT(taken == TASKS && !inbox.top); }

int main(void)
{
    static const struct scenario scenarios[] = {
        { "inbox: two pushers, one owner", setup, { owner, pusher_0, pusher_1 }, check, 3, 0 },
    };
    return explore_all(scenarios, sizeof scenarios / sizeof *scenarios);
}

/* The inbox of a worker with a queue of its own, and how its owner falls asleep over it: pushers against an owner
 * that takes all and sleeps when there is nothing. A task that lies there while the owner sleeps is a deadlock here;
 * each pusher's tasks must come in order. */
#define AC__INTERLEAVE
#include "../../runtime/sched/inbox.h"
#include "explore.h"
#include <string.h>

enum { TASKS = 4 };
static struct ac__inbox inbox;
static struct ac__queue queue;
static struct ac__task tasks[TASKS];
static uint32_t asleep, woken;
static int taken, last_of[2];

static void setup(void)
{
    memset(tasks, 0, sizeof tasks);
    inbox = (struct ac__inbox){ 0 };
    queue = (struct ac__queue){ 0 };
    asleep = woken = 0;
    taken = 0;
    last_of[0] = last_of[1] = -1;
}

/* As hand_over in sched/push.c. */
static void push(int i)
{
    ac__inbox_push(&inbox, &tasks[i]);
    uint32_t was = ac__atomic_load(&asleep, seq_cst);
    if (was) was = ac__atomic_exchange(&asleep, 0, seq_cst);
    if (was) ac__atomic_store(&woken, 1, release);
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
        ac__atomic_store(&woken, 0, relaxed);
        ac__atomic_store(&asleep, 1, seq_cst);
        if (!ac__inbox_filled(&inbox)) explore_wait(&woken, 0);
        ac__atomic_store(&asleep, 0, seq_cst);
    }
}
static void check(void) { EXPECT(taken == TASKS && !inbox.top); }

int main(void)
{
    static const struct scenario scenarios[] = {
        { "inbox: two pushers, one owner", setup, { owner, pusher_0, pusher_1 }, check, 3, 0 },
    };
    bool good = true;
    for (unsigned i = 0; i < sizeof scenarios / sizeof *scenarios; i++) good &= explore(&scenarios[i]);
    return !good;
}

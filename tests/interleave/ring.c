/* The ring of a worker, with 4 slots: its owner pushes, overflows and pops while two thieves steal. Every task must
 * turn up exactly once. */
#define AC__INTERLEAVE
#define AC__RING_SIZE 4u
#include "../../runtime/sched/ring.c"
#include "explore.h"
#include <string.h>

enum { TASKS = 8 };
static struct ac__ring ring, thief_ring[2];
static int seen[TASKS];
static char tasks[TASKS]; /* a task is an address here */
static int n_pushed;

static struct ac__task *task(int i) { return (struct ac__task *)&tasks[i]; }
static void see(struct ac__task *t)
{
    long i = (char *)t - tasks;
    EXPECT(i >= 0 && i < TASKS);
    EXPECT(seen[i]++ == 0);
}

static void setup_with(unsigned position)
{
    memset(&ring, 0, sizeof ring);
    memset(thief_ring, 0, sizeof thief_ring);
    memset(seen, 0, sizeof seen);
    n_pushed = 0;
    ring.tail = position;
    ring.head = ac__ring_pack(position, position);
}
static void setup(void) { setup_with(0); }
static void setup_at_wrap(void) { setup_with(UINT32_MAX - 2); }
static void fill(int n)
{
    while (n_pushed < n) {
        EXPECT(ac__ring_push(&ring, task(n_pushed)));
        n_pushed++;
    }
}
static void setup_with_four(void)
{
    setup_at_wrap();
    fill(4);
}

static void push(int i)
{
    struct ac__task *taken[AC__RING_SIZE / 2];
    if (ac__ring_push(&ring, task(i))) return;
    uint32_t n = ac__ring_take_half(&ring, taken);
    for (uint32_t k = 0; k < n; k++) see(taken[k]);
    see(task(i));
}
static void owner_pushes_and_pops(void)
{
    for (int i = 0; i < 3; i++) push(n_pushed + i);
    n_pushed += 3;
    for (struct ac__task *t; (t = ac__ring_pop(&ring));) see(t);
}
static void owner_pops(void)
{
    for (struct ac__task *t; (t = ac__ring_pop(&ring));) see(t);
}
static void steal(int i)
{
    struct ac__task *t = ac__ring_steal(&ring, &thief_ring[i]);
    if (t) see(t);
    while ((t = ac__ring_pop(&thief_ring[i]))) see(t);
}
static void thief_0(void) { steal(0); }
static void thief_1(void) { steal(1); }
static void thief_twice(void)
{
    steal(0);
    steal(0);
}
/* A thief of the thief. */
static void thief_of_thief(void)
{
    struct ac__task *t = ac__ring_steal(&thief_ring[0], &thief_ring[1]);
    if (t) see(t);
    while ((t = ac__ring_pop(&thief_ring[1]))) see(t);
}

static void check(void)
{
    for (int k = 0; k < 2; k++)
        for (struct ac__task *t; (t = ac__ring_pop(&thief_ring[k]));) see(t);
    for (struct ac__task *t; (t = ac__ring_pop(&ring));) see(t);
    for (int i = 0; i < n_pushed; i++) EXPECT(seen[i] == 1);
    uint64_t head = ring.head;
    EXPECT(ac__ring_steal_of(head) == ac__ring_real_of(head) && ac__ring_real_of(head) == ring.tail);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        { "ring: push, pop; one thief", setup, { owner_pushes_and_pops, thief_twice }, check, 4, 0 },
        { "ring: full, pops; two thieves", setup_with_four, { owner_pops, thief_0, thief_1 }, check, 3, 400000 },
        { "ring: full, overflow; one thief",
          setup_with_four,
          { owner_pushes_and_pops, thief_twice },
          check,
          4,
          400000 },
        { "ring: full, overflow; two thieves",
          setup_with_four,
          { owner_pushes_and_pops, thief_0, thief_1 },
          check,
          3,
          400000 },
        { "ring: across the wrap of positions",
          setup_at_wrap,
          { owner_pushes_and_pops, thief_0, thief_1 },
          check,
          3,
          400000 },
        { "ring: a thief of a thief", setup_with_four, { owner_pops, thief_0, thief_of_thief }, check, 3, 400000 },
    };
    return explore_all(scenarios, sizeof scenarios / sizeof *scenarios);
}

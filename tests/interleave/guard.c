/* The guard of the driver: a worker that leaves the driver and is held then is always noticed, whether the guard was just
 * looking, or asleep without end, or was on its way there; and being woken for work ends its guarding. */
#define AC__INTERLEAVE
#include "base/atomic.h"
#include "base/futex.h"
#include "explore.h"
#include <string.h>

/* As in inbox.c: what sleeps without end has to be woken. A sleep with an end is over at once: the checker tries what
 * others do before and after, which is all that its length decides. */
static uint32_t in_kernel;
static void kernel_wait(const uint32_t *word, uint32_t expected, int64_t timeout_ns)
{
    if (*word != expected || timeout_ns >= 0) return;
    in_kernel = 1;
    explore_wait(&in_kernel, 1);
}
#define ac__futex_wait_for(word, expected, timeout_ns) kernel_wait((word), (expected), (timeout_ns))
#define ac__futex_wake(word, n) ((void)(word), in_kernel = 0)
#include "../../runtime/sched/guard.c"

static struct ac_runtime runtime;
static struct ac__worker guard;
static uint32_t attended; /* somebody is in the driver */
static bool noticed, woken;

bool ac__idle_driver_attended(struct ac__idle *idle)
{
    (void)idle;
    return ac__atomic_load(&attended, seq_cst) != 0;
}

/* Wakes the guard itself, who goes to the driver. */
void ac__announce(ac_runtime *rt)
{
    (void)rt;
    noticed = true;
    ac__park_wake(&guard.park);
}

static void setup(void)
{
    memset(&runtime, 0, sizeof runtime);
    memset(&guard, 0, sizeof guard);
    guard.runtime = &runtime;
    attended = 1;
    in_kernel = 0;
    noticed = woken = false;
}

static void guards(void)
{
    ac__park_prepare(&guard.park);
    ac__guard_sleep(&guard);
}
/* Comes back from its bed in the driver, and is held. */
static void leaves(void)
{
    ac__atomic_store(&attended, 0, seq_cst);
    ac__guard_note_leaving(&runtime.guard);
}
static void leaves_and_comes_back_and_leaves(void)
{
    leaves();
    ac__atomic_store(&attended, 1, seq_cst);
    leaves();
}
static void wakes_for_work(void)
{
    woken = true;
    ac__park_wake(&guard.park);
}
static void check_noticed(void) { EXPECT(noticed); }
static void check_ended(void) { EXPECT(noticed || woken); }

int main(void)
{
    static const struct scenario scenarios[] = {
        { "guard: a worker leaves the driver and is held", setup, { guards, leaves }, check_noticed, 6, 400000 },
        { "guard: it has left before", setup, { guards, leaves_and_comes_back_and_leaves }, check_noticed, 5, 400000 },
        { "guard: it is woken for work meanwhile", setup, { guards, leaves, wakes_for_work }, check_ended, 4, 400000 },
    };
    bool good = true;
    for (unsigned i = 0; i < sizeof scenarios / sizeof *scenarios; i++) good &= explore(&scenarios[i]);
    return !good;
}

#include "sched/spin.h"
#include "time/clock.h"

/* Turns between two looks at the clock; so many cost nothing but the pauses between them, and nobody is asked. */
enum { ROUND = 32, INTERVAL_FIRST = 32, INTERVAL_MOST = 4096 };

static uint32_t spinners; /* threads of the process that are past their first round */
static uint32_t spinners_most;

struct ac__spin ac__spin_new(unsigned cpus, int64_t limit)
{
    ac__atomic_store(&spinners_most, cpus - 1, relaxed);
    if (cpus <= 1 || limit < 0) return (struct ac__spin){ 0 };
    if (limit == 0 || limit > AC__SPIN_MOST) limit = AC__SPIN_MOST;
    uint32_t first = limit < AC__SPIN_FIRST ? (uint32_t)limit : AC__SPIN_FIRST;
    return (struct ac__spin){ .limit = (uint32_t)limit, .most = first, .length = first, .interval = INTERVAL_FIRST };
}

/* A call takes the thread that makes it some time too, and the answer is made by a thread that may have to be woken
 * itself: so twice the latency. */
void ac__spin_learn(struct ac__spin *spin, int64_t latency)
{
    int64_t most = 2 * latency;
    if (most < AC__SPIN_LEAST) most = AC__SPIN_LEAST;
    if (most > spin->limit) most = spin->limit;
    spin->most = (uint32_t)(spin->most + (most - (int64_t)spin->most) / 4);
}

/* False: enough others do it. */
static bool spinner_comes(void)
{
    if (ac__atomic_add(&spinners, 1, relaxed) < ac__atomic_load(&spinners_most, relaxed)) return true;
    ac__atomic_sub(&spinners, 1, relaxed);
    return false;
}

static bool round_of(unsigned *turn, bool (*ready)(void *, unsigned), void *argument)
{
    for (unsigned i = 0; i < ROUND; i++) {
        if (ready(argument, (*turn)++)) return true;
        ac__cpu_relax();
    }
    return false;
}

static bool found(struct ac__spin *spin)
{
    spin->length = spin->most;
    spin->interval = INTERVAL_FIRST;
    return true;
}

static bool in_vain(struct ac__spin *spin, bool trial)
{
    spin->length = trial || spin->length / 2 < AC__SPIN_LEAST ? 0 : spin->length / 2;
    if (trial && spin->interval < INTERVAL_MOST) spin->interval *= 2;
    return false;
}

bool ac__spin_until(struct ac__spin *spin, bool (*ready)(void *argument, unsigned turn), void *argument)
{
    if (spin->limit == 0) return false;
    bool trial = spin->length == 0;
    if (trial) {
        if (++spin->skipped < spin->interval) return false;
        spin->skipped = 0;
        spin->length = spin->most;
    }
    unsigned turn = 0;
    if (round_of(&turn, ready, argument)) return found(spin);
    if (!spinner_comes()) {
        if (trial) spin->length = 0;
        return false;
    }
    int64_t until = ac__clock_system() + spin->length;
    bool good;
    do {
        good = round_of(&turn, ready, argument);
    } while (!good && ac__clock_system() < until);
    ac__atomic_sub(&spinners, 1, relaxed);
    return good ? found(spin) : in_vain(spin, trial);
}

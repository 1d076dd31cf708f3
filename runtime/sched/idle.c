/* The moves of the idle word; the essay stands in idle.h. */
#include "sched/idle.h"

#define SEARCHING_ONE UINT64_C(1)
#define SEARCHING UINT64_C(0xff)
#define TOP_SHIFT 8
#define DRIVER_SHIFT 16
#define INDEX UINT64_C(0xff) /* index + 1; 0: none */
#define POLLING (UINT64_C(1) << 24)
#define TAG_ONE (UINT64_C(1) << 32)

static inline unsigned top_of(uint64_t word) { return (unsigned)(word >> TOP_SHIFT & INDEX); }
static inline unsigned driver_of(uint64_t word) { return (unsigned)(word >> DRIVER_SHIFT & INDEX); }
static inline uint64_t with_top(uint64_t word, unsigned top)
{
    return (word & ~(INDEX << TOP_SHIFT)) | (uint64_t)top << TOP_SHIFT;
}
static inline uint64_t with_driver(uint64_t word, unsigned driver)
{
    return (word & ~(INDEX << DRIVER_SHIFT)) | (uint64_t)driver << DRIVER_SHIFT;
}

/* Sleepers on a futex go first, so that the driver stays attended. One that is claimed out of the driver counts as
 * polling until it has left. next_sleeper may be stale when the top is: then the tag has moved on, and the exchange
 * fails. */
struct ac__worker *ac__idle_claim(struct ac__idle *idle, enum ac__bed *bed)
{
    uint64_t word = ac__atomic_load(&idle->word, seq_cst);
    for (;;) {
        unsigned top = top_of(word), driver = driver_of(word);
        if (ac__likely((word & SEARCHING) != 0 || (!top && !driver))) return NULL;
        unsigned index = top ? top : driver;
        struct ac__worker *worker = idle->workers[index - 1];
        uint64_t after = top ? with_top(word, ac__atomic_load(&worker->next_sleeper, relaxed)) + TAG_ONE
                             : with_driver(word, 0) | POLLING;
        if (ac__atomic_cas_weak(&idle->word, &word, after + SEARCHING_ONE, seq_cst, seq_cst)) {
            *bed = top ? AC__BED_FUTEX : AC__BED_DRIVER;
            return worker;
        }
    }
}

bool ac__idle_search(struct ac__idle *idle)
{
    uint64_t word = ac__atomic_load(&idle->word, relaxed);
    do {
        if (2 * (word & SEARCHING) >= idle->n_workers) return false;
    } while (!ac__atomic_cas_weak(&idle->word, &word, word + SEARCHING_ONE, seq_cst, relaxed));
    return true;
}

bool ac__idle_found(struct ac__idle *idle)
{
    return (ac__atomic_sub(&idle->word, SEARCHING_ONE, seq_cst) & SEARCHING) == 1;
}

enum ac__bed ac__idle_sleep(struct ac__idle *idle, struct ac__worker *worker, bool searching, bool *last)
{
    uint64_t word = ac__atomic_load(&idle->word, relaxed), after;
    enum ac__bed bed;
    do {
        after = word - searching;
        *last = (after & SEARCHING) == 0;
        bed = !driver_of(word) && !(word & POLLING) ? AC__BED_DRIVER : top_of(word) ? AC__BED_FUTEX : AC__BED_GUARD;
        if (bed == AC__BED_DRIVER) {
            after = with_driver(after, worker->index + 1);
        } else {
            ac__atomic_store(&worker->next_sleeper, (uint8_t)top_of(word), relaxed);
            after = with_top(after, worker->index + 1);
        }
    } while (!ac__atomic_cas_weak(&idle->word, &word, after, seq_cst, relaxed));
    return bed;
}

void ac__idle_driver_leave(struct ac__idle *idle) { ac__atomic_and(&idle->word, ~POLLING, seq_cst); }

bool ac__idle_wake_in_driver(struct ac__idle *idle, struct ac__worker *worker)
{
    uint64_t word = ac__atomic_load(&idle->word, relaxed);
    do {
        if (driver_of(word) != worker->index + 1) {
            ac__idle_driver_leave(idle);
            return true;
        }
    } while (!ac__atomic_cas_weak(&idle->word, &word, with_driver(word, 0), seq_cst, relaxed));
    return false;
}

/* acquire and release: the driver's own data goes from one visitor to the next by this word. */
bool ac__idle_driver_enter(struct ac__idle *idle)
{
    uint64_t word = ac__atomic_load(&idle->word, relaxed);
    do {
        if (driver_of(word) || (word & POLLING)) return false;
    } while (!ac__atomic_cas_weak(&idle->word, &word, word | POLLING, seq_cst, relaxed));
    return true;
}

bool ac__idle_driver_attended(struct ac__idle *idle)
{
    uint64_t word = ac__atomic_load(&idle->word, relaxed);
    return driver_of(word) || (word & POLLING);
}
bool ac__idle_driver_asleep(struct ac__idle *idle) { return driver_of(ac__atomic_load(&idle->word, seq_cst)) != 0; }

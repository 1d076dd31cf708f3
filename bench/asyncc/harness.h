/* Times one row: iterations until the time is used up; the median and the least time of a unit. The same as
 * ../tokio/src/harness.rs, so that both print the same line. */
#ifndef BENCH_HARNESS_H
#define BENCH_HARNESS_H
#include <stdint.h>

struct timer;
struct row {
    const char *name;
    uint64_t units; /* operations of one iteration */
    void (*run)(struct timer *);
};

/* Each table ends with a row without a name. */
extern const struct row sched_rows[], timer_rows[], channel_rows[], lock_rows[];

/* for (timer_start(t); timer_more(t); timer_stop(t)) { one iteration } */
void timer_start(struct timer *t);
_Bool timer_more(struct timer *t);
void timer_stop(struct timer *t);
/* For iterations that time a part of themselves: call instead of timer_stop. */
void timer_add(struct timer *t, int64_t nanoseconds);
int64_t now_ns(void);
#endif

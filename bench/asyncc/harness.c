/* asyncc-bench ROW [seconds]     prints: ROW units ns-per-unit-median ns-per-unit-least
 * asyncc-bench --list */
#include "harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST = 1 << 20 };
struct timer {
    int64_t deadline, started;
    int64_t *sample;
    int count, warm;
};

int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

void timer_start(struct timer *t) { t->started = now_ns(); }

_Bool timer_more(struct timer *t)
{
    int64_t now = now_ns();
    if (t->warm && now >= t->deadline && t->count >= 5) return 0;
    t->started = now_ns();
    return t->count < MOST;
}

void timer_add(struct timer *t, int64_t nanoseconds)
{
    if (t->warm) t->sample[t->count++] = nanoseconds;
    t->warm = 1;
}

void timer_stop(struct timer *t) { timer_add(t, now_ns() - t->started); }

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static const struct row *const tables[] = { sched_rows, timer_rows, channel_rows, lock_rows };

int main(int argc, char **argv)
{
    if (argc < 2) return 2;
    double seconds = argc > 2 ? atof(argv[2]) : 0.5;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        for (const struct row *row = tables[i]; row->name; row++) {
            if (strcmp(argv[1], "--list") == 0) puts(row->name);
            if (strcmp(argv[1], row->name) != 0) continue;
            struct timer t = { .deadline = now_ns() + (int64_t)(seconds * 1e9),
                               .sample = malloc(MOST * sizeof(int64_t)) };
            row->run(&t);
            qsort(t.sample, (size_t)t.count, sizeof *t.sample, ascending);
            printf("%s %llu %.2f %.2f\n", row->name, (unsigned long long)row->units,
                   (double)t.sample[t.count / 2] / (double)row->units, (double)t.sample[0] / (double)row->units);
            free(t.sample);
            return 0;
        }
    }
    if (strcmp(argv[1], "--list") == 0) return 0;
    fprintf(stderr, "asyncc-bench: no row %s\n", argv[1]);
    return 2;
}

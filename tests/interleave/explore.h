/* Systematic exploration of interleavings: every schedule of a few threads, up to a number of preemptions, over the
 * runtime's own sources. See explore.c for how, and README.md for what is covered.
 *
 * A scenario is a setup, some threads and a check. The sources under test are included in the scenario's file after
 * AC__INTERLEAVE has been defined, which makes each ac__atomic… a point where another thread may run. */
#ifndef TESTS_INTERLEAVE_EXPLORE_H
#define TESTS_INTERLEAVE_EXPLORE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EXPLORE_THREADS = 6 };

struct scenario {
    const char *name;
    void (*setup)(void);                        /* before each execution */
    void (*threads[EXPLORE_THREADS + 1])(void); /* to the first NULL */
    void (*check)(void);                        /* after each, when all threads have ended; or NULL */
    unsigned preemptions;                       /* most preemptive switches in one execution */
    unsigned long most;                         /* executions at most; 0: all there are */
};

/* Explores; prints a line of what was covered, or the schedule that failed. True: no failure. */
bool explore(const struct scenario *scenario);
/* One after the other; a program's exit status. */
int explore_all(const struct scenario *scenarios, unsigned n);

/* In a thread, the setup or the check: the execution has failed unless `condition`. */
#define EXPECT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) explore_fail(#condition, __FILE__, __LINE__);                                                \
    } while (0)
_Noreturn void explore_fail(const char *what, const char *file, int line);
/* Memory that must not be touched from now on (by an atomic operation), for this execution. */
void explore_freed(const void *memory, size_t size);
/* The thread waits until *word is not `expected`. */
void explore_wait(const uint32_t *word, uint32_t expected);

#endif

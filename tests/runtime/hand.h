/* Polling by hand: tasks that no scheduler runs, so that a test decides who is polled when, and sees who was woken.
 *
 * A hand is a task that is RUNNING for ever: a wake only sets NOTIFIED in its state word, which woken() reads and
 * clears. */
#ifndef TESTS_HAND_H
#define TESTS_HAND_H
#include "script.h"
#include "task/task.h"
#include <stdio.h>

struct hand {
    struct ac__task task;
    ac_context cx;
};
#define HAND_STATE (AC__TASK_RUNNING | 1000 * AC__TASK_REFERENCE)
#define HAND                                                                                                           \
    {                                                                                                                  \
        .task = {.state = HAND_STATE }                                                                                 \
    }

static inline bool woken(struct hand *hand)
{
    return __atomic_fetch_and(&hand->task.state, ~AC__TASK_NOTIFIED, __ATOMIC_ACQ_REL) & AC__TASK_NOTIFIED;
}

static inline ac_context *hand_cx(struct hand *hand)
{
    hand->cx = (ac_context){ .task = &hand->task, .budget = 128 };
    return &hand->cx;
}

/* Every pointer to it that was counted has been given back. */
static inline bool hand_is_free(struct hand *hand)
{
    return (__atomic_load_n(&hand->task.state, __ATOMIC_ACQUIRE) & ~AC__TASK_NOTIFIED) == HAND_STATE;
}

#define POLL_BY(hand, NAME, future) NAME##_poll((future), hand_cx(hand))

/* ThreadSanitizer has nothing to find in what one thread does, and takes ten times as long for it. */
#if defined(__SANITIZE_THREAD__)
enum { ONE_THREAD_IS_ENOUGH = 1 };
#else
enum { ONE_THREAD_IS_ENOUGH = 0 };
#endif

/* --- Every order of events -------------------------------------------------------------------------------------------
 * A *world* is a primitive, a few hands that wait for it, and a model: what its manual says, in the plainest code. A
 * step (a poll, a drop, an event) is done to both, and the world's run compares what came of it, wakes included.
 * explore() runs a world through all sequences of so many steps. Cancellation is a step like the others, so it meets
 * everything at every point. */
static inline void explore(unsigned symbols, unsigned length, void (*run)(const unsigned char *steps, unsigned n))
{
    unsigned char steps[16] = { 0 };
    length -= ONE_THREAD_IS_ENOUGH;
    for (;;) {
        run(steps, length);
        unsigned i = 0;
        while (i < length && ++steps[i] == symbols) steps[i++] = 0;
        if (i == length) return;
    }
}

/* Longer ones, drawn by lot: `runs` of them, the same every time. */
static inline void explore_some(unsigned symbols, unsigned length, unsigned runs,
                                void (*run)(const unsigned char *steps, unsigned n))
{
    uint64_t seed = 88172645463325252; /* xorshift: Marsaglia, 2003 */
    unsigned char steps[16];
    if (ONE_THREAD_IS_ENOUGH) runs /= 10;
    while (runs--) {
        for (unsigned i = 0; i < length; i++) {
            seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
            steps[i] = (unsigned char)(seed % symbols);
        }
        run(steps, length);
    }
}

/* In a world's run: the sequence that fails is printed, so that it can be played again. */
#define EXPECT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) explore_failed(#condition, steps, n);                                                        \
    } while (0)
static inline void explore_failed(const char *condition, const unsigned char *steps, unsigned n)
{
    char text[64] = "";
    for (unsigned i = 0; i < n && i < 16; i++) snprintf(text + 4 * i, sizeof text - 4 * i, "%-4u", steps[i]);
    ck_abort_msg("%s, after some of the steps %s", condition, text);
}

/* A queue of small numbers, for models. */
struct line {
    int who[16], n;
};
static inline void line_push(struct line *line, int i) { line->who[line->n++] = i; }
static inline void line_remove(struct line *line, int i)
{
    int k = 0;
    while (k < line->n && line->who[k] != i) k++;
    if (k == line->n) return;
    memmove(&line->who[k], &line->who[k + 1], sizeof(int) * (size_t)(--line->n - k));
}
static inline int line_pop(struct line *line)
{
    int i = line->who[0];
    line_remove(line, i);
    return i;
}

#endif

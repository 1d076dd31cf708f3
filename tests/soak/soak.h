/* A soak test: all of the library at once, for as long as wanted; everything is checked all along, and memory has to
 * stay where it was. main.ac runs it; each other file is a few loads. */
#ifndef SOAK_H
#define SOAK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <asyncc/asyncc.h>

/* A random sequence of a load's own, so that a seed decides what is done, though not when. xorshift: Marsaglia,
 * 2003. */
struct dice {
    uint64_t state;
};
static inline uint32_t roll(struct dice *dice, uint32_t n)
{
    dice->state ^= dice->state << 13, dice->state ^= dice->state >> 7, dice->state ^= dice->state << 17;
    return (uint32_t)(dice->state >> 32) % n;
}

#define SURE(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) soak_failed(__FILE__, __LINE__, #condition);                                                 \
    } while (0)
_Noreturn void soak_failed(const char *file, int line, const char *condition);

/* One turn of a load: a bounded piece of work that leaves nothing behind. */
typedef ac_async void load(struct dice *dice);
load families, sets_of_tasks, queues, requests, news, levels, locks, races, trees_of_tokens, delays, calls;
load connections, files, memory_pipes, blocking_calls, signals, processes, runtimes;

/* --- Memory (memory.c) -------------------------------------------------------------------------------------------- */

struct memory {
    long resident; /* KiB */
    long slabs;    /* of the runtime; 0: not counted */
    long blocks;   /* its other allocations; 0: not counted */
    int descriptors;
};
struct memory memory_now(void);
void print_descriptors(void);
extern const ac_allocator counting_allocator;

#endif

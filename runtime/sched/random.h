/* Random numbers for choices that need no secrecy: xorshift64* (Vigna, 2016), one state a worker. */
#ifndef ASYNCC_SCHED_RANDOM_H
#define ASYNCC_SCHED_RANDOM_H
#include <stdint.h>

/* Spreads a seed that may be small over a state that is not zero (splitmix64). */
static inline uint64_t ac__random_seed(uint64_t seed)
{
    seed += UINT64_C(0x9e3779b97f4a7c15);
    seed = (seed ^ seed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    seed = (seed ^ seed >> 27) * UINT64_C(0x94d049bb133111eb);
    seed ^= seed >> 31;
    return seed ? seed : 1;
}

static inline uint32_t ac__random_next(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return (uint32_t)(x * UINT64_C(0x2545f4914f6cdd1d) >> 32);
}

/* Below n: by multiplication, not division (Lemire, 2019), whose bias for small n does not matter here. */
static inline uint32_t ac__random_below(uint64_t *state, uint32_t n)
{
    return (uint32_t)((uint64_t)ac__random_next(state) * n >> 32);
}

#endif

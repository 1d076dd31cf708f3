/* Included before everything else in the sources under test: makes the inline fast paths of the public headers points,
 * too. They use the compiler's atomics as they are; there, and only there, each is replaced. */
#ifndef TESTS_INTERLEAVE_POINTS_H
#define TESTS_INTERLEAVE_POINTS_H
#include <errno.h>
#include <stdint.h>

void ac__interleave_point(const volatile void *address, const char *file, int line);
#define HERE(p) ac__interleave_point((p), __FILE__, __LINE__)
#define __atomic_load_n(p, order) (HERE(p), __atomic_load_n(p, order))
#define __atomic_compare_exchange_n(p, ...) (HERE(p), __atomic_compare_exchange_n(p, __VA_ARGS__))
#include "asyncc/channel.h"
#include "asyncc/sync.h"
#include "asyncc/time.h"
#undef __atomic_load_n
#undef __atomic_compare_exchange_n

#define AC__INTERLEAVE
#endif

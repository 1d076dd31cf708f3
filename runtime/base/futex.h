/* Sleeping on a word of memory. A wait may end for no reason; the caller looks at the word again. */
#ifndef ASYNCC_BASE_FUTEX_H
#define ASYNCC_BASE_FUTEX_H
#include <stdint.h>

void ac__futex_wait(uint32_t *word, uint32_t expected);
/* Sleeps at most timeout_ns (below 0: without end). */
void ac__futex_wait_for(uint32_t *word, uint32_t expected, int64_t timeout_ns);
void ac__futex_wake(uint32_t *word, int n);

#endif

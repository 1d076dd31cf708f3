#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/futex.h"
#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The kernel's numbers, since its headers are not always beside the C library's (musl). */
enum { FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129 };

/* A call of the runtime must not disturb the errno of the code it runs in. */
void ac__futex_wait_for(uint32_t *word, uint32_t expected, int64_t timeout_ns)
{
    int saved = errno;
    struct timespec timeout = { timeout_ns / 1000000000, timeout_ns % 1000000000 };
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, timeout_ns < 0 ? NULL : &timeout, NULL, 0);
    errno = saved;
}

void ac__futex_wait(uint32_t *word, uint32_t expected) { ac__futex_wait_for(word, expected, -1); }

void ac__futex_wake(uint32_t *word, int n)
{
    int saved = errno;
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0);
    errno = saved;
}

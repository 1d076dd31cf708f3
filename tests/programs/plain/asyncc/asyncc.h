/* The words taken out: with this header in place of the library's, a program that only awaits is the same program in plain
 * C, and must print the same. */
#ifndef ASYNCC_H
#define ASYNCC_H
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef ASYNCC_NO_KEYWORDS
#define async
#define await
#endif
#define ac_async
#define ac_await
#define ac_yield() ((void)0)
#endif

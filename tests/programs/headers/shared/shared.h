#ifndef SHARED_H
#define SHARED_H
#include <asyncc/asyncc.h>

struct account { const char *name; long cents; ac_async long (*fee)(const struct account *); };

ac_async long balance(const struct account *a);
ac_async int is_even(unsigned n);
ac_async int is_odd(unsigned n);
long plain_total(const struct account *a, int n);
extern const struct account accounts[];

#ifdef __ASYNCC__
static inline ac_async long with_fee(const struct account *a)
{
    ac_await ac_yield();
    return ac_await balance(a) + ac_await a->fee(a);
}
#endif
#endif

#ifndef BASE_H
#define BASE_H
#include <asyncc/asyncc.h>
#include "constants.h"

static inline ac_async int base(int n)
{
    ac_await ac_yield();
    return n + ONE;
}
#endif

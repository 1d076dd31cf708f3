#include "../lib/base.h"
#include "../lib/twice.h"

static inline ac_async int sum(int n)
{
    int total = 0;
    while (n-- > 0) total += n % 2 ? ac_await twice(n) : ac_await base(n);
    return total;
}

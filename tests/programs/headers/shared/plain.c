#include "shared.h"

long plain_total(const struct account *a, int n)
{
    long sum = 0;
    while (n--) sum += a[n].cents;
    return sum;
}

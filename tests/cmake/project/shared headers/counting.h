#ifndef COUNTING_H
#define COUNTING_H
#include <asyncc/asyncc.h>

#define ANSWER 42
ac_async int count(int n);
int plain(void);
#endif

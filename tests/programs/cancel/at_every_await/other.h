#ifndef OTHER_H
#define OTHER_H
#include "harness.h"

/* In another file: their frames come from the pool. */
ac_async int elsewhere(int depth);
ac_async void call_back(ac_async void (*f)(int), int n);
#endif

#ifndef GREETING_H
#define GREETING_H
#include <asyncc/asyncc.h>

/* Says hello to somebody, after so many milliseconds. */
ac_async void greet(const char *name, int after_ms);
#endif

/* What the program asked for, what the environment says, and the defaults, in this order. */
#ifndef ASYNCC_SCHED_OPTIONS_H
#define ASYNCC_SCHED_OPTIONS_H
#include "asyncc/runtime.h"

/* Fills every field in. `size` is that of the struct as the program was compiled with it. */
ac_runtime_options ac__options_resolve(const ac_runtime_options *given, size_t size);
/* How many CPUs this process may use. */
unsigned ac__cpus(void);

#endif

/* Reproducible runs: the scheduler's choices made by a seed. See by_seed.c. */
#ifndef ASYNCC_SCHED_BY_SEED_H
#define ASYNCC_SCHED_BY_SEED_H
#include "sched/rt.h"

/* Does a runtime with these options run by its seed? `given`: as the program gave them. */
bool ac__runs_by_seed(const ac_runtime_options *resolved, const ac_runtime_options *given, size_t size);
/* The next task of a CURRENT worker's queue: one of the first few. Before that a blocking call may have its turn. */
struct ac__task *ac__by_seed_pop(struct ac__worker *worker);

#endif

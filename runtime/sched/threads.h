/* Starting threads as the options say. */
#ifndef ASYNCC_SCHED_THREADS_H
#define ASYNCC_SCHED_THREADS_H
#include "asyncc/future.h"
#include <pthread.h>

/* 0 or a negative errno. The new thread has SIGPIPE blocked and, under glibc's rules, the rest of the caller's mask. */
int ac__thread_start(ac_runtime *rt, pthread_t *thread, void *(*run)(void *), void *argument);
/* On the thread itself: the program's start and stop hooks. */
void ac__thread_begin(ac_runtime *rt);
void ac__thread_end(ac_runtime *rt);

#endif

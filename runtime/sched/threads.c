#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "sched/threads.h"
#include "sched/rt.h"
#include <signal.h>
#include <stdio.h>

/* SIGPIPE is blocked before the thread exists, so that no hook or task of it can get one. */
int ac__thread_start(ac_runtime *rt, pthread_t *thread, void *(*run)(void *), void *argument)
{
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error) return -error;
    pthread_attr_setstacksize(&attributes, rt->options.thread_stack_size);
    sigset_t pipe, before;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    error = pthread_create(thread, &attributes, run, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return -error;
}

void ac__thread_begin(ac_runtime *rt)
{
    char name[16];
    (void)snprintf(name, sizeof name, "%s", rt->options.thread_name);
    pthread_setname_np(pthread_self(), name);
    if (rt->options.on_thread_start) rt->options.on_thread_start(rt->options.hook_context);
}

void ac__thread_end(ac_runtime *rt)
{
    if (rt->options.on_thread_stop) rt->options.on_thread_stop(rt->options.hook_context);
}

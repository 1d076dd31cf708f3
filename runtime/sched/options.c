#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "sched/options.h"
#include "base/fatal.h"
#include "time/clock.h"
#include <pthread.h>
#include <sched.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORKERS_MAX = 250 }; /* the idle word counts them in a byte, and needs a few for itself */

static unsigned long from_environment(const char *name, unsigned long most)
{
    const char *text = getenv(name);
    if (!text || !*text) return 0;
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*end || value == 0 || value > most) ac__fatal("%s=%s: wanted a number from 1 to %lu", name, text, most);
    return value;
}

static ac_flavor flavor_from_environment(void)
{
    const char *text = getenv("ASYNCC_FLAVOR");
    if (!text || !*text || !strcmp(text, "multi_thread")) return AC_MULTI_THREAD;
    if (!strcmp(text, "current_thread")) return AC_CURRENT_THREAD;
    ac__fatal("ASYNCC_FLAVOR=%s: wanted current_thread or multi_thread", text);
}

/* Which may be fewer than there are. */
unsigned ac__cpus(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return (unsigned)CPU_COUNT(&set);
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (unsigned)n : 1;
}

static unsigned worker_threads(unsigned given)
{
    if (!given) given = (unsigned)from_environment("ASYNCC_WORKER_THREADS", WORKERS_MAX);
    if (!given) given = ac__cpus();
    return given < WORKERS_MAX ? given : WORKERS_MAX;
}

static uint64_t seed_of_its_own(void)
{
    static uint64_t count;
    uint64_t seed = from_environment("ASYNCC_SEED", ULONG_MAX);
    if (seed) return seed;
    return (uint64_t)ac__clock_system() ^ (uint64_t)getpid() << 40 ^ ac__atomic_add(&count, 1, relaxed) << 56;
}

ac_runtime_options ac__options_resolve(const ac_runtime_options *given, size_t size)
{
    ac_runtime_options o = { 0 };
    if (given) memcpy(&o, given, size < sizeof o ? size : sizeof o);
    if (!o.flavor) o.flavor = flavor_from_environment();
    if (o.flavor != AC_MULTI_THREAD && o.flavor != AC_CURRENT_THREAD)
        ac__fatal("ac_runtime_new: flavor %d", (int)o.flavor);
    if (o.start_paused && o.flavor != AC_CURRENT_THREAD)
        ac__fatal("ac_runtime_new: start_paused needs AC_CURRENT_THREAD");
    o.worker_threads = o.flavor == AC_MULTI_THREAD ? worker_threads(o.worker_threads) : 1;
    if (!o.max_blocking_threads) o.max_blocking_threads = 512;
    if (o.blocking_keep_alive <= 0) o.blocking_keep_alive = ac_secs(10);
    if (!o.thread_name) o.thread_name = "asyncc";
    if (!o.thread_stack_size) o.thread_stack_size = (size_t)2 * 1024 * 1024;
    if (o.thread_stack_size < (size_t)PTHREAD_STACK_MIN) o.thread_stack_size = (size_t)PTHREAD_STACK_MIN;
    if (!o.event_interval) o.event_interval = 61;
    if (!o.seed) o.seed = seed_of_its_own();
    return o;
}

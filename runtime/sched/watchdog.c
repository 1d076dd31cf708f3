/* The watchdog: reports a poll that holds its worker longer than the option report_held_after says.
 *
 * The workers do nothing for it but what they do anyway: count their polls. A thread looks at the counts; one that
 * has not changed since its last look, with a poll under way, is a poll that has lasted that long. It says so at
 * once (the call may never return), and asks the worker to tell at the end of the poll where the task stands then,
 * which only the worker can know. */
#include "base/futex.h"
#include "mem/alloc.h"
#include "sched/rt.h"
#include "task/trace.h"
#include "time/clock.h"
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

struct seen {
    struct ac__worker *worker;
    uint64_t polls;
    int64_t since;
    bool told;
};

enum { WATCHED = 256 };

struct ac__watchdog {
    pthread_t thread;
    uint32_t stop; /* futex */
    struct seen seen[WATCHED];
    unsigned n;
};

static struct seen *seen_of(struct ac__watchdog *dog, struct ac__worker *worker)
{
    for (unsigned i = 0; i < dog->n; i++)
        if (dog->seen[i].worker == worker) return &dog->seen[i];
    if (dog->n == WATCHED) return NULL;
    dog->seen[dog->n] = (struct seen){ .worker = worker };
    return &dog->seen[dog->n++];
}

static void look_at(struct ac__watchdog *dog, struct ac__worker *worker, int64_t now)
{
    struct seen *seen = seen_of(dog, worker);
    if (!seen) return;
    uint64_t polls = ac__count_get(&worker->counts.polls);
    const ac_descriptor *runs = ac__atomic_load(&worker->runs, relaxed);
    if (polls != seen->polls || !runs) {
        *seen = (struct seen){ .worker = worker, .polls = polls, .since = now };
        return;
    }
    int64_t held = now - seen->since;
    if (seen->told || held < worker->runtime->options.report_held_after) return;
    seen->told = true;
    ac__atomic_store(&worker->held, 1, relaxed);
    if (runs == &ac__root_descriptor)
        dprintf(STDERR_FILENO, "asyncc: a poll of the task in ac_block_on (or main) has held its thread for %lld ms\n",
                (long long)(held / 1000000));
    else
        dprintf(STDERR_FILENO, "asyncc: a poll of a task of %s (%s:%u) has held its worker for %lld ms\n", runs->name,
                runs->file, runs->line, (long long)(held / 1000000));
}

static void *watch(void *argument)
{
    ac_runtime *rt = argument;
    struct ac__watchdog *dog = rt->watchdog;
    int64_t interval = rt->options.report_held_after / 4 + 1;
    while (!ac__atomic_load(&dog->stop, acquire)) {
        ac__futex_wait_for(&dog->stop, 0, interval);
        int64_t now = ac__clock_system();
        ac__lock_acquire(&rt->workers_lock);
        ac__list_each (node, &rt->all_workers) look_at(dog, ac__list_entry(node, struct ac__worker, all), now);
        ac__lock_release(&rt->workers_lock);
    }
    return NULL;
}

int ac__watchdog_start(ac_runtime *rt)
{
    struct ac__watchdog *dog = rt->watchdog = ac__calloc(1, sizeof *dog);
    if (!dog) return -ENOMEM;
    int error = ac__thread_start(rt, &dog->thread, watch, rt);
    if (!error) return 0;
    ac__free(dog);
    rt->watchdog = NULL;
    return error;
}

void ac__watchdog_stop(ac_runtime *rt)
{
    struct ac__watchdog *dog = rt->watchdog;
    if (!dog) return;
    ac__atomic_store(&dog->stop, 1, release);
    ac__futex_wake(&dog->stop, 1);
    pthread_join(dog->thread, NULL);
    ac__free(dog);
    rt->watchdog = NULL;
}

void ac__watchdog_report(struct ac__worker *worker, struct ac__task *task)
{
    ac__atomic_store(&worker->held, 0, relaxed);
    struct ac__text text = { 0 };
    if (task) {
        ac__text_add(&text, "asyncc: that task, %llu, let go; it waits now at\n", (unsigned long long)task->id);
        ac__task_trace(&text, task);
    } else {
        ac__text_add(&text, "asyncc: that task has ended\n");
    }
    if (text.length) (void)!write(STDERR_FILENO, text.bytes, text.length);
    ac__text_free(&text);
}

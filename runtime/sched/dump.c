/* The dump: every task of every runtime, with what it waits for.
 *
 * Nothing is recorded for it while the program runs. The workers are paused between polls, the slabs walked, and
 * each suspended task read by its tables (task/trace.c). A worker that does not stop in time is said to run, and
 * what only it may look at is left out. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "mem/slab.h"
#include "sched/rt.h"
#include "task/trace.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

struct dump {
    ac_runtime *rt;
    struct ac__text text;
    size_t tasks;
};

static const char *state_name(uint64_t state)
{
    if (state & AC__TASK_COMPLETE) return state & AC__TASK_DROPPED ? "aborted, not joined" : "finished, not joined";
    if (state & AC__TASK_BLOCKING)
        return state & AC__TASK_RUNNING ? "runs on the blocking pool" : "waits for a blocking thread";
    if (state & AC__TASK_RUNNING) return "running";
    if (state & AC__TASK_CANCELLED) return "being aborted";
    if (state & AC__TASK_NOTIFIED) return state & AC__TASK_FRESH ? "not begun" : "ready";
    return "waiting";
}

static bool ours(const ac_runtime *rt, const struct ac__home *home)
{
    if (home == &rt->home) return true;
    ac__list_each (node, &rt->all_workers)
        if (home == &ac__list_entry(node, struct ac__worker, all)->home) return true;
    return false;
}

/* A pick that never picks: the look happens under the lock that keeps the task. */
static bool look(struct ac__task *task, void *argument)
{
    struct dump *dump = argument;
    uint64_t state = ac__atomic_load(&task->state, acquire);
    if (!ours(dump->rt, task->home)) return false;
    struct ac__spawned spawned = ac__task_spawned(task);
    ac__text_add(&dump->text, "  task %llu %s: %s%s\n", (unsigned long long)task->id, spawned.type->name,
                 state_name(state), state & AC__TASK_BOUND ? " (local)" : "");
    dump->tasks++;
    if (!(state & (AC__TASK_RUNNING | AC__TASK_COMPLETE | AC__TASK_BLOCKING))) ac__task_trace(&dump->text, task);
    return false;
}

static void dump_worker(struct dump *dump, struct ac__worker *worker, const struct ac__task_walk *walk)
{
    static const char *const kinds[] = { "worker", "the worker", "ac_block_on" };
    bool self = worker == ac__thread.worker;
    if (ac__atomic_load(&worker->quiet, seq_cst) || self) {
        ac__cache_walk(worker->cells, walk);
        return;
    }
    const ac_descriptor *runs = ac__atomic_load(&worker->runs, relaxed);
    ac__text_add(&dump->text, "  %s %u is running%s%s: its tasks are left out\n", kinds[worker->kind], worker->index,
                 runs ? " " : "", runs ? runs->name : "");
}

static void dump_runtime(ac_runtime *rt, struct ac__text *out)
{
    struct dump dump = { .rt = rt };
    const struct ac__task_walk walk = { .pick = look, .argument = &dump };
    ac__pause_begin(rt, ac__thread.worker);
    ac__lock_acquire(&rt->workers_lock);
    ac__list_each (node, &rt->all_workers) dump_worker(&dump, ac__list_entry(node, struct ac__worker, all), &walk);
    ac__shared_walk(&walk);
    ac__lock_release(&rt->workers_lock);
    ac__pause_end(rt);
    ac__text_add(out, "runtime %s, %s, %u worker%s, %zu task%s\n", rt->options.thread_name,
                 rt->core ? "current_thread" : "multi_thread", rt->core ? 1 : rt->n_workers,
                 rt->core || rt->n_workers == 1 ? "" : "s", dump.tasks, dump.tasks == 1 ? "" : "s");
    if (dump.text.length) ac__text_add(out, "%s", dump.text.bytes);
    ac__text_free(&dump.text);
}

static void write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, bytes, length);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return;
        bytes += n;
        length -= (size_t)n;
    }
}

void ac_dump(int fd)
{
    int saved = errno;
    struct ac__text out = { 0 };
    ac__lock_acquire(&ac__runtimes_lock);
    ac__list_each (node, &ac__runtimes) dump_runtime(ac__list_entry(node, ac_runtime, all), &out);
    ac__lock_release(&ac__runtimes_lock);
    if (out.length == 0) ac__text_add(&out, "no runtime\n");
    write_all(fd, out.bytes, out.length);
    ac__text_free(&out);
    errno = saved;
}

/* --- On SIGUSR2 ----------------------------------------------------------------------------------------------------
 * The handler may do next to nothing, so it writes to a pipe, and a thread that reads it makes the dump. */

static int wakeup[2];

static void on_signal(int signo)
{
    int saved = errno;
    char byte = (char)signo;
    (void)!write(wakeup[1], &byte, 1);
    errno = saved;
}

static void *dump_thread(void *unused)
{
    char byte;
    ssize_t n;
    while ((n = read(wakeup[0], &byte, 1)) == 1 || (n < 0 && errno == EINTR))
        if (n == 1) ac_dump(STDERR_FILENO);
    return unused;
}

void ac__dump_on_signal(void)
{
    static uint32_t once;
    if (ac__atomic_exchange(&once, 1, acq_rel)) return;
    if (pipe2(wakeup, O_CLOEXEC)) return;
    pthread_t thread;
    if (pthread_create(&thread, NULL, dump_thread, NULL)) return;
    pthread_detach(thread);
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    sigaction(SIGUSR2, &action, NULL);
}

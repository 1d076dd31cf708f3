/* The explorer: stateless model checking with bounded preemption, as CHESS (Musuvathi, Qadeer, 2007) and loom do it.
 *
 * The threads of a scenario are coroutines on this one thread. Before each atomic operation a coroutine comes back
 * to the explorer, which decides who goes on. An execution is determined by these decisions; they are kept in a
 * stack. After an execution the last decision that has an alternative left is changed, the rest forgotten, and the
 * scenario run again from its setup: depth first.
 *
 * Going on with the same thread while it can run is free, switching away from it counts as a preemption, and
 * executions with more than the bound are not explored: most bugs need very few. A thread that waits on a futex can
 * run when the word has changed; if nobody can run and somebody has not ended, that is a deadlock (a lost wakeup),
 * and a failure.
 *
 * What this does not see: orders that only weak memory allows. Operations happen one after the other here, whatever
 * their order argument says; ThreadSanitizer looks after those. */
#include "explore.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

enum { STACK = 256 * 1024, STEPS = 20000, FREED = 64 };

struct thread {
    ucontext_t context;
    jmp_buf here;
    bool started, ended;
    const uint32_t *word; /* waits for it to differ from: */
    uint32_t expected;
    const char *file; /* the next operation, for the report */
    int line;
    char *stack;
};

/* One decision: who could run, and who did. */
struct decision {
    uint8_t options[EXPLORE_THREADS];
    uint8_t n, chosen;
    bool first_is_free; /* option 0 goes on with the thread that ran */
    const char *file;
    int line;
};

static struct thread threads[EXPLORE_THREADS];
static int n_threads, running = -1;
static const struct scenario *the;
static jmp_buf explorer;
static ucontext_t origin;
static struct decision stack[STEPS];
static unsigned depth, replayed;
static bool failed;
static struct {
    const char *from, *to;
} freed[FREED];
static unsigned n_freed;

/* --- Coroutines: made by ucontext, switched by longjmp, which makes no system call ---------------------------------*/

static void back_to_explorer(void)
{
    struct thread *thread = &threads[running];
    if (!_setjmp(thread->here)) _longjmp(explorer, 1);
}

static void thread_main(void)
{
    the->threads[running]();
    threads[running].ended = true;
    _longjmp(explorer, 1);
}

static void go_on_with(int index)
{
    struct thread *thread = &threads[index];
    running = index;
    if (_setjmp(explorer) == 0) {
        if (thread->started) _longjmp(thread->here, 1);
        thread->started = true;
        getcontext(&thread->context);
        thread->context.uc_stack.ss_sp = thread->stack;
        thread->context.uc_stack.ss_size = STACK;
        thread->context.uc_link = &origin;
        makecontext(&thread->context, thread_main, 0);
        setcontext(&thread->context);
    }
    running = -1;
}

/* --- What the code under test calls --------------------------------------------------------------------------------*/

void ac__interleave_point(const volatile void *address, const char *file, int line)
{
    if (running < 0) return; /* setup or check */
    threads[running].file = file;
    threads[running].line = line;
    back_to_explorer();
    for (unsigned i = 0; i < n_freed; i++)
        if ((const char *)address >= freed[i].from && (const char *)address < freed[i].to)
            explore_fail("an operation on freed memory", file, line);
}

void explore_wait(const uint32_t *word, uint32_t expected)
{
    if (running < 0) explore_fail("waiting outside a thread", __FILE__, __LINE__);
    struct thread *thread = &threads[running];
    thread->word = word;
    thread->expected = expected;
    back_to_explorer();
    thread->word = NULL;
}

void ac__futex_wait(uint32_t *word, uint32_t expected) { explore_wait(word, expected); }
void ac__futex_wait_for(uint32_t *word, uint32_t expected, int64_t timeout_ns)
{
    (void)timeout_ns;
    explore_wait(word, expected);
}
void ac__futex_wake(uint32_t *word, int n) { (void)word, (void)n; }

void explore_freed(const void *memory, size_t size)
{
    if (n_freed == FREED) explore_fail("too much freed memory", __FILE__, __LINE__);
    freed[n_freed].from = memory;
    freed[n_freed].to = freed[n_freed].from + size;
    n_freed++;
}

/* --- Failure -------------------------------------------------------------------------------------------------------*/

static void print_schedule(void)
{
    int last = -1;
    for (unsigned i = 0; i < depth; i++) {
        int index = stack[i].options[stack[i].chosen];
        const char *name = stack[i].file ? strrchr(stack[i].file, '/') : NULL;
        if (index != last) printf("%s    thread %d:", i ? "\n" : "", index);
        if (stack[i].file) printf(" %s:%d", name ? name + 1 : stack[i].file, stack[i].line);
        else printf(" starts");
        last = index;
    }
    printf("\n");
}

void explore_fail(const char *what, const char *file, int line)
{
    printf("%s: FAILED: %s (%s:%d)\n", the->name, what, file, line);
    print_schedule();
    fflush(stdout);
    failed = true;
    if (running < 0) exit(1);
    _longjmp(explorer, 1);
}

/* --- Exploring -----------------------------------------------------------------------------------------------------*/

static bool can_run(const struct thread *thread)
{
    if (thread->ended) return false;
    return !thread->word || __atomic_load_n(thread->word, __ATOMIC_SEQ_CST) != thread->expected;
}

/* Who may go on now: the thread that ran first, if it can, since that is no preemption. */
static struct decision options_after(int last)
{
    struct decision decision = { .n = 0 };
    if (last >= 0 && can_run(&threads[last])) {
        decision.options[decision.n++] = (uint8_t)last;
        decision.first_is_free = true;
    }
    for (int i = 0; i < n_threads; i++)
        if (i != last && can_run(&threads[i])) decision.options[decision.n++] = (uint8_t)i;
    return decision;
}

static void run_once(void)
{
    memset(threads, 0, offsetof(struct thread, stack));
    for (int i = 0; i < n_threads; i++) {
        char *memory = threads[i].stack;
        memset(&threads[i], 0, sizeof threads[i]);
        threads[i].stack = memory;
    }
    n_freed = 0;
    depth = 0;
    the->setup();
    for (int last = -1; !failed;) {
        struct decision now = options_after(last);
        if (now.n == 0) {
            for (int i = 0; i < n_threads; i++)
                if (!threads[i].ended) explore_fail("a deadlock: nobody can go on", __FILE__, __LINE__);
            if (the->check) the->check();
            return;
        }
        if (depth == STEPS) explore_fail("an execution without end", __FILE__, __LINE__);
        if (depth >= replayed) stack[depth] = now;
        struct decision *decision = &stack[depth++];
        last = decision->options[decision->chosen];
        decision->file = threads[last].file;
        decision->line = threads[last].line;
        go_on_with(last);
    }
}

static unsigned preemptions_before(unsigned end)
{
    unsigned n = 0;
    for (unsigned i = 0; i < end; i++) n += stack[i].first_is_free && stack[i].chosen != 0;
    return n;
}

/* Changes the last decision that can be; false: all has been explored. */
static bool next_schedule(void)
{
    while (depth > 0) {
        struct decision *decision = &stack[depth - 1];
        bool costs = decision->first_is_free && decision->chosen == 0; /* the next option would be a preemption */
        if (decision->chosen + 1 < decision->n && (!costs || preemptions_before(depth - 1) < the->preemptions)) {
            decision->chosen++;
            replayed = depth;
            return true;
        }
        depth--;
    }
    return false;
}

/* INTERLEAVE=once explores only the scenarios whose names have that in them. */
static bool is_wanted(const char *name)
{
    const char *part = getenv("INTERLEAVE");
    return !part || strstr(name, part);
}

bool explore(const struct scenario *scenario)
{
    if (!is_wanted(scenario->name)) return true;
    the = scenario;
    failed = false;
    replayed = 0;
    for (n_threads = 0; scenario->threads[n_threads]; n_threads++)
        if (!threads[n_threads].stack) threads[n_threads].stack = malloc(STACK);
    unsigned long executions = 0;
    unsigned longest = 0;
    bool more;
    do {
        run_once();
        executions++;
        if (depth > longest) longest = depth;
        more = !failed && next_schedule();
    } while (more && (scenario->most == 0 || executions < scenario->most));
    if (failed) printf("    in execution %lu\n", executions);
    else
        printf("%-44s %8lu executions of up to %3u steps, %u preemptions%s\n", scenario->name, executions, longest,
               scenario->preemptions, more ? " (not all)" : "");
    return !failed;
}

int explore_all(const struct scenario *scenarios, unsigned n)
{
    bool good = true;
    for (unsigned i = 0; i < n; i++) good &= explore(&scenarios[i]);
    return !good;
}

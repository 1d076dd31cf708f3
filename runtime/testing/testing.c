/* What lies behind ac_test blocks, apart from Check, with which the library is not linked.
 *
 * A test's body is known as an async function pointer only. The root of the runtime is a future written by hand that
 * calls it into a pool frame (the call slot of future.h) and polls that. */
#define AC__TESTING_WITHOUT_CHECK
#include "asyncc/testing.h"
#include "base/fatal.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

static struct ac__test *first, **last = &first;
static int count;

void ac__test_add(struct ac__test *test)
{
    *last = test;
    last = &test->next;
    count++;
}

int ac__test_count(void) { return count; }

const struct ac__test *ac__test_nth(int n)
{
    const struct ac__test *test = first;
    while (n-- > 0) test = test->next;
    return test;
}

volatile uint64_t *ac__test_seeds(void)
{
    static volatile uint64_t *seeds;
    if (seeds) return seeds;
    void *memory =
        mmap(NULL, sizeof *seeds * (size_t)(count + 1), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) ac__fatal("no memory for the tests' seeds");
    return seeds = memory;
}

/* --- The root future ---------------------------------------------------------------------------------------------- */

struct root_future {
    const struct ac__test *test;
    struct ac__frame *frame;
};

static int root_poll(void *self, ac_context *cx)
{
    struct root_future *root = self;
    if (!root->frame) {
        ac__slot_await(cx);
        root->test->body();
        root->frame = ac__slot_frame();
    }
    if (ac__frame_poll(root->frame, cx) == AC_PENDING) return AC_PENDING;
    ac__frame_free(cx, root->frame);
    return AC_READY;
}

static void root_drop(void *self)
{
    struct root_future *root = self;
    if (root->frame) ac__frame_drop(root->frame);
}

static const ac_descriptor root_descriptor = {
    .name = "ac_test",
    .file = __FILE__,
    .size = sizeof(struct root_future),
    .align = _Alignof(struct root_future),
    .poll = root_poll,
    .drop = root_drop,
};

/* --- Running ------------------------------------------------------------------------------------------------------ */

static bool run_once(const struct ac__test *test, uint64_t seed)
{
    struct ac_test_options o = test->options;
    bool reproducible = o.seeds && !o.flavor;
    ac_runtime *rt = ac_runtime_new(&(ac_runtime_options){
        .flavor = reproducible ? AC_CURRENT_THREAD : o.flavor,
        .worker_threads = o.workers ? o.workers : 2,
        .start_paused = o.start_paused || reproducible,
        .seed = seed,
    });
    if (!rt) ac__fatal("ac_test %s: no runtime (error %d)", test->name, errno);
    struct root_future root = { .test = test };
    ac__block_on(rt, &root_descriptor, &root);
    return ac_runtime_shutdown(rt, ac_secs(10));
}

bool ac__test_run(const struct ac__test *test, volatile uint64_t *seed)
{
    const char *given = getenv("ASYNCC_SEED");
    uint64_t start = given ? strtoull(given, NULL, 0) : test->options.seed;
    unsigned runs = given || !test->options.seeds ? 1 : test->options.seeds;
    /* Seed 0 means "another one each time" to the runtime, and would not be reproducible. */
    if (!start && test->options.seeds) start = 1;
    for (unsigned i = 0; i < runs; i++) {
        *seed = start + i;
        if (!run_once(test, start + i)) return false;
    }
    return true;
}

void ac__test_report_seed(const struct ac__test *test, uint64_t seed)
{
    if (!test->options.seeds) return;
    (void)fprintf(stderr, "%s:%d: %s failed with seed %" PRIu64 "; again: ASYNCC_SEED=%" PRIu64 " CK_RUN_CASE=%s\n",
                  test->file, test->line, test->name, seed, seed, test->name);
}

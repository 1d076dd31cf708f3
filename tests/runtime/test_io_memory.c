/* Memory that is out: each allocation of an operation in turn fails, and the operation says -ENOMEM and leaks
 * nothing. */
#include <fcntl.h>

#include "io_help.h"

static __thread bool armed;
static __thread int left; /* allocations that succeed before one fails */
static __thread bool failed;
static long blocks;

static bool refuses(void)
{
    if (!armed || failed || left-- > 0) return false;
    return failed = true;
}
static void *allocate(size_t size, size_t align, void *context)
{
    (void)context;
    void *block = NULL;
    if (refuses() || posix_memalign(&block, align < sizeof(void *) ? sizeof(void *) : align, size)) return NULL;
    __atomic_add_fetch(&blocks, 1, __ATOMIC_RELAXED);
    return block;
}
static void *resize(void *block, size_t size, void *context)
{
    (void)context;
    if (refuses()) return NULL;
    if (!block) __atomic_add_fetch(&blocks, 1, __ATOMIC_RELAXED);
    return realloc(block, size);
}
static void release(void *block, void *context)
{
    (void)context;
    if (block) __atomic_sub_fetch(&blocks, 1, __ATOMIC_RELAXED);
    free(block);
}
static const ac_allocator allocator = { allocate, resize, release, NULL };

static void open_failing(void)
{
    rt = ac_runtime_new(
        &(ac_runtime_options){ .worker_threads = 1, .max_blocking_threads = 1, .allocator = &allocator });
    ck_assert_ptr_nonnull(rt);
}

/* Polls another future with failures armed: what the runtime itself allocates is not concerned. */
struct failing_future {
    const ac_descriptor *type;
    void *inner;
};
static int failing_poll(void *future, ac_context *cx)
{
    struct failing_future *self = future;
    armed = true;
    int polled = self->type->poll(self->inner, cx);
    armed = false;
    return polled;
}
static const ac_descriptor failing_descriptor = { .name = "failing",
                                                  .file = "test",
                                                  .size = sizeof(struct failing_future),
                                                  .align = _Alignof(struct failing_future),
                                                  .poll = failing_poll };

/* Runs an operation with the first, the second … allocation failing until none does: its last value. */
#define EACH_FAILS(NAME, ...)                                                                                          \
    ({                                                                                                                 \
        struct NAME##_future inner_;                                                                                   \
        for (int n_ = 0;; n_++) {                                                                                      \
            failed = false, left = n_;                                                                                 \
            NAME##_init(&inner_, __VA_ARGS__);                                                                         \
            struct failing_future outer_ = { &NAME##_descriptor, &inner_ };                                            \
            ac__block_on(rt, &failing_descriptor, &outer_);                                                            \
            if (!failed) break;                                                                                        \
            ck_assert_msg(inner_.result == -ENOMEM, "allocation %d: %ld", n_, (long)inner_.result);                    \
        }                                                                                                              \
        inner_.result;                                                                                                 \
    })

START_TEST(operations_say_that_memory_is_out)
{
    void *data;
    size_t size;
    struct stat stat;
    struct sockaddr_storage addresses[2];
    char buf[16], *line, path[64];
    snprintf(path, sizeof path, "/tmp/asyncc-memory-%d", (int)getpid());
    ck_assert_int_eq(EACH_FAILS(ac_write_file, path, "text\n", 5, 0600), 0);
    ck_assert_int_eq(EACH_FAILS(ac_stat, path, &stat), 0);
    int fd = EACH_FAILS(ac_open, path, O_RDWR, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(EACH_FAILS(ac_pwrite, fd, "TEXT", 4, 0), 4);
    ac_lines lines = AC_LINES_INIT(fd);
    ck_assert_int_eq(EACH_FAILS(ac_lines_next, &lines, &line), 1);
    ck_assert_str_eq(line, "TEXT");
    ac_lines_free(&lines);
    ck_assert_int_ge(EACH_FAILS(ac_resolve, "localhost:1", addresses, 2), 1);
    ck_assert_int_eq(EACH_FAILS(ac_read, fd, buf, sizeof buf), 0);
    ac_close(fd);
    int ends[2];
    ck_assert_int_eq(ac_unix_pair(ends), 0);
    ck_assert_int_eq(AWAIT(ac_write, ends[0], "abc", 3), 3);
    ac_shutdown_write(ends[0]);
    ck_assert_int_eq(EACH_FAILS(ac_copy, ends[1], ends[1]), 3);
    close_ends(ends);
    ck_assert_int_eq(EACH_FAILS(ac_unlink, path), 0);
    ck_assert_int_eq(AWAIT(ac_read_file, "/proc/self/stat", &data, &size), 0);
    ac_free_file(data);
}
END_TEST

/* What is counted is only what stays after many rounds: the runtime keeps a few blocks of its own. */
START_TEST(nothing_is_leaked_by_failures)
{
    long first = 0;
    for (int round = 0; round < 6; round++) {
        void *data;
        size_t size;
        int ends[2];
        struct failing_future outer;
        struct ac_read_file_future read;
        failed = false, left = round % 2;
        ac_read_file_init(&read, "/proc/self/stat", &data, &size);
        outer = (struct failing_future){ &ac_read_file_descriptor, &read };
        ac__block_on(rt, &failing_descriptor, &outer);
        if (!read.result) ac_free_file(data);
        ck_assert_int_eq(ac_unix_pair(ends), 0);
        ac_close(ends[1]);
        struct ac_copy_future copy;
        failed = false, left = round % 3;
        ac_copy_init(&copy, ends[0], ends[0]);
        outer = (struct failing_future){ &ac_copy_descriptor, &copy };
        ac__block_on(rt, &failing_descriptor, &outer);
        ac_close(ends[0]);
        if (round == 2) first = __atomic_load_n(&blocks, __ATOMIC_RELAXED);
    }
    /* A call on the blocking pool may be a moment longer than its caller. */
    for (int i = 0; i < 1000 && __atomic_load_n(&blocks, __ATOMIC_RELAXED) > first; i++) usleep(1000);
    ck_assert_int_le(__atomic_load_n(&blocks, __ATOMIC_RELAXED), first);
}
END_TEST

START_TEST(a_process_and_a_pipe_in_memory_say_so_too)
{
    ac_process *process;
    ac_memory_pipe *a, *b;
    armed = true, failed = false, left = 0;
    ck_assert_int_eq(ac_memory_pipe_new(10, &a, &b), -ENOMEM);
    failed = false, left = 0;
    ck_assert_int_eq(ac_process_start(&process, (const char *const[]){ "true", NULL }, NULL), -ENOMEM);
    failed = false, left = 0;
    int ends[2]; /* the first number of its chunk of slots, maybe */
    ck_assert_int_eq(dup2(0, 5000), 5000);
    ck_assert_int_eq(ac_adopt(5000), -ENOMEM);
    failed = false, left = 1;
    int error = ac_pipe(ends);
    ck_assert(error == 0 || error == -ENOMEM);
    armed = false;
}
END_TEST

int main(void)
{
    const TTest *tests[] = { operations_say_that_memory_is_out, nothing_is_leaked_by_failures,
                             a_process_and_a_pipe_in_memory_say_so_too };
    return run_tests_with("memory", tests, 3, open_failing, close_runtime);
}

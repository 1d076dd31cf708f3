/* Memory that runs out, all over the library: for each scenario every allocation fails in turn, alone and with all that
 * come after it.
 *
 * Each call must say so as its manual does (-ENOMEM, NULL), or the program stop with a message where no call can say
 * it. A run in which one failed is followed by one in which none does, in the same process: it must go through, and
 * hold as many blocks at its end as a process that never lacked any. What is missing then has leaked.
 *
 * Cells are made blocks of their own here, as under AddressSanitizer, so that each one of them can fail and is missed.
 * TEST_OF_SLABS leaves the slabs as they are: what fails then is getting a new one, and how many a thread keeps depends
 * on when it ran. */
#ifndef TEST_OF_SLABS
#define UNDER_ASAN 1
#include "mem/slab.c"
#define CELLS_ARE_BLOCKS 1
#else
#define CELLS_ARE_BLOCKS 0
#endif
#include "io_help.h"
#include "number.h"
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/wait.h>

/* --- The allocator ------------------------------------------------------------------------------------------------ */

static long until_failure; /* allocations that still succeed; below 0: all do */
static bool for_good;      /* all that come after the one that fails do so too */
static long failures, live;

static bool fails(void)
{
    if (__atomic_load_n(&until_failure, __ATOMIC_RELAXED) < 0) return false;
    long left = __atomic_fetch_sub(&until_failure, 1, __ATOMIC_RELAXED);
    if (left > 0) return false;
    if (left == 0 && for_good) __atomic_store_n(&until_failure, 0, __ATOMIC_RELAXED);
    __atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED);
    return true;
}
static void *allocate(size_t size, size_t align, void *context)
{
    (void)context;
    void *block;
    if (fails() || posix_memalign(&block, align, size)) return NULL;
    __atomic_fetch_add(&live, 1, __ATOMIC_RELAXED);
    return block;
}
static void *resize(void *block, size_t size, void *context)
{
    (void)context;
    return fails() ? NULL : realloc(block, size);
}
static void release(void *block, void *context)
{
    (void)context;
    __atomic_fetch_sub(&live, 1, __ATOMIC_RELAXED);
    free(block);
}
static const ac_allocator allocator = { allocate, resize, release, NULL };

/* --- What a scenario may say -------------------------------------------------------------------------------------- */

static void __attribute__((noreturn, format(printf, 1, 2))) wrong(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fflush(stderr);
    _exit(3);
}
#define SURE(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) wrong("line %d: %s", __LINE__, #condition);                                                  \
    } while (0)

/* True: it worked. A failure is right only when memory was out, and is called so. */
static bool worked_at(int line, long result)
{
    if (result >= 0) return true;
    if (result != -ENOMEM || !failures) wrong("line %d: %s (%ld)", line, strerror((int)-result), result);
    return false;
}
#define WORKED(result) worked_at(__LINE__, (long)(result))
#define GOT(pointer) worked_at(__LINE__, (pointer) ? 0 : -ENOMEM)

static bool open_failing(void)
{
    ac_runtime_options options = { .worker_threads = 2, .allocator = &allocator, .report_held_after = ac_secs(100) };
    rt = ac_runtime_new(&options);
    if (!rt && errno != ENOMEM) wrong("ac_runtime_new: %s", strerror(errno));
    return GOT(rt);
}
static void close_failing(void) { SURE(ac_runtime_shutdown(rt, ac_secs(20))); }

static int await_join(void *task, void *out, size_t size) { return join_on(rt, task, out, size); }

/* --- Scenarios ---------------------------------------------------------------------------------------------------- */

static void a_runtime(void)
{
    struct ac_sleep_future nap;
    ac_sleep_init(&nap, ac_ms(1));
    ac__block_on(rt, &ac_sleep_descriptor, &nap);
}

/* A task that gives a number; as a blocking call, too. */
static void *spawn_number(ac_context *cx, const ac_descriptor *type, unsigned flags)
{
    return ac__spawn_end(cx, ac__spawn_begin(cx, rt, type, flags));
}
static void spawn_and_join(const ac_descriptor *type, unsigned flags)
{
    void *tasks[5];
    for (int i = 0; i < 5; i++) tasks[i] = spawn_number(NULL, type, flags);
    spawn_number(NULL, type, flags | AC__SPAWN_DETACHED);
    for (int i = 0; i < 5; i++) {
        int value = 0;
        if (!GOT(tasks[i])) continue;
        SURE(await_join(tasks[i], &value, sizeof value) == 0 && value == 7);
    }
}
static void tasks_of_all_kinds(void)
{
    static ac_descriptor large, aligned;
    large = aligned = number_descriptor;
    large.size = 100000;
    aligned.align = 256;
    spawn_and_join(&number_descriptor, 0);
    spawn_and_join(&large, 0);
    spawn_and_join(&aligned, 0);
}
static void blocking_calls(void) { spawn_and_join(&number_descriptor, AC__SPAWN_BLOCKING); }

/* In a task: what needs one to run in. */
static int key;
struct inside_future {
    int result;
};
static void look_on(void *argument) { *(int *)argument = 1; }
static int inside_poll(void *self, ac_context *cx)
{
    int value = 5, called = 0;
    ((struct inside_future *)self)->result = 1;
    if (WORKED(ac__task_local_set(&key, &value, sizeof value))) SURE(*(int *)ac__task_local_get(&key) == 5);
    ac_block_in_place(look_on, &called);
    SURE(called == 1);
    ac_detach(spawn_number(cx, &number_descriptor, 0));
    struct ac__frame *frame = ac__frame_new(cx, &number_descriptor);
    SURE(ac__frame_poll(frame, cx) == AC_READY);
    ac__frame_free(cx, frame);
    return AC_READY;
}
static const ac_descriptor inside_descriptor = { .name = "inside",
                                                 .file = __FILE__,
                                                 .size = sizeof(struct inside_future),
                                                 .align = _Alignof(struct inside_future),
                                                 .result_size = sizeof(int),
                                                 .poll = inside_poll,
                                                 .drop = number_drop };
/* Spawns from under ac_block_on, and joins. */
struct spawner_future {
    int result;
    const ac_descriptor *type;
    unsigned flags;
    void *task;
    struct ac_op_join_result_future join;
};
static int spawner_poll(void *future, ac_context *cx)
{
    struct spawner_future *self = future;
    if (!self->task) {
        self->task = spawn_number(cx, self->type, self->flags);
        if (!GOT(self->task)) return AC_READY;
        ac_op_join_result_init(&self->join, &self->task, NULL, 0);
    }
    return ac_op_join_result_poll(&self->join, cx);
}
static const ac_descriptor spawner_descriptor = { .name = "spawner",
                                                  .file = __FILE__,
                                                  .size = sizeof(struct spawner_future),
                                                  .align = _Alignof(struct spawner_future),
                                                  .poll = spawner_poll,
                                                  .drop = number_drop };
static void inside_tasks(void)
{
    struct spawner_future future = { .type = &inside_descriptor };
    ac__block_on(rt, &spawner_descriptor, &future);
}
static void local_tasks(void)
{
    struct spawner_future future = { .type = &number_descriptor, .flags = AC__SPAWN_LOCAL };
    ac__block_on(rt, &spawner_descriptor, &future);
}

static void queues(void)
{
    ac_mpsc_tx(int) tx;
    ac_mpsc_rx(int) rx;
    if (!WORKED(ac_mpsc_new_unbounded(&tx, &rx))) return;
    int sent = 0, received = 0, value;
    ac_mpsc_tx(int) second = ac_mpsc_clone(tx);
    for (int i = 0; i < 100; i++) sent += WORKED(ac_mpsc_try_send(i % 2 ? tx : second, sent));
    while (ac_mpsc_try_recv(rx, &value) == 0) SURE(value == received++);
    SURE(sent == received);
    ac_mpsc_try_send(tx, 1); /* left there */
    ac_mpsc_drop_tx(second);
    ac_mpsc_drop_tx(tx);
    ac_mpsc_drop_rx(rx);
}
static void bounded_queues(void)
{
    ac_mpsc_tx(int) tx;
    ac_mpsc_rx(int) rx;
    if (!WORKED(ac_mpsc_new(40, &tx, &rx))) return;
    ac_mpsc_permit(int) permits[3];
    int sent = 0, received = 0, value = 7;
    for (int i = 0; i < 37; i++) sent += WORKED(AWAIT(ac_op_mpsc_send, tx, &value));
    SURE(AWAIT(ac_op_mpsc_reserve, tx, 3, permits) == 0);
    for (int i = 0; i < 3; i++) ac_mpsc_permit_send(permits[i], 7);
    ac_mpsc_drop_tx(tx);
    for (value = 0; AWAIT(ac_op_mpsc_recv, rx, &value); received++) SURE(value == 7);
    SURE(received == sent + 3);
    ac_mpsc_drop_rx(rx);
}
struct wide {
    _Alignas(64) char bytes[64];
};
static void oneshots(void)
{
    ac_oneshot_tx(int) tx;
    ac_oneshot_rx(int) rx;
    int value;
    if (WORKED(ac_oneshot_new(&tx, &rx))) {
        SURE(ac_oneshot_send(tx, 3) == 0);
        SURE(AWAIT(ac_op_oneshot_recv, &rx, &value) && value == 3);
    }
    ac_oneshot_tx(struct wide) wide_tx;
    ac_oneshot_rx(struct wide) wide_rx;
    if (!WORKED(ac_oneshot_new(&wide_tx, &wide_rx))) return;
    ac_oneshot_drop_tx(wide_tx);
    ac_oneshot_drop_rx(wide_rx);
}
static int dropped;
static void drop_value(int *value)
{
    (void)value;
    dropped++;
}
static void broadcasts(void)
{
    ac_broadcast_tx(int) tx;
    if (!WORKED(ac_broadcast_new(40, &tx))) return;
    dropped = 0;
    ac_broadcast_set_drop(tx, drop_value);
    ac_broadcast_rx(int) rx = ac_broadcast_subscribe(tx), other = NULL;
    if (GOT(rx)) {
        int sent = 0, received = 0, value;
        int64_t missed;
        if (GOT(other = ac_broadcast_resubscribe(rx))) ac_broadcast_drop_rx(other);
        for (int i = 0; i < 100; i++) sent += WORKED(ac_broadcast_send(tx, i));
        while ((missed = ac_broadcast_try_recv(rx, &value)) >= 0) received += missed ? (int)missed : 1;
        SURE(missed == -EAGAIN && received == sent);
        ac_broadcast_drop_rx(rx);
        ac_broadcast_drop_tx(tx);
        SURE(dropped == sent);
    } else {
        ac_broadcast_drop_tx(tx);
    }
}
static bool count_up(int *value, void *argument)
{
    (void)argument;
    ++*value;
    return true;
}
static void watches(void)
{
    ac_watch_tx(int) tx;
    if (!WORKED(ac_watch_new(1, &tx))) return;
    dropped = 0;
    ac_watch_set_drop(tx, drop_value);
    int now = 1, changes = 0, value;
    ac_watch_rx(int) rx = ac_watch_subscribe(tx), other = NULL;
    if (GOT(rx)) {
        if (GOT(other = ac_watch_clone_rx(rx))) ac_watch_drop_rx(other);
        if (WORKED(ac_watch_send(tx, 2))) now = 2, changes++;
        if (WORKED(ac_watch_replace(tx, 3, NULL))) now = 3, changes++;
        if (WORKED(ac_watch_send_if_modified(tx, count_up, NULL))) now++;
        ac_watch_get(rx, &value);
        SURE(value == now);
        ac_watch_drop_rx(rx);
    }
    ac_watch_drop_tx(tx);
    SURE(dropped == changes + 1);
}
static void tokens(void)
{
    ac_token *root = ac_token_new();
    if (!GOT(root)) return;
    ac_token *children[4];
    for (int i = 0; i < 4; i++) children[i] = ac_token_child(i && children[i - 1] ? children[i - 1] : root);
    ac_token_cancel(root);
    for (int i = 0; i < 4; i++) {
        if (GOT(children[i])) SURE(ac_token_is_cancelled(children[i]));
        ac_token_release(children[i]);
    }
    ac_token_release(root);
}
static void sets(void)
{
    void *set;
    int members = 0, joined = 0, value;
    if (!WORKED(ac__task_set_new(&set))) return;
    for (int i = 0; i < 8; i++) members += WORKED(ac__task_set_spawn(spawn_number(NULL, &number_descriptor, 0), set));
    while (AWAIT(ac_op_task_set_join, set, &value) > 0) joined++;
    SURE(members == joined);
    ac__task_set_free(set);
}
static void delay_queues(void)
{
    ac_delay_queue(int) queue;
    if (!WORKED(ac_delay_queue_new(&queue))) return;
    int inserted = 0, taken = 0, value;
    for (int i = 0; i < 40; i++) {
        if (ac_delay_queue_insert(queue, i, ac_us(i))) inserted++;
        else SURE(failures > 0);
    }
    ac_delay_queue_close(queue);
    while (AWAIT(ac_op_delay_queue_next, queue, &value)) taken++;
    SURE(inserted == taken);
    ac_delay_queue_free(queue);
}
static void files(void)
{
    char path[64], text[8];
    struct stat stat;
    void *data;
    size_t size;
    snprintf(path, sizeof path, "/tmp/asyncc-no-memory-%d", (int)getpid());
    int fd = AWAIT(ac_open, path, O_RDWR | O_CREAT, 0600);
    if (WORKED(fd)) {
        WORKED(AWAIT(ac_write_all, fd, "12345678", 8));
        WORKED(AWAIT(ac_pread, fd, text, 4, 0));
        WORKED(AWAIT(ac_fstat, fd, &stat));
        SURE(ac_close(fd) == 0);
    }
    if (WORKED(AWAIT(ac_write_file, path, "12345678", 8, 0600)) && WORKED(AWAIT(ac_read_file, path, &data, &size))) {
        SURE(size == 8);
        ac_free_file(data);
    }
    unlink(path);
}
static void names(void)
{
    struct sockaddr_storage addresses[4];
    WORKED(AWAIT(ac_resolve, "127.0.0.1:80", addresses, 4));
    WORKED(AWAIT(ac_resolve, "localhost:80", addresses, 4));
}
static void connections(void)
{
    char address[AC_ADDRESS_TEXT_SIZE], *line;
    int listener = ac_tcp_listen("127.0.0.1:0", 16);
    if (!WORKED(listener)) return;
    SURE(ac_local_address(listener, address, sizeof address) > 0);
    int here = AWAIT(ac_tcp_connect, address);
    if (WORKED(here)) {
        int there = AWAIT(ac_accept, listener, NULL);
        if (WORKED(there)) {
            ac_lines lines = AC_LINES_INIT(there);
            WORKED(AWAIT(ac_write_all, here, "one\ntwo\n", 8));
            SURE(ac_shutdown_write(here) == 0);
            WORKED(AWAIT(ac_lines_next, &lines, &line));
            WORKED(AWAIT(ac_copy, there, there));
            ac_lines_free(&lines);
            ac_close(there);
        }
        ac_close(here);
    }
    ac_close(listener);
}
static void pipes(void)
{
    int ends[2];
    ac_memory_pipe *a, *b;
    char text[4];
    if (WORKED(ac_pipe(ends))) ac_close(ends[0]), ac_close(ends[1]);
    if (WORKED(ac_unix_pair(ends))) ac_close(ends[0]), ac_close(ends[1]);
    if (!WORKED(ac_memory_pipe_new(16, &a, &b))) return;
    SURE(AWAIT(ac_memory_pipe_write, a, "abc", 3) == 3);
    SURE(AWAIT(ac_memory_pipe_read, b, text, 3) == 3);
    ac_memory_pipe_close(a);
    ac_memory_pipe_close(b);
}
static void processes(void)
{
    ac_process *child;
    ac_process_options options = { .in = AC_STDIO_PIPE, .out = AC_STDIO_PIPE };
    int status = -1;
    char text[8];
    if (!WORKED(ac_process_start(&child, (const char *const[]){ "echo", "hello", NULL }, &options))) return;
    int out = ac_process_take_out(child);
    SURE(out >= 0);
    ssize_t n = AWAIT(ac_read_exact, out, text, 6);
    if (WORKED(n)) SURE(n == 6);
    ac_close(out);
    if (WORKED(AWAIT(ac_process_wait, child, &status))) SURE(WIFEXITED(status));
    ac_process_drop(child);
}
static void signals_and_locks(void)
{
    ac_signal_listener listener;
    ac_mutex mutex = AC_MUTEX_INIT;
    SURE(ac_signal_listen(&listener, SIGUSR1) == 0);
    raise(SIGUSR1);
    SURE(AWAIT(ac_signal_next, &listener) == 0);
    struct ac_mutex_lock_future lock;
    ac_mutex_lock_init(&lock, &mutex);
    ac__block_on(rt, &ac_mutex_lock_descriptor, &lock);
    ac_mutex_unlock(&mutex);
}

static const struct scenario {
    const char *name;
    void (*run)(void);
} scenarios[] = {
    { "a runtime", a_runtime },
    { "tasks", tasks_of_all_kinds },
    { "blocking calls", blocking_calls },
    { "inside tasks", inside_tasks },
    { "local tasks", local_tasks },
    { "queues", queues },
    { "bounded queues", bounded_queues },
    { "oneshots", oneshots },
    { "broadcasts", broadcasts },
    { "watches", watches },
    { "tokens", tokens },
    { "sets", sets },
    { "delay queues", delay_queues },
    { "files", files },
    { "names", names },
    { "connections", connections },
    { "pipes", pipes },
    { "processes", processes },
    { "signals and locks", signals_and_locks },
};
enum { SCENARIOS = sizeof scenarios / sizeof *scenarios };

/* --- Running them ------------------------------------------------------------------------------------------------- */

static long *blocks_of_two_runs; /* what the process keeps after two that lack nothing; shared with the children */

static void run_once(const struct scenario *scenario, long nth, bool from_then_on)
{
    until_failure = nth - 1;
    for_good = from_then_on;
    failures = 0;
    if (!open_failing()) return;
    scenario->run();
    close_failing();
}

enum { GOES_ON = 0, NONE_FAILED = 10 };

/* In a process of its own. */
static int run_failing(const struct scenario *scenario, long nth, bool from_then_on)
{
    run_once(scenario, nth, from_then_on);
    bool lacked = failures > 0;
    run_once(scenario, 0, false);
    if (nth == 0) *blocks_of_two_runs = live;
    else if (CELLS_ARE_BLOCKS && live != *blocks_of_two_runs)
        wrong("%ld blocks are left instead of %ld", live, *blocks_of_two_runs);
    return lacked ? GOES_ON : NONE_FAILED;
}

static void read_all(int fd, char *text, size_t room)
{
    size_t length = 0;
    ssize_t n;
    while ((n = read(fd, text + length, room - 1 - length)) > 0) length += (size_t)n;
    text[length] = '\0';
}

/* True: an allocation failed, and all was as it should be. */
static bool lives_with(const struct scenario *scenario, long nth, bool from_then_on)
{
    int ends[2], status;
    char said[4096];
    if (pipe(ends) < 0) ck_abort_msg("pipe");
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        _exit(run_failing(scenario, nth, from_then_on));
    }
    close(ends[1]);
    read_all(ends[0], said, sizeof said);
    close(ends[0]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && (WEXITSTATUS(status) == GOES_ON || WEXITSTATUS(status) == NONE_FAILED))
        return WEXITSTATUS(status) == GOES_ON;
    bool told =
        WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && !strncmp(said, "asyncc: ", 8) && strstr(said, "memory");
    if (!told)
        ck_abort_msg("%s, allocation %ld%s: wait status %x: %s", scenario->name, nth, from_then_on ? " and on" : "",
                     status, said);
    return true;
}

START_TEST(every_allocation_fails_in_turn)
{
    const struct scenario *scenario = &scenarios[_i];
    blocks_of_two_runs = mmap(NULL, sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(!lives_with(scenario, 0, false));
    for (int from_then_on = 0; from_then_on < 2; from_then_on++) {
        long nth = 1;
        while (lives_with(scenario, nth, from_then_on)) nth++;
        ck_assert_int_gt(nth, 1);
    }
}
END_TEST

int main(int argc, char **argv)
{
    if (argc == 4) { /* one of them, for a debugger: scenario, allocation, whether those after it fail too */
        blocks_of_two_runs = &(long){ 0 };
        return run_failing(&scenarios[atoi(argv[1])], atol(argv[2]), atoi(argv[3]));
    }
    Suite *suite = suite_create("no memory");
    TCase *tests = tcase_create("no memory");
    tcase_set_timeout(tests, 100);
    tcase_add_loop_test(tests, every_allocation_fails_in_turn, 0, SCENARIOS);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

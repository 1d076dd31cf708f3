/* Pipes, lines, copying, pipes in memory, standard input. */
#include <signal.h>
#include <sys/socket.h>

#include "io_help.h"

START_TEST(a_pipe_carries_bytes_and_its_end)
{
    int ends[2];
    char buf[8];
    ck_assert_int_eq(ac_pipe(ends), 0);
    void *read = START(ac_read, ends[0], buf, sizeof buf);
    settle();
    ck_assert_int_eq(AWAIT(ac_write, ends[1], "abc", 3), 3);
    ck_assert_int_eq(JOIN(read), 3);
    read = START(ac_read, ends[0], buf, sizeof buf);
    settle();
    ac_close(ends[1]);
    ck_assert_int_eq(JOIN(read), 0);
    ac_close(ends[0]);
}
END_TEST

START_TEST(a_full_pipe_is_waited_for)
{
    enum { SIZE = 400000 };
    static char out[SIZE], in[SIZE];
    int ends[2];
    for (int i = 0; i < SIZE; i++) out[i] = (char)(i % 251);
    ck_assert_int_eq(ac_pipe(ends), 0);
    void *write = START(ac_write_all, ends[1], out, SIZE);
    settle();
    ck_assert(!ac_is_finished(write));
    ck_assert_int_eq(AWAIT(ac_read_exact, ends[0], in, SIZE), SIZE);
    ck_assert_mem_eq(in, out, SIZE);
    ck_assert_int_eq(JOIN_INT(write), 0);
    close_ends(ends);
}
END_TEST

START_TEST(a_pipe_without_a_reader_is_epipe_and_no_signal)
{
    int ends[2];
    static char much[200000];
    ck_assert_ptr_eq(signal(SIGPIPE, SIG_DFL), SIG_DFL); /* this thread would die of it */
    ck_assert_int_eq(ac_pipe(ends), 0);
    void *write = START(ac_write_all, ends[1], much, sizeof much);
    settle();
    ac_close(ends[0]);
    ck_assert_int_eq(JOIN_INT(write), -EPIPE);
    ck_assert_int_eq(AWAIT(ac_write, ends[1], "x", 1), -EPIPE);
    ac_close(ends[1]);
    sigset_t pending;
    sigpending(&pending);
    ck_assert_int_eq(sigismember(&pending, SIGPIPE), 0);
}
END_TEST

START_TEST(read_exact_gives_less_only_at_the_end)
{
    int ends[2];
    char buf[8];
    ck_assert_int_eq(ac_pipe(ends), 0);
    void *read = START(ac_read_exact, ends[0], buf, 6);
    settle();
    ck_assert_int_eq(AWAIT(ac_write, ends[1], "abc", 3), 3);
    settle();
    ck_assert(!ac_is_finished(read));
    ck_assert_int_eq(AWAIT(ac_write, ends[1], "defg", 4), 4);
    ck_assert_int_eq(JOIN(read), 6);
    ck_assert_mem_eq(buf, "abcdef", 6);
    ac_close(ends[1]);
    ck_assert_int_eq(AWAIT(ac_read_exact, ends[0], buf, 6), 1);
    ac_close(ends[0]);
}
END_TEST

/* --- Lines -------------------------------------------------------------------------------------------------------- */

START_TEST(lines_come_one_by_one)
{
    int ends[2];
    char *line;
    ck_assert_int_eq(ac_pipe(ends), 0);
    ac_lines lines = AC_LINES_INIT(ends[0]);
    ck_assert_int_eq(AWAIT(ac_write_all, ends[1], "one\r\n\ntwo\nthr", 13), 0);
    ck_assert_int_eq(AWAIT(ac_lines_next, &lines, &line), 1);
    ck_assert_str_eq(line, "one");
    ck_assert_uint_eq(lines.length, 3);
    ck_assert_int_eq(AWAIT(ac_lines_next, &lines, &line), 1);
    ck_assert_str_eq(line, "");
    ck_assert_int_eq(AWAIT(ac_lines_next, &lines, &line), 1);
    ck_assert_str_eq(line, "two");
    void *next = START(ac_lines_next, &lines, &line);
    settle();
    cancel(next); /* loses nothing of "thr" */
    ck_assert_int_eq(AWAIT(ac_write_all, ends[1], "ee\nlast", 7), 0);
    ck_assert_int_eq(AWAIT(ac_lines_next, &lines, &line), 1);
    ck_assert_str_eq(line, "three");
    ac_close(ends[1]);
    ck_assert_int_eq(AWAIT(ac_lines_next, &lines, &line), 1);
    ck_assert_str_eq(line, "last");
    ck_assert_int_eq(AWAIT(ac_lines_next, &lines, &line), 0);
    ck_assert_int_eq(AWAIT(ac_lines_next, &lines, &line), 0);
    ac_lines_free(&lines);
    ac_close(ends[0]);
}
END_TEST

START_TEST(a_line_of_the_limit_is_taken_and_a_longer_one_is_not)
{
    int ends[2];
    char *line, text[12001];
    ck_assert_int_eq(ac_pipe(ends), 0);
    ac_lines lines = AC_LINES_INIT(ends[0]);
    lines.limit = 6000;
    memset(text, 'x', sizeof text);
    text[6000] = '\n';
    ck_assert_int_eq(AWAIT(ac_write_all, ends[1], text, 6001), 0);
    ck_assert_int_eq(AWAIT(ac_lines_next, &lines, &line), 1);
    ck_assert_uint_eq(lines.length, 6000);
    text[6000] = 'x', text[6001] = '\n';
    ck_assert_int_eq(AWAIT(ac_write_all, ends[1], text, 6002), 0);
    ck_assert_int_eq(AWAIT(ac_lines_next, &lines, &line), -EMSGSIZE);
    ac_lines_free(&lines);
    close_ends(ends);
}
END_TEST

START_TEST(random_lines_in_random_pieces_are_the_same_lines)
{
    int ends[2];
    char *line, text[20000];
    unsigned seed = 7, n = 0;
    for (unsigned i = 0; i < sizeof text; i++) text[i] = (char)(rand_r(&seed) % 40 ? 'a' + i % 26 : '\n');
    text[sizeof text - 1] = '\n';
    ck_assert_int_eq(ac_pipe(ends), 0);
    ac_lines lines = AC_LINES_INIT(ends[0]);
    size_t sent = 0;
    for (char *at = text; at < text + sizeof text; n++) {
        char *end = memchr(at, '\n', (size_t)(text + sizeof text - at));
        void *next = START(ac_lines_next, &lines, &line);
        while (sent <= (size_t)(end - text)) {
            size_t piece = 1 + (size_t)rand_r(&seed) % 300;
            if (piece > sizeof text - sent) piece = sizeof text - sent;
            ck_assert_int_eq(AWAIT(ac_write_all, ends[1], text + sent, piece), 0);
            sent += piece;
        }
        ck_assert_int_eq(JOIN_INT(next), 1);
        ck_assert_uint_eq(lines.length, (size_t)(end - at));
        ck_assert_mem_eq(line, at, lines.length);
        at = end + 1;
    }
    ck_assert_uint_gt(n, 100);
    ac_lines_free(&lines);
    close_ends(ends);
}
END_TEST

/* --- Copying ------------------------------------------------------------------------------------------------------ */

START_TEST(a_copy_ends_with_the_file_and_counts)
{
    enum { SIZE = 200000 };
    static char out[SIZE], in[SIZE];
    int from[2], to[2];
    memset(out, 5, sizeof out);
    ck_assert_int_eq(ac_unix_pair(from), 0);
    ck_assert_int_eq(ac_unix_pair(to), 0);
    void *copy = START(ac_copy, from[1], to[0]), *write = START(ac_write_all, from[0], out, SIZE);
    ck_assert_int_eq(AWAIT(ac_read_exact, to[1], in, SIZE), SIZE);
    ck_assert_int_eq(JOIN_INT(write), 0);
    ck_assert_int_eq(ac_shutdown_write(from[0]), 0);
    ck_assert_int_eq(JOIN_AS(int64_t, copy), SIZE);
    ck_assert_mem_eq(in, out, SIZE);
    int all[] = { from[0], from[1], to[0], to[1] };
    for (int i = 0; i < 4; i++) ac_close(all[i]);
}
END_TEST

START_TEST(a_copy_both_ways_passes_each_end_on)
{
    int left[2], right[2];
    char buf[8];
    int64_t moved[2] = { -1, -1 };
    ck_assert_int_eq(ac_unix_pair(left), 0);
    ck_assert_int_eq(ac_unix_pair(right), 0);
    void *copy = START(ac_copy_both, left[1], right[0], moved);
    ck_assert_int_eq(AWAIT(ac_write, left[0], "request", 7), 7);
    ac_shutdown_write(left[0]);
    ck_assert_int_eq(AWAIT(ac_read_exact, right[1], buf, 7), 7);
    ck_assert_int_eq(AWAIT(ac_read, right[1], buf, 1), 0);
    ck_assert(!ac_is_finished(copy));
    ck_assert_int_eq(AWAIT(ac_write, right[1], "answer", 6), 6);
    ac_close(right[1]);
    ck_assert_int_eq(AWAIT(ac_read_exact, left[0], buf, 7), 6);
    ck_assert_int_eq(JOIN_INT(copy), 0);
    ck_assert_int_eq(moved[0], 7);
    ck_assert_int_eq(moved[1], 6);
    ac_close(left[0]);
    ac_close(left[1]);
    ac_close(right[0]);
}
END_TEST

START_TEST(a_cancelled_copy_both_tells_what_it_moved)
{
    int left[2], right[2];
    char buf[8];
    int64_t moved[2] = { -1, -1 };
    ck_assert_int_eq(ac_unix_pair(left), 0);
    ck_assert_int_eq(ac_unix_pair(right), 0);
    void *copy = START(ac_copy_both, left[1], right[0], moved);
    ck_assert_int_eq(AWAIT(ac_write, left[0], "abc", 3), 3);
    ck_assert_int_eq(AWAIT(ac_read_exact, right[1], buf, 3), 3);
    settle();
    cancel(copy);
    ck_assert_int_eq(moved[0], 3);
    ck_assert_int_eq(moved[1], 0);
    int all[] = { left[0], left[1], right[0], right[1] };
    for (int i = 0; i < 4; i++) ac_close(all[i]);
}
END_TEST

/* --- In memory ---------------------------------------------------------------------------------------------------- */

START_TEST(a_pipe_in_memory_is_like_a_socket)
{
    ac_memory_pipe *a, *b;
    char buf[16];
    ck_assert_int_eq(ac_memory_pipe_new(4, &a, &b), 0);
    void *read = START(ac_memory_pipe_read, b, buf, sizeof buf);
    settle();
    ck_assert_int_eq(AWAIT(ac_memory_pipe_write, a, "abcdef", 6), 4);
    ck_assert_int_eq(JOIN(read), 4);
    ck_assert_int_eq(AWAIT(ac_memory_pipe_write, a, "ab", 2), 2);
    ck_assert_int_eq(AWAIT(ac_memory_pipe_read, b, buf, 1), 1);
    ck_assert_int_eq(AWAIT(ac_memory_pipe_write, a, "cde", 3), 3); /* wraps */
    void *write = START(ac_memory_pipe_write, a, "f", 1);
    settle();
    ck_assert(!ac_is_finished(write));
    ck_assert_int_eq(AWAIT(ac_memory_pipe_read, b, buf, sizeof buf), 4);
    ck_assert_mem_eq(buf, "bcde", 4);
    ck_assert_int_eq(JOIN(write), 1);
    ac_memory_pipe_shutdown_write(a);
    ck_assert_int_eq(AWAIT(ac_memory_pipe_read, b, buf, sizeof buf), 1);
    ck_assert_int_eq(AWAIT(ac_memory_pipe_read, b, buf, sizeof buf), 0);
    ck_assert_int_eq(AWAIT(ac_memory_pipe_write, b, "back", 4), 4);
    ck_assert_int_eq(AWAIT(ac_memory_pipe_read, a, buf, sizeof buf), 4);
    void *waiting = START(ac_memory_pipe_read, a, buf, sizeof buf);
    settle();
    cancel(waiting);
    ac_memory_pipe_close(b);
    ck_assert_int_eq(AWAIT(ac_memory_pipe_read, a, buf, sizeof buf), 0);
    ck_assert_int_eq(AWAIT(ac_memory_pipe_write, a, "x", 1), -EPIPE);
    ac_memory_pipe_close(a);
}
END_TEST

/* --- Standard input ----------------------------------------------------------------------------------------------- */

START_TEST(what_standard_input_gives_to_a_cancelled_task_is_kept)
{
    int ends[2];
    char buf[8];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(dup2(ends[0], 0), 0);
    void *read = START(ac_stdin, buf, sizeof buf);
    settle();
    ck_assert(!ac_is_finished(read));
    cancel(read);
    ck_assert_int_eq(write(ends[1], "abcde", 5), 5);
    ck_assert_int_eq(AWAIT(ac_stdin, buf, 2), 2);
    ck_assert_mem_eq(buf, "ab", 2);
    ck_assert_int_eq(AWAIT(ac_stdin, buf, sizeof buf), 3);
    ck_assert_mem_eq(buf, "cde", 3);
    void *a = START(ac_stdin, buf, 1), *b = START(ac_stdin, buf + 1, 1);
    settle();
    ck_assert_int_eq(write(ends[1], "xy", 2), 2);
    ck_assert_int_eq(JOIN(a), 1);
    ck_assert_int_eq(JOIN(b), 1);
    close(ends[1]);
    ck_assert_int_eq(AWAIT(ac_stdin, buf, sizeof buf), 0);
    close(ends[0]);
}
END_TEST

RUN("pipe", a_pipe_carries_bytes_and_its_end, a_full_pipe_is_waited_for, a_pipe_without_a_reader_is_epipe_and_no_signal,
    read_exact_gives_less_only_at_the_end, lines_come_one_by_one, a_line_of_the_limit_is_taken_and_a_longer_one_is_not,
    random_lines_in_random_pieces_are_the_same_lines, a_copy_ends_with_the_file_and_counts,
    a_copy_both_ways_passes_each_end_on, a_cancelled_copy_both_tells_what_it_moved, a_pipe_in_memory_is_like_a_socket,
    what_standard_input_gives_to_a_cancelled_task_is_kept)

/* Files on the blocking pool, and names. */
#include <sys/stat.h>

#include "io_help.h"

static char directory[64], path[96];
static const char *in_directory(const char *name)
{
    static char buffers[4][160];
    static unsigned next;
    char *buffer = buffers[next++ % 4];
    snprintf(buffer, sizeof buffers[0], "%s/%s", directory, name);
    return buffer;
}
static void make_directory(void)
{
    open_runtime();
    snprintf(directory, sizeof directory, "/tmp/asyncc-file-%d", (int)getpid());
    ck_assert_int_eq(AWAIT(ac_mkdir, directory, 0700), 0);
    snprintf(path, sizeof path, "%s/file", directory);
}
static void remove_directory(void)
{
    ck_assert_int_eq(AWAIT(ac_rmdir, directory), 0); /* fails when a test left something behind */
    close_runtime();
}

START_TEST(a_file_is_written_and_read)
{
    char buf[16];
    int fd = AWAIT(ac_open, path, O_RDWR | O_CREAT, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(AWAIT(ac_write_all, fd, "0123456789", 10), 0);
    ck_assert_int_eq(AWAIT(ac_pread, fd, buf, 4, 3), 4);
    ck_assert_mem_eq(buf, "3456", 4);
    ck_assert_int_eq(AWAIT(ac_pwrite, fd, "xy", 2, 1), 2);
    ck_assert_int_eq(AWAIT(ac_pread, fd, buf, sizeof buf, 0), 10);
    ck_assert_mem_eq(buf, "0xy3456789", 10);
    ck_assert_int_eq(AWAIT(ac_pread, fd, buf, sizeof buf, 10), 0);
    ck_assert_int_eq(AWAIT(ac_fsync, fd), 0);
    ck_assert_int_eq(AWAIT(ac_fdatasync, fd), 0);
    ck_assert_int_eq(AWAIT(ac_ftruncate, fd, 5), 0);
    struct stat stat;
    ck_assert_int_eq(AWAIT(ac_fstat, fd, &stat), 0);
    ck_assert_int_eq(stat.st_size, 5);
    lseek(fd, 0, SEEK_SET);
    ck_assert_int_eq(AWAIT(ac_read, fd, buf, sizeof buf), 5);
    ck_assert_int_eq(AWAIT(ac_read, fd, buf, sizeof buf), 0);
    ck_assert_int_eq(ac_close(fd), 0);
    ck_assert_int_eq(AWAIT(ac_pread, fd, buf, 1, 0), -EBADF);
    ck_assert_int_eq(AWAIT(ac_unlink, path), 0);
}
END_TEST

START_TEST(errors_are_negative_errnos)
{
    struct stat stat;
    ck_assert_int_eq(AWAIT(ac_open, in_directory("none"), O_RDONLY, 0), -ENOENT);
    ck_assert_int_eq(AWAIT(ac_stat, in_directory("none"), &stat), -ENOENT);
    ck_assert_int_eq(AWAIT(ac_unlink, in_directory("none")), -ENOENT);
    ck_assert_int_eq(AWAIT(ac_mkdir, directory, 0700), -EEXIST);
    ck_assert_int_eq(AWAIT(ac_fsync, 999), -EBADF);
}
END_TEST

START_TEST(paths_are_made_moved_and_removed)
{
    struct stat stat;
    ck_assert_int_eq(AWAIT(ac_write_file, path, "abc", 3, 0640), 0);
    ck_assert_int_eq(AWAIT(ac_stat, path, &stat), 0);
    ck_assert_int_eq(stat.st_mode & 0777, 0640);
    ck_assert_int_eq(AWAIT(ac_rename, path, in_directory("other")), 0);
    ck_assert_int_eq(symlink("other", path), 0);
    ck_assert_int_eq(AWAIT(ac_lstat, path, &stat), 0);
    ck_assert(S_ISLNK(stat.st_mode));
    ck_assert_int_eq(AWAIT(ac_stat, path, &stat), 0);
    ck_assert(S_ISREG(stat.st_mode));
    ck_assert_int_eq(AWAIT(ac_unlink, path), 0);
    ck_assert_int_eq(AWAIT(ac_unlink, in_directory("other")), 0);
}
END_TEST

START_TEST(a_whole_file_is_read_and_replaced)
{
    void *data;
    size_t size;
    ck_assert_int_eq(AWAIT(ac_write_file, path, "old", 3, 0600), 0);
    ck_assert_int_eq(AWAIT(ac_write_file, path, "new text", 8, 0600), 0);
    ck_assert_int_eq(AWAIT(ac_read_file, path, &data, &size), 0);
    ck_assert_uint_eq(size, 8);
    ck_assert_str_eq(data, "new text");
    ac_free_file(data);
    ck_assert_int_eq(AWAIT(ac_read_file, "/proc/self/status", &data, &size), 0); /* its size is said to be 0 */
    ck_assert_uint_gt(size, 100);
    ac_free_file(data);
    ck_assert_int_eq(AWAIT(ac_read_file, in_directory("none"), &data, &size), -ENOENT);
    ck_assert_int_eq(AWAIT(ac_write_file, in_directory("none/none"), "x", 1, 0600), -ENOENT);
    ck_assert_int_eq(AWAIT(ac_unlink, path), 0);
}
END_TEST

START_TEST(a_cancelled_call_runs_on_unheeded)
{
    /* Its frame and buffer are gone before the thread is done; ASan would see a write into them. */
    for (int i = 0; i < 20; i++) {
        void *data;
        size_t size;
        void *read = START(ac_read_file, "/proc/self/maps", &data, &size);
        void *open = START(ac_open, "/dev/null", O_RDWR, 0);
        if (i % 2) settle();
        ac_abort(read);
        ac_abort(open);
        int error, fd;
        if (join_on(rt, read, &error, sizeof error) == 0 && error == 0) ac_free_file(data);
        if (join_on(rt, open, &fd, sizeof fd) == 0 && fd >= 0) ac_close(fd);
    }
}
END_TEST

START_TEST(a_file_that_is_closed_during_a_call_stays_open_until_its_end)
{
    static char much[4 << 20];
    int fd = AWAIT(ac_open, path, O_RDWR | O_CREAT, 0600);
    void *write = START(ac_pwrite, fd, much, sizeof much, 0);
    settle();
    ck_assert_int_eq(ac_close(fd), 0);
    ssize_t n = JOIN(write);
    ck_assert(n == (ssize_t)sizeof much || n == -EBADF);
    ck_assert_int_eq(AWAIT(ac_unlink, path), 0);
}
END_TEST

START_TEST(a_fifo_is_waited_for_and_not_read_on_the_pool)
{
    char buf[8];
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    int in = AWAIT(ac_open, path, O_RDONLY, 0);
    ck_assert_int_ge(in, 0);
    int out = AWAIT(ac_open, path, O_WRONLY, 0);
    ck_assert_int_ge(out, 0);
    void *read = START(ac_read, in, buf, sizeof buf);
    settle();
    ck_assert(!ac_is_finished(read));
    ck_assert_int_eq(AWAIT(ac_write, out, "abc", 3), 3);
    ck_assert_int_eq(JOIN(read), 3);
    ac_close(out);
    ck_assert_int_eq(AWAIT(ac_read, in, buf, sizeof buf), 0);
    int again = AWAIT(ac_open, path, O_WRONLY, 0); /* the end was not the end */
    read = START(ac_read, in, buf, sizeof buf);
    settle();
    ck_assert_int_eq(AWAIT(ac_write, again, "de", 2), 2);
    ck_assert_int_eq(JOIN(read), 2);
    ac_close(again);
    ac_close(in);
    ck_assert_int_eq(AWAIT(ac_unlink, path), 0);
}
END_TEST

START_TEST(a_device_is_read_without_waiting)
{
    char buf[4096];
    int fd = AWAIT(ac_open, "/dev/zero", O_RDONLY, 0);
    for (int i = 0; i < 300; i++) ck_assert_int_eq(AWAIT(ac_read, fd, buf, sizeof buf), 4096);
    ac_close(fd);
}
END_TEST

int main(void)
{
    const TTest *tests[] = { a_file_is_written_and_read,
                             errors_are_negative_errnos,
                             paths_are_made_moved_and_removed,
                             a_whole_file_is_read_and_replaced,
                             a_cancelled_call_runs_on_unheeded,
                             a_file_that_is_closed_during_a_call_stays_open_until_its_end,
                             a_fifo_is_waited_for_and_not_read_on_the_pool,
                             a_device_is_read_without_waiting };
    return run_tests_with("file", tests, sizeof tests / sizeof *tests, make_directory, remove_directory);
}

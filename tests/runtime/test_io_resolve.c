/* Addresses as text, and names. */
#include "io_help.h"

static void same(const char *text)
{
    struct sockaddr_storage address;
    char back[AC_ADDRESS_TEXT_SIZE];
    ck_assert_msg(ac_address_parse(text, &address) == 0, "%s", text);
    ck_assert_int_eq(ac_address_format(&address, back, sizeof back), (int)strlen(text));
    ck_assert_str_eq(back, text);
}
static void becomes(const char *text, const char *expected)
{
    struct sockaddr_storage address;
    char back[AC_ADDRESS_TEXT_SIZE];
    ck_assert_msg(ac_address_parse(text, &address) == 0, "%s", text);
    ck_assert_int_gt(ac_address_format(&address, back, sizeof back), 0);
    ck_assert_str_eq(back, expected);
}
static void refused(const char *text)
{
    struct sockaddr_storage address;
    ck_assert_msg(ac_address_parse(text, &address) == -EINVAL, "%s", text);
}

START_TEST(addresses_survive_the_way_there_and_back)
{
    same("127.0.0.1:7000");
    same("0.0.0.0:0");
    same("[::1]:80");
    same("[2001:db8::17]:65535");
    becomes(":8080", "[::]:8080");
    becomes("localhost:1", "127.0.0.1:1");
    becomes("[127.0.0.1]:1", "127.0.0.1:1");
}
END_TEST

START_TEST(what_is_no_address_is_refused)
{
    const char *all[] = { "",
                          ":",
                          "127.0.0.1",
                          "127.0.0.1:",
                          "127.0.0.1:65536",
                          "127.0.0.1:99999999999999999999",
                          "127.0.0.1:-1",
                          "127.0.0.1:80x",
                          "::1:80",
                          "[::1]",
                          "[::1:80",
                          "[::1]80",
                          "1.2.3:4",
                          "example.org:80",
                          "256.0.0.1:1",
                          "[fe80::1%]:1" };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) refused(all[i]);
}
END_TEST

START_TEST(too_little_room_is_said)
{
    struct sockaddr_storage address;
    char back[14];
    ck_assert_int_eq(ac_address_parse("127.0.0.1:7000", &address), 0);
    ck_assert_int_eq(ac_address_format(&address, back, sizeof back), -ENOSPC);
}
END_TEST

START_TEST(a_name_has_addresses)
{
    struct sockaddr_storage out[4];
    char text[AC_ADDRESS_TEXT_SIZE];
    int n = AWAIT(ac_resolve, "localhost:80", out, 4);
    ck_assert_int_ge(n, 1);
    for (int i = 0; i < n; i++) {
        ck_assert_int_gt(ac_address_format(&out[i], text, sizeof text), 0);
        ck_assert(!strcmp(text, "127.0.0.1:80") || !strcmp(text, "[::1]:80"));
    }
    ck_assert_int_eq(AWAIT(ac_resolve, "127.0.0.1:8080", out, 4), 1);
    ck_assert_int_gt(ac_address_format(&out[0], text, sizeof text), 0);
    ck_assert_str_eq(text, "127.0.0.1:8080");
    ck_assert_int_eq(AWAIT(ac_resolve, "localhost:80", out, 1), 1);
}
END_TEST

START_TEST(a_name_that_does_not_exist_is_an_error)
{
    struct sockaddr_storage out[1];
    int error = AWAIT(ac_resolve, "no-such-name.invalid:80", out, 1);
    ck_assert_msg(error == -ENOENT || error == -EAGAIN, "%d", error); /* -EAGAIN where there is no name server at all */
    ck_assert_int_eq(AWAIT(ac_resolve, "localhost", out, 1), -EINVAL);
    ck_assert_int_eq(AWAIT(ac_resolve, "localhost:80", out, 0), -EINVAL);
}
END_TEST

START_TEST(names_that_cannot_be_are_refused)
{
    struct sockaddr_storage out[1];
    char name[400];
    memset(name, 'a', sizeof name);
    memcpy(name + 300, ":80", sizeof ":80");
    ck_assert_int_eq(AWAIT(ac_resolve, name, out, 1), -EINVAL); /* longer than a name may be */
    ck_assert_int_lt(AWAIT(ac_resolve, "bad name!:80", out, 1), 0);
    ck_assert_int_lt(AWAIT(ac_resolve, "localhost:no-such-service", out, 1), 0);
    ck_assert_int_eq(AWAIT(ac_tcp_connect, name), -EINVAL);
}
END_TEST

/* More questions than threads, while the program does other things. */
START_TEST(many_questions_at_once)
{
    enum { MANY = 64 };
    ac_runtime *few = ac_runtime_new(&(ac_runtime_options){ .worker_threads = 1, .max_blocking_threads = 2 });
    static struct sockaddr_storage out[MANY];
    void *tasks[MANY];
    for (int i = 0; i < MANY; i++) tasks[i] = START_ON(few, ac_resolve, "localhost:80", &out[i], 1);
    for (int i = 0; i < MANY; i++) {
        int n;
        ck_assert_int_eq(join_on(few, tasks[i], &n, sizeof n), 0);
        ck_assert_int_eq(n, 1);
    }
    ck_assert(ac_runtime_shutdown(few, ac_secs(5)));
}
END_TEST

START_TEST(a_cancelled_question_is_forgotten)
{
    struct sockaddr_storage out[1];
    for (int i = 0; i < 10; i++) {
        void *task = START(ac_resolve, "localhost:80", out, 1);
        if (i % 2) sched_yield();
        ac_abort(task);
        int n;
        join_on(rt, task, &n, sizeof n);
    }
}
END_TEST

RUN("resolve", addresses_survive_the_way_there_and_back, what_is_no_address_is_refused, too_little_room_is_said,
    a_name_has_addresses, a_name_that_does_not_exist_is_an_error, names_that_cannot_be_are_refused,
    many_questions_at_once, a_cancelled_question_is_forgotten)

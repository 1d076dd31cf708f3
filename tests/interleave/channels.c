/* The channels, two or three threads each. What is checked: every value that was sent is received once, in order, or
 * dropped once; nobody waits for ever; an abort loses nothing; and nobody touches a channel after its last handle is
 * gone. */
#include "primitive.h"

static uint32_t sent, received, dropped;
static void count_drop(int *value)
{
    EXPECT(*value > 0);
    ac__atomic_add(&dropped, 1, relaxed);
}
static void reset_counts(void)
{
    reset();
    sent = received = dropped = 0;
}
static void check_all_accounted(void) { EXPECT(sent == received + dropped); }

/* --- mpsc: task 0 receives, task 1 and a thread send -------------------------------------------------------------- */

static ac_mpsc_tx(int) tx;
static ac_mpsc_rx(int) rx;
static struct ac_op_mpsc_recv_future recv_frame;
static struct ac_op_mpsc_send_future send_frame;
static int got, last, value, sends;

static int receive_all(ac_context *cx)
{
    while (ac_op_mpsc_recv_poll(&recv_frame, cx)) {
        if (!recv_frame.result) {
            ac_mpsc_drop_rx(rx);
            return AC_READY;
        }
        EXPECT(got > 0);
        received++;
        ac_op_mpsc_recv_init(&recv_frame, (void *)rx, &got);
    }
    return AC_PENDING;
}
static void drop_receiver(void)
{
    ac_op_mpsc_recv_drop(&recv_frame);
    ac_mpsc_drop_rx(rx);
}
static int send_some(ac_context *cx)
{
    while (sends > 0 && ac_op_mpsc_send_poll(&send_frame, cx)) {
        sent += send_frame.result == 0;
        sends--;
        ac_op_mpsc_send_init(&send_frame, (void *)tx, &value);
    }
    if (sends > 0) return AC_PENDING;
    ac_mpsc_drop_tx(tx);
    return AC_READY;
}
static void drop_sender(void)
{
    ac_op_mpsc_send_drop(&send_frame);
    ac_mpsc_drop_tx(tx);
}
static void setup_mpsc(size_t capacity, int handles, int times)
{
    reset_counts();
    value = 1;
    sends = times;
    EXPECT((capacity ? ac_mpsc_new(capacity, &tx, &rx) : ac_mpsc_new_unbounded(&tx, &rx)) == 0);
    ac_mpsc_set_drop(rx, count_drop);
    for (int i = 1; i < handles; i++) ac_mpsc_clone(tx);
    ac_op_mpsc_recv_init(&recv_frame, (void *)rx, &got);
    ac_op_mpsc_send_init(&send_frame, (void *)tx, &value);
    TASK(0, receive_all, drop_receiver, recv_frame);
    TASK(1, send_some, drop_sender, send_frame);
}
static void setup_mpsc_one(void) { setup_mpsc(1, 1, 2); }
static void setup_mpsc_two(void) { setup_mpsc(1, 2, 1); }
static void setup_mpsc_unbounded(void) { setup_mpsc(0, 2, 1); }
static void setup_mpsc_unbounded_one(void) { setup_mpsc(0, 1, 2); }
static void send_by_thread(void)
{
    bool ok = ac_mpsc_blocking_send(tx, 2) == 0;
    ac__atomic_add(&sent, ok, relaxed);
    ac_mpsc_drop_tx(tx);
}
static void try_send_by_thread(void)
{
    ac__atomic_add(&sent, ac_mpsc_try_send(tx, 2) == 0, relaxed);
    ac_mpsc_drop_tx(tx);
}
static void send_and_wait_until_received(void)
{
    ac__atomic_add(&sent, ac_mpsc_try_send(tx, 2) == 0, relaxed);
    explore_wait(&received, 0); /* so that it is the value that wakes the receiver, and not the end */
    ac_mpsc_drop_tx(tx);
}
static void receive_by_thread(void)
{
    int v;
    while (ac_mpsc_blocking_recv(rx, &v)) received++;
    ac_mpsc_drop_rx(rx);
}
/* The sender is aborted wherever it stands, and the one behind it must get the room. */
static void abort_1(void) { abort_task(1); }

/* A permit that is used or dropped while the channel is closed. */
static ac_mpsc_permit(int) permit;
static void setup_permit(void)
{
    setup_mpsc(1, 1, 0);
    EXPECT(ac_mpsc_try_reserve(tx, &permit) == 0);
}
static void use_permit(void)
{
    ac_mpsc_permit_send(permit, 3);
    ac__atomic_add(&sent, 1, relaxed);
}
static void drop_permit(void) { ac_mpsc_permit_drop(permit); }
static void drop_tx(void) { ac_mpsc_drop_tx(tx); }

/* --- oneshot ------------------------------------------------------------------------------------------------------ */

static ac_oneshot_tx(int) reply;
static ac_oneshot_rx(int) answer;
static struct ac_op_oneshot_recv_future answer_frame;
static struct ac_op_oneshot_closed_future closed_frame;

static int receive_answer(ac_context *cx)
{
    if (!ac_op_oneshot_recv_poll(&answer_frame, cx)) return AC_PENDING;
    received += answer_frame.result;
    EXPECT(answer == NULL);
    return AC_READY;
}
static void drop_answer(void)
{
    ac_op_oneshot_recv_drop(&answer_frame);
    ac_oneshot_drop_rx(answer);
}
static int wait_closed(ac_context *cx)
{
    if (!ac_op_oneshot_closed_poll(&closed_frame, cx)) return AC_PENDING;
    EXPECT(ac_oneshot_send(reply, 1) == -EPIPE);
    return AC_READY;
}
static void drop_closed(void)
{
    ac_op_oneshot_closed_drop(&closed_frame);
    sent += ac_oneshot_send(reply, 1) == 0;
}
static void setup_oneshot(void)
{
    reset_counts();
    EXPECT(ac_oneshot_new(&reply, &answer) == 0);
    ac_oneshot_set_drop(answer, count_drop);
    ac_op_oneshot_recv_init(&answer_frame, &answer, &got);
    ac_op_oneshot_closed_init(&closed_frame, (void *)reply);
    TASK(0, receive_answer, drop_answer, answer_frame);
    TASK(1, wait_closed, drop_closed, closed_frame);
}
static void send_reply(void) { ac__atomic_add(&sent, ac_oneshot_send(reply, 1) == 0, relaxed); }
static void drop_reply(void) { ac_oneshot_drop_tx(reply); }
static void drop_rx(void) { ac_oneshot_drop_rx(answer); }
static void receive_answer_by_thread(void) { received += ac_oneshot_blocking_recv(answer, &got); }

/* --- broadcast, capacity 1: two senders, a receiver --------------------------------------------------------------- */

static ac_broadcast_tx(int) news;
static ac_broadcast_rx(int) feed;
static struct ac_op_broadcast_recv_future feed_frame;
static int feed_seen;

static int read_news(ac_context *cx)
{
    while (ac_op_broadcast_recv_poll(&feed_frame, cx)) {
        if (feed_frame.result < 0) {
            ac_broadcast_drop_rx(feed);
            return AC_READY;
        }
        if (feed_frame.result == 0) EXPECT(got > 0 && !(feed_seen & 1 << got)); /* each at most once */
        if (feed_frame.result == 0) feed_seen |= 1 << got;
        received += feed_frame.result ? (uint32_t)feed_frame.result : 1;
        ac_op_broadcast_recv_init(&feed_frame, (void *)feed, &got);
    }
    return AC_PENDING;
}
static void drop_news(void)
{
    ac_op_broadcast_recv_drop(&feed_frame);
    ac_broadcast_drop_rx(feed);
}
static void setup_broadcast(void)
{
    reset_counts();
    feed_seen = 0;
    EXPECT(ac_broadcast_new(1, &news) == 0);
    feed = ac_broadcast_subscribe(news);
    ac_op_broadcast_recv_init(&feed_frame, (void *)feed, &got);
    TASK(0, read_news, drop_news, feed_frame);
}
static void setup_broadcast_two(void)
{
    setup_broadcast();
    ac_broadcast_clone(news);
}
static void broadcast_two(void)
{
    for (int i = 1; i <= 2; i++) ac__atomic_add(&sent, ac_broadcast_send(news, i) == 1, relaxed);
    ac_broadcast_drop_tx(news);
}
static void broadcast_one(void)
{
    ac__atomic_add(&sent, ac_broadcast_send(news, 3) == 1, relaxed);
    ac_broadcast_drop_tx(news);
}

/* --- watch -------------------------------------------------------------------------------------------------------- */

static ac_watch_tx(int) level;
static ac_watch_rx(int) gauge;
static struct ac_op_watch_changed_future changed_frame;

static int watch_it(ac_context *cx)
{
    while (ac_op_watch_changed_poll(&changed_frame, cx)) {
        if (!changed_frame.result) {
            ac_watch_drop_rx(gauge);
            return AC_READY;
        }
        int now;
        ac_watch_get(gauge, &now);
        EXPECT(now >= last);
        last = now;
        ac_op_watch_changed_init(&changed_frame, (void *)gauge);
    }
    return AC_PENDING;
}
static void drop_watch(void)
{
    ac_op_watch_changed_drop(&changed_frame);
    ac_watch_drop_rx(gauge);
}
static void setup_watch(void)
{
    reset_counts();
    last = 0;
    EXPECT(ac_watch_new(0, &level) == 0);
    gauge = ac_watch_subscribe(level);
    ac_op_watch_changed_init(&changed_frame, (void *)gauge);
    TASK(0, watch_it, drop_watch, changed_frame);
}
static void setup_watch_two(void)
{
    setup_watch();
    ac_watch_clone(level);
}
static void change_twice(void)
{
    for (int i = 1; i <= 2; i++) ac_watch_send(level, i);
    ac_watch_drop_tx(level);
}
static bool add_one(int *v, void *unused)
{
    (void)unused;
    ++*v;
    return true;
}
static void add_by_function(void)
{
    EXPECT(ac_watch_send_if_modified(level, add_one, NULL) == 1);
    ac_watch_drop_tx(level);
}
static void check_watch(void) { EXPECT(last == 2 || aborted[0]); }

int main(void)
{
    static const struct scenario scenarios[] = {
        { "mpsc: two values through room for one", setup_mpsc_one, { run_0, run_1 }, check_all_accounted, 3, 300000 },
        { "mpsc: a task and a thread send",
          setup_mpsc_two,
          { run_0, run_1, send_by_thread },
          check_all_accounted,
          2,
          200000 },
        { "mpsc: unbounded, two values", setup_mpsc_unbounded_one, { run_0, run_1 }, check_all_accounted, 3, 300000 },
        { "mpsc: unbounded, one value wakes",
          setup_mpsc_unbounded_one,
          { run_0, send_and_wait_until_received },
          check_all_accounted,
          4,
          300000 },
        { "mpsc: unbounded, two senders",
          setup_mpsc_unbounded,
          { run_0, run_1, try_send_by_thread },
          check_all_accounted,
          2,
          300000 },
        { "mpsc: a thread receives", setup_mpsc_one, { receive_by_thread, run_1 }, check_all_accounted, 3, 300000 },
        { "mpsc: the sender is aborted",
          setup_mpsc_two,
          { run_0, run_1, send_by_thread, abort_1 },
          check_all_accounted,
          1,
          300000 },
        { "mpsc: the receiver is aborted", setup_mpsc_one, { run_0, run_1, abort_0 }, check_all_accounted, 2, 300000 },
        { "mpsc: a permit after the senders",
          setup_permit,
          { run_0, use_permit, drop_tx },
          check_all_accounted,
          3,
          300000 },
        { "mpsc: a permit dropped", setup_permit, { run_0, drop_permit, drop_tx }, check_all_accounted, 3, 300000 },
        { "mpsc: a permit and an abort",
          setup_permit,
          { run_0, use_permit, abort_0, drop_tx },
          check_all_accounted,
          2,
          300000 },
        { "oneshot: sent", setup_oneshot, { run_0, send_reply }, check_all_accounted, 6, 300000 },
        { "oneshot: sent and aborted", setup_oneshot, { run_0, send_reply, abort_0 }, check_all_accounted, 4, 300000 },
        { "oneshot: dropped", setup_oneshot, { run_0, drop_reply, abort_0 }, check_all_accounted, 4, 300000 },
        { "oneshot: a thread receives",
          setup_oneshot,
          { receive_answer_by_thread, send_reply },
          check_all_accounted,
          6,
          300000 },
        { "oneshot: waiting for the receiver to go",
          setup_oneshot,
          { run_1, drop_rx, abort_1 },
          check_all_accounted,
          4,
          300000 },
        { "broadcast: overwritten while it is read",
          setup_broadcast,
          { run_0, broadcast_two },
          check_all_accounted,
          4,
          300000 },
        { "broadcast: two senders",
          setup_broadcast_two,
          { run_0, broadcast_two, broadcast_one },
          check_all_accounted,
          2,
          300000 },
        { "broadcast: the receiver is aborted", setup_broadcast, { run_0, broadcast_two, abort_0 }, NULL, 2, 300000 },
        { "watch: the last is seen before the end", setup_watch, { run_0, change_twice }, check_watch, 4, 300000 },
        { "watch: a modification while another sends",
          setup_watch_two,
          { run_0, add_by_function, add_by_function },
          check_watch,
          2,
          300000 },
        { "watch: the receiver is aborted", setup_watch, { run_0, change_twice, abort_0 }, NULL, 2, 300000 },
    };
    return explore_all(scenarios, sizeof scenarios / sizeof *scenarios);
}

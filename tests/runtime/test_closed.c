/* ac_mpsc_closed, ac_broadcast_closed, ac_watch_closed: every order of waiting, cancelling, and of receivers that go and
 * come. */
#include "hand.h"

enum { ACTORS = 2 };
enum { POLL_STEP = 0, DROP_STEP = ACTORS, GO_STEP = 2 * ACTORS, COME_STEP, SYMBOLS };

union future {
    struct ac_op_mpsc_closed_future mpsc;
    struct ac_op_broadcast_closed_future broadcast;
    struct ac_op_watch_closed_future watch;
};
union tx {
    ac_mpsc_tx(int) mpsc;
    ac_broadcast_tx(int) broadcast;
    ac_watch_tx(int) watch;
};
union rx {
    ac_mpsc_rx(int) mpsc;
    ac_broadcast_rx(int) broadcast;
    ac_watch_rx(int) watch;
};

/* What is different of the three. */
struct kind {
    void (*make)(union tx *tx, union rx *first);
    void (*init)(union future *f, union tx tx);
    int (*poll)(union future *f, struct hand *hand);
    void (*drop)(union future *f);
    void (*go)(union rx rx);
    union rx (*come)(union tx tx); /* NULL: there is one receiver, once */
    void (*end)(union tx tx);
};

#define KIND(NAME)                                                                                                     \
    static void NAME##_init(union future *f, union tx tx) { ac_op_##NAME##_closed_init(&f->NAME, (void *)tx.NAME); }   \
    static int NAME##_poll(union future *f, struct hand *hand)                                                         \
    {                                                                                                                  \
        return POLL_BY(hand, ac_op_##NAME##_closed, &f->NAME);                                                         \
    }                                                                                                                  \
    static void NAME##_drop(union future *f) { ac_op_##NAME##_closed_drop(&f->NAME); }                                 \
    static void NAME##_go(union rx rx) { ac_##NAME##_drop_rx(rx.NAME); }                                               \
    static void NAME##_end(union tx tx) { ac_##NAME##_drop_tx(tx.NAME); }
#define FUNCTIONS_OF(NAME)                                                                                             \
    .make = NAME##_make, .init = NAME##_init, .poll = NAME##_poll, .drop = NAME##_drop, .go = NAME##_go,               \
    .end = NAME##_end
KIND(mpsc)
KIND(broadcast)
KIND(watch)

static void mpsc_make(union tx *tx, union rx *first) { REQUIRE(ac_mpsc_new(1, &tx->mpsc, &first->mpsc) == 0); }
static union rx broadcast_come(union tx tx) { return (union rx){ .broadcast = ac_broadcast_subscribe(tx.broadcast) }; }
static void broadcast_make(union tx *tx, union rx *first)
{
    REQUIRE(ac_broadcast_new(1, &tx->broadcast) == 0);
    *first = broadcast_come(*tx);
}
static union rx watch_come(union tx tx) { return (union rx){ .watch = ac_watch_subscribe(tx.watch) }; }
static void watch_make(union tx *tx, union rx *first)
{
    REQUIRE(ac_watch_new(0, &tx->watch) == 0);
    *first = watch_come(*tx);
}
static const struct kind kinds[] = {
    { FUNCTIONS_OF(mpsc) },
    { FUNCTIONS_OF(broadcast), .come = broadcast_come },
    { FUNCTIONS_OF(watch), .come = watch_come },
};
static const struct kind *kind;

struct world {
    union tx tx;
    union rx rx[2];
    struct hand hand[ACTORS];
    union future f[ACTORS];
    /* the model */
    int receivers;
    enum { NEW, WAITING, TOLD } state[ACTORS];
    bool expect_wake[ACTORS];
};

static void go(struct world *w)
{
    if (!w->receivers) return;
    kind->go(w->rx[--w->receivers]);
    for (int i = 0; i < ACTORS && !w->receivers; i++) {
        w->expect_wake[i] = w->state[i] == WAITING;
        if (w->state[i] == WAITING) w->state[i] = TOLD;
    }
}

static void poll(struct world *w, int i, const unsigned char *steps, unsigned n)
{
    bool ready = w->state[i] == TOLD || (w->state[i] == NEW && !w->receivers);
    EXPECT(kind->poll(&w->f[i], &w->hand[i]) == (ready ? AC_READY : AC_PENDING));
    w->state[i] = ready ? NEW : WAITING;
    if (ready) kind->init(&w->f[i], w->tx);
}

static void run(const unsigned char *steps, unsigned n)
{
    struct world w = { .receivers = 1 };
    kind->make(&w.tx, &w.rx[0]);
    for (int i = 0; i < ACTORS; i++) {
        w.hand[i] = (struct hand)HAND;
        kind->init(&w.f[i], w.tx);
    }
    for (unsigned s = 0; s < n; s++) {
        int step = steps[s], i = step % ACTORS;
        if (step == GO_STEP) go(&w);
        else if (step == COME_STEP && kind->come && w.receivers < 2) w.rx[w.receivers++] = kind->come(w.tx);
        else if (step < DROP_STEP) poll(&w, i, steps, n);
        else if (step < GO_STEP) kind->drop(&w.f[i]), kind->init(&w.f[i], w.tx), w.state[i] = NEW;
        for (int k = 0; k < ACTORS; k++) {
            EXPECT(woken(&w.hand[k]) == w.expect_wake[k]);
            w.expect_wake[k] = false;
        }
    }
    for (int i = 0; i < ACTORS; i++) kind->drop(&w.f[i]);
    while (w.receivers) kind->go(w.rx[--w.receivers]);
    kind->end(w.tx);
}

START_TEST(every_order_of_waiting_cancelling_going_and_coming)
{
    kind = &kinds[_i];
    explore(SYMBOLS, 7, run);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("closed");
    TCase *tests = tcase_create("closed");
    tcase_add_loop_test(tests, every_order_of_waiting_cancelling_going_and_coming, 0, sizeof kinds / sizeof *kinds);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

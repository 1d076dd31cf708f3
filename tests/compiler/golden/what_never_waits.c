/* Written by asyncc from what_never_waits.ac: change that file, not this one. */
// An await of a function that never waits is a plain call: no state, and nothing is kept over it.
#include <asyncc/asyncc.h>

struct ac__twice_future {
    union {
        int n;  /* line 4: used on the first poll */
        int result;  /* line 4: what the function returns */
    };
};
_Static_assert(sizeof(struct ac__twice_future) == 4, "the frame of ac__twice_future is laid out for another target");
__attribute__((unused)) static inline void ac__twice_init(struct ac__twice_future *f, int n)
{
    f->n = n;
}
static int ac__twice_poll(void *ac__self, ac_context *cx)
{
    struct ac__twice_future *f = ac__self;
    (void)cx;
    (void)f;
    { f->result = 2 * f->n; return AC_READY; }
}
static void ac__twice_drop(void *ac__self)
{
    (void)ac__self;
}
static const ac_local_info ac__twice_locals[] = {
    { "n", "int", 0, 4 },
};
__attribute__((unused)) static const ac_descriptor ac__twice_descriptor = {
    .name = "twice", .file = "what_never_waits.ac", .line = 4,
    .size = sizeof(struct ac__twice_future), .align = _Alignof(struct ac__twice_future), .result_offset = 0, .result_size = 4,
    .poll = ac__twice_poll, .drop = ac__twice_drop,
    .states = NULL, .children = NULL, .strands = NULL, .locals = ac__twice_locals, .live = NULL,
    .n_states = 0, .n_strands = 0, .n_locals = 1
};

struct ac__four_times_future {
    union {
        int n;  /* line 6: used on the first poll */
        int result;  /* line 6: what the function returns */
    };
    struct ac__twice_future ac__twice;  /* line 8: runs at line 8, 9 */
};
_Static_assert(sizeof(struct ac__four_times_future) == 8, "the frame of ac__four_times_future is laid out for another target");
_Static_assert(offsetof(struct ac__four_times_future, ac__twice) == 4, "");
__attribute__((unused)) static inline void ac__four_times_init(struct ac__four_times_future *f, int n)
{
    f->n = n;
}
static int ac__four_times_poll(void *ac__self, ac_context *cx)
{
    struct ac__four_times_future *f = ac__self;
    (void)cx;
    (void)f;
    ac__twice_init(&f->ac__twice, f->n); (void)ac__twice_poll(&f->ac__twice, cx);
    int half = f->ac__twice.result;
    ac__twice_init(&f->ac__twice, half); (void)ac__twice_poll(&f->ac__twice, cx);
    { f->result = f->ac__twice.result; return AC_READY; }
}
static void ac__four_times_drop(void *ac__self)
{
    (void)ac__self;
}
static const ac_local_info ac__four_times_locals[] = {
    { "n", "int", 0, 4 },
};
__attribute__((unused)) static const ac_descriptor ac__four_times_descriptor = {
    .name = "four_times", .file = "what_never_waits.ac", .line = 6,
    .size = sizeof(struct ac__four_times_future), .align = _Alignof(struct ac__four_times_future), .result_offset = 0, .result_size = 4,
    .poll = ac__four_times_poll, .drop = ac__four_times_drop,
    .states = NULL, .children = NULL, .strands = NULL, .locals = ac__four_times_locals, .live = NULL,
    .n_states = 0, .n_strands = 0, .n_locals = 1
};

struct ac__sum_future {
    union {
        int result;  /* line 12: what the function returns */
        struct ac__four_times_future ac__four_times;  /* line 15: runs at line 15 */
        struct ac_yield_future ac__yield;  /* line 16: waits at line 16 */
    };
    int n;  /* line 12: used on the first poll */
    int total;  /* line 14: used after the wait at line 16 */
    uint8_t ac__state;  /* line 12: where the function stands */
};
_Static_assert(sizeof(struct ac__sum_future) == 20, "the frame of ac__sum_future is laid out for another target");
_Static_assert(offsetof(struct ac__sum_future, n) == 8, "");
_Static_assert(offsetof(struct ac__sum_future, total) == 12, "");
_Static_assert(offsetof(struct ac__sum_future, ac__state) == 16, "");
static inline void ac__sum_init(struct ac__sum_future *f, int n)
{
    f->n = n;
    f->ac__state = 0;
}
static int ac__sum_poll(void *ac__self, ac_context *cx)
{
    struct ac__sum_future *f = ac__self;
    (void)f;
    switch (f->ac__state) {
    case 1: goto ac__resume_1;
    }
    int n = f->n;
    int total = 0;
    for (int i = 0; i < n; i++) {
        ac__four_times_init(&f->ac__four_times, i); (void)ac__four_times_poll(&f->ac__four_times, cx);
        total += f->ac__four_times.result;
    }
    ac_yield_init(&f->ac__yield);
    if (0) { ac__resume_1: total = f->total; }
    if (ac_yield_poll(&f->ac__yield, cx) == AC_PENDING) { f->total = total; f->ac__state = 1; return AC_PENDING; }
    { f->result = total; return AC_READY; }
}
static void ac__sum_drop(void *ac__self)
{
    struct ac__sum_future *f = ac__self;
    switch (f->ac__state) {
    case 1: ac_yield_drop(&f->ac__yield); break;
    }
}
static const ac_child_info ac__sum_children[] = {
    { "ac_yield", &ac_yield_descriptor, 0, 16 },
};
static const ac_strand_info ac__sum_strands[] = {
    { 16, 1, 12 },
};
static const ac_local_info ac__sum_locals[] = {
    { "n", "int", 8, 4 },
    { "total", "int", 12, 4 },
};
static const ac_state_info ac__sum_states[] = {
    { 16, AC_STATE_AWAIT, 1, 0, 0, 1 },
};
static const uint16_t ac__sum_live[] = { 1 };
static const ac_descriptor ac__sum_descriptor = {
    .name = "sum", .file = "what_never_waits.ac", .line = 12,
    .size = sizeof(struct ac__sum_future), .align = _Alignof(struct ac__sum_future), .result_offset = 0, .result_size = 4,
    .poll = ac__sum_poll, .drop = ac__sum_drop,
    .states = ac__sum_states, .children = ac__sum_children, .strands = ac__sum_strands, .locals = ac__sum_locals, .live = ac__sum_live,
    .n_states = 1, .n_strands = 1, .n_locals = 2
};
int sum(int n)
{
    struct ac__sum_future *f = ac__enter(&ac__sum_descriptor);
    ac__sum_init(f, n);
    int ac__nothing;
    __builtin_memset(&ac__nothing, 0, sizeof ac__nothing);
    return ac__nothing;
}

/* Written by asyncc from defer_in_a_loop.ac: change that file, not this one. */
#include <asyncc/asyncc.h>
void open_it(int i), close_it(int i);

struct ac__loop_future {
    union {
        int n;  /* line 4: used on the first poll */
        int result;  /* line 4: what the function returns */
    };
    int i;  /* line 6: used after the wait at line 10 */
    struct ac_yield_future ac__yield;  /* line 10: waits at line 10 */
    uint8_t ac__state;  /* line 4: where the function stands */
};
_Static_assert(sizeof(struct ac__loop_future) == 16, "the frame of ac__loop_future is laid out for another target");
_Static_assert(offsetof(struct ac__loop_future, i) == 4, "");
_Static_assert(offsetof(struct ac__loop_future, ac__yield) == 8, "");
_Static_assert(offsetof(struct ac__loop_future, ac__state) == 12, "");
static inline void ac__loop_init(struct ac__loop_future *f, int n)
{
    f->n = n;
    f->ac__state = 0;
}
static int ac__loop_run(struct ac__loop_future *f, ac_context *cx, unsigned ac__at)
{
    (void)f;
    unsigned ac__exit = 0;
    if (!cx) switch (ac__at) {
    case 1: ac_yield_drop(&f->ac__yield); ac__exit = 2; goto ac__defer_1;
    case 0: return AC_READY;
    default: return AC_READY;
    }
    switch (ac__at) {
    case 1: goto ac__resume_1;
    }
    for (f->i = 0; f->i < f->n; f->i++) {
        {
        open_it(f->i);
        if (0) { ac__defer_1:; close_it(f->i);
            switch (ac__exit) {
            case 1: goto ac__continue_2;
            case 2: return AC_READY;
            default: goto ac__end_3;
            }
        }
        if (f->i == 3) { ac__exit = 1; goto ac__defer_1; }
        ac_yield_init(&f->ac__yield);
        ac__resume_1: if (ac_yield_poll(&f->ac__yield, cx) == AC_PENDING) { f->ac__state = 1; return AC_PENDING; }
        if (f->i == 5) { f->result = f->i; ac__exit = 2; goto ac__defer_1; }
        ac__exit = 3; goto ac__defer_1;
        ac__end_3:;
    }
        ac__continue_2:;
    }
    { f->result = -1; return AC_READY; }
}
static int ac__loop_poll(void *ac__self, ac_context *cx)
{ struct ac__loop_future *f = ac__self; return ac__loop_run(f, cx, f->ac__state); }
static void ac__loop_drop(void *ac__self)
{
    struct ac__loop_future *f = ac__self;
    (void)ac__loop_run(f, NULL, f->ac__state);
}
static const ac_child_info ac__loop_children[] = {
    { "ac_yield", &ac_yield_descriptor, 8, 10 },
};
static const ac_strand_info ac__loop_strands[] = {
    { 12, 1, 4 },
};
static const ac_local_info ac__loop_locals[] = {
    { "n", "int", 0, 4 },
    { "i", "int", 4, 4 },
};
static const ac_state_info ac__loop_states[] = {
    { 10, AC_STATE_AWAIT, 1, 0, 0, 2 },
};
static const uint16_t ac__loop_live[] = { 0, 1 };
static const ac_descriptor ac__loop_descriptor = {
    .name = "loop", .file = "defer_in_a_loop.ac", .line = 4,
    .size = sizeof(struct ac__loop_future), .align = _Alignof(struct ac__loop_future), .result_offset = 0, .result_size = 4,
    .poll = ac__loop_poll, .drop = ac__loop_drop,
    .states = ac__loop_states, .children = ac__loop_children, .strands = ac__loop_strands, .locals = ac__loop_locals, .live = ac__loop_live,
    .n_states = 1, .n_strands = 1, .n_locals = 2
};
int loop(int n)
{
    struct ac__loop_future *f = ac__enter(&ac__loop_descriptor);
    ac__loop_init(f, n);
    int ac__nothing;
    __builtin_memset(&ac__nothing, 0, sizeof ac__nothing);
    return ac__nothing;
}

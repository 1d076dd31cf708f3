/* Written by asyncc from await_in_expressions.ac: change that file, not this one. */
#include <asyncc/asyncc.h>
int add(int a, int b);

struct ac__id_future {
    union {
        int n;  /* line 4: used on the first poll */
        int result;  /* line 4: what the function returns */
    };
    struct ac_yield_future ac__yield;  /* line 6: waits at line 6 */
    uint8_t ac__state;  /* line 4: where the function stands */
};
_Static_assert(sizeof(struct ac__id_future) == 12, "the frame of ac__id_future is laid out for another target");
_Static_assert(offsetof(struct ac__id_future, ac__yield) == 4, "");
_Static_assert(offsetof(struct ac__id_future, ac__state) == 8, "");
static inline void ac__id_init(struct ac__id_future *f, int n)
{
    f->n = n;
    f->ac__state = 0;
}
static int ac__id_poll(void *ac__self, ac_context *cx)
{
    struct ac__id_future *f = ac__self;
    (void)f;
    switch (f->ac__state) {
    case 1: goto ac__resume_1;
    }
    ac_yield_init(&f->ac__yield);
    ac__resume_1: if (ac_yield_poll(&f->ac__yield, cx) == AC_PENDING) { f->ac__state = 1; return AC_PENDING; }
    { f->result = f->n; return AC_READY; }
}
static void ac__id_drop(void *ac__self)
{
    struct ac__id_future *f = ac__self;
    switch (f->ac__state) {
    case 1: ac_yield_drop(&f->ac__yield); break;
    }
}
static const ac_child_info ac__id_children[] = {
    { "ac_yield", &ac_yield_descriptor, 4, 6 },
};
static const ac_strand_info ac__id_strands[] = {
    { 8, 1, 4 },
};
static const ac_local_info ac__id_locals[] = {
    { "n", "int", 0, 4 },
};
static const ac_state_info ac__id_states[] = {
    { 6, AC_STATE_AWAIT, 1, 0, 0, 1 },
};
static const uint16_t ac__id_live[] = { 0 };
static const ac_descriptor ac__id_descriptor = {
    .name = "id", .file = "await_in_expressions.ac", .line = 4,
    .size = sizeof(struct ac__id_future), .align = _Alignof(struct ac__id_future), .result_offset = 0, .result_size = 4,
    .poll = ac__id_poll, .drop = ac__id_drop,
    .states = ac__id_states, .children = ac__id_children, .strands = ac__id_strands, .locals = ac__id_locals, .live = ac__id_live,
    .n_states = 1, .n_strands = 1, .n_locals = 1
};
int id(int n)
{
    struct ac__id_future *f = ac__enter(&ac__id_descriptor);
    ac__id_init(f, n);
    int ac__nothing;
    __builtin_memset(&ac__nothing, 0, sizeof ac__nothing);
    return ac__nothing;
}

/* The left operand is read before the await, as C's order says. */
struct ac__sum_future {
    union {
        struct {
            int *p;  /* line 11: used on the first poll */
            unsigned char ac__pad_1[4];
            int a;  /* line 11: used on the first poll */
        };
        int result;  /* line 11: what the function returns */
        struct ac__id_future ac__id;  /* line 13: waits at line 13 */
    };
    union {
        int ac__t2;  /* line 13: used after the wait at line 13 */
        int ac__t1;  /* line 13: used after the wait at line 13 */
    };
    uint8_t ac__state;  /* line 11: where the function stands */
};
_Static_assert(sizeof(struct ac__sum_future) == 24, "the frame of ac__sum_future is laid out for another target");
_Static_assert(offsetof(struct ac__sum_future, a) == 12, "");
_Static_assert(offsetof(struct ac__sum_future, ac__t2) == 16, "");
_Static_assert(offsetof(struct ac__sum_future, ac__t1) == 16, "");
_Static_assert(offsetof(struct ac__sum_future, ac__state) == 20, "");
static inline void ac__sum_init(struct ac__sum_future *f, int a, int *p)
{
    f->a = a;
    f->p = p;
    f->ac__state = 0;
}
static int ac__sum_poll(void *ac__self, ac_context *cx)
{
    struct ac__sum_future *f = ac__self;
    (void)f;
    switch (f->ac__state) {
    case 1: goto ac__resume_1;
    case 2: goto ac__resume_2;
    }
    f->ac__t1 = *f->p;
    ac__id_init(&f->ac__id, f->a);
    ac__resume_1: if (ac__id_poll(&f->ac__id, cx) == AC_PENDING) { f->ac__state = 1; return AC_PENDING; }
    f->ac__t2 = add(f->ac__t1, f->ac__id.result);
    int ac__t3;
    if (f->a > 1) {
        ac__id_init(&f->ac__id, 2);
        ac__resume_2: if (ac__id_poll(&f->ac__id, cx) == AC_PENDING) { f->ac__state = 2; return AC_PENDING; }
        ac__t3 = (f->ac__id.result) != 0;
    } else {
        ac__t3 = 0;
    }
    { f->result = f->ac__t2 + (ac__t3); return AC_READY; }
}
static void ac__sum_drop(void *ac__self)
{
    struct ac__sum_future *f = ac__self;
    switch (f->ac__state) {
    case 1: ac__id_drop(&f->ac__id); break;
    case 2: ac__id_drop(&f->ac__id); break;
    }
}
static const ac_child_info ac__sum_children[] = {
    { "id", &ac__id_descriptor, 0, 13 },
    { "id", &ac__id_descriptor, 0, 13 },
};
static const ac_strand_info ac__sum_strands[] = {
    { 20, 1, 11 },
};
static const ac_local_info ac__sum_locals[] = {
    { "p", "int *", 0, 8 },
    { "a", "int", 12, 4 },
};
static const ac_state_info ac__sum_states[] = {
    { 13, AC_STATE_AWAIT, 1, 0, 0, 1 },
    { 13, AC_STATE_AWAIT, 1, 1, 1, 0 },
};
static const uint16_t ac__sum_live[] = { 1 };
static const ac_descriptor ac__sum_descriptor = {
    .name = "sum", .file = "await_in_expressions.ac", .line = 11,
    .size = sizeof(struct ac__sum_future), .align = _Alignof(struct ac__sum_future), .result_offset = 0, .result_size = 4,
    .poll = ac__sum_poll, .drop = ac__sum_drop,
    .states = ac__sum_states, .children = ac__sum_children, .strands = ac__sum_strands, .locals = ac__sum_locals, .live = ac__sum_live,
    .n_states = 2, .n_strands = 1, .n_locals = 2
};
int sum(int a, int *p)
{
    struct ac__sum_future *f = ac__enter(&ac__sum_descriptor);
    ac__sum_init(f, a, p);
    int ac__nothing;
    __builtin_memset(&ac__nothing, 0, sizeof ac__nothing);
    return ac__nothing;
}

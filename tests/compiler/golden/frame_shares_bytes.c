/* Written by asyncc from frame_shares_bytes.ac: change that file, not this one. */
#include <asyncc/asyncc.h>
void use(const void *p);

struct ac__phases_future {
    union {
        char first[24];  /* line 7: used after the wait at line 9 */
        double second[3];  /* line 13: used after the wait at line 14 */
        long result;  /* line 4: what the function returns */
    };
    long a;  /* line 4: used on the first poll */
    struct ac_yield_future ac__yield;  /* line 9: waits at line 9, 14, 16 */
    uint8_t ac__state;  /* line 4: where the function stands */
};
_Static_assert(sizeof(struct ac__phases_future) == 40, "the frame of ac__phases_future is laid out for another target");
_Static_assert(offsetof(struct ac__phases_future, a) == 24, "");
_Static_assert(offsetof(struct ac__phases_future, ac__yield) == 32, "");
_Static_assert(offsetof(struct ac__phases_future, ac__state) == 36, "");
static inline void ac__phases_init(struct ac__phases_future *f, long a)
{
    f->a = a;
    f->ac__state = 0;
}
static int ac__phases_poll(void *ac__self, ac_context *cx)
{
    struct ac__phases_future *f = ac__self;
    (void)f;
    switch (f->ac__state) {
    case 1: goto ac__resume_1;
    case 2: goto ac__resume_2;
    case 3: goto ac__resume_3;
    }
    {
        __builtin_memset(f->first, 0, sizeof f->first);
        use(f->first);
        ac_yield_init(&f->ac__yield);
        ac__resume_1: if (ac_yield_poll(&f->ac__yield, cx) == AC_PENDING) { f->ac__state = 1; return AC_PENDING; }
        use(f->first);
    }
    {
        __builtin_memcpy(f->second, (double [3]) { f->a }, sizeof f->second);
        ac_yield_init(&f->ac__yield);
        ac__resume_2: if (ac_yield_poll(&f->ac__yield, cx) == AC_PENDING) { f->ac__state = 2; return AC_PENDING; }
        use(f->second);
        ac_yield_init(&f->ac__yield);
        ac__resume_3: if (ac_yield_poll(&f->ac__yield, cx) == AC_PENDING) { f->ac__state = 3; return AC_PENDING; }
    }
    { f->result = f->a; return AC_READY; }
}
static void ac__phases_drop(void *ac__self)
{
    struct ac__phases_future *f = ac__self;
    switch (f->ac__state) {
    case 1: ac_yield_drop(&f->ac__yield); break;
    case 2: ac_yield_drop(&f->ac__yield); break;
    case 3: ac_yield_drop(&f->ac__yield); break;
    }
}
static const ac_child_info ac__phases_children[] = {
    { "ac_yield", &ac_yield_descriptor, 32, 9 },
    { "ac_yield", &ac_yield_descriptor, 32, 14 },
    { "ac_yield", &ac_yield_descriptor, 32, 16 },
};
static const ac_strand_info ac__phases_strands[] = {
    { 36, 1, 4 },
};
static const ac_local_info ac__phases_locals[] = {
    { "first", "char[24]", 0, 24 },
    { "second", "double[3]", 0, 24 },
    { "a", "long", 24, 8 },
};
static const ac_state_info ac__phases_states[] = {
    { 9, AC_STATE_AWAIT, 1, 0, 0, 2 },
    { 14, AC_STATE_AWAIT, 1, 1, 2, 2 },
    { 16, AC_STATE_AWAIT, 1, 2, 4, 2 },
};
static const uint16_t ac__phases_live[] = { 2, 0, 2, 1, 2, 1 };
static const ac_descriptor ac__phases_descriptor = {
    .name = "phases", .file = "frame_shares_bytes.ac", .line = 4,
    .size = sizeof(struct ac__phases_future), .align = _Alignof(struct ac__phases_future), .result_offset = 0, .result_size = 8,
    .poll = ac__phases_poll, .drop = ac__phases_drop,
    .states = ac__phases_states, .children = ac__phases_children, .strands = ac__phases_strands, .locals = ac__phases_locals, .live = ac__phases_live,
    .n_states = 3, .n_strands = 1, .n_locals = 3
};
long phases(long a)
{
    struct ac__phases_future *f = ac__enter(&ac__phases_descriptor);
    ac__phases_init(f, a);
    long ac__nothing;
    __builtin_memset(&ac__nothing, 0, sizeof ac__nothing);
    return ac__nothing;
}

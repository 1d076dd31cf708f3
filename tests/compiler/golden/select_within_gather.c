/* Written by asyncc from select_within_gather.ac: change that file, not this one. */
#include <asyncc/asyncc.h>
void say(const char *what);

struct ac__race_future {
    union {
        struct {
            struct ac_within_future ac__within_1;  /* line 10: used after the wait at line 10 */
            struct ac_yield_future ac__yield;  /* line 10: waits at line 10, 13 */
        };
        struct {
            uint8_t ac__branches_1[2];  /* line 11: where its branches stand */
            uint8_t ac__turn_1;  /* line 11: used after the wait at line 11 */
        };
        struct ac_read_future ac__read;  /* line 7: waits at line 7 */
    };
    union {
        struct {
            char *buf;  /* line 4: used on the first poll */
            int fd;  /* line 4: used on the first poll */
        };
        struct ac_sleep_future ac__sleep;  /* line 8: waits at line 8, 12 */
    };
    uint8_t ac__state;  /* line 4: where the function stands */
    uint8_t ac__arms_1;  /* line 6: used after the wait at line 6 */
};
_Static_assert(sizeof(struct ac__race_future) == 136, "the frame of ac__race_future is laid out for another target");
_Static_assert(offsetof(struct ac__race_future, ac__turn_1) == 2, "");
_Static_assert(offsetof(struct ac__race_future, ac__yield) == 48, "");
_Static_assert(offsetof(struct ac__race_future, buf) == 80, "");
_Static_assert(offsetof(struct ac__race_future, ac__sleep) == 80, "");
_Static_assert(offsetof(struct ac__race_future, fd) == 88, "");
_Static_assert(offsetof(struct ac__race_future, ac__state) == 128, "");
_Static_assert(offsetof(struct ac__race_future, ac__arms_1) == 129, "");
static inline void ac__race_init(struct ac__race_future *f, int fd, char *buf)
{
    f->fd = fd;
    f->buf = buf;
    f->ac__state = 0;
}
static void ac__race_drop_arms_1(struct ac__race_future *f)
{
    if (f->ac__arms_1 & 1u << 1) ac_sleep_drop(&f->ac__sleep);
    if (f->ac__arms_1 & 1u << 0) ac_read_drop(&f->ac__read);
    f->ac__arms_1 = 0;
}
static int ac__race_run(struct ac__race_future *f, ac_context *cx, unsigned ac__at);
static void ac__race_cancel_1(struct ac__race_future *f)
{
    for (unsigned ac__i = 2; ac__i-- > 0;) {
        unsigned ac__at = f->ac__branches_1[ac__i];
        f->ac__branches_1[ac__i] = 0;
        if (ac__at) (void)ac__race_run(f, NULL, ac__at);
    }
}
static int ac__race_run(struct ac__race_future *f, ac_context *cx, unsigned ac__at)
{
    (void)f;
    if (!cx) switch (ac__at) {
    case 1: ac__race_drop_arms_1(f); return AC_READY;
    case 2: ac_yield_drop(&f->ac__yield); ac_within_drop(&f->ac__within_1); return AC_READY;
    case 3: ac__race_cancel_1(f); return AC_READY;
    case 4: ac_sleep_drop(&f->ac__sleep); return AC_READY;
    case 5: ac_yield_drop(&f->ac__yield); return AC_READY;
    case 0: return AC_READY;
    default: return AC_READY;
    }
    switch (ac__at) {
    case 1: goto ac__resume_1;
    case 2: goto ac__resume_2;
    case 3: goto ac__resume_3;
    case 4: goto ac__resume_4;
    case 5: goto ac__resume_5;
    case 6: goto ac__start_6;
    case 7: goto ac__start_7;
    }
    {
        unsigned ac__won_1 = 0, ac__first_1 = 0, ac__turn_1 = 0;
        f->ac__arms_1 = 3u;
        ac_read_init(&f->ac__read, f->fd, f->buf, 1);
        ac_sleep_init(&f->ac__sleep, ac_ms(5));
        ac__resume_1: ac__first_1 = ac__random(cx, 2);
        for (ac__turn_1 = 0; ac__turn_1 < 2; ac__turn_1++) {
            switch ((ac__first_1 + ac__turn_1) % 2) {
            case 0: if (f->ac__arms_1 & 1u << 0 && ac_read_poll(&f->ac__read, cx) == AC_READY) { f->ac__arms_1 ^= 1u << 0; ac__won_1 = 0; goto ac__won_1; } break;
            default: if (f->ac__arms_1 & 1u << 1 && ac_sleep_poll(&f->ac__sleep, cx) == AC_READY) { f->ac__arms_1 ^= 1u << 1; ac__won_1 = 1; goto ac__won_1; } break;
            }
        }
        f->ac__state = 1; return AC_PENDING;
        ac__won_1: switch (ac__won_1) {
        case 0: {
            ssize_t n = f->ac__read.result;
            ac__race_drop_arms_1(f); { if (n > 0) say("read"); }
            break;
        }
        default: {
            ac__race_drop_arms_1(f); say("nothing came");
            break;
        }
        }
    }
    ac_within_init(&f->ac__within_1, cx, ac_secs(1));
    {
        ac_yield_init(&f->ac__yield);
        ac__resume_2: if (ac_yield_poll(&f->ac__yield, cx) == AC_PENDING) {
            f->ac__state = 2;
            if (ac_within_poll(&f->ac__within_1, cx) == AC_READY) { ac_yield_drop(&f->ac__yield); goto ac__late_1; }
            return AC_PENDING;
        }
    }
    ac_within_drop(&f->ac__within_1);
    if (0) { ac__late_1:; say("late");
    }
    {
        f->ac__branches_1[0] = 6; f->ac__branches_1[1] = 7; f->ac__turn_1 = 0;
        ac__resume_3: {
            bool ac__waits = false;
            for (unsigned ac__i = 0; ac__i < 2; ac__i++) {
                unsigned ac__branch = (f->ac__turn_1 + ac__i) % 2;
                if (f->ac__branches_1[ac__branch] == 0) continue;
                int ac__polled = ac__race_run(f, cx, f->ac__branches_1[ac__branch]);
                if (ac__polled == AC_PENDING) { ac__waits = true; continue; }
                f->ac__branches_1[ac__branch] = 0;
                if (ac__polled > AC_READY) { ac__race_cancel_1(f);
                    goto ac__gather_end_1;
                }
            }
            if (ac__waits) { f->ac__turn_1 = (f->ac__turn_1 + 1u) % 2u; f->ac__state = 3; return AC_PENDING; }
            goto ac__gather_end_1;
        }
        ac__start_6:;
        {
        ac_sleep_init(&f->ac__sleep, ac_ms(1));
        ac__resume_4: if (ac_sleep_poll(&f->ac__sleep, cx) == AC_PENDING) { f->ac__branches_1[0] = 4; return AC_PENDING; }
        }
        return AC_READY;
        ac__start_7:;
        {
            ac_yield_init(&f->ac__yield);
            ac__resume_5: if (ac_yield_poll(&f->ac__yield, cx) == AC_PENDING) { f->ac__branches_1[1] = 5; return AC_PENDING; }
            { return AC_READY + 1; }
        }
        return AC_READY;
    }
    ac__gather_end_1:;
    return AC_READY;
}
static int ac__race_poll(void *ac__self, ac_context *cx)
{ struct ac__race_future *f = ac__self; return ac__race_run(f, cx, f->ac__state); }
static void ac__race_drop(void *ac__self)
{
    struct ac__race_future *f = ac__self;
    (void)ac__race_run(f, NULL, f->ac__state);
}
static const ac_child_info ac__race_children[] = {
    { "ac_read", &ac_read_descriptor, 0, 7 },
    { "ac_sleep", &ac_sleep_descriptor, 80, 8 },
    { NULL, NULL, 129, 1 },
    { "ac_yield", &ac_yield_descriptor, 48, 10 },
    { "ac_sleep", &ac_sleep_descriptor, 80, 12 },
    { "ac_yield", &ac_yield_descriptor, 48, 13 },
};
static const ac_strand_info ac__race_strands[] = {
    { 128, 1, 4 },
    { 0, 1, 12 },
    { 1, 1, 13 },
};
static const ac_local_info ac__race_locals[] = {
    { "buf", "char *", 80, 8 },
    { "fd", "int", 88, 4 },
};
static const ac_state_info ac__race_states[] = {
    { 6, AC_STATE_SELECT, 2, 0, 0, 0 },
    { 10, AC_STATE_AWAIT, 1, 3, 0, 0 },
    { 11, AC_STATE_GATHER, 2, 1, 0, 0 },
    { 12, AC_STATE_AWAIT, 1, 4, 0, 0 },
    { 13, AC_STATE_AWAIT, 1, 5, 0, 0 },
};
static const ac_descriptor ac__race_descriptor = {
    .name = "race", .file = "select_within_gather.ac", .line = 4,
    .size = sizeof(struct ac__race_future), .align = _Alignof(struct ac__race_future), .result_offset = 0, .result_size = 0,
    .poll = ac__race_poll, .drop = ac__race_drop,
    .states = ac__race_states, .children = ac__race_children, .strands = ac__race_strands, .locals = ac__race_locals, .live = NULL,
    .n_states = 5, .n_strands = 3, .n_locals = 2
};
void race(int fd, char *buf)
{
    struct ac__race_future *f = ac__enter(&ac__race_descriptor);
    ac__race_init(f, fd, buf);
}

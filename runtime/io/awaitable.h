/* What every awaitable of the library has in its source file beside its poll: the descriptor, and the body of the C
 * function of its name, which is what a pointer to it calls (future.h, "the call slot"). */
#ifndef ASYNCC_IO_AWAITABLE_H
#define ASYNCC_IO_AWAITABLE_H
#include <stddef.h>

#include "asyncc/future.h"

#define AC__AWAITABLE_DESCRIPTOR(NAME, DESCRIBE)                                                                       \
    static int NAME##_poll_any(void *self, ac_context *cx) { return NAME##_poll((struct NAME##_future *)self, cx); }   \
    static void NAME##_drop_any(void *self) { NAME##_drop((struct NAME##_future *)self); }                             \
    const ac_descriptor NAME##_descriptor = {                                                                          \
        .name = #NAME,                                                                                                 \
        .file = "asyncc",                                                                                              \
        .size = sizeof(struct NAME##_future),                                                                          \
        .align = _Alignof(struct NAME##_future),                                                                       \
        .result_offset = offsetof(struct NAME##_future, result),                                                       \
        .result_size = sizeof(((struct NAME##_future *)0)->result),                                                    \
        .poll = NAME##_poll_any,                                                                                       \
        .drop = NAME##_drop_any,                                                                                       \
        .describe = (DESCRIBE),                                                                                        \
    }

#define AC__ENTER(NAME, ...) NAME##_init((struct NAME##_future *)ac__enter(&NAME##_descriptor), __VA_ARGS__)

#endif

/* What every awaitable has in its source file beside its poll and drop: the descriptor that spawn and dumps read, and a
 * C function of its name, which is what a pointer to it calls ("the call slot" in asyncc/future.h). */
#ifndef ASYNCC_SYNC_LEAF_H
#define ASYNCC_SYNC_LEAF_H
#include "asyncc/future.h"
#include <stddef.h>
#include <stdio.h>

#define AC__LEAF_(NAME, DESCRIBE, ...)                                                                                 \
    static int NAME##_any_poll(void *self, ac_context *cx) { return NAME##_poll(self, cx); }                           \
    static void NAME##_any_drop(void *self) { NAME##_drop(self); }                                                     \
    const ac_descriptor NAME##_descriptor = { .name = #NAME,                                                           \
                                              .file = "asyncc",                                                        \
                                              .size = sizeof(struct NAME##_future),                                    \
                                              .align = _Alignof(struct NAME##_future),                                 \
                                              .poll = NAME##_any_poll,                                                 \
                                              .drop = NAME##_any_drop,                                                 \
                                              .describe = (DESCRIBE),                                                  \
                                              __VA_ARGS__ }

/* Of an awaitable without a value, and of one with. */
#define AC__LEAF(NAME, DESCRIBE) AC__LEAF_(NAME, DESCRIBE, .result_size = 0)
#define AC__LEAF_WITH_RESULT(NAME, DESCRIBE)                                                                           \
    AC__LEAF_(NAME, DESCRIBE, .result_offset = offsetof(struct NAME##_future, result),                                 \
              .result_size = sizeof(((struct NAME##_future *)0)->result))

/* The body of the C function: makes the future where the caller asked for it. */
#define AC__ENTER(NAME, ...) NAME##_init(ac__enter(&NAME##_descriptor), __VA_ARGS__)

#endif

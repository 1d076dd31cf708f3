/* The smallest task, which gives a number: for tests in which the start itself is what matters. */
#ifndef TESTS_NUMBER_H
#define TESTS_NUMBER_H
#include "asyncc/asyncc.h"

struct number_future {
    int result;
};
static inline int number_poll(void *self, ac_context *cx)
{
    (void)cx;
    ((struct number_future *)self)->result = 7;
    return AC_READY;
}
static inline void number_drop(void *self) { (void)self; }
static const ac_descriptor number_descriptor = { .name = "number",
                                                 .file = __FILE__,
                                                 .size = sizeof(struct number_future),
                                                 .align = _Alignof(struct number_future),
                                                 .result_size = sizeof(int),
                                                 .poll = number_poll,
                                                 .drop = number_drop };

#endif

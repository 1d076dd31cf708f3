/* A future written by hand that waits exactly once: the cheapest suspension there is. For programs that are polled by
 * drive.c, which polls again at once, so that it need not wake anybody. */
#ifndef PEND_H
#define PEND_H
#include <sys/select.h>

#include <asyncc/future.h>
#include <asyncc/handle.h>
#include <asyncc/words.h>

struct pend_future {
    int polled;
};
extern const ac_descriptor pend_descriptor;
ac_async void pend(void);

static inline void pend_init(struct pend_future *self) { self->polled = 0; }
static inline int pend_poll(struct pend_future *self, ac_context *cx)
{
    (void)cx;
    if (self->polled) return AC_READY;
    self->polled = 1;
    return AC_PENDING;
}
static inline void pend_drop(struct pend_future *self) { (void)self; }
#endif

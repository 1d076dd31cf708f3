/* What a driver has to do for the slots, beside driver.h. epoll.c is one; kqueue and io_uring would be other files. */
#ifndef ASYNCC_IO_BACKEND_H
#define ASYNCC_IO_BACKEND_H
#include <stdint.h>

#include "io/driver.h"

/* Which bit in a slot's set of drivers is this one's; AC__DRIVERS - 1 is shared by all beyond the first 63, and never
 * set. */
#define AC__DRIVERS 64
unsigned ac__driver_index(const struct ac__driver *driver);

/* Reports every change of a descriptor from now on, and at once if it is ready now. 0 or a negative errno; one that is
 * registered or armed already is registered anew. */
int ac__driver_register(struct ac__driver *driver, int fd, uint32_t generation);
/* Reports once when one of the directions (AC__READY bits) is ready, also if it is now. -EPERM: it has no readiness. */
int ac__driver_arm(struct ac__driver *driver, int fd, uint32_t generation, uint32_t directions, bool armed_before);
/* Reports writes to the process-wide descriptor that signal handlers write to, by calling ac__signals_dispatch. */
int ac__driver_watch_signals(struct ac__driver *driver, int fd);

#endif

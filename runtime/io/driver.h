/* The I/O driver as the scheduler sees it: what one worker at a time sleeps in. */
#ifndef ASYNCC_IO_DRIVER_H
#define ASYNCC_IO_DRIVER_H
#include "asyncc/future.h"

struct ac__driver;

/* 0, or a negative errno. */
int ac__driver_open(ac_runtime *rt, struct ac__driver **out);
/* After all tasks are gone: wakes what still waits elsewhere with an error, closes. */
void ac__driver_close(struct ac__driver *driver);
/* Waits for events or an interrupt, at most timeout_ns (0: only looks; below 0: without end), and wakes the tasks they
 * are for. The number of events, without interrupts. One thread at a time. */
unsigned ac__driver_wait(struct ac__driver *driver, int64_t timeout_ns);
/* Makes the present or the next ac__driver_wait return. From any thread; async-signal-safe. */
void ac__driver_interrupt(struct ac__driver *driver);
/* A descriptor that is readable when ac__driver_wait(…, 0) has something to do. */
int ac__driver_fd(struct ac__driver *driver);

#endif

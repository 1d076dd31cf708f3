/* Waiting for a signal, as a part of other waits. */
#ifndef ASYNCC_PROCESS_SIGNAL_H
#define ASYNCC_PROCESS_SIGNAL_H
#include "asyncc/signals.h"

/* AC_READY with *result once the listener has something to hear. */
int ac__signal_poll(ac_signal_listener *listener, struct ac__io_wait *wait, ac_context *cx, int *result);

#endif

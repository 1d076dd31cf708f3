/* What the I/O driver calls when it hears of signals and of children that ended. */
#ifndef ASYNCC_PROCESS_DISPATCH_H
#define ASYNCC_PROCESS_DISPATCH_H

/* Hands the signals that came since the last time to all who listen, in every runtime. */
void ac__signals_dispatch(void);
/* Takes the status of children whose handle was dropped and that have ended. */
void ac__reap(void);

#endif

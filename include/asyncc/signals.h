/* Signals, as something to wait for.
 *
 * The first wait for a signal installs a handler for it, process-wide, and it stays: from then on the signal no longer
 * does what it did (SIGINT does not end the program), also while nobody listens, until ac_signal_default. A handler
 * that the program had installed itself is still called. Every listener in every runtime hears every signal; several
 * that come at nearly the same time may be heard as one. No signal needs to be blocked.
 *
 * Refused with -EINVAL: SIGKILL and SIGSTOP, which cannot be caught; SIGSEGV, SIGBUS, SIGFPE, SIGILL, which report an
 * error of the running instruction and cannot be answered later; numbers that are no signal, and those the C library
 * keeps for itself. */
#ifndef ASYNCC_SIGNALS_H
#define ASYNCC_SIGNALS_H
#include <signal.h>

#include "leaf.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A listener that hears also what comes between two waits: for loops. Zero is one that listens to nothing. */
typedef struct ac_signal_listener {
    int signo;
    int reserved;
    uint64_t seen; /* how many times the signal had been heard when this listener last heard it */
} ac_signal_listener;

/* Begins to listen: 0 or -EINVAL, or the negative errno of sigaction or of the descriptor it needs. Outside a task it
 * needs no runtime. A listener needs no end: it is plain data, and forgetting it is to drop it. */
int ac_signal_listen(ac_signal_listener *listener, int signo);
/* Waits until the signal has come since the last time (or since ac_signal_listen): 0, or -EINVAL for a listener that
 * listens to nothing. One task at a time for each listener. Cancelling loses nothing. */
ac_async int ac_signal_next(ac_signal_listener *listener);

/* Waits for one signal, from when this call is made on (an arm or a run_until: from entry to the block, an ac_lazy:
 * from there), before its first poll: 0, or the errors of ac_signal_listen. What comes between two such calls in a
 * loop is not heard; use a listener there. Cancelling loses nothing that a later call could have heard. */
ac_async int ac_signal(int signo);
/* Ctrl-C: ac_signal(SIGINT). */
ac_async int ac_ctrl_c(void);

/* Gives a signal back: what it did before the first wait for it is restored. 0 or -EINVAL. Those who wait for it go on
 * waiting. */
int ac_signal_default(int signo);

/* --- Frames ------------------------------------------------------------------------------------------------------- */

struct ac_signal_next_future {
    int result;
    ac_signal_listener *listener;
    struct ac__io_wait wait;
};
struct ac_signal_future {
    int result;
    ac_signal_listener listener;
    struct ac__io_wait wait;
};
struct ac_ctrl_c_future {
    int result;
    ac_signal_listener listener;
    struct ac__io_wait wait;
};

static inline void ac_signal_next_init(struct ac_signal_next_future *self, ac_signal_listener *listener)
{
    self->listener = listener;
    ac__io_wait_init(&self->wait, -1);
}
static inline void ac_signal_init(struct ac_signal_future *self, int signo)
{
    self->result = ac_signal_listen(&self->listener, signo);
    ac__io_wait_init(&self->wait, -1);
}
static inline void ac_ctrl_c_init(struct ac_ctrl_c_future *self)
{
    self->result = ac_signal_listen(&self->listener, SIGINT);
    ac__io_wait_init(&self->wait, -1);
}
void ac__signal_forget(struct ac__io_wait *wait);
#define AC__SIGNAL_LEAF(NAME)                                                                                          \
    extern const ac_descriptor NAME##_descriptor;                                                                      \
    int NAME##_poll_slow(struct NAME##_future *self, ac_context *cx);                                                  \
    static inline int NAME##_poll(struct NAME##_future *self, ac_context *cx)                                          \
    {                                                                                                                  \
        return ac__io_waiting(&self->wait) ? AC_PENDING : NAME##_poll_slow(self, cx);                                  \
    }                                                                                                                  \
    static inline void NAME##_drop(struct NAME##_future *self)                                                         \
    {                                                                                                                  \
        if (__atomic_load_n(&self->wait.state, __ATOMIC_RELAXED) != AC__WAIT_NONE) ac__signal_forget(&self->wait);     \
    }
AC__SIGNAL_LEAF(ac_signal_next)
AC__SIGNAL_LEAF(ac_signal)
AC__SIGNAL_LEAF(ac_ctrl_c)

#ifdef __cplusplus
}
#endif
#endif

/* Stopping the program over a bug in it, with a message for people. */
#ifndef ASYNCC_BASE_FATAL_H
#define ASYNCC_BASE_FATAL_H

/* Prints "asyncc: …", then the task that runs on this thread and the line at which it last suspended, if any; calls
 * the fatal hook, and aborts. The hook gets the message without the newline; it may end the process its own way, but
 * not return to the caller. */
_Noreturn void ac__fatal(const char *format, ...) __attribute__((format(printf, 1, 2), cold));
void ac__fatal_set_hook(void (*hook)(const char *message));

#endif

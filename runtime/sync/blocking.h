/* The calls that put a thread to sleep are for threads, not for tasks: a worker that sleeps runs no other task. */
#ifndef ASYNCC_SYNC_BLOCKING_H
#define ASYNCC_SYNC_BLOCKING_H

/* Stops the program, naming `call`, if this thread is in the poll of a task. */
void ac__refuse_in_task(const char *call);

#endif

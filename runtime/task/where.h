/* Where the code that runs on this thread is, in the user's terms: for messages. */
#ifndef ASYNCC_TASK_WHERE_H
#define ASYNCC_TASK_WHERE_H
#include <stddef.h>

/* Writes " (in task NAME, file.ac:line)" for the task that runs on this thread, or nothing; gives the length. Never
 * more than room - 1. */
size_t ac__where(char *text, size_t room);

#endif

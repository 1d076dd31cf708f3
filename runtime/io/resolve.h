/* Asking the system's resolver, on a thread of the pool. */
#ifndef ASYNCC_IO_RESOLVE_H
#define ASYNCC_IO_RESOLVE_H
#include <sys/socket.h>

#include "io/offload.h"

/* Begins: 0, or a negative errno. `room`: how many addresses are wanted at most. */
int ac__resolve_begin(struct ac__offload *call, ac_context *cx, const char *address, int room);
/* When the job is done: copies the addresses out and ends it. How many, or a negative errno. */
int ac__resolve_end(struct ac__offload *call, struct sockaddr_storage *out);

#endif

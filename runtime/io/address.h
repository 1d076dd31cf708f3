/* Addresses, between text and the kernel's form. */
#ifndef ASYNCC_IO_ADDRESS_H
#define ASYNCC_IO_ADDRESS_H
#include <sys/socket.h>

/* Splits "host:port", "[host]:port", ":port": 0, or -EINVAL. `host` has room for `room` bytes; `port` points into
 * text. */
int ac__address_split(const char *text, char *host, size_t room, const char **port);
/* The length that bind, connect and sendto want for an address. */
socklen_t ac__address_length(const struct sockaddr_storage *address);
/* A Unix address; one that begins with '@' is abstract. 0, or -EINVAL (empty), -ENAMETOOLONG. */
int ac__address_unix(const char *path, struct sockaddr_storage *address, socklen_t *length);

#endif

/* Addresses as text: "127.0.0.1:7000", "[::1]:80", "[fe80::1%eth0]:80", ":8080", "localhost:80". */
#include "io/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "asyncc/net.h"

int ac__address_split(const char *text, char *host, size_t room, const char **port)
{
    const char *end, *begin = text;
    if (*text == '[') {
        begin = text + 1;
        end = strchr(begin, ']');
        if (!end || end[1] != ':') return -EINVAL;
        *port = end + 2;
    } else {
        end = strrchr(text, ':');
        if (!end || memchr(text, ':', (size_t)(end - text))) return -EINVAL; /* IPv6 needs its brackets */
        *port = end + 1;
    }
    size_t length = (size_t)(end - begin);
    if (length >= room || !**port) return -EINVAL;
    memcpy(host, begin, length);
    host[length] = 0;
    return 0;
}

static int parse_port(const char *text, in_port_t *port)
{
    unsigned long n = 0;
    for (const char *p = text; *p; p++) {
        if (*p < '0' || *p > '9' || n > 65535) return -EINVAL;
        n = n * 10 + (unsigned long)(*p - '0');
    }
    if (n > 65535) return -EINVAL;
    *port = htons((in_port_t)n);
    return 0;
}

/* "fe80::1%eth0": the interface is a name or a number. */
static int parse_ipv6(char *host, struct sockaddr_in6 *address)
{
    char *scope = strchr(host, '%');
    if (scope) {
        *scope++ = 0;
        address->sin6_scope_id = if_nametoindex(scope);
        char *end;
        if (!address->sin6_scope_id) address->sin6_scope_id = (uint32_t)strtoul(scope, &end, 10);
        if (!address->sin6_scope_id) return -EINVAL;
    }
    return inet_pton(AF_INET6, host, &address->sin6_addr) == 1 ? 0 : -EINVAL;
}

int ac_address_parse(const char *text, struct sockaddr_storage *address)
{
    char host[256];
    const char *port;
    in_port_t number = 0;
    memset(address, 0, sizeof *address);
    if (ac__address_split(text, host, sizeof host, &port) < 0 || parse_port(port, &number) < 0) return -EINVAL;
    struct sockaddr_in *ipv4 = (struct sockaddr_in *)address;
    struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)address;
    if (!strcmp(host, "localhost")) strcpy(host, "127.0.0.1");
    if (!*host) {
        ipv6->sin6_family = AF_INET6; /* all zero: any address */
        ipv6->sin6_port = number;
        return 0;
    }
    if (inet_pton(AF_INET, host, &ipv4->sin_addr) == 1) {
        ipv4->sin_family = AF_INET;
        ipv4->sin_port = number;
        return 0;
    }
    ipv6->sin6_family = AF_INET6;
    ipv6->sin6_port = number;
    return parse_ipv6(host, ipv6);
}

socklen_t ac__address_length(const struct sockaddr_storage *address)
{
    switch (address->ss_family) {
    case AF_INET: return sizeof(struct sockaddr_in);
    case AF_INET6: return sizeof(struct sockaddr_in6);
    case AF_UNIX: {
        const char *path = ((const struct sockaddr_un *)address)->sun_path;
        size_t length = *path ? strnlen(path, sizeof((struct sockaddr_un *)0)->sun_path)
                              : 1 + strnlen(path + 1, sizeof((struct sockaddr_un *)0)->sun_path - 1);
        return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (*path ? 1 : 0));
    }
    default: return sizeof *address;
    }
}

int ac__address_unix(const char *path, struct sockaddr_storage *address, socklen_t *length)
{
    struct sockaddr_un *un = (struct sockaddr_un *)address;
    size_t n = strlen(path);
    if (!n) return -EINVAL;
    if (n >= sizeof un->sun_path) return -ENAMETOOLONG;
    memset(address, 0, sizeof *address);
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path, n);
    if (*path == '@') un->sun_path[0] = 0;
    *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (*path != '@'));
    return 0;
}

/* --- To text ------------------------------------------------------------------------------------------------------ */

static int put(char *text, size_t room, const char *before, const char *host, const char *between, long port)
{
    int n = port < 0 ? snprintf(text, room, "%s%s", before, host)
                     : snprintf(text, room, "%s%s%s%ld", before, host, between, port);
    return (size_t)n < room ? n : -ENOSPC;
}

int ac_address_format(const struct sockaddr_storage *address, char *text, size_t room)
{
    char host[INET6_ADDRSTRLEN + IF_NAMESIZE + 2];
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)address;
        inet_ntop(AF_INET, &ipv4->sin_addr, host, sizeof host);
        return put(text, room, "", host, ":", ntohs(ipv4->sin_port));
    }
    if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)address;
        inet_ntop(AF_INET6, &ipv6->sin6_addr, host, sizeof host);
        if (ipv6->sin6_scope_id) {
            size_t n = strlen(host);
            (void)snprintf(host + n, sizeof host - n, "%%%u", ipv6->sin6_scope_id);
        }
        return put(text, room, "[", host, "]:", ntohs(ipv6->sin6_port));
    }
    if (address->ss_family == AF_UNIX) {
        const char *path = ((const struct sockaddr_un *)address)->sun_path;
        return put(text, room, *path ? "unix:" : path[1] ? "unix:@" : "unix:", *path ? path : path + 1, "", -1);
    }
    return -EAFNOSUPPORT;
}

static int name_of(int fd, char *text, size_t room, int (*ask)(int, struct sockaddr *, socklen_t *))
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    memset(&address, 0, sizeof address);
    if (ask(fd, (struct sockaddr *)&address, &length) < 0) return -errno;
    return ac_address_format(&address, text, room);
}

int ac_local_address(int fd, char *text, size_t room) { return name_of(fd, text, room, getsockname); }
int ac_peer_address(int fd, char *text, size_t room) { return name_of(fd, text, room, getpeername); }

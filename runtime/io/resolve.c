/* Names to addresses: getaddrinfo on the blocking pool, as there is no way to do it without blocking that honours the
 * machine's own configuration (hosts, mDNS, LDAP …). */
#define _GNU_SOURCE
#include "io/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "asyncc/net.h"
#include "io/address.h"
#include "io/awaitable.h"

static int error_of(int gai)
{
    switch (gai) {
    case EAI_AGAIN: return -EAGAIN;
    case EAI_MEMORY: return -ENOMEM;
    case EAI_SYSTEM: return errno ? -errno : -EIO;
    case EAI_FAIL: return -EIO;
    case EAI_SERVICE:
    case EAI_BADFLAGS: return -EINVAL;
    default: return -ENOENT;
    }
}

static ssize_t pool_resolve(struct ac__offload_job *job)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
    struct addrinfo *list = NULL;
    const char *host = *job->text[0] ? job->text[0] : NULL;
    int gai = getaddrinfo(host, job->text[1], &hints, &list);
    if (gai) return error_of(gai);
    struct sockaddr_storage *out = (struct sockaddr_storage *)(void *)job->data;
    int n = 0;
    for (const struct addrinfo *at = list; at && n < job->flags; at = at->ai_next) {
        if (at->ai_family != AF_INET && at->ai_family != AF_INET6) continue;
        memset(&out[n], 0, sizeof *out);
        memcpy(&out[n++], at->ai_addr, at->ai_addrlen);
    }
    freeaddrinfo(list);
    return n ? n : -ENOENT;
}

int ac__resolve_begin(struct ac__offload *call, ac_context *cx, const char *address, int room)
{
    char host[256];
    const char *port;
    if (room <= 0 || room > 4096) return -EINVAL;
    int error = ac__address_split(address, host, sizeof host, &port);
    if (error) return error;
    struct ac__offload_job *job =
        ac__offload_new_text(pool_resolve, (size_t)room * sizeof(struct sockaddr_storage), host, port);
    if (job) job->flags = room;
    return ac__offload_start(call, cx, job, NULL);
}

int ac__resolve_end(struct ac__offload *call, struct sockaddr_storage *out)
{
    int n = (int)call->job->result;
    if (n > 0) memcpy(out, call->job->data, (size_t)n * sizeof *out);
    ac__offload_end(call);
    return n;
}

int ac_resolve_poll_slow(struct ac_resolve_future *self, ac_context *cx)
{
    if (self->call.job) return self->result = ac__resolve_end(&self->call, self->out), AC_READY;
    int error = ac__resolve_begin(&self->call, cx, self->address, self->room);
    return error ? (self->result = error, AC_READY) : AC_PENDING;
}

static int describe(const void *self, char *text, size_t room)
{
    return snprintf(text, room, "the addresses of %s", ((const struct ac_resolve_future *)self)->address);
}
AC__AWAITABLE_DESCRIPTOR(ac_resolve, describe);

int ac_resolve(const char *address, struct sockaddr_storage *out, int room)
{
    AC__ENTER(ac_resolve, address, out, room);
    return 0;
}

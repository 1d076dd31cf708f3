/* Load for an echo server: keeps one message in flight on each connection and counts round trips.
 *
 *     echo_load HOST:PORT CONNECTIONS SECONDS      prints round trips, and how many a second
 *
 * One thread and epoll; a server that stops answering ends it with an error after five seconds, and does not hang it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 64, PATIENCE = 5, EVENTS = 256 };
static const char message[SIZE] = "a message of sixty-four bytes that comes back as it went out";

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void fail(const char *what)
{
    fprintf(stderr, "echo_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static struct sockaddr_in parse(char *text)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    char *colon = strrchr(text, ':');
    if (colon) *colon = '\0';
    if (!colon || inet_pton(AF_INET, text, &address.sin_addr) != 1) {
        fprintf(stderr, "echo_load: not an IPv4 address and a port: %s\n", text);
        exit(2);
    }
    address.sin_port = htons((unsigned short)atoi(colon + 1));
    return address;
}

/* As many descriptors as may be had: a thousand connections are more than the usual limit leaves. */
static void allow_descriptors(int connections)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    rlim_t wanted = (rlim_t)connections + 16;
    if (limit.rlim_cur >= wanted) return;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int connect_to(const struct sockaddr_in *address)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct timeval patience = { PATIENCE, 0 };
    if (fd < 0) fail("socket");
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience); /* a connect's, too */
    if (connect(fd, (const struct sockaddr *)address, sizeof *address) < 0) fail("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static void send_message(int fd)
{
    if (write(fd, message, SIZE) != SIZE) fail("write");
}

/* True: a message has come back whole. */
static int receive(int fd, int *got)
{
    char buf[SIZE];
    ssize_t n = read(fd, buf, (size_t)(SIZE - *got));
    if (n == 0) errno = ECONNRESET;
    if (n <= 0) fail("read");
    if (memcmp(buf, message + *got, (size_t)n) != 0) {
        fprintf(stderr, "echo_load: what came back is not what was sent\n");
        exit(1);
    }
    *got += (int)n;
    if (*got < SIZE) return 0;
    *got = 0;
    return 1;
}

static long trips_until(int epoll, double end, int *got)
{
    long trips = 0;
    double last = now(), at;
    while ((at = now()) < end) {
        struct epoll_event events[EVENTS];
        int n = epoll_wait(epoll, events, EVENTS, 100);
        if (n > 0) last = at;
        errno = ETIMEDOUT;
        if (n == 0 && at - last > PATIENCE) fail("no answer");
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (!receive(fd, &got[fd])) continue;
            trips++;
            send_message(fd);
        }
    }
    return trips;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: echo_load HOST:PORT CONNECTIONS SECONDS\n");
        return 2;
    }
    struct sockaddr_in address = parse(argv[1]);
    int connections = atoi(argv[2]), epoll = epoll_create1(0);
    allow_descriptors(connections);
    int *got = calloc((size_t)connections + 64, sizeof *got); /* by descriptor: there are few others */
    for (int i = 0; i < connections; i++) {
        int fd = connect_to(&address);
        if (fd >= connections + 64) return 1;
        struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
        send_message(fd);
    }
    double start = now();
    long trips = trips_until(epoll, start + atof(argv[3]), got);
    printf("%ld %.0f\n", trips, (double)trips / (now() - start));
    return 0;
}

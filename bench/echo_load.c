/* Load for an echo server: keeps one message in flight on each connection and counts round trips.
 *
 *     echo_load HOST:PORT CONNECTIONS SECONDS      prints round trips a second
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 64 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int fail(const char *what)
{
    fprintf(stderr, "echo_load: %s: %s\n", what, strerror(errno));
    return 1;
}

int main(int argc, char **argv)
{
    if (argc != 4) return 2;
    char *colon = strrchr(argv[1], ':');
    if (!colon) return 2;
    *colon = '\0';
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(colon + 1)) };
    inet_pton(AF_INET, argv[1], &address.sin_addr);
    int connections = atoi(argv[2]), epoll = epoll_create1(0);
    double seconds = atof(argv[3]);
    static const char message[SIZE] = "a message of sixty-four bytes that comes back as it went out";
    int *got = calloc(65536, sizeof *got);
    for (int i = 0; i < connections; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
        if (fd < 0 || fd >= 65536 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
            return fail("connect");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
        if (write(fd, message, SIZE) != SIZE) return fail("write");
    }
    long trips = 0;
    double start = now(), end = start + seconds;
    while (now() < end) {
        struct epoll_event events[256];
        int n = epoll_wait(epoll, events, 256, 100);
        for (int i = 0; i < n; i++) {
            char buf[SIZE];
            int fd = events[i].data.fd;
            ssize_t r = read(fd, buf, (size_t)(SIZE - got[fd]));
            if (r <= 0) return fail("read");
            got[fd] += (int)r;
            if (got[fd] < SIZE) continue;
            got[fd] = 0;
            trips++;
            if (write(fd, message, SIZE) != SIZE) return fail("write");
        }
    }
    printf("%.0f\n", (double)trips / (now() - start));
    return 0;
}

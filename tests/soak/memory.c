/* What the process holds. */
#include "soak.h"
#include <dirent.h>
#include <malloc.h>

enum { SLAB_SIZE = 64 * 1024 };

static long blocks, slabs;

/* Slabs are the only blocks of that size. */
static void count(void *block, long by)
{
    __atomic_fetch_add(malloc_usable_size(block) >= SLAB_SIZE ? &slabs : &blocks, by, __ATOMIC_RELAXED);
}

static void *allocate(size_t size, size_t align, void *context)
{
    (void)context;
    void *block;
    if (posix_memalign(&block, align, size)) return NULL;
    count(block, 1);
    return block;
}
static void *resize(void *block, size_t size, void *context)
{
    (void)context;
    count(block, -1);
    void *grown = realloc(block, size);
    count(grown ? grown : block, 1);
    return grown;
}
static void release(void *block, void *context)
{
    (void)context;
    count(block, -1);
    free(block);
}
const ac_allocator counting_allocator = { allocate, resize, release, NULL };

/* Sanitizers keep memory that was freed: the resident set says nothing then. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED 1
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

static long resident_kib(void)
{
#ifdef SANITIZED
    return 0;
#endif
    long all, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file) return 0;
    if (fscanf(file, "%ld %ld", &all, &resident) != 2) resident = 0;
    fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static int open_descriptors(void)
{
    int n = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (!folder) return 0;
    while (readdir(folder)) n++;
    closedir(folder);
    return n - 3; /* ".", "..", and the folder itself */
}

struct memory memory_now(void)
{
    return (struct memory){ resident_kib(), __atomic_load_n(&slabs, __ATOMIC_RELAXED),
                            __atomic_load_n(&blocks, __ATOMIC_RELAXED), open_descriptors() };
}

void print_descriptors(void)
{
    for (int fd = 0; fd < 1024; fd++) {
        char link[40], to[200];
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(link, to, sizeof to);
        if (n > 0) printf("  %d: %.*s\n", fd, (int)n, to);
    }
}

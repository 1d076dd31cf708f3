/* What the process holds. */
#include "soak.h"
#include <dirent.h>

static long blocks;

static void *allocate(size_t size, size_t align, void *context)
{
    (void)context;
    void *block;
    if (posix_memalign(&block, align, size)) return NULL;
    __atomic_fetch_add(&blocks, 1, __ATOMIC_RELAXED);
    return block;
}
static void *resize(void *block, size_t size, void *context)
{
    (void)context;
    return realloc(block, size);
}
static void release(void *block, void *context)
{
    (void)context;
    __atomic_fetch_sub(&blocks, 1, __ATOMIC_RELAXED);
    free(block);
}
const ac_allocator counting_allocator = { allocate, resize, release, NULL };

static long resident_kib(void)
{
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
    return (struct memory){ resident_kib(), __atomic_load_n(&blocks, __ATOMIC_RELAXED), open_descriptors() };
}

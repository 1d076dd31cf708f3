/* Slabs come from the system in segments of 4 MiB: aligned allocation of single ones would waste as much again in
 * padding.
 *
 * A slab that is given back keeps its addresses and loses its pages (MADV_DONTNEED), so that memory the program has
 * let go of goes back to the system while the list of free slabs stays in place. Segments are never unmapped: the
 * address space is all they cost. With an allocator of the program's own each slab is one aligned allocation of it. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "mem/chunk.h"
#include "base/lock.h"
#include "mem/alloc.h"
#include <stdint.h>
#include <sys/mman.h>

#define SEGMENT_SIZE ((size_t)4 * 1024 * 1024)

static ac__lock lock;
static void **free_chunks; /* a stack, in memory of its own: the pages of a free slab are not to be touched */
static size_t n_free, room;
static char *segment, *segment_end; /* what is left of the newest segment */
static size_t bytes;

static bool segment_new(void)
{
    char *map =
        mmap(NULL, 2 * SEGMENT_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED) return false;
    char *start = (char *)(((uintptr_t)map + SEGMENT_SIZE - 1) & ~(uintptr_t)(SEGMENT_SIZE - 1));
    if (start > map) munmap(map, (size_t)(start - map));
    size_t behind = (size_t)(map + 2 * SEGMENT_SIZE - (start + SEGMENT_SIZE));
    if (behind > 0) munmap(start + SEGMENT_SIZE, behind);
    segment = start;
    segment_end = start + SEGMENT_SIZE;
    return true;
}

static void *chunk_alloc_locked(void)
{
    if (n_free > 0) return free_chunks[--n_free];
    if (segment == segment_end && !segment_new()) return NULL;
    void *chunk = segment;
    segment += AC__CHUNK_SIZE;
    return chunk;
}

void *ac__chunk_alloc(void)
{
    void *chunk;
    if (ac__allocator_is_default()) {
        ac__lock_acquire(&lock);
        chunk = chunk_alloc_locked();
        ac__lock_release(&lock);
    } else {
        chunk = ac__malloc_aligned(AC__CHUNK_SIZE, AC__CHUNK_SIZE);
    }
    if (chunk) ac__atomic_add(&bytes, AC__CHUNK_SIZE, relaxed);
    return chunk;
}

/* Room on the stack of free slabs; false: then the slab is lost, which is all that can be done without memory. */
static bool make_room(void)
{
    if (n_free < room) return true;
    size_t more = room ? room * 2 : 64;
    void **grown = ac__realloc(free_chunks, more * sizeof *grown);
    if (!grown) return false;
    free_chunks = grown;
    room = more;
    return true;
}

void ac__chunk_free(void *chunk)
{
    ac__atomic_sub(&bytes, AC__CHUNK_SIZE, relaxed);
    if (!ac__allocator_is_default()) {
        ac__free_aligned(chunk);
        return;
    }
    madvise(chunk, AC__CHUNK_SIZE, MADV_DONTNEED);
    ac__lock_acquire(&lock);
    if (make_room()) free_chunks[n_free++] = chunk;
    ac__lock_release(&lock);
}

size_t ac__chunks_bytes(void) { return ac__atomic_load(&bytes, relaxed); }

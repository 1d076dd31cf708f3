#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "mem/alloc.h"
#include "asyncc/runtime.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *default_allocate(size_t size, size_t align, void *context)
{
    (void)context;
    if (align <= _Alignof(max_align_t)) return malloc(size);
    void *block;
    return posix_memalign(&block, align, size) ? NULL : block;
}

static void *default_resize(void *block, size_t size, void *context)
{
    (void)context;
    return realloc(block, size);
}

static void default_release(void *block, void *context)
{
    (void)context;
    free(block);
}

static ac_allocator the = { default_allocate, default_resize, default_release, NULL };

void ac__allocator_set(const ac_allocator *allocator) { the = *allocator; }

bool ac__allocator_is_default(void) { return the.allocate == default_allocate; }

void *ac__malloc(size_t size) { return the.allocate(size ? size : 1, _Alignof(max_align_t), the.context); }

void *ac__calloc(size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes)) return NULL;
    void *block = ac__malloc(bytes);
    return block ? memset(block, 0, bytes) : NULL;
}

void *ac__realloc(void *block, size_t size)
{
    return block ? the.resize(block, size ? size : 1, the.context) : ac__malloc(size);
}

void ac__free(void *block)
{
    if (block) the.release(block, the.context);
}

void *ac__malloc_aligned(size_t size, size_t align)
{
    if (align < _Alignof(max_align_t)) align = _Alignof(max_align_t);
    return the.allocate(size, align, the.context);
}

void ac__free_aligned(void *block) { ac__free(block); }

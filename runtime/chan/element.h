/* Values of a type that only its size is known of. */
#ifndef ASYNCC_CHAN_ELEMENT_H
#define ASYNCC_CHAN_ELEMENT_H
#include "mem/alloc.h"
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* memcpy, with the sizes of most messages spelled out: a call to it costs more than the copy of a word. */
static inline void ac__copy(void *to, const void *from, size_t size)
{
    switch (size) {
    case 4: memcpy(to, from, 4); return;
    case 8: memcpy(to, from, 8); return;
    case 16: memcpy(to, from, 16); return;
    default: memcpy(to, from, size);
    }
}

/* Received values may be thrown away: `to` may be NULL. */
static inline void ac__copy_out(void *to, const void *from, size_t size)
{
    if (to) ac__copy(to, from, size);
}

/* A handle is a pointer in a variable of the user's, whose type is not known here: put there, and read, as bytes. */
static inline void ac__put_handle(void *variable, void *handle) { memcpy(variable, &handle, sizeof handle); }
static inline void *ac__handle_in(const void *variable)
{
    void *handle;
    memcpy(&handle, variable, sizeof handle);
    return handle;
}

static inline size_t ac__round_up(size_t n, size_t align) { return (n + align - 1) & ~(align - 1); }

/* Memory that holds elements aligned to `align`. malloc's 16 are enough for all but a few types, and cheaper to ask
 * for. */
static inline void *ac__elements_alloc(size_t size, size_t align)
{
    return align <= 16 ? ac__malloc(size) : ac__malloc_aligned(size, align);
}

static inline void ac__elements_free(void *block, size_t align)
{
    if (align <= 16) ac__free(block);
    else ac__free_aligned(block);
}

#endif

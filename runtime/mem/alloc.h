/* The runtime's general allocator: malloc, or what the program put in its place by the `allocator` option. */
#ifndef ASYNCC_MEM_ALLOC_H
#define ASYNCC_MEM_ALLOC_H
#include <stdbool.h>
#include <stddef.h>

/* As malloc and free; all give NULL when memory is out. */
void *ac__malloc(size_t size);
void *ac__calloc(size_t n, size_t size);
void *ac__realloc(void *block, size_t size);
void ac__free(void *block);
/* Aligned to `align`, a power of two; freed with ac__free_aligned. */
void *ac__malloc_aligned(size_t size, size_t align);
void ac__free_aligned(void *block);

/* What the program supplies (asyncc/runtime.h). Set before anything is allocated. */
struct ac_allocator;
void ac__allocator_set(const struct ac_allocator *allocator);
bool ac__allocator_is_default(void);

#endif

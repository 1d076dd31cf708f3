/* Slabs as pieces of memory: 64 KiB, aligned to their size, so that the slab of a cell is found by masking its
 * address. */
#ifndef ASYNCC_MEM_CHUNK_H
#define ASYNCC_MEM_CHUNK_H
#include <stddef.h>

#define AC__CHUNK_SIZE ((size_t)64 * 1024)

/* From any thread. NULL when memory is out. */
void *ac__chunk_alloc(void);
void ac__chunk_free(void *chunk);
size_t ac__chunks_bytes(void);

#endif

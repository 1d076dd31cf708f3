/* Small cells: memory for what comes and goes with tasks (pool frames, oneshot cells, channel ends). See slab.c. */
#ifndef ASYNCC_MEM_SLAB_H
#define ASYNCC_MEM_SLAB_H
#include <stddef.h>
#include <stdint.h>

/* A cell of at least `size` bytes, aligned to 16, contents undefined; NULL when memory is out. Any thread may free it. Cheap on a
 * worker (its own free list, no lock); on other threads a lock is taken. */
void *ac__cell_alloc(size_t size);
void ac__cell_free(void *cell);

#endif

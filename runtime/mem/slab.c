#include "mem/slab.h"
#include "mem/alloc.h"

void *ac__cell_alloc(size_t size) { return ac__malloc(size); }
void ac__cell_free(void *cell) { ac__free(cell); }

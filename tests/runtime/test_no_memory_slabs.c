/* Memory that runs out, with the slabs as they are. */
#define TEST_OF_SLABS
#include "test_no_memory.c"

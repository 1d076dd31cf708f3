/* `async int main`: a runtime around one function. */
#include "asyncc/runtime.h"
#include "asyncc/future.h"
#include "base/fatal.h"
#include "mem/alloc.h"
#include <errno.h>
#include <signal.h>
#include <string.h>

/* Overridden by AC_MAIN_OPTIONS. */
__attribute__((weak)) const struct ac__main_options ac__main_options = { sizeof(ac_runtime_options), { 0 } };

/* There is one main. */
static struct {
    ac_runtime *runtime;
    const ac_descriptor *type;
    void *future;
} the;

void *ac__main_begin(const ac_descriptor *type)
{
    (void)signal(SIGPIPE, SIG_IGN);
    the.runtime = ac__runtime_new(&ac__main_options.options, ac__main_options.size);
    if (!the.runtime) ac__fatal("the runtime for main could not be made: %s", strerror(errno));
    the.type = type;
    the.future = ac__malloc_aligned(type->size, type->align);
    if (!the.future) ac__fatal("no memory for main");
    return the.future;
}

/* Tasks that wait are dropped when main returns, and their defers run; calls that still block a second later end
 * with the process. */
int ac__main_end(void *future)
{
    int status = 0;
    ac__block_on(the.runtime, the.type, future);
    if (the.type->result_size == sizeof status)
        memcpy(&status, (char *)future + the.type->result_offset, sizeof status);
    ac__free_aligned(future);
    ac_runtime_shutdown(the.runtime, ac_secs(1));
    return status;
}

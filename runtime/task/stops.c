/* Where generated code stops the program. */
#include "asyncc/future.h"
#include "base/fatal.h"

_Noreturn void ac__select_all_disabled(const char *file, unsigned line)
{
    ac__fatal("%s:%u: every arm of the select is disabled, and it has no otherwise", file, line);
}

_Noreturn void ac__resumed_finished(const char *file, unsigned line)
{
    ac__fatal("%s:%u: ac_resume of a future that has finished", file, line);
}

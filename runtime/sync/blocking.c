#include "sync/blocking.h"
#include "asyncc/task.h"
#include "base/fatal.h"

void ac__refuse_in_task(const char *call)
{
    if (ac_task_current_id() != 0)
        ac__fatal("%s would put a worker to sleep, and with it every task it runs: await the call without `blocking`",
                  call);
}

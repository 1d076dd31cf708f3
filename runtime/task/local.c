#include "task/local.h"
#include "asyncc/task.h"
#include "base/fatal.h"
#include "mem/slab.h"
#include "sched/worker.h"
#include <errno.h>
#include <string.h>

struct ac__task_local {
    struct ac__task_local *next;
    const void *key;
    _Alignas(16) char value[];
};

static struct ac__task *task_here(const char *call)
{
    struct ac__task *task = ac__task_here();
    if (!task) ac__fatal("%s: called outside a task", call);
    return task;
}

static struct ac__task_local *find(struct ac__task *task, const void *key)
{
    struct ac__task_local *local = task->locals;
    while (local && local->key != key) local = local->next;
    return local;
}

int ac__task_local_set(const void *key, const void *value, size_t size)
{
    struct ac__task *task = task_here("ac_task_local_set");
    struct ac__task_local *local = find(task, key);
    if (!local) {
        local = ac__cell_alloc(sizeof *local + size);
        if (!local) return -ENOMEM;
        local->key = key;
        local->next = task->locals;
        task->locals = local;
    }
    memcpy(local->value, value, size);
    return 0;
}

void *ac__task_local_get(const void *key)
{
    struct ac__task_local *local = find(task_here("ac_task_local_get"), key);
    return local ? local->value : NULL;
}

void ac__task_locals_free(struct ac__task *task)
{
    while (task->locals) {
        struct ac__task_local *local = task->locals;
        task->locals = local->next;
        ac__cell_free(local);
    }
}

/* Awaitables for the tests of tasks and schedulers: the smallest that show a rule. */
#ifndef TESTS_CORE_H
#define TESTS_CORE_H
#include "base/list.h"
#include "base/lock.h"
#include "script.h"
#include "task/wake.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* In a script: where the next poll begins. */
#define POLLED_FROM_HERE()                                                                                             \
    do {                                                                                                               \
        self->script.line = __LINE__;                                                                                  \
        __attribute__((fallthrough));                                                                                  \
    case __LINE__:;                                                                                                    \
    } while (0)

/* --- hold: waits for ever, and tells when and where it is dropped --------------------------------------------------*/

struct dropped {
    int times;
    pthread_t by;
};
struct hold_future {
    struct dropped *dropped;
};
static inline void hold_init(struct hold_future *self, struct dropped *dropped) { self->dropped = dropped; }
static inline int hold_poll(void *self, ac_context *cx)
{
    (void)self, (void)cx;
    return AC_PENDING;
}
static inline void hold_drop(void *future)
{
    struct hold_future *self = future;
    self->dropped->by = pthread_self();
    __atomic_fetch_add(&self->dropped->times, 1, __ATOMIC_SEQ_CST);
}
static const ac_descriptor hold_descriptor = { .name = "hold",
                                               .file = __FILE__,
                                               .size = sizeof(struct hold_future),
                                               .align = _Alignof(struct hold_future),
                                               .poll = hold_poll,
                                               .drop = hold_drop };

/* --- gate: waits until it is opened; by the book of wake.h ---------------------------------------------------------*/

struct gate {
    ac__lock lock;
    bool open;
    struct ac__list waiters;
};
enum { GATE_NEW, GATE_WAITING, GATE_FIRING, GATE_FIRED };
struct gate_future {
    struct gate *gate;
    struct ac__list node;
    struct ac__task *task;
    uint32_t state;
};
static inline void gate_init(struct gate_future *self, struct gate *gate)
{
    *self = (struct gate_future){ .gate = gate };
}
static inline int gate_poll(void *future, ac_context *cx)
{
    struct gate_future *self = future;
    switch (__atomic_load_n(&self->state, __ATOMIC_ACQUIRE)) {
    case GATE_WAITING: return AC_PENDING;
    case GATE_FIRED: return AC_READY;
    case GATE_FIRING: /* wait the waker out */
        ac__lock_acquire(&self->gate->lock);
        ac__lock_release(&self->gate->lock);
        return AC_READY;
    }
    ac__lock_acquire(&self->gate->lock);
    bool open = self->gate->open;
    if (!open) {
        self->task = cx->task;
        __atomic_store_n(&self->state, GATE_WAITING, __ATOMIC_RELAXED);
        ac__list_push_back(&self->gate->waiters, &self->node);
    }
    ac__lock_release(&self->gate->lock);
    return open ? AC_READY : AC_PENDING;
}
static inline void gate_drop(void *future)
{
    struct gate_future *self = future;
    ac__lock_acquire(&self->gate->lock);
    if (ac__list_linked(&self->node)) ac__list_remove(&self->node);
    ac__lock_release(&self->gate->lock);
}
/* Wakes at most `most` waiters; those that come later wait unless `open`. */
static inline unsigned gate_wake(struct gate *gate, unsigned most, bool open)
{
    struct ac__wake_list list = { .count = 0 };
    unsigned woken = 0;
    ac__lock_acquire(&gate->lock);
    gate->open = open;
    for (struct ac__list *node; woken < most && (node = ac__list_pop_front(&gate->waiters)); woken++) {
        struct gate_future *waiter = ac__list_entry(node, struct gate_future, node);
        __atomic_store_n(&waiter->state, GATE_FIRING, __ATOMIC_RELAXED);
        ac__wake_list_notify(&list, waiter->task);
        __atomic_store_n(&waiter->state, GATE_FIRED, __ATOMIC_RELEASE);
        if (ac__wake_list_full(&list)) {
            ac__lock_release(&gate->lock);
            ac__wake_list_push(&list);
            ac__lock_acquire(&gate->lock);
        }
    }
    ac__lock_release(&gate->lock);
    ac__wake_list_push(&list);
    return woken;
}
static inline void gate_open(struct gate *gate) { gate_wake(gate, ~0u, true); }
static const ac_descriptor gate_descriptor = { .name = "gate",
                                               .file = __FILE__,
                                               .size = sizeof(struct gate_future),
                                               .align = _Alignof(struct gate_future),
                                               .poll = gate_poll,
                                               .drop = gate_drop };

/* --- Waiting from outside ------------------------------------------------------------------------------------------*/

/* Until *word is at least n, for some seconds. */
static inline bool reaches(int *word, int n)
{
    for (int i = 0; i < 50000; i++) {
        if (__atomic_load_n(word, __ATOMIC_SEQ_CST) >= n) return true;
        usleep(100);
    }
    return false;
}

static inline int count_of(int *word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }
static inline void add(int *word, int n) { __atomic_fetch_add(word, n, __ATOMIC_SEQ_CST); }

#endif

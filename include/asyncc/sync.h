/* The locks: each suspends the task that waits, never its thread. docs/locks.md tells how they work. */
#ifndef ASYNCC_SYNC_H
#define ASYNCC_SYNC_H
#include "barrier.h"
#include "mutex.h"
#include "notify.h"
#include "once.h"
#include "rwlock.h"
#include "semaphore.h"
#endif

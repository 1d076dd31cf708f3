#include "sched/thread.h"

_Thread_local struct ac__thread ac__thread;

/* asyncc: async/await for C. Includes every public header of the library. */
#ifndef ASYNCC_H
#define ASYNCC_H
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "future.h"
#include "handle.h"

#include "runtime.h"
#include "task.h"
#include "waker.h"
#include "time.h"
#include "token.h"
#include "task_set.h"
#include "sync.h"
#include "channel.h"
#include "io.h"
#include "process.h"
#include "signals.h"

/* Last: some of the words are names in other headers. */
#include "words.h"
#endif

/* The channels: ways to hand values from task to task. docs/channels.md tells how they work. */
#ifndef ASYNCC_CHANNEL_H
#define ASYNCC_CHANNEL_H
#include "broadcast.h"
#include "mpsc.h"
#include "oneshot.h"
#include "watch.h"
#endif

#include "counting.h"

int plain(void) { return ANSWER; }

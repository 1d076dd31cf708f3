#include "task/where.h"

size_t ac__where(char *text, size_t room) { (void)text, (void)room; return 0; }

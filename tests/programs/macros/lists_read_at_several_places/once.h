#pragma once
typedef struct { int y; } read_once;
static inline int once_value(read_once o) { return o.y; }

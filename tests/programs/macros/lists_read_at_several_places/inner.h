/* Behind its guard it is empty, wherever it is read again. */
#ifndef INNER_H
#define INNER_H
#define WITH_TWO 2
#define HAS_TWO defined(WITH_TWO)
#define HAS(with) (defined with##TWO && defined(with##TWO))
typedef struct { int x; } inner;
static inline int inner_value(inner i) { return i.x; }
#endif

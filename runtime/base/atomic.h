/* Atomic operations, as the interleaving checker sees them.
 *
 * Every lock-free part of the runtime goes through these macros and not through <stdatomic.h>, for two reasons:
 * fields of shared structs stay plain integers and pointers (all-zero is a valid initial value, debuggers print
 * them), and tests/interleave/ compiles the same sources with AC__INTERLEAVE, where each operation is a point at
 * which the checker may run another thread. The memory order is the last argument, without its prefix:
 * ac__atomic_load(&word, acquire). */
#ifndef ASYNCC_BASE_ATOMIC_H
#define ASYNCC_BASE_ATOMIC_H
#include <stdbool.h>
#include <stdint.h>

#define AC__ORDER_relaxed __ATOMIC_RELAXED
#define AC__ORDER_acquire __ATOMIC_ACQUIRE
#define AC__ORDER_release __ATOMIC_RELEASE
#define AC__ORDER_acq_rel __ATOMIC_ACQ_REL
#define AC__ORDER_seq_cst __ATOMIC_SEQ_CST

#ifdef AC__INTERLEAVE
/* A place where the checker may switch threads: called before the operation, with what it touches. */
void ac__interleave_point(const volatile void *address, const char *file, int line);
#define AC__POINT(p) ac__interleave_point((p), __FILE__, __LINE__)
#else
#define AC__POINT(p) ((void)0)
#endif

#define ac__atomic_load(p, order) (AC__POINT(p), __atomic_load_n((p), AC__ORDER_##order))
#define ac__atomic_store(p, value, order) (AC__POINT(p), __atomic_store_n((p), (value), AC__ORDER_##order))
#define ac__atomic_exchange(p, value, order) (AC__POINT(p), __atomic_exchange_n((p), (value), AC__ORDER_##order))
#define ac__atomic_add(p, value, order) (AC__POINT(p), __atomic_fetch_add((p), (value), AC__ORDER_##order))
#define ac__atomic_sub(p, value, order) (AC__POINT(p), __atomic_fetch_sub((p), (value), AC__ORDER_##order))
#define ac__atomic_or(p, value, order) (AC__POINT(p), __atomic_fetch_or((p), (value), AC__ORDER_##order))
#define ac__atomic_and(p, value, order) (AC__POINT(p), __atomic_fetch_and((p), (value), AC__ORDER_##order))
#define ac__atomic_xor(p, value, order) (AC__POINT(p), __atomic_fetch_xor((p), (value), AC__ORDER_##order))
/* Strong compare and swap: true when *p was *expected and now is value; else *expected is what *p was. */
#define ac__atomic_cas(p, expected, value, success, failure)                                                           \
    (AC__POINT(p),                                                                                                     \
     __atomic_compare_exchange_n((p), (expected), (value), false, AC__ORDER_##success, AC__ORDER_##failure))
/* May fail for no reason: for loops. The checker takes the strong one, so that it need not explore that. */
#define ac__atomic_cas_weak(p, expected, value, success, failure)                                                      \
    (AC__POINT(p),                                                                                                     \
     __atomic_compare_exchange_n((p), (expected), (value), true, AC__ORDER_##success, AC__ORDER_##failure))

/* A full fence; after an atomic read-modify-write, which is one itself on x86. */
#define ac__atomic_fence() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#if defined __x86_64__ || defined __i386__
#define ac__atomic_fence_after_change() ((void)0)
#else
#define ac__atomic_fence_after_change() ac__atomic_fence()
#endif
/* ThreadSanitizer knows no fences: where it looks on, what they are to order has to be ordered otherwise. */
#if defined __SANITIZE_THREAD__
#define AC__NO_FENCES 1
#elif defined __has_feature
#if __has_feature(thread_sanitizer)
#define AC__NO_FENCES 1
#endif
#endif

/* A counter that one thread writes and others may read at any time (metrics): no locked instruction. */
#define ac__count_add(p, n) __atomic_store_n((p), __atomic_load_n((p), __ATOMIC_RELAXED) + (n), __ATOMIC_RELAXED)
#define ac__count_get(p) __atomic_load_n((p), __ATOMIC_RELAXED)

static inline void ac__cpu_relax(void)
{
#if defined __x86_64__ || defined __i386__
    __builtin_ia32_pause();
#elif defined __aarch64__
    __asm__ volatile("yield");
#endif
}

#define ac__likely(x) __builtin_expect(!!(x), 1)
#define ac__unlikely(x) __builtin_expect(!!(x), 0)
#define ac__cold __attribute__((cold, noinline))
#define AC__CACHE_LINE 64
#define ac__container_of(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

#endif

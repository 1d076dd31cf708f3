/* Typed handles that need no declaration. A handle of T is a phantom object pointer, `T *(*)[kind]`: equal in every file,
 * clean under -Wpedantic, and `__typeof__(***h)` is its T, also when T is void. A handle of another type or kind is an
 * incompatible pointer, which the compilers report at the user's line. */
#ifndef ASYNCC_HANDLE_H
#define ASYNCC_HANDLE_H

enum {
    AC__TASK = 1, AC__FUTURE, AC__MPSC_TX, AC__MPSC_RX, AC__MPSC_WEAK, AC__MPSC_PERMIT, AC__ONESHOT_TX, AC__ONESHOT_RX,
    AC__BROADCAST_TX, AC__BROADCAST_RX, AC__WATCH_TX, AC__WATCH_RX, AC__TASK_SET, AC__TASK_LOCAL, AC__DELAY_QUEUE
};
#define AC__HANDLE(T, kind) __typeof__(__typeof__(T) *(*)[kind])
#define AC__T(h) __typeof__(***(h))
/* A pointer to a T to be written: any other pointer type is an error; NULL is allowed. */
#define AC__OUT(h, out) (1 ? (out) : (AC__T(h) *)0)
/* A pointer to a copy of v converted to T as an argument would be; v is evaluated once. */
#define AC__IN(h, v) ((void)sizeof(((int (*)(AC__T(h)))0)(v)), (AC__T(h)[1]){ v })

#define ac_task(T) AC__HANDLE(T, AC__TASK)
#define ac_future(T) AC__HANDLE(T, AC__FUTURE)

/* Marks a function that takes over the handle in its first argument: in a .ac file a variable given there is set to NULL. */
#ifdef __ASYNCC__
/* preserve_most puts async-ness into the function type, so that clang refuses to mix async and plain pointers. */
#if defined __x86_64__ || defined __aarch64__
#define ac_async __attribute__((annotate("asyncc:async"), preserve_most))
#else
#define ac_async __attribute__((annotate("asyncc:async")))
#endif
#define AC__CONSUMES __attribute__((annotate("asyncc:consumes")))
#else
#define ac_async
#define AC__CONSUMES
#endif
#endif

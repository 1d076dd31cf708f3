/* Typed handles that need no declaration. A handle of T is a phantom object pointer, `T *(*)[kind]`: equal in every
 * file, clean under -Wpedantic, and `__typeof__(***h)` is its T, also when T is void. A handle of another type or kind
 * is an incompatible pointer, which the compilers report at the user's line. */
#ifndef ASYNCC_HANDLE_H
#define ASYNCC_HANDLE_H

enum {
    AC__TASK = 1,
    AC__FUTURE,
    AC__MPSC_TX,
    AC__MPSC_RX,
    AC__MPSC_WEAK,
    AC__MPSC_PERMIT,
    AC__ONESHOT_TX,
    AC__ONESHOT_RX,
    AC__BROADCAST_TX,
    AC__BROADCAST_RX,
    AC__WATCH_TX,
    AC__WATCH_RX,
    AC__TASK_SET,
    AC__TASK_LOCAL,
    AC__DELAY_QUEUE
};
#define AC__HANDLE(T, kind) __typeof__(__typeof__(T) *(*)[kind])
#define AC__T(h) __typeof__(***(h))
/* The value of `expression`; but unless `condition` holds it does not compile, at the line of its use. asyncc needs no
 * such help: it refuses incompatible pointers in a .ac file itself. The C compilers only warn of them, and a wrong
 * element type must be an error there too. */
#if defined __ASYNCC__ && !defined AC__OUTPUT
#define AC__REQUIRE(condition, message, expression) (expression)
#else
#define AC__REQUIRE(condition, message, expression)                                                                    \
    ((void)sizeof(struct {                                                                                             \
         _Static_assert(condition, message);                                                                           \
         char ac__checked;                                                                                             \
     }),                                                                                                               \
     expression)
#endif
/* `pointer`, which must be of this pointer type or NULL. */
#define AC__POINTER(pointer, type, message)                                                                            \
    AC__REQUIRE(__builtin_types_compatible_p(__typeof__(1 ? (pointer) : (type)0), type), message,                      \
                1 ? (pointer) : (type)0)
/* A pointer to a T to be written: any other pointer type is an error; NULL is allowed. */
#define AC__OUT(h, out) AC__POINTER(out, AC__T(h) *, "this points to another type than the handle's")
/* h itself, which must be a handle of this kind. */
#define AC__AS(h, kind) AC__POINTER(h, AC__HANDLE(AC__T(h), kind), "this is another kind of handle")
/* The same beside a call whose argument h has to stay as it is, so that a variable given to a consuming function is
 * seen. */
#define AC__IS(h, kind) ((void)sizeof(AC__AS(h, kind)))
/* A pointer to a copy of v converted to T as an argument would be; v is evaluated once. */
#define AC__IN(h, v) ((void)sizeof(((int (*)(AC__T(h)))0)(v)), (AC__T(h)[1]){ v })

/* Which kind of handle h is, as a number. */
#define AC__KIND(h) (sizeof *(h) / sizeof **(h))
/* h is a handle of one of two kinds. */
#define AC__IS_ONE_OF(h, a, b) ((void)sizeof(char[AC__KIND(h) == (a) || AC__KIND(h) == (b) ? 1 : -1]))
/* `variable` points to where a handle of this kind, and of the same T as the handle that `like` points to, is to be
 * stored. */
#define AC__NEW(like, variable, kind)                                                                                  \
    AC__POINTER(variable, AC__HANDLE(AC__T(*(like)), kind) *, "this is not where such a handle can be stored")
/* The function f, which must be of this pointer type, as the library takes it: with void pointers for pointers to T. */
#define AC__FN(f, type, as) ((as)(void (*)(void))AC__POINTER(f, type, "the function has another type"))

#define ac_task(T) AC__HANDLE(T, AC__TASK)
#define ac_future(T) AC__HANDLE(T, AC__FUTURE)

/* Marks a function that takes over the handle in its first argument: in a .ac file a variable given there is set to
 * NULL. */
#if defined __ASYNCC__ && !defined AC__OUTPUT
/* A calling convention that nobody uses puts async-ness into the function type, so that clang refuses to mix async and
 * plain pointers. Nothing is ever called by it: only asyncc's parser sees it. */
#if defined __x86_64__ || defined __aarch64__
#define ac_async __attribute__((annotate("asyncc:async"), preserve_most))
#elif defined __i386__
#define ac_async __attribute__((annotate("asyncc:async"), pascal))
#elif defined __arm__ || defined __powerpc64__ || defined __s390x__ || defined __wasm__
#define ac_async __attribute__((annotate("asyncc:async"), swiftcall))
#else
#define ac_async __attribute__((annotate("asyncc:async")))
#endif
#define AC__CONSUMES __attribute__((annotate("asyncc:consumes")))
#else
#define ac_async
#define AC__CONSUMES
#endif
#endif

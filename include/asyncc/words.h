/* The words of the language, as plain C that clang parses and types.
 *
 * With __ASYNCC__ (asyncc sets it, and so do the compile commands written for clangd) each word turns into C of the
 * same shape: `await` is a prefix operator, `select` a switch, `when` a for, `within` an if. Nothing here is ever run:
 * asyncc reads the tree that clang makes of it and writes the program. Without __ASYNCC__ only `ac_async` exists, as
 * nothing, so that a header shared with C files can say it. With ASYNCC_NO_KEYWORDS only the spellings with `ac_`
 * exist. */
#ifndef ASYNCC_WORDS_H
#define ASYNCC_WORDS_H

#if defined __ASYNCC__ && !defined AC__OUTPUT
int ac__select(int), ac__when(void), ac__gather(void), ac__defer(void), ac__otherwise(void), ac__until(int);
_Bool ac__within(long long);
void *ac__h(void);
#define ac_await __extension__ __extension__
#define ac_select switch (ac__select(0))
#define ac_select_biased switch (ac__select(1))
#define ac_when(...) for (__VA_ARGS__; ac__when();)
#define ac_when_true(...) for (__VA_ARGS__; ac__until(0);)
#define ac_otherwise if (ac__otherwise())
/* clang-format off */
#define ac_gather switch (ac__gather()) default:
#define ac_defer switch (ac__defer()) default:
/* clang-format on */
#define ac_within(d) if (ac__within(d))
#define ac_run_until(...) if (ac__until((__VA_ARGS__, 0)))
#define AC__SPAWN(kind, ...) ((AC__HANDLE(__typeof__(__VA_ARGS__), kind))((void)(__VA_ARGS__), ac__h()))
#define ac_spawn(...) AC__SPAWN(AC__TASK, __VA_ARGS__)
#define ac_spawn_local(...) AC__SPAWN(AC__TASK, __VA_ARGS__)
#define ac_spawn_blocking(...) AC__SPAWN(AC__TASK, __VA_ARGS__)
#define ac_spawn_on(rt, ...) ((void)(rt), AC__SPAWN(AC__TASK, __VA_ARGS__))
#define ac_lazy(...) AC__SPAWN(AC__FUTURE, __VA_ARGS__)
#define ac_join(t) (***(t))
#define ac_resume(f) (***(f))
#define ac_block_on(rt, ...) ((void)(rt), (__VA_ARGS__))
ac_async int ac__join_result(void *task, void *out);
#define ac_join_result(t, out) ac__join_result((t), AC__OUT(t, out))
_Bool ac__is_done(const void *future);
#define ac_is_done(x) ac__is_done(x)
#ifndef ASYNCC_NO_KEYWORDS
#define async ac_async
#define await ac_await
#define select ac_select
#define select_biased ac_select_biased
#define when ac_when
#define when_true ac_when_true
#define otherwise ac_otherwise
#define gather ac_gather
#define defer ac_defer
#define within ac_within
#define run_until ac_run_until
#define spawn ac_spawn
#define spawn_local ac_spawn_local
#define spawn_blocking ac_spawn_blocking
#define spawn_on ac_spawn_on
#endif
#endif
#endif

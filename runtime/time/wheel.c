/* The timer wheel: arming, cancelling and firing in constant time, for any number of timers.
 *
 * A tick is a millisecond. A timer that is due at tick W lies in a slot of one of eight levels of 64 slots; think of W
 * and of the wheel's present tick T as numbers of eight digits in base 64. The timer's level is that of the highest
 * digit in which they differ, its slot is W's digit there. So level 0 holds the timers of the present block of 64 ms,
 * one slot a tick; level 1 those of the present block of 4096 ms, 64 ticks a slot; and level 7 reaches beyond the end
 * of 64-bit nanoseconds. (Varghese and Lauck, "Hashed and hierarchical timing wheels", scheme 7; the digits are Tokio's
 * way to say it.)
 *
 * Between calls W > T for every timer, so at each level the slots in use are above T's digit there, and all of a lower
 * level come before all of a higher one. The next thing to happen is therefore in the first slot in use of the first
 * level in use, which eight words of bits tell: at level 0 its timers are due; at a higher level T moves to the slot's
 * first tick, and its timers are placed anew, all at lower levels now (the *cascade*). A timer is touched at most once
 * a level, most are cancelled before the first time. T moves forward when something is fired, and when a timer is
 * armed, if that crosses no slot in use; so a wheel that was left alone for an hour does not place a short timer high
 * up.
 *
 * Slots are rings in the order of arming, and cascading keeps that order: timers of one tick fire first come first
 * served.
 *
 * Who may touch what. All of a wheel and of the timers in it is under its lock, but for two words that are read
 * without: the wheel's `next` (see timers.c), and a timer's `state`, so that a pending re-poll is one load. A poll that
 * sees FIRED ends the wait without taking the lock, and then timer and task may be gone: so firing a timer that is
 * polled at the same moment, by a task that something else has woken, must not touch either after it said FIRED. Nor
 * may it say FIRED only, and notify before: the task could be polled in between, see nothing and go to sleep for good.
 * Hence two steps: FIRING, notify, FIRED. A poll (or drop) that meets FIRING passes through the lock once, which the
 * firing thread holds until after its last touch. */
#include "sched/runtime.h"
#include "task/wake.h"
#include "time/wheel.h"

enum { DIGIT_BITS = 6, DIGIT_MASK = AC__WHEEL_SLOTS - 1 };
static const uint64_t last_tick =
    INT64_MAX / AC__NS_PER_MS; /* the last one that is an instant when put in nanoseconds */
static const uint64_t no_tick = UINT64_MAX;

static uint64_t tick_not_before(int64_t deadline)
{
    uint64_t tick = ((uint64_t)deadline + AC__NS_PER_MS - 1) / AC__NS_PER_MS;
    return tick < last_tick ? tick : last_tick;
}

static uint64_t tick_not_after(int64_t now) { return now > 0 ? (uint64_t)now / AC__NS_PER_MS : 0; }

static int64_t instant_of(uint64_t tick) { return tick == no_tick ? INT64_MAX : (int64_t)(tick * AC__NS_PER_MS); }

void ac__wheel_init(struct ac__wheel *wheel, struct ac__timers *timers, int64_t now)
{
    *wheel = (struct ac__wheel){ .next = INT64_MAX, .timers = timers, .tick = tick_not_after(now) };
}

/* --- Slots -------------------------------------------------------------------------------------------------------- */

/* At the end of its slot's ring. W >= T: equal only for what is about to be fired. */
static void place(struct ac__wheel *wheel, struct ac__timer *timer)
{
    uint64_t when = tick_not_before(timer->deadline);
    uint64_t differ = when ^ wheel->tick;
    unsigned level = differ ? (63 - (unsigned)__builtin_clzll(differ)) / DIGIT_BITS : 0;
    unsigned digit = (when >> (level * DIGIT_BITS)) & DIGIT_MASK;
    struct ac__timer **slot = &wheel->slots[level][digit];
    timer->slot = (uint16_t)(level * AC__WHEEL_SLOTS + digit);
    if (!*slot) {
        *slot = timer->next = timer->previous = timer;
        wheel->occupied[level] |= UINT64_C(1) << digit;
        return;
    }
    timer->next = *slot;
    timer->previous = (*slot)->previous;
    timer->previous->next = timer->next->previous = timer;
}

static void take_out(struct ac__wheel *wheel, struct ac__timer *timer)
{
    unsigned level = timer->slot / AC__WHEEL_SLOTS, digit = timer->slot & DIGIT_MASK;
    struct ac__timer **slot = &wheel->slots[level][digit];
    if (timer->next == timer) {
        *slot = NULL;
        wheel->occupied[level] &= ~(UINT64_C(1) << digit);
        return;
    }
    timer->next->previous = timer->previous;
    timer->previous->next = timer->next;
    if (*slot == timer) *slot = timer->next;
}

/* The first slot in use, and the first tick that it covers; no_tick: the wheel is empty. */
static uint64_t first_slot(const struct ac__wheel *wheel, unsigned *level, unsigned *digit)
{
    for (unsigned l = 0; l < AC__WHEEL_LEVELS; l++) {
        if (!wheel->occupied[l]) continue;
        *level = l;
        *digit = (unsigned)__builtin_ctzll(wheel->occupied[l]);
        unsigned shift = l * DIGIT_BITS;
        uint64_t above = wheel->tick >> (shift + DIGIT_BITS) << (shift + DIGIT_BITS);
        return above | (uint64_t)*digit << shift;
    }
    return no_tick;
}

static uint64_t first_tick(const struct ac__wheel *wheel)
{
    unsigned level, digit;
    return first_slot(wheel, &level, &digit);
}

/* --- Arming and cancelling ---------------------------------------------------------------------------------------- */

bool ac__wheel_arm(struct ac__wheel *wheel, struct ac__timer *timer, int64_t now)
{
    uint64_t when = tick_not_before(timer->deadline);
    int64_t due = instant_of(when);
    bool earliest = false;
    ac__lock_acquire(&wheel->lock);
    uint64_t present = tick_not_after(now);
    if (present > wheel->tick && present < first_tick(wheel)) wheel->tick = present;
    bool waits = when > wheel->tick;
    if (waits) {
        timer->wheel = wheel;
        place(wheel, timer);
        ac__atomic_store(&timer->state, AC__TIMER_WAITING, relaxed);
        earliest = due < ac__atomic_load(&wheel->next, relaxed);
        /* Before the scheduler looks to when somebody sleeps, in the one order that all see: timers.c. */
        if (earliest) ac__atomic_store(&wheel->next, due, seq_cst);
    }
    ac__lock_release(&wheel->lock);
    if (earliest) ac__timers_announce(wheel->timers, due);
    return waits;
}

/* `next` stays as it is: the worst that can come of it is one sleep that ends for nothing, while putting it right would
 * have the timeouts that are armed and cancelled by the million, as most are, touch the sleeper each time. */
void ac__wheel_cancel(struct ac__timer *timer)
{
    struct ac__wheel *wheel = timer->wheel;
    ac__lock_acquire(&wheel->lock);
    if (ac__atomic_load(&timer->state, relaxed) == AC__TIMER_WAITING) {
        take_out(wheel, timer);
        ac__atomic_store(&timer->state, AC__TIMER_NEW, relaxed);
    }
    ac__lock_release(&wheel->lock);
}

/* --- Firing ------------------------------------------------------------------------------------------------------- */

/* Fires all of a level-0 slot. When the list of the woken is full they are pushed without the lock; meanwhile timers
 * may leave the slot, but none comes in, because what is armed for a tick that is not after T is due at once. */
static unsigned fire_slot(struct ac__wheel *wheel, unsigned digit, struct ac__wake_list *woken)
{
    struct ac__timer *timer;
    unsigned count = 0;
    for (; (timer = wheel->slots[0][digit]) != NULL; count++) {
        if (ac__wake_list_full(woken)) {
            ac__lock_release(&wheel->lock);
            ac__wake_list_push(woken);
            ac__lock_acquire(&wheel->lock);
            timer = wheel->slots[0][digit];
            if (!timer) break;
        }
        take_out(wheel, timer);
        ac__atomic_store(&timer->state, AC__TIMER_FIRING, relaxed);
        ac__wake_list_notify(woken, timer->task);
        ac__atomic_store(&timer->state, AC__TIMER_FIRED, release);
    }
    return count;
}

/* T is the slot's first tick now: its timers differ from T in lower digits only, or not at all. */
static void cascade(struct ac__wheel *wheel, unsigned level, unsigned digit)
{
    struct ac__timer *first = wheel->slots[level][digit], *timer = first, *next;
    wheel->slots[level][digit] = NULL;
    wheel->occupied[level] &= ~(UINT64_C(1) << digit);
    do {
        next = timer->next;
        place(wheel, timer);
    } while ((timer = next) != first);
}

unsigned ac__wheel_fire(struct ac__wheel *wheel, int64_t now)
{
    struct ac__wake_list woken;
    woken.count = 0;
    unsigned level, digit, count = 0;
    uint64_t present = tick_not_after(now), first;
    ac__lock_acquire(&wheel->lock);
    while ((first = first_slot(wheel, &level, &digit)) <= present) {
        wheel->tick = first;
        if (level == 0) count += fire_slot(wheel, digit, &woken);
        else cascade(wheel, level, digit);
    }
    if (wheel->tick < present) wheel->tick = present;
    ac__atomic_store(&wheel->next, instant_of(first), seq_cst);
    ac__lock_release(&wheel->lock);
    ac__wake_list_push(&woken);
    return count;
}

int64_t ac__wheel_earliest(struct ac__wheel *wheel)
{
    unsigned level, digit;
    ac__lock_acquire(&wheel->lock);
    uint64_t earliest = first_slot(wheel, &level, &digit);
    if (earliest != no_tick && level > 0) {
        struct ac__timer *first = wheel->slots[level][digit], *timer = first;
        earliest = no_tick;
        do {
            uint64_t when = tick_not_before(timer->deadline);
            if (when < earliest) earliest = when;
        } while ((timer = timer->next) != first);
    }
    ac__lock_release(&wheel->lock);
    return instant_of(earliest);
}

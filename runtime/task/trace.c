/* A frame says in its state variable where it stands; the table of states says which line that is, what is awaited
 * there, and where in the frame the awaited future lies. So a chain of awaits can be followed without anything
 * having been recorded for it. */
#include "task/trace.h"
#include "mem/alloc.h"
#include "sched/rt.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- Text ----------------------------------------------------------------------------------------------------------*/

static bool make_room(struct ac__text *text, size_t more)
{
    if (text->room - text->length > more) return true;
    size_t room = 2 * (text->room + more) + 1024;
    char *grown = ac__realloc(text->bytes, room);
    if (!grown) return false;
    text->bytes = grown;
    text->room = room;
    return true;
}

void ac__text_add(struct ac__text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int n = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (n > 0 && make_room(text, (size_t)n + 1)) {
        (void)vsnprintf(text->bytes + text->length, (size_t)n + 1, format, again);
        text->length += (size_t)n;
    }
    va_end(again);
}

void ac__text_free(struct ac__text *text)
{
    ac__free(text->bytes);
    *text = (struct ac__text){ 0 };
}

/* --- States --------------------------------------------------------------------------------------------------------*/

static uint64_t read_unsigned(const void *at, uint32_t size)
{
    switch (size) {
    case 1: return *(const uint8_t *)at;
    case 2: return *(const uint16_t *)at;
    case 4: return *(const uint32_t *)at;
    case 8: return *(const uint64_t *)at;
    default: return 0;
    }
}

/* NULL: it has no table, has not begun, or has ended. */
static const ac_state_info *state_of(const ac_descriptor *type, const void *future, uint32_t strand)
{
    if (strand >= type->n_strands) return NULL;
    const ac_strand_info *at = &type->strands[strand];
    uint64_t state = read_unsigned((const char *)future + at->offset, at->size);
    return state == 0 || state > type->n_states ? NULL : &type->states[state - 1];
}

uint32_t ac__last_line(const ac_descriptor *type, const void *future)
{
    const ac_state_info *state = state_of(type, future, 0);
    return state ? state->line : 0;
}

/* --- Following -----------------------------------------------------------------------------------------------------*/

enum { DEEPEST = 200 }; /* of a recursion: the rest is left out */

static void follow(struct ac__text *text, const ac_descriptor *type, const void *future, unsigned depth);

static void indent(struct ac__text *text, unsigned depth)
{
    ac__text_add(text, "%*s", 4 + (depth < 20 ? (int)depth * 2 : 40), "");
}

static void follow_child(struct ac__text *text, const ac_child_info *child, const void *future, unsigned depth)
{
    const void *at = (const char *)future + child->offset;
    if (child->type) {
        follow(text, child->type, at, depth);
        return;
    }
    struct ac__frame *frame;
    memcpy(&frame, at, sizeof frame);
    if (frame) follow(text, frame->type, ac__frame_future(frame), depth);
}

static void follow_strand(struct ac__text *text, const ac_descriptor *type, const void *future, uint32_t strand,
                          unsigned depth);

static void follow_select(struct ac__text *text, const ac_descriptor *type, const ac_state_info *state,
                          const void *future, unsigned depth)
{
    const ac_child_info *arms = &type->children[state->first_child], *mask = &arms[state->n_children];
    uint64_t running = mask->line ? read_unsigned((const char *)future + mask->offset, mask->line) : UINT64_MAX;
    for (uint32_t i = 0; i < state->n_children; i++) {
        if (!(running >> i & 1)) continue;
        indent(text, depth);
        ac__text_add(text, "when %s, %s:%u\n", arms[i].awaits, type->file, arms[i].line);
        follow_child(text, &arms[i], future, depth + 1);
    }
}

static void follow_strand(struct ac__text *text, const ac_descriptor *type, const void *future, uint32_t strand,
                          unsigned depth)
{
    const ac_state_info *state = state_of(type, future, strand);
    if (!state) {
        if (strand > 0) return; /* the branch has ended */
        indent(text, depth);
        ac__text_add(text, "%s, %s:%u: not begun\n", type->name, type->file, type->line);
        return;
    }
    indent(text, depth);
    ac__text_add(text, "%s, %s:%u: ", type->name, type->file, state->line);
    switch (state->kind) {
    case AC_STATE_AWAIT:
        ac__text_add(text, "awaits %s\n", type->children[state->first_child].awaits);
        follow_child(text, &type->children[state->first_child], future, depth + 1);
        break;
    case AC_STATE_SELECT:
        ac__text_add(text, "select\n");
        follow_select(text, type, state, future, depth + 1);
        break;
    case AC_STATE_GATHER:
        ac__text_add(text, "gather\n");
        for (uint32_t i = 0; i < state->n_children; i++)
            follow_strand(text, type, future, state->first_child + i, depth + 1);
        break;
    }
}

static void follow(struct ac__text *text, const ac_descriptor *type, const void *future, unsigned depth)
{
    if (depth > DEEPEST) {
        if (depth == DEEPEST + 1) indent(text, depth), ac__text_add(text, "…\n");
        return;
    }
    if (type->n_strands) {
        follow_strand(text, type, future, 0, depth);
        return;
    }
    char what[200] = "";
    if (type->describe) type->describe(future, what, sizeof what);
    indent(text, depth);
    ac__text_add(text, "%s%s%s\n", type->name, *what ? ": " : "", what);
}

struct ac__spawned ac__task_spawned(const struct ac__task *task)
{
    struct ac__spawned spawned = { task->type, task + 1 };
    if (task->type == &ac__root_descriptor) {
        const struct ac__root_future *root = spawned.future;
        spawned = (struct ac__spawned){ root->type, root->future };
    }
    return spawned;
}

void ac__task_trace(struct ac__text *text, const struct ac__task *task)
{
    struct ac__spawned spawned = ac__task_spawned(task);
    follow(text, spawned.type, spawned.future, 0);
}

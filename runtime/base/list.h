/* Intrusive doubly linked list: the node lies in what is listed, so that linking never allocates and unlinking needs
 * no search.
 *
 * The head is a node too, and the list a ring through it; a zeroed head is an empty list, so that zeroed memory holds
 * valid lists. A node that is in no list has next == NULL. */
#ifndef ASYNCC_BASE_LIST_H
#define ASYNCC_BASE_LIST_H
#include <stdbool.h>
#include <stddef.h>

struct ac__list {
    struct ac__list *next, *prev;
};

#define ac__list_entry(node, type, member) ((type *)((char *)(node)-offsetof(type, member)))

static inline bool ac__list_empty(const struct ac__list *head) { return !head->next || head->next == head; }
static inline bool ac__list_linked(const struct ac__list *node) { return node->next != NULL; }

static inline void ac__list_insert_after(struct ac__list *where, struct ac__list *node)
{
    node->prev = where;
    node->next = where->next;
    where->next->prev = node;
    where->next = node;
}

static inline void ac__list_init(struct ac__list *head) { head->next = head->prev = head; }

static inline void ac__list_push_back(struct ac__list *head, struct ac__list *node)
{
    if (!head->next) ac__list_init(head);
    ac__list_insert_after(head->prev, node);
}

static inline void ac__list_push_front(struct ac__list *head, struct ac__list *node)
{
    if (!head->next) ac__list_init(head);
    ac__list_insert_after(head, node);
}

static inline void ac__list_remove(struct ac__list *node)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it does not know that a node's neighbours point at it. */
    node->prev->next = node->next;
    node->next->prev = node->prev;
    node->next = node->prev = NULL;
}

static inline struct ac__list *ac__list_first(const struct ac__list *head)
{
    return ac__list_empty(head) ? NULL : head->next;
}

static inline struct ac__list *ac__list_last(const struct ac__list *head)
{
    return ac__list_empty(head) ? NULL : head->prev;
}

static inline struct ac__list *ac__list_pop_front(struct ac__list *head)
{
    struct ac__list *node = ac__list_first(head);
    if (node) ac__list_remove(node);
    return node;
}

static inline struct ac__list *ac__list_pop_back(struct ac__list *head)
{
    struct ac__list *node = ac__list_last(head);
    if (node) ac__list_remove(node);
    return node;
}

/* Moves all of `from` to the end of `to`. */
static inline void ac__list_splice(struct ac__list *to, struct ac__list *from)
{
    if (ac__list_empty(from)) return;
    if (!to->next) ac__list_init(to);
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    ac__list_init(from);
}

/* Walks the list; the body may not unlink the node it is at. */
/* NOLINTNEXTLINE(bugprone-macro-parentheses): node is a name that is declared here. */
#define ac__list_each(node, head) for (struct ac__list *node = (head)->next; node && node != (head); node = node->next)

#endif

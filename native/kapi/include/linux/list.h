/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_LIST_H
#define _LINUX_LIST_H

#include <linux/container_of.h>
#include <linux/types.h>

#define LIST_HEAD_INIT(name) \
	{ \
		&(name), &(name) \
	}
#define LIST_HEAD(name) struct list_head name = LIST_HEAD_INIT(name)

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list->prev = list;
}

static inline bool list_empty(const struct list_head *list)
{
	return list->next == list;
}

static inline void list_add(struct list_head *entry, struct list_head *after)
{
	entry->prev = after;
	entry->next = after->next;
	after->next->prev = entry;
	after->next = entry;
}

static inline void list_add_tail(struct list_head *entry, struct list_head *before)
{
	list_add(entry, before->prev);
}

/* The entry belongs to no list, and a second list_del() of it crashes. */
static inline void list_del(struct list_head *entry)
{
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
	entry->next = entry->prev = NULL;
}

static inline void list_del_init(struct list_head *entry)
{
	list_del(entry);
	INIT_LIST_HEAD(entry);
}

static inline void list_move(struct list_head *entry, struct list_head *after)
{
	list_del(entry);
	list_add(entry, after);
}

static inline void list_move_tail(struct list_head *entry, struct list_head *before)
{
	list_del(entry);
	list_add_tail(entry, before);
}

/* All entries of a list go behind @p after. The list is as it was. */
static inline void list_splice(const struct list_head *list, struct list_head *after)
{
	if (list_empty(list))
		return;
	list->prev->next = after->next;
	after->next->prev = list->prev;
	list->next->prev = after;
	after->next = list->next;
}

static inline void list_splice_init(struct list_head *list, struct list_head *after)
{
	list_splice(list, after);
	INIT_LIST_HEAD(list);
}

static inline void list_splice_tail_init(struct list_head *list, struct list_head *before)
{
	list_splice_init(list, before->prev);
}

static inline void list_replace(struct list_head *old, struct list_head *entry)
{
	entry->next = old->next;
	entry->prev = old->prev;
	entry->next->prev = entry;
	entry->prev->next = entry;
}

static inline bool list_is_singular(const struct list_head *list)
{
	return !list_empty(list) && list->next == list->prev;
}

static inline bool list_is_last(const struct list_head *entry, const struct list_head *list)
{
	return entry->next == list;
}

static inline bool list_is_first(const struct list_head *entry, const struct list_head *list)
{
	return entry->prev == list;
}

#define list_entry(pointer, type, member) container_of(pointer, type, member)
#define list_first_entry(list, type, member) list_entry((list)->next, type, member)
#define list_last_entry(list, type, member) list_entry((list)->prev, type, member)
#define list_first_entry_or_null(list, type, member) (list_empty(list) ? NULL : list_first_entry(list, type, member))
#define list_next_entry(entry, member) list_entry((entry)->member.next, __typeof__(*(entry)), member)
#define list_prev_entry(entry, member) list_entry((entry)->member.prev, __typeof__(*(entry)), member)
#define list_for_each(node, list) for ((node) = (list)->next; (node) != (list); (node) = (node)->next)
#define list_for_each_safe(node, next_node, list) \
	for ((node) = (list)->next, (next_node) = (node)->next; (node) != (list); \
	     (node) = (next_node), (next_node) = (node)->next)
#define list_for_each_entry_reverse(entry, list, member) \
	for ((entry) = list_last_entry(list, __typeof__(*(entry)), member); &(entry)->member != (list); \
	     (entry) = list_prev_entry(entry, member))
#define list_for_each_entry_continue(entry, list, member) \
	for ((entry) = list_next_entry(entry, member); &(entry)->member != (list); \
	     (entry) = list_next_entry(entry, member))
#define list_for_each_entry_from(entry, list, member) \
	for (; &(entry)->member != (list); (entry) = list_next_entry(entry, member))
#define list_for_each_entry(entry, list, member) \
	for ((entry) = list_first_entry(list, __typeof__(*(entry)), member); &(entry)->member != (list); \
	     (entry) = list_first_entry(&(entry)->member, __typeof__(*(entry)), member))
/* The body may take the entry out. */
#define list_for_each_entry_safe(entry, next_entry, list, member) \
	for ((entry) = list_first_entry(list, __typeof__(*(entry)), member), \
	    (next_entry) = list_first_entry(&(entry)->member, __typeof__(*(entry)), member); \
	     &(entry)->member != (list); \
	     (entry) = (next_entry), (next_entry) = list_first_entry(&(entry)->member, __typeof__(*(entry)), member))

/** A list that its head knows only the beginning of. */
struct hlist_node {
	struct hlist_node *next;
	struct hlist_node **pprev; /**< what points to it; NULL: it is in no list */
};

struct hlist_head {
	struct hlist_node *first;
};

#define HLIST_HEAD_INIT \
	{ \
		NULL \
	}
#define HLIST_HEAD(name) struct hlist_head name = HLIST_HEAD_INIT

static inline void INIT_HLIST_HEAD(struct hlist_head *list)
{
	list->first = NULL;
}

static inline void INIT_HLIST_NODE(struct hlist_node *node)
{
	*node = (struct hlist_node){ NULL, NULL };
}

static inline bool hlist_unhashed(const struct hlist_node *node)
{
	return !node->pprev;
}

static inline bool hlist_empty(const struct hlist_head *list)
{
	return !list->first;
}

static inline void hlist_add_head(struct hlist_node *node, struct hlist_head *list)
{
	node->next = list->first;
	node->pprev = &list->first;
	if (list->first)
		list->first->pprev = &node->next;
	list->first = node;
}

static inline void hlist_del_init(struct hlist_node *node)
{
	if (hlist_unhashed(node))
		return;
	*node->pprev = node->next;
	if (node->next)
		node->next->pprev = node->pprev;
	INIT_HLIST_NODE(node);
}
#define hlist_del(node) hlist_del_init(node)

#define hlist_entry(pointer, type, member) container_of(pointer, type, member)
#define hlist_entry_safe(pointer, type, member) \
	({ \
		__typeof__(pointer) kapi_node_ = (pointer); \
		kapi_node_ ? hlist_entry(kapi_node_, type, member) : NULL; \
	})
#define hlist_for_each_entry(entry, list, member) \
	for ((entry) = hlist_entry_safe((list)->first, __typeof__(*(entry)), member); (entry); \
	     (entry) = hlist_entry_safe((entry)->member.next, __typeof__(*(entry)), member))
/* The body may take the entry out. @p next_node is a node. */
#define hlist_for_each_entry_safe(entry, next_node, list, member) \
	for ((entry) = hlist_entry_safe((list)->first, __typeof__(*(entry)), member); \
	     (entry) && ((next_node) = (entry)->member.next, true); \
	     (entry) = hlist_entry_safe(next_node, __typeof__(*(entry)), member))

#endif

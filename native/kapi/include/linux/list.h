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

#define list_entry(pointer, type, member) container_of(pointer, type, member)
#define list_first_entry(list, type, member) list_entry((list)->next, type, member)
#define list_for_each_entry(entry, list, member) \
	for ((entry) = list_first_entry(list, __typeof__(*(entry)), member); &(entry)->member != (list); \
	     (entry) = list_first_entry(&(entry)->member, __typeof__(*(entry)), member))
/* The body may take the entry out. */
#define list_for_each_entry_safe(entry, next_entry, list, member) \
	for ((entry) = list_first_entry(list, __typeof__(*(entry)), member), \
	    (next_entry) = list_first_entry(&(entry)->member, __typeof__(*(entry)), member); \
	     &(entry)->member != (list); \
	     (entry) = (next_entry), (next_entry) = list_first_entry(&(entry)->member, __typeof__(*(entry)), member))

#endif

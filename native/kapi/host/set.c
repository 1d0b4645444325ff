/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A set of pointers: a hash table with linear probing. The C library's tree would take its nodes from the heap of the
 * program, which a live program may damage.
 */
#include "host/host.h"

#include <stdint.h>

/** A slot whose pointer was removed; the search goes on behind it. */
#define REMOVED ((void *)1)

static size_t first_slot(const struct host_set *set, const void *pointer)
{
	return (size_t)(((uintptr_t)pointer >> 4) * 0x9e3779b97f4a7c15ull >> 20) & (set->room - 1);
}

/* The slot of a pointer; of a pointer that is not there, an empty one. */
static size_t find(const struct host_set *set, const void *pointer)
{
	size_t slot = first_slot(set, pointer);

	while (set->slots[slot] && set->slots[slot] != pointer)
		slot = (slot + 1) & (set->room - 1);
	return slot;
}

static bool grow(struct host_set *set)
{
	struct host_set grown = { .room = set->room ? 2 * set->room : 64 };

	/* Most slots may be of pointers that were removed. */
	if (set->room && set->count < set->room / 4)
		grown.room = set->room;
	grown.slots = host_alloc(grown.room * sizeof(*grown.slots));
	if (!grown.slots)
		return false;
	for (size_t i = 0; i < set->room; i++)
		if (set->slots[i] && set->slots[i] != REMOVED)
			grown.slots[find(&grown, set->slots[i])] = set->slots[i];
	grown.count = grown.used = set->count;
	host_free(set->slots);
	*set = grown;
	return true;
}

bool host_set_add(struct host_set *set, void *pointer)
{
	size_t slot;

	if (2 * set->used >= set->room && !grow(set))
		return false;
	slot = find(set, pointer);
	if (!set->slots[slot]) {
		set->slots[slot] = pointer;
		set->used++;
		set->count++;
		set->next = 0;
	}
	return true;
}

bool host_set_has(const struct host_set *set, const void *pointer)
{
	return set->room && set->slots[find(set, pointer)];
}

void host_set_remove(struct host_set *set, const void *pointer)
{
	size_t slot = find(set, pointer);

	if (!set->slots[slot])
		return;
	set->slots[slot] = REMOVED;
	set->count--;
}

void *host_set_any(struct host_set *set)
{
	if (!set->count)
		return NULL;
	while (!set->slots[set->next] || set->slots[set->next] == REMOVED)
		set->next++;
	return set->slots[set->next];
}

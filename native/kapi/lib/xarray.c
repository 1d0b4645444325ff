/* SPDX-License-Identifier: GPL-2.0-only */
/* XArrays: a tree of nodes with 64 slots, which grows upward with the largest index. */
#include <linux/xarray.h>

#include <linux/minmax.h>

#include "lib/heap.h"

#define SLOT_BITS 6
#define SLOTS (1u << SLOT_BITS)
#define LAST_SLOT (SLOTS - 1)
#define MOST_LEVELS (64 / SLOT_BITS + 1)

struct kapi_xa_node {
	void *slots[SLOTS]; /**< nodes; on the lowest level entries */
	unsigned int used;
	u64 full; /**< a bit for each slot whose node has no room below it */
};

/** Stands for an index that is reserved: it is taken, and nobody sees an entry there. */
static char reserved;

static void *visible(void *entry)
{
	return entry == &reserved ? NULL : entry;
}

/* The largest index that nodes of this height reach, without its lowest bits. */
static unsigned long max_index(unsigned int height)
{
	return height * SLOT_BITS >= 64 ? ULONG_MAX : (1ul << (height * SLOT_BITS)) - 1;
}

static unsigned int slot_of(unsigned long index, unsigned int level)
{
	return index >> (level * SLOT_BITS) & LAST_SLOT;
}

static void *load(const struct xarray *xa, unsigned long index)
{
	struct kapi_xa_node *node = xa->root;

	if (!xa->height || index > max_index(xa->height))
		return NULL;
	for (unsigned int level = xa->height - 1; node && level; level--)
		node = node->slots[slot_of(index, level)];
	return node ? node->slots[slot_of(index, 0)] : NULL;
}

void *xa_load(struct xarray *xa, unsigned long index)
{
	return visible(load(xa, index));
}

static bool is_full(const struct kapi_xa_node *node, unsigned int level)
{
	if (!node)
		return false;
	return level ? node->full == ~0ull : node->used == SLOTS;
}

/* The nodes on the way to an index, the lowest first. Those that are not there are NULL. */
static void find_path(const struct xarray *xa, unsigned long index, struct kapi_xa_node *path[])
{
	struct kapi_xa_node *node = xa->root;

	for (unsigned int level = xa->height; level;) {
		path[--level] = node;
		node = level && node ? node->slots[slot_of(index, level)] : NULL;
	}
}

/* An entry has come or gone: whether there is room may have changed on its whole way. */
static void note_room(const struct xarray *xa, unsigned long index)
{
	struct kapi_xa_node *path[MOST_LEVELS];

	find_path(xa, index, path);
	for (unsigned int level = 1; level < xa->height; level++) {
		u64 bit = 1ull << slot_of(index, level);

		if (is_full(path[level - 1], level - 1))
			path[level]->full |= bit;
		else
			path[level]->full &= ~bit;
	}
}

/* New levels have the old tree in their first slot. */
static bool grow(struct xarray *xa, unsigned long index, gfp_t gfp, const struct kapi_place *place)
{
	while (!xa->height || index > max_index(xa->height)) {
		struct kapi_xa_node *node = heap_alloc_internal(sizeof(*node), gfp, place);

		if (!node)
			return false;
		if (xa->height) {
			node->slots[0] = xa->root;
			node->used = 1;
			node->full = is_full(xa->root, xa->height - 1);
		}
		xa->root = node;
		xa->height++;
	}
	return true;
}

/* A root with nothing but its first slot is not needed. */
static void drop_roots(struct xarray *xa)
{
	while (xa->root && xa->height > 1 && xa->root->used == 1 && xa->root->slots[0]) {
		struct kapi_xa_node *root = xa->root;

		xa->root = root->slots[0];
		xa->height--;
		heap_free_internal(root);
	}
	if (xa->root && !xa->root->used) {
		heap_free_internal(xa->root);
		xa_init_flags(xa, xa->flags);
	}
}

/* Free the nodes on the way to an index that have nothing in them. */
static void shrink(struct xarray *xa, unsigned long index)
{
	struct kapi_xa_node *path[MOST_LEVELS];
	unsigned int level = 0;

	find_path(xa, index, path);
	while (level < xa->height && !path[level])
		level++;
	for (; level < xa->height && !path[level]->used; level++) {
		if (level + 1 == xa->height)
			break;
		path[level + 1]->slots[slot_of(index, level + 1)] = NULL;
		path[level + 1]->used--;
		heap_free_internal(path[level]);
	}
	drop_roots(xa);
}

/* The lowest node for an index. */
static struct kapi_xa_node *make_node(struct xarray *xa, unsigned long index, gfp_t gfp, const struct kapi_place *place)
{
	struct kapi_xa_node *node;

	if (!grow(xa, index, gfp, place))
		return NULL;
	node = xa->root;
	for (unsigned int level = xa->height - 1; level; level--) {
		void **slot = &node->slots[slot_of(index, level)];

		if (!*slot) {
			*slot = heap_alloc_internal(sizeof(*node), gfp, place);
			if (!*slot)
				return NULL;
			node->used++;
		}
		node = *slot;
	}
	return node;
}

static void *store(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp, const struct kapi_place *place)
{
	struct kapi_xa_node *node;
	void **slot, *old;

	node = make_node(xa, index, gfp, place);
	if (!node) {
		shrink(xa, index);
		return (void *)((unsigned long)-ENOMEM << 2 | 2);
	}
	slot = &node->slots[slot_of(index, 0)];
	old = *slot;
	node->used += !old;
	*slot = entry;
	if (!old)
		note_room(xa, index);
	return visible(old);
}

/* In an array that gives out indexes one without an entry stays taken. */
void *kapi_xa_store(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp, const struct kapi_place *place)
{
	if (!entry && !xa->flags)
		return xa_erase(xa, index);
	return store(xa, index, entry ? entry : &reserved, gfp, place);
}

void *xa_erase(struct xarray *xa, unsigned long index)
{
	struct kapi_xa_node *node = xa->root;
	void *old = load(xa, index);

	if (!old)
		return NULL;
	for (unsigned int level = xa->height - 1; level; level--)
		node = node->slots[slot_of(index, level)];
	node->slots[slot_of(index, 0)] = NULL;
	node->used--;
	note_room(xa, index);
	shrink(xa, index);
	return visible(old);
}

/* Below a node of this level; @p index is the first index to look at. */
static void *find_below(const struct kapi_xa_node *node, unsigned int level, unsigned long *index, unsigned long max)
{
	unsigned long step = 1ul << (level * SLOT_BITS);

	for (unsigned int slot = slot_of(*index, level);; slot++) {
		void *found = node->slots[slot];

		if (found)
			found = level ? find_below(found, level - 1, index, max) : visible(found);
		if (found)
			return found;
		if (slot == LAST_SLOT || (*index | (step - 1)) >= max)
			return NULL;
		*index = (*index | (step - 1)) + 1;
	}
}

void *xa_find(struct xarray *xa, unsigned long *index, unsigned long max, unsigned int filter)
{
	unsigned long at = *index;
	void *found;

	(void)filter;
	if (!xa->height || at > max || at > max_index(xa->height))
		return NULL;
	if (max > max_index(xa->height))
		max = max_index(xa->height);
	found = find_below(xa->root, xa->height - 1, &at, max);
	if (found)
		*index = at;
	return found;
}

/* Below a node of this level that has room somewhere; @p index is the first index to look at. */
static bool find_free_below(const struct kapi_xa_node *node, unsigned int level, unsigned long *index)
{
	unsigned long step = 1ul << (level * SLOT_BITS);

	for (unsigned int slot = slot_of(*index, level);; slot++) {
		const void *found = node->slots[slot];

		if (!found || (level && !(node->full >> slot & 1) && find_free_below(found, level - 1, index)))
			return true;
		if (slot == LAST_SLOT)
			return false;
		*index = (*index | (step - 1)) + 1;
	}
}

bool kapi_xa_find_free(const struct xarray *xa, unsigned long *index, unsigned long max)
{
	unsigned long at = *index;

	if (xa->height && at <= max_index(xa->height) && !find_free_below(xa->root, xa->height - 1, &at)) {
		if (max_index(xa->height) == ULONG_MAX)
			return false;
		at = max_index(xa->height) + 1;
	}
	if (at > max)
		return false;
	*index = at;
	return true;
}

int kapi_xa_insert(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp, const struct kapi_place *place)
{
	if (load(xa, index))
		return -EBUSY;
	return xa_err(store(xa, index, entry ? entry : &reserved, gfp, place));
}

int kapi_xa_alloc(struct xarray *xa, u32 *id, void *entry, struct xa_limit limit, gfp_t gfp,
		  const struct kapi_place *place)
{
	unsigned long index = limit.min;
	int err;

	if (xa->flags & XA_FLAGS_ALLOC1 && !index)
		index = 1;
	if (!kapi_xa_find_free(xa, &index, limit.max))
		return -EBUSY;
	err = xa_err(store(xa, index, entry ? entry : &reserved, gfp, place));
	if (!err)
		*id = (u32)index;
	return err;
}

int kapi_xa_alloc_cyclic(struct xarray *xa, u32 *id, void *entry, struct xa_limit limit, u32 *next, gfp_t gfp,
			 const struct kapi_place *place)
{
	struct xa_limit rest = XA_LIMIT(max(*next, limit.min), limit.max);
	int err = kapi_xa_alloc(xa, id, entry, rest, gfp, place);
	bool wraps = err == -EBUSY && rest.min > limit.min;

	if (wraps)
		err = kapi_xa_alloc(xa, id, entry, limit, gfp, place);
	if (err)
		return err;
	*next = *id + 1;
	return wraps;
}

static void destroy_below(struct kapi_xa_node *node, unsigned int level)
{
	for (unsigned int slot = 0; level && slot < SLOTS; slot++)
		if (node->slots[slot])
			destroy_below(node->slots[slot], level - 1);
	heap_free_internal(node);
}

void xa_destroy(struct xarray *xa)
{
	if (xa->height)
		destroy_below(xa->root, xa->height - 1);
	xa_init_flags(xa, xa->flags);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Intervals by address. */
#include "mm/interval_tree.h"

u32 interval_priority(u32 interval)
{
	u32 hash = interval * 0x9e3779b1u;

	return hash ^ hash >> 15;
}

static bool is_before(const struct interval *a, const struct interval *b)
{
	return a->start != b->start ? a->start < b->start : a->number < b->number;
}

static u64 last_below(const struct hmmu *m, u32 interval)
{
	return interval ? interval_of(m, interval)->subtree_last : 0;
}

/* From its own and its children's. */
static void set_subtree_last(const struct hmmu *m, struct interval *i)
{
	u64 left = last_below(m, i->left), right = last_below(m, i->right), children = left > right ? left : right;

	i->subtree_last = i->last > children ? i->last : children;
}

static void set_subtree_last_upward(const struct hmmu *m, u32 interval)
{
	for (; interval; interval = interval_of(m, interval)->parent)
		set_subtree_last(m, interval_of(m, interval));
}

/* The link from the parent, or the root, to an interval. */
static u32 *hook_of(const struct hmmu *m, u32 *root, u32 interval)
{
	struct interval *parent = interval_of(m, interval_of(m, interval)->parent);

	if (!interval_of(m, interval)->parent)
		return root;
	return parent->left == interval ? &parent->left : &parent->right;
}

/* An interval takes the place of its parent, which becomes its child on the other side. */
static void rotate_up(struct hmmu *m, u32 *root, u32 interval)
{
	struct interval *i = interval_of(m, interval), *parent = interval_of(m, i->parent);
	u32 old = i->parent, *hook = hook_of(m, root, old);
	bool was_left = parent->left == interval;
	u32 moved = was_left ? i->right : i->left;

	i->parent = parent->parent;
	*hook = interval;
	*(was_left ? &parent->left : &parent->right) = moved;
	*(was_left ? &i->right : &i->left) = old;
	parent->parent = interval;
	if (moved)
		interval_of(m, moved)->parent = old;
	set_subtree_last(m, parent);
	set_subtree_last(m, i);
}

void interval_tree_insert(struct hmmu *m, u32 *root, u32 interval)
{
	struct interval *i = interval_of(m, interval);
	u32 *hook = root, parent = 0;

	while (*hook) {
		parent = *hook;
		hook = is_before(i, interval_of(m, parent)) ? &interval_of(m, parent)->left
							    : &interval_of(m, parent)->right;
	}
	*hook = interval;
	i->parent = parent;
	set_subtree_last_upward(m, interval);
	while (i->parent && interval_priority(i->parent) < interval_priority(interval))
		rotate_up(m, root, interval);
}

void interval_tree_remove(struct hmmu *m, u32 *root, u32 interval)
{
	struct interval *i = interval_of(m, interval);

	while (i->left && i->right)
		rotate_up(m, root, interval_priority(i->left) > interval_priority(i->right) ? i->left : i->right);
	*hook_of(m, root, interval) = i->left | i->right;
	if (i->left | i->right)
		interval_of(m, i->left | i->right)->parent = i->parent;
	set_subtree_last_upward(m, i->parent);
	i->parent = i->left = i->right = 0;
}

/* The first interval of a subtree that meets the range, or 0. Some interval of the subtree ends at @p start or later. */
static u32 first_of_subtree(const struct hmmu *m, u32 interval, u64 start, u64 last)
{
	for (;;) {
		const struct interval *i = interval_of(m, interval);

		if (i->left && last_below(m, i->left) >= start) {
			interval = i->left;
			continue;
		}
		if (i->start > last)
			return 0;
		if (i->last >= start)
			return interval;
		if (!i->right || last_below(m, i->right) < start)
			return 0;
		interval = i->right;
	}
}

u32 interval_tree_first(const struct hmmu *m, u32 root, u64 start, u64 last)
{
	return root && last_below(m, root) >= start ? first_of_subtree(m, root, start, last) : 0;
}

u32 interval_tree_next(const struct hmmu *m, u32 interval, u64 start, u64 last)
{
	for (;;) {
		const struct interval *i = interval_of(m, interval);
		u32 below;

		if (i->right && last_below(m, i->right) >= start)
			return first_of_subtree(m, i->right, start, last);
		/* Up to the next interval in order: the first ancestor whose left subtree this is. */
		do {
			below = interval;
			interval = interval_of(m, below)->parent;
		} while (interval && interval_of(m, interval)->right == below);
		if (!interval || interval_of(m, interval)->start > last)
			return 0;
		if (interval_of(m, interval)->last >= start)
			return interval;
	}
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Interval trees. Nothing here recurses. */
#include "mm/interval_tree.h"

u32 interval_priority(u32 slot)
{
	u32 hash = slot * 0x9e3779b1u;

	return hash ^ hash >> 15;
}

static u64 last_below(struct interval_nodes nodes, u32 slot)
{
	return slot ? node_of(nodes, slot)->subtree_last : 0;
}

/* From its own and its children's. */
static void set_subtree_last(struct interval_nodes nodes, struct interval_node *node)
{
	u64 left = last_below(nodes, node->left), right = last_below(nodes, node->right);
	u64 children = left > right ? left : right;

	node->subtree_last = node->last > children ? node->last : children;
}

static void set_subtree_last_upward(struct interval_nodes nodes, u32 slot)
{
	for (; slot; slot = node_of(nodes, slot)->parent)
		set_subtree_last(nodes, node_of(nodes, slot));
}

/* The link from the parent, or the root, to a node. */
static u32 *hook_of(struct interval_nodes nodes, struct interval_root *root, u32 slot)
{
	u32 parent = node_of(nodes, slot)->parent;

	if (!parent)
		return &root->node;
	return node_of(nodes, parent)->left == slot ? &node_of(nodes, parent)->left : &node_of(nodes, parent)->right;
}

/* A node takes the place of its parent, which becomes its child on the other side. */
static void rotate_up(struct interval_nodes nodes, struct interval_root *root, u32 slot)
{
	struct interval_node *node = node_of(nodes, slot), *parent = node_of(nodes, node->parent);
	u32 old = node->parent, *hook = hook_of(nodes, root, old);
	bool was_left = parent->left == slot;
	u32 moved = was_left ? node->right : node->left;

	node->parent = parent->parent;
	*hook = slot;
	*(was_left ? &parent->left : &parent->right) = moved;
	*(was_left ? &node->right : &node->left) = old;
	parent->parent = slot;
	if (moved)
		node_of(nodes, moved)->parent = old;
	set_subtree_last(nodes, parent);
	set_subtree_last(nodes, node);
}

/* The node in front of one, or 0. */
static u32 previous_node(struct interval_nodes nodes, u32 slot)
{
	u32 prev = node_of(nodes, slot)->left;

	if (prev) {
		while (node_of(nodes, prev)->right)
			prev = node_of(nodes, prev)->right;
		return prev;
	}
	for (prev = node_of(nodes, slot)->parent; prev && node_of(nodes, prev)->left == slot;
	     prev = node_of(nodes, slot)->parent)
		slot = prev;
	return prev;
}

/* Put a node at an empty place below a parent. Then it goes up to where its priority belongs. */
static void interval_tree_link(struct interval_nodes nodes, struct interval_root *root, u32 slot, u32 parent, u32 *hook)
{
	struct interval_node *node = node_of(nodes, slot);
	u32 prev;

	*hook = slot;
	node->parent = parent;
	node->left = node->right = 0;
	prev = previous_node(nodes, slot);
	if (prev) {
		node->next = node_of(nodes, prev)->next;
		node_of(nodes, prev)->next = slot;
	} else {
		node->next = root->first;
		root->first = slot;
	}
	set_subtree_last_upward(nodes, slot);
	while (node->parent && interval_priority(node->parent) < interval_priority(slot))
		rotate_up(nodes, root, slot);
}

void interval_tree_insert(struct interval_nodes nodes, struct interval_root *root, u32 slot)
{
	u64 start = node_of(nodes, slot)->start;
	u32 *hook = &root->node, parent = 0;

	while (*hook) {
		parent = *hook;
		hook = start < node_of(nodes, parent)->start ? &node_of(nodes, parent)->left
							     : &node_of(nodes, parent)->right;
	}
	interval_tree_link(nodes, root, slot, parent, hook);
}

void interval_tree_insert_after(struct interval_nodes nodes, struct interval_root *root, u32 slot, u32 prev)
{
	u32 *hook = &node_of(nodes, prev)->right, parent = prev;

	while (*hook) {
		parent = *hook;
		hook = &node_of(nodes, parent)->left;
	}
	interval_tree_link(nodes, root, slot, parent, hook);
}

void interval_tree_remove(struct interval_nodes nodes, struct interval_root *root, u32 slot)
{
	struct interval_node *node = node_of(nodes, slot);
	u32 child, prev = previous_node(nodes, slot);

	*(prev ? &node_of(nodes, prev)->next : &root->first) = node->next;
	while (node->left && node->right)
		rotate_up(nodes, root,
			  interval_priority(node->left) > interval_priority(node->right) ? node->left : node->right);
	child = node->left | node->right;
	*hook_of(nodes, root, slot) = child;
	if (child)
		node_of(nodes, child)->parent = node->parent;
	set_subtree_last_upward(nodes, node->parent);
	node->parent = node->left = node->right = node->next = 0;
}

/* The first node of a subtree that meets the range, or 0. Some node of the subtree ends at @p start or later. */
static u32 first_of_subtree(struct interval_nodes nodes, u32 slot, u64 start, u64 last)
{
	for (;;) {
		const struct interval_node *node = node_of(nodes, slot);

		if (node->left && last_below(nodes, node->left) >= start) {
			slot = node->left;
			continue;
		}
		if (node->start > last)
			return 0;
		if (node->last >= start)
			return slot;
		if (!node->right || last_below(nodes, node->right) < start)
			return 0;
		slot = node->right;
	}
}

u32 interval_tree_search(struct interval_nodes nodes, u32 root, u64 start, u64 last)
{
	return last_below(nodes, root) >= start ? first_of_subtree(nodes, root, start, last) : 0;
}

u32 interval_tree_next(struct interval_nodes nodes, u32 slot, u64 start, u64 last)
{
	for (;;) {
		const struct interval_node *node = node_of(nodes, slot);
		u32 below;

		if (node->right && last_below(nodes, node->right) >= start)
			return first_of_subtree(nodes, node->right, start, last);
		/* Up to the next node in order: the first one above whose left subtree this is in. */
		do {
			below = slot;
			slot = node_of(nodes, below)->parent;
		} while (slot && node_of(nodes, slot)->right == below);
		if (!slot || node_of(nodes, slot)->start > last)
			return 0;
		if (node_of(nodes, slot)->last >= start)
			return slot;
	}
}

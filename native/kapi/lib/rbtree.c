/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sorted trees: treaps. Ranks come from a counter that is scattered, so a tree has the same form in each run; its depth is
 * that of a random tree.
 */
#include <linux/rbtree.h>

/* Scatters a counter: the steps of murmur3's end. */
static unsigned int draw_rank(void)
{
	static unsigned int counter;
	unsigned int rank = ++counter;

	rank = (rank ^ rank >> 16) * 0x85ebca6bu;
	rank = (rank ^ rank >> 13) * 0xc2b2ae35u;
	return rank ^ rank >> 16;
}

static struct rb_node **link_of(const struct rb_node *node, struct rb_root *root)
{
	struct rb_node *parent = node->kapi_parent;

	if (!parent)
		return &root->rb_node;
	return parent->rb_left == node ? &parent->rb_left : &parent->rb_right;
}

/* A node changes places with its parent; the order stays. */
static void rotate_up(struct rb_node *node, struct rb_root *root, kapi_rb_update update)
{
	struct rb_node *parent = node->kapi_parent;
	bool is_left = parent->rb_left == node;
	struct rb_node **inner = is_left ? &node->rb_right : &node->rb_left;
	struct rb_node *moved = *inner;

	*link_of(parent, root) = node;
	node->kapi_parent = parent->kapi_parent;
	*inner = parent;
	parent->kapi_parent = node;
	*(is_left ? &parent->rb_left : &parent->rb_right) = moved;
	if (moved)
		moved->kapi_parent = parent;
	if (update) {
		update(parent);
		update(node);
	}
}

static void update_upward(struct rb_node *node, kapi_rb_update update)
{
	for (; node && update; node = node->kapi_parent)
		update(node);
}

void kapi_rb_insert(struct rb_node *node, struct rb_root *root, kapi_rb_update update)
{
	node->kapi_rank = draw_rank();
	update_upward(node, update);
	while (node->kapi_parent && node->kapi_parent->kapi_rank < node->kapi_rank)
		rotate_up(node, root, update);
}

/* Let a node sink until it has at most one child. */
void kapi_rb_erase(struct rb_node *node, struct rb_root *root, kapi_rb_update update)
{
	struct rb_node *child;

	while (node->rb_left && node->rb_right)
		rotate_up(node->rb_left->kapi_rank > node->rb_right->kapi_rank ? node->rb_left : node->rb_right, root,
			  update);
	child = node->rb_left ? node->rb_left : node->rb_right;
	*link_of(node, root) = child;
	if (child)
		child->kapi_parent = node->kapi_parent;
	update_upward(node->kapi_parent, update);
}

static struct rb_node *lowest(struct rb_node *node)
{
	while (node && node->rb_left)
		node = node->rb_left;
	return node;
}

static struct rb_node *highest(struct rb_node *node)
{
	while (node && node->rb_right)
		node = node->rb_right;
	return node;
}

struct rb_node *rb_first(const struct rb_root *root)
{
	return lowest(root->rb_node);
}

struct rb_node *rb_last(const struct rb_root *root)
{
	return highest(root->rb_node);
}

struct rb_node *rb_next(const struct rb_node *node)
{
	if (node->rb_right)
		return lowest(node->rb_right);
	while (node->kapi_parent && node->kapi_parent->rb_right == node)
		node = node->kapi_parent;
	return node->kapi_parent;
}

struct rb_node *rb_prev(const struct rb_node *node)
{
	if (node->rb_left)
		return highest(node->rb_left);
	while (node->kapi_parent && node->kapi_parent->rb_left == node)
		node = node->kapi_parent;
	return node->kapi_parent;
}

void rb_replace_node(struct rb_node *old, struct rb_node *new, struct rb_root *root)
{
	*link_of(old, root) = new;
	*new = *old;
	if (new->rb_left)
		new->rb_left->kapi_parent = new;
	if (new->rb_right)
		new->rb_right->kapi_parent = new;
}

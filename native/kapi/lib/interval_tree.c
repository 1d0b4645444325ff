/* SPDX-License-Identifier: GPL-2.0-only */
/* Intervals by their start; each node knows the largest end below it, so a search passes over what ends too early. */
#include <linux/interval_tree.h>

#include <linux/minmax.h>

static struct interval_tree_node *interval_of(struct rb_node *node)
{
	return rb_entry_safe(node, struct interval_tree_node, rb);
}

static void update(struct rb_node *rb)
{
	struct interval_tree_node *node = interval_of(rb), *left = interval_of(rb->rb_left),
				  *right = interval_of(rb->rb_right);

	node->__subtree_last = node->last;
	if (left)
		node->__subtree_last = max(node->__subtree_last, left->__subtree_last);
	if (right)
		node->__subtree_last = max(node->__subtree_last, right->__subtree_last);
}

void interval_tree_insert(struct interval_tree_node *node, struct rb_root_cached *root)
{
	struct rb_node **link = &root->rb_root.rb_node, *parent = NULL;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		if (node->start < interval_of(parent)->start) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			leftmost = false;
		}
	}
	rb_link_node(&node->rb, parent, link);
	if (leftmost)
		root->rb_leftmost = &node->rb;
	kapi_rb_insert(&node->rb, &root->rb_root, update);
}

void interval_tree_remove(struct interval_tree_node *node, struct rb_root_cached *root)
{
	if (root->rb_leftmost == &node->rb)
		root->rb_leftmost = rb_next(&node->rb);
	kapi_rb_erase(&node->rb, &root->rb_root, update);
}

static bool reaches(struct rb_node *rb, unsigned long start)
{
	return rb && interval_of(rb)->__subtree_last >= start;
}

/* The first one from here on down. If the left side reaches the start, either it has the first one or none has. */
static struct interval_tree_node *first_below(struct rb_node *rb, unsigned long start, unsigned long last)
{
	while (rb) {
		struct interval_tree_node *node = interval_of(rb);

		if (reaches(rb->rb_left, start)) {
			rb = rb->rb_left;
			continue;
		}
		if (node->start > last)
			return NULL;
		if (node->last >= start)
			return node;
		rb = reaches(rb->rb_right, start) ? rb->rb_right : NULL;
	}
	return NULL;
}

struct interval_tree_node *interval_tree_iter_first(struct rb_root_cached *root, unsigned long start,
						    unsigned long last)
{
	return first_below(root->rb_root.rb_node, start, last);
}

struct interval_tree_node *interval_tree_iter_next(struct interval_tree_node *node, unsigned long start,
						   unsigned long last)
{
	struct rb_node *rb = &node->rb, *child = rb->rb_right;

	for (;;) {
		if (reaches(child, start))
			return first_below(child, start, last);
		/* Up to the first one whose right side has not been seen. */
		do {
			child = rb;
			rb = rb->kapi_parent;
			if (!rb)
				return NULL;
		} while (child == rb->rb_right);
		if (interval_of(rb)->start > last)
			return NULL;
		if (interval_of(rb)->last >= start)
			return interval_of(rb);
		child = rb->rb_right;
	}
}

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_RBTREE_H
#define _LINUX_RBTREE_H

#include <linux/container_of.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

/** A node of a sorted tree. The tree is a treap: a node's rank, drawn when it is inserted, is above those of its children. */
struct rb_node {
	struct rb_node *kapi_parent; /**< itself: it is in no tree */
	struct rb_node *rb_left;
	struct rb_node *rb_right;
	unsigned int kapi_rank;
};

struct rb_root {
	struct rb_node *rb_node;
};

/** A tree that knows its first node. */
struct rb_root_cached {
	struct rb_root rb_root;
	struct rb_node *rb_leftmost;
};

#define RB_ROOT ((struct rb_root){ NULL })
#define RB_ROOT_CACHED ((struct rb_root_cached){ { NULL }, NULL })
#define RB_EMPTY_ROOT(root) (!(root)->rb_node)
#define RB_CLEAR_NODE(node) ((void)((node)->kapi_parent = (node)))
#define RB_EMPTY_NODE(node) ((node)->kapi_parent == (node))
#define rb_parent(node) ((node)->kapi_parent)
#define rb_entry(pointer, type, member) container_of(pointer, type, member)
#define rb_entry_safe(pointer, type, member) \
	({ \
		__typeof__(pointer) kapi_node_ = (pointer); \
		kapi_node_ ? rb_entry(kapi_node_, type, member) : NULL; \
	})

/** Hang a new node into an empty place of the tree. rb_insert_color() has to follow. */
static inline void rb_link_node(struct rb_node *node, struct rb_node *parent, struct rb_node **link)
{
	*node = (struct rb_node){ .kapi_parent = parent };
	*link = node;
}

/** Recomputes what a node knows of the tree below it, after that has changed. */
typedef void (*kapi_rb_update)(struct rb_node *node);

void kapi_rb_insert(struct rb_node *node, struct rb_root *root, kapi_rb_update update);
void kapi_rb_erase(struct rb_node *node, struct rb_root *root, kapi_rb_update update);
struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_last(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *node);
struct rb_node *rb_prev(const struct rb_node *node);
void rb_replace_node(struct rb_node *old, struct rb_node *new, struct rb_root *root);

static inline void rb_insert_color(struct rb_node *node, struct rb_root *root)
{
	kapi_rb_insert(node, root, NULL);
}

static inline void rb_erase(struct rb_node *node, struct rb_root *root)
{
	kapi_rb_erase(node, root, NULL);
}

#define rb_first_cached(root) ((root)->rb_leftmost)

static inline void rb_insert_color_cached(struct rb_node *node, struct rb_root_cached *root, bool leftmost)
{
	if (leftmost)
		root->rb_leftmost = node;
	rb_insert_color(node, &root->rb_root);
}

static inline void rb_erase_cached(struct rb_node *node, struct rb_root_cached *root)
{
	if (root->rb_leftmost == node)
		root->rb_leftmost = rb_next(node);
	rb_erase(node, &root->rb_root);
}

#endif

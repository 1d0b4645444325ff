/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file interval_tree.h
 * Intervals by their start: a treap, in which each node knows the last place that its subtree reaches. So a walk over what
 * meets a range visits that, and little else. Equal starts stand in the order of their coming. It is used for mappings by
 * page offset (of an anon_vma, and of a file), and for interval notifiers by address.
 */
#ifndef HMMU_INTERVAL_TREE_H
#define HMMU_INTERVAL_TREE_H

#include "host/machine.h"

/** Where the nodes of a kind of tree are: at one place in each record of a slab. */
struct interval_nodes {
	unsigned char *first; /**< that of slot 0, which is none */
	u64 stride;           /**< bytes from one to the next */
};
#define INTERVAL_NODES(records) ((struct interval_nodes){ (unsigned char *)&(records)->node, sizeof(*(records)) })
static inline struct interval_nodes avc_nodes(const struct hmmu *m)
{
	return INTERVAL_NODES(m->avcs);
}
static inline struct interval_nodes i_mmap_nodes(const struct hmmu *m)
{
	return INTERVAL_NODES(m->vmas);
}
static inline struct interval_nodes notifier_nodes(const struct hmmu *m)
{
	return INTERVAL_NODES(m->intervals);
}
static inline struct interval_node *node_of(struct interval_nodes nodes, u32 slot)
{
	return (struct interval_node *)(nodes.first + slot * nodes.stride);
}

/** A number that gives the treap its shape: no node has a lower one than those below it. */
static u32 interval_priority(u32 slot);
/** Insert a node, whose interval is set, behind those that do not start later. */
static void interval_tree_insert(struct interval_nodes nodes, struct interval_root *root, u32 slot);
/** Insert a node right behind another one, which has the same start. */
static void interval_tree_insert_after(struct interval_nodes nodes, struct interval_root *root, u32 slot, u32 prev);
static void interval_tree_remove(struct interval_nodes nodes, struct interval_root *root, u32 slot);
/** The first node of a tree that meets [start, last], or 0. The tree is not empty. */
static u32 interval_tree_search(struct interval_nodes nodes, u32 root, u64 start, u64 last);
/** The next one behind a node. */
static u32 interval_tree_next(struct interval_nodes nodes, u32 slot, u64 start, u64 last);

/**
 * @name The same as loops want it
 * Most trees are small. So the first node of all, and the one that comes next in order, are asked before the tree is searched.
 * @{
 */
static inline u32 interval_tree_first(struct interval_nodes nodes, struct interval_root root, u64 start, u64 last)
{
	const struct interval_node *first = node_of(nodes, root.first);

	if (!root.first || first->start > last)
		return 0;
	return first->last >= start ? root.first : interval_tree_search(nodes, root.node, start, last);
}
static inline u32 interval_tree_step(struct interval_nodes nodes, u32 slot, u64 start, u64 last)
{
	u32 next = node_of(nodes, slot)->next;

	if (!next || node_of(nodes, next)->start > last)
		return 0;
	return node_of(nodes, next)->last >= start ? next : interval_tree_next(nodes, next, start, last);
}
/** @} */

#endif

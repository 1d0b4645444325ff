/* SPDX-License-Identifier: GPL-2.0-only */
/** @file check_interval_tree.h Interval trees, as verify() and restoring look at them. */
#ifndef HMMU_CHECK_INTERVAL_TREE_H
#define HMMU_CHECK_INTERVAL_TREE_H

#include "mm/interval_tree.h"

/** A tree that is looked at. Its numbers may be anything, so each is checked before it is used. */
struct tree_check {
	struct interval_nodes nodes;
	struct interval_root root;
	u32 high; /**< slots are below */
	/** Whether a slot below @p high has a record of this tree's owner, whose interval its node has. */
	bool (*is_member)(const void *data, u32 owner, u32 slot);
	const void *data;
	u32 owner;
	/** @name What was found
	 * @{ */
	u32 count;
	u32 at; /**< the node that is wrong */
		/** @} */
};
enum tree_fault {
	TREE_IS_GOOD,
	TREE_IS_BROKEN,       /**< its links or priorities */
	TREE_HAS_STRANGER,    /**< a node that is_member() does not know */
	TREE_IS_OUT_OF_ORDER, /**< or does not know how far a subtree reaches */
};
static enum tree_fault check_interval_tree(struct tree_check *tree);

/** Whether the node of a mapping has the range of the mapping. The mapping's number may be anything. */
static bool node_has_range(const struct hmmu *m, const struct interval_node *node, u32 vma);

#endif

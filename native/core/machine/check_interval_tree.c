/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether an interval tree is whole. The walk has no stack: it sees by the node it comes from what is left to do. */
#include "machine/check_interval_tree.h"

bool node_has_range(const struct hmmu *m, const struct interval_node *node, u32 vma)
{
	const struct vma *v = vma_of(m, vma < m->st->slabs[SLAB_VMA].high ? vma : 0);

	return node->start == v->pgoff && node->last == v->pgoff + vma_pages(v) - 1;
}

/* A child knows its parent. So no node is met twice. */
static bool is_child(const struct tree_check *tree, u32 child, u32 parent)
{
	return !child || (child < tree->high && node_of(tree->nodes, child)->parent == parent &&
			  interval_priority(child) <= interval_priority(parent));
}

static enum tree_fault tree_node_fault(const struct tree_check *tree, u32 slot)
{
	const struct interval_node *node = node_of(tree->nodes, slot);

	if (!is_child(tree, node->left, slot) || !is_child(tree, node->right, slot) ||
	    (node->left && node->left == node->right))
		return TREE_IS_BROKEN;
	return tree->is_member(tree->data, tree->owner, slot) ? TREE_IS_GOOD : TREE_HAS_STRANGER;
}

static bool reaches_as_said(const struct tree_check *tree, const struct interval_node *node)
{
	u64 last = node->last;

	if (node->left && node_of(tree->nodes, node->left)->subtree_last > last)
		last = node_of(tree->nodes, node->left)->subtree_last;
	if (node->right && node_of(tree->nodes, node->right)->subtree_last > last)
		last = node_of(tree->nodes, node->right)->subtree_last;
	return node->subtree_last == last && node->start <= node->last;
}

enum tree_fault check_interval_tree(struct tree_check *tree)
{
	struct interval_node before = { .next = tree->root.first };
	u32 from = 0;

	tree->at = tree->root.node;
	if (tree->at && (tree->at >= tree->high || node_of(tree->nodes, tree->at)->parent))
		return TREE_IS_BROKEN;
	while (tree->at) {
		const struct interval_node *node = node_of(tree->nodes, tree->at);
		bool down = from == node->parent, left_done = down ? !node->left : from == node->left;
		enum tree_fault fault = down ? tree_node_fault(tree, tree->at) : TREE_IS_GOOD;
		u32 next = node->parent;

		if (fault)
			return fault;
		if (left_done) {
			if (node->start < before.start || before.next != tree->at)
				return TREE_IS_OUT_OF_ORDER;
			before = *node;
			tree->count++;
		}
		if (down && node->left)
			next = node->left;
		else if (left_done && node->right)
			next = node->right;
		else if (!reaches_as_said(tree, node))
			return TREE_IS_OUT_OF_ORDER;
		from = tree->at;
		tree->at = next;
	}
	return before.next ? TREE_IS_OUT_OF_ORDER : TREE_IS_GOOD;
}

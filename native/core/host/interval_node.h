/* SPDX-License-Identifier: GPL-2.0-only */
/** @file interval_node.h What the records that are in interval trees have of them (mm/interval_tree.h). */
#ifndef HMMU_INTERVAL_NODE_H
#define HMMU_INTERVAL_NODE_H

#include <stdint.h>

/** A node of an interval tree. */
struct interval_node {
	uint64_t start, last; /**< the last one belongs to it */
	uint64_t subtree_last;
	uint32_t parent, left, right;
	uint32_t next; /**< in order */
};
/** What an interval tree is known by. */
struct interval_root {
	uint32_t node, first; /**< the first one in order */
};

#endif

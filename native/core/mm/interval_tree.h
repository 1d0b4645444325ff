/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file interval_tree.h
 * The intervals of an address space by address: a treap, in which each node knows the last address of its subtree. So an
 * invalidation visits the intervals that it meets, and few others. Equal starts stand in the order of insertion.
 */
#ifndef HMMU_INTERVAL_TREE_H
#define HMMU_INTERVAL_TREE_H

#include "host/machine.h"

/** A number that gives the treap its shape: no interval has a lower one than the intervals of its subtree. */
static u32 interval_priority(u32 interval);
static void interval_tree_insert(struct hmmu *m, u32 *root, u32 interval);
static void interval_tree_remove(struct hmmu *m, u32 *root, u32 interval);
/** The first interval of a tree that meets [start, last], or 0; and the next one behind it. */
static u32 interval_tree_first(const struct hmmu *m, u32 root, u64 start, u64 last);
static u32 interval_tree_next(const struct hmmu *m, u32 interval, u64 start, u64 last);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file graph.h All that a search has met, in an order that does not depend on who met what first: states are numbered by
 * breadth-first search, tasks ascending. So the shortest way to a state is known, and of two states the one that is reached first
 * has the smaller number.
 */
#ifndef HMMU_GRAPH_H
#define HMMU_GRAPH_H

#include <stddef.h>

#include "explore/states.h"

#define NO_NODE UINT32_MAX

struct graph {
	uint32_t *next;    /**< of each node, where each task's step leads; NO_NODE: it was not made */
	uint32_t *from;    /**< of each node, the node before it on its shortest way; NO_NODE: the first */
	uint32_t *length;  /**< steps of that way */
	uint8_t *by;       /**< the task of the last step of it */
	uint16_t *enabled; /**< a bit for each task that can run */
	uint32_t *number;  /**< the node of each state of the search; NO_NODE: none leads there */
	uint32_t count;
	uint32_t tasks;
};

/** Number the states. false: the host has no memory. graph_end() follows in any case. */
bool graph_begin(struct graph *graph, const struct states *states);
void graph_end(struct graph *graph);

/** Where a step leads. */
static inline uint32_t *graph_next(const struct graph *graph, uint32_t node, uint32_t task)
{
	return &graph->next[(size_t)node * graph->tasks + task];
}

/** Write the tasks of the steps to a node. */
void graph_way(const struct graph *graph, uint32_t node, uint8_t *choices);
/** In how many ways all tasks can end; with cycles those that repeat no state, of which some are left out. false: the host has
 * no memory. */
bool graph_orders(const struct graph *graph, double *orders, bool *has_cycles);

/**
 * A cycle that each task that can run somewhere in it takes part in.
 * @param member the nodes of the part of the graph, which is strongly connected; a bit of @p tasks each task that moves in it
 */
struct fair_part {
	uint32_t first; /**< its node that is reached first */
	uint32_t tasks;
	uint32_t mark; /**< nodes with this mark are its members */
};
/** Find all parts of the graph in which the tasks can go round without end, though each task that could run does. Calls @p found
 * for each; @p marks has the number of the part of each node. false: the host has no memory. */
typedef void (*fair_part_fn)(void *data, const struct fair_part *part, const uint32_t *marks);
bool graph_fair_parts(const struct graph *graph, fair_part_fn found, void *data);
/** A way round a part from its first node, on which each of its tasks makes a step. Returns its length; writes at most
 * @p capacity steps. 0: the host has no memory. */
uint32_t graph_round(const struct graph *graph, const struct fair_part *part, const uint32_t *marks, uint8_t *choices,
		     uint32_t capacity);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/** @file graph.h The states that a search has met, and where the steps of the tasks lead. */
#ifndef HMMU_GRAPH_H
#define HMMU_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NO_NODE UINT32_MAX

/** A state. */
struct node {
	uint64_t hash;
	double orders;    /**< in how many ways all tasks can end from here */
	uint32_t enabled; /**< a bit for each task that can run */
	bool is_open;     /**< its steps are being tried */
};

struct graph {
	struct node *nodes;
	uint32_t *next;  /**< of each node, where each task's step leads; NO_NODE: it was not made */
	uint32_t *table; /**< open addressing: number of a node + 1 */
	uint32_t count, capacity;
	uint32_t table_size; /**< a power of two */
	uint32_t tasks;
};

/** An empty graph. */
void graph_begin(struct graph *graph, uint32_t tasks);
void graph_end(struct graph *graph);
/** The node of a hash, which is made if there is none; NO_NODE: the host has no memory. */
uint32_t graph_node(struct graph *graph, uint64_t hash, bool *is_new);
/** How many bytes the graph has. */
uint64_t graph_bytes(const struct graph *graph);

/** Where a step leads. */
static inline uint32_t *graph_next(const struct graph *graph, uint32_t node, uint32_t task)
{
	return &graph->next[(size_t)node * graph->tasks + task];
}

/** The shortest ways from the first node, by breadth-first search. */
struct ways {
	uint32_t *from;   /**< of each node, the node before it; NO_NODE: the first, or never reached */
	uint32_t *length; /**< steps to it; NO_NODE: never reached */
	uint8_t *by;      /**< the task of the last step */
	uint32_t *queue;  /**< the nodes by their length */
};
/** false: the host has no memory. ways_end() follows in any case. */
bool ways_begin(struct ways *ways, const struct graph *graph);
void ways_end(struct ways *ways);
/** Write the tasks of the steps to a node. */
void ways_write(const struct ways *ways, uint32_t node, uint8_t *choices);

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
bool graph_fair_parts(const struct graph *graph, const struct ways *ways, fair_part_fn found, void *data);
/** A way round a part from its first node, on which each of its tasks makes a step. Returns its length; writes at most
 * @p capacity steps. 0: the host has no memory. */
uint32_t graph_round(const struct graph *graph, const struct fair_part *part, const uint32_t *marks, uint8_t *choices,
		     uint32_t capacity);

#endif

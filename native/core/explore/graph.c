/* SPDX-License-Identifier: GPL-2.0-only */
/* The states of a search, numbered anew. */
#include "explore/graph.h"

#include <string.h>

#include "host/platform.h"

static bool graph_alloc(struct graph *graph, uint32_t count)
{
	uint64_t nodes = count + 1ull;

	graph->next = platform_alloc_raw(nodes * graph->tasks * sizeof(uint32_t));
	graph->from = platform_alloc_raw(nodes * sizeof(uint32_t));
	graph->length = platform_alloc_raw(nodes * sizeof(uint32_t));
	graph->by = platform_alloc_raw(nodes);
	graph->enabled = platform_alloc_raw(nodes * sizeof(uint16_t));
	graph->number = platform_alloc_raw(nodes * sizeof(uint32_t));
	return graph->next && graph->from && graph->length && graph->by && graph->enabled && graph->number;
}

void graph_end(struct graph *graph)
{
	platform_free(graph->next);
	platform_free(graph->from);
	platform_free(graph->length);
	platform_free(graph->by);
	platform_free(graph->enabled);
	platform_free(graph->number);
}

static void add_node(struct graph *graph, uint32_t *queue, const struct met_state *met, uint32_t state, uint32_t from,
		     uint8_t by)
{
	uint32_t node = graph->count++;

	queue[node] = state;
	graph->number[state] = node;
	graph->from[node] = from;
	graph->length[node] = from == NO_NODE ? 0 : graph->length[from] + 1;
	graph->by[node] = by;
	graph->enabled[node] = met->enabled;
}

bool graph_begin(struct graph *graph, const struct states *states)
{
	uint32_t count = states_count(states);
	uint32_t *queue = platform_alloc_raw((count + 1ull) * sizeof(*queue));

	*graph = (struct graph){ .tasks = states->tasks };
	if (!queue || !graph_alloc(graph, count)) {
		platform_free(queue);
		return false;
	}
	memset(graph->number, 0xff, count * sizeof(uint32_t));
	if (count)
		add_node(graph, queue, state_at(states, 0), 0, NO_NODE, 0);
	for (uint32_t node = 0; node < graph->count; node++)
		for (uint32_t task = 0; task < graph->tasks; task++) {
			uint32_t state = *state_next(states, queue[node], task);

			if (state != NO_STATE && graph->number[state] == NO_NODE)
				add_node(graph, queue, state_at(states, state), state, node, (uint8_t)task);
			*graph_next(graph, node, task) = state == NO_STATE ? NO_NODE : graph->number[state];
		}
	platform_free(queue);
	return true;
}

void graph_way(const struct graph *graph, uint32_t node, uint8_t *choices)
{
	for (uint32_t i = graph->length[node]; i; i--) {
		choices[i - 1] = graph->by[node];
		node = graph->from[node];
	}
}

/* A depth-first search, tasks ascending. */
struct counting {
	const struct graph *graph;
	double *orders;  /**< of each node that is done */
	uint8_t *task;   /**< the next one to go to; NOT_MET, or IS_DONE */
	uint32_t *stack; /**< nodes under way */
	uint32_t depth;
	bool has_cycles;
};
#define NOT_MET 0xffu
#define IS_DONE 0xfeu

static void count_from(struct counting *counting, uint32_t node)
{
	uint32_t next;

	if (counting->task[node] == counting->graph->tasks) {
		counting->task[node] = IS_DONE;
		counting->depth--;
		if (counting->depth)
			counting->orders[counting->stack[counting->depth - 1]] += counting->orders[node];
		return;
	}
	next = *graph_next(counting->graph, node, counting->task[node]++);
	if (next == NO_NODE)
		return;
	if (counting->task[next] == IS_DONE) {
		counting->orders[node] += counting->orders[next];
	} else if (counting->task[next] != NOT_MET) {
		counting->has_cycles = true;
	} else {
		counting->task[next] = 0;
		counting->orders[next] = counting->graph->enabled[next] ? 0 : 1;
		counting->stack[counting->depth++] = next;
	}
}

bool graph_orders(const struct graph *graph, double *orders, bool *has_cycles)
{
	struct counting counting = {
		.graph = graph,
		.orders = platform_alloc_raw((graph->count + 1ull) * sizeof(double)),
		.task = platform_alloc_raw(graph->count + 1ull),
		.stack = platform_alloc_raw((graph->count + 1ull) * sizeof(uint32_t)),
	};
	bool done = counting.orders && counting.task && counting.stack;

	*orders = 0;
	if (done && graph->count) {
		memset(counting.task, NOT_MET, graph->count);
		counting.task[0] = 0;
		counting.orders[0] = graph->enabled[0] ? 0 : 1;
		counting.stack[counting.depth++] = 0;
		while (counting.depth)
			count_from(&counting, counting.stack[counting.depth - 1]);
		*orders = counting.orders[0];
	}
	*has_cycles = counting.has_cycles;
	platform_free(counting.orders);
	platform_free(counting.task);
	platform_free(counting.stack);
	return done;
}

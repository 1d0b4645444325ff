/* SPDX-License-Identifier: GPL-2.0-only */
/* The states that a search has met. */
#include "explore/graph.h"

#include <string.h>

#include "host/platform.h"

#define FIRST_CAPACITY 1024u

void graph_begin(struct graph *graph, uint32_t tasks)
{
	*graph = (struct graph){ .tasks = tasks };
}

void graph_end(struct graph *graph)
{
	platform_free(graph->nodes);
	platform_free(graph->next);
	platform_free(graph->table);
}

uint64_t graph_bytes(const struct graph *graph)
{
	return graph->capacity * (sizeof(struct node) + graph->tasks * sizeof(uint32_t)) +
	       graph->table_size * (uint64_t)sizeof(uint32_t);
}

static uint32_t *slot_of(const struct graph *graph, uint64_t hash)
{
	uint32_t mask = graph->table_size - 1, i = (uint32_t)(hash >> 32) & mask;

	while (graph->table[i] && graph->nodes[graph->table[i] - 1].hash != hash)
		i = (i + 1) & mask;
	return &graph->table[i];
}

static bool grow_array(void **array, size_t used, size_t bytes)
{
	void *larger = platform_alloc_raw(bytes);

	if (!larger)
		return false;
	if (used)
		memcpy(larger, *array, used);
	platform_free(*array);
	*array = larger;
	return true;
}

static bool grow(struct graph *graph)
{
	uint32_t capacity = graph->capacity ? graph->capacity * 2 : FIRST_CAPACITY;
	size_t row = graph->tasks * sizeof(uint32_t);
	uint32_t *table;

	if (capacity > UINT32_MAX / 4 ||
	    !grow_array((void **)&graph->nodes, graph->count * sizeof(struct node), capacity * sizeof(struct node)) ||
	    !grow_array((void **)&graph->next, graph->count * row, capacity * row))
		return false;
	graph->capacity = capacity;
	table = platform_alloc(capacity * 2ull * sizeof(uint32_t));
	if (!table)
		return false;
	platform_free(graph->table);
	graph->table = table;
	graph->table_size = capacity * 2;
	for (uint32_t i = 0; i < graph->count; i++)
		*slot_of(graph, graph->nodes[i].hash) = i + 1;
	return true;
}

uint32_t graph_node(struct graph *graph, uint64_t hash, bool *is_new)
{
	uint32_t *slot = graph->table_size ? slot_of(graph, hash) : NULL, node;

	*is_new = !slot || !*slot;
	if (!*is_new)
		return *slot - 1;
	if (!slot || graph->count == graph->capacity) {
		if (!grow(graph))
			return NO_NODE;
		slot = slot_of(graph, hash);
	}
	node = graph->count++;
	*slot = node + 1;
	graph->nodes[node] = (struct node){ .hash = hash };
	memset(graph_next(graph, node, 0), 0xff, graph->tasks * sizeof(uint32_t));
	return node;
}

bool ways_begin(struct ways *ways, const struct graph *graph)
{
	size_t bytes = (graph->count + 1ull) * sizeof(uint32_t);
	uint32_t head = 0, tail = 0;

	*ways = (struct ways){
		.from = platform_alloc_raw(bytes),
		.length = platform_alloc_raw(bytes),
		.queue = platform_alloc_raw(bytes),
		.by = platform_alloc_raw(graph->count + 1ull),
	};
	if (!ways->from || !ways->length || !ways->queue || !ways->by)
		return false;
	memset(ways->from, 0xff, bytes);
	memset(ways->length, 0xff, bytes);
	if (!graph->count)
		return true;
	ways->length[0] = 0;
	ways->queue[tail++] = 0;
	while (head < tail) {
		uint32_t node = ways->queue[head++];

		for (uint32_t task = 0; task < graph->tasks; task++) {
			uint32_t next = *graph_next(graph, node, task);

			if (next == NO_NODE || ways->length[next] != NO_NODE)
				continue;
			ways->length[next] = ways->length[node] + 1;
			ways->from[next] = node;
			ways->by[next] = (uint8_t)task;
			ways->queue[tail++] = next;
		}
	}
	return true;
}

void ways_end(struct ways *ways)
{
	platform_free(ways->from);
	platform_free(ways->length);
	platform_free(ways->queue);
	platform_free(ways->by);
}

void ways_write(const struct ways *ways, uint32_t node, uint8_t *choices)
{
	for (uint32_t i = ways->length[node]; i; i--) {
		choices[i - 1] = ways->by[node];
		node = ways->from[node];
	}
}

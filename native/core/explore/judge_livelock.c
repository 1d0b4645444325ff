/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Livelocks: parts of the graph in which the tasks can go round without end although the scheduler is fair, which means that
 * each task that can run somewhere on the way does run. A part is strongly connected. If a task can run in it, but none of its
 * steps stays in it, the states where it can run are taken out, and what is left is searched again.
 */
#include <string.h>

#include "explore/graph.h"
#include "host/platform.h"

/** Nodes from begin to end - 1 of the list: a part of the graph. */
struct segment {
	uint32_t begin, end;
};

struct parts {
	const struct graph *graph;
	uint32_t *list;  /**< nodes, in segments */
	uint32_t *roots; /**< those of the segment that is searched */
	uint32_t *marks; /**< the segment that a node is in, by a number of its own; 0: in none */
	uint32_t *index; /**< when Tarjan's search has met it, from 1 on; 0: not yet */
	uint32_t *low;
	uint32_t *stack; /**< nodes that are in no component yet */
	uint32_t *path;  /**< nodes under way */
	uint8_t *edge;   /**< of a node under way, the next task */
	struct segment *todo;
	uint32_t todo_count, mark, clock, depth, stacked, out;
	fair_part_fn found;
	void *data;
};

static bool parts_alloc(struct parts *parts)
{
	size_t bytes = (parts->graph->count + 1ull) * sizeof(uint32_t);

	parts->list = platform_alloc_raw(bytes);
	parts->roots = platform_alloc_raw(bytes);
	parts->marks = platform_alloc(bytes);
	parts->index = platform_alloc(bytes);
	parts->low = platform_alloc_raw(bytes);
	parts->stack = platform_alloc_raw(bytes);
	parts->path = platform_alloc_raw(bytes);
	parts->edge = platform_alloc_raw(parts->graph->count + 1ull);
	parts->todo = platform_alloc_raw((parts->graph->count + 1ull) * sizeof(struct segment));
	return parts->list && parts->roots && parts->marks && parts->index && parts->low && parts->stack &&
	       parts->path && parts->edge && parts->todo;
}

static void parts_free(struct parts *parts)
{
	platform_free(parts->list);
	platform_free(parts->roots);
	platform_free(parts->marks);
	platform_free(parts->index);
	platform_free(parts->low);
	platform_free(parts->stack);
	platform_free(parts->path);
	platform_free(parts->edge);
	platform_free(parts->todo);
}

/* Where a task's step leads within the same segment, else NO_NODE. */
static uint32_t next_within(const struct graph *graph, const uint32_t *marks, uint32_t node, uint32_t task)
{
	uint32_t next = *graph_next(graph, node, task);

	return next != NO_NODE && marks[next] == marks[node] ? next : NO_NODE;
}

/* The tasks that make steps within a component, whose nodes have a mark of their own. */
static uint32_t movers(const struct parts *parts, struct segment part)
{
	uint32_t tasks = 0;

	for (uint32_t i = part.begin; i < part.end; i++)
		for (uint32_t task = 0; task < parts->graph->tasks; task++)
			if (next_within(parts->graph, parts->marks, parts->list[i], task) != NO_NODE)
				tasks |= 1u << task;
	return tasks;
}

static void report_part(struct parts *parts, struct segment part, uint32_t tasks)
{
	struct fair_part fair = { .first = parts->list[part.begin], .tasks = tasks };

	for (uint32_t i = part.begin; i < part.end; i++) {
		uint32_t node = parts->list[i];

		if (node < fair.first)
			fair.first = node;
	}
	fair.mark = parts->marks[fair.first];
	parts->found(parts->data, &fair, parts->marks);
}

/* Take the nodes out where one of some tasks can run; search the others again. */
static void search_without(struct parts *parts, struct segment part, uint32_t tasks)
{
	uint32_t end = part.begin;

	for (uint32_t i = part.begin; i < part.end; i++) {
		uint32_t node = parts->list[i];

		if (parts->graph->enabled[node] & tasks)
			parts->marks[node] = 0;
		else
			parts->list[end++] = node;
	}
	if (end > part.begin)
		parts->todo[parts->todo_count++] = (struct segment){ part.begin, end };
}

/* A strongly connected component is at the end of the list's part that is out. */
static void component(struct parts *parts, struct segment part)
{
	uint32_t enabled = 0, tasks;

	parts->mark++;
	for (uint32_t i = part.begin; i < part.end; i++) {
		parts->marks[parts->list[i]] = parts->mark;
		enabled |= parts->graph->enabled[parts->list[i]];
	}
	tasks = movers(parts, part);
	if (!tasks) /* one node, which does not lead to itself */
		parts->marks[parts->list[part.begin]] = 0;
	else if (enabled & ~tasks)
		search_without(parts, part, enabled & ~tasks);
	else
		report_part(parts, part, tasks);
}

static void enter_node(struct parts *parts, uint32_t node)
{
	parts->index[node] = parts->low[node] = ++parts->clock;
	parts->edge[node] = 0;
	parts->stack[parts->stacked++] = node;
	parts->path[parts->depth++] = node;
}

static void leave_node(struct parts *parts, uint32_t node)
{
	uint32_t begin = parts->out, top;

	parts->depth--;
	if (parts->depth && parts->low[node] < parts->low[parts->path[parts->depth - 1]])
		parts->low[parts->path[parts->depth - 1]] = parts->low[node];
	if (parts->low[node] != parts->index[node])
		return;
	do {
		top = parts->stack[--parts->stacked];
		parts->list[parts->out++] = top;
	} while (top != node);
	component(parts, (struct segment){ begin, parts->out });
}

/* Tarjan's search from a node, within its segment. @p mark: that of the segment */
static void search_from(struct parts *parts, uint32_t root, uint32_t mark)
{
	enter_node(parts, root);
	while (parts->depth) {
		uint32_t node = parts->path[parts->depth - 1], next;

		if (parts->edge[node] == parts->graph->tasks) {
			leave_node(parts, node);
			continue;
		}
		next = *graph_next(parts->graph, node, parts->edge[node]++);
		if (next == NO_NODE || parts->marks[next] != mark)
			continue;
		if (!parts->index[next])
			enter_node(parts, next);
		else if (parts->index[next] < parts->low[node])
			parts->low[node] = parts->index[next];
	}
}

static void search_segment(struct parts *parts, struct segment part)
{
	uint32_t mark = ++parts->mark, count = part.end - part.begin;

	/* Components are written to the list while roots are taken. */
	memcpy(parts->roots, parts->list + part.begin, count * sizeof(*parts->roots));
	for (uint32_t i = 0; i < count; i++) {
		parts->marks[parts->roots[i]] = mark;
		parts->index[parts->roots[i]] = 0;
	}
	parts->out = part.begin;
	for (uint32_t i = 0; i < count; i++)
		if (!parts->index[parts->roots[i]])
			search_from(parts, parts->roots[i], mark);
}

bool graph_fair_parts(const struct graph *graph, fair_part_fn found, void *data)
{
	struct parts parts = { .graph = graph, .found = found, .data = data };
	bool done = parts_alloc(&parts);

	if (done) {
		for (uint32_t i = 0; i < graph->count; i++)
			parts.list[i] = i;
		parts.todo[parts.todo_count++] = (struct segment){ 0, graph->count };
		while (parts.todo_count)
			search_segment(&parts, parts.todo[--parts.todo_count]);
	}
	parts_free(&parts);
	return done;
}

/* A walk round a part. */
struct round {
	const struct graph *graph;
	const uint32_t *marks;
	uint32_t *from; /**< of each node the node before it, in the search under way */
	uint32_t *seen; /**< the number of the search that has met it */
	uint32_t *queue;
	uint8_t *by;
	uint8_t *choices;
	uint32_t at, length, capacity, searches;
};

static void make_step_of_round(struct round *round, uint32_t task)
{
	if (round->length < round->capacity)
		round->choices[round->length] = (uint8_t)task;
	round->length++;
	round->at = *graph_next(round->graph, round->at, task);
}

/* Walk to a node that the last search has met. */
static void walk_to(struct round *round, uint32_t node)
{
	uint32_t end;

	for (uint32_t i = node; i != round->at; i = round->from[i])
		round->length++;
	end = round->length;
	for (uint32_t i = node; i != round->at; i = round->from[i])
		if (--end < round->capacity)
			round->choices[end] = round->by[i];
	round->at = node;
}

/* The node nearest to where the walk is that is the goal, or where one of some tasks can make a step within the part. */
static uint32_t nearest(struct round *round, uint32_t goal, uint32_t tasks, uint32_t *task)
{
	uint32_t head = 0, tail = 0;

	round->seen[round->at] = ++round->searches;
	round->queue[tail++] = round->at;
	while (head < tail) {
		uint32_t node = round->queue[head++];

		if (!tasks && node == goal)
			return node;
		for (*task = 0; *task < round->graph->tasks; ++*task) {
			uint32_t next = next_within(round->graph, round->marks, node, *task);

			if (next == NO_NODE)
				continue;
			if (tasks >> *task & 1)
				return node;
			if (round->seen[next] == round->searches)
				continue;
			round->seen[next] = round->searches;
			round->from[next] = node;
			round->by[next] = (uint8_t)*task;
			round->queue[tail++] = next;
		}
	}
	return NO_NODE;
}

/* All tasks of the part make a step, and the walk goes back to its begin. */
static void walk_round(struct round *round, uint32_t tasks)
{
	uint32_t first = round->at, task, node;

	while (tasks) {
		node = nearest(round, first, tasks, &task);
		if (node == NO_NODE)
			return;
		walk_to(round, node);
		make_step_of_round(round, task);
		tasks &= ~(1u << task);
	}
	node = nearest(round, first, 0, &task);
	if (node != NO_NODE)
		walk_to(round, node);
}

uint32_t graph_round(const struct graph *graph, const struct fair_part *part, const uint32_t *marks, uint8_t *choices,
		     uint32_t capacity)
{
	size_t bytes = (graph->count + 1ull) * sizeof(uint32_t);
	struct round round = {
		.graph = graph,
		.marks = marks,
		.from = platform_alloc_raw(bytes),
		.seen = platform_alloc(bytes),
		.queue = platform_alloc_raw(bytes),
		.by = platform_alloc_raw(graph->count + 1ull),
		.choices = choices,
		.at = part->first,
		.capacity = capacity,
	};

	if (round.from && round.seen && round.queue && round.by)
		walk_round(&round, part->tasks);
	platform_free(round.from);
	platform_free(round.seen);
	platform_free(round.queue);
	platform_free(round.by);
	return round.length;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* What the caller of a search gets: findings and outcomes, each with the shortest order that leads to it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "explore/graph.h"
#include "explore/search.h"
#include "host/machine.h"
#include "host/platform.h"

/** The result, and the arrays that it points to. */
struct made {
	struct hmmu_search_result result;
	struct hmmu_finding *findings;
	struct hmmu_search_outcome *outcomes;
	uint64_t *results;
	uint8_t *choices;
};

struct making {
	struct search *search;
	struct finds *finds;
	struct graph graph;
	double orders;
	bool has_cycles;
	struct livelock {
		uint32_t tasks, mark;
		struct fair_part part;
		uint64_t times, length;
		uint8_t *choices;
	} livelocks[64];
	uint32_t livelock_count;
};

static uint64_t find_length(const struct making *making, const struct find *find)
{
	return making->graph.length[find->node] + (find->finding.task != NO_INDEX);
}

/* Of each finding and outcome, the state that is reached first. */
static void choose_nodes(struct making *making)
{
	struct finds *finds = making->finds;

	for (uint32_t i = 0; i < finds->sighting_count; i++) {
		uint32_t node = making->graph.number[finds->sightings[i].state];
		uint32_t *best = &finds->finds[finds->sightings[i].find].node;

		*best = node < *best ? node : *best;
	}
	for (uint32_t i = 0; i < finds->end_count; i++) {
		uint32_t node = making->graph.number[finds->ends[i].state];
		uint32_t *best = &finds->outcomes[finds->ends[i].find].node;

		*best = node < *best ? node : *best;
	}
}

/* Livelocks of the same tasks are one finding: that which is reached first. */
static void add_livelock(void *data, const struct fair_part *part, const uint32_t *marks)
{
	struct making *making = data;
	const struct graph *graph = &making->graph;
	struct livelock *livelock = making->livelocks;
	uint32_t i = 0, length;

	while (i < making->livelock_count && livelock[i].tasks != part->tasks)
		i++;
	if (i == sizeof(making->livelocks) / sizeof(making->livelocks[0]))
		return;
	livelock += i;
	livelock->times++;
	if (i < making->livelock_count && part->first >= livelock->part.first)
		return;
	length = graph_round(graph, part, marks, NULL, 0);
	platform_free(livelock->choices);
	livelock->choices = platform_alloc(length + 1ull);
	if (!length || !livelock->choices)
		return;
	graph_round(graph, part, marks, livelock->choices, length);
	livelock->tasks = part->tasks;
	livelock->part = *part;
	livelock->length = length;
	if (i == making->livelock_count)
		making->livelock_count++;
}

static int compare_findings(const void *a, const void *b)
{
	const struct hmmu_finding *x = a, *y = b;

	if (x->judge != y->judge)
		return x->judge < y->judge ? -1 : 1;
	if (x->length != y->length)
		return x->length < y->length ? -1 : 1;
	if (x->action != y->action)
		return x->action < y->action ? -1 : 1;
	if (x->task != y->task)
		return x->task < y->task ? -1 : 1;
	if (x->process != y->process)
		return x->process < y->process ? -1 : 1;
	if (x->page != y->page)
		return x->page < y->page ? -1 : 1;
	if (x->found != y->found)
		return x->found < y->found ? -1 : 1;
	return strcmp(x->text, y->text);
}

/* An outcome, to be sorted. Two have one node only if states with equal hashes are not equal. */
struct ranked {
	uint32_t node;
	const uint64_t *results;
	size_t bytes;
};

static int compare_outcomes(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	return memcmp(x->results, y->results, x->bytes);
}

static uint64_t count_choices(const struct making *making)
{
	const struct finds *finds = making->finds;
	uint64_t count = 0;

	for (uint32_t i = 0; i < finds->find_count; i++)
		count += find_length(making, &finds->finds[i]);
	for (uint32_t i = 0; i < finds->outcome_count; i++)
		count += making->graph.length[finds->outcomes[i].node];
	for (uint32_t i = 0; i < making->livelock_count; i++)
		count += making->graph.length[making->livelocks[i].part.first] + making->livelocks[i].length;
	return count;
}

static uint64_t write_way(const struct making *making, struct made *made, uint32_t node)
{
	uint64_t begin = made->result.choice_count;

	graph_way(&making->graph, node, made->choices + begin);
	made->result.choice_count += making->graph.length[node];
	return begin;
}

static void write_findings(const struct making *making, struct made *made)
{
	const struct finds *finds = making->finds;
	struct hmmu_finding *finding = made->findings;

	for (uint32_t i = 0; i < finds->find_count; i++, finding++) {
		const struct find *find = &finds->finds[i];

		*finding = find->finding;
		finding->choices = write_way(making, made, find->node);
		if (finding->task != NO_INDEX)
			made->choices[made->result.choice_count++] = (uint8_t)finding->task;
		finding->length = made->result.choice_count - finding->choices;
		if (finding->text[0])
			remake_complaint(making->search->workers, made->choices + finding->choices,
					 (uint32_t)finding->length, finding);
	}
	for (uint32_t i = 0; i < making->livelock_count; i++, finding++) {
		const struct livelock *livelock = &making->livelocks[i];

		*finding = (struct hmmu_finding){ .judge = HMMU_JUDGE_LIVELOCK,
						  .task = NO_INDEX,
						  .action = NO_INDEX,
						  .page = NO_INDEX,
						  .process = NO_INDEX,
						  .found = livelock->tasks,
						  .times = livelock->times,
						  .cycle = livelock->length };
		finding->choices = write_way(making, made, livelock->part.first);
		memcpy(made->choices + made->result.choice_count, livelock->choices, livelock->length);
		made->result.choice_count += livelock->length;
		finding->length = made->result.choice_count - finding->choices;
	}
	made->result.finding_count = (uint32_t)(finding - made->findings);
	if (made->result.finding_count)
		qsort(made->findings, made->result.finding_count, sizeof(*finding), compare_findings);
}

static bool write_outcomes(const struct making *making, struct made *made)
{
	const struct finds *finds = making->finds;
	struct ranked *ranked = platform_alloc((finds->outcome_count + 1ull) * sizeof(*ranked));
	size_t bytes = finds->actions * sizeof(uint64_t);

	if (!ranked)
		return false;
	for (uint32_t i = 0; i < finds->outcome_count; i++)
		ranked[i] =
			(struct ranked){ finds->outcomes[i].node, finds->results + (size_t)i * finds->actions, bytes };
	if (finds->outcome_count)
		qsort(ranked, finds->outcome_count, sizeof(*ranked), compare_outcomes);
	for (uint32_t i = 0; i < finds->outcome_count; i++) {
		memcpy(made->results + (size_t)i * finds->actions, ranked[i].results, bytes);
		made->outcomes[i].length = making->graph.length[ranked[i].node];
		made->outcomes[i].choices = write_way(making, made, ranked[i].node);
	}
	made->result.outcome_count = finds->outcome_count;
	platform_free(ranked);
	return true;
}

/* Each order of twins stands for those in which they change places. */
static double twin_orders(const struct search *search)
{
	double orders = 1;

	for (uint32_t i = 0; i < search->program->task_count; i++) {
		uint32_t twins = 1;

		for (uint32_t j = search->twin[i]; j != NO_INDEX; j = search->twin[j])
			twins++;
		orders *= twins;
	}
	return orders;
}

static struct hmmu_search_result write_counts(const struct making *making)
{
	const struct search *search = making->search;
	const struct graph *graph = &making->graph;

	return (struct hmmu_search_result){
		.schedules = making->orders * twin_orders(search),
		.states = states_count(&search->states),
		.steps = search->workers[0].steps,
		.ends = search->workers[0].ends,
		.depth = graph->count ? graph->length[graph->count - 1] : 0,
		.cut_off = making->finds->is_full ? HMMU_CUT_BYTES : search_cut_off(search),
		.has_cycles = making->has_cycles,
	};
}

static struct made *write_result(const struct making *making)
{
	const struct finds *finds = making->finds;
	struct made *made = platform_alloc(sizeof(*made));

	if (!made)
		return NULL;
	made->result = write_counts(making);
	made->findings =
		platform_alloc((finds->find_count + making->livelock_count + 1ull) * sizeof(struct hmmu_finding));
	made->outcomes = platform_alloc((finds->outcome_count + 1ull) * sizeof(struct hmmu_search_outcome));
	made->results = platform_alloc((finds->outcome_count * (uint64_t)finds->actions + 1) * sizeof(uint64_t));
	made->choices = platform_alloc(count_choices(making) + 1);
	if (!made->findings || !made->outcomes || !made->results || !made->choices || !write_outcomes(making, made)) {
		hmmu_search_free(&made->result);
		return NULL;
	}
	write_findings(making, made);
	made->result.findings = made->findings;
	made->result.outcomes = made->outcomes;
	made->result.results = made->results;
	made->result.choices = made->choices;
	return made;
}

int search_result(struct search *search, struct hmmu_search_result **result)
{
	struct making making = { .search = search, .finds = &search->workers[0].finds };
	bool done = graph_begin(&making.graph, &search->states) &&
		    graph_orders(&making.graph, &making.orders, &making.has_cycles);
	struct made *made = NULL;

	if (done)
		choose_nodes(&making);
	if (done && making.has_cycles)
		done = graph_fair_parts(&making.graph, add_livelock, &making);
	if (done)
		made = write_result(&making);
	graph_end(&making.graph);
	for (uint32_t i = 0; i < making.livelock_count; i++)
		platform_free(making.livelocks[i].choices);
	if (!made)
		return hmmu_fail(search->workers[0].run.m, -ENOMEM, HMMU_ERR_HOST_MEMORY,
				 "the host has no memory for the result");
	*result = &made->result;
	return 0;
}

void hmmu_search_free(struct hmmu_search_result *result)
{
	struct made *made = (struct made *)result;

	if (!made)
		return;
	platform_free(made->findings);
	platform_free(made->outcomes);
	platform_free(made->results);
	platform_free(made->choices);
	platform_free(made);
}

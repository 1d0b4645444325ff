/* SPDX-License-Identifier: GPL-2.0-only */
/* What the caller of a search gets: findings and outcomes, each with the shortest order that leads to it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
	struct ways ways;
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
	return making->ways.length[find->node] + (find->finding.task != NO_INDEX);
}

/* Of each finding, the state that is reached first. */
static void choose_nodes(struct making *making)
{
	struct finds *finds = &making->search->finds;
	const uint32_t *length = making->ways.length;

	for (uint32_t i = 0; i < finds->sighting_count; i++) {
		const struct sighting *sighting = &finds->sightings[i];
		struct find *find = &finds->finds[sighting->find];
		uint32_t best = find->node;

		if (best == NO_NODE || length[sighting->node] < length[best] ||
		    (length[sighting->node] == length[best] && sighting->node < best))
			find->node = sighting->node;
	}
}

/* Livelocks of the same tasks are one finding: that which is reached first. */
static void add_livelock(void *data, const struct fair_part *part, const uint32_t *marks)
{
	struct making *making = data;
	const struct graph *graph = &making->search->graph;
	struct livelock *livelock = making->livelocks;
	uint32_t i = 0, length;

	while (i < making->livelock_count && livelock[i].tasks != part->tasks)
		i++;
	if (i == sizeof(making->livelocks) / sizeof(making->livelocks[0]))
		return;
	livelock += i;
	livelock->times++;
	if (i < making->livelock_count && making->ways.length[part->first] >= making->ways.length[livelock->part.first])
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
	return x->choices < y->choices ? -1 : x->choices > y->choices;
}

static int compare_outcomes(const void *a, const void *b)
{
	const struct hmmu_search_outcome *x = a, *y = b;

	if (x->length != y->length)
		return x->length < y->length ? -1 : 1;
	return x->choices < y->choices ? -1 : x->choices > y->choices;
}

static uint64_t count_choices(const struct making *making)
{
	const struct finds *finds = &making->search->finds;
	uint64_t count = 0;

	for (uint32_t i = 0; i < finds->find_count; i++)
		count += find_length(making, &finds->finds[i]);
	for (uint32_t i = 0; i < finds->outcome_count; i++)
		count += making->ways.length[finds->outcomes[i].node];
	for (uint32_t i = 0; i < making->livelock_count; i++)
		count += making->ways.length[making->livelocks[i].part.first] + making->livelocks[i].length;
	return count;
}

static uint64_t write_way(const struct making *making, struct made *made, uint32_t node)
{
	uint64_t begin = made->result.choice_count;

	ways_write(&making->ways, node, made->choices + begin);
	made->result.choice_count += making->ways.length[node];
	return begin;
}

static void write_findings(const struct making *making, struct made *made)
{
	const struct finds *finds = &making->search->finds;
	struct hmmu_finding *finding = made->findings;

	for (uint32_t i = 0; i < finds->find_count; i++, finding++) {
		const struct find *find = &finds->finds[i];

		*finding = find->finding;
		finding->choices = write_way(making, made, find->node);
		if (finding->task != NO_INDEX)
			made->choices[made->result.choice_count++] = (uint8_t)finding->task;
		finding->length = made->result.choice_count - finding->choices;
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

static void write_outcomes(const struct making *making, struct made *made)
{
	const struct finds *finds = &making->search->finds;
	const uint32_t *length = making->ways.length;

	/* Until they are sorted, choices has the number of the outcome. */
	for (uint32_t i = 0; i < finds->outcome_count; i++)
		made->outcomes[i] = (struct hmmu_search_outcome){ i, length[finds->outcomes[i].node] };
	if (finds->outcome_count)
		qsort(made->outcomes, finds->outcome_count, sizeof(*made->outcomes), compare_outcomes);
	for (uint32_t i = 0; i < finds->outcome_count; i++) {
		uint64_t number = made->outcomes[i].choices;

		memcpy(made->results + (size_t)i * finds->actions, finds->results + (size_t)number * finds->actions,
		       finds->actions * sizeof(uint64_t));
		made->outcomes[i].choices = write_way(making, made, finds->outcomes[number].node);
	}
	made->result.outcome_count = finds->outcome_count;
}

static struct made *write_result(const struct making *making)
{
	const struct finds *finds = &making->search->finds;
	struct made *made = platform_alloc(sizeof(*made));

	if (!made)
		return NULL;
	made->result = making->search->result;
	made->findings =
		platform_alloc((finds->find_count + making->livelock_count + 1ull) * sizeof(struct hmmu_finding));
	made->outcomes = platform_alloc((finds->outcome_count + 1ull) * sizeof(struct hmmu_search_outcome));
	made->results = platform_alloc((finds->outcome_count * (uint64_t)finds->actions + 1) * sizeof(uint64_t));
	made->choices = platform_alloc(count_choices(making) + 1);
	if (!made->findings || !made->outcomes || !made->results || !made->choices) {
		hmmu_search_free(&made->result);
		return NULL;
	}
	write_findings(making, made);
	write_outcomes(making, made);
	made->result.findings = made->findings;
	made->result.outcomes = made->outcomes;
	made->result.results = made->results;
	made->result.choices = made->choices;
	return made;
}

int search_result(struct search *search, struct hmmu_search_result **result)
{
	struct making making = { .search = search };
	bool done = ways_begin(&making.ways, &search->graph);
	struct made *made = NULL;

	if (search->finds.is_full)
		search->result.cut_off = HMMU_CUT_BYTES;
	if (done)
		choose_nodes(&making);
	if (done && search->result.has_cycles)
		done = graph_fair_parts(&search->graph, &making.ways, add_livelock, &making);
	if (done)
		made = write_result(&making);
	ways_end(&making.ways);
	for (uint32_t i = 0; i < making.livelock_count; i++)
		platform_free(making.livelocks[i].choices);
	if (!made)
		return hmmu_fail(search->run.m, -ENOMEM, HMMU_ERR_HOST_MEMORY, "the host has no memory for the result");
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

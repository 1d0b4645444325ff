/* SPDX-License-Identifier: GPL-2.0-only */
/** @file finds.h What a worker of a search has found so far. */
#ifndef HMMU_FINDS_H
#define HMMU_FINDS_H

#include "explore/run.h"

/** A finding that differs from all others. */
struct find {
	struct hmmu_finding finding;
	uint32_t node; /**< of the graph: where its shortest order ends, once all is known */
};

/** A step or an end that shows a finding or an outcome. */
struct sighting {
	uint32_t find;  /**< its number */
	uint32_t state; /**< in which the step was made, or the end */
};

/** An outcome: the results of all actions. */
struct outcome {
	uint64_t hash;
	uint32_t node; /**< of the graph: the end that has it and is reached first, once all is known */
};

/** What was found. */
struct finds {
	struct find *finds;
	struct sighting *sightings; /**< of finds */
	struct sighting *ends;      /**< of outcomes */
	struct outcome *outcomes;
	uint64_t *results; /**< of each outcome */
	uint32_t *table;   /**< of outcomes, open addressing: number + 1 */
	uint32_t find_count, find_capacity;
	uint32_t sighting_count, sighting_capacity;
	uint32_t end_count, end_capacity;
	uint32_t outcome_count, outcome_capacity;
	uint32_t actions;
	bool is_full;    /**< the host had no memory for one */
	bool is_crowded; /**< there were more different findings than are kept */
};
void finds_begin(struct finds *finds, uint32_t actions);
void finds_end(struct finds *finds);
void finds_add(struct finds *finds, uint32_t state, const struct hmmu_finding *finding);
void finds_outcome(struct finds *finds, uint32_t state, const uint64_t *results);
/** Add what another worker has found. */
void finds_merge(struct finds *finds, const struct finds *from);
/** How many bytes are in use. */
uint64_t finds_bytes(const struct finds *finds);
/** Whether two findings are one. Numbers in a complaint do not count. */
bool finding_is_same(const struct hmmu_finding *a, const struct hmmu_finding *b);

#endif

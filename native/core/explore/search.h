/* SPDX-License-Identifier: GPL-2.0-only */
/** @file search.h A search through all orders of a program, and what it has found. */
#ifndef HMMU_SEARCH_H
#define HMMU_SEARCH_H

#include "explore/graph.h"
#include "explore/run.h"

/** A finding that differs from all others. */
struct find {
	struct hmmu_finding finding;
	uint32_t node; /**< where its shortest order ends, once all is known */
};

/** A step or an end that shows a finding. */
struct sighting {
	uint32_t find;
	uint32_t node; /**< the state in which the step was made, or the end */
};

/** An outcome: the results of all actions. */
struct outcome {
	uint64_t hash;
	uint32_t node; /**< an end that has it */
};

/** What was found. */
struct finds {
	struct find *finds;
	struct sighting *sightings;
	struct outcome *outcomes;
	uint64_t *results; /**< of each outcome */
	uint32_t *table;   /**< of outcomes, open addressing: number + 1 */
	uint32_t find_count, find_capacity;
	uint32_t sighting_count, sighting_capacity;
	uint32_t outcome_count, outcome_capacity;
	uint32_t actions;
	uint64_t bytes; /**< of all arrays */
	bool is_full;   /**< the host had no memory for one */
};
void finds_begin(struct finds *finds, uint32_t actions);
void finds_end(struct finds *finds);
void finds_add(struct finds *finds, uint32_t node, const struct hmmu_finding *finding);
void finds_outcome(struct finds *finds, uint32_t node, const uint64_t *results);

/** A state under way. */
struct search_frame {
	uint32_t node;
	uint32_t todo; /**< a bit for each task whose step is still to be tried */
	uint32_t last; /**< the task whose step led here; NO_INDEX: the begin */
	uint32_t preemptions;
	bool is_marked;
	bool was_left; /**< the machine is not in this state any more */
};

struct search {
	struct run run;
	struct hmmu_search_options options;
	struct graph graph;
	struct finds finds;
	struct search_frame *frames;
	uint8_t *worlds; /**< of each frame, the world */
	uint32_t depth, frame_capacity;
	uint32_t node;                     /**< where findings belong */
	uint32_t twin[HMMU_PROGRAM_TASKS]; /**< a task before it that does the same; NO_INDEX: none */
	struct hmmu_search_result result;
};

/** Make what the caller gets. -ENOMEM. */
int search_result(struct search *search, struct hmmu_search_result **result);

#endif

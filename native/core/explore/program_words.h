/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file program_words.h
 * A program as words, for the bindings of other languages, which have no pointers: the numbers of processes, tasks, actions and
 * pages, then their records. Nothing is copied but the pids.
 */
#ifndef HMMU_PROGRAM_WORDS_H
#define HMMU_PROGRAM_WORDS_H

#include "hmmu/hmmu.h"

#define PROGRAM_HEAD_WORDS 4
#define WORDS_OF(type) (sizeof(type) / sizeof(uint64_t))

/** The pids of a program that is read from words. */
struct program_pids {
	uint32_t pid[HMMU_PROGRAM_PROCESSES];
};

/** Whether the words have all records that they announce. @p program points to the words and to @p pids. */
static inline bool program_of_words(const uint64_t *words, uint64_t count, struct program_pids *pids,
				    struct hmmu_program *program)
{
	uint64_t tasks, actions, pages;

	if (count < PROGRAM_HEAD_WORDS || words[0] > HMMU_PROGRAM_PROCESSES || words[1] > HMMU_PROGRAM_TASKS ||
	    words[2] > UINT16_MAX || words[3] > UINT16_MAX)
		return false;
	tasks = PROGRAM_HEAD_WORDS + words[0];
	actions = tasks + words[1] * WORDS_OF(struct hmmu_program_task);
	pages = actions + words[2] * WORDS_OF(struct hmmu_action);
	if (pages + words[3] * WORDS_OF(struct hmmu_program_page) != count)
		return false;
	for (uint64_t i = 0; i < words[0]; i++) {
		if (words[PROGRAM_HEAD_WORDS + i] > UINT32_MAX)
			return false;
		pids->pid[i] = (uint32_t)words[PROGRAM_HEAD_WORDS + i];
	}
	program->processes = pids->pid;
	program->tasks = (const struct hmmu_program_task *)(const void *)(words + tasks);
	program->actions = (const struct hmmu_action *)(const void *)(words + actions);
	program->pages = (const struct hmmu_program_page *)(const void *)(words + pages);
	program->process_count = (uint32_t)words[0];
	program->task_count = (uint32_t)words[1];
	program->action_count = (uint32_t)words[2];
	program->page_count = (uint32_t)words[3];
	return true;
}

/** Whether a number is one of those from 0 to below a limit, so that C has a value for it. */
static inline bool is_below(double number, double limit)
{
	return number >= 0 && number < limit;
}

/** How far a search goes, in numbers: states, bytes, preemptions, points, flags (1 all_twins, 2 handler_retries, 4 verify, 8 selfcheck),
 * milliseconds, workers. False: one of them is none. */
static inline bool search_options_of(const double *numbers, struct hmmu_search_options *options)
{
	const double words = 18446744073709551616.0, halves = 4294967296.0;
	uint32_t flags;

	if (!is_below(numbers[0], words) || !is_below(numbers[1], words) || !is_below(numbers[2], halves) ||
	    !is_below(numbers[3], halves) || !is_below(numbers[4], 16) || !is_below(numbers[5], words) ||
	    !(numbers[6] >= 1 && numbers[6] <= HMMU_SEARCH_WORKERS))
		return false;
	flags = (uint32_t)numbers[4];
	options->states = (uint64_t)numbers[0];
	options->bytes = (uint64_t)numbers[1];
	options->preemptions = (uint32_t)numbers[2];
	options->points = (uint32_t)numbers[3];
	options->all_twins = (flags & 1) != 0;
	options->handler_retries = (flags & 2) != 0;
	options->verify = (flags & 4) != 0;
	options->selfcheck = (flags & 8) != 0;
	options->time = (uint64_t)numbers[5];
	options->workers = (uint32_t)numbers[6];
	options->progress = NULL;
	options->progress_data = NULL;
	return true;
}
#define SEARCH_OPTIONS 7

/** What a search tells in numbers, in the order of lib/native/layout.ts. */
static inline void search_numbers(const struct hmmu_search_result *result, double *out)
{
	out[0] = result->schedules;
	out[1] = (double)result->states;
	out[2] = (double)result->steps;
	out[3] = (double)result->ends;
	out[4] = result->depth;
	out[5] = result->cut_off;
	out[6] = result->has_cycles;
}
#define SEARCH_NUMBERS 7

/** Arrays of a result, by number. */
enum search_part { SEARCH_FINDINGS, SEARCH_OUTCOMES, SEARCH_RESULTS, SEARCH_CHOICES };
/** One of them, as bytes. @p actions: how many the program has */
static inline const void *search_part(const struct hmmu_search_result *result, uint32_t part, uint64_t actions,
				      uint64_t *bytes)
{
	switch (part) {
	case SEARCH_FINDINGS:
		*bytes = result->finding_count * sizeof(struct hmmu_finding);
		return result->findings;
	case SEARCH_OUTCOMES:
		*bytes = result->outcome_count * sizeof(struct hmmu_search_outcome);
		return result->outcomes;
	case SEARCH_RESULTS:
		*bytes = result->outcome_count * actions * sizeof(uint64_t);
		return result->results;
	default:
		*bytes = result->choice_count;
		return result->choices;
	}
}

/** The words of a migration in an order: stage, position, npages, cpages, whether callbacks ran, start, end, then src, dst and why of each
 * entry. Returns how many; @p words has room for ORDER_MIGRATION_WORDS. */
static inline int order_migration_words(const struct hmmu_open_migration *migration, uint64_t *words)
{
	const struct hmmu_migration_state *state = &migration->state;
	const uint64_t head[] = { state->stage,         state->position, state->npages, state->cpages,
				  state->callbacks_ran, state->start,    state->end };
	uint64_t pages = (state->end - state->start) / HMMU_PAGE_SIZE;
	uint64_t count = 0;

	for (uint64_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
		words[count++] = head[i];
	for (uint64_t i = 0; i < pages && i < HMMU_PROGRAM_ENTRIES; i++) {
		words[count++] = state->src[i];
		words[count++] = state->dst[i];
		words[count++] = migration->why[i];
	}
	return (int)count;
}
#define ORDER_MIGRATION_WORDS (7 + 3 * HMMU_PROGRAM_ENTRIES)

#endif

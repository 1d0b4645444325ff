/* SPDX-License-Identifier: GPL-2.0-only */
/* One order of a program's steps, made step by step. */
#include "instance.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "explore/program_words.h"

/* The program stays where it is as long as the order is under way. */
static struct {
	uint64_t *words;
	struct program_pids pids;
	struct hmmu_program program;
	struct hmmu_order *order;
} open_order;

EXPORT(orderEnd) void wasm_order_end(void)
{
	if (open_order.order)
		hmmu_order_end(open_order.order);
	free(open_order.words);
	memset(&open_order, 0, sizeof(open_order));
}

/* -ENOEXEC: the words are no program, or the numbers are no options. */
EXPORT(orderBegin) int wasm_order_begin(const uint64_t *words, uint32_t count, const double *numbers)
{
	struct hmmu_search_options options;
	int err;

	wasm_order_end();
	open_order.words = malloc((count + 1ull) * sizeof(uint64_t));
	if (!open_order.words)
		return -ENOMEM;
	memcpy(open_order.words, words, count * sizeof(uint64_t));
	if (search_options_of(numbers, &options) &&
	    program_of_words(open_order.words, count, &open_order.pids, &open_order.program))
		err = hmmu_order_begin(instance.machine, &open_order.program, &options, &open_order.order);
	else
		err = -ENOEXEC;
	if (err)
		wasm_order_end();
	return err;
}

EXPORT(orderEnabled) uint32_t wasm_order_enabled(void)
{
	return open_order.order ? hmmu_order_enabled(open_order.order) : 0;
}

EXPORT(orderStep) int wasm_order_step(uint32_t task, struct hmmu_trace_step *step)
{
	return hmmu_order_step(open_order.order, task, step);
}

EXPORT(orderJudge) int wasm_order_judge(void)
{
	return hmmu_order_judge(open_order.order);
}

/* Tells where the findings so far are, and how many bytes they have. */
EXPORT(orderFindings) int wasm_order_findings(void)
{
	const struct hmmu_finding *findings;

	instance.told[1] = (double)(hmmu_order_findings(open_order.order, &findings) * sizeof(*findings));
	instance.told[0] = (double)(uintptr_t)findings;
	return 0;
}

EXPORT(orderMigration) int wasm_order_migration(uint32_t task, int handler, uint64_t *words)
{
	struct hmmu_open_migration migration;

	if (!hmmu_order_migration(open_order.order, task, handler, &migration))
		return 0;
	return order_migration_words(&migration, words);
}

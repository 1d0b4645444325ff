/* SPDX-License-Identifier: GPL-2.0-only */
/* Programs of tasks: a search through all orders, and one order again. */
#include "driver.h"
#include "instance.h"

#include <errno.h>

#include "explore/program_words.h"

_Static_assert(sizeof(struct hmmu_finding) == 176, "lib/native/layout.ts");
_Static_assert(sizeof(struct hmmu_search_outcome) == 16, "lib/native/layout.ts");
_Static_assert(sizeof(struct hmmu_trace_step) == 32, "lib/native/layout.ts");

/* The last search. */
static struct hmmu_search_result *found;
static uint32_t actions;

static bool tell_progress(void *data, uint64_t states, uint64_t open)
{
	(void)data;
	return host.search_progress((double)states, (double)open) >= 0;
}

/* Tells the numbers of the result. -ENOEXEC: the words are no program, or the numbers are no options. */
EXPORT(search) int wasm_search(const uint64_t *words, uint32_t count, const double *numbers, bool tells)
{
	struct hmmu_search_options options;
	struct hmmu_program program;
	struct program_pids pids;
	int err;

	hmmu_search_free(found);
	found = NULL;
	if (!search_options_of(numbers, &options) || !program_of_words(words, count, &pids, &program))
		return -ENOEXEC;
	options.progress = tells ? tell_progress : NULL;
	actions = program.action_count;
	err = hmmu_search(instance.machine, &program, &options, &found);
	if (!err)
		search_numbers(found, instance.told);
	return err;
}

/* Tells where a part of the result is and how many bytes it has; -ENOENT: there was no search. */
EXPORT(searchPart) int wasm_search_part(uint32_t part)
{
	uint64_t bytes;

	if (!found)
		return -ENOENT;
	instance.told[0] = (double)(uintptr_t)search_part(found, part, actions, &bytes);
	instance.told[1] = (double)bytes;
	return 0;
}

EXPORT(replay)
int wasm_replay(const uint64_t *words, uint32_t count, const double *numbers, const uint8_t *choices, uint32_t length,
		struct hmmu_trace_step *steps)
{
	struct hmmu_search_options options;
	struct hmmu_program program;
	struct program_pids pids;

	if (!search_options_of(numbers, &options) || !program_of_words(words, count, &pids, &program))
		return -ENOEXEC;
	return hmmu_replay(instance.machine, &program, &options, choices, length, steps);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* A search from its begin to its result, and one order again. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "explore/search.h"
#include "host/machine.h"
#include "host/platform.h"

#define DEFAULT_STATES 1000000u
#define DEFAULT_BYTES (1ull << 30)
#define PROGRESS_MILLISECONDS 100u

/* A task that has begun can't change places any more. Of two that do the same, the first one begins first. */
static void find_twins(struct search *search)
{
	const struct hmmu_program *program = search->program;

	for (uint32_t i = 0; i < program->task_count; i++) {
		const struct hmmu_program_task *task = &program->tasks[i];

		search->twin[i] = NO_INDEX;
		for (uint32_t j = i; j-- > 0 && search->twin[i] == NO_INDEX && !search->options.all_twins;) {
			const struct hmmu_program_task *other = &program->tasks[j];

			if (task->process == other->process && task->cpu == other->cpu && task->count == other->count &&
			    !memcmp(&program->actions[task->first], &program->actions[other->first],
				    task->count * sizeof(struct hmmu_action)))
				search->twin[i] = j;
		}
	}
}

void search_stop(struct search *search, uint32_t cut_off)
{
	uint32_t not_yet = HMMU_CUT_NOT;

	__atomic_compare_exchange_n(&search->cut_off, &not_yet, cut_off, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

void search_fails(struct search *search, int err, uint32_t code, const char *why)
{
	host_lock_take(&search->branches.lock);
	if (!search->err) {
		snprintf(search->why, sizeof(search->why), "%s", why);
		search->err = err;
		search->err_code = code;
	}
	host_lock_release(&search->branches.lock);
	search_stop(search, HMMU_CUT_STOPPED);
}

bool search_lacks_memory(struct search *search, const struct run *run)
{
	if (run->lacks_memory)
		search_fails(search, -ENOMEM, HMMU_ERR_HOST_MEMORY, NO_MEMORY_FOR_STEP);
	return run->lacks_memory;
}

/* States with steps that are still to be tried. */
static uint64_t open_states(const struct search *search)
{
	uint64_t open = __atomic_load_n(&search->branches.count, __ATOMIC_RELAXED);

	for (uint32_t i = 0; i < search->worker_count; i++)
		open += __atomic_load_n(&search->workers[i].open, __ATOMIC_RELAXED);
	return open;
}

static void tell_progress(struct search *search)
{
	struct hmmu *m = search->workers[0].run.m;
	bool goes_on;

	m->in_callback++;
	goes_on = search->options.progress(search->options.progress_data, states_count(&search->states),
					   open_states(search));
	m->in_callback--;
	if (!goes_on)
		search_stop(search, HMMU_CUT_STOPPED);
}

void search_look(struct search *search)
{
	uint64_t now;

	if (!search->options.time && !search->options.progress)
		return;
	now = platform_milliseconds();
	if (search->options.time && now - search->begin >= search->options.time)
		search_stop(search, HMMU_CUT_TIME);
	if (!search->options.progress || now - search->told < PROGRESS_MILLISECONDS)
		return;
	search->told = now;
	tell_progress(search);
}

/* One pass, with the workers that the options name. The first one has its run. */
static int search_pass(struct search *search)
{
	struct worker *first = search->workers;
	int err;

	search->cut_off = 0;
	search->bytes = 0;
	search->worker_count = 1;
	states_begin(&search->states, search->program->task_count);
	branches_begin(&search->branches);
	err = worker_alloc(search, first);
	if (err)
		return hmmu_fail(first->run.m, err, HMMU_ERR_HOST_MEMORY, "the host has no memory for the search");
	worker_begin(first);
	worker_run(first);
	workers_join(search);
	run_go_back(&first->run, first->start);
	return 0;
}

static void end_pass(struct search *search)
{
	branches_end(&search->branches);
	states_end(&search->states);
	worker_free(&search->workers[0]);
}

/* What one worker leaves out is determined; what several leave out is not. */
static bool needs_one_worker(const struct search *search)
{
	return search->cut_off == HMMU_CUT_STATES || search->cut_off == HMMU_CUT_BYTES ||
	       search->workers[0].finds.is_crowded;
}

static int search_again(struct search *search)
{
	const struct run run = search->workers[0].run;

	end_pass(search);
	hmmu_mark_drop(run.m);
	search->options.workers = 1;
	search->workers[0] = (struct worker){ .run = run };
	return search_pass(search);
}

static int search_run(struct search *search, struct hmmu *m, struct hmmu_search_result **result)
{
	bool had_others;
	int err = run_begin(&search->workers[0].run, m, search->program);

	if (err)
		return err;
	run_set_options(&search->workers[0].run, &search->options);
	find_twins(search);
	search->begin = search->told = platform_milliseconds();
	err = search_pass(search);
	had_others = search->states.is_shared;
	if (!err && !search->err && had_others && needs_one_worker(search))
		err = search_again(search);
	if (!err && search->err)
		err = hmmu_fail(m, search->err, search->err_code, "%s", search->why);
	if (!err)
		err = search_result(search, result);
	end_pass(search);
	return err;
}

static int check_options(struct hmmu *m, const struct hmmu_search_options *options)
{
	if (options->workers > HMMU_SEARCH_WORKERS)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "%u workers (at most %u are allowed)",
				 options->workers, HMMU_SEARCH_WORKERS);
	if (hmmu_marks(m))
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "the machine has marks; drop them first");
	return hmmu_set_switch_points(m, options->points);
}

static struct search *search_alloc(const struct hmmu_program *program, const struct hmmu_search_options *options)
{
	struct search *search = platform_alloc(sizeof(*search));

	if (!search)
		return NULL;
	search->program = program;
	search->options = *options;
	if (!search->options.states)
		search->options.states = DEFAULT_STATES;
	if (!search->options.bytes)
		search->options.bytes = DEFAULT_BYTES;
	if (!search->options.workers)
		search->options.workers = 1;
	search->workers = platform_alloc(search->options.workers * sizeof(*search->workers));
	if (search->workers)
		return search;
	platform_free(search);
	return NULL;
}

static void search_free(struct search *search)
{
	if (!search)
		return;
	run_end(&search->workers[0].run);
	platform_free(search->workers);
	platform_free(search);
}

/* Back to the state in which the caller's machine was. */
static void unmark_all(struct hmmu *m)
{
	while (hmmu_marks(m)) {
		hmmu_rollback(m);
		hmmu_mark_drop(m);
	}
}

int hmmu_search(struct hmmu *m, const struct hmmu_program *program, const struct hmmu_search_options *options,
		struct hmmu_search_result **result)
{
	uint32_t events = hmmu_events_recorded(m), points = hmmu_switch_points(m);
	struct search *search;
	int err = check_options(m, options);

	if (err)
		return err;
	err = hmmu_mark(m);
	if (err) {
		hmmu_set_switch_points(m, points);
		return err;
	}
	hmmu_events_record(m, 1u << HMMU_EVENT_STALE_TLB);
	search = search_alloc(program, options);
	err = search ? search_run(search, m, result)
		     : hmmu_fail(m, -ENOMEM, HMMU_ERR_HOST_MEMORY, "the host has no memory for the search");
	unmark_all(m);
	hmmu_events_record(m, events);
	hmmu_set_switch_points(m, points);
	search_free(search);
	return err;
}

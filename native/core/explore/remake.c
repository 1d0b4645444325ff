/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * States that are made from the begin, by the steps that lead to them. So a worker goes on where another one has put steps aside,
 * and a search checks itself: the state is the same as that to which rollbacks have led.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "explore/judges.h"
#include "explore/search.h"
#include "host/machine.h"
#include "host/platform.h"

static void ignore(struct run *run, const struct hmmu_finding *finding)
{
	(void)run;
	(void)finding;
}

/* Room for the steps of a way; false: the search ends. */
static bool room_for_way(struct worker *worker, uint32_t length)
{
	if (length <= worker->way_capacity)
		return true;
	platform_free(worker->way);
	worker->way_capacity = length * 2;
	worker->way = platform_alloc_raw(worker->way_capacity);
	if (worker->way)
		return true;
	worker->way_capacity = 0;
	search_stop(worker->search, HMMU_CUT_BYTES);
	return false;
}

/* Write the steps that lead to a state, with @p more free places behind them. Returns how many they are; NO_INDEX: the search ends. */
static uint32_t find_way(struct worker *worker, uint32_t state, uint32_t more)
{
	const struct states *states = &worker->search->states;
	uint32_t length = 0;

	for (uint32_t i = state; i; i = state_at(states, i)->from)
		length++;
	if (!room_for_way(worker, length + more))
		return NO_INDEX;
	for (uint32_t i = state, at = length; i; i = state_at(states, i)->from)
		worker->way[--at] = state_at(states, i)->by;
	return length;
}

/* Go to the begin, and make steps. What they show was found before. Where the way is another one than before, or the host has no memory
 * for it, a task may be at its end: it has no step then. */
static void make_way(struct run *run, const uint8_t *start, const uint8_t *way, uint32_t length)
{
	find_fn find = run->find;
	struct hmmu_trace_step step;

	run_go_back(run, start);
	run->find = ignore;
	for (uint32_t i = 0; i < length && !run->lacks_memory && run_enabled(run) >> way[i] & 1; i++)
		run_step(run, way[i], &step);
	run->find = find;
}

bool remake_branch(struct worker *worker, const struct branch *branch)
{
	struct search *search = worker->search;
	uint32_t length = find_way(worker, branch->state, 0);
	uint64_t hash;

	if (length == NO_INDEX)
		return false;
	make_way(&worker->run, worker->start, worker->way, length);
	if (search_lacks_memory(search, &worker->run))
		return false;
	if (!worker_hash(worker, branch->last, branch->preemptions, &hash)) {
		search_stop(search, HMMU_CUT_BYTES);
		return false;
	}
	if (hash == state_at(&search->states, branch->state)->hash)
		return true;
	search_fails(search, -EIO, HMMU_ERR_SELFCHECK,
		     "a state that was made from the begin is another one than that of rollbacks");
	return false;
}

/* Complaints about a machine, as one number. */
static void hash_complaint(void *data, const char *text)
{
	uint64_t *hash = data;

	for (; *text; text++)
		*hash = (*hash ^ (uint8_t)*text) * 0x100000001b3ull;
}

static uint64_t complaints(struct run *run)
{
	uint64_t hash = 0;

	hmmu_verify(run->m, hash_complaint, &hash);
	return hash;
}

/* The steps that have led a worker to where it is; NO_INDEX: the search ends. */
static uint32_t way_of_frames(struct worker *worker, uint32_t task)
{
	uint32_t length = find_way(worker, worker->frames[0].state, worker->depth + 1);

	if (length == NO_INDEX)
		return length;
	for (uint32_t i = 1; i < worker->depth; i++)
		worker->way[length++] = (uint8_t)worker->frames[i].last;
	worker->way[length++] = (uint8_t)task;
	return length;
}

void remake_check(struct worker *worker, uint32_t task)
{
	struct search *search = worker->search;
	uint64_t here, there;
	char why[sizeof(search->why)];
	uint32_t length;

	/* As much work as the search itself, and no more. */
	if (worker->checked > worker->steps)
		return;
	length = way_of_frames(worker, task);
	if (length == NO_INDEX)
		return;
	worker->checked += length;
	make_way(worker->second, worker->start, worker->way, length);
	if (search_lacks_memory(search, worker->second))
		return;
	if (run_hash(&worker->run, &here) || run_hash(worker->second, &there)) {
		search_stop(search, HMMU_CUT_BYTES);
		return;
	}
	if (here == there && hmmu_hash(worker->run.m) == hmmu_hash(worker->second->m) &&
	    complaints(&worker->run) == complaints(worker->second))
		return;
	snprintf(why, sizeof(why),
		 "%u steps from the begin lead to another state than rollbacks and a step of task %u (%s)", length,
		 task, here == there ? "with the same hash" : "with another hash");
	search_fails(search, -EIO, HMMU_ERR_SELFCHECK, why);
}

/* The first complaint that is the finding's. */
static void catch_text(struct run *run, const struct hmmu_finding *finding)
{
	struct hmmu_finding *wanted = run->finder;

	if (!wanted->times && finding_is_same(finding, wanted)) {
		memcpy(wanted->text, finding->text, sizeof(wanted->text));
		wanted->times = 1;
	}
}

void remake_complaint(struct worker *worker, const uint8_t *way, uint32_t length, struct hmmu_finding *finding)
{
	struct hmmu_finding wanted = *finding;
	struct run *run = &worker->run;
	find_fn find = run->find;
	void *finder = run->finder;

	wanted.times = 0;
	make_way(run, worker->start, way, length);
	run->find = catch_text;
	run->finder = &wanted;
	judge_verify(run);
	if (!run_enabled(run) && !run_alive(run))
		worker_judges_end(run);
	run->find = find;
	run->finder = finder;
	memcpy(finding->text, wanted.text, sizeof(finding->text));
}

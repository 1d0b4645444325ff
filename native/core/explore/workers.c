/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The workers of a search. Each goes its own way from the begin, on its own machine; states are met by one of them only. One that
 * has nothing to do waits until another puts steps aside.
 */
#include <errno.h>
#include <string.h>

#include "explore/search.h"
#include "host/machine.h"
#include "host/platform.h"

/* So often an idle first worker looks at the clock. */
#define WAIT_MILLISECONDS 20u

void branches_begin(struct branches *branches)
{
	*branches = (struct branches){ .workers = 1 };
	host_lock_init(&branches->lock);
}

void branches_end(struct branches *branches)
{
	platform_free(branches->items);
	host_lock_destroy(&branches->lock);
}

/* Under the lock. */
static bool room_for_branch(struct branches *branches)
{
	uint32_t capacity = branches->capacity ? branches->capacity * 2 : 64;
	struct branch *items;

	if (branches->count < branches->capacity)
		return true;
	items = platform_alloc_raw(capacity * sizeof(*items));
	if (!items)
		return false;
	if (branches->count)
		memcpy(items, branches->items, branches->count * sizeof(*items));
	platform_free(branches->items);
	branches->items = items;
	branches->capacity = capacity;
	return true;
}

void branches_put(struct search *search, const struct branch *branch)
{
	struct branches *branches = &search->branches;
	bool put;

	host_lock_take(&branches->lock);
	put = room_for_branch(branches);
	if (put) {
		branches->items[branches->count] = *branch;
		__atomic_store_n(&branches->count, branches->count + 1, __ATOMIC_RELAXED);
		host_lock_wake(&branches->lock);
	}
	host_lock_release(&branches->lock);
	if (!put)
		search_stop(search, HMMU_CUT_BYTES);
}

/* Under the lock. */
static bool take_newest(struct branches *branches, struct branch *branch)
{
	if (!branches->count)
		return false;
	*branch = branches->items[branches->count - 1];
	__atomic_store_n(&branches->count, branches->count - 1, __ATOMIC_RELAXED);
	return true;
}

static void wait_for_branch(struct worker *worker)
{
	struct branches *branches = &worker->search->branches;

	host_lock_wait(&branches->lock, WAIT_MILLISECONDS);
	if (worker != worker->search->workers)
		return;
	/* The caller's function is called without locks. */
	host_lock_release(&branches->lock);
	search_look(worker->search);
	host_lock_take(&branches->lock);
}

bool branches_take(struct worker *worker, struct branch *branch)
{
	struct branches *branches = &worker->search->branches;
	bool taken;

	host_lock_take(&branches->lock);
	__atomic_store_n(&branches->idle, branches->idle + 1, __ATOMIC_RELAXED);
	while (!(taken = !search_cut_off(worker->search) && take_newest(branches, branch))) {
		if (branches->idle == branches->workers || search_cut_off(worker->search))
			branches->are_over = true;
		if (branches->are_over)
			break;
		wait_for_branch(worker);
	}
	if (taken)
		__atomic_store_n(&branches->idle, branches->idle - 1, __ATOMIC_RELAXED);
	else
		host_lock_wake(&branches->lock);
	host_lock_release(&branches->lock);
	return taken;
}

static void found(struct run *run, const struct hmmu_finding *finding)
{
	struct worker *worker = run->finder;

	finds_add(&worker->finds, worker->state, finding);
}

/* A second machine in the state of the first, whose tasks have begun. */
static int copy_run(struct run *copy, const struct run *run, struct worker *finder)
{
	struct hmmu *m;
	int err = hmmu_clone(run->m, &m);

	if (err)
		return err;
	err = run_copy(copy, run, m);
	copy->find = found;
	copy->finder = finder;
	return err;
}

/* A second machine on which the states of a worker are made from the begin. */
static int second_alloc(struct worker *worker)
{
	int err;

	worker->second = platform_alloc(sizeof(*worker->second));
	if (!worker->second)
		return -ENOMEM;
	err = copy_run(worker->second, &worker->run, worker);
	return err ? err : hmmu_mark(worker->second->m);
}

int worker_alloc(struct search *search, struct worker *worker)
{
	struct run *run = &worker->run;
	int err = 0;

	worker->search = search;
	run->find = found;
	run->finder = worker;
	finds_begin(&worker->finds, search->program->action_count);
	worker->start = platform_alloc_raw(run->world_bytes);
	if (!worker->start)
		return -ENOMEM;
	memcpy(worker->start, run->world, run->world_bytes);
	if (search->options.selfcheck)
		err = second_alloc(worker);
	return err ? err : hmmu_mark(run->m);
}

static void free_copy(struct run *copy)
{
	if (copy->m)
		hmmu_destroy(copy->m);
	run_end(copy);
}

void worker_free(struct worker *worker)
{
	if (worker->second)
		free_copy(worker->second);
	platform_free(worker->second);
	finds_end(&worker->finds);
	platform_free(worker->frames);
	platform_free(worker->worlds);
	platform_free(worker->start);
	platform_free(worker->way);
}

/* Functions of the caller are for the caller's thread. */
static bool calls_back(const struct hmmu *m, struct hmmu *copy)
{
	const struct hmmu_pagemap_ops builtin = { 0 };

	for (uint32_t i = 0; i < HMMU_MAX_DEVICES; i++) {
		hmmu_device_driver(copy, i, &builtin, NULL);
		if (memcmp(&copy->drivers[i].ops, &m->drivers[i].ops, sizeof(m->drivers[i].ops)) != 0)
			return true;
	}
	return m->notifier || m->invalidate || m->on_event;
}

static void thread_work(void *data)
{
	worker_run(data);
}

static void free_worker_and_machine(struct worker *worker)
{
	free_copy(&worker->run);
	worker_free(worker);
}

static void count_workers(struct branches *branches, uint32_t workers)
{
	host_lock_take(&branches->lock);
	branches->workers = workers;
	host_lock_release(&branches->lock);
}

/* false: there can be no more workers. What is found is the same without. */
static bool begin_worker(struct search *search)
{
	struct worker *first = search->workers, *worker = &search->workers[search->worker_count];
	bool begun;

	*worker = (struct worker){ .search = search };
	begun = !copy_run(&worker->run, &first->run, worker) && !calls_back(first->run.m, worker->run.m) &&
		!worker_alloc(search, worker);
	if (begun) {
		count_workers(&search->branches, search->worker_count + 1);
		begun = host_thread_begin(&worker->thread, thread_work, worker);
	}
	if (begun) {
		search->worker_count++;
		return true;
	}
	count_workers(&search->branches, search->worker_count);
	free_worker_and_machine(worker);
	return false;
}

void workers_begin(struct search *search)
{
	struct worker *first = search->workers;
	uint32_t wanted = search->options.workers;

	search->options.workers = 1;
	if (!THREADS_ARE_POSSIBLE)
		return;
	worker_unwind(first);
	run_go_back(&first->run, first->start);
	search->states.is_shared = true;
	while (search->worker_count < wanted && begin_worker(search))
		;
	search->options.workers = search->worker_count;
}

void workers_join(struct search *search)
{
	struct worker *first = search->workers;

	for (uint32_t i = 1; i < search->worker_count; i++) {
		struct worker *worker = &search->workers[i];

		host_thread_join(&worker->thread);
		finds_merge(&first->finds, &worker->finds);
		first->steps += worker->steps;
		first->ends += worker->ends;
		free_worker_and_machine(worker);
	}
	search->worker_count = 1;
}

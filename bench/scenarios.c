/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scenarios: sequences of operations, repeated on one machine. The first repetition only warms up, because the first
 * touch of memory costs time of the host.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

/* Sizes of run_growing_scenarios(): whole page tables. */
#define GROWTH_FIRST 1024u
#define GROWTH_LAST 8192u

struct scenario {
	const char *name, *state;
	void (*run)(struct world *w);
	uint64_t least, most; /**< sizes in pages */
	uint32_t processes;
	bool no_contents; /**< also on machines without contents */
};

static const char *const stage_names[] = {
#define X(name, value, text) [value] = #name,
	HMMU_STAGES(X)
#undef X
};

/* A page's life: touched, to the device, back by migration, to the device, back by CPU faults, gone. */
static void life(struct world *w)
{
	measure(w, "mmap", op_mmap);
	measure(w, "fault.write", op_store_each);
	measure(w, "migrate.to-device", op_to_device);
	if (w->contents && !w->bench->instructions) {
		measure(w, "memcpy", op_memcpy);
		measure(w, "clear", op_clear);
	}
	measure(w, "migrate.back", op_to_system);
	op_to_device(w);
	measure(w, "fault.device-read", op_load_each);
	op_to_device(w);
	measure(w, "fault.device-write", op_store_each);
	measure(w, "munmap", op_munmap);
	op_mmap(w);
	op_store_each(w);
	op_to_device(w);
	measure(w, "munmap.device", op_munmap);
}

/* Device pages are read in the order of their addresses, and each fault brings back a window of them. */
static void windows(struct world *w)
{
	op_mmap(w);
	op_store_each(w);
	op_to_device(w);
	set_fault_window(w, 8);
	measure(w, "fault.device-read-8", op_load_each);
	op_to_device(w);
	set_fault_window(w, HMMU_MAX_FAULT_WINDOW);
	measure(w, "fault.device-read-512", op_load_each);
	op_munmap(w);
}

static void each_stage(struct world *w, const char *op, bench_op begin)
{
	measure_stage(w, op, "BEGIN", begin);
	for (w->stage = HMMU_STAGE_COLLECT; w->stage < HMMU_STAGE_DONE; w->stage++)
		measure_stage(w, op, stage_names[w->stage], op_stage);
	measure_stage(w, op, "END", op_end);
}

static void stages(struct world *w)
{
	op_mmap(w);
	op_store_each(w);
	each_stage(w, "migrate.to-device", op_begin_to_device);
	each_stage(w, "migrate.back", op_begin_to_system);
	op_munmap(w);
}

static void runs(struct world *w)
{
	op_mmap(w);
	measure(w, "fault.write", op_store_runs);
	op_munmap(w);
}

static void empty(struct world *w)
{
	op_mmap(w);
	measure(w, "migrate.to-device", op_to_device);
	measure(w, "migrate.back", op_to_system);
	op_munmap(w);
}

static void zero(struct world *w)
{
	op_mmap(w);
	measure(w, "fault.read", op_load_each);
	measure(w, "migrate.to-device", op_to_device);
	op_munmap(w);
}

/* Each 512 pages are one huge page, which is split when the range migrates. */
static void huge(struct world *w)
{
	op_mmap_huge(w);
	measure(w, "fault.write", op_store_each);
	measure(w, "migrate.to-device", op_to_device);
	measure(w, "migrate.back", op_to_system);
	op_munmap(w);
}

static void shared(struct world *w)
{
	op_mmap(w);
	op_store_each(w);
	for (uint32_t i = 1; i < w->processes; i++)
		must(w->m, hmmu_fork(w->m, w->tid, &w->children[i]), "hmmu_fork");
	measure(w, "migrate.to-device", op_to_device);
	for (uint32_t i = 1; i < w->processes; i++)
		must(w->m, hmmu_exit(w->m, w->children[i]), "hmmu_exit");
	op_munmap(w);
}

static void fork_exit(struct world *w)
{
	op_mmap(w);
	op_store_each(w);
	measure(w, "fork", op_fork);
	measure(w, "fault.cow", op_store_each);
	measure(w, "exit", op_exit_child);
	op_munmap(w);
}

static void protection(struct world *w)
{
	op_mmap(w);
	op_store_each(w);
	measure(w, "mprotect", op_protect);
	op_munmap(w);
}

void measure_whole(struct world *w)
{
	w->snapshot_size = 0;
	must(w->m, hmmu_snapshot(w->m, NULL, 0, &w->snapshot_size), "hmmu_snapshot");
	w->snapshot = realloc(w->snapshot, w->snapshot_size);
	measure(w, "snapshot", op_snapshot);
	measure(w, "restore", op_restore);
	op_drop_restored(w);
	measure(w, "clone", op_clone);
	op_drop_restored(w);
	measure(w, "hash", op_hash);
	measure(w, "state hash", op_state_hash);
	measure(w, "verify", op_verify);
}

static void copies(struct world *w)
{
	op_mmap(w);
	op_store_each(w);
	measure_whole(w);
	op_munmap(w);
}

static void singles(struct world *w)
{
	op_mmap(w);
	op_store_each(w);
	measure(w, "round-trips", op_round_trips);
	measure(w, "device-faults", op_device_faults);
	op_munmap(w);
}

/* The sizes of the last ones keep the host's memory small. */
static const struct scenario scenarios[] = {
	{ "life", "pages", life, 1, 1 << 20, 1, true },
	{ "stages", "pages", stages, 1, 1 << 20, 1, true },
	{ "empty", "empty", empty, 1, 1 << 16, 1, true },
	{ "zero", "zero", zero, 1, 1 << 16, 1, true },
	{ "huge", "huge", huge, 512, 1 << 16, 1, true },
	{ "shared", "shared", shared, 1, 1 << 16, 2, true },
	{ "shared", "shared", shared, 1, 1 << 16, 16, true },
	{ "fork", "pages", fork_exit, 1, 1 << 16, 1, true },
	{ "protection", "pages", protection, 1, 1 << 16, 1, true },
	{ "runs", "whole pages a call", runs, 1, 1 << 16, 1, true },
	{ "copies", "pages", copies, 1, 1 << 16, 1, false },
	{ "singles", "pages", singles, 1, 1, 1, true },
	/* A window has up to 512 pages. */
	{ "windows", "pages", windows, 512, 1 << 16, 1, true },
};

static void repeat(struct world *w, const struct scenario *scenario)
{
	double end;
	int runs = 0;

	set_recording(false);
	scenario->run(w);
	set_recording(true);
	end = now_ns() + w->bench->budget_ns;
	do {
		scenario->run(w);
	} while (!w->bench->instructions && (++runs < 3 || now_ns() < end));
}

/* Counting needs no repetition, and only a few sizes. A page's life also shows that size does not matter. */
static bool is_counted(const struct scenario *scenario, uint64_t pages, bool contents)
{
	bool is_life = scenario->run == life;

	if (scenario->run == singles)
		return false;
	return contents ? is_life && pages == HMMU_HUGE_PAGES : scenario->no_contents && (is_life || pages <= 4096);
}

static bool is_wanted(const struct bench *bench, const struct scenario *scenario, uint64_t pages, bool contents)
{
	if (bench->only && strcmp(bench->only, scenario->name) != 0)
		return false;
	if (pages < scenario->least || pages > scenario->most || pages > bench->max_pages)
		return false;
	return bench->instructions ? is_counted(scenario, pages, contents) : contents || scenario->no_contents;
}

static void run_scenario(struct bench *bench, const struct scenario *scenario, uint64_t pages, bool contents)
{
	struct world *w;

	if (!is_wanted(bench, scenario, pages, contents))
		return;
	w = world_create(bench, pages, scenario->processes, contents, scenario->state);
	repeat(w, scenario);
	world_destroy(w);
}

/* Machines with 64 GiB of RAM and as much device memory. */
static void run_creation(const struct bench *bench)
{
	const struct hmmu_options options = world_options(bench, 1 << 24, 1 << 24, true);
	const struct key create = { "create", "64 GiB", "", 1, 1, true, bench->kernel };
	const struct key destroy = { "destroy", "64 GiB", "", 1, 1, true, bench->kernel };

	for (int i = 0; i < 20; i++) {
		double start = now_ns(), made, gone;
		struct hmmu *m;

		must(NULL, hmmu_create(&options, &m), "hmmu_create");
		made = now_ns();
		hmmu_destroy(m);
		gone = now_ns();
		add_sample(&create, made - start);
		add_sample(&destroy, gone - made);
	}
}

void run_growing_scenarios(struct bench *bench)
{
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		const struct scenario *scenario = &scenarios[i];

		/* Stages are parts of operations that are here. */
		if (scenario->run == stages || (bench->only && strcmp(bench->only, scenario->name) != 0))
			continue;
		for (uint64_t pages = GROWTH_FIRST; pages <= GROWTH_LAST && pages <= bench->max_pages; pages *= 2) {
			struct world *w = world_create(bench, pages, scenario->processes, false, scenario->state);

			scenario->run(w);
			world_destroy(w);
		}
	}
}

void run_scenarios(struct bench *bench)
{
	static const uint64_t timed[BENCH_SIZES] = { 1, 16, 512, 1 << 16, 1 << 20 };
	static const uint64_t counted[BENCH_SIZES] = { 1, 512, 4096, 1 << 16, 1 << 20 };
	const uint64_t *sizes = bench->instructions ? counted : timed;

	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		for (uint32_t k = 0; k < BENCH_SIZES; k++) {
			run_scenario(bench, &scenarios[i], sizes[k], true);
			run_scenario(bench, &scenarios[i], sizes[k], false);
		}
	}
	if (!bench->instructions && !bench->only)
		run_creation(bench);
}

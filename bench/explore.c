/* SPDX-License-Identifier: GPL-2.0-only */
/* A search through the orders of two migrations and three accesses by a third task, until it is cut off. Its "pages" are states. */
#include "bench.h"

#define PAGES 4u
/* The whole search has 263,884 on Linux 4.14. */
#define STATES 20000u

/** A world with a program. */
struct explored {
	struct world world;
	uint64_t at;
};

static void search(struct world *w)
{
	const struct explored *x = (const struct explored *)w;
	const uint64_t select = w->bench->profile < HMMU_PROFILE_LINUX_6_12 ? 0 : HMMU_SELECT_SYSTEM;
	const struct hmmu_program_task tasks[] = { { 0, 0, 0, 1 }, { 0, 0, 1, 1 }, { 0, 1, 2, 3 } };
	const struct hmmu_action actions[] = {
		{ .kind = HMMU_ACTION_MIGRATE, .at = x->at, .pages = PAGES, .value = HMMU_TO_DEVICE, .select = select },
		{ .kind = HMMU_ACTION_MIGRATE, .at = x->at, .pages = PAGES, .value = HMMU_TO_DEVICE, .select = select },
		{ .kind = HMMU_ACTION_WRITE, .at = x->at + HMMU_PAGE_SIZE, .pages = 1, .value = 9 },
		{ .kind = HMMU_ACTION_READ, .at = x->at + 2 * HMMU_PAGE_SIZE, .pages = 1 },
		{ .kind = HMMU_ACTION_WRITE, .at = x->at + 3 * HMMU_PAGE_SIZE, .pages = 1, .value = 8 },
	};
	const struct hmmu_program_page pages[PAGES] = {
		{ x->at, 0 },
		{ x->at + HMMU_PAGE_SIZE, 0 },
		{ x->at + 2 * HMMU_PAGE_SIZE, 0 },
		{ x->at + 3 * HMMU_PAGE_SIZE, 0 },
	};
	const struct hmmu_program program = {
		.processes = &w->pid,
		.tasks = tasks,
		.actions = actions,
		.pages = pages,
		.process_count = 1,
		.task_count = sizeof(tasks) / sizeof(tasks[0]),
		.action_count = sizeof(actions) / sizeof(actions[0]),
		.page_count = PAGES,
	};
	const struct hmmu_search_options options = {
		.states = w->pages,
		.preemptions = UINT32_MAX,
		.points = HMMU_SWITCH_DEVICE_FAULT,
	};
	struct hmmu_search_result *result;

	must(w->m, hmmu_search(w->m, &program, &options, &result), "hmmu_search");
	hmmu_search_free(result);
}

static void begin(struct explored *x)
{
	struct world *w = &x->world;
	const struct hmmu_map map = { .pages = PAGES, .kind = HMMU_MAP_ANON, .prot = HMMU_PROT_READ | HMMU_PROT_WRITE };
	struct hmmu_options options = world_options(w->bench, 8192, 4 * PAGES, false);

	options.cpus = 2;
	must(NULL, hmmu_create(&options, &w->m), "hmmu_create");
	must(w->m, hmmu_process_create(w->m, &w->pid), "hmmu_process_create");
	w->tid = hmmu_process_task(w->m, w->pid);
	must(w->m, hmmu_mmap(w->m, w->tid, &map, &x->at), "hmmu_mmap");
	for (uint64_t i = 0; i < PAGES; i++)
		must(w->m, hmmu_store(w->m, w->tid, x->at + i * HMMU_PAGE_SIZE, "\1", 1, NULL), "hmmu_store");
}

void run_explore(struct bench *bench)
{
	struct explored x = { .world = { .bench = bench, .pages = STATES, .processes = 1, .state = "two migrations" } };
	double end;
	int runs = 0;

	begin(&x);
	set_recording(true);
	end = now_ns() + bench->budget_ns;
	do {
		measure(&x.world, "explore", search);
	} while (!bench->instructions && (++runs < 3 || now_ns() < end));
	hmmu_destroy(x.world.m);
}

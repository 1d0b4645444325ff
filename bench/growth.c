/* SPDX-License-Identifier: GPL-2.0-only */
/* --growth: what all kinds of crowds have in common, and the sizes. */
#include <stdlib.h>
#include <string.h>

#include "growth.h"

/* Each is twice the one before: npm run bench:growth relies on it. */
static const uint64_t sizes[] = { 1000, 2000, 4000, 8000 };

static const struct {
	const char *what;
	void (*grow)(struct bench *bench, uint64_t n);
	uint32_t shrink; /**< by which the sizes are divided: these cost more for each one */
} crowds[] = {
	{ "cuts", grow_cuts, 1 }, /* of one mapping */
	{ "mappings", grow_mappings, 1 },
	{ "files", grow_files, 2 },
	{ "processes", grow_processes, 4 },
	{ "sharers", grow_sharers, 4 },
	{ "tasks", grow_tasks, 1 },
	{ "waiters", grow_waiters, 1 },
	{ "migrations", grow_migrations, 2 },
	{ "intervals", grow_intervals, 1 },
	{ "swap", grow_swap, 1 },
	{ "calls", grow_calls, 1 },
	{ "hugetlb", grow_hugetlb, 40 },
};

static void *zeroed(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	must(NULL, memory ? 0 : -1, "memory");
	return memory;
}

struct crowd *crowd_create_huge(struct bench *bench, const char *what, uint64_t n, uint64_t pages, uint64_t huge_pages)
{
	/* 8 for each: page tables, also of processes. */
	struct hmmu_options options = world_options(bench, 2 * pages + 8 * n + 8192, pages, false);
	struct crowd *c = zeroed(1, sizeof(*c));
	struct world *w = &c->world;

	options.swap_pages = (uint32_t)(2 * pages);
	if (huge_pages)
		options.hugetlb_pages = (uint32_t)huge_pages;
	w->bench = bench;
	w->state = what;
	w->pages = n;
	w->processes = 1;
	w->src = zeroed(pages, sizeof(uint64_t));
	w->dst = zeroed(pages, sizeof(uint64_t));
	c->places = zeroed(n, sizeof(*c->places));
	c->numbers = zeroed(n, sizeof(*c->numbers));
	c->migrations = zeroed(n, sizeof(struct hmmu_migration *));
	must(NULL, hmmu_create(&options, &w->m), "hmmu_create");
	must(w->m, hmmu_process_create(w->m, &w->pid), "hmmu_process_create");
	w->tid = hmmu_process_task(w->m, w->pid);
	return c;
}

struct crowd *crowd_create(struct bench *bench, const char *what, uint64_t n, uint64_t pages)
{
	return crowd_create_huge(bench, what, n, pages, 0);
}

void crowd_destroy(struct crowd *c)
{
	hmmu_destroy(c->world.m);
	free(c->world.src);
	free(c->world.dst);
	free(c->world.snapshot);
	free(c->places);
	free(c->numbers);
	free(c->migrations);
	free(c);
}

void map_pages(struct world *w, uint64_t pages, uint32_t kind)
{
	const struct hmmu_map map = { .pages = pages, .kind = kind, .prot = HMMU_PROT_READ | HMMU_PROT_WRITE };

	must(w->m, hmmu_mmap(w->m, w->tid, &map, &w->address), "hmmu_mmap");
}

void touch_pages(struct world *w, uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i++)
		must(w->m, hmmu_store(w->m, w->tid, w->address + i * HMMU_PAGE_SIZE, "\1", 1, NULL), "hmmu_store");
}

void run_growth(struct bench *bench)
{
	set_recording(true);
	for (size_t i = 0; i < sizeof(crowds) / sizeof(crowds[0]); i++) {
		if (bench->only && strcmp(bench->only, crowds[i].what) != 0)
			continue;
		for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++)
			if (sizes[k] <= bench->max_pages)
				crowds[i].grow(bench, sizes[k] / crowds[i].shrink);
	}
	run_growing_scenarios(bench);
}

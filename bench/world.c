/* SPDX-License-Identifier: GPL-2.0-only */
/* Machines to measure on. */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

void must(const struct hmmu *m, int result, const char *what)
{
	if (result >= 0)
		return;
	fprintf(stderr, "hmmu_bench: %s: %d%s%s\n", what, result, m ? ": " : "", m ? hmmu_error(m)->text : "");
	exit(1);
}

struct hmmu_options world_options(const struct bench *bench, uint64_t ram_pages, uint64_t device_pages, bool contents)
{
	return (struct hmmu_options){
		.profile = bench->profile,
		.ram_pages = (uint32_t)ram_pages,
		.device_pages = (uint32_t)device_pages,
		.no_contents = !contents,
	};
}

static void *zeroed(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (memory)
		return memory;
	fprintf(stderr, "hmmu_bench: out of memory\n");
	exit(1);
}

struct world *world_create(struct bench *bench, uint64_t pages, uint32_t processes, bool contents, const char *state)
{
	/* Room for copies on write, page tables of all processes, and huge pages, which are aligned. */
	uint64_t ram = 2 * pages + pages / 256 * processes + 8192;
	struct hmmu_options options = world_options(bench, ram, pages, contents);
	struct world *w = zeroed(1, sizeof(*w));

	w->bench = bench;
	w->pages = pages;
	w->processes = processes;
	w->contents = contents;
	w->state = state;
	w->src = zeroed(pages, sizeof(uint64_t));
	w->dst = zeroed(pages, sizeof(uint64_t));
	must(NULL, hmmu_create(&options, &w->m), "hmmu_create");
	must(w->m, hmmu_process_create(w->m, &w->pid), "hmmu_process_create");
	w->tid = hmmu_process_task(w->m, w->pid);
	return w;
}

void world_destroy(struct world *w)
{
	hmmu_destroy(w->m);
	free(w->src);
	free(w->dst);
	free(w->snapshot);
	free(w);
}

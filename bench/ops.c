/* SPDX-License-Identifier: GPL-2.0-only */
/* The operations that are measured. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static void map(struct world *w, bool huge)
{
	const struct hmmu_map map = {
		.pages = w->pages,
		.kind = HMMU_MAP_ANON,
		.prot = HMMU_PROT_READ | HMMU_PROT_WRITE,
		.align_huge = huge,
	};

	must(w->m, hmmu_mmap(w->m, w->tid, &map, &w->address), "hmmu_mmap");
}

static uint64_t bytes(const struct world *w)
{
	return w->pages * HMMU_PAGE_SIZE;
}

void op_mmap(struct world *w)
{
	map(w, false);
}

void op_mmap_huge(struct world *w)
{
	map(w, true);
	must(w->m, hmmu_madvise(w->m, w->tid, w->address, bytes(w), HMMU_MADV_HUGEPAGE), "hmmu_madvise");
}

void op_munmap(struct world *w)
{
	must(w->m, hmmu_munmap(w->m, w->tid, w->address, bytes(w)), "hmmu_munmap");
}

void op_protect(struct world *w)
{
	must(w->m, hmmu_mprotect(w->m, w->tid, w->address, bytes(w), HMMU_PROT_READ), "hmmu_mprotect");
}

/* One byte a page: each store is a page fault where nothing is mapped writable. */
void op_store_each(struct world *w)
{
	const uint8_t byte = 0x5a;

	for (uint64_t i = 0; i < w->pages; i++)
		must(w->m, hmmu_store(w->m, w->tid, w->address + i * HMMU_PAGE_SIZE, &byte, 1, NULL), "hmmu_store");
}

/* Whole pages, up to 2 MiB a call. */
void op_store_runs(struct world *w)
{
	static const uint8_t buffer[HMMU_HUGE_PAGES * HMMU_PAGE_SIZE];

	for (uint64_t at = 0; at < bytes(w); at += sizeof(buffer)) {
		uint64_t left = bytes(w) - at;

		must(w->m,
		     hmmu_store(w->m, w->tid, w->address + at, buffer, left < sizeof(buffer) ? left : sizeof(buffer),
				NULL),
		     "hmmu_store");
	}
}

void op_load_each(struct world *w)
{
	uint8_t byte;

	for (uint64_t i = 0; i < w->pages; i++)
		must(w->m, hmmu_load(w->m, w->tid, w->address + i * HMMU_PAGE_SIZE, &byte, 1, NULL), "hmmu_load");
}

/* Pages of the device come back by windows of faults. */
void set_fault_window(struct world *w, uint32_t pages)
{
	must(w->m, hmmu_device_set_fault_window(w->m, 0, pages), "hmmu_device_set_fault_window");
}

static struct hmmu_migrate_request request(struct world *w, uint32_t to, uint64_t address, uint64_t pages)
{
	w->driver.to = to;
	return (struct hmmu_migrate_request){
		.tid = w->tid,
		.start = address,
		.end = address + pages * HMMU_PAGE_SIZE,
		.src = w->src,
		.dst = w->dst,
		.ops = &hmmu_builtin_ops,
		.data = &w->driver,
		.flags = w->bench->profile < HMMU_PROFILE_LINUX_6_12 ? 0
			 : to == HMMU_TO_DEVICE                      ? HMMU_SELECT_SYSTEM
								     : HMMU_SELECT_DEVICE_PRIVATE,
		.owner = HMMU_DEFAULT_OWNER,
	};
}

void migrate_range(struct world *w, uint32_t to, uint64_t address, uint64_t pages)
{
	const struct hmmu_migrate_request r = request(w, to, address, pages);

	must(w->m, hmmu_migrate_vma(w->m, &r), "hmmu_migrate_vma");
}

void op_to_device(struct world *w)
{
	migrate_range(w, HMMU_TO_DEVICE, w->address, w->pages);
}

void op_to_system(struct world *w)
{
	migrate_range(w, HMMU_TO_SYSTEM, w->address, w->pages);
}

void op_round_trips(struct world *w)
{
	for (int i = 0; i < SINGLE_CALLS; i++) {
		op_to_device(w);
		op_to_system(w);
	}
}

/* A driver's handler, as one in TypeScript would do it. */
static int migrate_back(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	struct hmmu_migrate_request r = request(data, HMMU_TO_SYSTEM, address, 1);

	r.tid = tid;
	r.fault_page = r.flags ? pfn : 0;
	return hmmu_migrate_vma(m, &r);
}

void op_device_faults(struct world *w)
{
	const struct hmmu_pagemap_ops ops = { .page_fault = migrate_back };
	uint8_t byte;

	must(w->m, hmmu_device_driver(w->m, 0, &ops, w), "hmmu_device_driver");
	for (int i = 0; i < SINGLE_CALLS; i++) {
		op_to_device(w);
		must(w->m, hmmu_load(w->m, w->tid, w->address, &byte, 1, NULL), "hmmu_load");
	}
	must(w->m, hmmu_device_driver(w->m, 0, NULL, NULL), "hmmu_device_driver");
}

void begin_migration(struct world *w, uint32_t to, uint64_t address, uint64_t pages)
{
	const struct hmmu_migrate_request r = request(w, to, address, pages);

	must(w->m, hmmu_migrate_begin(w->m, &r, &w->migration), "hmmu_migrate_begin");
}

void op_begin_to_device(struct world *w)
{
	begin_migration(w, HMMU_TO_DEVICE, w->address, w->pages);
}

void op_begin_to_system(struct world *w)
{
	begin_migration(w, HMMU_TO_SYSTEM, w->address, w->pages);
}

void op_stage(struct world *w)
{
	must(w->m, hmmu_migrate_run(w->migration, w->stage), "hmmu_migrate_run");
}

void op_end(struct world *w)
{
	must(w->m, hmmu_migrate_end(w->migration), "hmmu_migrate_end");
}

void op_fork(struct world *w)
{
	must(w->m, hmmu_fork(w->m, w->tid, &w->children[0]), "hmmu_fork");
}

void op_exit_child(struct world *w)
{
	must(w->m, hmmu_exit(w->m, w->children[0]), "hmmu_exit");
}

/* The memory of all frames. hmmu_page_data() tells only of a page in use, as the destinations are; their sources are free. */
static uint8_t *frames(struct world *w)
{
	const uint32_t pfn = hmmu_word_pfn(w->dst[0]);

	return (uint8_t *)hmmu_page_data(w->m, pfn) - (uint64_t)pfn * HMMU_PAGE_SIZE;
}

static uint8_t *frame(uint8_t *all, uint64_t word)
{
	return all + (uint64_t)hmmu_word_pfn(word) * HMMU_PAGE_SIZE;
}

/* The least cost of a migration's copying: memcpy() of the same frames, one by one. */
void op_memcpy(struct world *w)
{
	uint8_t *all = frames(w);

	for (uint64_t i = 0; i < w->pages; i++)
		memcpy(frame(all, w->dst[i]), frame(all, w->src[i]), HMMU_PAGE_SIZE);
}

void op_clear(struct world *w)
{
	uint8_t *all = frames(w);

	for (uint64_t i = 0; i < w->pages; i++)
		memset(frame(all, w->src[i]), 0, HMMU_PAGE_SIZE);
}

void op_snapshot(struct world *w)
{
	must(w->m, hmmu_snapshot(w->m, w->snapshot, w->snapshot_size, &w->snapshot_size), "hmmu_snapshot");
}

void op_restore(struct world *w)
{
	must(w->m, hmmu_restore(w->snapshot, w->snapshot_size, &w->restored), "hmmu_restore");
}

void op_clone(struct world *w)
{
	must(w->m, hmmu_clone(w->m, &w->restored), "hmmu_clone");
}

void op_drop_restored(struct world *w)
{
	hmmu_destroy(w->restored);
	w->restored = NULL;
}

void op_hash(struct world *w)
{
	w->hash = hmmu_hash(w->m);
}

void op_state_hash(struct world *w)
{
	must(w->m, hmmu_state_hash(w->m, &w->hash), "hmmu_state_hash");
}

void op_verify(struct world *w)
{
	must(w->m, hmmu_verify(w->m, NULL, NULL) ? -1 : 0, "hmmu_verify");
}

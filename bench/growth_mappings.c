/* SPDX-License-Identifier: GPL-2.0-only */
/* --growth: one mapping that is cut into n, n mappings, n files. */
#include "growth.h"

/* The odd pages of 2 n become read-only, so that each page is a mapping of its own. */
static void cut(struct world *w, uint64_t i)
{
	must(w->m,
	     hmmu_mprotect(w->m, w->tid, w->address + (2 * i + 1) * HMMU_PAGE_SIZE, HMMU_PAGE_SIZE, HMMU_PROT_READ),
	     "hmmu_mprotect");
}

static void cut_upward(struct world *w)
{
	for (uint64_t i = 0; i < w->pages; i++)
		cut(w, i);
}

static void cut_downward(struct world *w)
{
	for (uint64_t i = w->pages; i-- > 0;)
		cut(w, i);
}

static uint64_t all_bytes(const struct world *w)
{
	return 2 * w->pages * HMMU_PAGE_SIZE;
}

static void merge(struct world *w)
{
	must(w->m, hmmu_mprotect(w->m, w->tid, w->address, all_bytes(w), HMMU_PROT_READ | HMMU_PROT_WRITE),
	     "hmmu_mprotect");
}

static void unmap(struct world *w)
{
	must(w->m, hmmu_munmap(w->m, w->tid, w->address, all_bytes(w)), "hmmu_munmap");
}

static void migrate_one(struct world *w)
{
	for (uint32_t i = 0; i < PLACES; i++) {
		uint64_t address = w->address + 2 * place_among(w, i) * HMMU_PAGE_SIZE;

		migrate_range(w, HMMU_TO_DEVICE, address, 1);
		migrate_range(w, HMMU_TO_SYSTEM, address, 1);
	}
}

/* A migration is within one mapping. */
static void migrate_each(struct world *w)
{
	for (uint64_t i = 0; i < 2 * w->pages; i++)
		migrate_range(w, HMMU_TO_DEVICE, w->address + i * HMMU_PAGE_SIZE, 1);
}

/* An address that has to be found among n mappings, and a fault. */
static void fault_one(struct world *w)
{
	for (uint32_t i = 0; i < PLACES; i++) {
		uint64_t address = w->address + 2 * place_among(w, i) * HMMU_PAGE_SIZE;

		must(w->m, hmmu_madvise(w->m, w->tid, address, HMMU_PAGE_SIZE, HMMU_MADV_DONTNEED), "hmmu_madvise");
		must(w->m, hmmu_store(w->m, w->tid, address, "\1", 1, NULL), "hmmu_store");
	}
}

static void advise(struct world *w)
{
	must(w->m, hmmu_madvise(w->m, w->tid, w->address, all_bytes(w), HMMU_MADV_HUGEPAGE), "hmmu_madvise");
	must(w->m, hmmu_madvise(w->m, w->tid, w->address, all_bytes(w), HMMU_MADV_NOHUGEPAGE), "hmmu_madvise");
}

static void lock_unlock(struct world *w)
{
	must(w->m, hmmu_mlock(w->m, w->tid, w->address, all_bytes(w)), "hmmu_mlock");
	must(w->m, hmmu_munlock(w->m, w->tid, w->address, all_bytes(w)), "hmmu_munlock");
}

static void clear_soft_dirty(struct world *w)
{
	must(w->m, hmmu_clear_soft_dirty(w->m, w->tid), "hmmu_clear_soft_dirty");
}

/* The written pages among those that were cut before anybody had touched them. */
static void touch_cuts(struct world *w)
{
	for (uint64_t i = 0; i < w->pages; i++)
		must(w->m, hmmu_store(w->m, w->tid, w->address + 2 * i * HMMU_PAGE_SIZE, "\1", 1, NULL), "hmmu_store");
}

/* All of the pieces have one anon_vma. */
static void grow_touched_cuts(struct world *w)
{
	map_pages(w, 2 * w->pages, HMMU_MAP_ANON);
	touch_pages(w, 2 * w->pages);
	measure(w, "mprotect upward", cut_upward);
	measure(w, "fork", op_fork);
	measure(w, "exit", op_exit_child);
	measure(w, "migrate one", migrate_one);
	measure(w, "migrate each", migrate_each);
	measure(w, "fault one", fault_one);
	measure(w, "madvise", advise);
	measure(w, "mlock", lock_unlock);
	measure(w, "clear soft-dirty", clear_soft_dirty);
	measure_whole(w);
	measure(w, "mprotect to merge", merge);
	measure(w, "mprotect downward", cut_downward);
	measure(w, "munmap", unmap);
}

void grow_cuts(struct bench *bench, uint64_t n)
{
	struct crowd *c = crowd_create(bench, "pieces of a mapping", n, 2 * n);
	struct world *w = &c->world;

	grow_touched_cuts(w);
	map_pages(w, 2 * n, HMMU_MAP_ANON);
	measure(w, "mprotect untouched", cut_upward);
	measure(w, "first touch", touch_cuts);
	crowd_destroy(c);
}

/* Neighbours differ in their rights, so that they do not become one. */
static void map_each(struct world *w)
{
	for (uint64_t i = 0; i < w->pages; i++) {
		const struct hmmu_map map = {
			.pages = 1,
			.kind = HMMU_MAP_ANON,
			.prot = i & 1 ? HMMU_PROT_READ | HMMU_PROT_WRITE : HMMU_PROT_READ,
		};

		must(w->m, hmmu_mmap(w->m, w->tid, &map, &crowd_of(w)->places[i]), "hmmu_mmap");
	}
}

static void load_each(struct world *w)
{
	uint8_t byte;

	for (uint64_t i = 0; i < w->pages; i++)
		must(w->m, hmmu_load(w->m, w->tid, crowd_of(w)->places[i], &byte, 1, NULL), "hmmu_load");
}

static void unmap_each(struct world *w)
{
	for (uint64_t i = 0; i < w->pages; i++)
		must(w->m, hmmu_munmap(w->m, w->tid, crowd_of(w)->places[i], HMMU_PAGE_SIZE), "hmmu_munmap");
}

void grow_mappings(struct bench *bench, uint64_t n)
{
	struct crowd *c = crowd_create(bench, "mappings", n, n);
	struct world *w = &c->world;

	measure(w, "mmap", map_each);
	measure(w, "first touch", load_each);
	measure(w, "munmap each", unmap_each);
	crowd_destroy(c);
}

static void map_files(struct world *w)
{
	for (uint64_t i = 0; i < w->pages; i++) {
		map_pages(w, 1, HMMU_MAP_SHAREDFILE);
		crowd_of(w)->places[i] = w->address;
	}
}

static void touch_files(struct world *w)
{
	for (uint64_t i = 0; i < w->pages; i++)
		must(w->m, hmmu_store(w->m, w->tid, crowd_of(w)->places[i], "\1", 1, NULL), "hmmu_store");
}

/* As Linux 6.12 has it. */
static void truncate_files(struct world *w)
{
	for (uint64_t i = 0; i < w->pages; i++)
		must(w->m, hmmu_truncate(w->m, w->tid, crowd_of(w)->places[i], 0), "hmmu_truncate");
}

void grow_files(struct bench *bench, uint64_t n)
{
	struct crowd *c = crowd_create(bench, "files", n, n);
	struct world *w = &c->world;

	measure(w, "mmap", map_files);
	measure(w, "first touch", touch_files);
	measure(w, "fork", op_fork);
	measure(w, "exit", op_exit_child);
	measure_whole(w);
	if (bench->profile >= HMMU_PROFILE_LINUX_6_12)
		measure(w, "truncate", truncate_files);
	measure(w, "munmap each", unmap_each);
	crowd_destroy(c);
}

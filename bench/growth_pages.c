/* SPDX-License-Identifier: GPL-2.0-only */
/* --growth: n mirrored ranges, n pages in the swap area, n huge pages of the pool, and more calls on n pages. */
#include "growth.h"

static void insert_intervals(struct world *w)
{
	for (uint64_t i = 0; i < w->pages; i++)
		must(w->m,
		     hmmu_mmu_interval_notifier_insert(w->m, w->pid, w->address + i * HMMU_PAGE_SIZE, HMMU_PAGE_SIZE, 0,
						       &crowd_of(w)->numbers[i]),
		     "hmmu_mmu_interval_notifier_insert");
}

static void remove_intervals(struct world *w)
{
	for (uint64_t i = 0; i < w->pages; i++)
		must(w->m, hmmu_mmu_interval_notifier_remove(w->m, crowd_of(w)->numbers[i]),
		     "hmmu_mmu_interval_notifier_remove");
}

static void migrate_one(struct world *w)
{
	for (uint32_t i = 0; i < PLACES; i++)
		migrate_range(w, HMMU_TO_DEVICE, w->address + place_among(w, i) * HMMU_PAGE_SIZE, 1);
}

/* Only Linux 6.12 has them. */
void grow_intervals(struct bench *bench, uint64_t n)
{
	struct crowd *c;
	struct world *w;

	if (bench->profile < HMMU_PROFILE_LINUX_6_12)
		return;
	c = crowd_create(bench, "mirrored ranges", n, n);
	w = &c->world;
	map_pages(w, n, HMMU_MAP_ANON);
	touch_pages(w, n);
	measure(w, "insert", insert_intervals);
	measure(w, "migrate one", migrate_one);
	measure(w, "migrate", op_to_device);
	measure_whole(w);
	measure(w, "remove", remove_intervals);
	crowd_destroy(c);
}

static void reclaim_each(struct world *w)
{
	for (uint64_t i = 0; i < w->pages; i++)
		must(w->m, hmmu_reclaim(w->m, w->pid, w->address + i * HMMU_PAGE_SIZE), "hmmu_reclaim");
}

static void reclaim_range(struct world *w)
{
	must(w->m, hmmu_reclaim_pages(w->m, w->pid, w->address, w->pages), "hmmu_reclaim_pages");
}

void grow_swap(struct bench *bench, uint64_t n)
{
	struct crowd *c = crowd_create(bench, "pages in the swap area", n, n);
	struct world *w = &c->world;

	map_pages(w, n, HMMU_MAP_ANON);
	touch_pages(w, n);
	hmmu_lru_add_drain_all(w->m);
	measure(w, "reclaim", reclaim_each);
	measure_whole(w);
	measure(w, "fork", op_fork);
	measure(w, "exit", op_exit_child);
	measure(w, "read", op_load_each);
	hmmu_lru_add_drain_all(w->m);
	measure(w, "reclaim a range", reclaim_range);
	measure(w, "write", op_store_each);
	reclaim_range(w);
	measure(w, "munmap", op_munmap);
	crowd_destroy(c);
}

static void move(struct world *w)
{
	uint64_t bytes = w->pages * HMMU_PAGE_SIZE, to = w->address + (1ull << 40);

	must(w->m,
	     hmmu_mremap(w->m, w->tid, w->address, bytes, bytes, HMMU_MREMAP_MAYMOVE | HMMU_MREMAP_FIXED, to,
			 &w->address),
	     "hmmu_mremap");
}

static void lock_unlock(struct world *w)
{
	uint64_t bytes = w->pages * HMMU_PAGE_SIZE;

	must(w->m, hmmu_mlock(w->m, w->tid, w->address, bytes), "hmmu_mlock");
	must(w->m, hmmu_munlock(w->m, w->tid, w->address, bytes), "hmmu_munlock");
}

static void protect(struct world *w)
{
	uint64_t bytes = w->pages * HMMU_PAGE_SIZE;

	must(w->m, hmmu_mprotect(w->m, w->tid, w->address, bytes, HMMU_PROT_READ), "hmmu_mprotect");
	must(w->m, hmmu_mprotect(w->m, w->tid, w->address, bytes, HMMU_PROT_READ | HMMU_PROT_WRITE), "hmmu_mprotect");
}

static void give_up(struct world *w)
{
	must(w->m, hmmu_madvise(w->m, w->tid, w->address, w->pages * HMMU_PAGE_SIZE, HMMU_MADV_FREE), "hmmu_madvise");
}

static void pin_each(struct world *w)
{
	for (uint64_t i = 0; i < w->pages; i++)
		must(w->m, hmmu_pin(w->m, w->tid, w->address + i * HMMU_PAGE_SIZE, 0, &crowd_of(w)->numbers[i]),
		     "hmmu_pin");
}

static void unpin_each(struct world *w)
{
	for (uint64_t i = 0; i < w->pages; i++)
		must(w->m, hmmu_unpin(w->m, crowd_of(w)->numbers[i], 0), "hmmu_unpin");
}

static void hold_each(struct world *w)
{
	for (uint64_t i = 0; i < w->pages; i++)
		must(w->m, hmmu_hold(w->m, w->pid, w->address + i * HMMU_PAGE_SIZE, &crowd_of(w)->numbers[i]),
		     "hmmu_hold");
}

static void release_each(struct world *w)
{
	for (uint64_t i = 0; i < w->pages; i++)
		must(w->m, hmmu_release(w->m, crowd_of(w)->numbers[i]), "hmmu_release");
}

static void mirror(struct world *w)
{
	must(w->m,
	     hmmu_mirror(w->m, w->tid, w->address, w->address + w->pages * HMMU_PAGE_SIZE, HMMU_RANGE_REQ_FAULT, 0,
			 w->src),
	     "hmmu_mirror");
}

static void list_holders(struct world *w)
{
	struct hmmu_holder none;

	must(w->m, hmmu_holders(w->m, 0, &none, 0), "hmmu_holders");
}

/* Calls on n pages that scenarios.c does not have. */
void grow_calls(struct bench *bench, uint64_t n)
{
	struct crowd *c = crowd_create(bench, "pages of a mapping", n, n);
	struct world *w = &c->world;

	map_pages(w, n, HMMU_MAP_ANON);
	touch_pages(w, n);
	measure(w, "mremap", move);
	measure(w, "mlock", lock_unlock);
	measure(w, "mprotect", protect);
	measure(w, "pin each", pin_each);
	measure(w, "holders", list_holders);
	measure(w, "unpin each", unpin_each);
	measure(w, "hold each", hold_each);
	measure(w, "release each", release_each);
	if (bench->profile >= HMMU_PROFILE_LINUX_6_12)
		measure(w, "mirror", mirror);
	measure(w, "madvise free", give_up);
	measure(w, "reclaim a range", reclaim_range);
	crowd_destroy(c);
}

static void store_huge(struct world *w)
{
	for (uint64_t i = 0; i < w->pages; i++)
		must(w->m, hmmu_store(w->m, w->tid, w->address + i * HMMU_HUGE_PAGES * HMMU_PAGE_SIZE, "\1", 1, NULL),
		     "hmmu_store");
}

static void unmap_huge(struct world *w)
{
	must(w->m, hmmu_munmap(w->m, w->tid, w->address, w->pages * HMMU_HUGE_PAGES * HMMU_PAGE_SIZE), "hmmu_munmap");
}

void grow_hugetlb(struct bench *bench, uint64_t n)
{
	struct crowd *c = crowd_create_huge(bench, "huge pages of the pool", n, 1, 2 * n);
	struct world *w = &c->world;

	map_pages(w, n * HMMU_HUGE_PAGES, HMMU_MAP_HUGETLB);
	measure(w, "first touch", store_huge);
	measure_whole(w);
	measure(w, "fork", op_fork);
	measure(w, "copy on write", store_huge);
	measure(w, "exit", op_exit_child);
	measure(w, "munmap", unmap_huge);
	crowd_destroy(c);
}

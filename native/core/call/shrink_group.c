/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reclaim within the memory cgroup in Linux 6.12, when a charge does not fit its limit. Without swap only pages of MADV_FREE can
 * go: they are all that the lists of file pages have, as pages of tmpfs are swap-backed. A call can't stop here, as the fault
 * around it is in no state for that.
 */
#include <errno.h>

#include "call/shrink.h"
#include "mm/mm.h"
#include "mm/tlb.h"
#include "page/memcg.h"
#include "rmap/rmap.h"
#include "rmap/rmap_walk.h"

#define DEF_PRIORITY 12
#define SWAP_CLUSTER_MAX 32u
#define MAX_RECLAIM_RETRIES 16

/** struct scan_control */
struct scan {
	u64 nr_to_reclaim, nr_reclaimed;
	bool force_deactivate, skipped_deactivate;
};

/* mm_match_cgroup(): a process belongs to the group while a call of it runs. */
static bool is_in_group(const struct ctx *ctx, u32 mm)
{
	const struct hmmu *m = ctx->m;
	u32 first = mm_of(m, mm)->main_task, task = first;

	if (mm == ctx->mm)
		return true;
	do {
		if (task_of(m, task)->op || task_of(m, task)->migrations)
			return true;
		task = task_of(m, task)->thread_next;
	} while (task != first);
	return false;
}

/* ptep_clear_flush_young(). x86 flushes no TLB for a pte, but the translation goes when the CPU runs another process. */
static bool clear_young(struct hmmu *m, u32 mm, const struct page_vma_mapped_walk *pvmw)
{
	u64 *entry = pvmw->pte ? pvmw->pte : pvmw->pmd;

	if (!pte_young(*entry))
		return false;
	*entry = pte_mkold(*entry);
	if (pvmw->pte)
		flush_one(m, mm, pvmw->address >> PAGE_SHIFT);
	else
		flush_tlb_range(m, mm, pvmw->address, pvmw->address + PMD_SIZE);
	return true;
}

/* folio_referenced_one(). True: the mapping is locked, and reclaim has to leave the page alone. */
static bool referenced_one(struct ctx *ctx, u32 page, u32 vma, u32 *referenced)
{
	struct hmmu *m = ctx->m;
	struct page_vma_mapped_walk pvmw = { .page = page, .vma = vma, .address = vma_address(m, page, vma) };
	bool young = false;

	while (page_vma_mapped_walk(m, &pvmw)) {
		if (vma_of(m, vma)->flags & VM_LOCKED) {
			mlock_mapped_page(m, ctx->cpu, page, vma);
			page_vma_mapped_walk_done(m, &pvmw);
			return true;
		}
		young |= clear_young(m, vma_of(m, vma)->mm, &pvmw);
	}
	*referenced += young;
	return false;
}

/* folio_referenced(): the mappings through which the page was accessed lately; those of processes in the group count. */
static u32 page_referenced(struct ctx *ctx, u32 page, bool *locked)
{
	struct hmmu *m = ctx->m;
	struct rmap_walk walk;
	u32 referenced = 0;

	*locked = false;
	if (!total_mapcount(m, page))
		return 0;
	for (u32 vma = rmap_first(ctx, page, &walk); vma && !*locked; vma = rmap_next(m, &walk))
		if (is_in_group(ctx, vma_of(m, vma)->mm))
			*locked = referenced_one(ctx, page, vma, &referenced);
	rmap_end(ctx, &walk);
	return referenced;
}

/* folio_check_references(): a page that was accessed once since it was looked at last stays where it is; one accessed again, or
 * by several, becomes active. */
static int shrink_if_unreferenced(struct ctx *ctx, u32 page, struct at_hand *hand)
{
	struct hmmu *m = ctx->m;
	bool locked, before;
	u32 referenced;

	if (page_test(m, page, HMMU_PG_MLOCKED))
		return activate_locked(m, page, -EBUSY);
	referenced = page_referenced(ctx, page, &locked);
	before = page_test_and_clear(m, page, HMMU_PG_REFERENCED);
	if (locked)
		return activate_locked(m, page, -EBUSY);
	if (!referenced)
		return shrink_locked_folio(ctx, page, hand);
	page_set(m, page, HMMU_PG_REFERENCED);
	return before || referenced > 1 ? activate_locked(m, page, -EBUSY) : -EBUSY;
}

/* isolate_lru_folios(): from the end of the list, which has the pages that came first. Returns their number. */
static u32 isolate_of_group(struct hmmu *m, enum lru_list which, u32 nr_to_scan, u32 *isolated)
{
	u32 nr = 0, scanned = 0, prev;

	for (u32 page = page_of(m, lru_head(m, which))->prev; page != lru_head(m, which) && scanned < nr_to_scan;
	     page = prev) {
		prev = page_of(m, page)->prev;
		if (!(page_of(m, page)->flags & PAGE_USER_CHARGED))
			continue;
		scanned += hpage_nr_pages(m, page);
		isolate_lru_page(m, page);
		isolated[nr++] = page;
	}
	return nr;
}

/* move_folios_to_lru(), with the isolation's reference. */
static void put_on_lru(struct ctx *ctx, u32 page)
{
	if (page_test(ctx->m, page, HMMU_PG_MLOCKED | HMMU_PG_UNEVICTABLE))
		putback_lru_page(ctx->m, ctx->cpu, page);
	else
		lru_add_now(ctx->m, page);
}

/* Returns how many pages were freed. */
static u64 shrink_inactive_list(struct ctx *ctx, u32 nr_to_scan)
{
	struct hmmu *m = ctx->m;
	u32 isolated[SWAP_CLUSTER_MAX], nr, kept = 0;
	u64 reclaimed = 0;

	lru_add_drain(m, ctx->cpu);
	nr = isolate_of_group(m, LRU_INACTIVE_FILE, nr_to_scan, isolated);
	for (u32 i = 0; i < nr; i++) {
		u32 page = isolated[i], pages = hpage_nr_pages(m, page);

		if (lock_and_shrink(ctx, page, shrink_if_unreferenced)) {
			isolated[kept++] = page;
			continue;
		}
		reclaimed += pages;
		put_page(m, page);
	}
	for (u32 i = 0; i < kept; i++)
		put_on_lru(ctx, isolated[i]);
	return reclaimed;
}

static void shrink_active_list(struct ctx *ctx, u32 nr_to_scan)
{
	struct hmmu *m = ctx->m;
	u32 isolated[SWAP_CLUSTER_MAX], nr;
	bool locked;

	lru_add_drain(m, ctx->cpu);
	nr = isolate_of_group(m, LRU_ACTIVE_FILE, nr_to_scan, isolated);
	for (u32 i = 0; i < nr; i++) {
		if (!page_test(m, isolated[i], HMMU_PG_MLOCKED))
			page_referenced(ctx, isolated[i], &locked);
		page_clear(m, isolated[i], HMMU_PG_ACTIVE);
	}
	for (u32 i = 0; i < nr; i++)
		put_on_lru(ctx, isolated[i]);
}

/* lruvec_lru_size() */
static u64 pages_of_group(const struct hmmu *m, enum lru_list which)
{
	u64 pages = 0;

	for (u32 page = page_of(m, lru_head(m, which))->next; page != lru_head(m, which); page = page_of(m, page)->next)
		if (page_of(m, page)->flags & PAGE_USER_CHARGED)
			pages += hpage_nr_pages(m, page);
	return pages;
}

/* Take up to SWAP_CLUSTER_MAX pages of what is to be scanned. */
static u32 next_batch(u64 *to_scan)
{
	u32 batch = *to_scan < SWAP_CLUSTER_MAX ? (u32)*to_scan : SWAP_CLUSTER_MAX;

	*to_scan -= batch;
	return batch;
}

static void shrink_lruvec(struct ctx *ctx, struct scan *scan, int priority)
{
	u64 inactive = pages_of_group(ctx->m, LRU_INACTIVE_FILE) >> priority;
	u64 active = pages_of_group(ctx->m, LRU_ACTIVE_FILE) >> priority, reclaimed = 0;

	while ((inactive || active) && reclaimed < scan->nr_to_reclaim) {
		u32 batch = next_batch(&inactive);

		if (batch)
			reclaimed += shrink_inactive_list(ctx, batch);
		batch = next_batch(&active);
		if (batch && scan->force_deactivate)
			shrink_active_list(ctx, batch);
		else if (batch)
			scan->skipped_deactivate = true;
	}
	scan->nr_reclaimed += reclaimed;
}

/* A larger part of the lists is scanned from one priority to the next. */
static u64 shrink_by_priority(struct ctx *ctx, struct scan *scan)
{
	for (int priority = DEF_PRIORITY; priority >= 0 && scan->nr_reclaimed < scan->nr_to_reclaim; priority--)
		shrink_lruvec(ctx, scan, priority);
	return scan->nr_reclaimed;
}

/*
 * do_try_to_free_pages(): twice, as a walk over all groups comes after a partial one, and once more with the active pages.
 * inactive_is_low() goes by counters that the kernel sums up every two seconds, so it is false.
 */
static u64 try_to_free_pages_of_group(struct ctx *ctx, u32 nr)
{
	struct scan scan = { .nr_to_reclaim = nr > SWAP_CLUSTER_MAX ? nr : SWAP_CLUSTER_MAX };

	for (int pass = 0; pass < 2 && !scan.nr_reclaimed; pass++)
		shrink_by_priority(ctx, &scan);
	if (scan.nr_reclaimed || !scan.skipped_deactivate)
		return scan.nr_reclaimed;
	scan.force_deactivate = true;
	return shrink_by_priority(ctx, &scan);
}

static bool is_nothing_listed(const struct hmmu *m)
{
	return !m->st->lru[LRU_INACTIVE_FILE].nr && !m->st->lru[LRU_ACTIVE_FILE].nr;
}

/* The loop of try_charge_memcg(). It begins once more for nothing, after the CPUs' stocks of charges were drained. */
bool shrink_group(struct ctx *ctx, u32 nr)
{
	struct hmmu *m = ctx->m;
	struct ctx reclaim = { .m = m, .mm = ctx->mm, .cpu = ctx->cpu };
	int retries = MAX_RECLAIM_RETRIES + 1;

	while (!is_nothing_listed(m)) {
		u64 reclaimed = try_to_free_pages_of_group(&reclaim, nr);

		if (memcg_charged(m->st) + nr <= m->st->memcg_limit)
			return true;
		if ((!reclaimed || nr > 1) && !retries--)
			break;
	}
	return false;
}

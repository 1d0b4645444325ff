/* SPDX-License-Identifier: GPL-2.0-only */
/* Reclaim of one anonymous page, in the steps of shrink_page_list(). */
#include "call/reclaim.h"

#include <errno.h>
#include <string.h>

#include "call/syscall.h"
#include "mm/file.h"
#include "mm/mm.h"
#include "mm/stop.h"
#include "mm/swap.h"
#include "mm/tlb.h"
#include "page/lru.h"
#include "rmap/huge.h"
#include "rmap/rmap.h"
#include "rmap/try_to_unmap.h"

/** Where reclaim stops: RECLAIM. */
enum reclaim_phase { RECLAIM_ISOLATED, RECLAIM_IN_CACHE, RECLAIM_UNMAPPED, RECLAIM_WRITTEN };

/* The swap device is synchronous, so the page can be freed at once. Only the isolation and the swap cache may have
 * references: another user could change the page during the write. The page is unlocked when it is written; false: another task
 * has its lock now, or has changed it. */
static bool pageout(struct ctx *ctx, u32 page, struct at_hand *hand)
{
	struct hmmu *m = ctx->m;

	if (page_count(m, page) != 2)
		return false;
	page_clear(m, page, HMMU_PG_DIRTY);
	memcpy(swap_frame_of(m, page_of(m, page)->private), contents_of(m, page), contents_size(m));
	m->st->counters[HMMU_COUNT_SWAP_OUTS]++;
	unlock_page(m, page);
	hand->locked = false;
	switch_point(ctx, HMMU_SWITCH_RECLAIM, RECLAIM_WRITTEN);
	hand->locked = trylock_page(m, page);
	return hand->locked && !page_test(m, page, HMMU_PG_DIRTY);
}

/* The page can't be reclaimed now: put it back as an active page. */
static int activate_locked(struct hmmu *m, u32 page, int err)
{
	bool mlocked = page_test(m, page, HMMU_PG_MLOCKED);

	if (vm_swap_full(m) || mlocked)
		try_to_free_swap(m, page);
	if (!mlocked)
		page_set(m, page, HMMU_PG_ACTIVE);
	return err;
}

/* A page of a file: shared memory has no place to be written to, but a page that was only read can go. */
static int shrink_locked_file_page(struct ctx *ctx, u32 page)
{
	struct hmmu *m = ctx->m;

	switch_point(ctx, HMMU_SWITCH_RECLAIM, RECLAIM_IN_CACHE);
	if (page_mapped(m, page) && !try_to_unmap(ctx, page, TTU_IGNORE_ACCESS))
		return activate_locked(m, page, -EBUSY);
	switch_point(ctx, HMMU_SWITCH_RECLAIM, RECLAIM_UNMAPPED);
	/* "mm: do not reclaim private data from pinned page" */
	if (page_maybe_dma_pinned(m, page))
		return activate_locked(m, page, -EBUSY);
	/* The isolation and the page cache may have references. */
	if (page_count(m, page) != 2)
		return -EBUSY;
	if (page_test(m, page, HMMU_PG_DIRTY))
		return activate_locked(m, page, -ENOSPC);
	delete_from_page_cache(m, page);
	put_page(m, page);
	return 0;
}

/* 0: only the caller still holds the page. */
static int shrink_locked_page(struct ctx *ctx, u32 page, struct at_hand *hand)
{
	struct hmmu *m = ctx->m;

	if (KERNEL >= V6_12 && !PageAnon(m, page) && !page_test(m, page, HMMU_PG_MLOCKED))
		return shrink_locked_file_page(ctx, page);
	if (page_test(m, page, HMMU_PG_MLOCKED))
		return activate_locked(m, page, -EBUSY);
	if (page_test(m, page, HMMU_PG_SWAPBACKED) && !PageSwapCache(m, page)) {
		/* A device may write to the page. */
		if (page_maybe_dma_pinned(m, page))
			return -EBUSY;
		if (!add_to_swap(m, page))
			return activate_locked(m, page, -ENOSPC);
	}
	switch_point(ctx, HMMU_SWITCH_RECLAIM, RECLAIM_IN_CACHE);
	if (page_mapped(m, page) && !try_to_unmap(ctx, page, TTU_IGNORE_ACCESS))
		return activate_locked(m, page, -EBUSY);
	switch_point(ctx, HMMU_SWITCH_RECLAIM, RECLAIM_UNMAPPED);
	if (page_maybe_dma_pinned(m, page))
		return activate_locked(m, page, -EBUSY);
	/* Given to MADV_FREE and dirty, but not mapped, so nothing has made it swap-backed. Only kswapd writes such pages. */
	if (page_test(m, page, HMMU_PG_DIRTY) && !page_test(m, page, HMMU_PG_SWAPBACKED))
		return activate_locked(m, page, -EBUSY);
	/* A page that is dirty now is in the swap cache. */
	if (page_test(m, page, HMMU_PG_DIRTY) && !pageout(ctx, page, hand))
		return -EBUSY;
	if (page_count(m, page) != 1 + PageSwapCache(m, page))
		return -EBUSY;
	if (PageSwapCache(m, page))
		delete_from_swap_cache(m, page);
	return 0;
}

/* The page is isolated. It stays so. */
static int lock_and_shrink(struct ctx *ctx, u32 page)
{
	struct hmmu *m = ctx->m;
	struct at_hand hand = { .pages = &page, .nr_pages = 1 };
	int err = -EBUSY;

	at_hand_begin(ctx, &hand);
	switch_point(ctx, HMMU_SWITCH_RECLAIM, RECLAIM_ISOLATED);
	hand.locked = trylock_page(m, page);
	if (hand.locked)
		err = shrink_locked_page(ctx, page, &hand);
	if (hand.locked)
		unlock_page(m, page);
	at_hand_end(ctx, &hand);
	return err;
}

static int shrink_page(struct ctx *ctx, u32 page)
{
	struct hmmu *m = ctx->m;
	int err;

	if (page_test(m, page, HMMU_PG_UNEVICTABLE) || !isolate_lru_page(m, page))
		return -EBUSY;
	err = lock_and_shrink(ctx, page);
	if (!err)
		put_page(m, page);
	else if (page_test(m, page, HMMU_PG_MLOCKED))
		putback_lru_page(m, ctx->cpu, page);
	else
		lru_add_now(m, page);
	return err;
}

/* The swap area has no clusters for whole huge pages. So split the page first; its other 511 pages stay. */
static int split_for_reclaim(struct ctx *ctx, u32 page)
{
	struct hmmu *m = ctx->m;
	u32 head = compound_head(m, page);

	if (page_test(m, head, HMMU_PG_MLOCKED) || !page_test(m, head, HMMU_PG_LRU) ||
	    !get_and_trylock_huge_page(m, head))
		return -EBUSY;
	return split_and_put_huge_page(ctx, page);
}

static int reclaim_anon_page(struct ctx *ctx, u32 page)
{
	struct hmmu *m = ctx->m;
	int err = 0;

	if (!PageAnon(m, page))
		return -EINVAL;
	lru_add_drain(m, ctx->cpu);
	/* Without swap, reclaim ignores the lists of anonymous pages. */
	if (!m->st->swap_pages && page_test(m, compound_head(m, page), HMMU_PG_SWAPBACKED))
		return -ENOSPC;
	if (PageCompound(m, page))
		err = split_for_reclaim(ctx, page);
	return err ? err : shrink_page(ctx, page);
}

static void shrink_isolated(struct ctx *ctx, u32 page)
{
	struct hmmu *m = ctx->m;
	int err;

	page_clear(m, page, HMMU_PG_ACTIVE);
	err = lock_and_shrink(ctx, page);
	if (err)
		putback_lru_page(m, ctx->cpu, page);
	else
		put_page(m, page);
}

/* The pages of a list, one by one. The others wait. */
static void shrink_list(struct ctx *ctx, const u32 *pages, u32 nr, void (*shrink)(struct ctx *ctx, u32 page))
{
	struct at_hand hand = { .pages = pages, .nr_pages = nr };

	at_hand_begin(ctx, &hand);
	while (hand.nr_pages) {
		hand.nr_pages--;
		shrink(ctx, *hand.pages++);
	}
	at_hand_end(ctx, &hand);
}

/* The swap area has no place for a large page as a whole, so the page is split, and its parts are reclaimed. */
static void shrink_large(struct ctx *ctx, u32 head)
{
	struct hmmu *m = ctx->m;
	bool pinned = page_maybe_dma_pinned(m, head) || !page_test(m, head, HMMU_PG_SWAPBACKED);
	u32 parts[HPAGE_PMD_NR], nr = 0;

	putback_lru_page(m, ctx->cpu, head);
	if (pinned || !get_and_trylock_huge_page(m, head))
		return;
	if (split_and_put_huge_page(ctx, head)) {
		activate_page(m, ctx->cpu, head);
		return;
	}
	for (u32 page = head; page < head + HPAGE_PMD_NR; page++)
		if (page_mapped(m, page) && isolate_lru_page(m, page))
			parts[nr++] = page;
	shrink_list(ctx, parts, nr, shrink_isolated);
}

static void shrink_any(struct ctx *ctx, u32 page)
{
	if (PageCompound(ctx->m, page))
		shrink_large(ctx, page);
	else
		shrink_isolated(ctx, page);
}

void reclaim_pages(struct ctx *ctx, const u32 *pages, u32 nr)
{
	shrink_list(ctx, pages, nr, shrink_any);
}

static int fail_reclaim(struct hmmu *m, u64 address, int err)
{
	static const char *const reasons[] = {
		"it is not anonymous",
		"no swap slot is free",
		"it is locked, mlocked, on no LRU list, or somebody else has a reference to it",
	};

	return hmmu_fail(m, err, HMMU_ERR_SYSCALL, "the page at %#llx can't be reclaimed: %s",
			 (unsigned long long)address,
			 reasons[err == -EINVAL   ? 0
				 : err == -ENOSPC ? 1
						  : 2]);
}

/* The page of RAM that is mapped at an address, or that a device uses there; or 0. */
static u32 mapped_page(const struct hmmu *m, u32 mm, u64 address)
{
	u32 vma = vma_at(m, mm, address);
	u64 *pmd = vma ? mm_find_pmd(m, mm, address) : NULL, pte;

	if (!pmd || pmd_none(*pmd) || vma_of(m, vma)->flags & (VM_SPECIAL | VM_HUGETLB) || is_huge_zero_pmd(m, *pmd))
		return 0;
	if (pmd_trans_huge(*pmd))
		return pte_pfn(*pmd) + table_index(address, PAGE_SHIFT);
	pte = *pte_offset(m, *pmd, address);
	if (KERNEL >= V6_12 && is_device_exclusive_entry(pte))
		return swp_offset(pte);
	return pte_present(pte) ? vm_normal_page(m, pte) : 0;
}

int hmmu_reclaim(struct hmmu *m, uint32_t pid, uint64_t address)
{
	/* Any task can reclaim. */
	struct ctx ctx = { .m = m, .mm = pid };
	u32 page;
	int err = check_process(m, pid);

	if (!err)
		err = check_outside_page_free(m);
	if (err)
		return err;
	page = mapped_page(m, pid, address);
	if (!page)
		return hmmu_fail(m, -ENOENT, HMMU_ERR_SYSCALL, "no page of RAM is mapped at %#llx",
				 (unsigned long long)address);
	ctx.cpu = task_of(m, mm_of(m, pid)->main_task)->cpu;
	ctx.task = m->stops ? m->stops->running : 0;
	err = reclaim_anon_page(&ctx, page);
	return err ? fail_reclaim(m, address, err) : 0;
}

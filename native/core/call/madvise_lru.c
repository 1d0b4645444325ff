/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MADV_FREE, MADV_COLD and MADV_PAGEOUT in Linux 6.12: pages become old and clean, or old, or are reclaimed. A large page
 * is handled as a whole where the range covers it ("mm/madvise: introduce clear_young_dirty_ptes() batch helper"), else
 * it is split. 4.14's MADV_FREE is in madvise.c.
 */
#include "call/madvise_lru.h"

#include <errno.h>

#include "call/huge_pmd.h"
#include "call/shrink.h"
#include "mm/mm.h"
#include "mm/mmu_gather.h"
#include "mm/mmu_notifier.h"
#include "mm/pte_batch.h"
#include "mm/swap.h"
#include "page/lru.h"

struct lru_advice {
	struct mmu_gather *tlb;
	u32 advice;
	/* MADV_PAGEOUT: pages of the table under way. */
	u32 nr_isolated;
	u32 isolated[HPAGE_PMD_NR];
};

/* Lock and split the large page of a locked entry; false: somebody else has its lock, or a reference. */
static bool split_advised(struct ctx *ctx, u64 *entry, u32 head)
{
	struct hmmu *m = ctx->m;
	int err;

	if (!get_and_trylock_huge_page(m, head))
		return false;
	table_unlock(m, entry);
	err = split_and_put_huge_page(ctx, head);
	table_lock(m, entry);
	return !err;
}

/* Make entries old, and clean if @p clean; those that change are flushed. */
static void age_ptes(struct mmu_gather *tlb, u64 *pte, u64 nr, u64 address, bool clean)
{
	const u64 bits = _PAGE_ACCESSED | (clean ? _PAGE_DIRTY : 0);
	u64 set = 0;

	for (u64 i = 0; i < nr; i++) {
		set |= pte[i] & bits;
		pte[i] &= ~bits;
	}
	if (set)
		tlb_adjust_range(tlb, address, address + (nr << PAGE_SHIFT));
}

/* Take the dirty mark off a page that only these entries map; false: it stays. */
static bool clean_page(struct hmmu *m, u32 head)
{
	bool clean;

	if (!page_test(m, head, HMMU_PG_DIRTY | HMMU_PG_SWAPCACHE))
		return true;
	if (!trylock_page(m, head))
		return false;
	clean = total_mapcount(m, head) == (int32_t)hpage_nr_pages(m, head) &&
		(!PageSwapCache(m, head) || try_to_free_swap(m, head));
	if (clean)
		page_clear(m, head, HMMU_PG_DIRTY);
	unlock_page(m, head);
	return clean;
}

/* The page is not needed soon, or not at all. */
static void retire_page(struct lru_advice *a, u32 head)
{
	struct ctx *ctx = a->tlb->ctx;
	struct hmmu *m = ctx->m;

	page_clear(m, head, HMMU_PG_REFERENCED | HMMU_PG_YOUNG);
	if (a->advice == HMMU_MADV_COLD)
		deactivate_page(m, ctx->cpu, head);
	else if (!page_test(m, head, HMMU_PG_UNEVICTABLE) && isolate_lru_page(m, head))
		a->isolated[a->nr_isolated++] = head;
}

/* All entries of one mapping that map a page. */
static void advise_page(struct lru_advice *a, u64 *pte, u64 nr, u64 address, u32 head)
{
	struct hmmu *m = a->tlb->ctx->m;
	u32 cpu = a->tlb->ctx->cpu;

	if (a->advice == HMMU_MADV_FREE) {
		if (!clean_page(m, head))
			return;
		age_ptes(a->tlb, pte, nr, address, true);
		mark_page_lazyfree(m, cpu, head);
	} else if (page_test(m, head, HMMU_PG_LRU) && total_mapcount(m, head) == (int32_t)nr) {
		if (a->advice == HMMU_MADV_COLD)
			age_ptes(a->tlb, pte, nr, address, false);
		retire_page(a, head);
	}
}

/* A swapped-out page need not be read to be freed, and a poisoned one is forgotten. */
static void free_absent(const struct lru_advice *a, u64 *pte)
{
	struct ctx *ctx = a->tlb->ctx;

	if (is_swap_entry(*pte)) {
		free_swap_and_cache(ctx->m, swp_offset(*pte));
		*pte = 0;
		add_mm_counter(ctx->m, ctx->mm, MM_SWAPENTS, -1);
	} else if (is_pte_marker(*pte) && (swp_offset(*pte) & PTE_MARKER_POISONED)) {
		*pte = 0;
	}
}

/* Returns the number of entries that are done; 0: a page was split, and its first entry is looked at again. */
static u64 advise_ptes(struct lru_advice *a, u64 *pte, u64 most, u64 address)
{
	struct ctx *ctx = a->tlb->ctx;
	struct hmmu *m = ctx->m;
	u32 page = pte_present(*pte) ? vm_normal_page(m, *pte) : 0, head = compound_head(m, page);
	u64 nr;

	if (!pte_present(*pte) && a->advice == HMMU_MADV_FREE)
		free_absent(a, pte);
	if (!page || is_zone_device_page(m, page))
		return 1;
	nr = folio_pte_batch(m, pte, most, PTE_BATCH_IGNORED);
	if (nr < hpage_nr_pages(m, head))
		return folio_likely_mapped_shared(m, head) || !split_advised(ctx, pte, head) ? nr : 0;
	advise_page(a, pte, nr, address, head);
	return nr;
}

/* Of MADV_COLD and MADV_PAGEOUT. True: the pmd stays huge. */
static bool cold_huge_pmd(struct lru_advice *a, u64 *pmd, u64 address, u64 end)
{
	struct ctx *ctx = a->tlb->ctx;
	struct hmmu *m = ctx->m;
	u32 page = pte_pfn(*pmd);
	bool huge = true;

	table_lock(m, pmd);
	if (is_huge_zero_pmd(m, *pmd) || folio_likely_mapped_shared(m, page)) {
		table_unlock(m, pmd);
		return true;
	}
	if (end - address != PMD_SIZE) {
		huge = !split_advised(ctx, pmd, page);
	} else {
		if (a->advice == HMMU_MADV_COLD && pte_young(*pmd)) {
			*pmd = pte_mkold(*pmd);
			tlb_adjust_range(a->tlb, address, end);
		}
		retire_page(a, page);
	}
	table_unlock(m, pmd);
	return huge;
}

static void advise_table(struct lru_advice *a, u64 *pmd, u64 address, u64 end)
{
	struct hmmu *m = a->tlb->ctx->m;
	u64 *first, most = (end - address) >> PAGE_SHIFT;

	if (pmd_trans_huge(*pmd) && (a->advice == HMMU_MADV_FREE ? madvise_free_huge_pmd(a->tlb, pmd, address, end)
								 : cold_huge_pmd(a, pmd, address, end)))
		return;
	if (pmd_trans_unstable(*pmd))
		return;
	first = pte_offset_map_lock(m, *pmd, address);
	for (u64 i = 0; i < most;)
		i += advise_ptes(a, &first[i], most - i, address + (i << PAGE_SHIFT));
	table_unlock(m, first);
}

static int advise_pmd(struct mm_walk *walk, u64 *pmd, u64 address, u64 end)
{
	struct lru_advice *a = walk->data;

	a->nr_isolated = 0;
	advise_table(a, pmd, address, end);
	reclaim_pages(a->tlb->ctx, a->isolated, a->nr_isolated);
	return 0;
}

int madvise_lru(struct ctx *ctx, u32 vma, u64 start, u64 end, u32 advice)
{
	struct hmmu *m = ctx->m;
	struct mmu_gather tlb;
	struct lru_advice a = { .tlb = &tlb, .advice = advice };
	struct mm_walk walk = { .m = m, .mm = ctx->mm, .vma = vma, .pmd_entry = advise_pmd, .data = &a };
	bool free = advice == HMMU_MADV_FREE;

	if (vma_of(m, vma)->flags & (VM_LOCKED | VM_HUGETLB | VM_PFNMAP) || (free && !vma_is_anonymous(m, vma)))
		return -EINVAL;
	lru_add_drain(m, ctx->cpu);
	tlb_gather_mmu(&tlb, ctx, ctx->mm, false);
	/* Only MADV_FREE makes entries clean, which others have to know. */
	if (free)
		mmu_notifier_invalidate_range_start(m, HMMU_NOTIFY_CLEAR, ctx->mm, start, end);
	walk_page_range(&walk, start, end);
	if (free)
		mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_CLEAR, ctx->mm, start, end);
	tlb_finish_mmu(&tlb);
	return 0;
}

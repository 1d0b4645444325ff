/* SPDX-License-Identifier: GPL-2.0-only */
/* try_to_unmap(): ptes become migration entries (in 4.14) or swap entries, or are looked at only. */
#include "mm/mm.h"
#include "mm/mmu_notifier.h"
#include "mm/swap.h"
#include "mm/tlb.h"
#include "mm/userfaultfd.h"
#include "page/lru.h"
#include "page/mlock.h"
#include "rmap/huge.h"
#include "rmap/migration_entry.h"
#include "rmap/rmap.h"
#include "rmap/rmap_walk.h"
#include "rmap/try_to_unmap.h"

static NOINLINE void unmap_device_entry(struct hmmu *m, u32 page, u64 *pte)
{
	*pte = migration_entry_of_device(m, page, *pte, 0);
}

static void unmap_present_entry(struct hmmu *m, u32 mm, struct page_vma_mapped_walk *pvmw, u32 subpage)
{
	u64 old = ptep_clear_flush(m, mm, pvmw->address, pvmw->pte);

	/* A migration entry has no dirty bit; keep it in the page. */
	if (pte_dirty(old))
		page_set(m, compound_head(m, subpage), HMMU_PG_DIRTY);
	*pvmw->pte = migration_entry_of_present(subpage, old, false);
}

/* Mark the page mlocked if the mapping is locked; true: the walk can end. */
static bool mlock_again(struct ctx *ctx, u32 pfn, u32 vma)
{
	struct hmmu *m = ctx->m;

	if (!(vma_of(m, vma)->flags & VM_LOCKED))
		return false;
	if (KERNEL >= V6_12)
		mlock_mapped_page(m, ctx->cpu, pfn, vma);
	else if (!PageCompound(m, pfn))
		mlock_vma_page(m, ctx->cpu, pfn);
	return true;
}

static void unmap_entry(struct ctx *ctx, struct page_vma_mapped_walk *pvmw)
{
	struct hmmu *m = ctx->m;
	u32 page = pvmw->page, subpage = page, mm = vma_of(m, pvmw->vma)->mm;

	if (is_device_private_page(m, page)) {
		unmap_device_entry(m, page, pvmw->pte);
	} else {
		subpage = pte_pfn(*pvmw->pte);
		unmap_present_entry(m, mm, pvmw, subpage);
	}
	page_remove_rmap(m, ctx->cpu, subpage, pvmw->vma, false);
	put_page(m, page);
	mmu_notifier_invalidate_range(m, mm, pvmw->address, pvmw->address + PAGE_SIZE);
}

/* Drop a page of MADV_FREE, unless it was written to since. A written page becomes swap-backed again. */
static bool unmap_lazyfree(struct hmmu *m, u32 page, u64 old, u64 *pte)
{
	/* "mm: fix race between MADV_FREE reclaim and blkdev direct IO read": somebody else may write to the page. */
	bool others = KERNEL >= V6_12 && page_count(m, page) != 1 + total_mapcount(m, page);

	if (!page_test(m, page, HMMU_PG_DIRTY) && !others)
		return true;
	*pte = old;
	page_set(m, page, HMMU_PG_SWAPBACKED);
	return false;
}

/* In 6.12 the entry remembers that the page was exclusive. False: the page may be pinned for DMA, and stays. */
static bool make_swap_entry(struct hmmu *m, u32 mm, u32 page, u64 old, u64 *pte)
{
	u32 slot = page_of(m, page)->private;
	u64 entry = swp_entry_to_pte(0, slot);

	if (PageAnonExclusive(m, page)) {
		if (!page_try_share_anon_rmap(m, page)) {
			*pte = old;
			return false;
		}
		entry |= _PAGE_SWP_EXCLUSIVE;
	}
	swap_duplicate(m, slot);
	add_mm_counter(m, mm, MM_SWAPENTS, 1);
	if (pte_soft_dirty(old))
		entry = pte_swp_mksoft_dirty(entry);
	*pte = pte_uffd_wp(old) ? pte_swp_mkuffd_wp(entry) : entry;
	return true;
}

/* Put a swap entry in the place of a pte. False: the page stays. */
static bool unmap_for_reclaim(struct ctx *ctx, u32 vma, u64 address, u64 *pte, u32 page)
{
	struct hmmu *m = ctx->m;
	u32 mm = vma_of(m, vma)->mm;
	u64 old = ptep_clear_flush(m, mm, address, pte);
	/* 6.12 drops large pages of MADV_FREE without a split. */
	u32 subpage = KERNEL >= V6_12 ? pte_pfn(old) : page;

	if (pte_dirty(old))
		page_set(m, page, HMMU_PG_DIRTY);
	/* The page cache finds a page of a file again; a marker keeps userfaultfd's write protection. */
	if (KERNEL >= V6_12 && !PageAnon(m, page))
		*pte = userfaultfd_pte_wp(m, vma, old) ? make_pte_marker(PTE_MARKER_UFFD_WP) : 0;
	else if (page_test(m, page, HMMU_PG_SWAPBACKED) ? !make_swap_entry(m, mm, page, old, pte)
							: !unmap_lazyfree(m, page, old, pte))
		return false;
	add_mm_counter(m, mm, KERNEL >= V6_12 ? mm_counter(m, page) : MM_ANONPAGES, -1);
	page_remove_rmap(m, ctx->cpu, subpage, vma, false);
	put_page(m, page);
	mmu_notifier_invalidate_range(m, mm, address, address + PAGE_SIZE);
	return true;
}

/* 6.12: a huge page of MADV_FREE is dropped pte by pte. */
static void split_pmd_to_unmap(struct ctx *ctx, struct page_vma_mapped_walk *pvmw)
{
	struct page_vma_mapped_walk again = { .page = pvmw->page, .vma = pvmw->vma, .address = pvmw->address };

	split_huge_pmd_locked(ctx, pvmw->vma, pvmw->pmd, pvmw->address & PMD_MASK, false);
	page_vma_mapped_walk_done(ctx->m, pvmw);
	*pvmw = again;
}

static bool try_to_unmap_one(struct ctx *ctx, u32 pfn, u32 vma, u64 address, u32 flags)
{
	struct hmmu *m = ctx->m;
	struct page_vma_mapped_walk pvmw = { .page = pfn, .vma = vma, .address = address };
	const struct vma *v = vma_of(m, vma);
	u32 mm = v->mm;
	u64 end = address + ((u64)hpage_nr_pages(m, pfn) << PAGE_SHIFT);
	bool go_on = true;

	if (KERNEL < V6_12 && (flags & TTU_MUNLOCK) && !(v->flags & VM_LOCKED))
		return true;
	if (KERNEL < V6_12 && (flags & TTU_SPLIT_HUGE_PMD))
		split_huge_pmd_address(ctx, vma, address, flags & TTU_SPLIT_FREEZE, pfn);
	if (end > v->end)
		end = v->end;
	mmu_notifier_invalidate_range_start(m, HMMU_NOTIFY_CLEAR, mm, address, end);
	while (page_vma_mapped_walk(m, &pvmw)) {
		if (!(flags & TTU_IGNORE_MLOCK) && mlock_again(ctx, pfn, vma)) {
			page_vma_mapped_walk_done(m, &pvmw);
			go_on = false;
			break;
		}
		if (KERNEL < V6_12 && (flags & TTU_MUNLOCK))
			continue;
		if (KERNEL < V6_12 && (flags & (TTU_MIGRATION | TTU_SPLIT_FREEZE))) {
			unmap_entry(ctx, &pvmw);
		} else if (KERNEL >= V6_12 && !pvmw.pte && (flags & TTU_SPLIT_HUGE_PMD)) {
			flags &= ~(u32)TTU_SPLIT_HUGE_PMD;
			split_pmd_to_unmap(ctx, &pvmw);
		} else if (!pvmw.pte || !unmap_for_reclaim(ctx, vma, pvmw.address, pvmw.pte, pfn)) {
			/* 4.14's reclaim has split a huge page before. */
			page_vma_mapped_walk_done(m, &pvmw);
			go_on = false;
			break;
		}
	}
	mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_CLEAR, mm, address, end);
	return go_on;
}

bool try_to_unmap(struct ctx *ctx, u32 pfn, u32 flags)
{
	struct hmmu *m = ctx->m;
	struct rmap_walk walk;

	for (u32 vma = rmap_first(ctx, pfn, &walk); vma; vma = rmap_next_stop(ctx, &walk, HMMU_SWITCH_UNMAP, pfn))
		if (!try_to_unmap_one(ctx, pfn, vma, vma_address(m, pfn, vma), flags) || !total_mapcount(m, pfn))
			break;
	rmap_end(ctx, &walk);
	return KERNEL >= V6_12 ? !total_mapcount(m, pfn) : !page_mapcount(m, pfn);
}

void try_to_munlock(struct ctx *ctx, u32 pfn)
{
	struct hmmu *m = ctx->m;
	struct rmap_walk walk;

	for (u32 vma = rmap_first(ctx, pfn, &walk); vma; vma = rmap_next(m, &walk))
		if (!try_to_unmap_one(ctx, pfn, vma, vma_address(m, pfn, vma), TTU_MUNLOCK) || !page_mapped(m, pfn))
			break;
	rmap_end(ctx, &walk);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What mlock() and munlock() of Linux 6.12 do to the pages that are there: they queue each for mlock_folio() or
 * munlock_folio(), and wait for no page lock. fault/munlock.c is 4.14's.
 */
#include "call/mlock_range.h"

#include "mm/pte_batch.h"
#include "mm/vma.h"
#include "page/lru.h"
#include "rmap/huge.h"

static void queue_page(struct mm_walk *walk, u32 pfn)
{
	const struct ctx *ctx = walk->data;
	u32 head = compound_head(walk->m, pfn);

	if (vma_of(walk->m, walk->vma)->flags & VM_LOCKED)
		mlock_folio(walk->m, ctx->cpu, head);
	else
		munlock_folio(walk->m, ctx->cpu, head);
}

/* allow_mlock_munlock(): a large page is mlocked only if all of it is mapped here, and munlocked for any part. "mm: mlock:
 * update mlock_pte_range to handle large folio" */
static bool may_queue(const struct mm_walk *walk, u32 pfn, u32 step)
{
	return !(vma_of(walk->m, walk->vma)->flags & VM_LOCKED) ||
	       step == hpage_nr_pages(walk->m, compound_head(walk->m, pfn));
}

static int mlock_pte_range(struct mm_walk *walk, u64 *pmd, u64 address, u64 end)
{
	struct hmmu *m = walk->m;
	u64 *first, *pte;
	u32 step;

	if (pmd_trans_huge(*pmd)) {
		if (!is_huge_zero_pmd(m, *pmd))
			queue_page(walk, pte_pfn(*pmd));
		return 0;
	}
	pte = first = pte_offset_map_lock(m, *pmd, address);
	for (; address < end; address += (u64)step << PAGE_SHIFT, pte += step) {
		u32 page = pte_present(*pte) ? vm_normal_page(m, *pte) : 0;

		step = page ? folio_pte_batch(m, pte, (end - address) >> PAGE_SHIFT, PTE_BATCH_IGNORED) : 1;
		if (page && !is_zone_device_page(m, page) && may_queue(walk, page, step))
			queue_page(walk, page);
	}
	table_unlock(m, first);
	return 0;
}

void mlock_vma_pages_range(struct ctx *ctx, u32 vma, u64 start, u64 end)
{
	struct mm_walk walk = {
		.m = ctx->m,
		.mm = ctx->mm,
		.vma = vma,
		.pmd_entry = mlock_pte_range,
		.data = ctx,
	};

	lru_add_drain(ctx->m, ctx->cpu);
	walk_page_range(&walk, start, end);
	lru_add_drain(ctx->m, ctx->cpu);
}

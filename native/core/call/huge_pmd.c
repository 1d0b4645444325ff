/* SPDX-License-Identifier: GPL-2.0-only */
/* System calls on whole huge pmds. */
#include <errno.h>

#include "call/huge_pmd.h"
#include "mm/mm.h"
#include "mm/mmu_gather.h"
#include "mm/tlb.h"
#include "page/lru.h"
#include "rmap/huge.h"
#include "rmap/rmap.h"

static void zap_deposited_table(struct hmmu *m, u32 mm, u64 *pmd)
{
	pte_free(m, mm, pgtable_trans_huge_withdraw(m, pmd));
}

bool zap_huge_pmd(struct mmu_gather *tlb, u32 vma, u64 *pmd, u64 address)
{
	struct hmmu *m = tlb->ctx->m;
	u32 mm = tlb->mm;
	u64 old;

	table_lock(m, pmd);
	if (!pmd_trans_huge(*pmd)) {
		table_unlock(m, pmd);
		return false;
	}
	old = *pmd;
	*pmd = 0;
	tlb_adjust_range(tlb, address, address + PMD_SIZE);
	zap_deposited_table(m, mm, pmd);
	if (!is_huge_zero_pmd(m, old)) {
		page_remove_rmap(m, tlb->ctx->cpu, pte_pfn(old), vma, true);
		add_mm_counter(m, mm, MM_ANONPAGES, -(int64_t)HPAGE_PMD_NR);
	}
	table_unlock(m, pmd);
	/* The kernel gathers the huge zero page as well, and skips it when it drops the batch. */
	if (!is_huge_zero_pmd(m, old))
		tlb_remove_page(tlb, pte_pfn(old));
	if (tlb_is_full(tlb))
		tlb_flush_mmu(tlb);
	return true;
}

/* As x86 does it, the pmd is not present for a moment, and its translations are flushed. */
static u64 pmdp_invalidate(struct hmmu *m, u32 mm, const u64 *pmd, u64 address)
{
	flush_tlb_range(m, mm, address, address + PMD_SIZE);
	return *pmd;
}

/*
 * As in 4.14, a dirty pmd is made dirty again after its short invalidation, and so becomes soft-dirty ("thp: fix
 * MADV_DONTNEED vs. numa balancing race").
 */
bool change_huge_pmd(struct ctx *ctx, u64 *pmd, u64 address, u64 prot)
{
	struct hmmu *m = ctx->m;
	u64 entry;

	table_lock(m, pmd);
	if (!pmd_trans_huge(*pmd)) {
		table_unlock(m, pmd);
		return false;
	}
	entry = pmdp_invalidate(m, ctx->mm, pmd, address);
	if (pte_dirty(entry))
		entry = pte_mkdirty(entry);
	*pmd = pmd_modify(entry, prot);
	table_unlock(m, pmd);
	return true;
}

void clear_soft_dirty_pmd(struct hmmu *m, u32 mm, u64 *pmd, u64 address)
{
	*pmd = pte_clear_soft_dirty(pte_wrprotect(pmdp_invalidate(m, mm, pmd, address)));
}

/* Split a huge page of which only a part is to be freed lazily; true if nothing more is to be done here. */
static bool split_for_madvise_free(struct ctx *ctx, u64 *pmd, u32 page)
{
	struct hmmu *m = ctx->m;

	get_page(m, page);
	table_unlock(m, pmd);
	split_and_put_huge_page(ctx, page);
	return false;
}

static bool mapped_by_others(const struct hmmu *m, u32 page)
{
	return KERNEL >= V6_12 ? folio_likely_mapped_shared(m, page) : page_mapcount(m, page) != 1;
}

bool madvise_free_huge_pmd(struct mmu_gather *tlb, u64 *pmd, u64 address, u64 end)
{
	struct ctx *ctx = tlb->ctx;
	struct hmmu *m = ctx->m;
	u32 page;

	table_lock(m, pmd);
	page = pte_pfn(*pmd);
	/* A page that others map, or that is locked, is left alone. */
	if (!pmd_trans_huge(*pmd) || is_huge_zero_pmd(m, *pmd) || mapped_by_others(m, page) || !trylock_page(m, page)) {
		bool huge = pmd_trans_huge(*pmd);

		table_unlock(m, pmd);
		return huge;
	}
	if (end - address != PMD_SIZE)
		return split_for_madvise_free(ctx, pmd, page);
	page_clear(m, page, HMMU_PG_DIRTY);
	unlock_page(m, page);
	if (pte_young(*pmd) || pte_dirty(*pmd)) {
		*pmd = pte_mkclean(pte_mkold(pmdp_invalidate(m, ctx->mm, pmd, address)));
		tlb_adjust_range(tlb, address, end);
	}
	mark_page_lazyfree(m, ctx->cpu, page);
	table_unlock(m, pmd);
	return true;
}

/* False: the parent may have a pin of the page, so the page can't be shared. */
static bool copy_present_huge_pmd(struct ctx *ctx, u32 child, u32 vma, u64 *dst_pmd, u64 *src_pmd)
{
	struct hmmu *m = ctx->m;
	u32 page = pte_pfn(*src_pmd);
	bool zero = is_huge_zero_pmd(m, *src_pmd);

	/* 6.12 treats the huge zero page as it treats others: the child's entry is old. */
	if (zero && KERNEL < V6_12) {
		*dst_pmd = mk_pte(page, vma_of(m, vma)->page_prot) | _PAGE_PSE;
		return true;
	}
	if (!zero) {
		get_page(m, page);
		if (!page_try_dup_rmap(m, page, ctx->mm, true)) {
			put_page(m, page);
			return false;
		}
		add_mm_counter(m, child, MM_ANONPAGES, HPAGE_PMD_NR);
	}
	*src_pmd = pte_wrprotect(*src_pmd);
	*dst_pmd = pte_mkold(pte_clear_uffd_wp(*src_pmd));
	return true;
}

int copy_huge_pmd(struct ctx *ctx, const struct huge_copy *copy, u64 *dst_pmd, u64 *src_pmd, bool *copied)
{
	u32 child = copy->child, vma = copy->vma;
	struct hmmu *m = ctx->m;
	u32 table;

	*copied = true;
	if (!vma_is_anonymous(m, vma))
		return 0;
	table = pte_alloc_one(m, child);
	if (!table)
		return -ENOMEM;
	table_lock(m, src_pmd);
	if (!pmd_trans_huge(*src_pmd)) {
		table_unlock(m, src_pmd);
		pte_free(m, child, table);
		*copied = false;
		return 0;
	}
	if (!copy_present_huge_pmd(ctx, child, vma, dst_pmd, src_pmd)) {
		table_unlock(m, src_pmd);
		pte_free(m, child, table);
		__split_huge_pmd(ctx, copy->parent_vma, src_pmd, copy->address, false, 0);
		*copied = false;
		return 0;
	}
	pgtable_trans_huge_deposit(m, dst_pmd, table);
	table_unlock(m, src_pmd);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Taking ptes away: zap_page_range(), munmap(), the end of an address space. */
#include <errno.h>

#include "huge.h"
#include "hugetlb.h"
#include "lru.h"
#include "rmap.h"
#include "swap.h"
#include "tlb.h"

/*
 * Pages whose ptes are gone lose their references only after the TLB flush, as with mmu_gather. The batch is as large
 * as one page table, so it lives on the stack.
 */
struct mmu_gather {
	int64_t rss[NR_MM_COUNTERS];
	u32 nr;
	u32 pages[PTRS_PER_TABLE];
};

static void tlb_gather_mmu(struct mmu_gather *tlb)
{
	for (int counter = 0; counter < NR_MM_COUNTERS; counter++)
		tlb->rss[counter] = 0;
	tlb->nr = 0;
}

static void tlb_finish_mmu(struct hmmu *m, const struct mmu_gather *tlb, u32 mm, u64 start, u64 end)
{
	for (int counter = 0; counter < NR_MM_COUNTERS; counter++)
		add_mm_counter(m, mm, counter, tlb->rss[counter]);
	flush_tlb_range(m, mm, start, end);
	if (m->st->swap_cached)
		for (u32 i = 0; i < tlb->nr; i++)
			free_swap_cache(m, tlb->pages[i]);
	release_pages(m, tlb->pages, tlb->nr);
}

static NOINLINE void zap_present_file(struct ctx *ctx, u64 old, struct mmu_gather *tlb)
{
	struct hmmu *m = ctx->m;
	u32 page = pte_pfn(old);

	if (pte_dirty(old))
		page_set(m, page, HMMU_PG_DIRTY);
	if (pte_young(old))
		mark_page_accessed(m, ctx->cpu, page);
	tlb->rss[mm_counter_file(m, page)]--;
}

/* Entries that are special (the zero page's is) have no page that anybody would miss. */
static ALWAYS_INLINE void zap_present(struct ctx *ctx, u64 *pte, struct mmu_gather *tlb)
{
	struct hmmu *m = ctx->m;
	u64 old = *pte;
	u32 page = pte_pfn(old);
	struct page *p = page_of(m, page);

	*pte = 0;
	if (old & _PAGE_SPECIAL)
		return;
	if ((p->mapping & MAPPING_ANON) || PageAnon(m, page))
		tlb->rss[MM_ANONPAGES]--;
	else
		zap_present_file(ctx, old, tlb);
	if (--p->mapcount < 0 || (p->flags & (HMMU_PG_MLOCKED | HMMU_PG_TAIL)))
		page_remove_rmap_slow(m, ctx->cpu, page, false);
	tlb->pages[tlb->nr++] = page;
}

static void zap_swap_type(struct ctx *ctx, u32 vma, u64 *pte)
{
	struct hmmu *m = ctx->m;
	u32 mm = m->vmas[vma].mm, page = swp_offset(*pte);
	u64 old = *pte;

	*pte = 0;
	if (is_device_private_entry(old)) {
		add_mm_counter(m, mm, mm_counter(m, page), -1);
		page_remove_rmap(m, ctx->cpu, page, false);
		put_page(m, page);
	} else if (is_migration_entry(old)) {
		add_mm_counter(m, mm, mm_counter(m, page), -1);
	} else if (is_swap_entry(old)) {
		add_mm_counter(m, mm, MM_SWAPENTS, -1);
		free_swap_and_cache(m, swp_offset(old));
	}
}

static int zap_pmd(struct mm_walk *walk, u64 *pmd, u64 address, u64 end)
{
	struct ctx *ctx = walk->data;
	struct hmmu *m = ctx->m;
	struct mmu_gather tlb;
	u64 *pte, start = address;

	if (pmd_trans_huge(*pmd)) {
		if (end - address != PMD_SIZE) {
			__split_huge_pmd(ctx, walk->vma, pmd, address, false, 0);
		} else if (zap_huge_pmd(ctx, walk->vma, pmd)) {
			flush_tlb_range(m, walk->mm, address, end);
			return 0;
		}
	}
	if (pmd_trans_unstable(*pmd))
		return 0;
	tlb_gather_mmu(&tlb);
	pte = pte_offset_map_lock(m, *pmd, address);
	for (u64 *first = pte; address < end; address += PAGE_SIZE, pte++) {
		if (pte_present(*pte))
			zap_present(ctx, pte, &tlb);
		else if (!pte_none(*pte))
			zap_swap_type(ctx, walk->vma, pte);
		if (address + PAGE_SIZE == end)
			table_unlock(m, first);
	}
	tlb_finish_mmu(m, &tlb, walk->mm, start, end);
	return 0;
}

void unmap_single_vma(struct ctx *ctx, u32 vma, u64 start, u64 end)
{
	struct hmmu *m = ctx->m;
	const struct vma *v = vma_of(m, vma);
	struct mm_walk walk = { .m = m, .mm = v->mm, .vma = vma, .pmd_entry = zap_pmd, .data = ctx };

	if (start < v->start)
		start = v->start;
	if (end > v->end)
		end = v->end;
	if (start < end && (v->flags & VM_HUGETLB))
		unmap_hugepage_range(ctx, vma, start, end, 0);
	else if (start < end)
		walk_page_range(&walk, start, end);
}

void zap_page_range(struct ctx *ctx, u64 start, u64 end)
{
	struct hmmu *m = ctx->m;

	lru_add_drain(m, ctx->cpu);
	mmu_notifier_invalidate_range_start(m, ctx->mm, start, end);
	for (u32 vma = find_vma(m, ctx->mm, start); vma && m->vmas[vma].start < end; vma = m->vmas[vma].next)
		unmap_single_vma(ctx, vma, start, end);
	mmu_notifier_invalidate_range_end(m, ctx->mm, start, end);
}

/* Locked mappings give their marks up before they go; may block. */
static int munlock_range(struct ctx *ctx, u64 start, u64 end)
{
	struct hmmu *m = ctx->m;
	u64 progress = ctx->progress.munlock_at;
	int err = 0;

	ctx->progress.munlock_at = 0;
	for (u32 vma = find_vma(m, ctx->mm, start); vma && m->vmas[vma].start < end && !err; vma = m->vmas[vma].next) {
		const struct vma *v = vma_of(m, vma);

		if (progress >= v->start && progress < v->end) {
			err = munlock_vma_pages_range(ctx, vma, progress, v->end);
		} else if (v->flags & VM_LOCKED) {
			m->mms[ctx->mm].locked_vm -= vma_pages(v);
			err = munlock_vma_pages_range(ctx, vma, v->start, v->end);
		}
	}
	return err;
}

static void unmap_region(struct ctx *ctx, u64 start, u64 end)
{
	struct hmmu *m = ctx->m;
	u32 first = find_vma(m, ctx->mm, start), next;
	u32 prev = m->vmas[first].prev;
	u64 floor = prev ? m->vmas[prev].end : 0, ceiling;
	u64 low = m->vmas[first].start, high = low;

	lru_add_drain(m, ctx->cpu);
	mmu_notifier_invalidate_range_start(m, ctx->mm, start, end);
	for (u32 vma = first; vma && m->vmas[vma].start < end; vma = m->vmas[vma].next) {
		if (is_vm_hugetlb_page(m, vma))
			hugetlb_vm_op_close(m, vma);
		unmap_single_vma(ctx, vma, start, end);
		high = m->vmas[vma].end;
	}
	mmu_notifier_invalidate_range_end(m, ctx->mm, start, end);
	for (u32 vma = first; vma && m->vmas[vma].start < end; vma = next) {
		next = m->vmas[vma].next;
		vma_free(m, vma);
	}
	next = find_vma(m, ctx->mm, high);
	ceiling = next ? m->vmas[next].start : 0;
	free_pgd_range(m, ctx->mm, low, high, floor, ceiling);
}

int do_munmap(struct ctx *ctx, u64 start, u64 end)
{
	struct hmmu *m = ctx->m;
	u32 vma = find_vma(m, ctx->mm, start), last;
	int err = 0;

	if (!vma || m->vmas[vma].start >= end)
		return 0;
	if (start > m->vmas[vma].start)
		err = split_vma(ctx, vma, start, false);
	if (err)
		return err;
	last = find_vma(m, ctx->mm, end);
	if (last && end > m->vmas[last].start)
		err = split_vma(ctx, last, end, true);
	if (!err)
		err = munlock_range(ctx, start, end);
	if (!err)
		unmap_region(ctx, start, end);
	return err;
}

int exit_mmap(struct ctx *ctx)
{
	struct hmmu *m = ctx->m;
	u32 watched = m->mms[ctx->mm].watched;
	int err;

	/* mmu_notifier_release() comes first. */
	m->mms[ctx->mm].watched = 0;
	err = munlock_range(ctx, 0, HMMU_TASK_SIZE);
	if (err)
		m->mms[ctx->mm].watched = watched;
	else if (m->mms[ctx->mm].mmap)
		unmap_region(ctx, 0, HMMU_TASK_SIZE);
	return err;
}

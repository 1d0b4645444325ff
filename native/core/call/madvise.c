/* SPDX-License-Identifier: GPL-2.0-only */
/* madvise(): dropping pages now or later, and advice that only changes a mapping's flags. */
#include <errno.h>

#include "call/collapse.h"
#include "call/huge_pmd.h"
#include "call/madvise_lru.h"
#include "call/syscall.h"
#include "call/unmap.h"
#include "fault/gup.h"
#include "mm/mm.h"
#include "mm/mmu_gather.h"
#include "mm/mmu_notifier.h"
#include "mm/swap.h"
#include "page/lru.h"
#include "rmap/huge.h"
#include "rmap/rmap.h"

struct lazyfree {
	struct mmu_gather *tlb;
	u64 *first; /**< of the locked table */
};

/* A pte of a compound page splits it first; false: the rest of this table is left alone. */
static bool split_for_free(struct lazyfree *free, u32 page)
{
	struct ctx *ctx = free->tlb->ctx;
	struct hmmu *m = ctx->m;
	int err;

	if (page_mapcount(m, page) != 1 || !get_and_trylock_huge_page(m, page))
		return false;
	table_unlock(m, free->first);
	err = split_and_put_huge_page(ctx, page);
	table_lock(m, free->first);
	return !err;
}

static void free_lazily(struct mmu_gather *tlb, u32 page, u64 *pte, u64 address)
{
	struct hmmu *m = tlb->ctx->m;

	if (page_test(m, page, HMMU_PG_DIRTY | HMMU_PG_SWAPCACHE)) {
		/* A locked page, or one that others map or have a swap entry of, is left alone. */
		if (!trylock_page(m, page))
			return;
		if (page_mapcount(m, page) != 1 || (PageSwapCache(m, page) && !try_to_free_swap(m, page))) {
			unlock_page(m, page);
			return;
		}
		page_clear(m, page, HMMU_PG_DIRTY);
		unlock_page(m, page);
	}
	if (pte_young(*pte) || pte_dirty(*pte)) {
		*pte = pte_mkclean(pte_mkold(*pte));
		tlb_adjust_range(tlb, address, address + PAGE_SIZE);
	}
	mark_page_lazyfree(m, tlb->ctx->cpu, page);
}

/* A swapped-out page need not be read to be freed. */
static void free_swap_pte(struct hmmu *m, u32 mm, u64 *pte)
{
	free_swap_and_cache(m, swp_offset(*pte));
	*pte = 0;
	add_mm_counter(m, mm, MM_SWAPENTS, -1);
}

static int madvise_free_pmd(struct mm_walk *walk, u64 *pmd, u64 address, u64 end)
{
	struct mmu_gather *tlb = walk->data;
	struct hmmu *m = walk->m;
	struct lazyfree free = { .tlb = tlb };
	u64 *pte;

	if (pmd_trans_huge(*pmd) && madvise_free_huge_pmd(tlb, pmd, address, end))
		return 0;
	if (pmd_trans_unstable(*pmd))
		return 0;
	pte = free.first = pte_offset_map_lock(m, *pmd, address);
	while (address < end) {
		u32 page = pte_present(*pte) ? vm_normal_page(m, *pte) : 0;

		/* The lock is given up for the split, so the entry is looked at again. */
		if (page && PageCompound(m, page)) {
			if (!split_for_free(&free, page))
				break;
			continue;
		}
		if (is_swap_entry(*pte))
			free_swap_pte(m, walk->mm, pte);
		if (page)
			free_lazily(tlb, page, pte, address);
		address += PAGE_SIZE;
		pte++;
	}
	table_unlock(m, free.first);
	return 0;
}

static int madvise_free_single_vma(struct ctx *ctx, u32 vma, u64 start, u64 end)
{
	struct mmu_gather tlb;
	struct mm_walk walk = { .m = ctx->m, .mm = ctx->mm, .vma = vma, .pmd_entry = madvise_free_pmd, .data = &tlb };

	if (!vma_is_anonymous(ctx->m, vma))
		return -EINVAL;
	lru_add_drain(ctx->m, ctx->cpu);
	tlb_gather_mmu(&tlb, ctx, ctx->mm, false);
	mmu_notifier_invalidate_range_start(ctx->m, HMMU_NOTIFY_CLEAR, ctx->mm, start, end);
	walk_page_range(&walk, start, end);
	mmu_notifier_invalidate_range_end(ctx->m, HMMU_NOTIFY_CLEAR, ctx->mm, start, end);
	tlb_finish_mmu(&tlb);
	return 0;
}

/* "mm: enable MADV_DONTNEED for hugetlb mappings": a part that is no whole huge page at the end is left alone. */
static bool takes_hugetlb(u32 advice, u64 start, u64 *end)
{
	if (KERNEL < V6_12 || advice != HMMU_MADV_DONTNEED || start & ~PMD_MASK)
		return false;
	*end &= PMD_MASK;
	return true;
}

static int madvise_dontneed_free(struct ctx *ctx, u32 vma, u64 start, u64 end, u32 advice)
{
	u32 flags = vma_of(ctx->m, vma)->flags;

	if (flags & VM_HUGETLB ? !takes_hugetlb(advice, start, &end) : flags & (VM_LOCKED | VM_PFNMAP))
		return -EINVAL;
	if (start == end)
		return 0;
	if (advice == HMMU_MADV_FREE && KERNEL >= V6_12)
		return madvise_lru(ctx, vma, start, end, advice);
	if (advice == HMMU_MADV_FREE)
		return madvise_free_single_vma(ctx, vma, start, end);
	zap_page_range(ctx, start, end);
	return 0;
}

static int madvise_behavior(struct ctx *ctx, u32 *vma, u32 prev, u64 start, u64 end, u32 advice)
{
	struct hmmu *m = ctx->m;
	u32 old = vma_of(m, *vma)->flags, flags = old;
	int err;

	switch (advice) {
	case HMMU_MADV_HUGEPAGE:
		flags = (flags & ~(u32)VM_NOHUGEPAGE) | VM_HUGEPAGE;
		break;
	case HMMU_MADV_NOHUGEPAGE:
		flags = (flags & ~(u32)VM_HUGEPAGE) | VM_NOHUGEPAGE;
		break;
	case HMMU_MADV_DONTFORK:
		flags |= VM_DONTCOPY;
		break;
	case HMMU_MADV_DOFORK:
		if (flags & VM_IO)
			return -EINVAL;
		flags &= ~(u32)VM_DONTCOPY;
		break;
	default:
		break;
	}
	if (flags == old)
		return 0;
	err = vma_change_flags(ctx, vma, prev, start, end, flags);
	if (!err)
		vma_of(m, *vma)->flags = flags;
	return err == -ENOMEM ? -EAGAIN : err;
}

static bool drops_pages(u32 advice)
{
	return advice == HMMU_MADV_DONTNEED || advice == HMMU_MADV_FREE;
}

/* madvise_vma_behavior() */
static int madvise_vma(struct ctx *ctx, u32 *vma, u32 prev, u64 start, u64 end, u32 advice)
{
	if (drops_pages(advice))
		return madvise_dontneed_free(ctx, *vma, start, end, advice);
	if (KERNEL >= V6_12 && (advice == HMMU_MADV_COLD || advice == HMMU_MADV_PAGEOUT))
		return madvise_lru(ctx, *vma, start, end, advice);
	if (KERNEL >= V6_12 && advice == HMMU_MADV_COLLAPSE)
		return madvise_collapse(ctx, *vma, start, end);
	return madvise_behavior(ctx, vma, prev, start, end, advice);
}

/* madvise_need_mmap_write(): only advice that changes a mapping's flags does. */
static bool needs_write(u32 advice)
{
	return advice >= HMMU_MADV_HUGEPAGE && advice <= HMMU_MADV_UNMERGEABLE;
}

static bool populates(u32 advice)
{
	return advice == HMMU_MADV_POPULATE_READ || advice == HMMU_MADV_POPULATE_WRITE;
}

static int do_madvise(struct ctx *ctx, u64 start, u64 end, u32 advice)
{
	struct hmmu *m = ctx->m;
	u32 vma = find_vma(m, ctx->mm, start), prev;
	int unmapped_error = 0, err;

	prev = vma ? vma_of(m, vma)->prev : 0;
	if (vma && start > vma_of(m, vma)->start)
		prev = vma;
	for (;;) {
		u64 to;

		if (!vma)
			return -ENOMEM;
		if (start < vma_of(m, vma)->start) {
			unmapped_error = -ENOMEM;
			start = vma_of(m, vma)->start;
			if (start >= end)
				return -ENOMEM;
		}
		to = end < vma_of(m, vma)->end ? end : vma_of(m, vma)->end;
		err = madvise_vma(ctx, &vma, prev, start, to, advice);
		if (err)
			return err;
		prev = vma;
		start = to > vma_of(m, prev)->end ? to : vma_of(m, prev)->end;
		if (start >= end)
			return unmapped_error;
		vma = vma_of(m, prev)->next;
	}
}

/* "mm/madvise: introduce MADV_POPULATE_(READ|WRITE) to prefault page tables". A call that waits goes on at its progress. */
static int madvise_populate(struct ctx *ctx, u64 start, u64 end, bool write)
{
	struct hmmu *m = ctx->m;
	int err = 0;

	if (ctx->progress.at > start)
		start = ctx->progress.at;
	while (!err && start < end) {
		u32 vma = vma_at(m, ctx->mm, start);

		if (!vma)
			return -ENOMEM;
		err = faultin_page_range(ctx, vma, &start, end < vma_of(m, vma)->end ? end : vma_of(m, vma)->end,
					 write);
	}
	return err;
}

/* madvise_behavior_valid() */
static int check_advice(struct hmmu *m, u32 advice)
{
	if (advice > HMMU_MADV_COLLAPSE)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "advice %u: there are 0 to %d", advice,
				 HMMU_MADV_COLLAPSE);
	if (KERNEL < V6_12 && advice > HMMU_MADV_UNMERGEABLE)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_SYSCALL,
				 "madvise() fails with EINVAL: Linux 6.12 has advice %u, and this kernel has not",
				 advice);
	return 0;
}

int hmmu_madvise(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length, uint32_t advice)
{
	const struct call call = { .op = OP_MADVISE, .args = { address, length, advice } };
	struct ctx ctx;
	u64 end = 0;
	int err = check_range(m, address, length, &end);

	if (!err)
		err = check_advice(m, advice);
	if (!err)
		err = task_enter(m, tid, call, &ctx);
	if (err)
		return err;
	err = needs_write(advice) ? down_write(&ctx) : down_read(&ctx);
	if (KERNEL >= V6_12 && !err && populates(advice))
		err = madvise_populate(&ctx, address, end, advice == HMMU_MADV_POPULATE_WRITE);
	else if (!err && end > address)
		err = do_madvise(&ctx, address, end, advice);
	if (KERNEL >= V6_12 && advice == HMMU_MADV_PAGEOUT)
		flush_swap_reclaim_work(m);
	return syscall_leave(&ctx, &call, err);
}

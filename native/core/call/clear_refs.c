/* SPDX-License-Identifier: GPL-2.0-only */
/* clear_refs: soft-dirty tracking begins anew. */
#include "call/huge_pmd.h"
#include "call/syscall.h"
#include "mm/mmu_gather.h"
#include "mm/mmu_notifier.h"
#include "mm/vma.h"

static int clear_pmd(struct mm_walk *walk, u64 *pmd, u64 address, u64 end)
{
	struct hmmu *m = walk->m;
	u64 *first, *pte;

	if (pmd_trans_huge(*pmd)) {
		clear_soft_dirty_pmd(m, walk->mm, pmd, address);
		return 0;
	}
	if (pmd_trans_unstable(*pmd))
		return 0;
	pte = first = pte_offset_map_lock(m, *pmd, address);
	for (; address < end; address += PAGE_SIZE, pte++) {
		if (pte_present(*pte))
			*pte = pte_clear_soft_dirty(pte_wrprotect(*pte));
		else if (is_swap_pte(*pte))
			*pte = pte_swp_clear_soft_dirty(*pte);
	}
	table_unlock(m, first);
	return 0;
}

static void clear_soft_dirty(struct ctx *ctx)
{
	struct hmmu *m = ctx->m;
	struct mm_walk walk = { .m = m, .mm = ctx->mm, .pmd_entry = clear_pmd };
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, ctx, ctx->mm, true);
	mmu_notifier_invalidate_range_start(m, HMMU_NOTIFY_SOFT_DIRTY, ctx->mm, 0, HMMU_TASK_SIZE);
	for (u32 vma = mm_of(m, ctx->mm)->mmap; vma; vma = vma_of(m, vma)->next) {
		walk.vma = vma;
		/* The walk has nothing for huge pages of hugetlb. */
		if (!(vma_of(m, vma)->flags & (VM_PFNMAP | VM_HUGETLB)))
			walk_page_range(&walk, vma_of(m, vma)->start, vma_of(m, vma)->end);
	}
	mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_SOFT_DIRTY, ctx->mm, 0, HMMU_TASK_SIZE);
	tlb_finish_mmu(&tlb);
}

/* VM_SOFTDIRTY is cleared under mmap_sem for writing; the walk needs only reading. */
static int do_clear_refs(struct ctx *ctx)
{
	struct hmmu *m = ctx->m;
	int err = down_write(ctx);

	if (err)
		return err;
	for (u32 vma = mm_of(m, ctx->mm)->mmap; vma; vma = vma_of(m, vma)->next) {
		vma_of(m, vma)->flags &= ~(u32)VM_SOFTDIRTY;
		vma_set_page_prot(m, vma);
	}
	downgrade_write(ctx);
	clear_soft_dirty(ctx);
	return 0;
}

int hmmu_clear_soft_dirty(struct hmmu *m, uint32_t tid)
{
	const struct call call = { .op = OP_CLEAR };
	struct ctx ctx;
	int err = task_enter(m, tid, call, &ctx);

	if (err)
		return err;
	err = do_clear_refs(&ctx);
	return syscall_leave(&ctx, &call, err);
}

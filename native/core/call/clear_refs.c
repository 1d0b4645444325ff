/* SPDX-License-Identifier: GPL-2.0-only */
/* clear_refs: soft-dirty tracking begins anew. */
#include "call/change_protection.h"
#include "call/huge_pmd.h"
#include "call/syscall.h"
#include "mm/mmu_gather.h"
#include "mm/mmu_notifier.h"
#include "mm/vma.h"
#include "mm/vma_lock.h"

/* Whether a device may write to the page without a fault, so that the entry must stay writable. */
static bool pte_is_pinned(const struct hmmu *m, u32 vma, u64 pte)
{
	u32 page = vm_normal_page(m, pte);

	if (!pte_write(pte) || !is_cow_mapping(vma_of(m, vma)->flags) || !mm_of(m, vma_of(m, vma)->mm)->has_pinned)
		return false;
	return page && page_maybe_dma_pinned(m, page);
}

/*
 * clear_soft_dirty() write-protects present entries only. A write entry of a migration, or of a device page, becomes a writable
 * pte that is not soft-dirty, and the next store goes unnoticed.
 */
static u64 clear_swap_type(const struct hmmu *m, u64 entry)
{
	if (!is_swap_pte(entry) || is_pte_marker(entry))
		return entry;
	if ((is_write_migration_entry(entry) || is_write_device_private_entry(entry)) &&
	    !quirk(m, HMMU_QUIRK_CLEAR_KEEPS_WRITE_ENTRIES))
		entry = downgraded_swap_type(m, entry);
	return pte_swp_clear_soft_dirty(entry);
}

static u64 clear_entry(const struct hmmu *m, u32 vma, u64 entry)
{
	if (!pte_present(entry))
		return clear_swap_type(m, entry);
	if (KERNEL >= V6_12 && pte_is_pinned(m, vma, entry))
		return entry;
	return pte_clear_soft_dirty(pte_wrprotect(entry));
}

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
	for (; address < end; address += PAGE_SIZE, pte++)
		*pte = clear_entry(m, walk->vma, *pte);
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
		err = vma_start_write(ctx, vma);
		if (err)
			return err;
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

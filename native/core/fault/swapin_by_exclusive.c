/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Linux 6.12: a page from swap is mapped writable if it belongs to the mapping alone: the swap entry says so, or nobody else has a
 * reference. "mm/swap: remember PG_anon_exclusive via a swp pte bit"
 */
#include "fault/swapin.h"
#include "mm/mm.h"
#include "mm/swap.h"
#include "page/lru.h"

/* should_try_to_free_swap(): for a store the slot is of no use if the page has only the references of the fault and of the cache. */
static bool should_give_slot_up(const struct fault *vmf, u32 page)
{
	struct hmmu *m = vmf->ctx->m;

	return vm_swap_full(m) || (vma_of(m, vmf->vma)->flags & VM_LOCKED) || page_test(m, page, HMMU_PG_MLOCKED) ||
	       (vmf->write && page_count(m, page) == 2);
}

static void leave_slot_early(struct fault *vmf, u32 page, u32 slot)
{
	struct hmmu *m = vmf->ctx->m;

	/* "mm: streamline COW logic in do_swap_page()": a batch may have one of the references. */
	if (vmf->write && !page_test(m, page, HMMU_PG_LRU))
		lru_add_drain(m, vmf->ctx->cpu);
	swap_free(m, slot);
	if (should_give_slot_up(vmf, page))
		try_to_free_swap(m, page);
}

/* pte_needs_soft_dirty_wp(): the next store has to fault, so that it is seen. */
static bool soft_dirty_wants_fault(const struct fault *vmf, u64 pte)
{
	return !(vma_of(vmf->ctx->m, vmf->vma)->flags & VM_SOFTDIRTY) && !pte_soft_dirty(pte);
}

static u64 swapped_pte(const struct fault *vmf, u32 page, bool exclusive)
{
	struct hmmu *m = vmf->ctx->m;
	u64 pte = mk_pte(page, vma_of(m, vmf->vma)->page_prot);

	if (pte_swp_soft_dirty(vmf->orig_pte))
		pte = pte_mksoft_dirty(pte);
	if (pte_swp_uffd_wp(vmf->orig_pte))
		pte = pte_mkuffd_wp(pte);
	if (!exclusive || !(vma_of(m, vmf->vma)->flags & VM_WRITE) || userfaultfd_pte_wp(m, vmf->vma, pte) ||
	    soft_dirty_wants_fault(vmf, pte))
		return pte;
	return pte_mkwrite(vmf->write ? pte_mkdirty(pte) : pte);
}

/* A page that was read into the swap cache just now is a new page for rmap. That forgets to mlock the page in a locked mapping. */
static void add_swapped_rmap(struct fault *vmf, u32 page, bool exclusive)
{
	struct hmmu *m = vmf->ctx->m;

	if (PageAnon(m, page) || !quirk(m, HMMU_QUIRK_SWAPIN_MISSES_MLOCK)) {
		page_add_anon_rmap(m, vmf->ctx->cpu, page, vmf->vma, vmf->address, exclusive, false);
		return;
	}
	page_of(m, page)->mapcount = 1;
	set_anon_rmap(m, page, vmf->vma, vmf->address, exclusive);
	if (exclusive)
		SetPageAnonExclusive(m, page);
}

bool map_swapped_exclusive(struct fault *vmf, u32 page, u32 slot)
{
	struct hmmu *m = vmf->ctx->m;
	bool exclusive;
	u64 pte;

	leave_slot_early(vmf, page, slot);
	exclusive = pte_swp_exclusive(vmf->orig_pte) || page_count(m, page) == 1;
	pte = swapped_pte(vmf, page, exclusive);
	table_lock(m, vmf->pte);
	add_mm_counter(m, vmf->ctx->mm, MM_ANONPAGES, 1);
	add_mm_counter(m, vmf->ctx->mm, MM_SWAPENTS, -1);
	*vmf->pte = pte;
	add_swapped_rmap(vmf, page, exclusive);
	table_unlock(m, vmf->pte);
	vmf->orig_pte = pte;
	return vmf->write && pte_write(pte);
}

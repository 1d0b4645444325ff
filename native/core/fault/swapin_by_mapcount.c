/* SPDX-License-Identifier: GPL-2.0-only */
/* Linux 4.14: a page from swap is mapped writable for a store only, if the page and its slot have no other user. */
#include "fault/reuse.h"
#include "fault/swapin.h"
#include "mm/mm.h"
#include "mm/swap.h"
#include "page/lru.h"

static bool map_swapped_page(struct fault *vmf, u32 page)
{
	struct hmmu *m = vmf->ctx->m;
	u64 pte = mk_pte(page, vma_of(m, vmf->vma)->page_prot);
	bool exclusive = vmf->write && reuse_swap_page(m, page);

	if (exclusive)
		pte = maybe_mkwrite(m, vmf->vma, pte_mkdirty(pte));
	if (pte_swp_soft_dirty(vmf->orig_pte))
		pte = pte_mksoft_dirty(pte);
	table_lock(m, vmf->pte);
	add_mm_counter(m, vmf->ctx->mm, MM_ANONPAGES, 1);
	add_mm_counter(m, vmf->ctx->mm, MM_SWAPENTS, -1);
	*vmf->pte = pte;
	page_add_anon_rmap(m, vmf->ctx->cpu, page, vmf->vma, vmf->address, exclusive, false);
	table_unlock(m, vmf->pte);
	vmf->orig_pte = pte;
	return exclusive;
}

/* Drop the entry's count of the slot, and free the slot if the page should give it up. */
static void leave_slot(struct fault *vmf, u32 page, u32 slot)
{
	struct hmmu *m = vmf->ctx->m;

	swap_free(m, slot);
	if (vm_swap_full(m) || (vma_of(m, vmf->vma)->flags & VM_LOCKED) || page_test(m, page, HMMU_PG_MLOCKED))
		try_to_free_swap(m, page);
}

bool map_swapped_by_mapcount(struct fault *vmf, u32 page, u32 slot)
{
	struct hmmu *m = vmf->ctx->m;
	bool exclusive = map_swapped_page(vmf, page);

	if (page_test(m, page, HMMU_PG_LRU) && !page_test(m, page, HMMU_PG_ACTIVE | HMMU_PG_UNEVICTABLE))
		activate_page(m, vmf->ctx->cpu, page);
	leave_slot(vmf, page, slot);
	return exclusive;
}

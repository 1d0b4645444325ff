/* SPDX-License-Identifier: GPL-2.0-only */
/* do_swap_page() of an entry that refers to a swap slot. */
#include <string.h>

#include "fault/reuse.h"
#include "mm/mm.h"
#include "mm/swap.h"
#include "page/frame.h"
#include "page/lru.h"
#include "page/memcg.h"

/* Read the page of a slot into the swap cache, with a reference for the caller; 0: no frame is left. */
static u32 swapin(struct fault *vmf, u32 slot)
{
	struct hmmu *m = vmf->ctx->m;
	u32 page = alloc_page(m);

	if (!page)
		return 0;
	page_set(m, page, HMMU_PG_LOCKED | HMMU_PG_SWAPBACKED);
	add_to_swap_cache(m, page, slot);
	lru_cache_add(m, vmf->ctx->cpu, page);
	memcpy(contents_of(m, page), swap_frame_of(m, slot), contents_size(m));
	page_set(m, page, HMMU_PG_UPTODATE);
	unlock_page(m, page);
	m->st->counters[HMMU_COUNT_SWAP_INS]++;
	/* swapin_readahead() ends with a drain, also for a single page. So the page is on the LRU in the fault. */
	lru_add_drain(m, vmf->ctx->cpu);
	return page;
}

static u32 lookup_swap_cache(struct hmmu *m, u32 slot)
{
	u32 page = m->swap_slots[slot].page;

	if (page)
		get_page(m, page);
	return page;
}

/* A page of the swap cache that was mapped before is already charged. */
static bool charge_swapped_page(struct hmmu *m, u32 page)
{
	if (page_of(m, page)->flags & PAGE_USER_CHARGED)
		return true;
	if (!mem_cgroup_try_charge(m, 1))
		return false;
	mem_cgroup_commit_charge(m, page);
	return true;
}

/* Map the page. For a store the pte is writable at once if the page and its slot have no other user. */
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
	page_add_anon_rmap(m, vmf->ctx->cpu, page, vmf->vma, vmf->address,
			   exclusive || pte_swp_exclusive(vmf->orig_pte), false);
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

int do_swap_slot_fault(struct fault *vmf)
{
	struct hmmu *m = vmf->ctx->m;
	u32 slot = swp_offset(vmf->orig_pte), page = lookup_swap_cache(m, slot);
	bool exclusive;
	int result;

	if (!page)
		page = swapin(vmf, slot);
	if (!page)
		return FAULT_OOM;
	result = lock_page_or_retry(vmf, page);
	if (result)
		return result;
	if (!charge_swapped_page(m, page)) {
		unlock_page(m, page);
		put_page(m, page);
		return FAULT_OOM;
	}
	exclusive = map_swapped_page(vmf, page);
	if (page_test(m, page, HMMU_PG_LRU) && !page_test(m, page, HMMU_PG_ACTIVE | HMMU_PG_UNEVICTABLE))
		activate_page(m, vmf->ctx->cpu, page);
	leave_slot(vmf, page, slot);
	unlock_page(m, page);
	if (exclusive)
		return FAULT_DONE_WRITE;
	return vmf->write ? do_wp_page(vmf) : 0;
}

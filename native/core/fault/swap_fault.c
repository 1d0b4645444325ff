/* SPDX-License-Identifier: GPL-2.0-only */
/* do_swap_page() of an entry that refers to a swap slot. */
#include <string.h>

#include "fault/swapin.h"
#include "mm/mm.h"
#include "mm/swap.h"
#include "page/frame.h"
#include "page/lru.h"
#include "page/memcg.h"

/* A page of the swap cache that was mapped before is already charged. */
static bool charge_swapped_page(struct ctx *ctx, u32 page)
{
	if (page_of(ctx->m, page)->flags & PAGE_USER_CHARGED)
		return true;
	if (!mem_cgroup_try_charge(ctx, 1))
		return false;
	mem_cgroup_commit_charge(ctx->m, page);
	return true;
}

/*
 * Read the page of a slot into the swap cache, with a reference for the caller; 0: there is no memory. 6.12 charges the page first, and
 * leaves none there that the limit does not allow ("mm: memcontrol: charge swapin pages on instantiation"). In 6.12 the page becomes active
 * (workingset_refault()): it has left lately, compared with the size of the lists, which nobody knows here.
 */
static u32 swapin(struct ctx *ctx, u32 slot)
{
	struct hmmu *m = ctx->m;
	u32 page = alloc_page(m);

	if (!page)
		return 0;
	if (KERNEL >= V6_12 && !charge_swapped_page(ctx, page)) {
		put_page(m, page);
		return 0;
	}
	page_set(m, page, HMMU_PG_LOCKED | HMMU_PG_SWAPBACKED | (KERNEL >= V6_12 ? HMMU_PG_ACTIVE : 0));
	add_to_swap_cache(m, page, slot);
	lru_cache_add(m, ctx->cpu, page);
	memcpy(contents_of(m, page), swap_frame_of(m, slot), contents_size(m));
	page_set(m, page, HMMU_PG_UPTODATE);
	unlock_page(m, page);
	m->st->counters[HMMU_COUNT_SWAP_INS]++;
	/* swapin_readahead() of 4.14 ends with a drain, also for a single page. So the page is on the LRU in the fault. */
	if (KERNEL < V6_12)
		lru_add_drain(m, ctx->cpu);
	return page;
}

static u32 lookup_swap_cache(struct hmmu *m, u32 slot)
{
	u32 page = m->swap_slots[slot].page;

	if (page)
		get_page(m, page);
	return page;
}

int do_swap_slot_fault(struct fault *vmf)
{
	struct hmmu *m = vmf->ctx->m;
	u32 slot = swp_offset(vmf->orig_pte), page = lookup_swap_cache(m, slot);
	bool done;
	int result;

	if (!page)
		page = swapin(vmf->ctx, slot);
	if (!page)
		return FAULT_OOM;
	result = lock_page_or_retry(vmf, page);
	if (result)
		return result;
	if (!charge_swapped_page(vmf->ctx, page)) {
		unlock_page(m, page);
		put_page(m, page);
		return FAULT_OOM;
	}
	done = KERNEL >= V6_12 ? map_swapped_exclusive(vmf, page, slot) : map_swapped_by_mapcount(vmf, page, slot);
	unlock_page(m, page);
	if (done)
		return FAULT_DONE_WRITE;
	return vmf->write ? do_wp_page(vmf) : 0;
}

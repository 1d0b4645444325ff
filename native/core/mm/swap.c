/* SPDX-License-Identifier: GPL-2.0-only */
/* Swap slots, and the swap cache, which finds the page of a slot. */
#include "mm/swap.h"

bool vm_swap_full(const struct hmmu *m)
{
	return (m->st->swap_pages - m->st->swap_used) * 2ull < m->st->swap_pages;
}

/* A slot to which no entry and no page of the swap cache refers is free. */
static void release_slot(struct hmmu *m, u32 slot)
{
	if (slot_of(m, slot)->count || slot_of(m, slot)->page)
		return;
	if (KERNEL < V6_12)
		list_free_slot(m, slot);
	m->st->swap_used--;
}

bool reclaim_slot(struct hmmu *m, u32 slot)
{
	u32 page = slot_of(m, slot)->page;
	bool freed;

	if (!page || slot_of(m, slot)->count || !trylock_page(m, page))
		return false;
	get_page(m, page);
	freed = try_to_free_swap(m, page);
	unlock_page(m, page);
	put_page(m, page);
	return freed;
}

void add_to_swap_cache(struct hmmu *m, u32 pfn, u32 slot)
{
	get_page(m, pfn);
	page_set(m, pfn, HMMU_PG_SWAPCACHE);
	page_of(m, pfn)->private = slot;
	slot_of(m, slot)->page = pfn;
	m->st->swap_cached++;
}

bool add_to_swap(struct hmmu *m, u32 pfn)
{
	u32 slot = get_swap_page(m);

	if (!slot)
		return false;
	add_to_swap_cache(m, pfn, slot);
	/* Even if all entries are clean, the page was not yet written to its slot. */
	page_set(m, pfn, HMMU_PG_DIRTY);
	return true;
}

void delete_from_swap_cache(struct hmmu *m, u32 pfn)
{
	u32 slot = page_of(m, pfn)->private;

	page_of(m, pfn)->private = 0;
	page_clear(m, pfn, HMMU_PG_SWAPCACHE);
	slot_of(m, slot)->page = 0;
	m->st->swap_cached--;
	release_slot(m, slot);
	put_page(m, pfn);
}

static u32 page_swapcount(const struct hmmu *m, u32 pfn)
{
	return slot_of(m, page_of(m, pfn)->private)->count;
}

bool try_to_free_swap(struct hmmu *m, u32 pfn)
{
	if (!PageSwapCache(m, pfn) || page_swapcount(m, pfn))
		return false;
	page_set(m, pfn, HMMU_PG_DIRTY);
	delete_from_swap_cache(m, pfn);
	return true;
}

void replace_swap_cache(struct hmmu *m, u32 old_pfn, u32 new_pfn)
{
	struct page *old = page_of(m, old_pfn), *new = page_of(m, new_pfn);

	slot_of(m, old->private)->page = new_pfn;
	new->private = old->private;
	new->index = old->index;
	new->mapping = old->mapping;
	new->flags |= HMMU_PG_SWAPCACHE;
	old->private = 0;
	old->flags &= ~(u32)HMMU_PG_SWAPCACHE;
}

bool reuse_swap_cache_page(struct hmmu *m, u32 pfn)
{
	u32 users = (u32)page_mapcount(m, pfn) + page_swapcount(m, pfn);

	/* After the first store the slot's contents would be out of date. */
	if (users == 1) {
		page_set(m, pfn, HMMU_PG_DIRTY);
		delete_from_swap_cache(m, pfn);
	}
	return users <= 1;
}

void swap_duplicate(struct hmmu *m, u32 slot)
{
	slot_of(m, slot)->count++;
}

void swap_free(struct hmmu *m, u32 slot)
{
	if (!slot_of(m, slot)->count) {
		hmmu_bug(m, "an entry of a swap slot was dropped that it did not have");
		return;
	}
	slot_of(m, slot)->count--;
	release_slot(m, slot);
}

void free_swap_and_cache(struct hmmu *m, u32 slot)
{
	u32 page = slot_of(m, slot)->page;

	swap_free(m, slot);
	if (!page || slot_of(m, slot)->count || !trylock_page(m, page))
		return;
	get_page(m, page);
	if (!page_mapped(m, page) || vm_swap_full(m))
		try_to_free_swap(m, page);
	unlock_page(m, page);
	put_page(m, page);
}

void free_swap_cache_slow(struct hmmu *m, u32 pfn)
{
	if (page_mapped(m, pfn) || !trylock_page(m, pfn))
		return;
	try_to_free_swap(m, pfn);
	unlock_page(m, pfn);
}

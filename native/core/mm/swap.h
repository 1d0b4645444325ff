/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file swap.h
 * The swap area and the swap cache (swap.c), faults on swap entries (swap_fault.c), reclaim (reclaim.c).
 *
 * A slot keeps the contents of one page. It is free when neither entries nor the swap cache refer to it. The swap cache has the page
 * of a slot from before the page is written out until a store changes the page. In Linux 6.12 it stays there after a store, too. Slots start at 1, because a real area
 * starts with its header. The device is synchronous; there is no readahead (vm.page-cluster is 0).
 */
#ifndef HMMU_SWAP_H
#define HMMU_SWAP_H

#include "mm/pgtable.h"
#include "page/contents.h"

static inline bool PageSwapCache(const struct hmmu *m, u32 pfn)
{
	return page_test(m, pfn, HMMU_PG_SWAPCACHE);
}
/** Whether page_mapping() is not NULL: the page is in the page cache or swap cache, and the cache has a reference. Not
 * for tail pages. */
static inline bool page_in_cache(const struct page *page)
{
	return (!(page->mapping & MAPPING_ANON) && page->mapping) || (page->flags & HMMU_PG_SWAPCACHE);
}
/** Whether an entry refers to a swap slot. Other swap-format entries use types that no swap area has. */
static inline bool is_swap_entry(u64 pte)
{
	return is_swap_pte(pte) && !non_swap_entry(pte);
}
static inline void *swap_frame_of(const struct hmmu *m, u32 slot)
{
	return m->swap_frames + (slot - 1) * contents_size(m);
}

static inline struct swap_slot *slot_of(const struct hmmu *m, u32 slot)
{
	return &m->swap_slots[slot];
}

/** @name swap_free_list.c: Linux 4.14
 * @{ */
/** Put a slot that has become free on the list. */
static void list_free_slot(struct hmmu *m, u32 slot);
/** Take a free slot, 0: there is none. */
static u32 listed_swap_page(struct hmmu *m);
/** @} */
/** @name swap_next_fit.c: Linux 6.12
 * @{ */
/** Take a free slot, 0: there is none. */
static u32 next_swap_page(struct hmmu *m);
/** swap_reclaim_work(): if the area is full still, pages in memory give up slots that no entry needs. */
static NOINLINE void swap_reclaim_slots(struct hmmu *m);
/** The work runs when the call that has queued it ends. */
static inline void flush_swap_reclaim_work(struct hmmu *m)
{
	if (KERNEL >= V6_12 && m->st->swap_reclaim_work)
		swap_reclaim_slots(m);
}
/** @} */
/** get_swap_page(), folio_alloc_swap(): 0: no slot is free. */
static inline u32 get_swap_page(struct hmmu *m)
{
	return KERNEL >= V6_12 ? next_swap_page(m) : listed_swap_page(m);
}

/** @name swap.c
 * @{ */
/** __try_to_reclaim_swap(): free a slot that only the swap cache uses, unless its page is locked. */
static bool reclaim_slot(struct hmmu *m, u32 slot);
/** Give a locked page a slot and put it into the swap cache, dirty; false: all slots are in use. */
static bool add_to_swap(struct hmmu *m, u32 pfn);
/** Put a page that is to be read into the swap cache, with a slot to which entries refer. */
static void add_to_swap_cache(struct hmmu *m, u32 pfn, u32 slot);
/** Drop a page, to which the caller has a reference, from the swap cache. */
static void delete_from_swap_cache(struct hmmu *m, u32 pfn);
/** Drop a page from the swap cache if no entry needs its slot. The page is the only copy then, and becomes dirty. */
static bool try_to_free_swap(struct hmmu *m, u32 pfn);
/** Replace a page of the swap cache, for migration. */
static NOINLINE void replace_swap_cache(struct hmmu *m, u32 old_pfn, u32 new_pfn);
/** Whether a locked page of the swap cache has only one user, entries included. If so, it leaves the swap cache. */
static NOINLINE bool reuse_swap_cache_page(struct hmmu *m, u32 pfn);
/** Count one more entry of a slot, or one less. */
static void swap_duplicate(struct hmmu *m, u32 slot);
static void swap_free(struct hmmu *m, u32 slot);
/** As swap_free(), and free a page that only the swap cache still holds. */
static void free_swap_and_cache(struct hmmu *m, u32 slot);
/** The last mapping of a page may be gone: try to drop the page from the swap cache. */
static NOINLINE void free_swap_cache_slow(struct hmmu *m, u32 pfn);
static inline void free_swap_cache(struct hmmu *m, u32 pfn)
{
	if (PageSwapCache(m, pfn))
		free_swap_cache_slow(m, pfn);
}
/** Whether more than half of the slots are in use. Then pages in memory give up their slots. */
static bool vm_swap_full(const struct hmmu *m);
/** @} */

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file swap.h
 * The swap area and the swap cache (swap.c), faults on swap entries (swap_fault.c), reclaim (reclaim.c).
 *
 * A slot keeps the contents of one page. Entries count in it, and so does the swap cache, which has the page of a slot
 * from before it is written until it is written to. Slots start at 1, as a real area starts with its header. The device
 * is a synchronous one; there is no readahead (vm.page-cluster is 0).
 */
#ifndef HMMU_SWAP_H
#define HMMU_SWAP_H

#include "contents.h"
#include "rmap.h"

static inline bool PageSwapCache(const struct hmmu *m, u32 pfn)
{
	return page_test(m, pfn, HMMU_PG_SWAPCACHE);
}
/** What the kernel's page_mapping() says of a page, no tail page, of the page cache or swap cache; both have a
 * reference to it. */
static inline bool page_in_cache(const struct page *page)
{
	return (page->flags & HMMU_PG_SWAPCACHE) || (page->mapping && !(page->mapping & MAPPING_ANON));
}
/** An entry of a swap slot; the other swap-format entries borrow their types from it. */
static inline bool is_swap_entry(u64 pte)
{
	return is_swap_pte(pte) && !non_swap_entry(pte);
}
static inline void *swap_frame_of(const struct hmmu *m, u32 slot)
{
	return m->swap_frames + (slot - 1) * contents_size(m);
}

/** @name swap.c
 * @{ */
/** Give a locked page a slot and put it into the swap cache, dirty; false: all slots are in use. */
bool add_to_swap(struct hmmu *m, u32 pfn);
/** The same with a slot that entries refer to, for a page that is to be read. */
void add_to_swap_cache(struct hmmu *m, u32 pfn, u32 slot);
/** Drop a page, to which the caller has a reference, from the swap cache. */
void delete_from_swap_cache(struct hmmu *m, u32 pfn);
/** The same if no entry needs the slot any more; the page is the only copy then, and dirty. */
bool try_to_free_swap(struct hmmu *m, u32 pfn);
/** Migration puts a page in the place of another. */
void replace_swap_cache(struct hmmu *m, u32 old_pfn, u32 new_pfn);
/** Whether a locked page of the swap cache has one user only, entries counted; it leaves the swap cache then. */
bool reuse_swap_cache_page(struct hmmu *m, u32 pfn);
/** One entry more; one entry less. */
void swap_duplicate(struct hmmu *m, u32 slot);
void swap_free(struct hmmu *m, u32 slot);
/** One entry less; a page that only the swap cache has goes, too. */
void free_swap_and_cache(struct hmmu *m, u32 slot);
/** The last mapping of a page may be gone: the swap cache lets go of it. */
void free_swap_cache_slow(struct hmmu *m, u32 pfn);
static inline void free_swap_cache(struct hmmu *m, u32 pfn)
{
	if (PageSwapCache(m, pfn))
		free_swap_cache_slow(m, pfn);
}
/** More than half of the slots are in use: slots are given up where a page could keep one. */
bool vm_swap_full(const struct hmmu *m);
/** @} */

/** reclaim.c: what becomes of a pte that maps a page to be reclaimed; false: it stays. The table is locked. */
bool unmap_for_reclaim(struct ctx *ctx, u32 vma, u64 address, u64 *pte, u32 page);

#endif

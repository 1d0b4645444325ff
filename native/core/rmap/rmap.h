/* SPDX-License-Identifier: GPL-2.0-only */
/** @file rmap.h Map counts, and the anon_vma and index of an anonymous page. */
#ifndef HMMU_RMAP_H
#define HMMU_RMAP_H

#include "mm/anon_vma.h"
#include "mm/vma.h"

/** Set mapping and index of a page that has none. A page that other processes may map belongs to the root anon_vma,
 * where the mappings of all descendants are found. */
static ALWAYS_INLINE void set_anon_rmap(struct hmmu *m, u32 head, u32 vma, u64 address, bool exclusive)
{
	struct page *page = page_of(m, head);
	u32 anon_vma = vma_of(m, vma)->anon_vma;

	if (!exclusive)
		anon_vma = anon_vma_of(m, anon_vma)->root;
	page->mapping = anon_vma | MAPPING_ANON;
	page->index = linear_page_index(m, vma, address);
}
static ALWAYS_INLINE void page_add_new_anon_rmap(struct hmmu *m, u32 head, u32 vma, u64 address, bool compound)
{
	page_set(m, head, HMMU_PG_SWAPBACKED | (KERNEL >= V6_12 ? HMMU_PG_EXCLUSIVE : 0));
	if (compound)
		*compound_mapcount_ptr(m, head) = 1;
	else
		page_of(m, head)->mapcount = 1;
	set_anon_rmap(m, head, vma, address, true);
}
static inline void page_add_anon_rmap(struct hmmu *m, u32 pfn, u32 vma, u64 address, bool exclusive, bool compound)
{
	bool first = compound ? !(*compound_mapcount_ptr(m, pfn))++ : !page_of(m, pfn)->mapcount++;

	if (first && !PageAnon(m, pfn))
		set_anon_rmap(m, compound_head(m, pfn), vma, address, exclusive);
}
static inline void page_add_file_rmap(struct hmmu *m, u32 pfn)
{
	page_of(m, pfn)->mapcount++;
}
static void page_move_anon_rmap(struct hmmu *m, u32 pfn, u32 vma);
/** Count one more mapping, for fork(). */
static inline void page_dup_rmap(struct hmmu *m, u32 pfn, bool compound)
{
	if (compound)
		++*compound_mapcount_ptr(m, pfn);
	else
		page_of(m, pfn)->mapcount++;
}
/** folio_try_dup_anon_rmap_pte() and _pmd(): count one more mapping of any page, for fork(). From then on the page is of
 * no process alone. False: a device may write to the page by a pin of the parent @p mm, so the child needs a copy; nothing
 * has changed. */
static inline bool page_try_dup_rmap(struct hmmu *m, u32 pfn, u32 mm, bool compound)
{
	if (PageAnonExclusive(m, pfn)) {
		if (mm_of(m, mm)->has_pinned && page_maybe_dma_pinned(m, pfn))
			return false;
		ClearPageAnonExclusive(m, pfn);
	}
	page_dup_rmap(m, pfn, compound);
	return true;
}
static void page_remove_rmap_slow(struct hmmu *m, u32 cpu, u32 pfn, bool compound);
static inline void page_remove_rmap(struct hmmu *m, u32 cpu, u32 pfn, bool compound)
{
	struct page *page = page_of(m, pfn);

	/* Only mlocked and compound pages need more. */
	if (compound || --page->mapcount < 0 || (page->flags & (HMMU_PG_MLOCKED | HMMU_PG_TAIL)))
		page_remove_rmap_slow(m, cpu, pfn, compound);
}

#endif

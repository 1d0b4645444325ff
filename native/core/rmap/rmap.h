/* SPDX-License-Identifier: GPL-2.0-only */
/** @file rmap.h Map counts, and the anon_vma and index of an anonymous page. */
#ifndef HMMU_RMAP_H
#define HMMU_RMAP_H

#include "mm/anon_vma.h"
#include "mm/vma_record.h"
#include "page/mlock_batch.h"

/** Count entries of a part of a compound page, or of all of it: 6.12 keeps a total, 4.14 adds up. "mm: track mapcount of
 * large folios in single value" */
static inline void large_mapcount_add(struct hmmu *m, u32 pfn, int32_t n)
{
	if (KERNEL >= V6_12 && PageCompound(m, pfn))
		page_of(m, compound_head(m, pfn) + MAPCOUNT_TAIL)->large_mapcount += n;
}
/** The first mapping of a compound page, by a huge pmd. */
static inline void set_first_compound_mapcount(struct hmmu *m, u32 head)
{
	*compound_mapcount_ptr(m, head) = 1;
	if (KERNEL >= V6_12)
		page_of(m, head + MAPCOUNT_TAIL)->large_mapcount = 1;
}
/** mlock_vma_folio(): rmap marks the pages that a locked mapping maps, in 6.12 only. Whether a large page is mapped as a
 * whole would take long to find out, so that it is left to mlock(). */
static inline void mlock_mapped_page(struct hmmu *m, u32 cpu, u32 pfn, u32 vma)
{
	if (KERNEL >= V6_12 && vma_is_mlocked(m, vma) && !PageCompound(m, pfn))
		mlock_folio(m, cpu, pfn);
}
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
		set_first_compound_mapcount(m, head);
	else
		page_of(m, head)->mapcount = 1;
	set_anon_rmap(m, head, vma, address, true);
}
static inline void page_add_anon_rmap(struct hmmu *m, u32 cpu, u32 pfn, u32 vma, u64 address, bool exclusive,
				      bool compound)
{
	bool first = compound ? !(*compound_mapcount_ptr(m, pfn))++ : !page_of(m, pfn)->mapcount++;

	large_mapcount_add(m, pfn, 1);
	if (first && !PageAnon(m, pfn))
		set_anon_rmap(m, compound_head(m, pfn), vma, address, exclusive);
	if (exclusive)
		SetPageAnonExclusive(m, pfn);
	mlock_mapped_page(m, cpu, pfn, vma);
}
static inline void page_add_file_rmap(struct hmmu *m, u32 cpu, u32 pfn, u32 vma)
{
	page_of(m, pfn)->mapcount++;
	mlock_mapped_page(m, cpu, pfn, vma);
}
static void page_move_anon_rmap(struct hmmu *m, u32 pfn, u32 vma);
/** Count one more mapping, for fork(). */
static inline void page_dup_rmap(struct hmmu *m, u32 pfn, bool compound)
{
	if (compound)
		++*compound_mapcount_ptr(m, pfn);
	else
		page_of(m, pfn)->mapcount++;
	large_mapcount_add(m, pfn, 1);
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
/** folio_try_share_anon_rmap_pte() and _pmd(): before an entry of an exclusive page becomes a migration entry. False: a
 * device may write to the page by a pin, so the entry has to stay; nothing has changed. */
static inline bool page_try_share_anon_rmap(struct hmmu *m, u32 pfn)
{
	if (!is_device_private_page(m, pfn) && page_maybe_dma_pinned(m, pfn))
		return false;
	ClearPageAnonExclusive(m, pfn);
	return true;
}
/** @name Count one mapping less. @p vma is the mapping.
 * @{ */
static NOINLINE void folio_remove_rmap_slow(struct hmmu *m, u32 cpu, u32 pfn, u32 vma, bool compound);
/** In 6.12: it munlocks the page where the mapping is locked. */
static ALWAYS_INLINE void folio_remove_rmap(struct hmmu *m, u32 cpu, u32 pfn, u32 vma, bool compound)
{
	struct page *page = page_of(m, pfn);

	if (compound || page->mapcount <= 0 || (page->flags & (HMMU_PG_HEAD | HMMU_PG_TAIL)) || vma_is_mlocked(m, vma))
		folio_remove_rmap_slow(m, cpu, pfn, vma, compound);
	else
		page->mapcount--;
}
static void page_remove_rmap_slow(struct hmmu *m, u32 cpu, u32 pfn, bool compound);
static inline void page_remove_rmap(struct hmmu *m, u32 cpu, u32 pfn, u32 vma, bool compound)
{
	struct page *page = page_of(m, pfn);

	if (KERNEL >= V6_12) {
		folio_remove_rmap(m, cpu, pfn, vma, compound);
		return;
	}
	/* Only mlocked and compound pages need more. */
	if (compound || --page->mapcount < 0 || (page->flags & (HMMU_PG_MLOCKED | HMMU_PG_TAIL)))
		page_remove_rmap_slow(m, cpu, pfn, compound);
}
/** @} */

#endif

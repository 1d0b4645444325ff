/* SPDX-License-Identifier: GPL-2.0-only */
/** @file rmap.h Reverse maps: rmap.c (map counts), rmap_walk.c, try_to_unmap.c. */
#ifndef HMMU_RMAP_H
#define HMMU_RMAP_H

#include "mm/anon_vma.h"

/** @name rmap.c
 * @{ */
/** Set mapping and index of a page that has none. A page that other processes may map belongs to the root anon_vma,
 * where the mappings of all descendants are found. */
static ALWAYS_INLINE void set_anon_rmap(struct hmmu *m, u32 head, u32 vma, u64 address, bool exclusive)
{
	struct page *page = page_of(m, head);
	u32 anon_vma = m->vmas[vma].anon_vma;

	if (!exclusive)
		anon_vma = m->anon_vmas[anon_vma].root;
	page->mapping = anon_vma | MAPPING_ANON;
	page->index = linear_page_index(m, vma, address);
}
static ALWAYS_INLINE void page_add_new_anon_rmap(struct hmmu *m, u32 head, u32 vma, u64 address, bool compound)
{
	page_set(m, head, HMMU_PG_SWAPBACKED);
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
void page_move_anon_rmap(struct hmmu *m, u32 pfn, u32 vma);
/** Count one more mapping, for fork(). */
static inline void page_dup_rmap(struct hmmu *m, u32 pfn, bool compound)
{
	if (compound)
		++*compound_mapcount_ptr(m, pfn);
	else
		page_of(m, pfn)->mapcount++;
}
void page_remove_rmap_slow(struct hmmu *m, u32 cpu, u32 pfn, bool compound);
static inline void page_remove_rmap(struct hmmu *m, u32 cpu, u32 pfn, bool compound)
{
	struct page *page = page_of(m, pfn);

	/* Only mlocked and compound pages need more. */
	if (compound || --page->mapcount < 0 || (page->flags & (HMMU_PG_MLOCKED | HMMU_PG_TAIL)))
		page_remove_rmap_slow(m, cpu, pfn, compound);
}
/** @} */

/** @name rmap_walk.c
 * @{ */
/** State of page_vma_mapped_walk(): the places of a page in one mapping. Zero the record and set the first four
 * fields. */
struct page_vma_mapped_walk {
	u32 page;
	u32 vma;
	u64 address;
	u32 flags; /**< enum pvmw_flag */
	u64 *pmd;
	u64 *pte; /**< NULL: mapped by the huge pmd */
	bool locked;
};
enum pvmw_flag {
	PVMW_SYNC = 1,      /**< look at every entry under the table's lock */
	PVMW_MIGRATION = 2, /**< look for migration entries */
};
/** Find the next place. While this returns true, the table is locked. */
bool page_vma_mapped_walk(struct hmmu *m, struct page_vma_mapped_walk *pvmw);
void page_vma_mapped_walk_done(struct hmmu *m, struct page_vma_mapped_walk *pvmw);

/** The address of a page in a mapping that covers a part of the page. */
static inline u64 vma_address(const struct hmmu *m, u32 pfn, u32 vma)
{
	const struct vma *v = vma_of(m, vma);
	u64 index = page_to_pgoff(m, pfn);

	return index < v->pgoff ? v->start : v->start + ((index - v->pgoff) << PAGE_SHIFT);
}

/**
 * rmap_walk() as a loop: all mappings that may map a page, in the order of the kernel's interval trees.
 *
 *     for (vma = rmap_first(m, pfn, &walk); vma; vma = rmap_next(m, &walk)) ...
 *     rmap_end(m, &walk);
 */
struct rmap_walk {
	u64 first, last; /**< indexes of the page */
	u32 anon_vma;    /**< locked during the walk; 0: the walk is over a file's mappings */
	u32 next;        /**< avc, or vma of a file */
};
static inline u32 rmap_next(const struct hmmu *m, struct rmap_walk *walk)
{
	while (walk->next) {
		u32 vma = walk->anon_vma ? m->avcs[walk->next].vma : walk->next;
		const struct vma *v = vma_of(m, vma);

		if (v->pgoff > walk->last)
			break;
		walk->next = walk->anon_vma ? m->avcs[walk->next].tree_next : v->i_mmap_next;
		if (walk->first < v->pgoff + vma_pages(v))
			return vma;
	}
	return 0;
}
static inline u32 rmap_first(struct hmmu *m, u32 pfn, struct rmap_walk *walk)
{
	u32 mapping = m->pages[compound_head(m, pfn)].mapping;

	walk->first = page_to_pgoff(m, pfn);
	walk->last = walk->first + hpage_nr_pages(m, pfn) - 1;
	walk->anon_vma = mapping & MAPPING_ANON ? mapping & ~MAPPING_ANON : 0;
	if (walk->anon_vma) {
		m->anon_vmas[walk->anon_vma].locked++;
		walk->next = m->anon_vmas[walk->anon_vma].first;
	} else {
		walk->next = mapping ? m->files[mapping].first : 0;
	}
	return rmap_next(m, walk);
}
static inline void rmap_end(struct hmmu *m, const struct rmap_walk *walk)
{
	if (walk->anon_vma)
		m->anon_vmas[walk->anon_vma].locked--;
}
/** @} */

/** @name try_to_unmap.c
 * @{ */
enum ttu_flags {
	TTU_MIGRATION = 1,
	TTU_MUNLOCK = 2,
	TTU_SPLIT_HUGE_PMD = 4,
	TTU_IGNORE_MLOCK = 8,
	TTU_IGNORE_ACCESS = 16,
	TTU_SPLIT_FREEZE = 32,
};
/** Replace or clear the ptes of a page, as the flags say; true if none is left. */
bool try_to_unmap(struct ctx *ctx, u32 pfn, u32 flags);
/** Look for a locked mapping of a page, to mlock it again. */
void try_to_munlock(struct ctx *ctx, u32 pfn);
/** Put back a page that is isolated and has lost its mlock mark, which another locked mapping may renew. Drops the
 * isolation's reference. */
void munlock_isolated_page(struct ctx *ctx, u32 pfn);
/** Replace the migration entries of one page by entries of another page, or of that page itself: in all mappings, or in
 * one. */
void remove_migration_ptes(struct ctx *ctx, u32 old_pfn, u32 new_pfn);
void remove_migration_pte(struct ctx *ctx, u32 new_pfn, u32 vma, u64 address, u32 old_pfn);
/** @} */

#endif

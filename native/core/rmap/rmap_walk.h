/* SPDX-License-Identifier: GPL-2.0-only */
/** @file rmap_walk.h Reverse maps: the mappings that may map a page, and its entries in each. */
#ifndef HMMU_RMAP_WALK_H
#define HMMU_RMAP_WALK_H

#include "mm/interval_tree.h"
#include "mm/rmap_lock.h"

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
static bool page_vma_mapped_walk(struct hmmu *m, struct page_vma_mapped_walk *pvmw);
/** vma_address_end(): where the page ends in the mapping, or the mapping. */
static u64 page_vma_end(const struct hmmu *m, const struct page_vma_mapped_walk *pvmw);
static void page_vma_mapped_walk_done(struct hmmu *m, struct page_vma_mapped_walk *pvmw);

/** The address of a page in a mapping that covers a part of the page. */
static inline u64 vma_address(const struct hmmu *m, u32 pfn, u32 vma)
{
	const struct vma *v = vma_of(m, vma);
	u64 index = page_to_pgoff(m, pfn);

	return index < v->pgoff ? v->start : v->start + ((index - v->pgoff) << PAGE_SHIFT);
}

/**
 * rmap_walk() as a loop: all mappings that may map a page, in the order of the kernel's interval trees. The walk has the lock of
 * the reverse map for reading, also where it stops: so no mapping comes or goes meanwhile.
 *
 *     for (vma = rmap_first(ctx, pfn, &walk); vma; vma = rmap_next(m, &walk)) ...
 *     rmap_end(ctx, &walk);
 */
struct rmap_walk {
	u64 first, last; /**< indexes of the page */
	u32 anon_vma;    /**< locked during the walk; 0: the walk is over a file's mappings */
	u32 at;          /**< avc, or vma of a file; 0: there is none behind it */
};
static inline u32 rmap_vma(const struct hmmu *m, const struct rmap_walk *walk, u32 at)
{
	return walk->anon_vma ? avc_of(m, at)->vma : at;
}
static inline u32 rmap_next(const struct hmmu *m, struct rmap_walk *walk)
{
	if (!walk->at)
		return 0;
	walk->at =
		interval_tree_step(walk->anon_vma ? avc_nodes(m) : i_mmap_nodes(m), walk->at, walk->first, walk->last);
	return rmap_vma(m, walk, walk->at);
}
/** Stop in front of the mapping, which the walk has reached. */
static NOINLINE __attribute__((cold)) void rmap_walk_stop(struct ctx *ctx, const struct rmap_walk *walk,
							  enum hmmu_switch_point point, u32 pfn, u32 vma);
/** rmap_next() of a walk that stops between two mappings if the point is in the mask. */
static inline u32 rmap_next_stop(struct ctx *ctx, struct rmap_walk *walk, enum hmmu_switch_point point, u32 pfn)
{
	u32 vma = rmap_next(ctx->m, walk);

	if (stops_at(ctx->m, point) && vma)
		rmap_walk_stop(ctx, walk, point, pfn, vma);
	return vma;
}
/* Inline also where the loop is: a call would cost as much as the rest. */
static ALWAYS_INLINE u32 rmap_first(struct ctx *ctx, u32 pfn, struct rmap_walk *walk)
{
	struct hmmu *m = ctx->m;
	const struct page *head = page_of(m, compound_head(m, pfn));
	u32 mapping;

	rmap_lock(ctx, (struct rmap_locks){ { head->mapping } }, false);
	mapping = head->mapping;
	walk->first = page_to_pgoff(m, pfn);
	walk->last = walk->first + hpage_nr_pages(m, pfn) - 1;
	walk->anon_vma = mapping & MAPPING_ANON ? mapping & ~MAPPING_ANON : 0;
	if (!walk->anon_vma)
		return walk->at = mapping ? i_mmap_first(m, mapping, walk->first, walk->last) : 0;
	anon_vma_of(m, walk->anon_vma)->locked++;
	walk->at = interval_tree_first(avc_nodes(m), anon_vma_of(m, walk->anon_vma)->tree, walk->first, walk->last);
	return rmap_vma(m, walk, walk->at);
}
static inline void rmap_end(struct ctx *ctx, const struct rmap_walk *walk)
{
	if (walk->anon_vma)
		anon_vma_of(ctx->m, walk->anon_vma)->locked--;
	rmap_unlock(ctx);
}

#endif

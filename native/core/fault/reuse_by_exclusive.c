/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Linux 6.12: a page that is exclusive to its mapping needs no copy, whoever has references or its lock ("mm: remember
 * exclusively mapped anonymous pages with PG_anon_exclusive"). One that is not becomes exclusive if nobody else has a
 * reference ("mm: optimize do_wp_page() for exclusive pages in the swapcache").
 */
#include "fault/reuse.h"
#include "mm/swap.h"
#include "page/lru.h"
#include "rmap/rmap.h"

/* More references are those of other users. Fewer can be ours, the swap cache's, and a batch's. */
#define MOST_REFERENCES 3

static bool wp_can_reuse_anon_folio(struct fault *vmf, u32 page)
{
	struct hmmu *m = vmf->ctx->m;
	bool reuse;

	if (PageCompound(m, page) || page_count(m, page) > MOST_REFERENCES)
		return false;
	/* "mm: optimize do_wp_page() for fresh pages in local LRU pagevecs": a batch may have one of the references. */
	if (!page_test(m, page, HMMU_PG_LRU))
		lru_add_drain(m, vmf->ctx->cpu);
	if (page_count(m, page) > 1 + PageSwapCache(m, page) || !trylock_page(m, page))
		return false;
	try_to_free_swap(m, page);
	reuse = page_count(m, page) == 1;
	if (reuse)
		page_move_anon_rmap(m, page, vmf->vma);
	unlock_page(m, page);
	return reuse;
}

int reuse_exclusive(struct fault *vmf, u32 page)
{
	struct hmmu *m = vmf->ctx->m;

	if (PageAnonExclusive(m, page))
		return REUSE_PAGE;
	if (!wp_can_reuse_anon_folio(vmf, page))
		return COPY_PAGE;
	SetPageAnonExclusive(m, page);
	return REUSE_PAGE;
}

int reuse_huge_exclusive(struct fault *vmf, u32 page)
{
	struct hmmu *m = vmf->ctx->m;
	int err;

	if (PageAnonExclusive(m, page))
		return REUSE_PAGE;
	err = lock_page(vmf->ctx, page);
	if (err)
		return err;
	/* A huge page is in no batch, and has no slots of the swap area. */
	if (page_count(m, page) == 1) {
		page_move_anon_rmap(m, page, vmf->vma);
		SetPageAnonExclusive(m, page);
	}
	unlock_page(m, page);
	return PageAnonExclusive(m, page) ? REUSE_PAGE : COPY_PAGE;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Reclaim of a list of pages in Linux 6.12, in the steps of shrink_folio_list(). The list goes from the first page to the last. */
#include <errno.h>

#include "call/shrink.h"
#include "mm/file.h"
#include "mm/swapped_file.h"
#include "rmap/huge.h"
#include "rmap/rmap.h"
#include "rmap/try_to_unmap.h"

/* An anonymous page, written or not, needs a place in the swap area. A page of MADV_FREE needs none. */
static int give_place(struct hmmu *m, u32 page)
{
	if (!page_test(m, page, HMMU_PG_SWAPBACKED) || PageSwapCache(m, page))
		return 0;
	/* A device may write to the page. */
	if (page_maybe_dma_pinned(m, page))
		return -EBUSY;
	/* A large page that is still there could not be split. */
	if (PageCompound(m, page))
		return activate_locked(m, page, -EBUSY);
	return add_to_swap(m, page) ? 0 : activate_locked(m, page, -ENOSPC);
}

/* shmem_writepage(): the page cache remembers the slot in the page's place. */
static int write_file_page(struct hmmu *m, u32 page)
{
	u32 slot = get_swap_page(m);

	if (!slot)
		return activate_locked(m, page, -ENOSPC);
	swap_out_file_page(m, page, slot);
	return 0;
}

/* The isolation and the page cache may have references. A truncation may have taken the page out of the cache since it was isolated. */
static int drop_file_page(struct hmmu *m, u32 page)
{
	if (!page_in_cache(page_of(m, page)) || page_count(m, page) != 2)
		return -EBUSY;
	if (page_test(m, page, HMMU_PG_DIRTY))
		return write_file_page(m, page);
	delete_from_page_cache(m, page);
	put_page(m, page);
	return 0;
}

/* As drop_file_page(), for a page that is in the swap cache, or was given to MADV_FREE. */
static int drop_anon_page(struct ctx *ctx, u32 page, struct at_hand *hand)
{
	struct hmmu *m = ctx->m;

	if (page_test(m, page, HMMU_PG_DIRTY)) {
		/* Nothing has made it swap-backed, as it was not mapped. Only kswapd writes such pages. */
		if (!PageSwapCache(m, page))
			return activate_locked(m, page, -EBUSY);
		if (!pageout(ctx, page, hand))
			return -EBUSY;
	}
	if (page_count(m, page) != 1 + PageSwapCache(m, page))
		return -EBUSY;
	if (PageSwapCache(m, page))
		delete_from_swap_cache(m, page);
	return 0;
}

int shrink_locked_folio(struct ctx *ctx, u32 page, struct at_hand *hand)
{
	struct hmmu *m = ctx->m;
	u32 flags = TTU_IGNORE_ACCESS | (PageCompound(m, page) ? TTU_SPLIT_HUGE_PMD : 0);
	bool anon = PageAnon(m, page) || PageSwapCache(m, page); /* The latter was perhaps never mapped. */
	int err;

	if (page_test(m, page, HMMU_PG_MLOCKED))
		return activate_locked(m, page, -EBUSY);
	err = anon ? give_place(m, page) : 0;
	if (err)
		return err;
	switch_point(ctx, HMMU_SWITCH_RECLAIM, RECLAIM_IN_CACHE);
	if (page_mapped(m, page) && !try_to_unmap(ctx, page, flags))
		return activate_locked(m, page, -EBUSY);
	switch_point(ctx, HMMU_SWITCH_RECLAIM, RECLAIM_UNMAPPED);
	/* "mm: do not reclaim private data from pinned page" */
	if (page_maybe_dma_pinned(m, page))
		return activate_locked(m, page, -EBUSY);
	return anon ? drop_anon_page(ctx, page, hand) : drop_file_page(m, page);
}

static int shrink_isolated(struct ctx *ctx, u32 page)
{
	int err = lock_and_shrink(ctx, page, shrink_locked_folio);

	if (err)
		putback_lru_page(ctx->m, ctx->cpu, page);
	else
		put_page(ctx->m, page);
	return err;
}

/* The pages of a list, one by one. The others wait. */
static int shrink_list(struct ctx *ctx, const u32 *pages, u32 nr, int (*shrink)(struct ctx *ctx, u32 page))
{
	struct at_hand hand = { .pages = pages, .nr_pages = nr };
	int result = 0;

	at_hand_begin(ctx, &hand);
	while (hand.nr_pages) {
		int err;

		hand.nr_pages--;
		err = shrink(ctx, *hand.pages++);
		if (err)
			result = err;
	}
	at_hand_end(ctx, &hand);
	return result;
}

/* The swap area has no place for a large page as a whole. True: the page is split, and its parts are isolated. */
static bool split_for_swap(struct ctx *ctx, u32 head)
{
	struct hmmu *m = ctx->m;
	bool split;

	if (!PageAnon(m, head) || !page_test(m, head, HMMU_PG_SWAPBACKED) || page_test(m, head, HMMU_PG_MLOCKED) ||
	    page_maybe_dma_pinned(m, head) || !trylock_page(m, head))
		return false;
	split = !split_isolated_huge_page(ctx, head);
	unlock_page(m, head);
	return split;
}

static int shrink_parts(struct ctx *ctx, u32 head)
{
	u32 parts[HPAGE_PMD_NR];

	for (u32 i = 0; i < HPAGE_PMD_NR; i++)
		parts[i] = head + i;
	return shrink_list(ctx, parts, HPAGE_PMD_NR, shrink_isolated);
}

static int shrink_any(struct ctx *ctx, u32 page)
{
	page_clear(ctx->m, page, HMMU_PG_ACTIVE);
	if (PageCompound(ctx->m, page) && split_for_swap(ctx, page))
		return shrink_parts(ctx, page);
	return shrink_isolated(ctx, page);
}

int reclaim_pages(struct ctx *ctx, const u32 *pages, u32 nr)
{
	return shrink_list(ctx, pages, nr, shrink_any);
}

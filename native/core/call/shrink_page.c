/* SPDX-License-Identifier: GPL-2.0-only */
/* Reclaim of one anonymous page in Linux 4.14, in the steps of shrink_page_list(); and the steps that both kernels have. */
#include <errno.h>
#include <string.h>

#include "call/shrink.h"
#include "rmap/rmap.h"
#include "rmap/try_to_unmap.h"

/* The swap device is synchronous, so the page can be freed at once. Only the isolation and the swap cache may have
 * references. The page is unlocked when it is written; false: another task has its lock now, or has changed it. */
bool pageout(struct ctx *ctx, u32 page, struct at_hand *hand)
{
	struct hmmu *m = ctx->m;

	if (page_count(m, page) != 2)
		return false;
	/* swap_writepage(): a page whose slot nobody needs is not written, and will go when it is put back. */
	if (KERNEL >= V6_12 && try_to_free_swap(m, page))
		return false;
	page_clear(m, page, HMMU_PG_DIRTY);
	memcpy(swap_frame_of(m, page_of(m, page)->private), contents_of(m, page), contents_size(m));
	m->st->counters[HMMU_COUNT_SWAP_OUTS]++;
	unlock_page(m, page);
	hand->locked = false;
	switch_point(ctx, HMMU_SWITCH_RECLAIM, RECLAIM_WRITTEN);
	hand->locked = trylock_page(m, page);
	return hand->locked && !page_test(m, page, HMMU_PG_DIRTY);
}

int activate_locked(struct hmmu *m, u32 page, int err)
{
	bool mlocked = page_test(m, page, HMMU_PG_MLOCKED);

	if (vm_swap_full(m) || mlocked)
		try_to_free_swap(m, page);
	if (!mlocked)
		page_set(m, page, HMMU_PG_ACTIVE);
	return err;
}

int lock_and_shrink(struct ctx *ctx, u32 page, int (*shrink)(struct ctx *ctx, u32 page, struct at_hand *hand))
{
	struct hmmu *m = ctx->m;
	struct at_hand hand = { .pages = &page, .nr_pages = 1 };
	int err = -EBUSY;

	at_hand_begin(ctx, &hand);
	switch_point(ctx, HMMU_SWITCH_RECLAIM, RECLAIM_ISOLATED);
	hand.locked = trylock_page(m, page);
	if (hand.locked)
		err = shrink(ctx, page, &hand);
	if (hand.locked)
		unlock_page(m, page);
	at_hand_end(ctx, &hand);
	return err;
}

static int shrink_locked_page(struct ctx *ctx, u32 page, struct at_hand *hand)
{
	struct hmmu *m = ctx->m;

	if (page_test(m, page, HMMU_PG_MLOCKED))
		return activate_locked(m, page, -EBUSY);
	if (page_test(m, page, HMMU_PG_SWAPBACKED) && !PageSwapCache(m, page) && !add_to_swap(m, page))
		return activate_locked(m, page, -ENOSPC);
	switch_point(ctx, HMMU_SWITCH_RECLAIM, RECLAIM_IN_CACHE);
	if (page_mapped(m, page) && !try_to_unmap(ctx, page, TTU_IGNORE_ACCESS))
		return activate_locked(m, page, -EBUSY);
	switch_point(ctx, HMMU_SWITCH_RECLAIM, RECLAIM_UNMAPPED);
	/* Given to MADV_FREE and dirty, but not mapped, so nothing has made it swap-backed. Only kswapd writes such pages. */
	if (page_test(m, page, HMMU_PG_DIRTY) && !page_test(m, page, HMMU_PG_SWAPBACKED))
		return activate_locked(m, page, -EBUSY);
	/* A page that is dirty now is in the swap cache. */
	if (page_test(m, page, HMMU_PG_DIRTY) && !pageout(ctx, page, hand))
		return -EBUSY;
	if (page_count(m, page) != 1 + PageSwapCache(m, page))
		return -EBUSY;
	if (PageSwapCache(m, page))
		delete_from_swap_cache(m, page);
	return 0;
}

int shrink_page(struct ctx *ctx, u32 page)
{
	struct hmmu *m = ctx->m;
	int err;

	if (page_test(m, page, HMMU_PG_UNEVICTABLE) || !isolate_lru_page(m, page))
		return -EBUSY;
	err = lock_and_shrink(ctx, page, shrink_locked_page);
	if (!err)
		put_page(m, page);
	else if (page_test(m, page, HMMU_PG_MLOCKED))
		putback_lru_page(m, ctx->cpu, page);
	else
		lru_add_now(m, page);
	return err;
}

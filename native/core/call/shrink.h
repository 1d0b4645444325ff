/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file shrink.h
 * Reclaim of a page, in the steps of shrink_page_list() and shrink_folio_list().
 *
 * shrink_page.c is 4.14's, for one page of anonymous memory. shrink_folio.c is 6.12's, for a list of isolated pages of any kind.
 * shrink_group.c chooses pages of the memory cgroup.
 */
#ifndef HMMU_SHRINK_H
#define HMMU_SHRINK_H

#include "mm/stop.h"
#include "mm/swap.h"
#include "page/lru.h"

/** Where reclaim stops: RECLAIM. */
enum reclaim_phase { RECLAIM_ISOLATED, RECLAIM_IN_CACHE, RECLAIM_UNMAPPED, RECLAIM_WRITTEN };

/** The page can't be reclaimed now: it is to be put back as an active page. Returns @p err. */
static int activate_locked(struct hmmu *m, u32 page, int err);
/** Write a page of the swap cache to its slot. False: another user could change it meanwhile, or somebody has its lock now. Then
 * hand->locked tells whether the caller still has that. */
static bool pageout(struct ctx *ctx, u32 page, struct at_hand *hand);
/** Lock an isolated page, and give it to @p shrink, which returns 0 if only the isolation still holds the page. */
static int lock_and_shrink(struct ctx *ctx, u32 page, int (*shrink)(struct ctx *ctx, u32 page, struct at_hand *hand));
/** Reclaim a page that is part of no huge one: 0, or a negative errno. Linux 4.14. */
static int shrink_page(struct ctx *ctx, u32 page);
/** Reclaim pages that are isolated, large ones by their head. The isolation's references are dropped. Returns what the last
 * one that stays was refused for, or 0. Linux 6.12. */
static int reclaim_pages(struct ctx *ctx, const u32 *pages, u32 nr);
/** shrink_locked_folio() of 6.12: a page that is locked and isolated. 0: only the caller still holds it. */
static int shrink_locked_folio(struct ctx *ctx, u32 page, struct at_hand *hand);
/** try_to_free_mem_cgroup_pages(), as often as a charge does it that the limit does not allow. True: there is room for @p nr
 * pages. Linux 6.12. */
static bool shrink_group(struct ctx *ctx, u32 nr);

#endif

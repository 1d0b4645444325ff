/* SPDX-License-Identifier: GPL-2.0-only */
/** @file frame.h The allocator of frames. What single frames need is inlined. */
#ifndef HMMU_FRAME_H
#define HMMU_FRAME_H

#include "host/events.h"
#include "host/inject.h"
#include "page/contents.h"

/** Set up zone structures and the zero page. */
static void frame_init(struct hmmu *m);
/** A frame with one reference and no flags, or 0. @p zeroed tells whether its contents are known to be zero. */
static u32 alloc_frame(struct hmmu *m, bool *zeroed);
/** alloc_page(); 0 when RAM is used up or the allocation is made to fail. */
static u32 alloc_page(struct hmmu *m);
/** As alloc_page(), with zeroed contents. */
static u32 alloc_zeroed_page(struct hmmu *m);
/** Allocate a compound page of 512 frames, cleared, with one reference; or 0. */
static u32 alloc_huge_page(struct hmmu *m);
/** Put the frames of a compound page on the free lists. */
static void free_huge_frames(struct hmmu *m, u32 head);

static inline u32 block_of(u32 pfn)
{
	return pfn / HPAGE_PMD_NR;
}

/** Put a block with free frames at the head of the list; false if there is none. */
static bool refill_partial(struct hmmu *m);
static void block_list_del(struct hmmu *m, u32 *head, u32 index);

/** A frame with one reference and no flags, or 0. @p zeroed tells whether its contents are known to be zero. */
static ALWAYS_INLINE u32 take_frame(struct hmmu *m, bool *zeroed)
{
	struct state *st = m->st;
	struct block *block;
	struct page *page;
	u32 pfn;

	if (!st->partial_head && !refill_partial(m))
		return 0;
	block = &m->block[st->partial_head - 1];
	pfn = block->free_head;
	if (!pfn)
		pfn = (st->partial_head - 1) * HPAGE_PMD_NR + block->fresh++;
	else
		block->free_head = page_of(m, pfn)->next;
	if (!--block->free_count)
		block_list_del(m, &st->partial_head, st->partial_head - 1);
	st->free_frames--;
	page = page_of(m, pfn);
	*zeroed = !(page->flags & HMMU_PG_BUDDY);
	page->flags = 0;
	page->count = 1;
	page->next = 0;
	page->alloc_id = st->next_alloc_id++;
	return pfn;
}

/** alloc_page() */
static ALWAYS_INLINE u32 __alloc_page(struct hmmu *m)
{
	bool zeroed;

	return should_fail(m, HMMU_INJECT_FRAME) ? 0 : take_frame(m, &zeroed);
}
/** alloc_zeroed_page() */
static ALWAYS_INLINE u32 __alloc_zeroed_page(struct hmmu *m)
{
	bool zeroed;
	u32 pfn = should_fail(m, HMMU_INJECT_FRAME) ? 0 : take_frame(m, &zeroed);

	if (pfn && !(SHORTCUTS && zeroed))
		clear_contents(m, pfn);
	return pfn;
}

/** Move a block between lists after its first or its last frame became free. */
static void free_block_grows(struct hmmu *m, u32 index);
/** Report a freed page that is in a wrong state. */
static NOINLINE void free_frame_checks(struct hmmu *m, const struct page *page);

/** A frame goes to the free ones of its block. It is not counted yet. */
static ALWAYS_INLINE void put_into_block(struct hmmu *m, u32 pfn, struct page *page)
{
	struct block *block = &m->block[block_of(pfn)];

	*page = (struct page){ .flags = HMMU_PG_BUDDY, .next = block->free_head };
	block->free_head = pfn;
	block->free_count++;
	if (block->free_count == 1 || block->free_count == HPAGE_PMD_NR)
		free_block_grows(m, block_of(pfn));
}

/** Free a frame without references, whose state is known to be right. */
static ALWAYS_INLINE void __free_frame(struct hmmu *m, u32 pfn)
{
	struct page *page = page_of(m, pfn);

	event(m, HMMU_EVENT_FRAME_FREE, 0, pfn, page->alloc_id);
	m->st->free_frames++;
	put_into_block(m, pfn, page);
}

/** Free a frame without references. */
static inline void free_frame(struct hmmu *m, u32 pfn)
{
	free_frame_checks(m, page_of(m, pfn));
	__free_frame(m, pfn);
}

#endif
